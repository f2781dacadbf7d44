import random
import numpy as np
from autograd import Tensor, losses
from autograd.nn import Net
from autograd.optim import SGD
random.seed(1)
x = np.linspace(-1, 1, 60)[:, None]
net = Net(1, [10, 1], activation="tanh", output_activation="linear", init="xavier")
net.fit(x, np.sin(3 * x), epochs=100, lr=0.02, seed=1)
# the new task: only the last layer is trained further, the rest stays as it is
opt = SGD(net.layers[-1], lr=0.05)
new = np.sin(3 * x) + 0.5
for i in range(60):
    loss = losses.mse(net(Tensor(x)), new)
    net.zero_grad()
    loss.backward()
    opt.step()
    if i % 20 == 0: print(loss.item())
print(loss.item())
