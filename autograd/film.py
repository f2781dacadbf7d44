"""Films of a training: the public names of `autograd.pictures.animation`."""

from autograd.pictures import Film, curve, decision
from autograd.pictures import TrainingFilm as Training

__all__ = ["Film", "Training", "curve", "decision"]
