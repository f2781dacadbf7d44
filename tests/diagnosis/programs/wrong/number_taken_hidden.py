import random
from autograd.nn import Layer, Module
class Two(Module):
    def __init__(self):
        self.a = Layer(3, 5, "tanh", init="xavier")
        self.b = Layer(5, 1, "linear", init="xavier")
    def __call__(self, x):
        h = [float(v) for v in self.a(x)]  # wrong: number_taken
        out = self.b(h)
        return out[0] if isinstance(out, list) else out
    def parameters(self):
        return self.a.params() + self.b.params()
random.seed(3)
X = [[random.uniform(-1, 1) for _ in range(3)] for _ in range(20)]
Y = [sum(x) / 3 for x in X]
m = Two()
for k in range(40):
    loss = sum((m(x) - y) ** 2 for x, y in zip(X, Y)) / 20
    m.zero_grad()
    loss.backward()
    for p in m.parameters():
        p.data -= 0.1 * p.grad
print(loss.data)
