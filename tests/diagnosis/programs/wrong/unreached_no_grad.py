"""The training's forward pass stands within no_grad, left from the validation."""
import random
import numpy as np
from autograd import Net, Tensor, losses, no_grad
from autograd.optim import SGD

random.seed(70)
rng = np.random.default_rng(70)
X = rng.uniform(-1, 1, (40, 2))
y = X[:, :1] - X[:, 1:]
net = Net(2, [6, 1], "tanh", "linear", init="xavier")
offset = Tensor(np.zeros(1), requires_grad=True)
opt = SGD(net, lr=0.1)
extra = SGD([offset], lr=0.1)
for k in range(20):
    with no_grad():
        out = net(Tensor(X))
    loss = losses.mse(out + offset, y)
    opt.zero_grad()
    extra.zero_grad()
    loss.backward()  # wrong: unreached
    opt.step()
    extra.step()
print(loss.item())
