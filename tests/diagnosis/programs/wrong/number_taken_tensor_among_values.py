"""The number of a Tensor in a loss of Values."""

from autograd import Value, tensor
from autograd.optim import SGD

w, b = tensor([0.5, -0.5], requires_grad=True), Value(1.0)
x = tensor([1.0, 2.0])
optimizer = SGD([w, b], lr=0.01)

for step in range(20):
    inner = (w @ x).item()  # wrong: number_taken
    loss = (b * inner - 3.0) ** 2
    optimizer.zero_grad()
    loss.backward()  # wrong: unreached
    optimizer.step()
