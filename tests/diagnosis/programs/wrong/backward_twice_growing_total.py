"""A total that is never begun anew: each pass goes through all graphs before it."""

from autograd import Value
from autograd.optim import SGD

w = Value(0.5)
optimizer = SGD([w], lr=0.001)
total = Value(0.0)
for x, y in [(1.0, 2.0), (2.0, 4.5), (3.0, 6.0), (4.0, 8.5)]:
    total = total + (w * x - y) ** 2
    optimizer.zero_grad()
    total.backward()  # wrong: backward_twice
    optimizer.step()
