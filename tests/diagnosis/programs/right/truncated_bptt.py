import math, random
from autograd.engine import Value
random.seed(3)
w, u, v = Value(0.4), Value(0.6), Value(0.9)
params = [w, u, v]
series = [math.sin(i / 2) for i in range(121)]
for epoch in range(15):
    h, total = 0.0, 0.0
    for start in range(0, 120, 10):
        h = Value(h.data) if isinstance(h, Value) else Value(h)   # cut the graph here
        loss = 0
        for x, target in zip(series[start:start + 10], series[start + 1:start + 11]):
            h = (w * h + u * x).tanh()
            loss += (v * h - target) ** 2
        for p in params:
            p.grad = 0.0
        loss.backward()
        for p in params:
            p.data -= 0.02 * p.grad
        total += loss.data
    print(epoch, total / 120)
