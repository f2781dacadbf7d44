import random
import numpy as np
from autograd import Tensor, losses
from autograd.nn import Layer, Module
from autograd.optim import SGD, Adam
random.seed(6)
class TwoHeads(Module):
    def __init__(self):
        self.trunk = Layer(2, 10, "tanh", init="xavier")
        self.a = Layer(10, 1, "linear", init="xavier")
        self.b = Layer(10, 1, "linear", init="xavier")
    def __call__(self, x):
        h = self.trunk(x)
        return self.a(h), self.b(h)
    def params(self):
        return self.trunk.params() + self.a.params() + self.b.params()
rng = np.random.default_rng(1)
X = rng.uniform(-1, 1, (60, 2))
ya, yb = (X[:, :1] * X[:, 1:]), (X[:, :1] + X[:, 1:])
m = TwoHeads()
body = Adam(m.trunk, lr=0.01)
heads = SGD(m.a.params() + m.b.params(), lr=0.1, momentum=0.9)
for i in range(120):
    pa, pb = m(Tensor(X))
    loss = losses.mse(pa, ya) + 0.5 * losses.mse(pb, yb)
    m.zero_grad()
    loss.backward()
    body.step(); heads.step()
    if i % 40 == 0: print(i, loss.item())
