"""A learning rate that warms up and comes down, and callbacks that watch and end the training."""

import random

import numpy as np

from autograd import schedules
from autograd.nn import Net

random.seed(1)
x = np.linspace(-1, 1, 100)
net = Net(1, [20, 1], activation="tanh", output_activation="linear")


def watch(history):
    epoch = len(history.loss)
    if epoch % 25 == 0:
        print(f"epoch {epoch:3}  lr {history.lr[-1]:.4f}  loss {history.loss[-1]:.5f}")


def good_enough(history):
    return history.loss[-1] < 7e-4


steps = 10 * 200  # ten batches in each epoch
lr = schedules.warm_up(schedules.cosine(0.02, steps=steps), steps=50)
history = net.fit(
    x, np.abs(x), lr=lr, epochs=200, batch_size=10, clip=1.0, seed=1, callbacks=[watch, good_enough]
)
print(f"ended after {len(history.loss)} epochs with a loss of {history.loss[-1]:.1e}")
