"""A penalty of Tensors as a Value, whose weight grows while the loss falls."""

from autograd import Value, tensor
from autograd.optim import SGD

w, b = tensor([1.0, 1.0], requires_grad=True), Value(5.0)
optimizer = SGD([w, b], lr=0.002)


def penalty():
    """The Value of the sum of squares of w; its backward() adds to the gradient of w."""
    inner = (w * w).sum()
    out = Value(inner.item(), (), "penalty")
    out._backward = lambda: (out.grad * inner).backward()
    return out


for step in range(60):
    loss = (b - 3.0) ** 2 + step / 60 * penalty()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.data)
