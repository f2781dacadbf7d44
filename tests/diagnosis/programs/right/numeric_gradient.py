import random, math
from autograd.nn import Net
random.seed(9)
net = Net(2, [4, 1], activation="tanh", output_activation="sigmoid")
data = [([0, 0], 0.1), ([0, 1], 0.9), ([1, 0], 0.9), ([1, 1], 0.1)]
def loss_fn():
    return sum((net(x) - y) ** 2 for x, y in data)
net.zero_grad()
loss_fn().backward()
h = 1e-5
worst = 0.0
for p in net.parameters():
    old = p.data
    p.data = old + h
    up = loss_fn().data
    p.data = old - h
    down = loss_fn().data
    p.data = old
    worst = max(worst, abs((up - down) / (2 * h) - p.grad))
print("worst difference", worst)
