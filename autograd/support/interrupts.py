"""Actions that an interrupt must not leave half done."""

from collections.abc import Callable
from typing import Any

__all__ = ["run_to_end"]

TRIES = 100  # at most, if each one is interrupted


def run_to_end(action: Callable[[], Any]) -> None:
    """Call ``action`` until it ends without an error, and then raise the last error, if there was one.

    An interrupted action begins again, so doing it twice must be the same as doing it once.

    >>> calls = []
    >>> def action():
    ...     calls.append(1)
    ...     if len(calls) < 3:
    ...         raise KeyboardInterrupt
    >>> try:
    ...     run_to_end(action)
    ... except KeyboardInterrupt:
    ...     print(len(calls))
    3
    """
    interrupt: BaseException | None = None
    for _ in range(TRIES):
        try:
            action()
            break
        except BaseException as error:
            interrupt = error
    if interrupt is not None:
        raise interrupt
