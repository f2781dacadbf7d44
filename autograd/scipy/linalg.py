"""``scipy.linalg``: functions of matrices that can be differentiated, and SciPy's own others.

What is said of their derivatives is said in terms of other functions of this module, so that they have
derivatives of any order. A Tensor in a function that is not listed here raises an error.

>>> import numpy as np
>>> from autograd import grad
>>> grad(lambda x: np.sum(expm(x)))(np.zeros((2, 2)))
array([[1., 1.],
       [1., 1.]])
"""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any

import numpy as np
from scipy import linalg as own

from autograd.errors import UnsupportedError
from autograd.extend import defvjp, primitive
from autograd.tensor import Tensor

__all__ = own.__all__


def _T(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


# Functions of a matrix ---------------------------------------------------------------------------


def _change(function: Callable[..., Any], a: Any, g: Any) -> Any:
    """The change of a function of the matrix ``a`` for the change ``g`` of that.

    It is a block of the same function of a larger matrix (Higham, "Functions of Matrices", 2008, ch. 3).
    """
    n = np.shape(a)[-1]
    blocks = np.concatenate([np.concatenate([a, g], -1), np.concatenate([np.zeros_like(g), a], -1)], -2)
    return function(blocks)[..., :n, n:]


expm = primitive(own.expm)
logm = primitive(own.logm)
sqrtm = primitive(own.sqrtm)
for _function in (expm, logm, sqrtm):
    defvjp(_function, lambda ans, a, f=_function: lambda g: _change(f, _T(a), g))

# Linear systems ----------------------------------------------------------------------------------

solve_sylvester = primitive(own.solve_sylvester)  # the x for which a x + x b = q
defvjp(
    solve_sylvester,
    lambda ans, a, b, q: lambda g: -solve_sylvester(_T(a), _T(b), g) @ _T(ans),
    lambda ans, a, b, q: lambda g: -_T(ans) @ solve_sylvester(_T(a), _T(b), g),
    lambda ans, a, b, q: lambda g: solve_sylvester(_T(a), _T(b), g),
)


@primitive
@wraps(own.solve_triangular)
def solve_triangular(
    a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False, **options: Any
) -> Any:
    return own.solve_triangular(a, b, trans, lower, unit_diagonal, **options)


def _transposed_system(g: Any, a: Any, trans: Any, lower: bool, unit_diagonal: bool) -> Any:
    if trans not in (0, 1, "N", "T"):
        raise UnsupportedError(
            f"solve_triangular(trans={trans!r}) has no derivative here; it has for trans=0 and 1"
        )
    return solve_triangular(a, g, int(trans in (0, "N")), lower, unit_diagonal)


def _of_triangle(
    ans: Any,
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    **options: Any,
) -> Callable[[Any], Any]:
    def pull(g: Any) -> Any:
        back = _transposed_system(g, a, trans, lower, unit_diagonal)
        left, right = (back, ans) if trans in (0, "N") else (ans, back)
        product = -np.outer(left, right) if np.ndim(b) == 1 else -left @ _T(right)
        offset = int(unit_diagonal)
        return np.tril(product, -offset) if lower else np.triu(product, offset)

    return pull


defvjp(
    solve_triangular,
    _of_triangle,
    lambda ans, a, b, trans=0, lower=False, unit_diagonal=False: (
        lambda g: _transposed_system(g, a, trans, lower, unit_diagonal)
    ),
)


@primitive
def _solve_banded(ab: Any, b: Any, below: int, above: int, **options: Any) -> Any:
    return own.solve_banded((below, above), ab, b, **options)


def _band(ab: Any, below: int, above: int) -> tuple[Any, Any, Any]:
    """The rows and columns of the matrix that the numbers of ``ab`` are, and which of them are in it."""
    n = np.shape(ab)[-1]
    columns = np.broadcast_to(np.arange(n), (below + above + 1, n))
    rows = columns + np.arange(-above, below + 1)[:, None]
    return np.clip(rows, 0, n - 1), columns, (rows >= 0) & (rows < n)


def _transposed_band(ab: Any, below: int, above: int) -> Any:
    """The diagonals of the transposed matrix."""
    rows, columns, inside = _band(ab, above, below)
    return np.where(inside, ab[above + columns - rows, rows], 0.0)


def _of_band(ans: Any, ab: Any, b: Any, below: int, above: int, **options: Any) -> Callable[[Any], Any]:
    def pull(g: Any) -> Any:
        back = _solve_banded(_transposed_band(ab, below, above), g, above, below)
        rows, columns, inside = _band(ab, below, above)
        product = back[rows] * ans[columns]
        return np.where(inside, -product if np.ndim(b) == 1 else -np.sum(product, axis=-1), 0.0)

    return pull


defvjp(
    _solve_banded,
    _of_band,
    lambda ans, ab, b, below, above: (
        lambda g: _solve_banded(_transposed_band(ab, below, above), g, above, below)
    ),
)


_solve_banded.name = "solve_banded"


def solve_banded(l_and_u: Any, ab: Any, b: Any, **options: Any) -> Any:
    """SciPy's ``solve_banded``: ``ab`` has the diagonals of the matrix.

    >>> solve_banded((1, 0), np.array([[2.0, 2.0], [1.0, 0.0]]), np.array([2.0, 3.0]))
    array([1., 1.])
    """
    below, above = l_and_u
    return _solve_banded(ab, b, below, above, **options)


# Functions that NumPy has too --------------------------------------------------------------------


def _numpys(function: Callable[..., Any], numpys: Callable[..., Any]) -> Callable[..., Any]:
    """SciPy's function; for Tensors, NumPy's of the same arguments."""
    known = signature(numpys)

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not any(isinstance(x, Tensor) for x in (*args, *kwargs.values())):
            return function(*args, **kwargs)
        options = {name: x for name, x in kwargs.items() if name not in OF_SPEED}
        try:
            known.bind(*args, **options)
        except TypeError as error:
            raise UnsupportedError(f"scipy.linalg.{function.__name__}() of a Tensor: {error}") from None
        return numpys(*args, **options)

    return call


OF_SPEED = {"check_finite", "overwrite_a", "overwrite_b"}  # options that do not change what is computed


inv = _numpys(own.inv, np.linalg.inv)
det = _numpys(own.det, np.linalg.det)
solve = _numpys(own.solve, np.linalg.solve)
norm = _numpys(own.norm, np.linalg.norm)
svd = _numpys(own.svd, np.linalg.svd)
svdvals = _numpys(own.svdvals, np.linalg.svdvals)
eig = _numpys(own.eig, np.linalg.eig)
eigvals = _numpys(own.eigvals, np.linalg.eigvals)
eigh = _numpys(own.eigh, lambda a, *, lower=True: np.linalg.eigh(a, "L" if lower else "U"))
eigvalsh = _numpys(own.eigvalsh, lambda a, *, lower=True: np.linalg.eigvalsh(a, "L" if lower else "U"))
cholesky = _numpys(own.cholesky, lambda a, lower=False: np.linalg.cholesky(a, upper=not lower))
pinv = _numpys(own.pinv, np.linalg.pinv)


def block_diag(*arrs: Any) -> Any:
    """SciPy's ``block_diag``: matrices along the diagonal of a larger one.

    >>> block_diag([[1.0]], [[2.0, 3.0]])
    array([[1., 0., 0.],
           [0., 2., 3.]])
    """
    if not any(isinstance(a, Tensor) for a in arrs):
        return own.block_diag(*arrs)
    blocks = [np.atleast_2d(a) for a in arrs]
    width, start, rows = sum(np.shape(a)[1] for a in blocks), 0, []
    for a in blocks:
        rows.append(np.pad(a, ((0, 0), (start, width - start - np.shape(a)[1]))))
        start += np.shape(a)[1]
    return np.concatenate(rows)


def __getattr__(name: str) -> Any:
    return getattr(own, name)
