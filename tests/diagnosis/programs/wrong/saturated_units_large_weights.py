import random
from autograd.nn import Net
random.seed(1)
net = Net(2, [10, 1], activation="tanh", output_activation="linear", init="xavier")
for n in net.layers[0].neurons:
    for w in n.w:
        w.data *= 200
X = [[random.uniform(-1, 1), random.uniform(-1, 1)] for _ in range(40)]
Y = [0.5 * a + b * b for a, b in X]
for epoch in range(60):
    preds = [net(x) for x in X]  # wrong: saturated_units
    loss = sum((p - y) ** 2 for p, y in zip(preds, Y)) / 40
    net.zero_grad(); loss.backward(); net.step(0.05)
print(loss.data)
