"""The same graph goes back twice, the gradients being zeroed in between, to see that they are the same."""
from autograd import Value

w = Value(2.0)
for step in range(5):
    loss = (w * 3 - 1) ** 2
    w.zero_grad()
    loss.backward()
    first = w.grad
    w.zero_grad()
    loss.backward()
    assert w.grad == first
    w.data -= 0.01 * w.grad
print(w.data)
