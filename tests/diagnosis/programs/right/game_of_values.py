"""Two players of plain Values: the second pass adds to what the first one stepped, and it is zeroed before its use."""
from autograd import Value

a, b = Value(1.0), Value(-0.5)
for turn in range(30):
    a.zero_grad()
    loss = (a - 0.3) ** 2 + 0.1 * a * b
    loss.backward()
    a.data -= 0.1 * a.grad
    b.zero_grad()
    answer = (b + 0.2) ** 2 - 0.1 * a * b
    answer.backward()
    b.data -= 0.1 * b.grad
print(a.data, b.data)
