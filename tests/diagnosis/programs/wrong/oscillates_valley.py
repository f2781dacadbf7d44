"""Steps across a valley, from one side to the other and back."""

from autograd import Value
from autograd.optim import SGD

x = Value(1.0)
optimizer = SGD([x], lr=0.9999)
for step in range(40):
    loss = x * x
    optimizer.zero_grad()
    loss.backward()  # wrong: oscillates
    optimizer.step()
