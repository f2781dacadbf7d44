"""Steps that throw the only weight from one side to the other, epoch after epoch."""

import random

import numpy as np

from autograd import Net

random.seed(1)
X = np.ones((16, 1))
net = Net(1, [1], "linear")
net.fit(X, 0 * X + 3, optimizer="sgd", lr=0.4999, epochs=40, seed=1, doctor=True)  # wrong: oscillates
