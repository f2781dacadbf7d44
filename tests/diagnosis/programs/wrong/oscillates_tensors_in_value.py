"""Steps that are too large, for a Value around Tensors."""

from autograd import Value, tensor

w, x = tensor([0.5, -0.5], requires_grad=True), tensor([1.0, 2.0])


def product():
    """The Value of w @ x; its backward() adds to the gradient of w."""
    inner = w @ x
    out = Value(inner.item(), (), "product")
    out._backward = lambda: (out.grad * inner).backward()
    return out


for step in range(60):
    loss = (product() - 3.0) ** 2
    w.grad = None
    loss.backward()  # wrong: oscillates
    w.data -= 0.1995 * w.grad
