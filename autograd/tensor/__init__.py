"""The array engine: NumPy arrays that take part in differentiation."""

from autograd.tensor.core import Tensor, gradients, no_grad, tensor
from autograd.tensor.elementwise import sigmoid, softplus
from autograd.tensor.products import einsum
from autograd.tensor.program import Program, Programs, record
from autograd.tensor.reductions import log_softmax, logsumexp, softmax
from autograd.tensor.shaping import append_ones

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
