"""One table of every row of the array engine, and one of every NumPy function that Tensors answer to.

An entry of `TABLE` has the call of a row and its reference. The references are written for object arrays
of 60-digit numbers, with another formula than the forward pass of the row; at that precision a central
difference is exact to the last bit of a float64, so that one of them is the oracle for values and for
derivatives of any order. An entry of `CALLS` runs on arrays and on Tensors alike: NumPy is the oracle.
"""

import functools
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

from autograd.errors import ShapeError, UnsupportedError
from autograd.tensor.core import ROWS
from autograd.tensor.dispatch import IMPLEMENTED
from autograd.tensor.primitive import Primitive
from autograd.tensor.rows import linalg, moving, sequences, special  # noqa: F401  # imported late
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


SQUARES = (((3, 3),), ((2, 2, 2),))


def algebra(row, call, reference, shapes=SQUARES, label="", **options):
    return Op(row, call, reference, (R,) * len(shapes[0]), shapes, label, **options)


LINALG = [
    algebra("inv", lambda x: np.linalg.inv(spread_out(x)), lambda x: matrices(mp.inverse)(spread_out(x))),
    algebra("det", lambda x: np.linalg.det(spread_out(x)), lambda x: number(mp.det)(spread_out(x))),
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
    algebra("qr", called_qr, lambda x: matrices(exact_qr)(spread_out(x)), (*SQUARES, ((3, 2),))),
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

TABLE = [*LINALG, *RUNNING, *ELEMENTWISE, *CHOICES, *REDUCTIONS, *LABELLED, *PRODUCTS, *SHAPING]


# NumPy's functions by NumPy's names ---------------------------------------------------------------
# A call takes x of shape (3, 4) and y of shape (4, 3), as arrays or as Tensors

PIECES = ((), (4,), (3, 4), (2, 3, 4))  # of what np.dot takes, the last axis of length 4 ...
MATES = ((), (4,), (4, 3), (2, 4, 3))  # ... meets the last but one


def cut(array, shape):
    """The numbers of ``array``, repeated as often as needed, in ``shape``."""
    return np.concatenate([np.ravel(array)] * 3)[: int(np.prod(shape))].reshape(shape)


def cuts(call, *shapes):
    return lambda x, y: call(*(cut(a, shape) for a, shape in zip((x, y), shapes, strict=False)))


def along_axes(f):
    return [
        lambda x, y: f(x),
        lambda x, y: f(x, axis=0),
        lambda x, y: f(x, 1),
        lambda x, y: f(x, axis=(0, -1), keepdims=True),
        lambda x, y: f(x, axis=None, keepdims=False),
    ]


def spread(f):
    return [
        *along_axes(f),
        lambda x, y: f(x, axis=0, ddof=1),
        lambda x, y: f(x, axis=1, ddof=2, keepdims=True),
    ]


CALLS: dict[Any, list[Callable[..., Any]]] = {
    **{f: along_axes(f) for f in (np.sum, np.mean, np.prod, np.max, np.amax, np.min, np.amin)},
    np.var: spread(np.var),
    np.std: spread(np.std),
    np.linalg.norm: [
        lambda x, y: np.linalg.norm(x),
        lambda x, y: np.linalg.norm(x, "fro"),
        lambda x, y: np.linalg.norm(x[0], 2),
        lambda x, y: np.linalg.norm(x, axis=1),
        lambda x, y: np.linalg.norm(x, 2, 0, keepdims=True),
        lambda x, y: np.linalg.norm(x, axis=(0, 1)),
        lambda x, y: np.linalg.norm(x[0], 1),
        lambda x, y: np.linalg.norm(x[0], np.inf),
        lambda x, y: np.linalg.norm(x, -np.inf, axis=1),
        lambda x, y: np.linalg.norm(x, 3, axis=0, keepdims=True),
        lambda x, y: np.linalg.norm(x, 0, axis=0),
        lambda x, y: np.linalg.norm(x, 1),
        lambda x, y: np.linalg.norm(x, np.inf, keepdims=True),
        lambda x, y: np.linalg.norm(x[None], -1, axis=(1, 2)),
        lambda x, y: np.linalg.norm(x[None], -np.inf, axis=(-1, 0)),
        lambda x, y: np.linalg.norm(x, "nuc"),
        lambda x, y: np.linalg.norm(x[:, None], 2, axis=(2, 0)),
        lambda x, y: np.linalg.norm(x, -2, keepdims=True),
    ],
    np.linalg.inv: [lambda x, y: np.linalg.inv(x @ y)],
    np.linalg.pinv: [lambda x, y: np.linalg.pinv(x)],
    np.linalg.det: [lambda x, y: np.linalg.det(x @ y)],
    np.linalg.slogdet: [
        lambda x, y: np.linalg.slogdet(x @ y)[1],
        lambda x, y: np.linalg.slogdet(x @ y).sign * x,
    ],
    np.linalg.solve: [
        lambda x, y: np.linalg.solve(x @ y, x),
        lambda x, y: np.linalg.solve(x @ y, x[:, 0]),
    ],
    np.linalg.cholesky: [
        lambda x, y: np.linalg.cholesky(x @ x.T + np.eye(3)),
        lambda x, y: np.linalg.cholesky(x @ x.T + np.eye(3), upper=True),
    ],
    np.linalg.eigh: [
        lambda x, y: np.linalg.eigh(x @ x.T)[0],
        lambda x, y: np.linalg.eigh(x @ x.T, UPLO="U").eigenvectors ** 2,
    ],
    np.linalg.eigvalsh: [lambda x, y: np.linalg.eigvalsh(x @ x.T)],
    np.linalg.svd: [
        lambda x, y: np.linalg.svd(x, compute_uv=False),
        lambda x, y: np.linalg.svd(x, full_matrices=False).Vh ** 2,
        lambda x, y: np.linalg.svd(x @ y).U ** 2,
    ],
    np.linalg.svdvals: [lambda x, y: np.linalg.svdvals(y)],
    np.linalg.qr: [lambda x, y: np.linalg.qr(y).Q ** 2, lambda x, y: np.linalg.qr(y, mode="r")],
    np.linalg.matrix_power: [
        lambda x, y: np.linalg.matrix_power(x @ y, 3),
        lambda x, y: np.linalg.matrix_power(x @ y, -2),
        lambda x, y: np.linalg.matrix_power(x @ y, 0),
    ],
    np.linalg.multi_dot: [lambda x, y: np.linalg.multi_dot([x, y, x])],
    np.floor_divide: [lambda x, y: x * np.floor_divide(x, 0.7)],
    np.heaviside: [lambda x, y: x * np.heaviside(x, 0.7)],
    np.around: [lambda x, y: x * np.around(x)],
    np.round: [lambda x, y: x * np.round(y.T, 1)],
    np.fix: [lambda x, y: x * np.fix(3 * x)],
    np.i0: [lambda x, y: np.i0(x)],
    np.fabs: [lambda x, y: np.fabs(x)],
    np.sinc: [lambda x, y: np.sinc(x), lambda x, y: np.sinc(3 * y)],
    np.nan_to_num: [
        lambda x, y: np.nan_to_num(np.where(x > 1, np.nan, x), nan=2.0),
        lambda x, y: np.nan_to_num(np.where(x > 1, np.inf, x), posinf=1.0),
        lambda x, y: np.nan_to_num(np.where(x > 1, -np.inf, x), neginf=-1.0),
    ],
    np.flip: [lambda x, y: np.flip(x), lambda x, y: np.flip(x, 0), lambda x, y: np.flip(x, axis=(0, -1))],
    np.fliplr: [lambda x, y: np.fliplr(x)],
    np.flipud: [lambda x, y: np.flipud(x)],
    np.rot90: [lambda x, y: np.rot90(x), lambda x, y: np.rot90(x, k=-2), lambda x, y: np.rot90(y, 3, (1, 0))],
    np.roll: [lambda x, y: np.roll(x, 1), lambda x, y: np.roll(x, (1, -2), axis=(0, 1))],
    np.rollaxis: [lambda x, y: np.rollaxis(x[None], 2), lambda x, y: np.rollaxis(x[None], 2, start=1)],
    np.repeat: [
        lambda x, y: np.repeat(x, 2),
        lambda x, y: np.repeat(x, [1, 0, 3], axis=0),
        lambda x, y: np.repeat(x, repeats=2, axis=1),
    ],
    np.tile: [
        lambda x, y: np.tile(x, 2),
        lambda x, y: np.tile(x, (2, 1, 3)),
        lambda x, y: np.tile(x, reps=()),
    ],
    np.resize: [lambda x, y: np.resize(x, (5, 4))],
    np.delete: [lambda x, y: np.delete(x, 1, axis=0), lambda x, y: np.delete(x, [0, 5])],
    np.diag: [lambda x, y: np.diag(x), lambda x, y: np.diag(x[0], k=-1), lambda x, y: np.diag(x @ y, 1)],
    np.diagflat: [lambda x, y: np.diagflat(x), lambda x, y: np.diagflat(x[0], 1)],
    np.diagonal: [lambda x, y: np.diagonal(x), lambda x, y: np.diagonal(x[None], 1, axis1=1, axis2=2)],
    np.tril: [lambda x, y: np.tril(x), lambda x, y: np.tril(x[None], -1)],
    np.triu: [lambda x, y: np.triu(x), lambda x, y: np.triu(x, k=2)],
    np.split: [lambda x, y: np.stack(np.split(x, 2, axis=1)), lambda x, y: np.split(x, [1, 2])[1]],
    np.array_split: [lambda x, y: np.array_split(x, 3, axis=1)[0], lambda x, y: np.array_split(x, 2)[1]],
    np.hsplit: [lambda x, y: np.hsplit(x, 2)[1]],
    np.vsplit: [lambda x, y: np.vsplit(x, 3)[2]],
    np.dsplit: [lambda x, y: np.dsplit(x[None], 4)[2]],
    np.take: [
        lambda x, y: np.take(x, [0, 5, 5]),
        lambda x, y: np.take(x, np.array([[0, 2], [1, 0]]), axis=0),
        lambda x, y: np.take(x, -1, axis=-1),
        lambda x, y: np.take(x, [9, -9], axis=1, mode="clip"),
    ],
    np.take_along_axis: [
        lambda x, y: np.take_along_axis(x, np.array([[0], [3], [1]]), axis=1),
        lambda x, y: np.take_along_axis(x, np.array([[0, 1, 2, 0]]), 0),
        lambda x, y: np.take_along_axis(x, np.array([3, 7]), None),
    ],
    np.sort: [
        lambda x, y: np.sort(x),
        lambda x, y: np.sort(x, axis=0, kind="stable"),
        lambda x, y: np.sort(x, None),
    ],
    np.partition: [
        lambda x, y: np.sort(np.partition(x, 2)[:, 2:]),
        lambda x, y: np.partition(x, 1, axis=0)[1],
        lambda x, y: np.partition(x, 5, axis=None)[5],
    ],
    np.pad: [
        lambda x, y: np.pad(x, 1),
        lambda x, y: np.pad(x, ((1, 0), (0, 2)), constant_values=2.0),
        lambda x, y: np.pad(x, 2, "edge"),
        lambda x, y: np.pad(x, (2, 1), mode="reflect"),
        lambda x, y: np.pad(x, 1, "symmetric"),
        lambda x, y: np.pad(x, 3, "wrap"),
    ],
    np.atleast_1d: [lambda x, y: np.atleast_1d(x[0, 0]), lambda x, y: np.atleast_1d(x, y)[1]],
    np.atleast_2d: [lambda x, y: np.atleast_2d(x[0]), lambda x, y: np.atleast_2d(x)],
    np.atleast_3d: [lambda x, y: np.atleast_3d(x), lambda x, y: np.atleast_3d(x[0])],
    np.vstack: [lambda x, y: np.vstack([x, y.T]), lambda x, y: np.vstack([x[0], x[1]])],
    np.hstack: [lambda x, y: np.hstack([x, y.T]), lambda x, y: np.hstack([x[0], y[0]])],
    np.dstack: [lambda x, y: np.dstack([x, y.T])],
    np.column_stack: [lambda x, y: np.column_stack([x, y.T]), lambda x, y: np.column_stack([x[0], x[1]])],
    np.append: [lambda x, y: np.append(x, y), lambda x, y: np.append(x, y.T, axis=0)],
    np.broadcast_arrays: [lambda x, y: np.stack(np.broadcast_arrays(x, y[:, 0]))],
    np.meshgrid: [
        lambda x, y: np.stack(np.meshgrid(x[0], y[0])),
        lambda x, y: np.meshgrid(x[0], y[0], indexing="ij")[1],
    ],
    np.block: [
        lambda x, y: np.block([[x, x], [y.T, 2 * x]]),
        lambda x, y: np.block([x[0], x[1]]),
        lambda x, y: np.block([[x[0]], [x[1]]]),
    ],
    np.choose: [lambda x, y: np.choose(np.array([[0], [1], [0]]), [x, y.T])],
    np.select: [
        lambda x, y: np.select([x > 0.5, x > -0.5], [x, 2 * y.T], 3.0),
        lambda x, y: np.select([x > 0], [x]),
    ],
    np.cumsum: [lambda x, y: np.cumsum(x), lambda x, y: np.cumsum(x, axis=1)],
    np.cumprod: [lambda x, y: np.cumprod(x), lambda x, y: np.cumprod(x, axis=0)],
    np.diff: [lambda x, y: np.diff(x), lambda x, y: np.diff(x, n=2, axis=0), lambda x, y: np.diff(x, 0)],
    np.ediff1d: [lambda x, y: np.ediff1d(x)],
    np.gradient: [
        lambda x, y: np.stack(np.gradient(x)),
        lambda x, y: np.gradient(x, 0.5, axis=1),
        lambda x, y: np.gradient(x, np.array([0, 1, 3, 4.5]), axis=1, edge_order=2),
        lambda x, y: np.stack(np.gradient(x, 2.0, np.array([0, 1, 3, 4.5]))),
    ],
    np.trapezoid: [
        lambda x, y: np.trapezoid(x),
        lambda x, y: np.trapezoid(x, dx=0.5, axis=0),
        lambda x, y: np.trapezoid(x, y[:, 0]),
        lambda x, y: np.trapezoid(x, y.T, axis=0),
        lambda x, y: np.trapezoid(x, y[:3, 0], axis=0),
    ],
    np.interp: [
        lambda x, y: np.interp(x, np.array([-1, 0, 0.5, 2]), y[:, 0]),
        lambda x, y: np.interp(x, np.array([-1, 0, 0.5]), y[:3, 0], left=7.0, right=-7.0),
        lambda x, y: np.interp(np.array([0.25, 1.5]), np.cumsum(np.exp(x[0])) - 2, y[:, 0]),
    ],
    np.linspace: [
        lambda x, y: np.linspace(x[0, 0], 3.0, 5),
        lambda x, y: np.linspace(x, y.T, num=4, endpoint=False, axis=-1),
    ],
    np.average: [
        lambda x, y: np.average(x),
        lambda x, y: np.average(x, axis=0),
        lambda x, y: np.average(x, axis=1, weights=np.array([1, 2, 3, 4.0])),
        lambda x, y: np.average(x, weights=np.exp(y.T), keepdims=True),
        lambda x, y: np.average(np.ones(4), weights=np.exp(x[0])),
    ],
    np.median: [
        lambda x, y: np.median(x),
        lambda x, y: np.median(x, axis=0),
        lambda x, y: np.median(x, axis=1, keepdims=True),
        lambda x, y: np.median(x, keepdims=True),
    ],
    np.ptp: [lambda x, y: np.ptp(x), lambda x, y: np.ptp(x, axis=0, keepdims=True)],
    np.nansum: [lambda x, y: np.nansum(np.where(x > 1, np.nan, x), axis=0)],
    np.nanmean: [lambda x, y: np.nanmean(np.where(x > 1, np.nan, x), axis=1, keepdims=True)],
    np.nanprod: [lambda x, y: np.nanprod(np.where(x > 1, np.nan, x))],
    np.cov: [
        lambda x, y: np.cov(x),
        lambda x, y: np.cov(x[0], y[:, 0]),
        lambda x, y: np.cov(x, rowvar=False, bias=True),
        lambda x, y: np.cov(x[0], ddof=0),
        lambda x, y: np.cov(x, y.T, ddof=2),
    ],
    np.corrcoef: [lambda x, y: np.corrcoef(x), lambda x, y: np.corrcoef(x[0], y[:, 0])],
    np.outer: [lambda x, y: np.outer(x, y), lambda x, y: np.outer(x[0], 2.0)],
    np.inner: [
        lambda x, y: np.inner(x, y.T),
        lambda x, y: np.inner(x, 2.0),
        lambda x, y: np.inner(x[None], y[:, 0]),
    ],
    np.vdot: [lambda x, y: np.vdot(x, y)],
    np.kron: [lambda x, y: np.kron(x, y), lambda x, y: np.kron(x[0], y), lambda x, y: np.kron(x, 2.0)],
    np.trace: [lambda x, y: np.trace(x @ y), lambda x, y: np.trace(x[None], 1, axis1=2, axis2=1)],
    np.cross: [
        lambda x, y: np.cross(x[:, :3], y[:3]),
        lambda x, y: np.cross(x, y.T, axis=0),
        lambda x, y: np.cross(x, np.array([1, 2, 3.0]), axisa=0, axisc=0),
    ],
    np.where: [
        lambda x, y: np.where(np.arange(4) > 1, x, y.T),
        lambda x, y: np.where(np.eye(3, 4, dtype=bool), x, 0),
        lambda x, y: np.where([[True], [False], [True]], x, np.ones(4)),
        lambda x, y: np.where(x > y.T, x, y.T),
    ],
    np.clip: [
        lambda x, y: np.clip(x, -0.5, 0.5),
        lambda x, y: np.clip(x, None, 0.5),
        lambda x, y: np.clip(x, -0.5, None),
        lambda x, y: np.clip(x, min=-0.5),
        lambda x, y: np.clip(x, max=0.5, min=None),
        lambda x, y: np.clip(x, a_min=-0.5, a_max=0.5),
        lambda x, y: np.clip(x, y.T - 0.5, 0.5 + y.T),
    ],
    np.dot: [cuts(np.dot, a, b) for a in PIECES for b in MATES],
    np.matmul: [lambda x, y: np.matmul(x, y), cuts(np.matmul, (4,), (2, 4, 3))],
    np.tensordot: [
        lambda x, y: np.tensordot(x, y, axes=1),
        lambda x, y: np.tensordot(x, y, axes=0),
        lambda x, y: np.tensordot(x, y.T),
        lambda x, y: np.tensordot(x, y, axes=(0, 1)),
        lambda x, y: np.tensordot(x, y, axes=([1, 0], [0, 1])),
        lambda x, y: np.tensordot(x, y, axes=([-1], [-2])),
        cuts(lambda a, b: np.tensordot(a, b, axes=([2, 0], [0, 2])), (2, 3, 4), (4, 3, 2)),
        cuts(lambda a, b: np.tensordot(a, b, axes=1), (4,), (4,)),
    ],
    np.einsum: [
        lambda x, y: np.einsum("ij,jk->ik", x, y),
        lambda x, y: np.einsum("ij,jk", x, y),  # implicit: ik
        lambda x, y: np.einsum("ba,ac", x, y),  # implicit: the letters in order, bc
        lambda x, y: np.einsum("ba", x),  # implicit: a transpose, ab
        lambda x, y: np.einsum("ij,ji", x, y),  # implicit: a number
        lambda x, y: np.einsum("ij , jk -> k", x, y),
        lambda x, y: np.einsum("...j,jk->...k", x, y),
        lambda x, y: np.einsum("...j->...", x),
        lambda x, y: np.einsum("i...->...i", x),
        lambda x, y: np.einsum("...,...", x, y.T),
        lambda x, y: np.einsum("...j,j...", x, y[:, 0]),
        lambda x, y: np.einsum("...ij,...jk->...ik", x, y[None], optimize=True),
        lambda x, y: np.einsum("i...,ij->j...", x[:, None, :], y.T),
        lambda x, y: np.einsum("ij,ij,ij->", x, x, y.T),
        lambda x, y: np.einsum("Ba,aC", x, y),  # upper case sorts before lower
        lambda x, y: np.einsum("ij,kj->ik", x[:1], y.T[:1]),
        lambda x, y: np.einsum("ij,ij->ij", x[:, :1], y.T),  # an axis of length 1 is stretched
    ],
    np.reshape: [
        lambda x, y: np.reshape(x, (2, 6)),
        lambda x, y: np.reshape(x, -1),
        lambda x, y: np.reshape(x, shape=(4, -1)),
    ],
    np.ravel: [lambda x, y: np.ravel(x)],
    np.transpose: [
        lambda x, y: np.transpose(x),
        lambda x, y: np.transpose(x, (1, 0)),
        lambda x, y: np.transpose(x[None], axes=(-1, 0, 1)),
        lambda x, y: np.transpose(x, None),
    ],
    np.swapaxes: [lambda x, y: np.swapaxes(x, 0, -1), lambda x, y: np.swapaxes(x[None], axis1=1, axis2=0)],
    np.moveaxis: [
        lambda x, y: np.moveaxis(x[None], 0, -1),
        lambda x, y: np.moveaxis(x[None], -1, 0),
        lambda x, y: np.moveaxis(x[None, :, None], [0, 1], [-1, -2]),
        lambda x, y: np.moveaxis(x[None], source=(0, 2), destination=(2, 0)),
    ],
    np.expand_dims: [lambda x, y: np.expand_dims(x, 1), lambda x, y: np.expand_dims(x, axis=(0, -1))],
    np.squeeze: [
        lambda x, y: np.squeeze(x[None, :, None]),
        lambda x, y: np.squeeze(x[None, :, None], axis=0),
        lambda x, y: np.squeeze(x[None, :, None], (0, -2)),
    ],
    np.broadcast_to: [
        lambda x, y: np.broadcast_to(x, (2, 3, 4)),
        lambda x, y: np.broadcast_to(x[0, 0], shape=5),
    ],
    np.concatenate: [
        lambda x, y: np.concatenate([x, y.T]),
        lambda x, y: np.concatenate((x, y.T, x), axis=-1),
        lambda x, y: np.concatenate([x, y], axis=None),
        lambda x, y: np.concatenate([x, np.ones((1, 4))], 0),
    ],
    np.stack: [
        lambda x, y: np.stack([x, y.T]),
        lambda x, y: np.stack((x, y.T, x), axis=-1),
        lambda x, y: np.stack([x, y.T], axis=-3),
        lambda x, y: np.stack([x, np.ones((3, 4))], 1),
        lambda x, y: np.stack(list(x)),
    ],
}

# Rows of SciPy's functions, which tests/hips/test_special.py tests
SPECIAL = {row.name for row in vars(special).values() if isinstance(row, Primitive)}

# Functions that NumPy computes in float64 at most
DOUBLE = {np.interp, np.i0, *(getattr(np.linalg, name) for name in np.linalg.__all__)}

# Calls that are refused: x, as above, is a Tensor
REFUSED: list[tuple[Callable[..., Any], type[Exception], str]] = [
    (lambda x: np.sum(x, dtype=float), UnsupportedError, r"numpy\.sum\(\) of a Tensor does not take dtype="),
    (
        lambda x: np.mean(x, where=x > 0),
        UnsupportedError,
        r"numpy\.mean\(\) of a Tensor does not take where=",
    ),
    (lambda x: np.max(x, initial=0, out=np.ones(())), UnsupportedError, r"numpy\.max\(\) .* initial, out="),
    (lambda x: np.reshape(x, (4, 3), order="F"), UnsupportedError, r"numpy\.reshape\(\) .* order="),
    (lambda x: np.sum(x, 0, "float32"), TypeError, "dtype|positional"),
    (lambda x: np.mean(x, 0, "float32"), TypeError, "dtype|positional"),
    (lambda x: np.clip(x, 0, 1, np.ones((3, 4))), TypeError, "out|positional"),
    (lambda x: np.reshape(x, (4, 3), "F"), TypeError, "order|positional"),
    (lambda x: np.dot(x, x), ShapeError, r"^matmul\(\) of shapes \(3, 4\) and \(3, 4\)"),
    (
        lambda x: np.dot(x, np.ones((2, 3, 4))),
        ShapeError,
        r"^tensordot\(\) of shapes \(3, 4\) and \(2, 3, 4\)",
    ),
    (
        lambda x: np.tensordot(x, x, axes=1),
        ShapeError,
        r"^tensordot\(\) of shapes \(3, 4\) and \(3, 4\) over axes 1",
    ),
    (lambda x: np.einsum(x, [0, 1]), ShapeError, "subscripts as a string"),
    (lambda x: np.einsum("ij,jk", x), ShapeError, r"^einsum\('ij,jk'\) wants 2 operands, got 1"),
    (
        lambda x: np.einsum("ii", x @ x.T),
        ShapeError,
        r"^einsum\('ii'\) of Tensors cannot take an index twice",
    ),
    (lambda x: np.einsum("ij,jk->ik", x, x), ShapeError, r"^einsum\(\) of shapes \(3, 4\) and \(3, 4\)"),
    (lambda x: np.einsum("ijk->i", x), ShapeError, r"^einsum\("),
    (lambda x: np.einsum("ij->il", x), ShapeError, r"^einsum\("),
    (lambda x: np.moveaxis(x, 0, 5), ValueError, "axis 5 is out of bounds"),
    (lambda x: np.swapaxes(x, 0, 5), ValueError, "axis 5 is out of bounds"),
    (lambda x: np.squeeze(x, axis=0), ValueError, "size not equal to one"),
    (lambda x: np.expand_dims(x, 7), ValueError, "axis 7 is out of bounds"),
    (
        lambda x: np.concatenate([x, x], axis=2),
        ShapeError,
        r"^concatenate\(\) of shapes \(3, 4\) and \(3, 4\)",
    ),
    (lambda x: np.stack([x, x[0]]), ShapeError, r"^stack\(\) of shapes \(3, 4\) and \(4,\)"),
    (lambda x: np.broadcast_to(x, (4, 3)), ShapeError, r"^broadcast_to\(\) of shape \(3, 4\)"),
    (lambda x: np.where(x), UnsupportedError, "where"),
    *(
        (lambda x, f=f: f(x), ShapeError, rf"^{f.__name__}\(\) of a Tensor wants square matrices, got shape")
        for f in (np.linalg.inv, np.linalg.det, np.linalg.slogdet, np.linalg.cholesky, np.linalg.eigh)
    ),
    (lambda x: np.linalg.solve(x, x), ShapeError, r"^solve\(\) .* square matrices"),
    (lambda x: np.linalg.matrix_power(x, 2), ShapeError, r"^matrix_power\(\) .* square matrices"),
    (lambda x: np.linalg.svd(x), UnsupportedError, r"svd\(full_matrices=True\) .* give full_matrices=False"),
    (lambda x: np.linalg.svd(x, hermitian=True), UnsupportedError, r"svd\(hermitian=True\)"),
    (lambda x: np.linalg.qr(x), UnsupportedError, r"qr\(mode='reduced'\) of shape \(3, 4\)"),
    (lambda x: np.linalg.qr(x.T, "complete"), UnsupportedError, r"qr\(mode='complete'\)"),
    (lambda x: np.linalg.norm(x, 3), UnsupportedError, r"norm\(ord=3\) of matrices has no derivative"),
    (lambda x: np.linalg.norm(x[0], "fro"), ShapeError, "wants a number as ord"),
    (lambda x: np.linalg.norm(x[None], 1), ShapeError, "wants one axis or two, got 3"),
    (lambda x: np.cross(x, x), ShapeError, r"^cross\(\) .* vectors of length 3"),
    (lambda x: np.pad(x, 1, "linear_ramp"), UnsupportedError, r"pad\(mode='linear_ramp'\)"),
    (lambda x: np.pad(x, 1, constant_values=(1, 2)), UnsupportedError, "one number as constant_values"),
    (lambda x: np.unwrap(x), UnsupportedError, r"numpy.unwrap\(\) has no derivative"),
]
