import random
import numpy as np
from autograd import Tensor, losses
from autograd.nn import Layer, Module
from autograd.optim import Adam
random.seed(6)
class Stack(Module):
    def __init__(self):
        self.a, self.b = Layer(2, 8, "linear", init="xavier"), Layer(8, 1, "linear", init="xavier")
    def __call__(self, x):
        return self.b(self.a(x))  # wrong: misfit
    def params(self):
        return self.a.params() + self.b.params()
rng = np.random.default_rng(1)
X = rng.uniform(-1, 1, (60, 2)); y = X[:, :1] * 0.5 - X[:, 1:] + 0.3 * X[:, :1] ** 2
m = Stack(); opt = Adam(m, lr=0.02)
for i in range(60):
    loss = losses.mse(m(Tensor(X)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
