"""SciPy's special functions. The formulas are those of the NIST Digital Library of Mathematical Functions."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from autograd.errors import UnsupportedError
from autograd.tensor.primitive import ZERO_SLOPE, implements, primitive
from autograd.tensor.tape import Array
from autograd.tensor.trace import Kernel

ROOT_OF_PI = math.sqrt(math.pi)
ROOT_OF_2_PI = math.sqrt(2 * math.pi)


def missing(name: str, argument: str) -> Callable[..., Any]:
    """The formula of a derivative that is not known here, which raises an UnsupportedError."""

    def formula(*_: Any, **__: Any) -> Any:
        raise UnsupportedError(f"scipy.special.{name}() has no derivative by {argument} here")

    return formula


def _empty_polygamma(n: Any, x: Any) -> Array:
    return np.empty(np.broadcast_shapes(np.shape(n), np.shape(x)))


def _fill_polygamma(out: Array, n: Any, x: Any) -> None:
    out[...] = special.polygamma(n, x)


# fmt: off

# The gamma function and its relatives. polygamma(n) is the (n + 1)-th derivative of gammaln
polygamma: Any = primitive(Kernel("polygamma", _empty_polygamma, _fill_polygamma),
                      ZERO_SLOPE, lambda g, out, n, x: g * polygamma(n + 1, x), name="polygamma",
                      elementwise=True)
gammaln   = primitive(special.gammaln,  lambda g, out, x: g * special.psi(x))
psi       = primitive(special.psi,      lambda g, out, x: g * polygamma(1, x))
gamma     = primitive(special.gamma,    lambda g, out, x: g * out * special.psi(x))
rgamma    = primitive(special.rgamma,   lambda g, out, x: -g * out * special.psi(x))
gammasgn  = primitive(special.gammasgn, ZERO_SLOPE)
beta      = primitive(special.beta,
    lambda g, out, a, b: g * out * (special.psi(a) - special.psi(a + b)),
    lambda g, out, a, b: g * out * (special.psi(b) - special.psi(a + b)))
betaln    = primitive(special.betaln,
    lambda g, out, a, b: g * (special.psi(a) - special.psi(a + b)),
    lambda g, out, a, b: g * (special.psi(b) - special.psi(a + b)))
gammainc  = primitive(special.gammainc,  missing("gammainc", "a"),
    lambda g, out, a, x: g * np.exp(special.xlogy(a - 1, x) - x - special.gammaln(a)))
gammaincc = primitive(special.gammaincc, missing("gammaincc", "a"),
    lambda g, out, a, x: -g * np.exp(special.xlogy(a - 1, x) - x - special.gammaln(a)))
betainc   = primitive(special.betainc,   missing("betainc", "a"), missing("betainc", "b"),
    lambda g, out, a, b, x:
        g * np.exp(special.xlogy(a - 1, x) + special.xlog1py(b - 1, -x) - special.betaln(a, b)))

# Error functions and the normal distribution
erf      = primitive(special.erf,      lambda g, out, x: g * (2 / ROOT_OF_PI) * np.exp(-x * x))
erfc     = primitive(special.erfc,     lambda g, out, x: -g * (2 / ROOT_OF_PI) * np.exp(-x * x))
erfinv   = primitive(special.erfinv,   lambda g, out, x: g * (ROOT_OF_PI / 2) * np.exp(out * out))
erfcinv  = primitive(special.erfcinv,  lambda g, out, x: -g * (ROOT_OF_PI / 2) * np.exp(out * out))
ndtr     = primitive(special.ndtr,     lambda g, out, x: g * np.exp(-0.5 * x * x) / ROOT_OF_2_PI)
log_ndtr = primitive(special.log_ndtr, lambda g, out, x: g * np.exp(-0.5 * x * x - out) / ROOT_OF_2_PI)
ndtri    = primitive(special.ndtri,    lambda g, out, x: g * np.exp(0.5 * out * out) * ROOT_OF_2_PI)

# The logistic function, and terms of entropies
expit     = primitive(special.expit,     lambda g, out, x: g * out * (1 - out))
log_expit = primitive(special.log_expit, lambda g, out, x: g * special.expit(-x))
logit     = primitive(special.logit,     lambda g, out, x: g / (x * (1 - x)))
xlogy     = primitive(special.xlogy,
    lambda g, out, x, y: g * np.log(y), lambda g, out, x, y: np.where(x == 0, 0, g * x / y))
xlog1py   = primitive(special.xlog1py,
    lambda g, out, x, y: g * np.log1p(y), lambda g, out, x, y: np.where(x == 0, 0, g * x / (1 + y)))
entr      = primitive(special.entr,      lambda g, out, x: -g * (np.log(x) + 1))
rel_entr  = primitive(special.rel_entr,
    lambda g, out, x, y: g * (np.log(x / y) + 1), lambda g, out, x, y: -g * np.where(x == 0, 0, x / y))
kl_div    = primitive(special.kl_div,
    lambda g, out, x, y: g * np.log(x / y), lambda g, out, x, y: g * (1 - np.where(x == 0, 0, x / y)))

# Bessel functions
jv  = primitive(special.jv,  missing("jv", "v"),
                lambda g, out, v, x: g * 0.5 * (special.jv(v - 1, x) - special.jv(v + 1, x)))
yv  = primitive(special.yv,  missing("yv", "v"),
                lambda g, out, v, x: g * 0.5 * (special.yv(v - 1, x) - special.yv(v + 1, x)))
yn  = primitive(special.yn,  missing("yn", "n"),
                lambda g, out, n, x: g * 0.5 * (special.yv(n - 1, x) - special.yv(n + 1, x)))
iv  = primitive(special.iv,  missing("iv", "v"),
                lambda g, out, v, x: g * 0.5 * (special.iv(v - 1, x) + special.iv(v + 1, x)))
kv  = primitive(special.kv,  missing("kv", "v"),
                lambda g, out, v, x: -g * 0.5 * (special.kv(v - 1, x) + special.kv(v + 1, x)))
ive = primitive(special.ive, missing("ive", "v"), lambda g, out, v, x:
                g * (0.5 * (special.ive(v - 1, x) + special.ive(v + 1, x)) - np.sign(x) * out))
j0  = primitive(special.j0,  lambda g, out, x: -g * special.j1(x))
j1  = primitive(special.j1,  lambda g, out, x: g * 0.5 * (special.j0(x) - special.jv(2, x)))
y0  = primitive(special.y0,  lambda g, out, x: -g * special.y1(x))
y1  = primitive(special.y1,  lambda g, out, x: g * 0.5 * (special.y0(x) - special.yv(2, x)))
i0  = primitive(special.i0,  lambda g, out, x: g * special.i1(x))
i1  = primitive(special.i1,  lambda g, out, x: g * 0.5 * (special.i0(x) + special.iv(2, x)))
k0  = primitive(special.k0,  lambda g, out, x: -g * special.k1(x))
k1  = primitive(special.k1,  lambda g, out, x: -g * 0.5 * (special.k0(x) + special.kv(2, x)))
# fmt: on


@implements(np.i0)
def i0_(x: Any) -> Any:
    """NumPy's ``i0``."""
    return special.i0(x)
