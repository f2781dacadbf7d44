"""The registry of the kinds of file: the name chooses the kind for writing, the first bytes for reading."""

import os
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

from autograd.files.container import Container, Parts
from autograd.files.npz import Npz
from autograd.files.safetensors import Safetensors
from autograd.tensor import Array

__all__ = ["CONTAINERS", "container_of", "contents", "store"]

CONTAINERS: list[Container] = [Npz(), Safetensors()]
"""The kinds of file; the first is for names with the suffix of none of them."""


def container_of(path: Any) -> Container:
    """The kind of file for the suffix of ``path``."""
    name = os.fsdecode(path).lower()
    return next((kind for kind in CONTAINERS if name.endswith(kind.suffix)), CONTAINERS[0])


def store(file: BinaryIO, path: Any, arrays: Mapping[str, Array], text: bytes) -> None:
    """Write the header's text and the arrays into ``file``, as the kind of file that ``path`` chooses."""
    little = {name: np.ascontiguousarray(a, a.dtype.newbyteorder("<")) for name, a in arrays.items()}
    container_of(path).write(file, little, np.frombuffer(text, np.uint8))


def contents(file: BinaryIO) -> Parts:
    """The arrays of a file as from `Container.read`; its first bytes tell its kind, not its name.

    Raises:
        One of ``DAMAGE``: the file is of an unknown kind, or damaged.
        MissingExtraError: its kind needs a package that is not installed.
    """
    start = file.read(9)
    for kind in CONTAINERS:
        if kind.begins(start):
            return kind.read(file)
    if start.startswith(b"\x80"):
        raise ValueError("it looks like a pickle, which could run code and is never read")
    kinds = " nor a ".join(kind.suffix.lstrip(".") for kind in CONTAINERS)
    raise ValueError(f"it is neither an {kinds} file" if start else "it is empty")
