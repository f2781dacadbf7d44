"""Rows of products that sum over shared axes: matmul, einsum, and functions built on them."""

import operator
import string
from typing import Any

import numpy as np

from autograd.errors import ShapeError
from autograd.tensor.core import Tensor, array_of, tensor_of
from autograd.tensor.primitive import ZERO_SLOPE, implements, primitive
from autograd.tensor.rows.elementwise import multiply
from autograd.tensor.rows.shaping import append_ones, ones_below
from autograd.tensor.trace import rank


def _matmul(x: Any, y: Any) -> Any:
    # For two matrices np.dot gives the same result with less overhead
    return np.dot(x, y) if getattr(x, "ndim", 0) == 2 == getattr(y, "ndim", 0) else np.matmul(x, y)


def _matmul_left(g: Any, out: Any, x: Any, y: Any) -> Any:
    if y.ndim == 1:
        return g[..., None] * y
    if x.ndim == 1:
        return (y @ g[..., None])[..., 0]
    return matmul(g, y.swapaxes(-1, -2))


def _matmul_right(g: Any, out: Any, x: Any, y: Any) -> Any:
    if x.ndim == 1:
        return g[..., None] * x if y.ndim == 1 else x[:, None] * g[..., None, :]
    if y.ndim == 1:
        return matmul(x.swapaxes(-1, -2), g[..., None])[..., 0]
    return matmul(x.swapaxes(-1, -2), g)


def _mean_square(x: Any) -> Any:
    flat = x.ravel(order="K")
    return np.dot(flat, flat) / x.size


def _einsum_slope(i: int, g: Any, out: Any, *operands: Any, subscripts: str) -> Any:
    inputs, result = subscripts.split("->")
    terms = inputs.split(",")
    own = terms[i]
    others = [(t, a) for k, (t, a) in enumerate(zip(terms, operands, strict=True)) if k != i]
    # An axis that only this operand has was summed over, so the gradient is constant along it: leave the
    # axis out of the product, and broadcast along it afterwards
    shared = set(result).union(*(t for t, _ in others))
    kept = "".join(c for c in own if c in shared)
    slope = np.einsum(",".join([result, *(t for t, _ in others)]) + "->" + kept, g, *(a for _, a in others))
    shape = tuple(1 if c not in shared else slope.shape[kept.index(c)] for c in own)
    return np.broadcast_to(
        slope.reshape(shape),
        tuple(n if m == 1 else m for m, n in zip(shape, operands[i].shape, strict=True)),
    )


# fmt: off
matmul = primitive(_matmul, _matmul_left, _matmul_right, name="matmul", linear=True)

# w x + b as the product of m = [w | b] and h, which is x with a row of ones below it. h is a constant for the
# tape. If the backward pass is recorded, h is built anew from x, so that gradients of gradients reach x
_affine = primitive(lambda m, x, h: _matmul(m, h),
    lambda g, out, m, x, h: _matmul_left(g, out, m, append_ones(x) if isinstance(x, Tensor) else h),
    lambda g, out, m, x, h: _matmul_right(g, out, m[:, :-1], x), ZERO_SLOPE, name="affine")

# The mean of the squares of all elements, as the dot product of x with itself
mean_square = primitive(_mean_square, lambda g, out, x: g * (2 / x.size) * x, name="mean_square")

contract = primitive(lambda *operands, subscripts: np.einsum(subscripts, *operands),
                     variadic=_einsum_slope, name="einsum", linear=True)
# fmt: on


implements(np.matmul)(matmul)


def affine(m: Tensor, x: Tensor) -> Tensor:
    """The affine map of a layer, w x + b, for m = [w | b] and samples in the columns of x."""
    return _affine(m, x, tensor_of(ones_below(array_of(x))))


@implements(np.dot)
def dot(a: Any, b: Any) -> Any:
    """NumPy's ``dot``: a product with a number, `matmul` up to two dimensions, `tensordot` beyond."""
    na, nb = rank(a), rank(b)
    if na == 0 or nb == 0:
        return np.multiply(a, b)
    if na <= 2 and nb <= 2:
        return matmul(a, b)
    return tensordot(a, b, axes=([-1], [-2] if nb > 1 else [-1]))


@implements(np.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """NumPy's ``tensordot``, as the matrix product of the transposed and reshaped operands."""
    na, nb = np.ndim(a), np.ndim(b)
    if np.ndim(axes) == 0:
        axes = operator.index(axes)
        summed_a, summed_b = list(range(na - axes, na)), list(range(axes))
    else:
        summed_a = [int(i) % na for i in np.atleast_1d(axes[0])]
        summed_b = [int(i) % nb for i in np.atleast_1d(axes[1])]
    if [np.shape(a)[i] for i in summed_a] != [np.shape(b)[i] for i in summed_b]:
        raise ShapeError(f"tensordot() of shapes {np.shape(a)} and {np.shape(b)} over axes {axes}")
    kept_a = [i for i in range(na) if i not in summed_a]
    kept_b = [i for i in range(nb) if i not in summed_b]
    shape = [np.shape(a)[i] for i in kept_a] + [np.shape(b)[i] for i in kept_b]
    n = int(np.prod([np.shape(a)[i] for i in summed_a], dtype=int))
    rows = np.reshape(np.transpose(a, kept_a + summed_a), (-1, n) if kept_a else (1, n))
    columns = np.reshape(np.transpose(b, summed_b + kept_b), (n, -1) if kept_b else (n, 1))
    return np.reshape(matmul(rows, columns), shape)


@implements(np.einsum)
def einsum(subscripts: Any, *operands: Any, optimize: Any = False) -> Any:
    """NumPy's ``einsum`` of a string of subscripts and operands.

    An operand may not have the same index twice. ``optimize``, which in NumPy changes only the speed, is
    ignored.

    Raises:
        ShapeError: the number of operands is not that of ``subscripts``, or ``subscripts`` is no string or
            has an index twice in one operand.

    >>> einsum("ij,j->i", Tensor([[1.0, 2.0], [3.0, 4.0]]), [1.0, 10.0]).tolist()
    [21.0, 43.0]
    """
    if not isinstance(subscripts, str):
        raise ShapeError("einsum() of Tensors wants its subscripts as a string, as in 'ij,jk->ik'")
    inputs, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) != len(operands):
        raise ShapeError(f"einsum({subscripts!r}) wants {len(terms)} operands, got {len(operands)}")
    free = [c for c in string.ascii_letters if c not in subscripts]
    widest = max(np.ndim(a) - len(t.replace("...", "")) for t, a in zip(terms, operands, strict=True))
    dots = "".join(free[:widest])  # letters for the axes of an ellipsis, aligned at the last axis
    for k, (term, a) in enumerate(zip(terms, operands, strict=True)):
        n = np.ndim(a) - len(term.replace("...", ""))
        terms[k] = term.replace("...", dots[len(dots) - n :] if n else "")
        if len(set(terms[k])) != len(terms[k]):
            raise ShapeError(f"einsum({subscripts!r}) of Tensors cannot take an index twice in one operand")
    if not arrow:
        once = sorted(c for c in set(inputs) - {",", "."} if inputs.count(c) == 1)
        result = ("..." if "..." in inputs else "") + "".join(once)
    result = result.replace("...", dots)
    return contract(*operands, subscripts=f"{','.join(terms)}->{result}")


@implements(np.outer)
def outer(a: Any, b: Any) -> Any:
    """NumPy's ``outer``."""
    return np.reshape(a, (-1, 1)) * np.reshape(b, -1)


@implements(np.inner)
def inner(a: Any, b: Any) -> Any:
    """NumPy's ``inner``."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return multiply(*(x if isinstance(x, Tensor) else np.asarray(x) for x in (a, b)))
    return tensordot(a, b, axes=([-1], [-1]))


@implements(np.vdot)
def vdot(a: Any, b: Any) -> Any:
    """NumPy's ``vdot``."""
    return matmul(np.conj(np.reshape(a, -1)), np.reshape(b, -1))


@implements(np.vecdot)
def vecdot(x1: Any, x2: Any) -> Any:
    """NumPy's ``vecdot``: products of vectors, the first one conjugate, along the last axis."""
    return np.sum(np.conj(x1) * x2, axis=-1)


@implements(np.matvec)
def matvec(x1: Any, x2: Any) -> Any:
    """NumPy's ``matvec``."""
    return matmul(x1, np.reshape(x2, (*np.shape(x2), 1)))[..., 0]


@implements(np.vecmat)
def vecmat(x1: Any, x2: Any) -> Any:
    """NumPy's ``vecmat``."""
    return matmul(np.reshape(np.conj(x1), (*np.shape(x1)[:-1], 1, np.shape(x1)[-1])), x2)[..., 0, :]


@implements(np.kron)
def kron(a: Any, b: Any) -> Any:
    """NumPy's ``kron``."""
    n = max(np.ndim(a), np.ndim(b))
    left, right = (((1,) * (n - np.ndim(x)) + np.shape(x)) for x in (a, b))
    wide = np.reshape(a, [m for k in left for m in (k, 1)]) * np.reshape(
        b, [m for k in right for m in (1, k)]
    )
    return np.reshape(wide, [i * j for i, j in zip(left, right, strict=True)])


@implements(np.trace)
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """NumPy's ``trace``."""
    return np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1)


@implements(np.cross)
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None) -> Any:
    """NumPy's ``cross``, of vectors of length 3."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1)
    if np.shape(a)[-1] != 3 or np.shape(b)[-1] != 3:
        raise ShapeError(f"cross() of Tensors wants vectors of length 3, got {np.shape(a)} and {np.shape(b)}")
    ahead, behind = [1, 2, 0], [2, 0, 1]
    product = a[..., ahead] * b[..., behind] - a[..., behind] * b[..., ahead]
    return np.moveaxis(product, -1, axisc)
