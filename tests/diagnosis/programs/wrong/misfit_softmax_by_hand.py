import random
import numpy as np
from autograd import Tensor
from autograd.nn import Net
random.seed(4)
rng = np.random.default_rng(2)
X = rng.normal(size=(60, 2)); labels = np.where(X[:, 0] > 0.4, 2, np.where(X[:, 0] < -0.4, 0, 1))
net = Net(2, [10, 3], activation="tanh", output_activation="sigmoid", init="xavier")
for i in range(150):
    e = np.exp(net(Tensor(X)))
    p = e / e.sum(axis=1, keepdims=True)  # wrong: misfit
    loss = -np.log(p[np.arange(60), labels]).mean()
    net.zero_grad()
    loss.backward()
    net.step(1.0)
print(loss.item())
