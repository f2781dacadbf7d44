import math
from autograd.engine import Value
w, u = Value(0.5), Value(0.3)
h = Value(0.0)
xs = [math.sin(i / 3) for i in range(40)]
for x, target in zip(xs, xs[1:]):
    h = (w * h + u * x).tanh()           # h of the last step is not cut off
    loss = (h - target) ** 2
    w.grad = u.grad = 0.0
    loss.backward()  # wrong: backward_twice
    w.data -= 0.1 * w.grad
    u.data -= 0.1 * u.grad
print(w, u)
