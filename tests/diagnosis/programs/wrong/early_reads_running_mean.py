"""A running mean of the losses, in floats, for the log only, read after each sample."""
import random
from autograd.nn import Layer, Module


class Reg(Module):
    def __init__(self):
        self.l = [Layer(2, 7, "tanh", init="xavier"), Layer(7, 1, "linear", init="xavier")]

    def __call__(self, x):
        for layer in self.l:
            x = layer(x)
        return x

    def params(self):
        return [p for l in self.l for p in l.params()]


random.seed(62)
rows = [([random.uniform(-1, 1), random.uniform(-1, 1)]) for _ in range(30)]
m, smooth = Reg(), 0.0
for epoch in range(20):
    total = 0
    for a, b in rows:
        one = (m([a, b]) - (a * a - b)) ** 2
        smooth = 0.98 * smooth + 0.02 * float(one)  # wrong: early_reads
        total = total + one
    m.zero_grad()
    (total / len(rows)).backward()
    m.step(0.1)
print(smooth)
