import random
import numpy as np
from autograd import Tensor, losses
from autograd.nn import Layer, Module
from autograd.optim import Adam
random.seed(1)
class Deep(Module):
    def __init__(self, sizes):
        self.layers = [Layer(a, b, "tanh", init="xavier") for a, b in zip(sizes, sizes[1:-1])]
        self.out = Layer(sizes[-2], sizes[-1], "linear", init="xavier")
    def __call__(self, x):
        for l in self.layers:
            x = l(x)
        return self.out(x)
    def params(self):
        return self.layers[0].params() + self.out.params()     # only the first of the list
rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, (60, 2)); y = X[:, :1] ** 2
m = Deep([2, 8, 8, 1])
opt = Adam(m, lr=0.01)
for i in range(60):
    loss = losses.mse(m(Tensor(X)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()  # wrong: never_changes
print(loss.item())
