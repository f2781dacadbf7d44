import random, math
from autograd.nn import Net
from autograd.optim import Adam
random.seed(2)
X = [[random.uniform(-1, 1), random.uniform(-1, 1)] for _ in range(64)]
Y = [x[0] * x[1] for x in X]
net = Net(2, [10, 1], activation="tanh", output_activation="linear", init="xavier")
opt = Adam(net, lr=0.02)
micro = 8
for epoch in range(60):
    opt.zero_grad()
    total = 0.0
    for i in range(0, 64, micro):  # gradients add up on purpose
        part = sum((net(x) - y) ** 2 for x, y in zip(X[i:i + micro], Y[i:i + micro])) / 64
        part.backward()
        total += part.data
    opt.step()
    if epoch % 10 == 0:
        print(epoch, total)
