"""`vmap`: a function of one sample as a function of many."""

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd.errors import MappingWarning, OptionError, OutputError, ShapeError
from autograd.tensor.containers import leaves_of
from autograd.tensor.core import Tensor, tensor_of
from autograd.tensor.linearization import name_of
from autograd.tensor.mapped import Level, Mapped, is_of_mapping, joined, revealed
from autograd.tensor.modes import DIFFERENTIATING, ModeContext, mode
from autograd.tensor.real_numbers import NUMBERS
from autograd.tensor.trace import mapped, outside

__all__ = ["vmap"]

Function = Callable[..., Any]


def vmap(function: Function, in_axes: Any = 0, out_axes: int = 0) -> Function:
    """A function of one sample, as a function of many, which lie along an axis of its arguments.

    The function is called once, with Tensors that look like one sample, and NumPy's calls in it compute all
    samples together. A call that cannot, such as one of your own primitives, is made for one sample after the
    other; and so is the whole function if it reads numbers, by ``if x > 0`` or ``float(x)``. A
    `MappingWarning` says so.

    Args:
        function: a function of numbers, arrays and Tensors, and nested lists, tuples and dicts of them. It
            may be a transform, such as ``grad(f)``.
        in_axes: for each argument the axis along which its samples lie, or None if it is the same for all;
            one axis for all arguments. Keyword arguments are the same for all samples.
        out_axes: the axis of the results along which those of the samples lie.

    Raises:
        ShapeError: called, the arguments have different numbers of samples, none, or no such axis.
        OptionError: there are not as many ``in_axes`` as arguments, or all are None.
        OutputError: the function returned something that is no number and no array.

    >>> vmap(lambda x, y: x @ y)(np.ones((3, 2)), np.arange(6.0).reshape(3, 2))
    array([1., 5., 9.])
    >>> from autograd import grad
    >>> loss = lambda w, x, y: (np.tanh(w @ x) - y) ** 2
    >>> gradients = vmap(grad(loss), in_axes=(None, 0, 0))  # one for each sample
    >>> gradients(np.zeros(2), np.ones((5, 2)), np.ones(5)).shape
    (5, 2)
    """
    if not isinstance(out_axes, int):
        raise OptionError(f"vmap() wants one axis as out_axes, got {out_axes!r}")

    def over_samples(*args: Any, **kwargs: Any) -> Any:
        axes = tuple(in_axes) if isinstance(in_axes, tuple | list) else (in_axes,) * len(args)
        whole = all(axis is None or isinstance(axis, int) for axis in axes)
        if not whole or len(axes) != len(args) or all(axis is None for axis in axes):
            raise OptionError(
                f"vmap() of {name_of(function)} wants one of in_axes for each argument, not all None, got "
                f"{in_axes!r} for {len(args)} argument{'s' * (len(args) != 1)}"
            )
        level = Level(_number_of_samples(function, args, axes))
        samples = [
            x if axis is None else mapped(partial(_sample, axis=axis, level=level), x)
            for x, axis in zip(args, axes, strict=True)
        ]
        try:
            with ModeContext("levels", (level, *mode.levels)):
                found = function(*samples, **kwargs)
            found = mapped(lambda x: _checked(function, x), found)
        except (TypeError, ValueError) as error:
            if not is_of_mapping(error):
                raise
            found = _one_by_one(function, args, axes, kwargs, level)
        finally:
            level.ended = True
        if level.looped:
            warnings.warn(
                f"vmap() of {name_of(function)}: {', '.join(level.looped)} called for {level.size} samples "
                "one by one",
                MappingWarning,
                stacklevel=outside(),
            )
        given = leaves_of([args, kwargs])
        nested = mode.taping == DIFFERENTIATING or any(isinstance(x, Tensor) for x in given)

        def result(x: Any) -> Any:
            t: Any = revealed(x, level)
            t = t if out_axes == 0 else np.moveaxis(t, 0, out_axes)
            varied = isinstance(t, Mapped) or t._node is not None or mode.trace is not None
            return t if nested or varied else t.numpy()

        return mapped(result, found)

    over_samples.__name__ = over_samples.__qualname__ = f"vmap_of_{name_of(function)}"
    over_samples.__wrapped__ = function  # type: ignore[attr-defined]  # for inspect.signature()
    return over_samples


def _number_of_samples(function: Function, args: Sequence[Any], axes: Sequence[Any]) -> int:
    found: set[int] = set()
    for x, axis in zip(args, axes, strict=True):
        for leaf in leaves_of(x) if axis is not None else ():
            shape = np.shape(leaf)
            if not -len(shape) <= axis < len(shape):
                raise ShapeError(
                    f"vmap() of {name_of(function)} wants samples along axis {axis} of an argument of shape "
                    f"{shape}"
                )
            found.add(shape[axis])
    if len(found) != 1 or found == {0}:
        raise ShapeError(
            f"vmap() of {name_of(function)} wants one number of samples, 1 or more, along the axes "
            f"{tuple(axes)} of its arguments, got {' and '.join(map(str, sorted(found))) or 'no array'}"
        )
    return found.pop()


def _sample(x: Any, axis: int, level: Level) -> Mapped:
    """One sample of ``x``, whose samples lie along an axis."""
    if isinstance(x, Mapped):
        whole: Any = x.whole
        return Mapped(np.moveaxis(whole, len(x.levels) + axis % x.ndim, 0), (level, *x.levels))
    samples: Any = x if isinstance(x, Tensor) else np.array(x)
    moved = np.moveaxis(samples, axis, 0)
    return Mapped(moved if isinstance(moved, Tensor) else tensor_of(moved), (level,))


def _checked(function: Function, x: Any) -> Any:
    """``x``, which a function returned; OutputError if it holds no numbers."""
    kind = x.dtype if isinstance(x, Tensor) else np.asarray(x).dtype
    if kind.kind not in NUMBERS:
        raise OutputError(
            f"vmap() wants a function that returns numbers and arrays, and {name_of(function)} returned "
            f"{type(x).__name__}"
        )
    return x


def _one_by_one(function: Function, args: Any, axes: Any, kwargs: Any, level: Level) -> Any:
    """The results of a function called for one sample after the other."""
    level.looped = {name_of(function): None}
    found = []
    for i in range(level.size):
        sample = [
            x if axis is None else mapped(partial(np.take, indices=i, axis=axis), x)
            for x, axis in zip(args, axes, strict=True)
        ]
        found.append(mapped(lambda x: _checked(function, x), function(*sample, **kwargs)))
    return joined(found, (level,), name_of(function))
