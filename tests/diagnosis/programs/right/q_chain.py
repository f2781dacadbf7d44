"""Q-learning of a walk of six places; the target is a number on purpose (a semi-gradient)."""
import random
from autograd.engine import Value

random.seed(1)
N = 6
Q = [[Value(0.0), Value(0.0)] for _ in range(N)]
gamma, eps = 0.9, 0.3


def move(s, a):
    s2 = max(0, s - 1) if a == 0 else s + 1
    return s2, (1.0 if s2 == N - 1 else 0.0), s2 == N - 1


lengths = []
for episode in range(80):
    s, done, n = 0, False, 0
    while not done and n < 60:
        greedy = 0 if Q[s][0].data > Q[s][1].data else 1
        a = random.randrange(2) if random.random() < eps or Q[s][0].data == Q[s][1].data else greedy
        s2, r, done = move(s, a)
        target = r if done else r + gamma * max(q.data for q in Q[s2])
        td = Q[s][a] - target
        loss = td * td
        Q[s][a].zero_grad()
        loss.backward()
        Q[s][a].data -= 0.25 * Q[s][a].grad
        s, n = s2, n + 1
    lengths.append(n)
print(sum(lengths[:10]) / 10, sum(lengths[-10:]) / 10)
print([round(max(q.data for q in row), 2) for row in Q])
