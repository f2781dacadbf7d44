import random
from autograd.nn import Net
random.seed(11)
net = Net(1, [10, 1], activation="tanh", output_activation="linear", init="xavier")
data = [([x], 0.8 * x - 0.4 * x ** 3) for x in [random.uniform(-1, 1) for _ in range(30)]]
for k in range(100):
    each = [(net(x) - y) ** 2 for x, y in data]
    worst = sorted(each, key=lambda e: e.data, reverse=True)[:15]     # the harder half
    loss = sum(worst) / 15
    net.zero_grad(); loss.backward(); net.step(0.1)
    if k % 25 == 0: print(k, loss.data)
