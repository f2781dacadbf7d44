import random
from autograd.nn import Net
random.seed(42)
xor = [([0, 0], 0), ([0, 1], 1), ([1, 0], 1), ([1, 1], 0)]
net = Net(2, [4, 1], init="xavier")
for epoch in range(1500):
    loss = sum((net(x) - y) ** 2 for x, y in xor)
    net.zero_grad()
    loss.backward()
    net.step(2.0)
    if epoch % 250 == 0:
        print(epoch, loss)
for x, y in xor:
    print(x, y, round(net(x).data, 2))
