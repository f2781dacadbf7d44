import random
import numpy as np
from autograd.nn import Net
random.seed(1)
rng = np.random.default_rng(1)
centres = np.array([[0, 1], [1, -0.5], [-1, -0.5]])
labels = [i % 3 for i in range(45)]
X = [(centres[l] + rng.normal(0, 0.3, 2)).tolist() for l in labels]
net = Net(2, [8, 3], activation="tanh", output_activation="linear", init="xavier")
for epoch in range(40):
    outs = [net(x) for x in X]
    loss = 0
    for logits, l in zip(outs, labels):
        biggest = max(v.data for v in logits)
        lse = sum((v - biggest).exp() for v in logits).log() + biggest
        loss += lse - logits[l]
    loss = loss / len(X)
    net.zero_grad()
    loss.backward()
    net.step(0.5)
    if epoch % 10 == 0:
        hits = sum(max(range(3), key=lambda j: o[j].data) == l for o, l in zip(outs, labels))
        print(epoch, float(loss), hits)
