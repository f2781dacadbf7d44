"""Heavy momentum in a valley: the loss swings in waves while it dies away, as momentum does."""
from autograd.engine import Value

x, y = Value(2.0), Value(-1.5)
vx = vy = 0.0
seen = []
for k in range(200):
    f = 2 * x * x + 0.3 * y * y + 0.2 * (x * y)
    x.zero_grad()
    y.zero_grad()
    f.backward()
    vx, vy = 0.93 * vx - 0.03 * x.grad, 0.93 * vy - 0.03 * y.grad
    x.data, y.data = x.data + vx, y.data + vy
    seen.append(f.data)
print(seen[0], max(seen[50:80]), seen[-1])
