import random, math
from autograd.engine import Value
random.seed(0)
means = [0.1, 0.8, 0.3]
prefs = [Value(0.0) for _ in means]
baseline = 0.0
for t in range(300):
    m = max(p.data for p in prefs)
    exps = [(p - m).exp() for p in prefs]
    total = sum(exps)
    probs = [e / total for e in exps]
    a = random.choices(range(3), [p.data for p in probs])[0]
    reward = random.gauss(means[a], 0.1)
    loss = -probs[a].log() * (reward - Value(baseline))
    for p in prefs:
        p.grad = 0.0
    loss.backward()
    for p in prefs:
        p.data -= 0.2 * p.grad
    baseline += 0.05 * (reward - baseline)
print([round(p.data, 2) for p in prefs])
