"""Helpers for all other packages: checks of options, places in programs, progress bars, watchers."""

from autograd.support.interrupts import run_to_end
from autograd.support.options import by_name, float_type, nearby, whole
from autograd.support.places import LIBRARIES, Place, here, user_frame
from autograd.support.progress import track
from autograd.support.watching import WATCHERS, Watcher

__all__ = [
    "LIBRARIES",
    "WATCHERS",
    "Place",
    "Watcher",
    "by_name",
    "float_type",
    "here",
    "nearby",
    "run_to_end",
    "track",
    "user_frame",
    "whole",
]
