"""Demos: programs as a user would write them, each of which can make a film or a picture.

The first four go through their samples one by one, as the original library does; the last one uses `fit`.
"""

from autograd.pictures import DEMOS, digits, minimize, moons, read_digits, sine, tiny

__all__ = ["DEMOS", "digits", "minimize", "moons", "read_digits", "sine", "tiny"]
