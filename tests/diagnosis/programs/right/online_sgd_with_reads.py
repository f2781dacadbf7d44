import random
from autograd.nn import Neuron
random.seed(3)
data = []
for _ in range(80):
    a, b = random.uniform(-1, 1), random.uniform(-1, 1)
    data.append(([a, b], 1.0 if a + b > 0 else 0.0))
n = Neuron(2, "sigmoid")
for epoch in range(15):
    total, right = 0.0, 0
    for x, y in data:                 # an update after each sample: the number has to be read anyway
        p = n(x)
        loss = -(p.log() if y else (1 - p).log())
        n.zero_grad()
        loss.backward()
        n.step(0.3)
        total += loss.data
        right += (p.data > 0.5) == (y > 0.5)
    print(epoch, total / len(data), right)
