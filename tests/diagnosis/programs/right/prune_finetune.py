"""Prune the small weights of a trained net, keep them at 0 while it is tuned further."""
import random
import numpy as np
from autograd import Net

random.seed(13)
rng = np.random.default_rng(13)
X = rng.uniform(-1, 1, (80, 3))
Y = np.sin(2 * X[:, :1]) + 0.5 * X[:, 1:2]
net = Net(3, [16, 1], "tanh", "linear", init="xavier")
h = net.fit(X, Y, lr=0.02, epochs=100, seed=2)
print("dense", h.loss[-1])
weights = net.layers[0].weight
small = np.abs(weights) < np.quantile(np.abs(weights), 0.3)
ps = net.params()
matrix = [w for n in net.layers[0].neurons for w in n.w]
pruned = [w for w, s in zip(matrix, small.ravel()) if s]
for w in pruned:
    w.data = 0.0
rows = list(zip(X.tolist(), Y[:, 0].tolist()))[:40]
for k in range(60):
    loss = sum((net(x) - y) ** 2 for x, y in rows) / len(rows)
    net.zero_grad()
    loss.backward()
    for w in pruned:
        w.grad = 0.0
    net.step(0.05)
    if k in (0, 59):
        print(k, loss.data)
print(len(pruned), {w.data for w in pruned})
