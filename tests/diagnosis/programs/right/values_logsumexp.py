"""A softmax classifier in Values with the largest logit taken off as a number, and added back as a number."""
import math
import random
from autograd.engine import Value

random.seed(48)
rows = []
for c, (a, b) in enumerate([(0.8, 0), (-0.5, 0.7), (-0.5, -0.7)]):
    rows += [((a + random.gauss(0, 0.2), b + random.gauss(0, 0.2)), c) for _ in range(8)]
W = [[Value(0.0) for _ in range(3)] for _ in range(3)]
flat = [w for r in W for w in r]


def logsumexp(zs):
    top = max(z.data for z in zs)
    return sum((z - top).exp() for z in zs).log() + top


for k in range(60):
    loss = 0
    for (a, b), c in rows:
        z = [w[0] * a + w[1] * b + w[2] for w in W]
        loss = loss + logsumexp(z) - z[c]
    loss = loss / len(rows)
    for w in flat:
        w.zero_grad()
    loss.backward()
    for w in flat:
        w.data -= 0.5 * w.grad
    if k % 20 == 0:
        print(k, loss.data)
print(loss.data)
