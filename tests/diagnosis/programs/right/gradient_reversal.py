"""Domain adaptation: 2 * number - value turns the gradient round on the way to the trunk, on purpose."""
import random
import numpy as np
from autograd import Tensor, losses
from autograd.nn import Layer
from autograd.optim import Adam

random.seed(26)
rng = np.random.default_rng(26)
X = np.r_[rng.normal(0, 1, (50, 3)), rng.normal(0.4, 1, (50, 3))]
domain = np.r_[np.zeros(50), np.ones(50)][:, None]
y = (X[:, :1] - X[:, 1:2] > 0).astype(float)
trunk, task, dom = Layer(3, 6, "tanh", init="xavier"), Layer(6, 1, "linear", init="xavier"), Layer(6, 1, "linear", init="xavier")
opt = Adam(trunk.params() + task.params() + dom.params(), lr=0.02)
log = []
for k in range(80):
    h = trunk(Tensor(X))
    reversed_h = 2 * h.detach() - h
    t = losses.binary_cross_entropy(task(h), y)
    loss = t + 0.1 * losses.binary_cross_entropy(dom(reversed_h), domain)
    opt.zero_grad()
    loss.backward()
    opt.step()
    log.append(t.item())
print(log[0], log[-1])
