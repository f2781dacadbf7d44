"""Half of the relus sleep, and the others learn."""
import random

from autograd import Net

random.seed(1)
X = [[i / 20 - 1] for i in range(40)]
net = Net(1, [8, 1], "relu", "linear")
for neuron in net.layers[0].neurons[:4]:
    neuron.b = -50.0
for neuron in net.layers[0].neurons[4:]:
    neuron.b = 1.5
for epoch in range(40):
    loss = sum((net(x) - x[0] ** 2) ** 2 for x in X) / 40
    net.zero_grad()
    loss.backward()
    net.step(0.02)
print(loss.data)
