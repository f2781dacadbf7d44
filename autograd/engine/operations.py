"""The formulas of the scalar operations: each computes a number and its slopes, or raises an error.

A formula gets the node to fill and the numbers of its operands. Operations on one number ignore the second
number. The formulas give the same bits as those of the oracle, ``autograd.scalar.engine``. In compiled code
C's arithmetic takes the place of Python's. It raises no errors, so each formula checks its operands itself.
"""

import math
from math import e, inf, nan, pi
from types import CodeType
from typing import Any

from autograd.engine.node import Node, note_place
from autograd.errors import DomainError
from autograd.support import LIBRARIES, Place

__all__ = ["BINARY", "CODES", "NAMES", "SYMBOLS", "UNARY", "observe_operations", "place_of"]

E, INF, NAN, SQRT_2_PI = e, inf, nan, math.sqrt(2 * pi)


def raised(x: float, k: float) -> float:
    """x ** k, or infinity where Python raises OverflowError."""
    try:
        y: float = x**k
    except OverflowError:
        y = INF
    return y


def logistic(x: float) -> float:
    """1 / (1 + exp(-x)), in a form that cannot overflow."""
    t = math.exp(-abs(x))
    return 1 / (1 + t) if x >= 0 else t / (1 + t)


def add(out: Node, x: float, y: float) -> None:
    out._number = x + y
    out._da = out._db = 1.0


def sub(out: Node, x: float, y: float) -> None:
    out._number = x - y
    out._da = 1.0
    out._db = -1.0


def mul(out: Node, x: float, y: float) -> None:
    out._number = x * y
    out._da = y
    out._db = x


def div(out: Node, x: float, y: float) -> None:
    if y == 0:
        raise ZeroDivisionError("float division by zero")
    z = x / y
    out._number = z
    out._da = 1 / y
    out._db = -z / y


def power(out: Node, x: float, k: float) -> None:
    if x < 0 and math.isfinite(k) and k != math.floor(k):
        raise DomainError(f"{x} ** {k} is not a real number")
    if x == 0 and k < 0 and k != -INF:
        raise ZeroDivisionError("0.0 cannot be raised to a negative power")
    y = raised(x, k)
    if (y == INF or y == -INF) and math.isfinite(x) and math.isfinite(k):
        raise OverflowError(f"{x} ** {k} is beyond the largest float")
    out._number = y
    if out._a is not None:
        out._da = 2.0 * x if k == 2 else base_slope(x, k, y)
    if out._b is not None:  # at x = 0 the slope for k is 0 by convention; for x < 0 it is undefined
        out._db = y * math.log(x) if x > 0 else 0.0 if x == 0 else NAN


def base_slope(x: float, k: float, y: float) -> float:
    """The slope of y = x ** k with respect to x."""
    if x == 0:  # for k below 1, except 0, the tangent is vertical
        return k if k == 0 or k == 1 else INF if k < 1 else 0.0
    if k == INF or k == -INF:  # y is |x| ** k, which is 0, 1 or infinite
        return 0.0 if y == 0 else k if x > 0 else -k if x < 0 else NAN
    slope = raised(x, k - 1)
    return k * (y / x) if (slope == INF or slope == -INF) and math.isfinite(x) else k * slope


def neg(out: Node, x: float, y: float) -> None:
    out._number = -x
    out._da = -1.0


def pos(out: Node, x: float, y: float) -> None:
    out._number = x
    out._da = 1.0


def absolute(out: Node, x: float, y: float) -> None:
    out._number = abs(x)
    out._da = 1.0 if x > 0 else -1.0 if x < 0 else 0.0


def exp(out: Node, x: float, y: float) -> None:
    z = raised(E, x)  # not math.exp, to give the same digits as the library that this one replaces
    if z == INF and math.isfinite(x):
        raise OverflowError(f"exp() of {x} is beyond the largest float")
    out._number = z
    out._da = z


def log(out: Node, x: float, y: float) -> None:
    if x <= 0:
        raise DomainError(f"log() wants a number above 0, got {x}")
    out._number = math.log(x)
    out._da = 1 / x


def sqrt(out: Node, x: float, y: float) -> None:
    if x < 0:
        raise DomainError(f"sqrt() wants a number of 0 or more, got {x}")
    z = math.sqrt(x)
    out._number = z
    out._da = 0.5 / z if z != 0 else INF


def sin(out: Node, x: float, y: float) -> None:
    if math.isinf(x):
        raise DomainError(f"sin() wants a finite number, got {x}")
    out._number = math.sin(x)
    out._da = math.cos(x)


def cos(out: Node, x: float, y: float) -> None:
    if math.isinf(x):
        raise DomainError(f"cos() wants a finite number, got {x}")
    out._number = math.cos(x)
    out._da = -math.sin(x)


def tanh(out: Node, x: float, y: float) -> None:
    z = math.tanh(x)
    out._number = z
    out._da = 1 - z * z


def sigmoid(out: Node, x: float, y: float) -> None:
    z = logistic(x)
    out._number = z
    out._da = z * (1 - z)


def relu(out: Node, x: float, y: float) -> None:
    if x > 0:
        out._number = x
        out._da = 1.0
    else:
        out._number = 0.0 if x <= 0 else x
        out._da = 0.0


def leaky_relu(out: Node, x: float, y: float) -> None:
    slope = 1.0 if x > 0 else 0.01
    out._number = slope * x
    out._da = slope


def softplus(out: Node, x: float, y: float) -> None:
    out._number = (0.0 if x < 0 else x) + math.log1p(math.exp(-abs(x)))
    out._da = logistic(x)


def gelu(out: Node, x: float, y: float) -> None:
    below = 0.5 * math.erfc(-x / math.sqrt(2.0))
    density = math.exp(-0.5 * x * x) / SQRT_2_PI
    out._number = x * below
    out._da = below + x * density


# fmt: off
LEAF, PARAMETER, OUTPUT, USER_OPERATION = 0, 1, 2, 3  # nodes that no operation below has made
ADD, SUB, MUL, DIV, POW, NEG, POS, ABS = 4, 5, 6, 7, 8, 9, 10, 11
EXP, LOG, SQRT, SIN, COS, TANH = 12, 13, 14, 15, 16, 17
SIGMOID, RELU, LEAKY_RELU, SOFTPLUS, GELU = 18, 19, 20, 21, 22
PLAIN_FORMULAS = [
    pos, pos, pos, pos,  # placeholders: these codes have no formula
    add, sub, mul, div, power, neg, pos, absolute,
    exp, log, sqrt, sin, cos, tanh, sigmoid, relu, leaky_relu, softplus, gelu,
]
FORMULAS = PLAIN_FORMULAS[:]  # those in use; see `observe_operations`
NAMES = (
    "leaf", "parameter", "output", "user_operation",
    "add", "sub", "mul", "truediv", "pow", "neg", "pos", "abs",
    "exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "relu", "leaky_relu", "softplus", "gelu",
)
BINARY, UNARY = NAMES[ADD:NEG], NAMES[NEG:EXP]  # the operators of two numbers, and those of one
SYMBOLS = ("", "", "", "", "+", "-", "*", "/", "**", "neg", "pos", "abs", *NAMES[EXP:])
# fmt: on
CODES = {name: code for code, name in enumerate(NAMES)}


class Observation:
    """What is called after operations.

    Attributes:
        callback: the function that is called, or None.
        every: whether it is called after every operation, or only after those without a finite result.

    Before an operation is computed at once, its place is noted in the node.
    """

    def __init__(self) -> None:
        self.callback: Any = None
        self.every = True


OBSERVATION = Observation()


def observed_formula(out: Node, x: float, y: float) -> None:
    """Compute an operation, then call the callback: the formula of every operation while one is set."""
    if out._source is None:
        note_place(out, LIBRARIES)
    try:
        PLAIN_FORMULAS[out._code](out, x, y)
    except (ArithmeticError, ValueError) as error:
        if OBSERVATION.every:
            OBSERVATION.callback(out, x, y, error)
        raise
    if OBSERVATION.every or not has_finite_result(out):
        OBSERVATION.callback(out, x, y, None)


def has_finite_result(out: Node) -> bool:
    """Whether the number of a node, and its slopes for the operands that are nodes, are finite."""
    total = out._number
    if out._a is not None:
        total += 0 * out._da
    if out._b is not None:
        total += 0 * out._db
    return total - total == 0


def observe_operations(callback: Any, every: bool) -> None:
    """Have ``callback(out, x, y, error)`` called after operations; ``callback=None`` ends that.

    Args:
        callback: the function. ``error`` is the error that the operation raised, or None.
        every: whether it is called after every operation, or only after those whose result, or a slope of it,
            is infinite or nan.
    """
    OBSERVATION.callback = callback
    OBSERVATION.every = every
    for code in range(len(NAMES)):
        FORMULAS[code] = PLAIN_FORMULAS[code] if callback is None else observed_formula


def place_of(v: Any) -> Place | None:
    """Where the program made a Value by an operation, if there was an observer then."""
    code = getattr(v, "_home", None)
    return Place(code, v._index) if isinstance(code, CodeType) else None
