"""The weight of a penalty is a Value too, and grows by hand."""

from autograd import Value

w, weight = Value(3.0), Value(0.01)
for step in range(40):
    loss = (w - 2.0) ** 2 + weight.data * w * w
    w.zero_grad()
    loss.backward()
    w.data -= 0.05 * w.grad
    weight.data *= 1.1
print(w.data)
