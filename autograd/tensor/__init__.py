"""The array engine: NumPy arrays with reverse-mode gradients.

``sigmoid`` and ``softplus`` are the methods of `Tensor` as functions, which accept arrays too.
``append_ones`` appends a row of ones to a matrix, so that one product with [W | b] is the affine map of
a layer.

>>> sigmoid(Tensor([0.0])).item(), softplus(Tensor([1000.0])).item()
(0.5, 1000.0)
>>> append_ones(Tensor([[2.0, 3.0]])).tolist()
[[2.0, 3.0], [1.0, 1.0]]
"""

from typing import Any

from autograd.tensor import dispatch as _dispatch
from autograd.tensor import mapped as _mapped
from autograd.tensor.check import check_grads
from autograd.tensor.containers import flatten, leaves_of, rebuilt
from autograd.tensor.core import Tensor, array_of, as_array, plain, tensor, tensor_of
from autograd.tensor.linearization import Linearization, name_of
from autograd.tensor.mapping import vmap
from autograd.tensor.modes import (
    active_contexts,
    eager,
    evaluates_at_once,
    in_new_thread,
    mode,
    no_grad,
    on_the_tape,
    opaque,
    refuse_in_recording,
)
from autograd.tensor.optimize import minimize
from autograd.tensor.primitive import Primitive, apply
from autograd.tensor.program import Program, Programs, record, record_in_new_thread
from autograd.tensor.real_numbers import CONVERSIONS, KINDS, is_masked, real, reals
from autograd.tensor.rows.elementwise import flush_constant, flush_subnormals, sigmoid, softplus
from autograd.tensor.rows.products import affine, einsum, mean_square
from autograd.tensor.rows.reductions import log_softmax, logsumexp, nll_of_rows, softmax
from autograd.tensor.rows.shaping import append_ones
from autograd.tensor.tape import (
    Array,
    Leaf,
    TapeNode,
    backpropagate,
    check_unchanged,
    push_forward,
    recorded_calls,
    use_counts,
)
from autograd.tensor.trace import calling_line, indexed, run_check
from autograd.tensor.transforms import (
    checkpoint,
    deriv,
    egrad,
    elementwise_grad,
    grad,
    grad_and_aux,
    grad_named,
    gradients,
    hessian,
    hessian_tensor_product,
    hessian_vector_product,
    holomorphic_grad,
    hvp,
    jacobian,
    jvp,
    make_ggnvp,
    make_hvp,
    make_jvp,
    make_jvp_reversemode,
    make_vjp,
    multigrad_dict,
    tensor_jacobian_product,
    value_and_grad,
    vector_jacobian_product,
    vjp,
)

__all__ = [
    "Program",
    "Programs",
    "Tensor",
    "append_ones",
    "checkpoint",
    "deriv",
    "egrad",
    "einsum",
    "elementwise_grad",
    "grad",
    "grad_and_aux",
    "grad_named",
    "gradients",
    "hessian",
    "hessian_tensor_product",
    "hessian_vector_product",
    "holomorphic_grad",
    "hvp",
    "jacobian",
    "jvp",
    "log_softmax",
    "logsumexp",
    "make_ggnvp",
    "make_hvp",
    "make_jvp",
    "make_jvp_reversemode",
    "make_vjp",
    "minimize",
    "multigrad_dict",
    "no_grad",
    "record",
    "sigmoid",
    "softmax",
    "softplus",
    "tensor",
    "tensor_jacobian_product",
    "value_and_grad",
    "vector_jacobian_product",
    "vjp",
    "vmap",
]


def _import_more_rows() -> None:
    """Import the rows that few programs need; this happens at the first call of one of their functions."""
    import autograd.tensor.rows.complex_numbers
    import autograd.tensor.rows.convolutions
    import autograd.tensor.rows.fourier
    import autograd.tensor.rows.linalg
    import autograd.tensor.rows.moving
    import autograd.tensor.rows.polynomials
    import autograd.tensor.rows.sequences


def _import_rules() -> None:
    import autograd.tensor.mapping_rules


def _import_special_rows() -> None:
    import autograd.tensor.rows.special


_dispatch.LATER += [_import_more_rows, _import_special_rows]
_mapped.LATER += [_import_rules]


def __getattr__(name: str) -> Any:
    if name == "polygamma":
        from autograd.tensor.rows.special import polygamma

        return polygamma
    if name == "correlated":
        from autograd.tensor.rows.convolutions import correlated

        return correlated
    raise AttributeError(f"module 'autograd.tensor' has no attribute {name!r}")
