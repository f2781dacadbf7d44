"""The graph is made once, outside the loop, so its slopes are those of the first weights."""

from autograd import Value

w = Value(3.0)
loss = (w * w - 2.0) ** 2
for step in range(10):
    w.grad = 0.0
    loss.backward()  # wrong: backward_twice
    w.data -= 0.001 * w.grad
