import random
from autograd.nn import Net
from autograd.optim import SGD
random.seed(4)
gen = Net(2, [6, 1], activation="tanh", output_activation="linear", init="xavier")
dis = Net(1, [6, 1], activation="tanh", output_activation="sigmoid", init="xavier")
og, od = SGD(gen, lr=0.02), SGD(dis, lr=0.02)
for step in range(40):
    noise = [[random.gauss(0, 1), random.gauss(0, 1)] for _ in range(8)]
    real = [[random.gauss(1, 0.3)] for _ in range(8)]
    made = [gen(z) for z in noise]
    d_loss = -sum(dis(r).log() for r in real) / 8 - sum((1 - dis([m.data])).log() for m in made) / 8
    og.zero_grad()                      # meant od
    d_loss.backward()  # wrong: not_zeroed
    od.step()
    g_loss = -sum(dis([m]).log() for m in made) / 8
    og.zero_grad()
    g_loss.backward()
    og.step()
print(d_loss.data, g_loss.data)
