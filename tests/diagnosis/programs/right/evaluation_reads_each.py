import random
from autograd.nn import MLP
random.seed(6)
X = [[random.gauss(c, 0.5), random.gauss(c, 0.5)] for c in (-1, 1) for _ in range(15)]
Y = [-1] * 15 + [1] * 15
model = MLP(2, [8, 1])
for k in range(30):
    loss = sum((1 - y * model(x)).relu() for x, y in zip(X, Y)) / 30
    model.zero_grad(); loss.backward(); model.step(0.2)
outs = [model(x) for x in X]
confusion = {(a, b): 0 for a in (0, 1) for b in (0, 1)}
for o, y in zip(outs, Y):
    confusion[o.data > 0, y > 0] += 1
print(loss.data, confusion)
