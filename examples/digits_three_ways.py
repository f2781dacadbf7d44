"""One net, one training, written three ways: sample by sample, with Tensors, and with fit.

The same weights to begin with, the same batches in the same order: the same weights at the end.
"""

import csv
import gzip
import random
import time
from pathlib import Path

import numpy as np

from autograd import Tensor, losses
from autograd.nn import Net

LR, EPOCHS, BATCH = 0.3, 10, 40

with gzip.open(Path(__file__).parent / "digits.csv.gz", "rt") as file:
    table = np.array(list(csv.reader(file))[1:], dtype=float)
X, labels = table[:, :-1] / 16, table[:, -1].astype(int)
train, test = slice(0, 400), slice(400, None)


def new_net():
    random.seed(1)
    return Net(64, [24, 10], activation="tanh", output_activation="linear", init="xavier")


def batches():
    """The batches that fit(seed=1) takes."""
    rng = np.random.default_rng(1)
    for _ in range(EPOCHS):
        order = rng.permutation(len(X[train]))
        yield from (order[i : i + BATCH] for i in range(0, len(order), BATCH))


def sample_by_sample():
    net = new_net()
    for batch in batches():
        outputs = [net(X[i]) for i in batch]  # ten Values for each sample
        loss = losses.cross_entropy(outputs, labels[batch])
        net.zero_grad()
        loss.backward()
        for p in net.params():
            p.data -= LR * p.grad
    return net


def with_tensors():
    net = new_net()
    for batch in batches():
        loss = losses.cross_entropy(net(Tensor(X[batch])), labels[batch])
        net.zero_grad()
        loss.backward()
        net.step(LR)
    return net


def with_fit():
    net = new_net()
    net.fit(
        X[train],
        labels[train],
        loss="cross_entropy",
        optimizer="sgd",
        lr=LR,
        epochs=EPOCHS,
        batch_size=BATCH,
        seed=1,
        progress=False,
    )
    return net


first = None
for way in (sample_by_sample, with_tensors, with_fit):
    start = time.perf_counter()
    net = way()
    seconds = time.perf_counter() - start
    right = (net.predict(X[test]).argmax(axis=1) == labels[test]).mean()
    first = net if first is None else first
    apart = np.abs(net.values - first.values).max()
    print(f"{way.__name__:16}  {seconds:5.2f} s  {right:.1%} of held-out digits read rightly,", end=" ")
    print(f"weights at most {apart:.0e} from the first way's")
