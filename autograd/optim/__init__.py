"""Optimisers: rules that change parameters by their gradients.

An optimiser works on the flat vector of a module, ``SGD(net, lr=0.1)``, or on a list of Values and Tensors.
Use it in a training loop of your own, ``loss.backward(); opt.step()``, or in ``net.fit(optimizer=opt)``. The
formulas of all but LBFGS are PyTorch's, so trajectories agree, and their steps allocate no arrays.
"""

from autograd.optim.lbfgs import LBFGS
from autograd.optim.optimizer import Optimizer, clip_gradient, vector_of
from autograd.optim.rules import SGD, Adam, AdamW, RMSprop

__all__ = ["LBFGS", "OPTIMIZERS", "SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "clip_gradient"]

OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSprop,
    "lbfgs": LBFGS,
}
"""The optimisers by name."""


def optimizer_name(kind: type[Optimizer]) -> str:
    """The name of a kind of optimiser in `OPTIMIZERS`; the name of its class if it is not there.

    >>> optimizer_name(LBFGS)
    'lbfgs'
    """
    return next((name for name, known in OPTIMIZERS.items() if known is kind), kind.__name__)
