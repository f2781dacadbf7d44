"""Steps that go beyond the bottom each time, and come nearer all the same."""
from autograd import Value

x = Value(1.0)
for step in range(20):
    loss = x * x
    x.zero_grad()
    loss.backward()
    x.data -= 0.97 * x.grad
print(x.data)
