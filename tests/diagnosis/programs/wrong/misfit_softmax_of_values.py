import random
from autograd.nn import Net
random.seed(7)
net = Net(2, [8, 3], activation="tanh", init="xavier")
X = [[random.gauss(m, 0.4), random.gauss(n, 0.4)] for m, n in [(0, 1), (1, -1), (-1, -1)] for _ in range(10)]
T = [k for k in range(3) for _ in range(10)]
for k in range(40):
    loss = 0
    for x, t in zip(X, T):
        es = [v.exp() for v in net(x)]
        loss += -(es[t] / sum(es)).log() / 30  # wrong: misfit
    net.zero_grad()
    loss.backward()
    net.step(0.3)
print(loss.data)
