"""A Value whose backward() goes through Tensors, written by hand."""

from autograd import Tensor, Value, tensor
from autograd.optim import SGD

w = tensor([0.5, -0.5], requires_grad=True)
x = tensor([1.0, 2.0])
bias = Value(0.0)
optimizer = SGD([w, bias], lr=0.02)


def product():
    """The Value of w @ x; its backward() adds to the gradient of w."""
    inner = w @ x
    out = Value(inner.item(), (), "product")
    out._backward = lambda: (out.grad * inner).backward()
    return out


for step in range(30):
    loss = (product() + bias - 3.0) ** 2
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.data)
