"""Values hold the parameters, and one at a time is a Tensor that gets a gradient."""

from autograd import Value, tensor

a, b = Value(0.5), Value(-0.5)
for step in range(40):
    t = tensor(a.data, requires_grad=True)
    loss = (t * 2 + b.data * t - 3.0) ** 2
    loss.backward()
    a.data -= 0.02 * float(t.grad)

    t = tensor(b.data, requires_grad=True)
    loss = (a.data * 2 + t * a.data - 3.0) ** 2
    loss.backward()
    b.data -= 0.02 * float(t.grad)
print(a.data, b.data)
