"""Gradients of a user's function held against differences of its values, number by number."""

import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from autograd.engine import Value
from autograd.errors import DerivativeError, GradientWarning, UnsupportedError
from autograd.nn import Module
from autograd.optim import vector_of
from autograd.tensor import Array, Tensor, leaves_of, on_the_tape, rebuilt

__all__ = ["Comparison", "check_grads"]

MOST = 200  # numbers of one argument that are compared; of more, so many are drawn
COMPLEX_STEP = 1e-30  # no error comes from its square
STEPS = 5  # central differences that are tried, each with an eighth of the step before
COARSEST = 1e-2  # the relative difference that is allowed at most, for float32


class Comparison(NamedTuple):
    """A slope by ``backward()`` and the same by the function's values.

    Attributes:
        place: the argument, counted from 0, and where in it the number stands.
        gradient: the slope by ``backward()``.
        slope: the slope by the function's values.
        method: how that was found: "complex step" or "central differences".

    >>> import numpy as np
    >>> check_grads(lambda x: np.tanh(x) ** 2, 3.0).method
    'complex step'
    """

    place: str
    gradient: float
    slope: float
    method: str


def check_grads(function: Callable[..., Any], *args: Any) -> Comparison | None:
    """Check that ``backward()`` gives the slopes that the values of a function have.

    Each number of each argument is varied, the others are left as they are. Where the result holds several
    numbers, a weighted sum of them is compared, with the same weights in every run. Of an argument with more
    than 200 numbers, 200 are drawn, the same in every run.

    Slopes are central differences. Where a function of NumPy takes complex numbers, a step along the
    imaginary axis is tried too, which is exact to rounding for analytic functions (W. Squire, G. Trapp: Using
    complex variables to estimate derivatives of real functions, SIAM Review 40, 1998). It counts if it agrees
    with the differences. Slopes may differ by about 1e-6 of themselves, and by 4e-7 if they are small: scale
    a function up whose slopes are smaller. With float32 they may differ by 1 %.

    Args:
        function: a function that returns a Value, a Tensor, or lists, tuples or dicts of them. It is called
            many times, so it must not draw random numbers. What it takes from outside, such as a net that is
            no argument, gets a gradient, as by any ``backward()``.
        args: Values, Tensors, floats, arrays of floats, nets and other modules; or lists, tuples or dicts of
            them. Floats and arrays come to the function as Tensors. Nets get their parameters and gradients
            back. Whole numbers, booleans, text and the like are not varied.

    Returns:
        The comparison that is nearest to being wrong; None if there are only kinks.

    Warns:
        GradientWarning: the function has a kink at an argument, so there is no single slope to compare with;
            the gradient lies between the slopes of both sides.

    Raises:
        DerivativeError: a slope by ``backward()`` is wrong; the message names the worst with both numbers. Or
            the function has no finite value at the arguments.
        UnsupportedError: no argument can be varied, or the function returns nothing that could be
            differentiated, or different values for the same arguments.

    >>> from autograd import Net, Value, losses
    >>> worst = check_grads(lambda a, b: (a * b).tanh(), Value(0.5), Value(-2.0))
    >>> abs(worst.gradient - worst.slope) < 1e-8
    True
    >>> net = Net(2, [3, 1], "tanh")
    >>> worst = check_grads(lambda net, X: losses.mse(net(X), [[0.0]]), net, np.array([[0.1, 0.2]]))
    >>> def wrong(x):
    ...     out = Value(x.data**3, (x,), "cube")
    ...     def _backward():
    ...         x.grad += 3 * x.data * out.grad
    ...     out._backward = _backward
    ...     return out
    >>> check_grads(wrong, Value(2.0))
    Traceback (most recent call last):
    autograd.errors.DerivativeError: check_grads(): ... argument 0 is 6 by backward() and 12 by central ...
    """
    leaves = []
    for i, arg in enumerate(args):
        found = leaves_of(arg)
        for j, leaf in enumerate(found):
            leaves.append(Argument(leaf, f"argument {i}" + (f", part {j}" if len(found) > 1 else "")))
    if not any(leaf.numbers.size for leaf in leaves):
        kinds = ", ".join(dict.fromkeys(type(leaf.leaf).__name__ for leaf in leaves)) or "nothing"
        raise UnsupportedError(f"check_grads() wants Values, Tensors, floats or modules to vary, got {kinds}")
    try:
        compared, kinks = Varied(function, args, leaves).compared()
    finally:
        for leaf in leaves:
            leaf.restore()
    if kinks:
        others = f" and at {len(kinks) - 1} more numbers" if len(kinks) > 1 else ""
        text = f"check_grads(): the function has a kink at {kinks[0].place}{others}, so its slope there, "
        text += f"{kinks[0].gradient:.6g} by backward(), is not compared"
        warnings.warn(text, GradientWarning, stacklevel=2)
    if not compared:
        return None
    excess, worst = max(compared, key=lambda pair: pair[0])
    if excess > 1:
        wrong = sum(e > 1 for e, _ in compared)
        raise DerivativeError(
            f"check_grads(): the slope of {getattr(function, '__name__', function)} by {worst.place} is "
            f"{worst.gradient:.10g} by backward() and {worst.slope:.10g} by {worst.method}; {wrong} of "
            f"{len(compared)} slopes are wrong, and this one is the worst"
        )
    return worst


class Argument:
    """A leaf of the arguments, whose numbers can be varied.

    Attributes:
        numbers: its numbers, as a vector of their own; empty if it is not varied.
        vector: the parameters and gradients of a module; None for other leaves.
    """

    def __init__(self, leaf: Any, name: str) -> None:
        self.leaf, self.name = leaf, name
        self.vector: Any = None
        if isinstance(leaf, Module):
            self.vector = vector_of(leaf)
            self.vector.sync()
            numbers: Any = self.vector.values
            self.grads = self.vector.grads.copy()
            self.without = [p for p in leaf.params() if isinstance(p, Tensor) and p.grad is None]
        elif isinstance(leaf, Value | Tensor):
            numbers = leaf.data
        else:
            numbers = leaf if isinstance(leaf, float | np.floating | np.ndarray) else ()
        array = np.asarray(numbers)
        if array.dtype.kind in "cO" and array.size:
            kind = "complex numbers" if array.dtype.kind == "c" else "an array of objects"
            raise UnsupportedError(
                f"check_grads() cannot vary {kind}, as it got in {name}; give lists of Values"
            )
        self.shape, self.dtype = array.shape, array.dtype
        self.numbers = np.array(array, copy=True).ravel() if array.dtype.kind == "f" else np.empty(0)

    def place(self, i: int) -> str:
        """Where number ``i`` stands, for messages."""
        if self.vector is not None:
            return f"{self.name}, parameter {i}"
        if len(self.shape) > 1:
            return f"{self.name}, at {tuple(map(int, np.unravel_index(i, self.shape)))}"
        return f"{self.name}, number {i}" if self.shape else self.name

    def plain(self, numbers: Array) -> Any:
        """The leaf with these numbers, without a graph; complex ones in an array."""
        if not self.numbers.size:
            return self.leaf
        if self.vector is not None:
            self._write(numbers)
            return self.leaf
        if isinstance(self.leaf, Value):
            return Value(float(numbers[0]))
        array = numbers.reshape(self.shape).copy()
        return array[()] if array.dtype.kind == "c" else Tensor(array)

    def tracked(self) -> Any:
        """The leaf with its own numbers, as the start of a graph."""
        if not self.numbers.size:
            return self.leaf
        if self.vector is not None:
            self._write(self.numbers)
            self.leaf.zero_grad()
            return self.leaf
        if isinstance(self.leaf, Value):
            return Value(float(self.numbers[0]))
        return Tensor(self.numbers.reshape(self.shape).copy(), requires_grad=True)

    def gradient(self, tracked: Any) -> Array:
        """The gradient that ``backward()`` has left."""
        if not self.numbers.size:
            return np.empty(0)
        if self.vector is None:
            found = tracked.grad
        else:
            self.vector.sync()
            found = self.vector.grads
        return np.zeros(len(self.numbers)) if found is None else np.array(found, float).ravel()

    def _write(self, numbers: Array) -> None:
        """Write numbers into the parameters of a module."""
        self.vector.sync()
        self.vector.values[...] = numbers
        self.vector.mark_changed()

    def restore(self) -> None:
        """Write the numbers and the gradients of a module back."""
        if self.vector is not None:
            self._write(self.numbers)
            self.vector.grads[...] = self.grads
            self.vector.mark_gradient_changed()
            for p in self.without:
                p.grad = None


class Varied:
    """A function whose arguments are varied, one number at a time.

    Args:
        function, args: as for `check_grads`.
        leaves: those of all arguments.
    """

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], leaves: list[Argument]) -> None:
        self.function, self.args, self.leaves = function, args, leaves
        self.weights = np.empty(0)  # of the numbers in the result
        self.here = 0.0  # the weighted sum of the result at the arguments
        self.eps = max(float(np.finfo(leaf.dtype).eps) for leaf in leaves if leaf.numbers.size)

    def outputs(self, leaves: list[Any]) -> list[Any]:
        """What the result holds of numbers, for these leaves of the arguments."""
        rest = iter(leaves)
        args = [rebuilt(arg, [next(rest) for _ in leaves_of(arg)]) for arg in self.args]
        return [
            out
            for out in leaves_of(self.function(*args))
            if isinstance(out, Value | Tensor) or np.asarray(out).dtype.kind in "fciub"
        ]

    def weighted(self, outputs: list[Any]) -> complex:
        """The weighted sum of the numbers in a result."""
        found = [np.ravel(out.data if isinstance(out, Value | Tensor) else out) for out in outputs]
        numbers = np.concatenate(found) if found else np.empty(0)
        if len(numbers) != len(self.weights):
            raise UnsupportedError(
                f"check_grads() wants a function that returns as many numbers each time, got {len(numbers)} "
                f"after {len(self.weights)}"
            )
        return complex(np.dot(numbers, self.weights))

    def at(self, k: int, i: int, change: complex) -> complex:
        """The weighted sum of the result, with number ``i`` of leaf ``k`` changed; -1 for no leaf."""
        plain: list[Any] = [None] * len(self.leaves)
        for j in sorted(range(len(self.leaves)), key=lambda j: j == k):  # k last: leaves may be one module
            numbers = self.leaves[j].numbers
            if j == k:
                numbers = numbers.astype(np.result_type(numbers, change), copy=True)
                numbers[i] += change
            plain[j] = self.leaves[j].plain(numbers)
        return self.weighted(self.outputs(plain))

    def gradients(self) -> list[Array]:
        """The gradient of the weighted sum of the result by each leaf, by ``backward()``."""
        with on_the_tape():
            tracked = [leaf.tracked() for leaf in self.leaves]
            outputs = self.outputs(tracked)
            if not any(isinstance(out, Value | Tensor) for out in outputs):
                kinds = ", ".join(dict.fromkeys(type(out).__name__ for out in outputs)) or "nothing"
                raise UnsupportedError(
                    f"check_grads() wants a function that returns a Value or a Tensor, got {kinds}: the "
                    "gradient is lost within it"
                )
            sizes = [out.size if isinstance(out, Tensor) else np.size(out) for out in outputs]
            count = sum(sizes)
            self.weights = np.ones(1) if count == 1 else np.random.default_rng(0).uniform(0.5, 1.5, count)
            dtypes = [out.dtype for out in outputs if isinstance(out, Tensor) and out.dtype.kind == "f"]
            self.eps = max([self.eps, *(float(np.finfo(dtype).eps) for dtype in dtypes)])
            for total in self._totals(outputs, np.split(self.weights, np.cumsum(sizes)[:-1])):
                total.backward()
        with_graph = self.weighted(outputs)
        self.here = float(np.real(self.at(-1, 0, 0.0)))
        if not np.isfinite(self.here):
            raise DerivativeError(f"check_grads(): the function's value at the arguments is {self.here}")
        if not abs(with_graph - self.here) <= 1e3 * self.eps * (1 + abs(self.here)):
            raise UnsupportedError(
                "check_grads() wants a function that gives the same for the same arguments, got "
                f"{np.real(with_graph):.10g} and {self.here:.10g}"
            )
        return [leaf.gradient(t) for leaf, t in zip(self.leaves, tracked, strict=True)]

    def _totals(self, outputs: list[Any], parts: list[Array]) -> list[Any]:
        """The weighted sums of the Values and of the Tensors among the outputs."""
        sums: dict[type, Any] = {}
        for out, weights in zip(outputs, parts, strict=True):
            if isinstance(out, Tensor) and out.requires_grad:
                part: Any = (out.reshape(-1) * weights.astype(out.dtype)).sum()
            elif isinstance(out, Value):
                part = out * float(weights[0])
            else:
                continue  # a constant
            sums[type(part)] = sums[type(part)] + part if type(part) in sums else part
        return list(sums.values())

    def compared(self) -> tuple[list[tuple[float, Comparison]], list[Comparison]]:
        """All comparisons, each with its difference as a multiple of what is allowed; and the kinks."""
        rng, found, kinks = np.random.default_rng(0), [], []
        for k, gradient in enumerate(self.gradients()):
            count = len(gradient)
            places = range(count) if count <= MOST else np.sort(rng.choice(count, MOST, False)).tolist()
            for i in places:
                excess, comparison = self.compare(k, i, float(gradient[i]))
                if excess > 1 and self._is_kink(k, i, comparison.gradient):
                    kinks.append(comparison)
                else:
                    found.append((excess, comparison))
        return found, kinks

    def compare(self, k: int, i: int, gradient: float) -> tuple[float, Comparison]:
        """The comparison of one slope, and its difference as a multiple of what is allowed."""
        place = self.leaves[k].place(i)
        slopes: list[tuple[float, float]] = []  # each with the noise in it
        for step in self._steps(k, i):
            slope, noise = self._central(k, i, step), 4 * self.eps * abs(self.here) / step
            if not np.isfinite(slope):
                continue
            if slopes and noise > 4 * self._allowed(slope):  # so fine a step finds nothing
                break
            slopes.append((slope, noise))
            if self._excess(gradient, slope, noise) <= 1:
                break
        if not slopes:
            return np.inf, Comparison(place, gradient, np.nan, "central differences")
        slope, noise = slopes[-1]
        excess = self._excess(gradient, slope, noise)
        if excess > 1:  # the one that changes least with the next step is the most exact
            changes = [abs(a - b) + n for (a, _), (b, n) in pairwise(slopes)]
            slope, noise = slopes[int(np.argmin(changes)) + 1] if changes else slopes[-1]
            excess = self._excess(gradient, slope, noise)
        exact = self._complex(k, i)
        if exact is not None and self._excess(exact, slope, noise) <= 1:
            own = self._excess(gradient, exact, noise)
            if (own <= 1) == (excess <= 1):
                return own, Comparison(place, gradient, exact, "complex step")
        return excess, Comparison(place, gradient, slope, "central differences")

    def _steps(self, k: int, i: int) -> list[float]:
        """Steps of central differences, from the one that is best for most functions to smaller ones."""
        largest = self.eps ** (1 / 3) * max(1.0, abs(float(self.leaves[k].numbers[i])))
        return [largest / 8**power for power in range(STEPS)]

    def _allowed(self, *slopes: float) -> float:
        """The difference that is allowed between slopes, beside noise."""
        share: float = min(1e4 * self.eps ** (2 / 3), COARSEST)
        return share * (1 + sum(map(abs, slopes)))

    def _excess(self, gradient: float, slope: float, noise: float) -> float:
        """The difference of two slopes as a multiple of what is allowed."""
        excess = abs(gradient - slope) / (self._allowed(gradient, slope) + noise)
        return float(excess) if np.isfinite(excess) else np.inf

    def _central(self, k: int, i: int, step: float) -> float:
        """A central difference; nan where the function is not defined on both sides."""
        with np.errstate(all="ignore"):
            try:
                return float(np.real(self.at(k, i, step) - self.at(k, i, -step)) / (2 * step))
            except (ArithmeticError, ValueError):
                return np.nan

    def _is_kink(self, k: int, i: int, gradient: float) -> bool:
        """Whether the slopes of both sides differ however small the step, with the gradient between them."""
        jumps, (first, second, *_) = [], self._steps(k, i)
        for step in (first, second):
            try:
                ahead, behind = (
                    float(np.real(self.at(k, i, sign * step)) - self.here) / (sign * step) for sign in (1, -1)
                )
            except (ArithmeticError, ValueError):
                return False
            jumps.append(abs(ahead - behind))
        noise = 8 * self.eps * abs(self.here) / second
        room = 10 * self._allowed(max(abs(ahead), abs(behind))) + noise
        low, high = sorted((ahead, behind))
        return jumps[1] > jumps[0] / 2 > room and bool(low - room <= gradient <= high + room)

    def _complex(self, k: int, i: int) -> float | None:
        """The slope by a complex step; None where the function does not take complex numbers."""
        if any(isinstance(leaf.leaf, Value | Module | Tensor) for leaf in self.leaves):
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                found = self.at(k, i, COMPLEX_STEP * 1j).imag / COMPLEX_STEP
            except Exception:  # of any kind, by the user's function
                return None
        return float(found) if np.isfinite(found) else None
