"""Helpers for all other packages: checks of options, progress bars, actions that interrupts must not cut."""

from autograd.support.interrupts import finished
from autograd.support.options import by_name, float_type, nearby, whole
from autograd.support.progress import track

__all__ = ["by_name", "finished", "float_type", "nearby", "track", "whole"]
