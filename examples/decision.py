"""Part three arms of a spiral, and show it: a film of the training, the regions, what was taken for what."""

import random

import numpy as np

from autograd import film
from autograd.nn import Net

random.seed(1)
rng = np.random.default_rng(1)
labels = np.arange(300) % 3
radius = rng.uniform(0, 1, 300)
angle = 4 * radius + labels * 2 * np.pi / 3 + rng.normal(0, 0.15, 300)
X = np.column_stack([radius * np.sin(angle), radius * np.cos(angle)])

net = Net(2, [32, 32, 3], activation="tanh", output_activation="linear", init="xavier")
with film.decision(net, X, labels, "spiral.gif", frames=16) as made:
    net.fit(X, labels, loss="cross_entropy", lr=0.01, epochs=80, seed=1, callbacks=[made])

net.plot_decision(X, labels, path="spiral.png")
net.plot_confusion(X, labels, path="confusion.png")
print("wrote spiral.gif, spiral.png and confusion.png")
