"""A net is trained and asked, and then slopes of other functions are shown."""
import random

from autograd import Net, Value

random.seed(1)
net = Net(1, [6, 1], "tanh", "linear")
for epoch in range(50):
    loss = sum((net([x / 5]) - (x / 5) ** 2) ** 2 for x in range(-5, 6)) / 11
    net.zero_grad()
    loss.backward()
    net.step(0.05)
print([round(float(net([x / 5])), 2) for x in range(-5, 6)])
v = Value(2.0)
(v**3).backward()
print(v.grad)
