from autograd.engine import Value
a, b = Value(1.0), Value(0.0)
pts = [(0, 1), (1, 3), (2, 5)]
for i in range(60):
    loss = sum((a * x + b - y) ** 2 for x, y in pts) / 3
    a.grad = b.grad = 0.0
    loss.backward()
    for p in [a, b]:
        p = p - 0.1 * p.grad  # wrong: never_changes
print(a, b, loss)
