"""Thread-local state: whether operations go on the tape, and which trace `record` is making."""

import os
import threading
from collections.abc import Callable
from contextlib import ContextDecorator
from typing import Any

from autograd.errors import UnsupportedError
from autograd.support.interrupts import finished
from autograd.tensor.trace import Trace

__all__ = ["Switched", "apart", "eager", "entered", "no_grad", "recording", "refuse_in_recording", "unusual"]


class Recording(threading.local):
    """The state of one thread.

    Attributes:
        on: whether operations are recorded on the tape.
        trace: the trace of the function that is being recorded, or None.
        apart: whether the library itself started the thread, by `apart`.
        eager: whether samples and operations are computed at once instead of being pending.
    """

    on = True
    trace: Trace | None = None
    apart = False
    eager = os.environ.get("AUTOGRAD_EAGER", "") not in ("", "0")


recording = Recording()
entered: list[Any] = []  # one entry for each `Switched` context that is active in any thread
if recording.eager:
    entered.append(None)


def unusual() -> bool:
    """Whether this thread has to evaluate samples at once, which means that none is pending."""
    if not entered or recording.apart:
        return False
    return recording.eager or not recording.on or recording.trace is not None


def apart(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function of the library in a new thread, and return its result.

    The new thread has the default state, whatever state this thread has. If the new thread records a
    trace, operations of a signal handler in this thread do not get into that trace.
    """
    outcome: list[Any] = []

    def run() -> None:
        recording.apart = True
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


class Switched(ContextDecorator):
    """A context in which an attribute of `recording` has another value, for the thread that enters it.

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

    def _recreate_cm(self) -> "Switched":
        return Switched(self.name, self.value)

    def __enter__(self) -> None:
        self.before.append(getattr(recording, self.name))
        entered.append(self.entry)
        setattr(recording, self.name, self.value)

    def __exit__(self, *error: object) -> None:
        if self.before:
            setattr(recording, self.name, self.before[-1])
            self.before.pop()
        if self.entry in entered:
            entered.remove(self.entry)

    def __del__(self) -> None:
        finished(self._undo)

    def _undo(self) -> None:
        while self.before:
            self.__exit__()
        if self.entry in entered:
            entered.remove(self.entry)


def eager() -> Switched:
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
    return Switched("eager", True)


def no_grad() -> Switched:
    """Return a context in which nets and Tensors record no operations: their results are constants.

    It saves time and memory where no gradient is wanted. It applies to the thread that enters it.

    >>> from autograd.tensor import Tensor
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> with no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """
    return Switched("on", False)


def refuse_in_recording(call: str) -> None:
    """Raise an UnsupportedError if a function is being recorded, since replays would not repeat ``call``."""
    if recording.trace is not None:
        raise UnsupportedError(
            f"{call} changes what is outside of the recorded function, which a Program does not; do that "
            "after the Program"
        )
