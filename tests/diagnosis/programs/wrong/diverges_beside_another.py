"""Two trainings side by side, one of them with steps that are too large."""

from autograd import tensor

a, b = tensor(3.0, requires_grad=True), tensor(0.5, requires_grad=True)
for step in range(40):
    first = 1e5 * (a - 1.0) ** 2
    a.grad = None
    first.backward()
    a.data -= 1e-6 * a.grad

    second = (b - 1.0) ** 2
    b.grad = None
    second.backward()  # wrong: diverges
    b.data -= 1.05 * b.grad
