"""Learn to read digits, with Tensors, a loss and an optimiser by hand."""

import csv
import gzip
import random
from pathlib import Path

import numpy as np

from autograd import losses
from autograd.nn import Net
from autograd.optim import Adam

with gzip.open(Path(__file__).parent / "digits.csv.gz", "rt") as file:
    table = np.array(list(csv.reader(file))[1:], dtype=float)
random.seed(1)
rng = np.random.default_rng(1)
rng.shuffle(table)
X, labels = table[:, :-1] / 16, table[:, -1].astype(int)
train, test = slice(0, 1400), slice(1400, None)

net = Net(64, [64, 10], activation="relu", output_activation="linear", init="he")
optimizer = Adam(net, lr=0.003)
for epoch in range(20):
    total = 0.0
    for rows in np.array_split(rng.permutation(1400), 44):
        loss = losses.cross_entropy(net(X[rows]), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(rows)
    if epoch % 5 == 4:
        right = (net.predict(X[test]).argmax(axis=1) == labels[test]).mean()
        print(f"epoch {epoch + 1:2}  loss {total / 1400:.3f}  held-out digits read rightly {right:.1%}")
