"""Thread-local state: whether operations go on the tape, and which trace `record` is making."""

import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ContextDecorator, ExitStack, nullcontext
from typing import Any

from autograd.errors import UnsupportedError
from autograd.support import run_to_end
from autograd.tensor.trace import Trace, traced_in

__all__ = [
    "DIFFERENTIATING",
    "ModeContext",
    "active_contexts",
    "eager",
    "evaluates_at_once",
    "in_new_thread",
    "mode",
    "no_grad",
    "on_the_tape",
    "opaque",
    "refuse_in_recording",
]


DIFFERENTIATING = 2


class Mode(threading.local):
    """The state of one thread.

    Attributes:
        taping: whether operations are recorded on the tape; `DIFFERENTIATING` if they are, and in a
            function that a transform, such as ``grad``, is calling.
        trace: the trace of the function that is being recorded, or None.
        levels: the calls of `vmap` that are running, the innermost first.
        own_thread: whether the library itself started the thread, by `in_new_thread`.
        eager: whether samples and operations are computed at once instead of being pending.
    """

    taping: int = True
    trace: Trace | None = None
    levels: tuple[Any, ...] = ()
    own_thread = False
    eager = os.environ.get("AUTOGRAD_EAGER", "") not in ("", "0")


mode = Mode()
active_contexts: list[Any] = []  # one entry for each `ModeContext` that is active in any thread
if mode.eager:
    active_contexts.append(None)


def evaluates_at_once() -> bool:
    """Whether this thread has to evaluate samples at once, which means that none is pending."""
    if not active_contexts or mode.own_thread:
        return False
    return mode.eager or not mode.taping or mode.trace is not None


def in_new_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function of the library in a new thread, and return its result.

    The new thread has the default state, whatever state this thread has. If the new thread records a
    trace, operations of a signal handler in this thread do not get into that trace.
    """
    outcome: list[Any] = []

    def run() -> None:
        mode.own_thread = True
        try:
            outcome.extend((function(*args), None))
        except BaseException as error:
            outcome.extend((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        thread.join()
    except BaseException:  # an interrupt: the thread must not outlive this call
        thread.join()
        raise
    result, error = outcome
    if error is not None:
        raise error
    return result


class ModeContext(ContextDecorator):
    """A context in which an attribute of `mode` has another value, for the thread that enters it.

    If an interrupt arrives while the context is being entered or left, the previous value returns when
    this object is deleted.
    """

    before: list[Any] = []  # noqa: RUF012 - read only if __init__ was interrupted, and never changed
    entry: Any = object()

    def __init__(self, name: str, value: Any) -> None:
        self.name = name
        self.value = value
        self.before = []  # previous values, one for each time the context was entered and not left
        self.entry = object()

    def _recreate_cm(self) -> "ModeContext":
        return ModeContext(self.name, self.value)

    def __enter__(self) -> None:
        self.before.append(getattr(mode, self.name))
        active_contexts.append(self.entry)
        setattr(mode, self.name, self.value)

    def __exit__(self, *error: object) -> None:
        if self.before:
            setattr(mode, self.name, self.before[-1])
            self.before.pop()
        if self.entry in active_contexts:
            active_contexts.remove(self.entry)

    def __del__(self) -> None:
        run_to_end(self._undo)

    def _undo(self) -> None:
        while self.before:
            self.__exit__()
        if self.entry in active_contexts:
            active_contexts.remove(self.entry)


def on_the_tape() -> AbstractContextManager[Any]:
    """A context in which calls with whole arrays go on the tape, in ``no_grad()`` and in ``vmap()`` too."""
    if mode.taping and not mode.levels:
        return NO_CHANGE
    changes = ExitStack()
    changes.enter_context(ModeContext("taping", mode.taping or True))
    changes.enter_context(ModeContext("levels", ()))
    return changes


NO_CHANGE: AbstractContextManager[Any] = nullcontext()


def opaque(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that a recording does not look into: replays call it with their arrays."""

    def outside(*args: Any, **kwargs: Any) -> Any:
        with ModeContext("trace", None), ModeContext("taping", True):
            return function(*args, **kwargs)

    def call(*args: Any, **kwargs: Any) -> Any:
        for traced in traced_in((*args, *kwargs.values())):
            return traced.trace.call(outside, args, kwargs)
        return function(*args, **kwargs)

    outside.__name__ = call.__name__ = getattr(function, "__name__", str(function))
    return call


def eager() -> ModeContext:
    """Return a context in which nothing is pending: samples and operations are computed when called.

    It is slower and meant for debugging: errors are raised at the lines that cause them. It applies to
    the thread that enters it. The environment variable ``AUTOGRAD_EAGER=1`` does the same for a whole
    program.

    >>> from autograd.nn import Neuron
    >>> neuron = Neuron(1, "relu", init=lambda n_out, n_in: [[1.0]])
    >>> with eager():
    ...     y = neuron([-1]).log()
    Traceback (most recent call last):
    autograd.errors.DomainError: log() wants a number above 0, got 0.0
    """
    return ModeContext("eager", True)


def no_grad() -> ModeContext:
    """Return a context in which nets and Tensors record no operations: their results are constants.

    It saves time and memory where no gradient is wanted. It applies to the thread that enters it.

    >>> from autograd.tensor import Tensor
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> with no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """
    return ModeContext("taping", False)


def refuse_in_recording(call: str) -> None:
    """Raise an UnsupportedError if a function is being recorded, since replays would not repeat ``call``."""
    if mode.trace is not None:
        raise UnsupportedError(
            f"{call} changes something outside the recorded function, which a replay would not repeat; do "
            "that after the Program"
        )
