import random
from autograd.nn import Net
from autograd.optim import SGD
random.seed(8)
G = Net(1, [6, 1], activation="tanh", output_activation="linear", init="xavier")
D = Net(1, [6, 1], activation="tanh", output_activation="sigmoid", init="xavier")
og, od = SGD(G, lr=0.05), SGD(D, lr=0.1)
for step in range(40):
    made = [G([random.gauss(0, 1)]) for _ in range(8)]
    fakes = [[m.data] for m in made]  # wrong: number_taken
    d_loss = -sum(D([random.gauss(2, 0.4)]).log() for _ in range(8)) / 8 - sum((1 - D(f)).log() for f in fakes) / 8
    od.zero_grad()
    d_loss.backward()
    od.step()
    g_loss = -sum(D(f).log() for f in fakes) / 8        # fakes are numbers here, too
    og.zero_grad()
    g_loss.backward()  # wrong: unreached
    og.step()
print(d_loss.data, g_loss.data)
