import numpy as np
from autograd import Tensor, losses
from autograd.optim import Adam
rng = np.random.default_rng(0)
Z = rng.normal(size=(80, 2))
X = np.tanh(Z @ rng.normal(size=(2, 6))) + 0.02 * rng.normal(size=(80, 6))
We = Tensor(rng.normal(size=(6, 2)) * 0.3, requires_grad=True)
be = Tensor(np.zeros(2), requires_grad=True)
Wd = Tensor(rng.normal(size=(2, 6)) * 0.3, requires_grad=True)
bd = Tensor(np.zeros(6), requires_grad=True)
opt = Adam([We, be, Wd, bd], lr=0.02)
for i in range(200):
    idx = rng.permutation(80)[:32]
    x = X[idx]
    code = np.tanh(x @ We + be)
    back = code @ Wd + bd
    loss = losses.mse(back, x)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 50 == 0:
        print(i, loss.item())
