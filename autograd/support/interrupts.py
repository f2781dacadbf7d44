"""What no interrupt may leave half done."""

from collections.abc import Callable
from typing import Any

__all__ = ["finished"]

TRIES = 100  # of what is interrupted again and again


def finished(action: Callable[[], Any]) -> None:
    """Do something that may be done again to its end, whatever interrupts it, and let that pass then.

    >>> calls = []
    >>> def action():
    ...     calls.append(1)
    ...     if len(calls) < 3:
    ...         raise KeyboardInterrupt
    >>> try:
    ...     finished(action)
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
