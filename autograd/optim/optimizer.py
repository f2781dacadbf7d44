"""The base class of optimisers, and the gradient's norm."""

import math
import operator
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from autograd.engine import Value, Vector, as_number
from autograd.errors import NotANumberError, OptionError
from autograd.schedules import Schedule
from autograd.support import WATCHERS, run_to_end
from autograd.tensor import Array, Tensor, flush_constant, refuse_in_recording

__all__ = ["Optimizer", "clip_gradient"]

UpdateCall: TypeAlias = Callable[[], Any]
# Every FLUSH_EVERY steps, numbers below 2 ** FLUSH_BITS times the smallest normal one are rounded to about 0
FLUSH_EVERY = 32
FLUSH_BITS = 20


def run(calls: Iterable[UpdateCall]) -> None:
    """Make the calls, in a loop in C: no signal is handled between two calls, nor within one of NumPy's."""
    deque(map(operator.call, calls), 0)


def vector_of(target: Any) -> Any:
    """The object with the parameter and gradient vectors of ``target``: a module, or a `Vector`."""
    if hasattr(target, "grads") and hasattr(target, "mark_changed") and target.all_in_vector:
        return target
    given = target.params() if hasattr(target, "params") else target
    got = type(target).__name__
    if isinstance(given, Sequence) and not isinstance(given, str):
        if given and all(isinstance(p, Value | Tensor) for p in given):
            for i, p in enumerate(given):
                if isinstance(p, Tensor) and not p.is_leaf:
                    raise NotANumberError(
                        f"an optimiser wants Tensors made with requires_grad=True, and number {i}, of shape "
                        f"{p.shape}, is {'computed' if p.requires_grad else 'a constant'}"
                    )
            parts = target._parts()[0] if hasattr(target, "_parts") else []
            flat = [part for _, part in parts if not isinstance(part, Value | Tensor)]
            owner = {id(p): part for part in flat for p in part.params()}
            return Vector({id(p): p for p in (owner.get(id(p), p) for p in given)}.values())  # each once
        got += f" of {', '.join(sorted({type(p).__name__ for p in given})) or 'nothing'}"
    raise NotANumberError(f"an optimiser wants a module, or a list of Values and Tensors, got {got}")


def between(x: Any, low: float, high: float, name: str) -> float:
    """``x`` as a float, if it lies in [low, high); else an OptionError that names it ``name``."""
    y = as_number(x, name)
    if not low <= y < high:
        raise OptionError(f"{name} must be at least {low} and below {high}, got {x!r}")
    return y


class Optimizer:
    """The base class of optimisers: a target, a learning rate, ``step`` and ``zero_grad``.

    An optimiser of your own overrides `_update`, and sets ``memories`` to the number of state vectors that
    it keeps from step to step. Every 32 steps, numbers below 1e-32 in float32, or 1e-302 in float64, are
    rounded in these vectors and in the parameters, mostly to 0. Otherwise numbers that decay would stay
    subnormal, and many processors take tens of times as long with subnormal numbers.

    Args:
        target: a module, or a list of Values and of Tensors with ``requires_grad``.
        lr: learning rate, 0 or more; or a function of the number of previous steps, as in `schedules`.

    Attributes:
        target: the module or list whose parameters it changes.
        last_lr: the learning rate of the last step.

    Raises:
        NotANumberError: ``target`` is neither a module nor such a list.
        OptionError: ``lr`` is below 0 or infinite.

    >>> class SignDescent(Optimizer):
    ...     def _update(self, lr, x, g, s):
    ...         x -= lr * np.sign(g)
    >>> x = Value(4.0)
    >>> opt = SignDescent([x], lr=0.5)
    >>> (x * x).backward()
    >>> opt.step()
    >>> x.data, x.grad
    (3.5, 8.0)
    >>> opt.zero_grad()
    >>> x.grad
    0.0
    """

    memories = 0  # number of state vectors
    # Whether `step` takes a closure, which it calls several times for the loss and gradient of all the data
    takes_closure = False

    def __init__(self, target: Any, lr: float | Schedule) -> None:
        self.target = target
        self.lr = lr if callable(lr) else between(lr, 0, math.inf, "lr")
        self.last_lr = self.lr if not callable(self.lr) else math.nan
        self._vector = vector_of(target)
        self._completed = 0  # number of completed steps
        self._steps = 0  # number of completed steps and the one in progress, for `_update`
        self._scratch = np.empty_like(self._vector.values)
        self._memories = np.zeros((self.memories, self._scratch.size), self._scratch.dtype)
        # Copies of parameters and state vectors, for a step that may fail half-way
        self._copies = np.empty_like(self._scratch), np.empty_like(self._memories)
        self._flush_constant = flush_constant(self._scratch.dtype, FLUSH_BITS)
        # The least number added to the root of a mean of squares, since that mean may have been rounded to 0
        self._floor = math.sqrt(np.finfo(self._scratch.dtype).tiny * 2.0**FLUSH_BITS)

    def step(self) -> None:
        """Change the parameters once, by their current gradients.

        After an error or an interrupt, the parameters and the state vectors are as they were before the step.

        Raises:
            UnsupportedError: it is called within a function that is being recorded; replays would not
                repeat the step.
        """
        refuse_in_recording("an optimiser's step()")
        for watcher in WATCHERS:
            watcher.on_step(self.target)
        vector = self._vector
        vector.sync()
        lr, self._steps = self.rate(), self._completed + 1
        # For a module, mark_changed() writes no numbers: it only invalidates graphs made before the step
        in_arrays = vector is self.target
        in_place = in_arrays and type(self)._update is Optimizer._update
        values, memories = (vector.values, self._memories) if in_place else self._copies
        calls: list[UpdateCall] = []
        if in_place:
            calls = self._calls(lr, values, vector.grads, self._scratch, self._steps, *memories)
        else:
            np.copyto(values, vector.values)
            np.copyto(memories, self._memories)
            self._update(lr, values, vector.grads, self._scratch, *memories)
        if self._steps % FLUSH_EVERY == 0:
            calls += self._flushes(values, memories)
        if not in_place:
            calls += partial(np.copyto, vector.values, values), partial(np.copyto, self._memories, memories)
        calls.insert(0 if in_arrays else -1, vector.mark_changed)
        calls += partial(setattr, self, "_completed", self._steps), partial(setattr, self, "last_lr", lr)
        try:
            run(calls)
        except BaseException:
            if not in_arrays and self._completed < self._steps:
                run_to_end(vector.go_back)
            raise

    def _flushes(self, values: Array, memories: Array) -> list[UpdateCall]:
        """The NumPy calls that round very small numbers, mostly to 0."""
        c = self._flush_constant
        return [
            partial(function, array, c, array)
            for array in (values, memories)
            for function in (np.add, np.subtract)
        ]

    def rate(self) -> float:
        """The learning rate of the next step: ``lr``, or its result if it is a function.

        >>> from autograd.optim import SGD
        >>> opt = SGD([Value(4.0)], lr=lambda step: 0.1 / (1 + step))
        >>> opt.step()
        >>> opt.last_lr, opt.rate()
        (0.1, 0.05)
        """
        return between(self.lr(self._completed), 0, math.inf, "lr(step)") if callable(self.lr) else self.lr

    def zero_grad(self) -> None:
        """Set all gradients to 0."""
        self._vector.zero_grad()

    def state(self) -> dict[str, Any]:
        """The number of steps so far and a copy of the state vectors, as a dict.

        >>> from autograd.optim import SGD
        >>> opt = SGD([Value(4.0)], momentum=0.9)
        >>> opt.state()
        {'kind': 'SGD', 'steps': 0, 'memory': array([[0.]])}
        >>> opt.load_state(opt.state())
        """
        return {"kind": type(self).__name__, "steps": self._completed, "memory": self._memories.copy()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Return to a state that `state` returned.

        Raises:
            OptionError: it is the state of another kind of optimiser, or of another number of parameters.
        """
        memory: Any = state.get("memory")
        if state.get("kind") != type(self).__name__ or np.shape(memory) != (
            self.memories,
            self._scratch.size,
        ):
            raise OptionError(
                f"load_state() of {type(self).__name__} over {self._scratch.size} parameters got the state "
                f"of {state.get('kind', 'something else')} with memory of shape {np.shape(memory)}"
            )
        self._steps = self._completed = state["steps"]
        self._memories[...] = memory

    def _update(self, lr: float, x: Array, g: Array, s: Array, *memory: Array) -> None:
        """Change ``x`` by the gradient ``g``.

        Args:
            lr: learning rate of this step.
            x: all parameters, as a vector to change in place.
            g: their gradient, a vector to read only.
            s: a scratch vector of the same size.
            memory: the ``memories`` state vectors, as the last step left them; 0 at first.
        """
        run(self._calls(lr, x, g, s, self._steps, *memory))

    def _calls(self, lr: float, x: Array, g: Array, s: Array, step: int, *memory: Array) -> list[UpdateCall]:
        """The NumPy calls of the ``step``-th update, counted from 1; other arguments as for `_update`."""
        raise NotImplementedError


def clip_gradient(target: Any, limit: float) -> float:
    """Scale the gradient of all parameters together down to the norm ``limit``, if its norm is larger.

    Args:
        target: a module, or a list of Values and of Tensors with ``requires_grad``.
        limit: the greatest Euclidean norm, above 0.

    Returns:
        The norm before. If that is not finite, the gradient is not changed.

    Raises:
        OptionError: ``limit`` is not above 0.

    >>> x, y = Value(0.0), Value(0.0)
    >>> (30 * x + 40 * y).backward()
    >>> clip_gradient([x, y], 1.0), round(x.grad, 9), round(y.grad, 9)
    (50.0, 0.6, 0.8)
    """
    refuse_in_recording("clip_gradient()")
    limit = as_number(limit, "clip_gradient()")
    if not limit > 0:
        raise OptionError(f"clip_gradient() wants a limit above 0, got {limit!r}")
    vector = vector_of(target)
    vector.sync()
    g = vector.grads
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        norm = math.sqrt(np.dot(g, g))
    if not 1e-15 < norm < math.inf:  # the squares may have overflowed or underflowed
        peak = float(np.abs(g).max())
        norm = peak * float(np.linalg.norm(g / peak)) if 0 < peak < math.inf else peak
    if limit < norm < math.inf:
        g *= limit / norm
        vector.mark_gradient_changed()
    return norm
