"""Linear algebra: functions of matrices, which stand in the last two axes.

The formulas are those of Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008), Murray, "Differentiation of the Cholesky decomposition" (2016), Townsend,
"Differentiating the singular value decomposition" (2016), and Wan and Zhang, "Automatic differentiation for
complex valued SVD" (2019). The gradient of `cholesky` is symmetric; that of
`eigh` is in the triangle that it reads. Vectors that belong to equal eigenvalues or singular values have no
derivative; it is nan.
"""

import math
import operator
from typing import Any

import numpy as np

from autograd.errors import OptionError, ShapeError, UnsupportedError
from autograd.tensor.core import Tensor, plain
from autograd.tensor.dispatch import WITHOUT_SLOPE
from autograd.tensor.primitive import ZERO_SLOPE, implements, primitive
from autograd.tensor.real_numbers import DIFFERENTIABLE
from autograd.tensor.rows.elementwise import root, squared
from autograd.tensor.rows.reductions import sum_
from autograd.tensor.tape import Array
from autograd.tensor.trace import Kernel

EigResult: Any = type(np.linalg.eig(np.eye(1)))
EighResult: Any = type(np.linalg.eigh(np.eye(1)))
QRResult: Any = type(np.linalg.qr(np.eye(1)))
SlogdetResult: Any = type(np.linalg.slogdet(np.eye(1)))
SVDResult: Any = type(np.linalg.svd(np.eye(1)))


def _mT(x: Any) -> Any:
    return x.swapaxes(-1, -2)


def _mH(x: Any) -> Any:
    return np.conj(_mT(x)) if x.dtype.kind == "c" else _mT(x)


def _symmetric(x: Any) -> Any:
    return (x + _mH(x)) / 2


def _adjoint(slope: Any) -> Any:
    """The formula of a row, made of one for the convention whose gradients are the conjugates of ours."""

    def formula(g: Any, out: Any, x: Any, **options: Any) -> Any:
        if x.dtype.kind != "c":
            return slope(g, out, x, **options)
        return np.conj(slope(np.conj(g), out, x, **options))

    return formula


def _diagonal(x: Any) -> Any:
    """Square matrices with the numbers of ``x`` on their diagonals."""
    return x[..., None] * np.eye(x.shape[-1])


def _solve_right(g: Any, out: Any, a: Any, b: Any) -> Any:
    return np.linalg.solve(_mT(a), g[..., None])[..., 0] if b.ndim == 1 else np.linalg.solve(_mT(a), g)


def _solve_left(g: Any, out: Any, a: Any, b: Any) -> Any:
    of_b = _solve_right(g, out, a, b)
    return -of_b[..., :, None] * out[..., None, :] if b.ndim == 1 else -of_b @ _mT(out)


def _cholesky_slope(g: Any, out: Any, x: Any) -> Any:
    lower = np.tril(np.ones(out.shape[-2:])) - np.eye(out.shape[-1]) / 2
    middle = _mH(out) @ g * lower
    # out^-H middle out^-1
    return _symmetric(np.linalg.solve(_mH(out), _mH(np.linalg.solve(_mH(out), _mH(middle)))))


def _pinv_slope(g: Any, out: Any, a: Any) -> Any:
    m, n = a.shape[-2:]
    t, p, pt = _mH(g), out, _mH(out)
    return -pt @ g @ pt + (np.eye(m) - a @ p) @ t @ p @ pt + pt @ p @ t @ (np.eye(n) - p @ a)


# Several results of a decomposition in one array, which is what a row has


def _empty_rows(x: Array, rows: int) -> Array:
    return np.empty((*x.shape[:-2], rows, x.shape[-1]), x.dtype)


def _over_gaps(x: Any, values: Any) -> Any:
    """``x`` divided by v_j - v_i in row i and column j, and 0 on the diagonal.

    Where values are equal it is 0 if ``x`` is 0, as for functions of the values alone, and nan otherwise.
    """
    gaps = values[..., None, :] - values[..., :, None]
    quotient = x / np.where(gaps == 0, 1.0, gaps)
    return np.where(
        gaps == 0, np.where((x == 0) | np.eye(values.shape[-1], dtype=bool), 0.0, np.nan), quotient
    )


def _eigh_fill(out: Array, x: Array, lower: bool) -> None:
    out[..., 0, :], out[..., 1:, :] = np.linalg.eigh(x, "L" if lower else "U")


def _eigh_slope(g: Any, out: Any, x: Any, lower: bool) -> Any:
    w, v = np.real(out[..., 0, :]), out[..., 1:, :]
    inner = _diagonal(g[..., 0, :]) + _over_gaps(_mH(v) @ g[..., 1:, :], w)
    whole = _symmetric(v @ inner @ _mH(v))
    read = np.tril if lower else np.triu  # numbers of the other triangle are not used
    return read(whole) + read(whole, -1 if lower else 1)


def _svd_shapes(x: Any) -> tuple[tuple[int, ...], int, int, int]:
    m, n = x.shape[-2:]
    return x.shape[:-2], m, n, min(m, n)


def _svd_empty(x: Array) -> Array:
    batch, m, n, k = _svd_shapes(x)
    return np.empty((*batch, m * k + k + k * n), x.dtype)


def _svd_fill(out: Array, x: Array) -> None:
    batch, m, _, k = _svd_shapes(x)
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    out[..., : m * k] = u.reshape((*batch, -1))
    out[..., m * k : m * k + k] = s
    out[..., m * k + k :] = vt.reshape((*batch, -1))


def _svd_parts(packed: Any, x: Any) -> tuple[Any, Any, Any]:
    batch, m, n, k = _svd_shapes(x)
    return (
        packed[..., : m * k].reshape((*batch, m, k)),
        np.real(packed[..., m * k : m * k + k]),
        packed[..., m * k + k :].reshape((*batch, k, n)),
    )


def _svd_slope(g: Any, out: Any, x: Any) -> Any:
    _, m, n, k = _svd_shapes(x)
    u, s, vt = _svd_parts(out, x)
    gu, gs, gvt = _svd_parts(g, x)
    v, gv, row = _mH(vt), _mH(gvt), s[..., None, :]
    left, right = _over_gaps(_mH(u) @ gu, s * s), _over_gaps(vt @ gv, s * s)
    inner = (left + _mH(left)) * row + s[..., :, None] * (right + _mH(right)) + _diagonal(gs)
    if x.dtype.kind == "c":
        inner = inner - _diagonal(1j * np.imag(np.diagonal(vt @ gv, 0, -2, -1)) / s)
    found = u @ inner @ vt
    if m > k:
        found = found + (gu - u @ (_mH(u) @ gu)) / row @ vt
    if n > k:
        found = found + u @ _mH((gv - v @ (vt @ gv)) / row)
    return found


def _qr_fill(out: Array, x: Array) -> None:
    out[..., : x.shape[-2], :], out[..., x.shape[-2] :, :] = np.linalg.qr(x)


def _qr_slope(g: Any, out: Any, x: Any) -> Any:
    m, n = x.shape[-2:]
    q, r = out[..., :m, :], out[..., m:, :]
    gq, gr = g[..., :m, :], g[..., m:, :]
    middle = r @ _mH(gr) - _mH(gq) @ q
    lower = np.tril(np.ones((n, n)), -1)
    both = middle * lower + np.real(middle) * np.eye(n) + _mH(middle * lower)
    return _mH(np.linalg.solve(r, _mH(gq + q @ both)))


def _eig_fill(out: Array, x: Array) -> None:
    out[..., 0, :], out[..., 1:, :] = np.linalg.eig(x)


def _eig_slope(g: Any, out: Any, x: Any) -> Any:
    w, v = out[..., 0, :], out[..., 1:, :]
    inner = _diagonal(g[..., 0, :]) + _over_gaps(_mT(v) @ g[..., 1:, :], w)
    return np.linalg.solve(_mT(v), inner @ _mT(v))


def _detphase_slope(g: Any, out: Any, x: Any) -> Any:
    turned = np.real(g) * np.imag(out) + np.imag(g) * np.real(out)
    return turned[..., None, None] * (1j * _mT(np.linalg.inv(x)))


def _cofactors_fill(out: Array, x: Array) -> None:
    try:
        out[...] = np.linalg.det(x)[..., None, None] * _mT(np.linalg.inv(x))
    except np.linalg.LinAlgError:  # a singular matrix has cofactors too: of its singular values, the others
        u, s, vt = np.linalg.svd(x)
        others = np.where(np.eye(s.shape[-1], dtype=bool), 1.0, s[..., None, :]).prod(axis=-1)
        sign = (np.linalg.det(u) * np.linalg.det(vt))[..., None, None]
        out[...] = sign * np.conj(u * others[..., None, :]) @ np.conj(vt)


def _cofactors_slope(g: Any, out: Any, x: Any) -> Any:
    inverse = _mT(np.linalg.inv(x))
    return np.sum(g * out, axis=(-2, -1), keepdims=True) * inverse - inverse @ _mT(g) @ out


# fmt: off
inv       = primitive(lambda x: np.linalg.inv(x),
                      lambda g, out, x: -_mT(out) @ g @ _mT(out), name="inv")
det       = primitive(lambda x: np.linalg.det(x),
                      lambda g, out, x: g[..., None, None] * cofactors(x), name="det")
cofactors: Any = primitive(Kernel("cofactors", np.empty_like, _cofactors_fill),
                      _cofactors_slope, name="cofactors")
logabsdet = primitive(Kernel("logabsdet", lambda x: np.empty(x.shape[:-2], np.finfo(x.dtype).dtype),
                             lambda out, x: np.copyto(out, np.linalg.slogdet(x)[1])),
                      lambda g, out, x: g[..., None, None] * _mT(np.linalg.inv(x)), name="logabsdet")
detphase  = primitive(Kernel("detphase", lambda x: np.empty(x.shape[:-2], x.dtype),
                             lambda out, x: np.copyto(out, np.linalg.slogdet(x)[0])),
                      _detphase_slope, name="detphase")
detsign   = primitive(Kernel("detsign", lambda x: np.empty(x.shape[:-2], x.dtype),
                             lambda out, x: np.copyto(out, np.linalg.slogdet(x)[0])),
                      ZERO_SLOPE, name="detsign")
solve     = primitive(lambda a, b: np.linalg.solve(a, b), _solve_left, _solve_right, name="solve")
cholesky  = primitive(lambda x: np.linalg.cholesky(x), _adjoint(_cholesky_slope), name="cholesky")
pinv      = primitive(lambda x: np.linalg.pinv(x), _adjoint(_pinv_slope), name="pinv")
eigh_row  = primitive(Kernel("eigh", lambda x, lower: _empty_rows(x, x.shape[-1] + 1), _eigh_fill),
                      _adjoint(_eigh_slope), name="eigh")
svd_row   = primitive(Kernel("svd", _svd_empty, _svd_fill), _adjoint(_svd_slope), name="svd")
qr_row    = primitive(Kernel("qr", lambda x: _empty_rows(x, sum(x.shape[-2:])), _qr_fill),
                      _adjoint(_qr_slope), name="qr")
# The vectors of `eig` up to a factor: their changes along themselves are 0
eig_row   = primitive(Kernel("eig", lambda x: _empty_rows(1j * x, x.shape[-1] + 1), _eig_fill),
                      _eig_slope, name="eig")
# fmt: on


def _floats(a: Any) -> Any:
    return a if a.dtype.kind in DIFFERENTIABLE else a.astype(float)


def _square(a: Any, name: str) -> Any:
    """``a`` as floats; ShapeError unless it has square matrices."""
    a = a if isinstance(a, Tensor) else np.asarray(a)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ShapeError(f"{name}() of a Tensor wants square matrices, got shape {a.shape}")
    return _floats(a)


implements(np.linalg.pinv)(lambda a: pinv(_floats(a)))


@implements(np.linalg.inv)
def inv_(a: Any) -> Any:
    """NumPy's ``inv``."""
    a = _square(a, "inv")
    return inv(a)


@implements(np.linalg.det)
def det_(a: Any) -> Any:
    """NumPy's ``det``."""
    a = _square(a, "det")
    return det(a)


@implements(np.linalg.slogdet)
def slogdet(a: Any) -> Any:
    """NumPy's ``slogdet``; the slope of the sign of a real determinant is 0."""
    a = _square(a, "slogdet")
    return SlogdetResult(detphase(a) if a.dtype.kind == "c" else detsign(a), logabsdet(a))


@implements(np.linalg.solve)
def solve_(a: Any, b: Any) -> Any:
    """NumPy's ``solve``."""
    a = _square(a, "solve")
    return solve(a, b)


@implements(np.linalg.cholesky)
def cholesky_(a: Any, *, upper: bool = False) -> Any:
    """NumPy's ``cholesky``."""
    a = _square(a, "cholesky")
    return _mH(cholesky(_mH(a))) if upper else cholesky(a)


@implements(np.linalg.eigh)
def eigh(a: Any, UPLO: str = "L") -> Any:
    """NumPy's ``eigh``."""
    if UPLO not in ("L", "U", "l", "u"):
        raise OptionError(f'eigh() wants "L" or "U" as UPLO, got {UPLO!r}')
    a = _square(a, "eigh")
    packed = eigh_row(a, lower=UPLO.upper() == "L")
    return EighResult(np.real(packed[..., 0, :]), packed[..., 1:, :])


@implements(np.linalg.eig)
def eig(a: Any) -> Any:
    """NumPy's ``eig``: the vectors have the length 1, and a real number where they are largest."""
    a = _square(a, "eig")
    packed = eig_row(a)
    w, v = packed[..., 0, :], packed[..., 1:, :]
    if a.dtype.kind != "c" and not np.any(np.imag(w)):
        w, v = np.real(w), np.real(v)
    v = v / norm(v, axis=-2, keepdims=True)
    largest = np.take_along_axis(v, np.argmax(np.abs(v), -2)[..., None, :], -2)
    return EigResult(w, v * np.conj(np.sign(largest)) * np.sign(np.real(largest)))


@implements(np.linalg.eigvals)
def eigvals(a: Any) -> Any:
    """NumPy's ``eigvals``."""
    return eig(a)[0]


@implements(np.linalg.eigvalsh)
def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """NumPy's ``eigvalsh``."""
    return eigh(a, UPLO)[0]


@implements(np.linalg.svd)
def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """NumPy's ``svd``, without the columns that only a full matrix has."""
    if hermitian or (compute_uv and full_matrices and np.shape(a)[-1] != np.shape(a)[-2]):
        what = "hermitian=True" if hermitian else "full_matrices=True"
        raise UnsupportedError(f"numpy.linalg.svd({what}) has no derivative here; give {what[:-4]}False")
    a = _floats(a)
    parts = _svd_parts(svd_row(a), a)
    return SVDResult(*parts) if compute_uv else parts[1]


@implements(np.linalg.svdvals)
def svdvals(x: Any) -> Any:
    """NumPy's ``svdvals``."""
    return svd(x, compute_uv=False)


@implements(np.linalg.qr)
def qr(a: Any, mode: str = "reduced") -> Any:
    """NumPy's ``qr``, of matrices with at least as many rows as columns."""
    m, n = np.shape(a)[-2:]
    if mode not in ("reduced", "r") or m < n:
        raise UnsupportedError(
            f"numpy.linalg.qr(mode={mode!r}) of shape {np.shape(a)} has no derivative here; it has for "
            'mode="reduced" and "r", with at least as many rows as columns'
        )
    packed = qr_row(_floats(a))
    r = packed[..., m:, :]
    return r if mode == "r" else QRResult(packed[..., :m, :], r)


@implements(np.linalg.matrix_power)
def matrix_power(a: Any, n: int) -> Any:
    """NumPy's ``matrix_power``, by repeated squaring."""
    a = _square(a, "matrix_power")
    n = operator.index(n)
    if n < 0:
        a, n = inv(a), -n
    found = 0 * a + np.eye(np.shape(a)[-1], dtype=a.dtype) if n == 0 else None
    while n:
        if n % 2:
            found = a if found is None else found @ a
        n //= 2
        a = a @ a if n else a
    return found


@implements(np.linalg.multi_dot)
def multi_dot(arrays: Any) -> Any:
    """NumPy's ``multi_dot``, from left to right."""
    product = arrays[0]
    for a in arrays[1:]:
        product = np.dot(product, a)
    return product


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """NumPy's ``norm``; the slope of a Euclidean length is 0 where the length is 0."""
    x = _floats(x)  # squares of integers may overflow
    axes = axis if isinstance(axis, tuple) else range(np.ndim(x)) if axis is None else (axis,)
    if ord is None or (ord == 2 and len(axes) == 1) or (ord == "fro" and len(axes) == 2):
        return root(sum_(squared(x), axis=axis, keepdims=keepdims))
    if len(axes) == 1:
        return _vector_norm(x, ord, axes[0], keepdims)
    if len(axes) != 2:
        raise ShapeError(f"norm() of a Tensor with ord={ord!r} wants one axis or two, got {len(axes)}")
    return _matrix_norm(x, ord, tuple(a % np.ndim(x) for a in axes), keepdims)


def _vector_norm(x: Any, ord: Any, axis: int, keepdims: bool) -> Any:
    if ord in (np.inf, -np.inf):
        return (np.max if ord > 0 else np.min)(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == 0:
        return sum_(np.abs(np.sign(x)), axis=axis, keepdims=keepdims)
    if ord == 1:
        return sum_(np.abs(x), axis=axis, keepdims=keepdims)
    if isinstance(ord, str):
        raise ShapeError(f"norm() of vectors wants a number as ord, got {ord!r}")
    powers = np.abs(x) ** ord
    if 0 < ord < 1:  # whose slope at 0 is infinite, on both sides of the smallest value
        powers = np.where(x == 0, 0.0, powers)
    total = sum_(powers, axis=axis, keepdims=keepdims)
    return np.where(total == 0, 0.0, total ** (1 / ord)) if ord > 0 else total ** (1 / ord)


def _matrix_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    row, column = axes
    best = np.max if ord in (1, 2, np.inf) else np.min
    if ord in (1, -1, np.inf, -np.inf):
        over, along = (row, column) if abs(ord) == 1 else (column, row)
        found: Any = best(sum_(np.abs(x), axis=over, keepdims=True), axis=along, keepdims=True)
    elif ord in (2, -2, "nuc"):
        values = svdvals(np.moveaxis(x, axes, (-2, -1)))
        found = sum_(values, axis=-1, keepdims=True) if ord == "nuc" else best(values, axis=-1, keepdims=True)
        found = np.moveaxis(found[..., None], (-2, -1), axes)
    else:
        raise UnsupportedError(f"numpy.linalg.norm(ord={ord!r}) of matrices has no derivative here")
    return found if keepdims else np.squeeze(found, axis=axes)


@implements(np.linalg.vector_norm)
def vector_norm(x: Any, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """NumPy's ``vector_norm``, along one axis or of all numbers."""
    if axis is None:
        found = norm(np.reshape(x, -1), ord)
        return np.reshape(found, (1,) * np.ndim(x)) if keepdims else found
    return norm(x, ord, axis, keepdims)


@implements(np.linalg.matrix_norm)
def matrix_norm(x: Any, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """NumPy's ``matrix_norm``."""
    return norm(x, ord, (-2, -1), keepdims)


@implements(np.linalg.cond)
def cond(x: Any, p: Any = None) -> Any:
    """NumPy's ``cond``."""
    if p is None or p == 2:
        values = svdvals(x)
        return values[..., 0] / values[..., -1]
    if p == -2:
        values = svdvals(x)
        return values[..., -1] / values[..., 0]
    return norm(x, p, (-2, -1)) * norm(inv_(x), p, (-2, -1))


@implements(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """The solution of NumPy's ``lstsq``, of matrices of full rank; the other three results have no slope."""
    return pinv(a) @ b, *np.linalg.lstsq(plain(a), plain(b), rcond)[1:]


implements(np.linalg.cross)(lambda x1, x2, *, axis=-1: np.cross(x1, x2, axis=axis))
implements(np.linalg.diagonal)(lambda x, *, offset=0: np.diagonal(x, offset, -2, -1))
implements(np.linalg.matmul)(lambda x1, x2: np.matmul(x1, x2))
implements(np.linalg.outer)(lambda x1, x2: np.outer(x1, x2))
implements(np.linalg.tensordot)(lambda x1, x2, *, axes=2: np.tensordot(x1, x2, axes))
implements(np.linalg.trace)(lambda x, *, offset=0: np.trace(x, offset, -2, -1))


@implements(np.linalg.tensorinv)
def tensorinv(a: Any, ind: int = 2) -> Any:
    """NumPy's ``tensorinv``."""
    shape = np.shape(a)
    n = math.prod(shape[ind:])
    return np.reshape(inv_(np.reshape(a, (-1, n))), (*shape[ind:], *shape[:ind]))


@implements(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """NumPy's ``tensorsolve``."""
    if axes is not None:
        axes = [i % np.ndim(a) for i in axes]
        a = np.transpose(a, [i for i in range(np.ndim(a)) if i not in axes] + axes)
    found = solve_(np.reshape(a, (np.size(b), -1)), np.reshape(b, -1))
    return np.reshape(found, np.shape(a)[np.ndim(b) :])


implements(np.linalg.vecdot)(
    lambda x1, x2, *, axis=-1: np.vecdot(np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1))
)

WITHOUT_SLOPE.update({np.linalg.matrix_rank})
