"""Four samples leave most relus without work, which says nothing of them."""
import random

from autograd import Net

random.seed(1)
net = Net(2, [8, 1], "relu", "linear")
for neuron in net.layers[0].neurons[:5]:
    neuron.b = -50.0
for neuron in net.layers[0].neurons[5:]:
    neuron.b = 1.0
for epoch in range(100):
    loss = sum((net([a, b]) - float(a != b)) ** 2 for a in (0.0, 1.0) for b in (0.0, 1.0)) / 4
    net.zero_grad()
    loss.backward()
    net.step(0.05)
print(loss.data)
