import random, math
from autograd.nn import Net
random.seed(5)
net = Net(2, [6, 3], activation="tanh", output_activation="linear", init="xavier")
X = [[random.gauss(c, 0.3), random.gauss(-c, 0.3)] for c in (-1, 0, 1) for _ in range(10)]
L = [i // 10 for i in range(30)]
for epoch in range(20):
    outs = [net(x) for x in X]
    loss = 0
    for o, l in zip(outs, L):
        total = sum(math.exp(v.data) for v in o)  # wrong: number_taken
        loss += -(o[l].exp() / total).log() / 30
    net.zero_grad()
    loss.backward()
    net.step(0.02)
print(loss.data)
