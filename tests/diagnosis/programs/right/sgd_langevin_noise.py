"""Steps with noise on top (Langevin): the loss shivers, the mean of the chain is what is wanted."""
import random
from autograd.engine import Value

random.seed(96)
ys = [random.gauss(1.3, 0.5) for _ in range(30)]
mu = Value(0.0)
chain = []
for t in range(300):
    energy = sum((mu - y) ** 2 for y in ys) / (2 * 0.25)
    mu.zero_grad()
    energy.backward()
    eps = 0.002
    mu.data += -eps * mu.grad + (2 * eps) ** 0.5 * random.gauss(0, 1)
    if t > 50:
        chain.append(mu.data)
print(sum(chain) / len(chain), sum(ys) / 30)
