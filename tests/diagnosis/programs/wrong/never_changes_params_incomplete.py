"""A module that forgets its bias among its parameters."""

from autograd import Value
from autograd.nn import Module


class Line(Module):
    def __init__(self):
        self.slope, self.height = Value(0.0), Value(0.0)

    def __call__(self, x):
        return self.slope * x + self.height

    def params(self):
        return [self.slope]


line = Line()
for epoch in range(20):
    loss = sum((line(x) - (2 * x + 5)) ** 2 for x in (1.0, 2.0, 3.0))
    line.zero_grad()
    loss.backward()
    line.step(0.01)  # wrong: never_changes
