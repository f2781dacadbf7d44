"""One table of every row of the array engine.

An entry of `TABLE` has the call of a row and its reference. The references are written for object arrays
of 60-digit numbers, with another formula than the forward pass of the row; at that precision a central
difference is exact to the last bit of a float64, so that one of them is the oracle for values and for
derivatives of any order.
"""

import functools
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

from autograd.errors import ShapeError
from autograd.tensor.core import ROWS
from autograd.tensor.dispatch import IMPLEMENTED
from autograd.tensor.primitive import Primitive
from autograd.tensor.rows import (  # noqa: F401  # imported late
    complex_numbers,
    convolutions,
    fourier,
    linalg,
    moving,
    polynomials,
    sequences,
    special,
)
from autograd.tensor.rows.products import affine

mp = mpmath.mp.clone()
mp.dps = 60
Shape = tuple[int, ...]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Op:
    """One way to call a row."""

    row: str
    call: Callable[..., Any]  # on Tensors, as a user writes it
    reference: Callable[..., Any]  # the same on object arrays of 60-digit numbers, by another way
    domains: tuple[Interval, ...]  # for each operand, an interval where the row is smooth
    shapes: tuple[tuple[Shape, ...], ...]  # for each case, the shape of each operand
    label: str = ""
    flat: bool = False  # whether the slope is zero by decision
    scalars: bool = False  # whether a Python number may stand for an operand
    errors: tuple[tuple[tuple[Shape, ...], type[Exception], str], ...] = ()  # operands, error, message

    def __str__(self) -> str:
        return f"{self.row}-{self.label}" if self.label else self.row

    def operands(self, shapes, rng, dtype=float):
        pairs = zip(self.domains, shapes, strict=True)
        return [np.asarray(rng.uniform(low, high, shape), dtype) for (low, high), shape in pairs]


def exact(array):
    """``array`` as an object array of 60-digit numbers."""
    return each(mp.mpf)(array)


def each(function, n=1):
    """``function`` of ``n`` numbers, element by element on object arrays, with broadcasting."""
    loop = np.frompyfunc(function, n, 1)
    return lambda *arrays: np.asarray(loop(*(np.asarray(a, object) for a in arrays)), object)


# Element by element -------------------------------------------------------------------------------

R = (-2.0, 2.0)  # no kink, no pole
POSITIVE = (0.3, 3.0)
INSIDE = (-0.9, 0.9)
BROADCASTS = (
    ((2, 3), (2, 3)),
    ((3, 1), (1, 4)),
    ((4,), (3, 4)),
    ((), (2, 3)),
    ((2, 1, 2), (3, 1)),
    ((0, 3), (3,)),
)


def spelling(row):
    """NumPy's own function where it has one, which Tensors answer to; the row itself otherwise."""
    return getattr(np, row) if getattr(np, row, None) in IMPLEMENTED else ROWS[row]


def unary(row, function, domain, **options):
    shapes = (((2, 3),), ((),), ((0, 2),))
    return Op(row, spelling(row), each(function), (domain,), shapes, **options)


def binary(row, function, x, y, **options):
    clash = (((2,), (3,)), ShapeError, rf"^{row}\(\) of shapes \(2,\) and \(3,\): ")
    options = {"scalars": True, "errors": (clash,), **options}
    return Op(row, spelling(row), each(function, 2), (x, y), BROADCASTS, **options)


def flat(row, call, function):
    return Op(row, call, each(function), (R,), (((2, 3),),), flat=True)


# fmt: off
ELEMENTWISE = [
    binary("add",       operator.add,                       R, R),
    binary("subtract",  operator.sub,                       R, R),
    binary("multiply",  operator.mul,                       R, R),
    binary("divide",    operator.truediv,                   R, (-3, -0.5)),
    binary("power",     lambda x, y: mp.exp(y * mp.log(x)), POSITIVE, R),
    binary("arctan2",   mp.atan2,                           (0.2, 2), R),
    binary("hypot",     lambda x, y: mp.sqrt(x * x + y * y), R, R),
    binary("maximum",   lambda x, y: x if x > y else y,     R, R),
    binary("minimum",   lambda x, y: x if x < y else y,     R, R),
    binary("logaddexp2", lambda x, y: mp.log(2**x + 2**y, 2), R, R),
    binary("fmax",      lambda x, y: x if x > y else y,     R, R),
    binary("fmin",      lambda x, y: x if x < y else y,     R, R),
    binary("remainder", lambda x, y: x - y * mp.floor(x / y), (2.1, 2.9), (0.8, 1.0)),
    binary("fmod",      lambda x, y: x + y * mp.floor(-x / y), (-2.9, -2.1), (0.8, 1.0)),
    binary("copysign",  lambda x, y: abs(x) if y > 0 else -abs(x), R, R),
    binary("float_power", lambda x, y: mp.exp(y * mp.log(x)), POSITIVE, R, scalars=False),
    binary("logaddexp", lambda x, y: mp.log(mp.exp(x) + mp.exp(y)), R, R),

    unary("alias",      lambda x: x,                        R),
    unary("negative",   lambda x: 0 - x,                    R),
    unary("positive",   lambda x: x,                        R),
    unary("square",     lambda x: x * x,                    R),
    unary("reciprocal", lambda x: 1 / x,                    (-3, -0.5)),
    unary("exp",        mp.exp,                             R),
    unary("expm1",      lambda x: mp.exp(x) - 1,            R),
    unary("exp2",       lambda x: 2**x,                     R),
    unary("log",        mp.log,                             POSITIVE),
    unary("log1p",      lambda x: mp.log(1 + x),            INSIDE),
    unary("log2",       lambda x: mp.log(x, 2),             POSITIVE),
    unary("log10",      lambda x: mp.log(x, 10),            POSITIVE),
    unary("sqrt",       mp.sqrt,                            POSITIVE),
    unary("root",       mp.sqrt,                            POSITIVE),
    unary("cbrt",       lambda x: -mp.cbrt(-x),             (-3, -0.3)),
    unary("sin",        mp.sin,                             R),
    unary("cos",        mp.cos,                             R),
    unary("tan",        mp.tan,                             (-1.2, 1.2)),
    unary("arcsin",     mp.asin,                            INSIDE),
    unary("arccos",     mp.acos,                            INSIDE),
    unary("arctan",     mp.atan,                            R),
    unary("sinh",       mp.sinh,                            R),
    unary("cosh",       mp.cosh,                            R),
    unary("tanh",       mp.tanh,                            R),
    unary("arcsinh",    mp.asinh,                           R),
    unary("arccosh",    mp.acosh,                           (1.2, 3)),
    unary("arctanh",    mp.atanh,                           INSIDE),
    unary("fabs",       lambda x: x if x > 0 else -x,       R),
    unary("deg2rad",    lambda x: x * mp.pi / 180,          R),
    unary("radians",    lambda x: x * mp.pi / 180,          R),
    unary("rad2deg",    lambda x: x * 180 / mp.pi,          R),
    unary("degrees",    lambda x: x * 180 / mp.pi,          R),
    unary("sinc",       mp.sincpi,                          (-3, 3)),
    flat("floor_divide", lambda x: np.floor_divide(x, 0.7), lambda x: mp.floor(x / 0.7)),
    flat("heaviside",    lambda x: np.heaviside(x, 0.7),    lambda x: mp.mpf(x > 0)),
    unary("absolute",   lambda x: x if x > 0 else -x,       R),
    unary("sign",       mp.sign,                            R, flat=True),
    unary("floor",      mp.floor,                           R, flat=True),
    unary("ceil",       mp.ceil,                            R, flat=True),
    unary("trunc",      lambda x: mp.mpf(int(x)),           R, flat=True),
    unary("rint",       mp.nint,                            R, flat=True),
    unary("sigmoid",    lambda x: 1 / (1 + mp.exp(-x)),     R),
    unary("softplus",   lambda x: mp.log(1 + mp.exp(x)),    R),
    unary("relu",       lambda x: x if x > 0 else 0 * x,    R),
    unary("leaky_relu", lambda x: x if x > 0 else x * mp.mpf(0.01), R),
    unary("normal_cdf", mp.ncdf,                            R),
    unary("flush_subnormals", lambda x: +x,                       R),
]
# fmt: on


def pick(x, low, high):
    return low if x < low else high if x > high else x


MASK = np.array([[True], [False], [True]])
CHOICES = [
    Op(
        "where",
        lambda x, y: np.where(MASK, x, y),
        lambda x, y: each(lambda c, a, b: a if c else b, 3)(MASK, x, y),
        (R, R),
        (((3, 2), (3, 2)), ((3, 1), (1, 4)), ((4,), (3, 4)), ((), (1, 2))),
        scalars=True,
        errors=((((2,), (3,)), ShapeError, r"^where\(\) of shapes \(3, 1\) and \(2,\) and \(3,\)"),),
    ),
    Op(
        "clip",
        np.clip,
        each(pick, 3),
        (R, (-1, -0.5), (0.5, 1)),
        (((4, 5), (), ()), ((4, 3), (3,), (4, 1)), ((2,), (3, 1), (1, 1))),
        errors=((((2,), (3,), ()), ShapeError, r"^clip\(\) of shapes \(2,\) and \(3,\) and \(\)"),),
    ),
    Op("astype", lambda x: x.astype(float), lambda x: x, (R,), (((2, 3),),)),
]


# Along axes ---------------------------------------------------------------------------------------


def folded(fold, axis, keepdims):
    """The reduction that takes ``fold`` of the list of all entries along ``axis``."""

    def reduce(x):
        axes = tuple(range(x.ndim)) if axis is None else tuple(np.atleast_1d(np.array(axis, int)) % x.ndim)
        rest = [n for i, n in enumerate(x.shape) if i not in axes]
        out = np.asarray(fold(list(np.moveaxis(x, axes, range(len(axes))).reshape(-1, *rest))), object)
        return np.expand_dims(out, axes) if keepdims else out

    return reduce


larger, smaller = each(lambda x, y: x if x > y else y, 2), each(lambda x, y: x if x < y else y, 2)
exp, log = each(mp.exp), each(mp.log)
FOLDS = {
    "sum": sum,
    "mean": lambda xs: sum(xs) / len(xs),
    "prod": functools.partial(functools.reduce, operator.mul),
    "max": functools.partial(functools.reduce, larger),
    "min": functools.partial(functools.reduce, smaller),
    "logsumexp": lambda xs: log(sum(exp(x) for x in xs)),
}
AXES = [(None, False), (None, True), (0, False), (-1, True), ((0, 2), False), ((-1, 1), True), ((), False)]


def reduction(row, axis, keepdims):
    call = functools.partial(getattr(np, row, ROWS[row]), axis=axis, keepdims=keepdims)
    wrong = (((3,),), ShapeError, rf"^{row}\(\) of shape \(3,\): axis 2 is out of bounds")
    errors = (wrong,) if axis == (0, 2) else ()
    return Op(
        row,
        call,
        folded(FOLDS[row], axis, keepdims),
        (R,),
        (((2, 3, 2),),),
        f"{axis}-{keepdims}",
        errors=errors,
    )


def shares(axis):
    return lambda x: exp(x) / folded(lambda xs: sum(exp(x) for x in xs), axis, True)(x)


REDUCTIONS = [reduction(row, axis, keepdims) for row in FOLDS for axis, keepdims in AXES] + [
    Op(
        "softmax",
        functools.partial(ROWS["softmax"], axis=axis),
        shares(axis),
        (R,),
        (((2, 3, 2),),),
        str(axis),
    )
    for axis in (None, 0, -1, (0, 2))
]

LABELS = np.array([1, 0, 1])


def negative_log_likelihoods(x):
    return -log(shares(1)(x))[np.arange(len(x)), LABELS[: len(x)]]


# fmt: off
LABELLED = [  # labels have no slope, and are not among the operands
    Op("nll", lambda x: ROWS["nll"](x, LABELS[: len(x)]), negative_log_likelihoods, (R,),
       (((3, 4),), ((1, 2),)),
       errors=((((3,),), ShapeError, r"^nll\(\) of shapes \(3,\) and \(3,\): axis 1 is out"),)),
]
# fmt: on


# Products -----------------------------------------------------------------------------------------


def rows_times_columns(x, y):
    left, right = x[None] if x.ndim == 1 else x, y[:, None] if y.ndim == 1 else y
    out = (left[..., :, :, None] * right[..., None, :, :]).sum(axis=-2)
    out = out[..., 0] if y.ndim == 1 else out
    return out[..., 0, :] if x.ndim == 1 < y.ndim else out[..., 0] if x.ndim == 1 else out


def einsum(subscripts, reference, *shapes, errors=()):
    call = functools.partial(ROWS["einsum"], subscripts=subscripts)
    return Op("einsum", call, reference, (R,) * len(shapes), (shapes,), subscripts, errors=errors)


# fmt: off
PRODUCTS = [
    Op("matmul", np.matmul, rows_times_columns, (R, R),
       (((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((3,), (2, 3, 2)), ((2, 2, 3), (3,)),
        ((2, 2, 3), (3, 2)), ((2, 1, 2, 3), (2, 3, 1)), ((1, 2, 3), (2, 3, 1)), ((0, 2), (2, 3)),
        ((2, 0), (0, 3))),
       errors=((((2, 3), (2, 3)), ShapeError, r"^matmul\(\) of shapes \(2, 3\) and \(2, 3\): "),
               (((), (3,)), ShapeError, r"^matmul\(\) of shapes \(\) and \(3,\): "))),
    einsum("ij,jk->ik",    rows_times_columns,                                  (2, 3), (3, 2),
           errors=((((2, 3), (2, 3)), ShapeError, r"^einsum\(\) of shapes \(2, 3\) and \(2, 3\): "),)),
    einsum("bij,bjk->bik", rows_times_columns,                                  (2, 2, 3), (2, 3, 2)),
    einsum("i,j->ij",      lambda x, y: x[:, None] * y,                         (2,), (3,)),
    einsum("i,i->",        lambda x, y: np.asarray(sum(x * y), object),         (3,), (3,)),
    einsum("i,i,i->i",     lambda x, y, z: x * y * z,                           (3,), (3,), (3,)),
    einsum("ij,jk,kl->il", lambda x, y, z: rows_times_columns(rows_times_columns(x, y), z),
                                                                                (2, 2), (2, 3), (3, 2)),
    einsum("ij->ji",       lambda x: np.array(list(zip(*x, strict=True))),      (2, 3)),
    einsum("ijk->k",       lambda x: sum(sum(x)),                               (2, 3, 2)),
    einsum("ij,k->k",      lambda x, y: sum(x.ravel()) * y,                     (2, 3), (2,)),
]
# fmt: on


# Shapes, indexing and joining ---------------------------------------------------------------------


def refilled(shape):
    def fill(x):
        out = np.empty(shape, object)
        out.flat = list(x.flat)
        return out

    return fill


def added_at(index, shape):
    """Zeros of ``shape``, to which the numbers of g are added one by one at their indices."""

    def add(g):
        out = [mp.mpf(0)] * int(np.prod(shape))
        for place, number in zip(np.arange(len(out)).reshape(shape)[index].flat, g.flat, strict=True):
            out[place] += number
        return refilled(shape)(np.array(out))

    return add


INDICES = {
    "int": 1,
    "negative": -1,
    "slice": slice(None, None, -2),
    "ellipsis": (..., 1),
    "newaxis": (None, slice(1, 3), None, 0),
    "scalar": (2, 1),
    "empty": slice(0, 0),
    "mask": np.arange(12).reshape(4, 3) % 5 < 2,
    "row mask": np.array([True, False, True, True]),
    "list": [0, 3, 3, 3],
    "repeats": np.array([[1, 1], [0, 1]]),
    "pairs": (np.array([0, 0, 3]), np.array([1, 1, 2])),
    "crossed": (np.array([[0], [3]]), np.array([2, 2])),
    "mixed": (slice(1, None), [0, 0]),
    "numpy int": np.int64(2),
}


def at(label, index):
    read = Op(
        "getitem", lambda x: x[index], lambda x: np.asarray(x[index], object), (R,), (((4, 3),),), label
    )
    call = functools.partial(ROWS["scatter"], index=index, shape=(4, 3))
    shape = np.empty((4, 3))[index].shape
    return [read, Op("scatter", call, added_at(index, (4, 3)), (R,), ((shape,),), label)]


# fmt: off
SHAPING = [
    Op("reshape", lambda x: x.reshape(3, -1), refilled((3, 4)), (R,), (((2, 6),), ((12,),), ((2, 3, 2),)),
       errors=((((2, 5),), ShapeError, r"^reshape\(\) of shape \(2, 5\): cannot reshape"),)),
    Op("transpose", lambda x: x.T, lambda x: np.array(list(zip(*x, strict=True))), (R,), (((2, 3),),), "T"),
    Op("transpose", lambda x: x.transpose(2, 0, 1), lambda x: np.einsum("ijk->kij", x), (R,), (((2, 3, 4),),),
       "cycle", errors=((((2, 3),), ShapeError, r"^transpose\(\) of shape \(2, 3\): axes don't match"),)),
    Op("transpose", lambda x: x.transpose(-2, 0, -1), lambda x: np.einsum("ijk->jik", x), (R,),
       (((2, 3, 4),),), "negative"),
    Op("broadcast_to", lambda x: np.broadcast_to(x, (2, 3)), lambda x: x + np.zeros((2, 3), int), (R,),
       (((),), ((3,),), ((2, 1),), ((2, 3),)),
       errors=((((2,),), ShapeError, r"^broadcast_to\(\) of shape \(2,\): "),)),
    *(op for label, index in INDICES.items() for op in at(label, index)),
    Op("getitem", lambda x: x[7], None, (R,), (), "outside",
       errors=((((3,),), IndexError, "index 7 is out of bounds"),)),
    Op("concatenate", lambda *xs: np.concatenate(xs), lambda *xs: np.array([row for x in xs for row in x]),
       (R, R, R), (((2, 3), (1, 3), (2, 3)), ((1,), (0,), (2,))),
       errors=((((2,), (2, 3), (2, 3)), ShapeError, r"^concatenate\(\) of shapes \(2,\) and \(2, 3\)"),)),
    Op("concatenate", lambda *xs: np.concatenate(xs, axis=-1), lambda *xs: np.hstack(xs),
       (R, R), (((2, 3), (2, 1)),), "last axis"),
    Op("stack", lambda *xs: np.stack(xs), lambda *xs: np.array(xs), (R, R, R), (((2, 3),) * 3, ((),) * 3),
       errors=((((2,), (3,), (3,)), ShapeError, r"^stack\(\) of shapes \(2,\) and \(3,\)"),)),
    Op("stack", lambda *xs: np.stack(xs, axis=-2), lambda x, y: np.einsum("kij->ikj", np.array([x, y])),
       (R, R), (((2, 3), (2, 3)),), "axis -2"),
    Op("mean_square", ROWS["mean_square"], lambda x: np.asarray(sum(v * v for v in x.flat) / x.size, object),
       (R,), (((2, 3),), ((),), ((3, 1, 2),))),
    Op("affine", affine, lambda m, x: m @ np.concatenate([x, 0 * x[:1] + 1]), (R, R),
       (((2, 4), (3, 5)), ((2, 4), (3,)), ((1, 2), (1, 1))),
       errors=((((2, 3), (3, 5)), ShapeError, r"^affine\(\) of shapes \(2, 3\) and \(3, 5\)"),)),
    Op("append_ones", ROWS["append_ones"], lambda x: np.concatenate([x, 0 * x[:1] + 1]), (R,),
       (((2, 3),), ((3,),))),
]
# fmt: on

# Linear algebra. The matrices have distinct eigenvalues and singular values, far from 0


def matrices(function):
    """``function`` of one 60-digit matrix, on stacks of object arrays."""

    def of_stack(*stacks):
        places = list(np.ndindex(stacks[0].shape[:-2]))
        found = {
            place: np.array(function(*(mp.matrix(s[place].tolist()) for s in stacks)).tolist(), object)
            for place in places
        }
        if () in found:
            return found[()]
        out = np.empty((*stacks[0].shape[:-2], *found[places[0]].shape), object)
        for place in places:
            out[place] = found[place]
        return out

    return of_stack


def spread_out(x):
    """``x`` with a large diagonal of different numbers."""
    m, n = x.shape[-2:]
    diagonal = np.eye(m, n) * np.arange(2.0, 2 + 2 * n, 2)
    return x / 2 + diagonal.astype(x.dtype if x.dtype == np.float32 else float)


def symmetric(x):
    x = spread_out(x)
    return (x + x.swapaxes(-1, -2)) / 2


def number(function):
    return lambda x: np.asarray(matrices(lambda m: mp.matrix([[function(m)]]))(x))[..., 0, 0]


def exact_eigh(x):
    """The eigenvalues w in a row, above V sin(w) V^T, which does not depend on the signs of V."""
    w, v = mp.eigsy(x)
    inner = v * mp.diag([mp.sin(number) for number in w]) * v.T
    return mp.matrix([list(w), *inner.tolist()])


def called_eigh(x, lower=True):
    w, v = np.linalg.eigh(symmetric(x), "L" if lower else "U")
    return np.concatenate([w[..., None, :], v * np.sin(w)[..., None, :] @ v.swapaxes(-1, -2)], axis=-2)


def exact_svd(x):
    u, s, v = mp.svd_r(x)
    return u * mp.diag([mp.sin(number) for number in s]) * v


def called_svd(x):
    u, s, vt = np.linalg.svd(spread_out(x), full_matrices=False)
    return u * np.sin(s)[..., None, :] @ vt


def exact_qr(x):
    """Q above R, by the method of Gram and Schmidt, with a positive diagonal of R."""
    q, r = [], mp.zeros(x.cols)
    for j in range(x.cols):
        column = x[:, j]
        for i, unit in enumerate(q):
            r[i, j] = (unit.T * x[:, j])[0]
            column = column - unit * r[i, j]
        r[j, j] = mp.sqrt((column.T * column)[0])
        q.append(column / r[j, j])
    rows = [[unit[i] for unit in q] for i in range(x.rows)]
    return mp.matrix([*rows, *r.tolist()])


def called_qr(x):
    q, r = np.linalg.qr(spread_out(x))
    signs = np.sign(np.diagonal(r, axis1=-2, axis2=-1))
    return np.concatenate([q * signs[..., None, :], r * signs[..., None]], axis=-2)


def called_eig(x):
    w, v = np.linalg.eig(x + 0j)  # of a real matrix they are real or complex, which a Program cannot follow
    return np.real(v * w[..., None, :] ** 2 @ np.linalg.inv(v))


SQUARES = (((3, 3),), ((2, 2, 2),))


def algebra(row, call, reference, shapes=SQUARES, label="", **options):
    return Op(row, call, reference, (R,) * len(shapes[0]), shapes, label, **options)


def phase(matrix):
    determinant = mp.det(matrix)
    return (determinant.real + 2 * determinant.imag) / abs(determinant)


def parts(z):
    return np.real(z) + 2 * np.imag(z)


LINALG = [
    algebra("inv", lambda x: np.linalg.inv(spread_out(x)), lambda x: matrices(mp.inverse)(spread_out(x))),
    algebra("det", lambda x: np.linalg.det(spread_out(x)), lambda x: number(mp.det)(spread_out(x))),
    algebra(
        "cofactors",
        lambda x: ROWS["cofactors"](spread_out(x)),
        lambda x: matrices(lambda m: mp.det(m) * mp.inverse(m).T)(spread_out(x)),
    ),
    algebra(
        "logabsdet",
        lambda x: np.linalg.slogdet(spread_out(x))[1],
        lambda x: number(lambda m: mp.log(abs(mp.det(m))))(spread_out(x)),
    ),
    algebra(
        "solve",
        lambda a, b: np.linalg.solve(spread_out(a), b),
        lambda a, b: matrices(lambda m, n: mp.inverse(m) * n)(spread_out(a), b),
        (((3, 3), (3, 2)), ((2, 2, 2), (2, 2, 1))),
    ),
    algebra(
        "solve",
        lambda a, b: np.linalg.solve(spread_out(a), b),
        lambda a, b: matrices(lambda m, n: mp.inverse(m) * n)(spread_out(a), b[:, None])[:, 0],
        (((3, 3), (3,)),),
        "vector",
    ),
    algebra(
        "cholesky",
        lambda x: np.linalg.cholesky(spread_out(symmetric(x))),
        lambda x: matrices(mp.cholesky)(spread_out(symmetric(x))),
    ),
    algebra(
        "pinv",
        lambda x: np.linalg.pinv(spread_out(x)),
        lambda x: matrices(lambda m: mp.inverse(m.T * m) * m.T)(spread_out(x)),
        (((3, 2),), ((2, 2, 2),)),
    ),
    algebra(
        "pinv",
        lambda x: np.linalg.pinv(spread_out(x)),
        lambda x: matrices(lambda m: m.T * mp.inverse(m * m.T))(spread_out(x)),
        (((2, 3),),),
        "wide",
    ),
    algebra("eigh", called_eigh, lambda x: matrices(exact_eigh)(symmetric(x))),
    algebra("eigh", lambda x: called_eigh(x, False), lambda x: matrices(exact_eigh)(symmetric(x)), label="U"),
    algebra(
        "svd", called_svd, lambda x: matrices(exact_svd)(spread_out(x)), (*SQUARES, ((3, 2),), ((2, 3),))
    ),
    algebra(
        "eig",  # V w² V^-1 of the eigenvalues w and the vectors V, which is the square of the matrix
        called_eig,
        lambda x: matrices(lambda m: m * m)(x * 1),
    ),
    algebra("qr", called_qr, lambda x: matrices(exact_qr)(spread_out(x)), (*SQUARES, ((3, 2),))),
    Op(
        "detphase",
        lambda x, y: parts(np.linalg.slogdet(spread_out(x) + 1j * y)[0]),
        lambda x, y: number(phase)(spread_out(x) + mp.mpc(0, 1) * y),
        (R, R),
        (((3, 3), (3, 3)), ((2, 2, 2), (2, 2, 2))),
    ),
    Op(
        "detsign",
        lambda x: np.linalg.slogdet(np.reshape(x, (2, 1, 1)))[0],
        each(mp.sign),
        (R,),
        (((2,),),),
        flat=True,
    ),
]

RUNNING = [
    Op(
        "cumsum",
        functools.partial(np.cumsum, axis=axis),
        functools.partial(lambda x, axis: np.asarray(np.add.accumulate(x, axis=axis), object), axis=axis),
        (R,),
        (((2, 3),), ((0, 3),)),
        str(axis),
    )
    for axis in (0, -1)
]

# Complex numbers and Fourier transforms. What is complex is made of real operands, and taken apart again


def cosines(n, m, sign):
    """Sums of numbers times e^(2πi jk / n), j < m, on the last axis: the real parts plus 2 imaginary ones."""

    def transform(x):
        angles = [[2 * mp.pi * mp.mpf(j * k) / n for k in range(m)] for j in range(x.shape[-1])]
        waves = np.array([[mp.cos(a) + 2 * sign * mp.sin(a) for a in row] for row in angles], object)
        return np.asarray((x[..., None] * waves).sum(axis=-2), object)

    return transform


def back_to_real(x, y, n):
    """The real numbers with the first numbers x + iy of their Fourier transform, by the sum of its terms."""
    m = n // 2 + 1
    out = np.full((*x.shape[:-1], n), mp.mpf(0), object)
    for k in range(min(m, x.shape[-1])):
        twice = 1 if k == 0 or 2 * k == n else 2
        for j in range(n):
            a = 2 * mp.pi * mp.mpf(j * k) / n
            out[..., j] += twice * (x[..., k] * mp.cos(a) - y[..., k] * mp.sin(a)) / n
    return out


# fmt: off
COMPLEX = [
    unary("real",      lambda x: x,                  R),
    Op("imag", lambda x, y: np.imag(x + 1j * y), lambda x, y: y + 0 * x, (R, R), BROADCASTS),
    Op("conjugate", lambda x, y: parts(np.conj(x + 1j * y)), lambda x, y: x - 2 * y, (R, R), BROADCASTS),
    Op("angle", lambda x, y: np.angle(x + 1j * y), each(lambda x, y: mp.atan2(y, x), 2),
       ((0.2, 2), R), BROADCASTS),
    Op("fft", lambda x: parts(np.fft.fft(x)), lambda x: cosines(x.shape[-1], x.shape[-1], -1)(x), (R,),
       (((2, 5),), ((4,),))),
    Op("fft", lambda x: parts(np.fft.fft(x, 7)), cosines(7, 7, -1), (R,), (((2, 5),),), "longer"),
    Op("fft", lambda x: parts(np.fft.fft(x, 3)), lambda x: cosines(3, 3, -1)(x[..., :3]), (R,),
       (((2, 5),),), "cut"),
    Op("ifft", lambda x: parts(np.fft.ifft(x, norm="forward")),
       lambda x: cosines(x.shape[-1], x.shape[-1], 1)(x), (R,), (((2, 5),), ((4,),))),
    Op("rfft", lambda x: parts(np.fft.rfft(x, 6)), cosines(6, 4, -1), (R,), (((2, 5),),)),
    Op("rfft", lambda x: parts(np.fft.rfft(x)), cosines(5, 3, -1), (R,), (((2, 5),),), "odd"),
    *(Op("irfft", lambda x, y, n=n: np.fft.irfft(x + 1j * y, n), functools.partial(back_to_real, n=n), (R, R),
         (((2, 4), (2, 4)),), str(n)) for n in (4, 6, 7, 9)),
]
# fmt: on


def windows_times_kernel(x, kernel):
    """Sums of products of the kernel with each window, one window after the other."""
    places = [n - k + 1 for n, k in zip(x.shape[2:], kernel.shape[2:], strict=True)]
    out = np.empty((x.shape[0], kernel.shape[0], *places), object)
    for m, n, *place in np.ndindex(out.shape):
        window = tuple(slice(i, i + k) for i, k in zip(place, kernel.shape[2:], strict=True))
        out[(m, n, *place)] = (x[(m, slice(None), *window)] * kernel[n]).sum()
    return out


CONVOLUTIONS = [
    Op(
        "correlate",
        convolutions.correlated,
        windows_times_kernel,
        (R, R),
        (((1, 1, 5), (1, 1, 2)), ((2, 3, 4), (2, 3, 4)), ((2, 2, 3, 4), (3, 2, 2, 1))),
    )
]

TABLE = [
    *LINALG,
    *RUNNING,
    *COMPLEX,
    *CONVOLUTIONS,
    *ELEMENTWISE,
    *CHOICES,
    *REDUCTIONS,
    *LABELLED,
    *PRODUCTS,
    *SHAPING,
]

# Rows of SciPy's functions, which tests/hips/test_special.py tests
SPECIAL = {row.name for row in vars(special).values() if isinstance(row, Primitive)}
