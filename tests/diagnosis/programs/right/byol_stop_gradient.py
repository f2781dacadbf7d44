"""SimSiam: the other view's code is detached; the predictor learns to guess it. With a loss that falls to about -1."""
import random
import numpy as np
from autograd import Net, Tensor
from autograd.optim import SGD

random.seed(12)
rng = np.random.default_rng(12)
base = rng.normal(size=(60, 4))
enc = Net(4, [8, 3], "tanh", "linear", init="xavier")
pred = Net(3, [6, 3], "tanh", "linear", init="xavier")
opts = [SGD(enc, lr=0.1), SGD(pred, lr=0.1)]


def cosine(p, z):
    p = p / np.sqrt((p**2).sum(axis=1, keepdims=True) + 1e-8)
    z = z / np.sqrt((z**2).sum(axis=1, keepdims=True) + 1e-8)
    return -(p * z).sum(axis=1).mean()


log = []
for it in range(120):
    one, two = (Tensor(base + 0.1 * rng.normal(size=base.shape)) for _ in range(2))
    z1, z2 = enc(one), enc(two)
    loss = 0.5 * cosine(pred(z1), z2.detach()) + 0.5 * cosine(pred(z2), z1.detach())
    for o in opts:
        o.zero_grad()
    loss.backward()
    for o in opts:
        o.step()
    log.append(loss.item())
print(log[0], log[-1])
