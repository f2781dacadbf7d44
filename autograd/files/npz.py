"""NumPy's npz, without pickle: a zip file with a CRC-32 for each array."""

import math
import os
import re
import struct
import zipfile
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

from autograd.files.container import HEADER, Container, Parts
from autograd.tensor import Array

__all__ = ["Npz"]

ZIP = b"PK\x03\x04"  # first bytes of a zip file, and so of an npz file
# The end record, the last 22 bytes of a zip file without a comment: PKWARE's APPNOTE, 4.3.16
END = struct.Struct("<4s4H2LH")
# The locator before the end record of files of 2 GiB or more, 4.3.15: its first bytes, its distance from the
# end of the file, and 2 GiB
ZIP64 = b"PK\x06\x07", 42, 1 << 31
ARRAY_NAME = re.compile(r"[\w.]+\.npy", re.ASCII)  # without a folder or a drive
# The start of an array exactly as NumPy writes it; NumPy's own reader accepts any Python literal there
NPY = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(<f8|<f4|\|u1)', 'fortran_order': False, "
    rb"'shape': \(([\d, ]{0,99})\), \} *\n",
    re.DOTALL,
)
# Most bytes of the directory that lists the arrays; `zipfile` takes about 13 bytes of memory for each byte
ZIP_DIRECTORY = 1 << 20


class Npz(Container):
    """Files as ``numpy.savez`` writes them."""

    suffix = ".npz"

    def begins(self, start: bytes) -> bool:
        return start.startswith(ZIP)

    def write(self, file: BinaryIO, arrays: Mapping[str, Array], text: Array) -> None:
        np.savez(file, **{HEADER: text}, **arrays)  # type: ignore[arg-type]  # no array is named allow_pickle

    def read(self, file: Any) -> Parts:
        size = file.seek(0, os.SEEK_END)
        _check_end(file, size)
        with zipfile.ZipFile(file) as archive:
            members = {member.filename: member for member in archive.infolist()}
            if len(members) < len(archive.infolist()):
                raise ValueError("two arrays in it have the same name")
            for name, member in members.items():
                if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
                    raise ValueError(f"{name!r} in it is compressed, and array-autograd compresses nothing")
                if not ARRAY_NAME.fullmatch(name):
                    raise ValueError(f"{name!r} in it is not the name of an array")
                if not 0 <= member.header_offset < size:
                    raise ValueError(f"it says that {name!r} lies outside the file")
            claimed = sum(member.file_size for member in members.values())
            if claimed > size:
                raise ValueError(
                    f"it says that its arrays have {claimed} bytes, but the file has only {size}"
                )
            first = f"{HEADER}.npy"
            if first not in members:
                raise ValueError("it has no header written by array-autograd")
            for name in [first, *(name for name in members if name != first)]:
                yield name.removesuffix(".npy"), _npy(archive.read(name), name)


def _check_end(file: BinaryIO, size: int) -> None:
    """ValueError if the end of a zip file, which describes its directory, is none that `Npz.write` writes."""
    file.seek(max(size - END.size, 0))
    magic, *_, directory, _, comment = END.unpack(file.read(END.size).rjust(END.size))
    if magic != b"PK\x05\x06" or comment:
        raise ValueError("its end is missing")
    signature, distance, least = ZIP64
    file.seek(max(size - distance, 0))
    if directory > ZIP_DIRECTORY or (size < least and file.read(len(signature)) == signature):
        raise ValueError("it lists more arrays than array-autograd writes")


def _npy(content: bytes, name: str) -> Array:
    """The array in the ``content`` of a .npy file, whose memory it shares; ``name`` is for messages."""
    match = NPY.match(content)
    if match is None:
        raise ValueError(f"{name!r} in it is not an array of float64, float32 or bytes as NumPy writes it")
    dtype, shape = np.dtype(match[1].decode()), [int(n) for n in match[2].split(b",") if n.strip()]
    if math.prod(shape) * dtype.itemsize != len(content) - match.end():
        raise ValueError(
            f"{name!r} in it should have shape {shape}, but has {len(content) - match.end()} bytes"
        )
    return np.frombuffer(content, dtype, offset=match.end()).reshape(shape)
