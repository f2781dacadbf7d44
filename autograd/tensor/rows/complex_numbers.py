"""Parts of complex numbers: functions that are not holomorphic."""

from typing import Any

import numpy as np

from autograd.tensor.core import plain
from autograd.tensor.dispatch import WITHOUT_SLOPE
from autograd.tensor.primitive import implements, primitive
from autograd.tensor.rows.moving import sort

# fmt: off
real      = primitive(lambda x: np.real(x), lambda g, out, x: g,
                      name="real", elementwise=True, linear=True)
imag      = primitive(lambda x: np.imag(x), lambda g, out, x: g * -1j,
                      name="imag", elementwise=True, linear=True)
conjugate = primitive(lambda x: np.conjugate(x), lambda g, out, x: np.conjugate(g),
                      name="conjugate", elementwise=True, linear=True)
phase     = primitive(lambda x: np.angle(x), lambda g, out, x: g * -1j / x,
                      name="angle", elementwise=True)
# fmt: on

implements(np.real)(lambda val: real(val))
implements(np.imag)(lambda val: imag(val))
implements(np.conjugate)(lambda x: conjugate(x) if x.dtype.kind == "c" else x)


@implements(np.angle)
def angle(z: Any, deg: bool = False) -> Any:
    """NumPy's ``angle``; the slope of that of a real number is 0."""
    return phase(z) * (180 / np.pi) if deg else phase(z)


@implements(np.real_if_close)
def real_if_close(a: Any, tol: float = 100) -> Any:
    """NumPy's ``real_if_close``."""
    return a if np.iscomplexobj(np.real_if_close(plain(a), tol)) else real(a)


@implements(np.sort_complex)
def sort_complex(a: Any) -> Any:
    """NumPy's ``sort_complex``."""
    return sort(a) + 0j


@implements(np.unwrap)
def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: float = 2 * np.pi) -> Any:
    """NumPy's ``unwrap``: what is added does not change with the angles."""
    return p + (np.unwrap(plain(p), discont, axis, period=period) - plain(p))


WITHOUT_SLOPE.update({np.iscomplexobj, np.isrealobj, np.isreal, np.iscomplex})
