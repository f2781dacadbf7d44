"""Converters for the arguments of commands: whole numbers, sizes, numbers in a range."""

import argparse
import math
from collections.abc import Callable

__all__ = ["number_where", "sizes", "whole_number"]


def whole_number(least: int) -> Callable[[str], int]:
    """A function that converts text to a whole number of ``least`` or more."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"wants a whole number of {least} or more, got {text!r}")
        return int(text)

    return read


def sizes(text: str) -> list[int]:
    """Whole numbers of 1 or more from a text that has commas between them."""
    try:
        return [whole_number(1)(part.strip()) for part in text.split(",")]
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"wants sizes such as 128 or 64,32, got {text!r}") from None


def number_where(good: Callable[[float], bool], what: str) -> Callable[[str], float]:
    """A function that converts text to a number for which ``good`` is true; ``what`` describes it."""

    def read(text: str) -> float:
        try:
            x = float(text)
        except ValueError:
            x = math.nan
        if not good(x):
            raise argparse.ArgumentTypeError(f"wants {what}, got {text!r}")
        return x

    return read
