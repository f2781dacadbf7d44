"""Demos that can make films and pictures: the public names of `autograd.pictures.demos`."""

from autograd.pictures import DEMOS, digits, minimize, moons, read_digits, sine, tiny

__all__ = ["DEMOS", "digits", "minimize", "moons", "read_digits", "sine", "tiny"]
