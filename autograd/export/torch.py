"""PyTorch: a net as a ``torch.nn.Sequential``, and back."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd.errors import MissingExtraError, OptionError, ShapeError, UnsupportedError
from autograd.export.exportable import Exportable, ExportedLayer, layers_of

__all__ = ["layers_from_torch", "to_torch"]

# For each activation but linear: the name of its module in torch.nn, and the options that make it ours
MODULES: dict[str, tuple[str, dict[str, Any]]] = {
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "relu": ("ReLU", {}),
    "leaky_relu": ("LeakyReLU", {"negative_slope": 0.01}),
    "softplus": ("Softplus", {"beta": 1.0, "threshold": 20.0}),  # beyond 20 it is x, which is 2e-9 less
    "gelu": ("GELU", {"approximate": "none"}),
}
CALL = "from_torch()"
LONGEST = 100  # characters of a module that messages show


def package(call: str) -> Any:
    """The package torch; MissingExtraError if it is not installed."""
    try:
        import torch
    except ImportError:
        raise MissingExtraError(f"{call} needs PyTorch, which is no dependency: pip install torch") from None
    return torch


def to_torch(net: Exportable) -> Any:
    """See `autograd.nn.Net.to_torch`."""
    layers = layers_of(net, "to_torch()")
    torch = package("to_torch()")
    modules = []
    for weight, bias, activation in layers:
        n_out, n_in = weight.shape
        dtype = getattr(torch, weight.dtype.name)
        linear = torch.nn.utils.skip_init(torch.nn.Linear, n_in, n_out, dtype=dtype)  # draws no numbers
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight.copy()))
            linear.bias.copy_(torch.from_numpy(bias.copy()))
        modules.append(linear)
        if activation != "linear":
            name, options = MODULES[activation]
            modules.append(getattr(torch.nn, name)(**options))
    return torch.nn.Sequential(*modules)


def layers_from_torch(sequential: Any) -> list[ExportedLayer]:
    """The layers of a ``torch.nn.Sequential``, for `autograd.nn.Net.from_torch`, which copies the weights.

    Raises:
        UnsupportedError, OptionError, ShapeError, MissingExtraError: as `autograd.nn.Net.from_torch`.
    """
    torch = package(CALL)
    layers: list[ExportedLayer] = []
    linears: list[Any] = []
    pending = False  # whether the last linear layer may still get an activation
    for place, module in _flat(torch, sequential, ""):
        kind = _kind(torch, place, module)
        _check_plain(place, module)
        if kind == "Identity":
            continue
        if kind == "Linear":
            if module in linears:
                raise UnsupportedError(f"{CALL} cannot share weights, and {place} stands there twice")
            linears.append(module)
            layers.append(_layer(place, module))
            pending = True
            continue
        if not pending:
            raise OptionError(
                f"{CALL} wants a Linear before each activation, and none is just before {place}; "
                "a layer of a Net is linear first"
            )
        layers[-1] = layers[-1]._replace(activation=_activation(place, kind, module))
        pending = False
    _check_together(layers)
    return layers


def _flat(torch: Any, module: Any, place: str) -> Iterator[tuple[str, Any]]:
    """The modules in nested Sequentials, in order, each with its place in words."""
    if type(module) is torch.nn.Sequential:
        _check_plain(place or "the Sequential", module)
        for k, inner in enumerate(module):
            yield from _flat(torch, inner, f"{place}[{k}]" if place else f"layer [{k}]")
        return
    if not place:
        raise UnsupportedError(
            f"{CALL} wants a torch.nn.Sequential, got {type(module).__name__}; put layers into one by "
            "torch.nn.Sequential(...)"
        )
    text = str(module)
    yield f"{place}, {text if len(text) <= LONGEST else type(module).__name__}", module


def _kind(torch: Any, place: str, module: Any) -> str:
    """The name of the module's class in torch.nn, if it is one that a Net has too."""
    known = ["Linear", *(name for name, _ in MODULES.values()), "Identity", "Sequential"]
    for name in known:
        if type(module) is getattr(torch.nn, name):
            return name
    raise UnsupportedError(
        f"{CALL} knows {', '.join(known)}, and {place} is none of them; a Net has no such layer"
    )


def _check_plain(place: str, module: Any) -> None:
    """Check that a call of the module does nothing but what its class does."""
    if module._forward_hooks or module._forward_pre_hooks:
        raise UnsupportedError(f"{CALL} cannot translate hooks, and {place} has some; remove them first")


def _activation(place: str, kind: str, module: Any) -> str:
    """The name of the activation of a module, if its options are ours."""
    activation = next(name for name, (module_name, _) in MODULES.items() if module_name == kind)
    for option, ours in MODULES[activation][1].items():
        if (value := getattr(module, option)) != ours:
            raise OptionError(
                f"{CALL} wants {kind} with {option}={ours!r}, which {activation} is here, got {value!r} in "
                f"{place}"
            )
    return activation


def _layer(place: str, linear: Any) -> ExportedLayer:
    parameters = [p for p in (linear.weight, linear.bias) if p is not None]
    for p in parameters:
        if str(p.dtype) not in ("torch.float64", "torch.float32"):
            raise OptionError(
                f"{CALL} wants float64 or float32, got {p.dtype} in {place}; convert it by .double() or "
                ".float()"
            )
        if p.device.type == "meta":
            raise OptionError(f"{CALL} wants weights that have numbers, and {place} is on the meta device")
    weight, *bias = (p.detach().cpu().numpy() for p in parameters)
    if not weight.size:
        raise ShapeError(f"{CALL} wants 1 input and 1 output or more of each Linear, got {place}")
    return ExportedLayer(weight, bias[0] if bias else np.zeros(len(weight), weight.dtype), "linear")


def _check_together(layers: list[ExportedLayer]) -> None:
    if not layers:
        raise OptionError(f"{CALL} wants a Linear among the layers, got none")
    dtypes = sorted({array.dtype.name for layer in layers for array in layer[:2]})
    if len(dtypes) > 1:
        raise OptionError(
            f"{CALL} wants one dtype for all layers, got {' and '.join(dtypes)}; convert it by .double() or "
            ".float()"
        )
    for k in range(1, len(layers)):
        if (had := layers[k - 1].weight.shape[0]) != (wanted := layers[k].weight.shape[1]):
            raise ShapeError(
                f"{CALL} wants each Linear to take what the one before gives; Linear {k + 1} of "
                f"{len(layers)} takes {wanted} numbers, and the one before gives {had}"
            )
