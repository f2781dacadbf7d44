"""An integer division makes the rate 0: epochs // 100."""
import random
from autograd.nn import Net

random.seed(71)
rows = [([i / 8], (i / 8) ** 2) for i in range(-8, 9)]
net = Net(1, [6, 1], "tanh", "linear")
for epoch in range(20):
    lr = 1 // 10 * (1 - epoch / 20)
    loss = sum((net(x) - t) ** 2 for x, t in rows) / len(rows)
    net.zero_grad()
    loss.backward()
    net.step(lr)  # wrong: never_changes
print(loss.data)
