import random
from autograd.nn import Net
from autograd.optim import RMSprop
random.seed(1)
G = Net(1, [8, 1], activation="tanh", output_activation="linear", init="xavier")
C = Net(1, [8, 1], activation="tanh", output_activation="linear", init="xavier")
og, oc = RMSprop(G, lr=0.005), RMSprop(C, lr=0.005)
for step in range(60):
    for _ in range(2):
        oc.zero_grad()
        real = [[random.gauss(2, 0.5)] for _ in range(10)]
        fake = [G([random.gauss(0, 1)]) for _ in range(10)]
        fake = [[f.data] for f in fake]
        gap = sum(C(f) for f in fake) / 10 - sum(C(r) for r in real) / 10
        gap.backward()
        oc.step()
        for p in C.parameters():
            p.data = max(-0.5, min(0.5, p.data))
    og.zero_grad()
    g_loss = -sum(C([G([random.gauss(0, 1)])]) for _ in range(10)) / 10
    g_loss.backward()
    og.step()
print(gap.data, g_loss.data)
