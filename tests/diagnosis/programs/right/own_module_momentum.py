import random, math
from autograd.engine import Value
from autograd.nn import Module

class Poly(Module):
    def __init__(self, degree):
        self.c = [Value(random.uniform(-0.1, 0.1)) for _ in range(degree + 1)]
    def __call__(self, x):
        return sum(c * x ** i for i, c in enumerate(self.c))
    def parameters(self):
        return self.c

random.seed(1)
xs = [i / 10 - 1 for i in range(21)]
ys = [math.sin(2 * x) for x in xs]
model = Poly(3)
velocity = [0.0] * 4
for k in range(150):
    loss = sum((model(x) - y) ** 2 for x, y in zip(xs, ys)) * (1 / 21)
    model.zero_grad()
    loss.backward()
    for i, p in enumerate(model.parameters()):
        velocity[i] = 0.9 * velocity[i] - 0.05 * p.grad
        p.data += velocity[i]
    if k % 30 == 0:
        print(k, loss)
print(loss.data)
