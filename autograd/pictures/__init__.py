"""Drawings of graphs, films and demos, published as `autograd.draw`, `autograd.film` and `autograd.demos`."""

from autograd.pictures.animation import WRITERS, Film, TrainingFilm, curve, decision
from autograd.pictures.demos import DEMOS, PICTURES, digits, minimize, moons, read_digits, sine, tiny
from autograd.pictures.graph_drawing import draw

__all__ = [
    "DEMOS",
    "PICTURES",
    "Film",
    "TrainingFilm",
    "curve",
    "decision",
    "digits",
    "draw",
    "minimize",
    "moons",
    "read_digits",
    "sine",
    "tiny",
]
