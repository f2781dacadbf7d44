import random
from autograd.nn import Net
from autograd.optim import SGD
from autograd import losses
random.seed(1)
enc = Net(3, [2], activation="tanh", init="xavier")
dec = Net(2, [3], activation="linear", init="xavier")
X = [[random.uniform(-1, 1) for _ in range(3)] for _ in range(20)]
opt = SGD(enc, lr=0.2)                  # dec was meant to be trained too
for epoch in range(60):
    loss = 0
    for x in X:
        loss = loss + sum((a - b) ** 2 for a, b in zip(dec(enc(x)), x)) / 60
    enc.zero_grad(); dec.zero_grad()
    loss.backward()
    opt.step()  # wrong: never_changes
print(loss.data)
