"""PPO: old probabilities are numbers, the ratio is 1 at first, its gradient is not; four passes over each heap."""
import math
import random
from autograd.engine import Value

random.seed(10)
w, b = Value(0.0), Value(0.0)
score = []
for rollout in range(15):
    heap = []
    for _ in range(30):
        s = random.uniform(-1, 1)
        p = (w * s + b).sigmoid().data
        a = random.random() < p
        r = 1.0 if a == (s > 0.1) else 0.0
        heap.append((s, a, r, p if a else 1 - p))
    mean = sum(h[2] for h in heap) / 30
    score.append(mean)
    for _ in range(4):
        goal = 0
        for s, a, r, old in heap:
            p = (w * s + b).sigmoid()
            ratio = (p if a else 1 - p) / old
            adv = r - mean
            if (adv > 0 and ratio.data > 1.2) or (adv < 0 and ratio.data < 0.8):
                continue
            goal = goal + ratio * adv
        if not isinstance(goal, Value):
            continue
        w.zero_grad()
        b.zero_grad()
        (-goal / 30).backward()
        w.data -= 2.0 * w.grad
        b.data -= 2.0 * b.grad
print(score[0], score[-1], w.data, b.data)
