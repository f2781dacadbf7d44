"""Small nets, data, scripted losses and a hand-written loop, which the tests of training share."""

import random

import numpy as np
import pytest

from autograd import Tensor
from autograd.losses import LOSSES
from autograd.nn import Net
from autograd.optim import LBFGS, SGD, Adam, AdamW, RMSprop, clip_gradient

X = np.linspace(-1, 1, 40)[:, None]

CURVE = np.sin(3 * X)


def curve_net(seed=1, **options):
    random.seed(seed)
    return Net(1, [12, 1], "tanh", "linear", **options)


ROWS = np.random.default_rng(7).uniform(-1, 1, (40, 3))

NUMBERS = np.sin(ROWS @ [[3.0, 1.0], [-2.0, 2.0], [1.0, -1.0]])

TARGETS = {
    **dict.fromkeys(("mse", "mae", "huber"), NUMBERS),
    "hinge": np.where(NUMBERS > 0, 1, -1),
    "binary_cross_entropy": (NUMBERS > 0).astype(int),
    "cross_entropy": (NUMBERS[:, 0] > 0.3).astype(int),
}

OPTIONS = {
    "sgd": lambda net: SGD(net, lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "adam": lambda net: Adam(net, lr=0.02),
    "adamw": lambda net: AdamW(net, lr=0.02, weight_decay=0.1),
    "rmsprop": lambda net: RMSprop(net, lr=0.01),
    "lbfgs": lambda net: LBFGS(net, max_iter=3),
}

every_optimizer = pytest.mark.parametrize("optimizer", OPTIONS)


def small_net(seed=1, activation="tanh", **options):
    random.seed(seed)
    return Net(3, [5, 2], activation, "linear", **options)


def by_hand(net, X, y, opt, epochs, batch_size, rng, loss="mse", clip=None, penalty=None):
    """A loop over batches that does what fit promises; returns the mean loss of each epoch."""
    loss = LOSSES.get(loss, loss)
    table = X.astype(net.dtype)
    y = y.astype(net.dtype) if y.dtype.kind == "f" else y
    means = []
    for _ in range(epochs):
        order = rng.permutation(len(X)) if batch_size < len(X) else np.arange(len(X))
        total = 0.0
        for first in range(0, len(X), batch_size):
            batch = order[first : first + batch_size]

            def closure(batch=batch):
                value = loss(net.forward(Tensor(table[batch]).T).T, y[batch])
                net.zero_grad()
                value.backward()
                return value

            if isinstance(opt, LBFGS):
                value = opt.step(closure)
            else:
                value = closure().item()
                if penalty is not None:
                    net.grads += penalty(net)
                if clip is not None:
                    clip_gradient(net, clip)
                opt.step()
            total += value * len(batch)
        means.append(total / len(X))
    return means


def same_bits(net, twin):
    np.testing.assert_array_equal(net.values, twin.values)
    np.testing.assert_array_equal(net.grads, twin.grads)


SCRIPT = [3.0, 2.0, 2.5, 1.0, 1.5, 1.0, 1.2, 0.5, 0.4]  # the loss of each epoch


def scripted(script):
    """A loss that falls and rises as the script says, with the slopes of mse; and one for validation rows."""
    script = iter(script)

    def told(p, y):
        mean = ((p - y) ** 2).mean()
        return mean - mean.item() + next(script)

    def validated(p, y):
        return ((p - y) ** 2).mean() if p.requires_grad else Tensor(next(script))

    return {"training": told, "validation": validated}


class Scaled(Net):
    """A Net with a parameter of its own."""

    def __init__(self):
        super().__init__(2, [3, 1], "tanh", "linear")
        self.scale = Tensor([2.0], requires_grad=True)

    def __call__(self, x):
        return super().__call__(x) * self.scale

    def params(self):
        return [*super().params(), self.scale]
