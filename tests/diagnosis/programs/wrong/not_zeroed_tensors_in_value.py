"""A Value around Tensors, and only the Values get their gradients set to 0."""

from autograd import Value, tensor

w, b = tensor([0.5, -0.5], requires_grad=True), Value(0.0)
x = tensor([1.0, 2.0])


def product():
    """The Value of w @ x; its backward() adds to the gradient of w."""
    inner = w @ x
    out = Value(inner.item(), (), "product")
    out._backward = lambda: (out.grad * inner).backward()
    return out


for step in range(30):
    loss = (product() + b - 3.0) ** 2
    b.zero_grad()
    loss.backward()  # wrong: not_zeroed
    w.data -= 0.02 * w.grad
    b.data -= 0.02 * b.grad
