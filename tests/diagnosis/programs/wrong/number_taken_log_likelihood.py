"""The rate of Poisson's likelihood by math.exp, which is a term of the loss itself."""

import math
import random

from autograd import Value

random.seed(1)
X = [random.uniform(-1, 1) for _ in range(40)]
Y = [round(math.exp(0.5 + 1.2 * x)) for x in X]
a, b = Value(0.0), Value(0.0)
for epoch in range(12):
    loss = 0.0
    for x, y in zip(X, Y):
        log_rate = a * x + b
        rate = math.exp(log_rate)  # wrong: number_taken
        loss = loss + (rate - y * log_rate) / len(X)
    a.zero_grad()
    b.zero_grad()
    loss.backward()
    a.data -= 0.01 * a.grad
    b.data -= 0.01 * b.grad
