import random
import numpy as np
from autograd import Tensor, losses
from autograd.nn import Net
from autograd.optim import Adam
random.seed(2)
rng = np.random.default_rng(1)
X = rng.normal(size=(60, 2)); t = (X[:, :1] > 0).astype(float)
net = Net(2, [6, 1], activation="tanh", output_activation="sigmoid", init="xavier")
opt = Adam(net, lr=0.03)
for i in range(60):
    p = net(Tensor(X))
    loss = losses.binary_cross_entropy(p, t)  # wrong: misfit
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
