"""The playground: a page on this machine on which one watches a small net learn, and its programs.

`Server` serves the page, as the command ``autograd play`` does. The data sets are what the programs that the
page writes begin with.

>>> train, held_out = spiral(seed=0).split()
>>> train.X.shape, held_out.X.shape
((225, 2), (75, 2))
"""

from autograd.play.datasets import Points, circle, moons, read_points, spiral, xor
from autograd.play.explanation import Contributions, contributions
from autograd.play.program import program
from autograd.play.server import Server
from autograd.play.settings import Settings
from autograd.play.training import Training

__all__ = [
    "Contributions",
    "Points",
    "Server",
    "Settings",
    "Training",
    "circle",
    "contributions",
    "moons",
    "program",
    "read_points",
    "spiral",
    "xor",
]
