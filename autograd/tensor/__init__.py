"""The array engine: NumPy arrays with reverse-mode gradients.

``sigmoid`` and ``softplus`` are the methods of `Tensor` as functions, which accept arrays too.
``append_ones`` appends a row of ones to a matrix, so that one product with [W | b] is the affine map of
a layer.

>>> sigmoid(Tensor([0.0])).item(), softplus(Tensor([1000.0])).item()
(0.5, 1000.0)
>>> append_ones(Tensor([[2.0, 3.0]])).tolist()
[[2.0, 3.0], [1.0, 1.0]]
"""

from autograd.tensor.core import Tensor, tensor
from autograd.tensor.program import Program, Programs, record
from autograd.tensor.recording import no_grad
from autograd.tensor.rows.elementwise import sigmoid, softplus
from autograd.tensor.rows.products import einsum
from autograd.tensor.rows.reductions import log_softmax, logsumexp, softmax
from autograd.tensor.rows.shaping import append_ones
from autograd.tensor.transforms import gradients

__all__ = [
    "Program",
    "Programs",
    "Tensor",
    "append_ones",
    "einsum",
    "gradients",
    "log_softmax",
    "logsumexp",
    "no_grad",
    "record",
    "sigmoid",
    "softmax",
    "softplus",
    "tensor",
]
