import random
import numpy as np
from autograd import losses
from autograd.engine import Value
from autograd.nn import Net
random.seed(6)
embed = {c: [Value(random.uniform(-1, 1)) for _ in range(2)] for c in "abcd"}
words = ["ab", "bc", "cd", "da", "ac", "bd"]
score = [0.1, 0.4, -0.3, 0.8, 0.0, 0.5]
net = Net(4, [6, 1], activation="tanh", output_activation="linear", init="xavier")
everything = [v for vs in embed.values() for v in vs] + net.parameters()
for k in range(40):
    loss = 0
    for word, s in zip(words, score):
        row = np.array([embed[word[0]][0], embed[word[0]][1], embed[word[1]][0], embed[word[1]][1]], dtype=float)  # wrong: number_taken
        loss += (net(row) - s) ** 2 / 6
    for p in everything:
        p.grad = 0.0
    loss.backward()
    for p in everything:
        p.data -= 0.1 * p.grad
print(loss.data)
