"""safetensors, with a CRC-32 of each array in the metadata of the file."""

import os
import zlib
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

from autograd.errors import MissingExtraError
from autograd.files.container import HEADER, Container, Parts
from autograd.tensor import Array

__all__ = ["Safetensors"]

DTYPES = ("F64", "F32", "U8")  # safetensors' names of float64, float32 and bytes
SUM = "crc32"  # the metadata have the checksum of an array under this, a dot and the name of the array
LONGEST_DIRECTORY = 1 << 24  # bytes of the list of arrays and the metadata


class Safetensors(Container):
    """Files of the package safetensors, which is an optional dependency."""

    suffix = ".safetensors"

    def check(self) -> None:
        package()

    def begins(self, start: bytes) -> bool:
        return len(start) == 9 and start.endswith(b"{")

    def write(self, file: BinaryIO, arrays: Mapping[str, Array], text: Array) -> None:
        sums = {f"{SUM}.{name}": _checksum(a) for name, a in arrays.items()}
        sums[f"{SUM}.{HEADER}"] = _checksum(text)
        metadata = {HEADER: str(text.data, "utf-8"), **sums}
        file.write(package().numpy.save(dict(arrays), metadata))

    def read(self, file: Any) -> Parts:
        file.seek(0)
        directory = int.from_bytes(file.read(8), "little")
        size = file.seek(0, os.SEEK_END)
        if directory > min(size - 8, LONGEST_DIRECTORY):
            raise ValueError(f"it says that its header has {directory} bytes, but the file has {size} in all")
        found = package()
        try:
            with found.safe_open(os.fsdecode(file.name), "np") as tensors:
                metadata = tensors.metadata() or {}
                if HEADER not in metadata:
                    raise ValueError("it has no header written by array-autograd")
                yield HEADER, _verified(np.frombuffer(metadata[HEADER].encode(), np.uint8), HEADER, metadata)
                for name in tensors.keys():  # noqa: SIM118 - ``tensors`` is no dict
                    if tensors.get_slice(name).get_dtype() not in DTYPES:
                        raise ValueError(f"{name!r} in it is not an array of float64, float32 or bytes")
                    yield name, _verified(tensors.get_tensor(name), name, metadata)
        except found.SafetensorError as error:
            raise ValueError(str(error)) from None


def package() -> Any:
    """The package safetensors; MissingExtraError if it is not installed."""
    try:
        import safetensors.numpy
    except ImportError:
        raise MissingExtraError.of("a safetensors file", "safetensors") from None
    return safetensors


def _checksum(array: Array) -> str:
    """The CRC-32 of the dtype, the shape and the bytes of an array."""
    return str(zlib.crc32(array.data, zlib.crc32(f"{array.dtype.name} {array.shape}".encode())))


def _verified(array: Array, name: str, metadata: dict[str, str]) -> Array:
    if metadata.get(f"{SUM}.{name}") != _checksum(array):
        raise ValueError(f"{name!r} in it does not have its checksum")
    return array
