"""The input of a net is searched, and the loss is in units of what the net says of zeros."""

import random

from autograd import Net, Value

random.seed(1)
net = Net(2, [6, 1], "tanh", "linear")
x = [Value(0.3), Value(-0.2)]
for step in range(30):
    unit = abs(net([0.0, 1.0]).data) + 1.0
    loss = (net(x) - 1.0) ** 2 * unit
    for v in x:
        v.zero_grad()
    loss.backward()
    for v in x:
        v.data -= 0.05 * v.grad
print(loss.data)
