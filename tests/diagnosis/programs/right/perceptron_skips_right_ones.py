import random
from autograd.nn import Neuron
random.seed(2)
points = [[random.uniform(-1, 1), random.uniform(-1, 1)] for _ in range(60)]
labels = [1 if p[0] + 0.5 * p[1] > 0.1 else -1 for p in points]
n = Neuron(2, "linear")
for epoch in range(20):
    wrong = 0
    for p, t in zip(points, labels):
        out = n(p)
        if out.data * t > 0:
            continue
        wrong += 1
        loss = (-t * out).relu()
        n.zero_grad()
        loss.backward()
        n.step(0.1)
    print(epoch, wrong)
    if wrong == 0:
        break
