import random
import numpy as np
from autograd import Tensor, losses
from autograd.nn import Net
from autograd.optim import LBFGS
random.seed(1)
x = np.linspace(-1, 1, 40)[:, None]
y = x ** 3 - 0.5 * x
net = Net(1, [8, 1], activation="tanh", output_activation="linear", init="xavier")
opt = LBFGS(net, max_iter=10)
def closure():
    loss = losses.mse(net(Tensor(x)), y)
    opt.zero_grad()
    loss.backward()
    return loss
for i in range(4):
    print(i, float(opt.step(closure)))
