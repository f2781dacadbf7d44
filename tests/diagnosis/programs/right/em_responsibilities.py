"""EM with a gradient M-step: responsibilities are numbers of the E-step, as the method wants."""
import math
import random
from autograd.engine import Value

random.seed(1)
data = [random.gauss(-1.5, 0.4) for _ in range(25)] + [random.gauss(1.0, 0.6) for _ in range(35)]
mu = [Value(-0.5), Value(0.5)]
ls = [Value(0.0), Value(0.0)]
mix = [0.5, 0.5]


def logpdf(x, k):
    return -0.5 * ((x - mu[k]) / ls[k].exp()) ** 2 - ls[k]


trail = []
for outer in range(15):
    resp = []
    for x in data:
        a = [math.log(mix[k]) + logpdf(x, k).data for k in (0, 1)]
        top = max(a)
        e = [math.exp(v - top) for v in a]
        resp.append([v / sum(e) for v in e])
    mix = [sum(r[k] for r in resp) / len(data) for k in (0, 1)]
    for inner in range(5):
        q = -sum(r[k] * logpdf(x, k) for x, r in zip(data, resp) for k in (0, 1)) / len(data)
        for p in mu + ls:
            p.zero_grad()
        q.backward()
        for p in mu + ls:
            p.data -= 0.2 * p.grad
    trail.append(q.data)
print(trail[0], trail[-1], [m.data for m in mu], mix)
