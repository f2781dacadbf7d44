"""Rows that work element by element: arithmetic, functions of one number, choices between two.

In a formula ``g`` is the gradient that arrives, ``out`` the result, and the rest are the forward's
own arguments. Slopes at kinks and ties are decided here, and are those of the scalar engine.
"""

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from autograd.tensor.core import WITHOUT_SLOPE
from autograd.tensor.primitive import ZERO_SLOPE, implements, primitive
from autograd.tensor.tape import Array
from autograd.tensor.trace import Kernel

# fmt: off

# Arithmetic
add      = primitive(np.add,      lambda g, out, x, y: g,      lambda g, out, x, y: g)
subtract = primitive(np.subtract, lambda g, out, x, y: g,      lambda g, out, x, y: -g)
multiply = primitive(np.multiply, lambda g, out, x, y: g * y,  lambda g, out, x, y: g * x)
divide   = primitive(np.divide,   lambda g, out, x, y: g / y,  lambda g, out, x, y: -g * out / y)
negative = primitive(np.negative, lambda g, out, x: -g)
positive = primitive(np.positive, lambda g, out, x: g)
square   = primitive(np.square,   lambda g, out, x: g * 2 * x)
reciprocal = primitive(np.reciprocal, lambda g, out, x: -g * out * out)

# y - (y != 0) is y - 1 but for y = 0, where x ** -1 might be infinite and the slope is 0 all the same
power = primitive(np.power,
    lambda g, out, x, y: g * y * x ** (y - (y != 0)),
    lambda g, out, x, y: g * out * np.log(np.where(x > 0, x, np.where(x == 0, 1.0, np.nan))))

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
arccosh = primitive(np.arccosh, lambda g, out, x: g / np.sqrt(x * x - 1))
arctanh = primitive(np.arctanh, lambda g, out, x: g / (1 - x * x))
arctan2 = primitive(np.arctan2,  # x / (x² + y²), whose squares may underflow
    lambda g, out, y, x: g * (x / np.hypot(x, y) / np.hypot(x, y)),
    lambda g, out, y, x: -g * (y / np.hypot(x, y) / np.hypot(x, y)))

# Kinks: slope 0 for |x| and lengths at 0; half for each side where two arguments tie; nan where one is nan
hypot = primitive(np.hypot,
    lambda g, out, x, y: np.where(out == 0, 0, g * x / out),
    lambda g, out, x, y: np.where(out == 0, 0, g * y / out))
absolute = primitive(np.absolute, lambda g, out, x: g * np.sign(x))
maximum  = primitive(np.maximum,
    lambda g, out, x, y: np.where(x > y, g, np.where(x == y, g * 0.5, np.where(x < y, 0, np.nan))),
    lambda g, out, x, y: np.where(y > x, g, np.where(x == y, g * 0.5, np.where(y < x, 0, np.nan))))
minimum  = primitive(np.minimum,
    lambda g, out, x, y: np.where(x < y, g, np.where(x == y, g * 0.5, np.where(x > y, 0, np.nan))),
    lambda g, out, x, y: np.where(y < x, g, np.where(x == y, g * 0.5, np.where(y > x, 0, np.nan))))

# Steps: zero slope by decision
sign  = primitive(np.sign,  ZERO_SLOPE)
floor = primitive(np.floor, ZERO_SLOPE)
ceil  = primitive(np.ceil,  ZERO_SLOPE)
trunc = primitive(np.trunc, ZERO_SLOPE)
rint  = primitive(np.rint,  ZERO_SLOPE)

# fmt: on


# Activations ------------------------------------------------------------------------------------


def _wide() -> bool:
    """Whether np.tanh takes eight float64 numbers at a time on this machine, as with AVX-512."""
    found = np.lib.introspect.opt_func_info(func_name="^tanh$", signature="float64")
    kinds = [kind["current"] for kind in found.get("tanh", {}).values()]
    return any(name in kind for kind in kinds for name in ("AVX512", "X86_V4"))  # before NumPy 2.4, and since


MANY_NUMBERS = math.inf if _wide() else 1500  # elements, from which the table is quicker than np.tanh
BLOCK = 8192  # elements at a time, so that what lies in between stays in the cache
FINENESS = 128  # steps of the table in 1
LAST = 20 * FINENESS  # the step from where on tanh rounds to 1
# From tanh(-20) to tanh(20), and -0.0 in between, which added to a zero of either sign keeps it
TANH_TABLE = np.tanh(np.arange(LAST, -LAST - 1, -1) / -FINENESS)
# Arrays of no dimension, which spare NumPy the conversion of a number at each call
LOW, HIGH, ONE, THIRD, TWO_FIFTEENTHS = map(np.array, (-20.0, 20.0, 1.0, 1 / 3, 2 / 15))
SHIFT = np.array(1.5 * 2**52 / FINENESS)  # a float64 of this size counts in such steps, in its last bits
TABLE_START = SHIFT.view(np.int64) - LAST  # the bits of where, so shifted, the table begins
LITTLE = np.array(1e-100)  # added before squaring: without it the squares of tiny numbers would underflow


def _tanh_calls(new: Any, out: Array, x: Array) -> Iterator[tuple[Any, ...]]:
    """The calls that give tanh of float64 numbers, in about half of np.tanh's time if they are many.

    That is so without AVX-512; with it, np.tanh takes a third of the table's time.

    tanh(a + b) = (tanh a + tanh b) / (1 + tanh a · tanh b), where a is the step of a table that is
    nearest to x, and three terms of the series are enough for tanh b (the method of Tang, "Table-lookup
    algorithms for elementary functions and their error analysis", 1991).
    """
    if not (x.flags.c_contiguous and out.flags.c_contiguous):
        rows = new(x.shape, np.float64)
        yield np.copyto, rows, x
        yield from _tanh_calls(new, rows, rows)
        yield np.copyto, out, rows
        return
    room = [new(min(x.size, BLOCK), kind) for kind in (np.float64, np.float64, np.float64, np.int64)]
    x, out = x.reshape(-1), out.reshape(-1)
    for i in range(0, x.size, BLOCK):
        some, t = x[i : i + BLOCK], out[i : i + BLOCK]
        b, z, s, place = (memory[: some.size] for memory in room)
        yield np.ndarray.clip, some, LOW, HIGH, b
        yield np.add, b, SHIFT, z
        yield np.subtract, z.view(np.int64), TABLE_START, place
        yield np.ndarray.take, TANH_TABLE, place, None, t, "clip"  # nan has no place, and takes any
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


def _sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), in a form that keeps its digits below 0; from 40 on it rounds to 1."""
    t = np.exp(np.minimum(x, 40))
    return t / (1 + t)  # type: ignore[no-any-return]


def _normal_cdf(x: Array) -> Array:
    from scipy.special import ndtr

    return ndtr(x)  # type: ignore[no-any-return]


@cache
def flush_constant(dtype: Any, bits: int) -> Any:
    """A number that, added and subtracted again, rounds to multiples of 2 ** bits times the least normal one,
    and negative numbers to multiples of half of that.

    So what is next to nothing becomes 0, before it is subnormal: below 1e-38 in float32 and 2e-308 in
    float64, many processors take tens of times as long. Other numbers change by their last digit at most.
    Where the dtype has no room for such a number, it is 0.

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
# The number itself, whose gradient is 0 where it is next to nothing; and the root of a sum of squares, whose
# slope at 0 is taken for 0, as that of a length, which has no smaller value
flush_subnormals    = primitive(lambda x: x, lambda g, out, x: subnormals_flushed(g), name="flush_subnormals")
root       = primitive(lambda x: np.sqrt(x),
                       lambda g, out, x: np.where(out == 0, 0, g * 0.5 / out), name="root")
tanh       = primitive(_tanh,    lambda g, out, x: g * (1 - out * out), name="tanh")
sigmoid    = primitive(_sigmoid, lambda g, out, x: g * out * (1 - out), name="sigmoid")
logaddexp  = primitive(np.logaddexp,
                       lambda g, out, x, y: g * sigmoid(x - y),
                       lambda g, out, x, y: g * sigmoid(y - x))
softplus   = primitive(lambda x: np.logaddexp(x, 0), lambda g, out, x: g * sigmoid(x), name="softplus")
relu       = primitive(lambda x: np.maximum(x, 0), lambda g, out, x: g * (out > 0), name="relu")
leaky_relu = primitive(lambda x: np.maximum(x, 0.01 * x),
                       lambda g, out, x: np.where(x > 0, g, g * 0.01), name="leaky_relu")
normal_cdf = primitive(_normal_cdf,
                       lambda g, out, x: g * np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi),
                       name="normal_cdf")

# Choices and casts
select = primitive(np.where,
    ZERO_SLOPE,
    lambda g, out, condition, x, y: np.where(condition, g, 0),
    lambda g, out, condition, x, y: np.where(condition, 0, g), name="where")
limit  = primitive(np.clip,
    lambda g, out, x, lo, hi: np.where(np.isnan(out), np.nan, np.where((lo <= x) & (x <= hi), g, 0)),
    lambda g, out, x, lo, hi: np.where(np.isnan(out), np.nan, np.where((x < lo) & (lo <= hi), g, 0)),
    lambda g, out, x, lo, hi: np.where(np.isnan(out), np.nan, np.where((x > hi) | (lo > hi), g, 0)),
    name="clip")
astype = primitive(lambda x, dtype: x.astype(dtype), lambda g, out, x, dtype: g, name="astype")
# fmt: on

implements(np.tanh)(tanh)


@implements(np.where)
def where(condition: Any, x: Any, y: Any) -> Any:
    """NumPy's ``where`` of three arguments."""
    return select(condition, x, y)


@implements(np.clip)
def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """NumPy's ``clip``; the slope is 1 on the limits and between them."""
    lo = a_min if min is None else min
    hi = a_max if max is None else max
    return limit(a, -np.inf if lo is None else lo, np.inf if hi is None else hi)


WITHOUT_SLOPE.update(
    {np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal}
    | {np.isfinite, np.isinf, np.isnan, np.signbit}
    | {np.logical_and, np.logical_or, np.logical_not, np.logical_xor}
)
