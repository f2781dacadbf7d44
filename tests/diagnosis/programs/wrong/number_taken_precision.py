"""The weight of a loss that is to be learned with it, by math.exp."""

import math
import random

from autograd import Value

random.seed(1)
X = [random.uniform(-1, 1) for _ in range(20)]
w, log_variance = Value(0.0), Value(0.5)
for step in range(30):
    squares = sum((w * x - 2 * x - random.gauss(0, 0.1)) ** 2 for x in X) / len(X)
    loss = squares * math.exp(-log_variance) + log_variance  # wrong: number_taken
    w.zero_grad()
    log_variance.zero_grad()
    loss.backward()
    w.data -= 0.1 * w.grad
    log_variance.data -= 0.01 * log_variance.grad
