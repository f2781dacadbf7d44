import random
import numpy as np
from autograd import no_grad
from autograd.nn import Net
random.seed(11)
rng = np.random.default_rng(3)
X = rng.uniform(-1, 1, (40, 2))
target = np.sin(2 * X[:, 0]) - 0.5 * X[:, 1]
features = Net(2, [12], activation="tanh", init="xavier")  # random features, never trained
head = Net(12, [1], activation="linear", init="xavier")
with no_grad():
    F = [[f.data for f in features(x)] for x in X.tolist()]
for epoch in range(100):
    loss = sum((head(f) - t) ** 2 for f, t in zip(F, target)) / len(F)
    head.zero_grad()
    loss.backward()
    head.step(0.1)
    if epoch % 25 == 0:
        print(loss.data)
