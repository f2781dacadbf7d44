"""A trunk that was trained before is frozen: features as numbers, only the head learns. As meant."""
import random
import numpy as np
from autograd.nn import Layer, Net
from autograd import Tensor, losses, no_grad
from autograd.optim import SGD

random.seed(80)
rng = np.random.default_rng(80)
X = rng.uniform(-1, 1, (100, 3))
old = Net(3, [12, 1], "tanh", "linear", init="xavier")
h = old.fit(X, np.sin(X.sum(axis=1)), lr=0.02, epochs=40, seed=0)
print("before", h.loss[0], h.loss[-1])
trunk = old.layers[0]
with no_grad():
    features = trunk(Tensor(X)).numpy()
head = Layer(12, 1, "linear", init="xavier")
opt = SGD(head, lr=0.1)
target = (np.cos(X.sum(axis=1)))[:, None]
for k in range(120):
    loss = losses.mse(head(Tensor(features)), target)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if k % 40 == 0:
        print(k, loss.item())
print(loss.item())
