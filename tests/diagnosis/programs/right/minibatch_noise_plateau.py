"""Batches of 2 rows and label noise: the losses jump all the time, their mean falls to the noise."""
import random
from autograd.nn import MLP

random.seed(40)
rows = [([x / 10], 0.5 * x / 10 + random.gauss(0, 0.3)) for x in range(-20, 21)]
model = MLP(1, [6, 1])
log = []
for step in range(300):
    batch = random.sample(rows, 2)
    loss = sum((model(x) - t) ** 2 for x, t in batch) / 2
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        p.data -= 0.02 * p.grad
    log.append(loss.data)
print(sum(log[:30]) / 30, sum(log[-100:]) / 100)
