"""What can be exported: layers with the library's own activations, and the table a net was trained on."""

import json
from typing import Any, NamedTuple, Protocol

from autograd.errors import OptionError, UnsupportedError
from autograd.files import TableDescription
from autograd.tensor import Array

__all__ = ["ACTIVATIONS", "Exportable", "ExportedLayer", "layers_of", "own_preprocessing", "table_of"]

ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "softplus", "gelu", "linear")
"""The activations that every target knows: the built-in ones of nets."""


class Exportable(Protocol):
    """What an export knows of a net.

    Attributes:
        N: the number of inputs, then the number of outputs of each layer.
        activations: the activation of each layer, a name or a function.
        layers: the layers, each with its ``weight`` (n_out, n_in) and its ``bias`` (n_out,).
        dtype: float64 or float32.
        preprocessing: a dict of JSON types, or None.
        runs_layers: whether a call runs the layers alone.
        all_in_vector: whether the layers have all of the parameters.
    """

    N: Any
    activations: Any
    layers: Any
    dtype: Any
    preprocessing: Any

    @property
    def runs_layers(self) -> bool: ...

    @property
    def all_in_vector(self) -> bool: ...


class ExportedLayer(NamedTuple):
    """A layer: ``activation(x @ weight.T + bias)``, with the name of one of `ACTIVATIONS`."""

    weight: Array
    bias: Array
    activation: str


def layers_of(net: Exportable, call: str) -> list[ExportedLayer]:
    """The layers of a net, which ``call`` exports.

    Raises:
        UnsupportedError: the net is of a class that computes in a way of its own, or has other parameters.
        OptionError: an activation is none of the library's.
    """
    kind = type(net).__name__
    if not net.runs_layers:
        raise UnsupportedError(
            f"{call} exports layers alone, and {kind} computes by a __call__ or forward of its own; export "
            "a Net with its layers, and write the rest in the other program"
        )
    if not net.all_in_vector:
        raise UnsupportedError(
            f"{call} exports layers alone, and {kind} lists parameters by a params() of its own; export a "
            "Net with its layers, and write the rest in the other program"
        )
    for k, activation in enumerate(net.activations):
        if activation not in ACTIVATIONS:
            name = repr(activation if isinstance(activation, str) else _called(activation))
            raise OptionError(
                f"{call} wants activations among {', '.join(ACTIVATIONS)}, and layers[{k}] has {name}, "
                "one of yours, which no other program knows; train the net with one of these"
            )
    return [
        ExportedLayer(layer.weight, layer.bias, name)
        for layer, name in zip(net.layers, net.activations, strict=True)
    ]


def _called(function: Any) -> str:
    return str(
        getattr(function, "__name__", None) or getattr(function, "name", None) or type(function).__name__
    )


def table_of(net: Exportable, call: str) -> TableDescription | None:
    """The table that ``autograd train`` trained a net on; None if its preprocessing is of another kind.

    Raises:
        OptionError: the description of the table does not fit the net.
    """
    if not TableDescription.is_in(net.preprocessing):
        return None
    try:
        return TableDescription.of_header(net.preprocessing, net.N[0], net.N[-1])
    except ValueError as error:
        raise OptionError(f"{call} cannot export the net's preprocessing: {error}") from None


def own_preprocessing(net: Exportable, call: str) -> str | None:
    """A user's own preprocessing as JSON, to be kept beside the net; None if there is none.

    Raises:
        OptionError: it has other types than those of JSON.
    """
    if net.preprocessing is None:
        return None
    try:
        return json.dumps(net.preprocessing, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise OptionError(f"{call} wants preprocessing of JSON's types: {error}") from None
