"""Neurons, layers and nets whose weights live in NumPy arrays behind scalar names.

They are used as those of the oracle, ``autograd.scalar.nn``, are: called on one sample they answer
with Values, and ``params()`` lists Values. Called on many samples at once they answer with a Tensor.

A layer is one matrix [W | b] with a row for each neuron and the bias in the last column, and a net
is one flat vector of such matrices, so that the order of ``params()`` is that of memory.

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

from autograd.nn.activations import ACTIVATIONS, Activation
from autograd.nn.initializers import INITS
from autograd.nn.layers import Layer, Neuron
from autograd.nn.module import ArrayModule, Module
from autograd.nn.net import MLP, Net

__all__ = ["ACTIVATIONS", "INITS", "MLP", "Activation", "ArrayModule", "Layer", "Module", "Net", "Neuron"]
