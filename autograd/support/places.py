"""Places in a program: the line, and the expression within it, at which something happened."""

import linecache
import os
import sys
import textwrap
from functools import lru_cache
from itertools import islice
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

__all__ = ["LIBRARIES", "Place", "here", "user_frame"]

LIBRARIES: tuple[str, ...] = (
    os.path.join(os.path.dirname(os.path.dirname(__file__)), ""),
    os.path.join(os.path.dirname(np.__file__), ""),
    "<frozen ",
)
"""The folders of this library and of NumPy, and Python's own start, whose code is no place in a program."""

LONGEST = 80  # characters of an expression that are shown


class Place(NamedTuple):
    """An instruction of a program.

    Attributes:
        code: the code that it is part of.
        instruction: its index in the bytes of that code.

    >>> place = here()
    >>> place.line, place.expression("?")
    (1, 'here()')
    """

    code: CodeType
    instruction: int

    def __hash__(self) -> int:
        return hash((id(self.code), self.instruction))  # the hash of code is that of all it consists of

    @property
    def file(self) -> str:
        """The name of the file."""
        return self.code.co_filename

    @property
    def span(self) -> tuple[int, int, int, int] | None:
        """The first and last line of its expression, and the columns where it begins and ends, in bytes."""
        return span_of(self)

    @property
    def line(self) -> int:
        """The line in which its expression begins, counted from 1."""
        return line_of(self)

    @property
    def source(self) -> str:
        """The text of that line, or "" if the file is not there."""
        return linecache.getline(self.file, self.line).strip()

    def expression(self, name: str) -> str:
        """The source of its expression, shortened; ``name`` if there is no source."""
        if self.span is None:
            return name
        first, last, start, stop = self.span
        lines = [linecache.getline(self.file, n).encode() for n in range(first, last + 1)]
        lines[-1] = lines[-1][:stop]
        lines[0] = lines[0][start:]
        text = b"".join(lines).decode(errors="replace")
        return textwrap.shorten(text, LONGEST, placeholder=" ...") or name

    def __str__(self) -> str:
        return f"{os.path.basename(self.file)}:{self.line}" + (self.source and f": {self.source}")


@lru_cache(maxsize=4096)
def span_of(place: Place) -> tuple[int, int, int, int] | None:
    """The span of the expression at a place; see `Place.span`."""
    for first, last, start, stop in islice(place.code.co_positions(), place.instruction // 2, None):
        if first is None or last is None or start is None or stop is None:
            return None
        return first, last, start, stop
    return None


@lru_cache(maxsize=4096)
def line_of(place: Place) -> int:
    """The line of a place; see `Place.line`."""
    for first, *_ in islice(place.code.co_positions(), place.instruction // 2, None):
        return first if first is not None else place.code.co_firstlineno
    return place.code.co_firstlineno


def user_frame() -> Any:
    """The innermost frame outside of `LIBRARIES`, or None."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(LIBRARIES):
        frame = frame.f_back
    return frame


def here() -> Place:
    """The place in the program that has led to this call."""
    frame = user_frame() or sys._getframe(0)
    return Place(frame.f_code, frame.f_lasti)
