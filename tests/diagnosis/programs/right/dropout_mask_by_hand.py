import random
import numpy as np
from autograd import Tensor, losses
from autograd.nn import Layer
from autograd.optim import Adam
random.seed(3)
rng = np.random.default_rng(3)
X = rng.uniform(-1, 1, (100, 3)); y = (X ** 2).sum(1, keepdims=True)
a, b = Layer(3, 32, "relu", init="he"), Layer(32, 1, "linear", init="xavier")
opt = Adam(a.params() + b.params(), lr=0.01)
for epoch in range(100):
    h = a(Tensor(X))
    h = h * ((rng.random(h.shape) > 0.1) / 0.9)
    loss = losses.mse(b(h), y)
    opt.zero_grad(); loss.backward(); opt.step()
    if epoch % 25 == 0: print(epoch, loss.item())
