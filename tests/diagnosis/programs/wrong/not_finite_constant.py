"""A nan that comes from the data, through no operation of the graph."""
import numpy as np

from autograd import Tensor

frequencies = np.array([0.5, 0.5, 0.0])
with np.errstate(all="ignore"):
    entropy = (frequencies * np.log(frequencies)).sum()
w = Tensor([1.0, 2.0], requires_grad=True)
for step in range(3):
    loss = (w**2).sum() + entropy
    w.grad = None
    loss.backward()  # wrong: not_finite
    w.data = w.data - 0.1 * w.grad
