"""Have the oracle, a plain scalar engine, check a program, number by number."""

import random

import autograd
from autograd.errors import ParityError
from autograd.nn import Net, Neuron


def error(net):
    return sum((net([x, 1 - x]) - x) ** 2 for x in (0.1, 0.5, 0.9))


random.seed(1)
net = Net(2, [4, 1], activation="tanh")
with autograd.verify():
    for _ in range(5):
        loss = error(net)
        net.zero_grad()
        loss.backward()
        net.step(0.1)
print("five epochs, and no difference")

try:
    with autograd.verify():
        print(error(Neuron(2, activation=lambda x: x * random.random())))  # another number each time
except ParityError as difference:
    print(f"found: {difference}")
