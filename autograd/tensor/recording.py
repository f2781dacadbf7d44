"""What a thread notes of its computing: the tape, and within `record` the NumPy calls."""

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
    """What this thread notes of its computing: the tape, and within `record` the NumPy calls."""

    on = True
    trace: Trace | None = None
    apart = False  # whether the thread is one of the library's own
    eager = os.environ.get("AUTOGRAD_EAGER", "") not in ("", "0")


recording = Recording()
entered: list[Any] = []  # an entry for each context, in any thread, in which not all is as usual
if recording.eager:
    entered.append(None)


def unusual() -> bool:
    """Whether samples have to be evaluated at once in this thread."""
    if not entered or recording.apart:
        return False
    return recording.eager or not recording.on or recording.trace is not None


def apart(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function of the library's own in a thread of its own.

    There it is as usual, whatever this thread records. And while that thread records a trace, what
    comes in between in this one, by a signal handler or an interrupt, has no part in it.
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
    except BaseException:  # an interrupt, which is not to leave it going on
        thread.join()
        raise
    result, error = outcome
    if error is not None:
        raise error
    return result


class Switched(ContextDecorator):
    """Within it something of `recording` is another, in the thread that enters it.

    If an interrupt comes just as it is entered, or left, it is undone when this object goes away.
    """

    before: list[Any] = []  # noqa: RUF012 - of one whose making was interrupted, and never written
    entry: Any = object()

    def __init__(self, name: str, value: Any) -> None:
        self.name = name
        self.value = value
        self.before = []  # one for each time that it was entered and not left
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
    """Within it nothing waits: each sample is evaluated at the call, and each operation where it stands.

    It is slower, and for debugging: errors come from the lines that made them. It holds for the thread
    that enters it. The environment variable ``AUTOGRAD_EAGER=1`` does the same for a whole program.

    >>> from autograd.nn import Neuron
    >>> neuron = Neuron(1, "relu", init=lambda n_out, n_in: [[1.0]])
    >>> with eager():
    ...     y = neuron([-1]).log()
    Traceback (most recent call last):
    autograd.errors.DomainError: log() wants a number above 0, got 0.0
    """
    return Switched("eager", True)


def no_grad() -> Switched:
    """Within it nets and Tensors record nothing: their results are constants.

    It saves time and memory where no gradient is wanted. It holds for the thread that enters it.

    >>> from autograd.tensor import Tensor
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> with no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """
    return Switched("on", False)


def refuse_in_recording(call: str) -> None:
    """UnsupportedError within a function that is being recorded, whose replays would not do this."""
    if recording.trace is not None:
        raise UnsupportedError(
            f"{call} changes what is outside of the recorded function, which a Program does not; do that "
            "after the Program"
        )
