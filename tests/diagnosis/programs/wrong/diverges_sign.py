"""The update has the wrong sign: += where a loss is to fall."""
import random
from autograd.nn import MLP

random.seed(37)
xs = [[i / 10, (i % 3) / 3] for i in range(-8, 9)]
ys = [0.5 * a - 0.2 * b for a, b in xs]
model = MLP(2, [5, 1])
for k in range(25):
    loss = sum((model(x) - y) ** 2 for x, y in zip(xs, ys)) / len(xs)
    model.zero_grad()
    loss.backward()  # wrong: diverges
    for p in model.parameters():
        p.data += 0.05 * p.grad
    print(k, loss.data)
