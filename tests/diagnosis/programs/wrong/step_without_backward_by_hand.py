from autograd.engine import Value
u = Value(3.0)
for i in range(20):
    f = (u - 1) ** 2
    u.grad = 0.0
    u.data -= 0.1 * u.grad  # wrong: step_without_backward
print(u)
