"""The loss of each chunk of samples is printed while the total is summed up: each chunk is a batch."""
import random

from autograd import Net

random.seed(1)
net = Net(1, [6, 1], "tanh", "linear")
X = [[i / 25 - 1] for i in range(50)]
for epoch in range(20):
    total = 0
    for k in range(0, 50, 5):
        chunk = sum((net(x) - x[0] ** 2) ** 2 for x in X[k : k + 5])
        if epoch % 10 == 0:
            print(k, round(chunk.data, 3))
        total += chunk
    net.zero_grad()
    (total / 50).backward()
    net.step(0.05)
