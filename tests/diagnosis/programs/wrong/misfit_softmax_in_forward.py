"""Softmax by hand in forward(), and cross_entropy, which makes one too, in the loop."""
import random
import numpy as np
from autograd import Tensor, losses
from autograd.nn import Layer, Module
from autograd.optim import Adam


class Classifier(Module):
    def __init__(self):
        self.l1 = Layer(4, 10, "tanh", init="xavier")
        self.l2 = Layer(10, 3, "linear", init="xavier")

    def forward(self, x):
        z = self.l2(self.l1(x))
        e = np.exp(z - z.data.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    __call__ = forward

    def params(self):
        return self.l1.params() + self.l2.params()


random.seed(54)
rng = np.random.default_rng(54)
X = rng.normal(size=(90, 4))
labels = np.argmax(X[:, :3] + 0.3 * X[:, 3:], axis=1)
m = Classifier()
opt = Adam(m, lr=0.02)
for epoch in range(40):
    loss = losses.cross_entropy(m(Tensor(X)), labels)  # wrong: misfit
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
