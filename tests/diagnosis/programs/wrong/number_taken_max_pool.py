"""Global max pooling with a number per channel: max(v.data for ...), and not the Value that is largest."""
import random
from autograd.engine import Value

random.seed(68)
kernel = [Value(random.uniform(-0.5, 0.5)) for _ in range(3)]
scale, shift = Value(0.5), Value(0.0)
signals = []
for k in range(16):
    s = [random.uniform(0, 0.2) for _ in range(8)]
    if k % 2:
        p = random.randrange(1, 7)
        s[p - 1 : p + 2] = [0.2, 1.0, 0.2]
    signals.append((s, float(k % 2)))
params = kernel + [scale, shift]
for epoch in range(20):
    loss = 0
    for s, t in signals:
        conv = [sum(w * x for w, x in zip(kernel, s[i : i + 3])) for i in range(6)]
        pooled = max(c.data for c in conv)  # wrong: number_taken
        loss += (scale * pooled + shift - t) ** 2
    loss = loss / len(signals)
    for p in params:
        p.zero_grad()
    loss.backward()
    for p in params:
        p.data -= 0.1 * p.grad
print(loss.data)
