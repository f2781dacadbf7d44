import random
import numpy as np
from autograd import Tensor, losses
from autograd.nn import Net
from autograd.optim import SGD
random.seed(3)
rng = np.random.default_rng(3)
X = rng.uniform(-2, 2, (60, 2)); y = np.sin(3 * X[:, :1]) + 1
net = Net(2, [8, 1], activation="tanh", output_activation="linear", init="xavier")
opt = SGD(net, lr=0.55)
for i in range(120):
    loss = losses.mse(net(Tensor(X)), y)
    opt.zero_grad()
    loss.backward()  # wrong: oscillates
    opt.step()
    print(round(loss.item(), 3), end=" ")
