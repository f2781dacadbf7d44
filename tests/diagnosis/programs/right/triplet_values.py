"""Triplets, in Values, anchors near and far; the loss of satisfied triplets is a plain 0."""
import random
from autograd.nn import MLP

random.seed(11)
points = []
for c, (a, b) in enumerate([(0.8, 0.1), (-0.6, 0.7), (-0.2, -0.9)]):
    for _ in range(8):
        points.append((c, [a + random.gauss(0, 0.2), b + random.gauss(0, 0.2)]))
model = MLP(2, [8, 2])


def squared(u, v):
    return sum((p - q) ** 2 for p, q in zip(u, v))


def loss_of_epoch(rand):
    emb = [model(x) for _, x in points]
    terms = []
    for k, (c, _) in enumerate(points):
        pos = rand.choice([m for m, (d, _) in enumerate(points) if d == c and m != k])
        neg = rand.choice([m for m, (d, _) in enumerate(points) if d != c])
        terms.append((squared(emb[k], emb[pos]) - squared(emb[k], emb[neg]) + 1.0).relu())
    return sum(terms) * (1 / len(terms)), terms


rand = random.Random(2)
for k in range(60):
    loss, terms = loss_of_epoch(rand)
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        p.data -= 0.05 * p.grad
    active = sum(t.data > 0 for t in terms)
    if k % 15 == 0 or k == 59:
        print(k, round(loss.data, 3), "active", active)
