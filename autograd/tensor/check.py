"""Derivatives of functions held against differences of their values."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.errors import DerivativeError, OptionError
from autograd.tensor.containers import leaves_of, rebuilt
from autograd.tensor.linearization import Linearization, name_of

__all__ = ["check_grads", "numerical_tangent"]

STEP = 1e-6  # of a central difference, along a direction whose numbers are about 1
TOLERANCE = 1e-6  # absolute and relative; the error of the difference itself is about 1e-9
MODES = ("fwd", "rev")


def check_grads(
    function: Callable[..., Any],
    argnum: int | Sequence[int] = 0,
    modes: Sequence[str] = MODES,
    order: int = 2,
) -> Callable[..., None]:
    """A function of the same arguments that raises an error if a derivative of ``function`` is wrong there.

    Each is compared with a central difference along one random direction, which is the same in every run.

    Args:
        function: a function of numbers and arrays, or nested lists, tuples and dicts of them.
        argnum: by which argument it is differentiated, or a tuple of several.
        modes: "fwd" for forward mode, "rev" for reverse mode, or both.
        order: the greatest order of the derivatives.

    Raises:
        DerivativeError: a derivative and the difference are not the same; the message has both numbers.
        OptionError: a mode is neither of these.

    >>> check_grads(np.sin)(np.array([0.1, 0.2]))
    >>> from autograd.extend import defvjp, primitive
    >>> wrong = primitive(np.sin)
    >>> defvjp(wrong, lambda ans, x: lambda g: g * np.sin(x))
    >>> check_grads(wrong, modes=["rev"], order=1)(1.0)
    Traceback (most recent call last):
    autograd.errors.DerivativeError: sin() by argument 0, backward, order 1: ... by the formula, ...
    """
    modes = [modes] if isinstance(modes, str) else list(modes)
    if not set(modes) <= set(MODES):
        raise OptionError(f"check_grads() knows the modes {' and '.join(MODES)}, got {modes!r}")

    def check(*args: Any, **kwargs: Any) -> None:
        varied = args[argnum] if isinstance(argnum, int) else tuple(args[i] for i in argnum)

        def of_varied(x: Any) -> Any:
            full = list(args)
            for i, part in [(argnum, x)] if isinstance(argnum, int) else zip(argnum, x, strict=True):
                full[i] = part
            return function(*full, **kwargs)

        named = f"{name_of(function)}() by argument {argnum}"
        _check(of_varied, varied, modes, order, named, 1, np.random.default_rng(0))

    return check


def _check(
    f: Callable[[Any], Any], x: Any, modes: Sequence[str], order: int, named: str, level: int, rng: Any
) -> None:
    at = Linearization("check_grads()", f, (x,), {})
    direction, weights = _random(x, rng), _random(at.returned(at.value), rng)
    change = numerical_tangent(f, x, direction)
    expected = _dot(weights, change)
    found = {}
    if "fwd" in modes:
        found["forward"] = _dot(weights, at.push(direction))
    if "rev" in modes:
        gradient = at.pull(weights, warned=False)
        if [np.shape(a) for a in leaves_of(gradient)] != [np.shape(a) for a in leaves_of(x)]:
            raise DerivativeError(f"{named}: the gradient has other shapes than the argument")
        found["backward"] = _dot(gradient, direction)
    for way, value in found.items():
        if not abs(value - expected) <= TOLERANCE * (1 + abs(value) + abs(expected)):
            raise DerivativeError(
                f"{named}, {way}, order {level}: {value:.10g} by the formula, {expected:.10g} by differences"
            )
    if level == order:
        return

    def pulled(pair: Any) -> Any:
        return Linearization("check_grads()", f, (pair[0],), {}).pull(pair[1], warned=False)

    def pushed(pair: Any) -> Any:
        return Linearization("check_grads()", f, (pair[0],), {}).push(pair[1])

    if "rev" in modes:
        _check(pulled, (x, weights), modes, order, named, level + 1, rng)
    if "fwd" in modes:
        _check(pushed, (x, direction), modes, order, named, level + 1, rng)


def numerical_tangent(f: Callable[[Any], Any], x: Any, direction: Any) -> Any:
    """The change of ``f(x)`` along a direction, in the structure of ``x``, by a central difference.

    >>> numerical_tangent(np.square, np.array([1.0, 2.0]), np.array([1.0, 0.0])).round(6)
    array([2., 0.])
    """

    def moved(sign: int) -> Any:
        pairs = zip(leaves_of(x), leaves_of(direction), strict=True)
        return f(rebuilt(x, [np.asarray(a + sign * STEP * d)[()] for a, d in pairs]))

    ahead, behind = moved(1), moved(-1)
    pairs = zip(leaves_of(ahead), leaves_of(behind), strict=True)
    return rebuilt(ahead, [(a - b) / (2 * STEP) for a, b in pairs])


def _random(structure: Any, rng: Any) -> Any:
    """Random numbers in a structure, complex ones for complex ones."""

    def like(a: Any) -> Any:
        found = rng.standard_normal(np.shape(a))
        if np.iscomplexobj(a):
            found = found + 1j * rng.standard_normal(np.shape(a))
        return np.asarray(found)[()]

    return rebuilt(structure, [like(a) for a in leaves_of(structure)])


def _dot(x: Any, y: Any) -> float:
    """The change of a real number of gradient ``x`` if the numbers change by ``y``."""
    return float(sum(np.real(np.sum(a * b)) for a, b in zip(leaves_of(x), leaves_of(y), strict=True)))
