"""Elementwise rows: arithmetic, functions of one number, choices between two numbers.

In a formula, ``g`` is the gradient of the result and ``out`` the result. The other arguments are those of
the forward pass. The slopes at kinks and ties are decided here; the scalar engine has the same ones.

The gradient by a complex number z is the w for which the result changes by the real part of w dz. So the
formulas of holomorphic functions are those of real ones, without a conjugate. This is the convention of
HIPS/autograd.
"""

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from autograd.tensor.dispatch import WITHOUT_SLOPE
from autograd.tensor.primitive import ZERO_SLOPE, implements, primitive
from autograd.tensor.real_numbers import DIFFERENTIABLE
from autograd.tensor.tape import Array
from autograd.tensor.trace import Kernel

# fmt: off

# x itself, on a node of its own: the variable of a transform, such as `grad`
alias      = primitive(lambda x: x, lambda g, out, x: g, name="alias", elementwise=True)

# Arithmetic
add        = primitive(np.add,        lambda g, out, x, y: g,      lambda g, out, x, y: g)
subtract   = primitive(np.subtract,   lambda g, out, x, y: g,      lambda g, out, x, y: -g)
multiply   = primitive(np.multiply,   lambda g, out, x, y: g * y,  lambda g, out, x, y: g * x)
divide     = primitive(np.divide,     lambda g, out, x, y: g / y,  lambda g, out, x, y: -g * out / y)
negative   = primitive(np.negative,   lambda g, out, x: -g)
positive   = primitive(np.positive,   lambda g, out, x: g)
square     = primitive(np.square,     lambda g, out, x: g * 2 * x)
reciprocal = primitive(np.reciprocal, lambda g, out, x: -g * out * out)
# fmt: on


def _log_of_base(x: Any, out: Any) -> Any:
    """log(x) for the slope of x ** y by y: 0 for x = 0, and nan for x < 0 unless the power is complex."""
    if out.dtype.kind == "c":
        return np.log(np.where(x == 0, 1, x) + 0j)
    return np.log(np.where(x > 0, x, np.where(x == 0, 1.0, np.nan)))


def _arccosh_root(x: Any) -> Any:
    return np.sqrt(x - 1) * np.sqrt(x + 1) if x.dtype.kind == "c" else np.sqrt(x * x - 1)


def _absolute_slope(g: Any, out: Any, x: Any) -> Any:
    return g * np.conj(x) / np.where(out == 0, 1, out) if x.dtype.kind == "c" else g * np.sign(x)


# fmt: off
# The exponent y - (y != 0) is y - 1, except that it is 0 for y = 0. There the slope is 0 for every x, but
# x ** -1 may be infinite, and 0 times infinity is nan
power = primitive(np.power,
    lambda g, out, x, y: g * y * x ** (y - (y != 0)),
    lambda g, out, x, y: g * out * _log_of_base(x, out))

# Exponentials and roots
exp   = primitive(np.exp,   lambda g, out, x: g * out)
expm1 = primitive(np.expm1, lambda g, out, x: g * (out + 1))
exp2  = primitive(np.exp2,  lambda g, out, x: g * out * math.log(2))
log   = primitive(np.log,   lambda g, out, x: g / x)
log1p = primitive(np.log1p, lambda g, out, x: g / (1 + x))
log2  = primitive(np.log2,  lambda g, out, x: g / (x * math.log(2)))
log10 = primitive(np.log10, lambda g, out, x: g / (x * math.log(10)))
sqrt  = primitive(np.sqrt,  lambda g, out, x: g * 0.5 / out)
cbrt  = primitive(np.cbrt,  lambda g, out, x: g / (3 * out * out))

# Circular and hyperbolic functions
sin     = primitive(np.sin,     lambda g, out, x: g * np.cos(x))
cos     = primitive(np.cos,     lambda g, out, x: -g * np.sin(x))
tan     = primitive(np.tan,     lambda g, out, x: g * (1 + out * out))
arcsin  = primitive(np.arcsin,  lambda g, out, x: g / np.sqrt(1 - x * x))
arccos  = primitive(np.arccos,  lambda g, out, x: -g / np.sqrt(1 - x * x))
arctan  = primitive(np.arctan,  lambda g, out, x: g / (1 + x * x))
sinh    = primitive(np.sinh,    lambda g, out, x: g * np.cosh(x))
cosh    = primitive(np.cosh,    lambda g, out, x: g * np.sinh(x))
arcsinh = primitive(np.arcsinh, lambda g, out, x: g / np.sqrt(x * x + 1))
arccosh = primitive(np.arccosh, lambda g, out, x: g / _arccosh_root(x))
arctanh = primitive(np.arctanh, lambda g, out, x: g / (1 - x * x))
arctan2 = primitive(np.arctan2,  # x / (x² + y²), divided twice by the root, since the squares may underflow
    lambda g, out, y, x: g * (x / np.hypot(x, y) / np.hypot(x, y)),
    lambda g, out, y, x: -g * (y / np.hypot(x, y) / np.hypot(x, y)))

# Kinks: the slope of |x| and of a length is 0 at 0. Each of two equal arguments of maximum and minimum gets
# half of the gradient. If an argument is nan, so are the gradients
hypot    = primitive(np.hypot,
    lambda g, out, x, y: np.where(out == 0, 0, g * x / out),
    lambda g, out, x, y: np.where(out == 0, 0, g * y / out))
absolute = primitive(np.absolute, _absolute_slope)
maximum  = primitive(np.maximum,
    lambda g, out, x, y: np.where(x > y, g, np.where(x == y, g * 0.5, np.where(x < y, 0, np.nan))),
    lambda g, out, x, y: np.where(y > x, g, np.where(x == y, g * 0.5, np.where(y < x, 0, np.nan))))
minimum  = primitive(np.minimum,
    lambda g, out, x, y: np.where(x < y, g, np.where(x == y, g * 0.5, np.where(x > y, 0, np.nan))),
    lambda g, out, x, y: np.where(y < x, g, np.where(x == y, g * 0.5, np.where(y > x, 0, np.nan))))

# Two conventions of NumPy for nan: fmax and fmin leave it out
fmax = primitive(np.fmax,
    lambda g, out, x, y: np.where((x > y) | (y != y), g, np.where(x == y, g * 0.5, 0)),
    lambda g, out, x, y: np.where((y > x) | (x != x), g, np.where(x == y, g * 0.5, 0)))
fmin = primitive(np.fmin,
    lambda g, out, x, y: np.where((x < y) | (y != y), g, np.where(x == y, g * 0.5, 0)),
    lambda g, out, x, y: np.where((y < x) | (x != x), g, np.where(x == y, g * 0.5, 0)))
fabs = primitive(np.fabs, lambda g, out, x: g * np.sign(x))

# Angles, remainders and logarithms to another base
deg2rad    = primitive(np.deg2rad,   lambda g, out, x: g * (math.pi / 180))
radians    = primitive(np.radians,   lambda g, out, x: g * (math.pi / 180))
rad2deg    = primitive(np.rad2deg,   lambda g, out, x: g * (180 / math.pi))
degrees    = primitive(np.degrees,   lambda g, out, x: g * (180 / math.pi))
remainder  = primitive(np.remainder, lambda g, out, x, y: g, lambda g, out, x, y: -g * np.floor(x / y))
fmod       = primitive(np.fmod,      lambda g, out, x, y: g, lambda g, out, x, y: -g * np.trunc(x / y))
copysign   = primitive(np.copysign,
    lambda g, out, x, y: g * np.sign(x) * np.copysign(1.0, y), ZERO_SLOPE)
float_power = primitive(np.float_power, *power.slopes)

# Step functions: their slope is defined as 0 everywhere, also at the steps
sign  = primitive(np.sign,  ZERO_SLOPE)
floor_divide = primitive(np.floor_divide, ZERO_SLOPE, ZERO_SLOPE)
heaviside    = primitive(np.heaviside,    ZERO_SLOPE, ZERO_SLOPE)
floor = primitive(np.floor, ZERO_SLOPE)
ceil  = primitive(np.ceil,  ZERO_SLOPE)
trunc = primitive(np.trunc, ZERO_SLOPE)
rint  = primitive(np.rint,  ZERO_SLOPE)

# fmt: on


# Activations ------------------------------------------------------------------------------------


def _has_avx512() -> bool:
    """Whether np.tanh computes eight float64 numbers at a time on this machine, as it does with AVX-512."""
    info = np.lib.introspect.opt_func_info(func_name="^tanh$", signature="float64")
    targets = [kind["current"] for kind in info.get("tanh", {}).values()]
    # AVX-512 is called AVX512... before NumPy 2.4, and X86_V4 from then on
    return any(name in target for target in targets for name in ("AVX512", "X86_V4"))


MANY_NUMBERS = math.inf if _has_avx512() else 1500  # array size from which the table is faster than np.tanh
BLOCK = 8192  # elements computed at a time, so that intermediate results stay in the processor's cache
FINENESS = 128  # entries of the table per unit of x
LAST = 20 * FINENESS  # index of x = 20, counted from x = 0; from there on tanh rounds to 1
# tanh from -20 to 20. Its entry for 0 is -0.0, since adding -0.0 keeps the sign of a zero
TANH_TABLE = np.tanh(np.arange(LAST, -LAST - 1, -1) / -FINENESS)
# Constants as 0-d arrays, which saves NumPy the conversion of a number at each call
LOW, HIGH, ONE, THIRD, TWO_FIFTEENTHS = map(np.array, (-20.0, 20.0, 1.0, 1 / 3, 2 / 15))
# Adjacent float64 numbers of this size are 1 / FINENESS apart. So x + SHIFT rounds x to the nearest entry of
# the table, and its bits, read as an integer, count the entries
SHIFT = np.array(1.5 * 2**52 / FINENESS)
TABLE_START = SHIFT.view(np.int64) - LAST  # the bits of x + SHIFT, read as an integer, for the first entry
LITTLE = np.array(1e-100)  # added before squaring: without it the squares of tiny numbers would underflow


def _tanh_calls(new: Any, out: Array, x: Array) -> Iterator[tuple[Any, ...]]:
    """The NumPy calls that compute tanh of a large float64 array, in about half of np.tanh's time.

    That holds without AVX-512. With AVX-512, np.tanh takes a third of the table's time.

    tanh(a + b) = (tanh a + tanh b) / (1 + tanh a · tanh b), where a is the entry of the table nearest to
    x, and b = x - a. Three terms of the series are enough for tanh b (the method of Tang, "Table-lookup
    algorithms for elementary functions and their error analysis", 1991).
    """
    if not (x.flags.c_contiguous and out.flags.c_contiguous):
        contiguous = new(x.shape, np.float64)
        yield np.copyto, contiguous, x
        yield from _tanh_calls(new, contiguous, contiguous)
        yield np.copyto, out, contiguous
        return
    scratch = [new(min(x.size, BLOCK), kind) for kind in (np.float64, np.float64, np.float64, np.int64)]
    x, out = x.reshape(-1), out.reshape(-1)
    for i in range(0, x.size, BLOCK):
        block, t = x[i : i + BLOCK], out[i : i + BLOCK]
        b, z, s, entry = (memory[: block.size] for memory in scratch)
        yield np.ndarray.clip, block, LOW, HIGH, b
        yield np.add, b, SHIFT, z
        yield np.subtract, z.view(np.int64), TABLE_START, entry
        yield np.ndarray.take, TANH_TABLE, entry, None, t, "clip"  # nan gets any entry: b makes it nan again
        yield np.subtract, z, SHIFT, z
        yield np.subtract, b, z, b
        yield np.add, b, LITTLE, z
        yield np.multiply, z, z, z
        yield np.multiply, z, TWO_FIFTEENTHS, s
        yield np.subtract, s, THIRD, s
        yield np.multiply, s, z, s
        yield np.add, s, ONE, s
        yield np.multiply, b, s, b
        yield np.multiply, t, b, s
        yield np.add, s, ONE, s
        yield np.add, t, b, t
        yield np.divide, t, s, t


tanh_of_many = Kernel("tanh", np.empty_like, calls=_tanh_calls)


def _tanh(x: Any) -> Any:
    return np.tanh(x) if x.dtype != np.float64 or x.size < MANY_NUMBERS else tanh_of_many(x)


def _tanh_slope(g: Any, out: Any, x: Any) -> Any:
    squares = out * out
    if not (squares.__class__ is g.__class__ is np.ndarray and squares.dtype == g.dtype):
        return g * (1 - squares)
    np.subtract(1, squares, squares)
    return np.multiply(g, squares, squares)


def _sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), in a form that is accurate for negative x too; from x = 40 on it rounds to 1."""
    t = np.exp(np.minimum(x, 40))
    return t / (1 + t)  # type: ignore[no-any-return]


def _sinc(x: Any, order: int) -> Any:
    """The derivative of sinc of this order."""
    z = math.pi * x
    near = np.abs(z) < 1 + order
    far = np.where(near, 1.0, z)
    # the k-th derivative f of sin(z)/z has z f_k + k f_(k-1) = sin(z + k π/2)
    f = np.sin(far) / far
    for k in range(1, order + 1):
        f = (np.sin(far + k * math.pi / 2) - k * f) / far
    # the series of sin(z)/z: (-1)^n z^2n / (2n + 1)!
    small = np.where(near, z, 0.0)
    series = 0.0 * small
    for n in range(20 + order, -1, -1):
        power = 2 * n - order
        if power >= 0:
            factor = (-1.0) ** n * math.prod(range(power + 1, 2 * n + 1)) / math.factorial(2 * n + 1)
            series = series + factor * small**power
    return math.pi**order * np.where(near, series, f)


def _normal_cdf(x: Array) -> Array:
    from scipy.special import ndtr

    return ndtr(x)  # type: ignore[no-any-return]


@cache
def flush_constant(dtype: Any, bits: int) -> Any:
    """A constant c for which x + c - c is x rounded to a multiple of q.

    q is 2 ** bits times the smallest normal number, and half of that for a negative x. So numbers that are
    nearly 0 become 0 before they are subnormal: below 1e-38 in float32 and 2e-308 in float64, many
    processors take tens of times as long. Numbers from c on change by their last digit at most, and smaller
    ones by at most q. If c is too large for the dtype, it is 0.

    >>> c = flush_constant(np.dtype("float32"), 20)
    >>> x = np.array([1.0, 1e-35, -1e-35], "float32")
    >>> (x + c - c).tolist()
    [1.0, 0.0, 0.0]
    """
    kind = np.finfo(dtype)
    c = float(kind.tiny) * 2.0**bits / float(kind.eps)
    return kind.dtype.type(c if c < kind.max else 0.0)


def subnormals_flushed(g: Any) -> Any:
    c = flush_constant(g.dtype, 40)
    return g + c - c


# fmt: off
# x itself; a gradient that is nearly 0 becomes 0 on its way back
flush_subnormals = primitive(lambda x: x, lambda g, out, x: subnormals_flushed(g),
                             name="flush_subnormals", elementwise=True)

# root is the root of a sum of squares. Its slope at 0 is defined as 0, since a length is smallest there
root       = primitive(lambda x: np.sqrt(x),
                       lambda g, out, x: np.where(out == 0, 0, g * 0.5 / out), name="root", elementwise=True)
tanh       = primitive(_tanh,    _tanh_slope, name="tanh", elementwise=True)
sigmoid    = primitive(_sigmoid, lambda g, out, x: g * out * (1 - out), name="sigmoid", elementwise=True)
logaddexp2 = primitive(np.logaddexp2,
                       lambda g, out, x, y: g * sigmoid((x - y) * math.log(2)),
                       lambda g, out, x, y: g * sigmoid((y - x) * math.log(2)))
logaddexp  = primitive(np.logaddexp,
                       lambda g, out, x, y: g * sigmoid(x - y),
                       lambda g, out, x, y: g * sigmoid(y - x))
softplus   = primitive(lambda x: np.logaddexp(x, 0),
                       lambda g, out, x: g * sigmoid(x), name="softplus", elementwise=True)
relu       = primitive(lambda x: np.maximum(x, 0),
                       lambda g, out, x: g * (out > 0), name="relu", elementwise=True)
leaky_relu = primitive(lambda x: np.maximum(x, 0.01 * x),
                       lambda g, out, x: np.where(x > 0, g, g * 0.01), name="leaky_relu", elementwise=True)
normal_cdf = primitive(_normal_cdf,
                       lambda g, out, x: g * np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi),
                       name="normal_cdf", elementwise=True)

# The derivative of sinc of some order, by the recurrence for derivatives of sin(z) / z, where z = πx; and by
# the power series near 0, where the recurrence would divide by almost 0
sinc_row: Any = primitive(_sinc, lambda g, out, x, order: g * sinc_row(x, order=order + 1),
                       name="sinc", elementwise=True)

# Choices and casts
select = primitive(np.where,
    ZERO_SLOPE,
    lambda g, out, condition, x, y: np.where(condition, g, 0),
    lambda g, out, condition, x, y: np.where(condition, 0, g), name="where", elementwise=True)
limit  = primitive(np.clip,
    lambda g, out, x, lo, hi: np.where(np.isnan(out), np.nan, np.where((lo <= x) & (x <= hi), g, 0)),
    lambda g, out, x, lo, hi: np.where(np.isnan(out), np.nan, np.where((x < lo) & (lo <= hi), g, 0)),
    lambda g, out, x, lo, hi: np.where(np.isnan(out), np.nan, np.where((x > hi) | (lo > hi), g, 0)),
    name="clip", elementwise=True)
astype = primitive(lambda x, dtype: x.astype(dtype), lambda g, out, x, dtype: g, name="astype",
                   elementwise=True, linear=True)
# fmt: on

implements(np.tanh)(tanh)

for _row in (select, limit, maximum, minimum, fmax, fmin):
    _row.chooses = True


def squared(x: Any) -> Any:
    """The square of each number; of a complex one, that of its absolute value."""
    return np.square(np.real(x)) + np.square(np.imag(x)) if x.dtype.kind == "c" else x * x


@implements(np.sign)
def sign_(x: Any) -> Any:
    """NumPy's ``sign``: of a complex number the one of absolute value 1 in its direction."""
    return select(x == 0, 0, x / np.abs(x)) if x.dtype.kind == "c" else sign(x)


@implements(np.sinc)
def sinc(x: Any) -> Any:
    """NumPy's ``sinc``: sin(πx) / (πx)."""
    return sinc_row(x, order=0)


@implements(np.nan_to_num)
def nan_to_num(x: Any, *, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """NumPy's ``nan_to_num``; what is replaced has the slope 0."""
    if x.dtype.kind not in DIFFERENTIABLE:
        return x
    if x.dtype.kind == "c":
        replaced = [nan_to_num(part, nan=nan, posinf=posinf, neginf=neginf) for part in (x.real, x.imag)]
        return replaced[0] + 1j * replaced[1]
    kind = np.finfo(x.dtype)
    x = np.where(np.isnan(x), nan, x)
    x = np.where(x == np.inf, kind.max if posinf is None else posinf, x)
    return np.where(x == -np.inf, kind.min if neginf is None else neginf, x)


@implements(np.around, np.round)
def around(a: Any, decimals: int = 0) -> Any:
    """NumPy's ``round``; its slope is 0."""
    if a.dtype.kind not in DIFFERENTIABLE:
        return a if decimals >= 0 else np.around(a.data, decimals)
    return np.rint(a * 10.0**decimals) / 10.0**decimals


@implements(np.divmod)
def divmod_(x1: Any, x2: Any) -> Any:
    """NumPy's ``divmod``; the quotient has the slope 0."""
    return floor_divide(x1, x2), remainder(x1, x2)


@implements(np.modf)
def modf(x: Any) -> Any:
    """NumPy's ``modf``: the part behind the point, and the rest, which has the slope 0."""
    whole = trunc(x)
    return select(np.isinf(x), np.copysign(0.0, x), x - whole), whole


@implements(np.ldexp)
def ldexp(x1: Any, x2: Any) -> Any:
    """NumPy's ``ldexp``; the exponents are whole numbers, and have no slope."""
    return x1 * np.ldexp(np.ones((), x1.dtype), x2)


@implements(np.fix)
def fix(x: Any) -> Any:
    """NumPy's ``fix``; its slope is 0."""
    return np.trunc(x)


@implements(np.where)
def where(condition: Any, x: Any, y: Any) -> Any:
    """NumPy's ``where`` of three arguments."""
    return select(condition, x, y)


@implements(np.clip)
def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """NumPy's ``clip``; its slope is 1 between the limits and at them."""
    lo = a_min if min is None else min
    hi = a_max if max is None else max
    return limit(a, -np.inf if lo is None else lo, np.inf if hi is None else hi)


WITHOUT_SLOPE.update(
    {np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal}
    | {np.isfinite, np.isinf, np.isnan, np.signbit}
    | {np.logical_and, np.logical_or, np.logical_not, np.logical_xor}
)
