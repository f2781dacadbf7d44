"""A few targets above 1, for a net that ends in a sigmoid."""

import random

import numpy as np

from autograd import Net

random.seed(1)
import warnings

warnings.simplefilter("ignore")  # fit itself warns of them
X = np.linspace(-1, 1, 64)[:, None]
net = Net(1, [8, 1], "tanh", "sigmoid")
net.fit(X, 1.5 * X**2, epochs=20, seed=1, doctor=True)  # wrong: out_of_reach
