"""The square root of 0, as a Value around Tensors."""

from autograd import Value, tensor

w, x = tensor([0.0, 0.0], requires_grad=True), tensor([1.0, 2.0])


def product():
    """The Value of w @ x; its backward() adds to the gradient of w."""
    inner = w @ x
    out = Value(inner.item(), (), "product")
    out._backward = lambda: (out.grad * inner).backward()
    return out


for step in range(5):
    loss = (product().sqrt() - 2.0) ** 2  # wrong: not_finite
    w.grad = None
    loss.backward()
    w.data -= 0.01 * w.grad
