"""Elastic weight consolidation: old weights and squared gradients are numbers in the penalty of task two."""
import random
from autograd.nn import Net

random.seed(32)
one = [([i / 8 - 1.0], 0.3 + 0.2 * i / 8) for i in range(8)]
two = [([i / 8], 0.6 - 0.4 * i / 8) for i in range(8)]
net = Net(1, [8, 1], "tanh", "linear")
ps = net.params()


def train(rows, penalty, epochs, lr):
    for _ in range(epochs):
        loss = sum((net(x) - t) ** 2 for x, t in rows) / len(rows)
        if penalty is not None:
            loss = loss + penalty()
        net.zero_grad()
        loss.backward()
        net.step(lr)
    return loss.data


print(train(one, None, 100, 0.1))
fisher = [0.0] * len(ps)
for x, t in one:
    net.zero_grad()
    ((net(x) - t) ** 2).backward()
    fisher = [f + p.grad**2 for f, p in zip(fisher, ps)]
anchor = [p.data for p in ps]
print(train(two, lambda: 1.0 * sum(f * (p - a) ** 2 for f, p, a in zip(fisher, ps, anchor)), 100, 0.05))
