"""Neurons, layers and nets that are used like scalar ones and keep their parameters in NumPy arrays.

They have the interface of the oracle, ``autograd.scalar.nn``: a call on one sample returns Values, and
``params()`` lists Values. A call on many samples at once returns a Tensor.

A layer is one matrix [W | b] with a row for each neuron and the bias in the last column. A net keeps
its matrices in one flat vector, and ``params()`` lists the parameters in the order of that vector.

>>> import random
>>> random.seed(1)
>>> net = Net(2, [3, 1], activation="tanh")
>>> loss = (net([0.5, -1.0]) - 1) ** 2
>>> net.zero_grad()
>>> loss.backward()
>>> net.step(0.1)
>>> (net([0.5, -1.0]) - 1) ** 2 < loss
True
"""

from typing import TYPE_CHECKING, Any

from autograd.nn.activations import ACTIVATIONS, Activation, register_activation
from autograd.nn.batch import Batch
from autograd.nn.initializers import INITS
from autograd.nn.layers import Layer, Neuron
from autograd.nn.module import ArrayModule, Module, activated
from autograd.nn.net import MLP, Net
from autograd.nn.parameters import LayerParameters

if TYPE_CHECKING:
    from autograd.nn.plots import show_decision

__all__ = [
    "ACTIVATIONS",
    "INITS",
    "MLP",
    "Activation",
    "ArrayModule",
    "Layer",
    "Module",
    "Net",
    "Neuron",
    "register_activation",
]


def __getattr__(name: str) -> Any:  # import this only when it is first used
    if name == "show_decision":
        from autograd.nn.plots import show_decision

        return show_decision
    raise AttributeError(f"module 'autograd.nn' has no attribute {name!r}")
