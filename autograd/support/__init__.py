"""Helpers for all other packages: checks of options, progress bars, actions that interrupts must not cut."""

from autograd.support.interrupts import run_to_end
from autograd.support.options import by_name, float_type, nearby, whole
from autograd.support.progress import track

__all__ = ["by_name", "float_type", "nearby", "run_to_end", "track", "whole"]
