"""See what was batched, which line of a loop prevents it, and switch it off."""

import random

import autograd
from autograd.nn import Net

random.seed(1)
X = [[i / 50] for i in range(50)]
net = Net(1, [20, 1], activation="tanh")

autograd.stats(reset=True)
total = sum(net(x) for x in X)
print(f"sum {total:.3f}: {autograd.stats()}")

autograd.stats(reset=True)
total = sum(float(net(x)) for x in X)  # float() looks at each
print(f"sum {total:.3f}: {autograd.stats()}")

autograd.stats(reset=True)
with autograd.eager():
    total = sum(net(x) for x in X)  # as if each were looked at: for debugging
print(f"sum {total:.3f}: {autograd.stats()}")
