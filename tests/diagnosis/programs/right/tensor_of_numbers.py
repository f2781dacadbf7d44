"""Values that go into Tensors without their past, as the weights of a loss of the Tensors alone."""

from autograd import Tensor, Value, tensor

a, w = Value(0.5), tensor([0.5, -0.5], requires_grad=True)
for step in range(30):
    first = (a - 2.0) ** 2 + ((tensor([a.data, 1.0]) * w).sum() * Tensor(a.data)).item() * 0.0
    a.zero_grad()
    first.backward()
    loss = ((w * tensor([a.data, 1.0]) * Tensor(a.data) - 1.0) ** 2).sum()
    w.grad = None
    loss.backward()
    w.data -= 0.05 * w.grad
    a.data -= 0.05 * a.grad
print(loss.item())
