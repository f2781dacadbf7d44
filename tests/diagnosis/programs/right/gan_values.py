import random
from autograd.nn import Net
random.seed(5)
G = Net(2, [8, 1], activation="tanh", output_activation="linear", init="xavier")
D = Net(1, [8, 1], activation="tanh", output_activation="sigmoid", init="xavier")
for step in range(120):
    real = [[random.gauss(1.5, 0.5)] for _ in range(12)]
    noise = [[random.gauss(0, 1), random.gauss(0, 1)] for _ in range(12)]
    # discriminator; the fakes are numbers here on purpose
    made = [G(z) for z in noise]
    fakes = [[m.data] for m in made]
    d_loss = -sum(D(x).log() for x in real) / 12 - sum((1 - D(f)).log() for f in fakes) / 12
    D.zero_grad()
    d_loss.backward()
    D.step(0.1)
    # generator
    outs = [D([G(z)]) for z in noise]
    g_loss = -sum(o.log() for o in outs) / 12
    G.zero_grad()
    g_loss.backward()
    G.step(0.05)
    if step % 30 == 0:
        print(step, d_loss.data, g_loss.data)
