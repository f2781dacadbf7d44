"""Second derivatives: Newton's method on a function of arrays, the walk back being differentiated again."""

import numpy as np

from autograd import Tensor
from autograd.tensor import gradients


def rosenbrock(x):
    return ((1 - x[:-1]) ** 2 + 100 * (x[1:] - x[:-1] ** 2) ** 2).sum()


x = Tensor([0.6, 0.6, 0.6], requires_grad=True)
for step in range(20):
    value = rosenbrock(x)
    (slope,) = gradients(value, [x], create_graph=True)
    hessian = np.array([gradients(slope[i], [x])[0].data for i in range(3)])
    length = np.linalg.norm(slope.data)
    if step % 2 == 0 or length < 1e-9:
        print(f"step {step:2}  f = {value.item():10.6f}  gradient {length:.1e}")
    if length < 1e-9:
        break
    x.data -= np.linalg.solve(hessian, slope.data)
print("minimum at", x.numpy().round(6))
