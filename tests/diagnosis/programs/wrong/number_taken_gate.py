"""Two lines and a gate between them, whose numbers are taken."""

import random

from autograd import Neuron

random.seed(1)
X = [i / 10 - 1 for i in range(20)]
left, right, gate = Neuron(1, "linear"), Neuron(1, "linear"), Neuron(1, "sigmoid")
for epoch in range(30):
    gates = [gate([4 * x]) for x in X]
    shares = [float(g) for g in gates]  # wrong: number_taken
    outs = [share * left([x]) + (1 - share) * right([x]) for x, share in zip(X, shares)]
    loss = sum((out - abs(x)) ** 2 for x, out in zip(X, outs)) / 20
    for part in (left, right, gate):
        part.zero_grad()
    loss.backward()  # wrong: unreached
    for part in (left, right, gate):
        part.step(0.05)
