"""A gradient check by hand before the training, weight by weight, then the training itself."""
import random
from autograd.nn import Layer, Module


class Small(Module):
    def __init__(self):
        self.a = Layer(2, 4, "tanh")
        self.b = Layer(4, 1, "linear")

    def __call__(self, x):
        return self.b(self.a(x))

    def params(self):
        return self.a.params() + self.b.params()


def total(model, rows):
    return sum((model(x) - t) ** 2 for x, t in rows) * (1 / len(rows))


def check(model, rows, eps=1e-5):
    model.zero_grad()
    total(model, rows).backward()
    worst = 0
    for p in model.params():
        g, at = p.grad, p.data
        p.data = at + eps
        up = total(model, rows).data
        p.data = at - eps
        down = total(model, rows).data
        p.data = at
        worst = max(worst, abs(g - (up - down) / (2 * eps)))
    return worst


random.seed(90)
rows = [((a / 4, b / 4), (a - b) / 8 + a * b / 32) for a in range(-3, 4, 2) for b in range(-3, 4, 2)]
m = Small()
print("worst", check(m, rows))
for k in range(100):
    loss = total(m, rows)
    m.zero_grad()
    loss.backward()
    m.step(0.1)
    if k % 25 == 0:
        print(k, loss.data)
