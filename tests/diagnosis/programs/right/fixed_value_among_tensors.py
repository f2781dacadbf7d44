"""A temperature that is a fixed Value."""

from autograd import Value, tensor

w, b = tensor([0.5, -0.5], requires_grad=True), Value(1.0)
x = tensor([1.0, 2.0])

for step in range(20):
    scale = (2 * b).exp()
    loss = ((w @ x) * scale.data - 3.0) ** 2
    w.grad = None
    loss.backward()
    w.data -= 0.001 * w.grad
