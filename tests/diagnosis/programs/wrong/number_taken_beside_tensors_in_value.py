"""A number of the same Tensors whose gradient a Value passes on."""

from autograd import Value, tensor

w, b = tensor([1.5, -0.5], requires_grad=True), Value(0.5)


def around(inner):
    """The Value of a Tensor; its backward() adds to the gradients of what the Tensor was computed from."""
    out = Value(inner.item(), (), "around")
    out._backward = lambda: (out.grad * inner).backward()
    return out


for step in range(30):
    scale = (w * 2.0).exp().sum().item()  # wrong: number_taken
    loss = (around((w * w).sum()) - 1.0) ** 2 + (b * scale - 1.0) ** 2
    w.grad = None
    b.zero_grad()
    loss.backward()
    w.data -= 0.001 * w.grad
    b.data -= 0.001 * b.grad
