"""Demos, each a program as a reader would write it, that ends in a film or a picture.

The first four go through their samples one by one, in the original's style; the last one uses `fit`.
"""

from autograd.pictures.demos import DEMOS, digits, minimize, moons, read_digits, sine, tiny

__all__ = ["DEMOS", "digits", "minimize", "moons", "read_digits", "sine", "tiny"]
