"""Actor and critic: the advantage uses the critic's number; the critic has a loss of its own."""
import random
import numpy as np
from autograd.nn import Net
from autograd import Value

random.seed(3)
actor = Net(1, [6, 1], "tanh", "sigmoid", init="xavier")
critic = Net(1, [6, 1], "tanh", "linear", init="xavier")
r = random.Random(0)
score = []
for ep in range(60):
    states = [r.uniform(-1, 1) for _ in range(16)]
    ps = [actor([s]) for s in states]
    vs = [critic([s]) for s in states]
    pl, cl, tot = 0, 0, 0.0
    for s, p, v in zip(states, ps, vs):
        right = r.random() < p.data
        reward = 1.0 if right == (s > 0) else 0.0
        adv = reward - v.data
        logp = p.log() if right else (1 - p).log()
        pl = pl - adv * logp
        cl = cl + (v - reward) ** 2
        tot += reward
    actor.zero_grad()
    critic.zero_grad()
    (pl / 16 + 0.5 * cl / 16).backward()
    actor.step(0.6)
    critic.step(0.2)
    score.append(tot / 16)
print(np.mean(score[:5]), np.mean(score[-10:]))
