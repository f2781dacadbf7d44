"""Each relu is open for some rows only (a hat basis): per row most are shut, per unit none is dead."""
import numpy as np
from autograd import Tensor
from autograd.optim import Adam

x = np.linspace(-1, 1, 80)[:, None]
y = np.sin(5 * x)
knots = np.linspace(-1, 0.9, 16)
W = Tensor(np.ones((1, 16)), requires_grad=True)
b = Tensor(-knots, requires_grad=True)
v = Tensor(np.zeros((16, 1)), requires_grad=True)
c = Tensor(np.zeros(1), requires_grad=True)
opt = Adam([W, b, v, c], lr=0.02)
for k in range(200):
    loss = (((x @ W + b).relu() @ v + c - y) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if k % 50 == 0:
        print(k, loss.item())
print(loss.item())
