"""Scalar code at array speed: a drop-in autograd with a vectorised engine underneath.

>>> from autograd.engine import Value
>>> x = Value(2)
>>> (3 * x**2).backward()
>>> x.grad
12.0
"""

import sys
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from os import environ
from os.path import basename, dirname, exists, join, splitext

if environ.get("AUTOGRAD_PURE", "") not in ("", "0"):  # import the sources, not the compiled modules
    sys.path_importer_cache |= {
        folder: FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES))
        for folder in (join(__path__[0], package) for package in ("engine", "nn", "optim", "tensor"))
    }

try:
    import warnings
    from typing import TYPE_CHECKING, Any

    from autograd import losses, optim, schedules
    from autograd.engine import COMPILED, Stats, Value, stats
    from autograd.nn import MLP, Layer, Module, Net, Neuron
    from autograd.tensor import (
        Tensor,
        checkpoint,
        deriv,
        eager,
        egrad,
        elementwise_grad,
        grad,
        grad_and_aux,
        grad_named,
        hessian,
        hessian_tensor_product,
        hessian_vector_product,
        holomorphic_grad,
        hvp,
        jacobian,
        jvp,
        make_ggnvp,
        make_hvp,
        make_jvp,
        make_jvp_reversemode,
        make_vjp,
        minimize,
        multigrad_dict,
        no_grad,
        record,
        tensor,
        tensor_jacobian_product,
        value_and_grad,
        vector_jacobian_product,
        vjp,
        vmap,
    )
    from autograd.version import __version__ as __version__
except KeyboardInterrupt:
    if splitext(basename(sys.argv[0]))[0] not in ("-m", "autograd"):
        raise
    sys.exit(130)  # the exit code of `autograd.__main__`, which Python imports only after this module

if TYPE_CHECKING:
    from autograd.diagnosis import doctor
    from autograd.gradient_check import check_grads
    from autograd.pictures import draw
    from autograd.verification import verify

compiled: bool = COMPILED
"""Whether the scalar engine is compiled; it is if there was a compiler when the package was installed."""

__all__ = [
    "MLP",
    "Layer",
    "Module",
    "Net",
    "Neuron",
    "Stats",
    "Tensor",
    "Value",
    "check_grads",
    "checkpoint",
    "deriv",
    "doctor",
    "draw",
    "eager",
    "egrad",
    "elementwise_grad",
    "grad",
    "grad_and_aux",
    "grad_named",
    "hessian",
    "hessian_tensor_product",
    "hessian_vector_product",
    "holomorphic_grad",
    "hvp",
    "jacobian",
    "jvp",
    "losses",
    "make_ggnvp",
    "make_hvp",
    "make_jvp",
    "make_jvp_reversemode",
    "make_vjp",
    "minimize",
    "multigrad_dict",
    "no_grad",
    "optim",
    "record",
    "schedules",
    "stats",
    "tensor",
    "tensor_jacobian_product",
    "value_and_grad",
    "vector_jacobian_product",
    "verify",
    "vjp",
    "vmap",
]

if environ.get("AUTOGRAD_DOCTOR", "") not in ("", "0"):
    from autograd.diagnosis import watch_program

    watch_program()

if exists(join(dirname(__file__), "differential_operators.py")):  # a module of HIPS/autograd
    warnings.warn(
        "HIPS/autograd is installed under the import name autograd too, so its files and those of "
        "array-autograd are mixed and neither can be relied on; mend it with: pip uninstall -y "
        "autograd array-autograd, and then, in the folder of array-autograd: pip install .",
        stacklevel=2,
    )


def __getattr__(name: str) -> Any:  # import these only when they are first used
    if name == "check_grads":
        from autograd.gradient_check import check_grads

        return check_grads
    if name == "doctor":
        from autograd.diagnosis import doctor

        return doctor
    if name == "draw":
        from autograd.pictures import draw

        return draw
    if name == "verify":
        from autograd.verification import verify

        return verify
    if name == "primitive":
        from autograd.extend import primitive

        return primitive
    if name in ("dict", "isinstance", "list", "tuple"):
        from autograd import builtins

        return getattr(builtins, name)
    raise AttributeError(f"module 'autograd' has no attribute {name!r}")
