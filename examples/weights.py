"""Few rows of one class: let them count more, and keep the weights small by an L2 penalty."""

import random

import numpy as np

from autograd.nn import Net

rng = np.random.default_rng(1)
X = np.concatenate([rng.normal(-1, 1, (380, 2)), rng.normal(1, 1, (20, 2))])
labels = np.repeat([0, 1], [380, 20])

for options in ({}, {"class_weight": "balanced"}, {"class_weight": "balanced", "alpha": 0.1}):
    random.seed(1)
    net = Net(2, [1], "linear")
    net.fit(X, labels, loss="binary_cross_entropy", optimizer="lbfgs", epochs=10, **options)
    found = net.predict(X)[:, 0] > 0
    print(options or "as they are")
    print(f"  rare rows found: {found[380:].mean():.0%}, others taken for them: {found[:380].mean():.0%}")
    print(f"  length of the weights: {np.linalg.norm(net.layers[0].weight):.2f}")
