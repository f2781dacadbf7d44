"""The logarithm of a probability that has become 0."""

import numpy as np

from autograd import Tensor

scores = Tensor([800.0, 0.0, -800.0], requires_grad=True)
with np.errstate(all="ignore"):
    weights = np.exp(scores - 800.0)
    probabilities = weights / weights.sum()
    loss = -np.log(probabilities).sum()  # wrong: not_finite
    loss.backward()
