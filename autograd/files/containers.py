"""The kinds of file: a name chooses one for writing, and what a file begins with tells its own."""

import os
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

from autograd.files.container import Container, Parts
from autograd.files.npz import Npz
from autograd.files.safetensors import Safetensors
from autograd.tensor.tape import Array

__all__ = ["CONTAINERS", "container_of", "contents", "store"]

CONTAINERS: list[Container] = [Npz(), Safetensors()]
"""The kinds of file; a name that asks for none of them gets the first."""


def container_of(path: Any) -> Container:
    """The kind that a file's name asks for."""
    name = os.fsdecode(path).lower()
    return next((kind for kind in CONTAINERS if name.endswith(kind.suffix)), CONTAINERS[0])


def store(file: BinaryIO, path: Any, arrays: Mapping[str, Array], text: bytes) -> None:
    """Write the header's text and the arrays into ``file``, in the way that the name ``path`` asks for."""
    little = {name: np.ascontiguousarray(a, a.dtype.newbyteorder("<")) for name, a in arrays.items()}
    container_of(path).write(file, little, np.frombuffer(text, np.uint8))


def contents(file: BinaryIO) -> Parts:
    """The arrays of a file as `Container.read` gives them, whatever the file's name is.

    Raises:
        One of ``DAMAGE``: it is another kind of file, or damaged.
        MissingExtraError: its kind needs a package that is not there.
    """
    start = file.read(9)
    for kind in CONTAINERS:
        if kind.begins(start):
            return kind.read(file)
    if start.startswith(b"\x80"):
        raise ValueError("it looks like a pickle, which could run code and is never read")
    kinds = " nor a ".join(kind.suffix.lstrip(".") for kind in CONTAINERS)
    raise ValueError(f"it is neither an {kinds} file" if start else "it is empty")
