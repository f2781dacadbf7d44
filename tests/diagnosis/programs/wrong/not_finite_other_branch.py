"""An infinity that is thrown away comes first, and does no harm; the second one does."""
import numpy as np

from autograd import Tensor

w = Tensor([0.0, 1.0, 4.0], requires_grad=True)
for step in range(2):
    with np.errstate(all="ignore"):
        unused = np.log(w)
        roots = np.sqrt(w * 0)  # wrong: not_finite
    loss = roots.sum() + (w**2).sum()
    w.zero_grad()
    loss.backward()
    w.data = w.data - 0.1 * w.grad
