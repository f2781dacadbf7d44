"""The two kinds of file that hold arrays by name: NumPy's npz, without pickle, and safetensors.

What a file says of itself is checked against its own size before memory is taken for it, and all
that is read has its CRC-32 checked: npz has one for each array, and safetensors is given them.
"""

import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Generator, Mapping
from typing import Any, BinaryIO

import numpy as np

from autograd.errors import MissingExtraError
from autograd.tensor.tape import Array

__all__ = ["DAMAGE", "contents", "is_safetensors", "need_safetensors", "store"]

Parts = Generator[tuple[str, Array], None, None]

HEADER = "header"
DAMAGE = (ValueError, EOFError, KeyError, OSError, RuntimeError, struct.error, zipfile.BadZipFile, zlib.error)

ZIP = b"PK\x03\x04"  # what a zip file, and so an npz file, begins with
END = struct.Struct("<4s4H2LH")  # its last 22 bytes, PKWARE's APPNOTE 4.3.16; there is no comment in ours
ZIP64 = b"PK\x06\x07", 42, 1 << 31  # how and where the end of one of 2 GiB and more begins, 4.3.15
PLAIN = re.compile(r"[\w.]+\.npy", re.ASCII)  # no folder, no drive
# An array as NumPy writes it, and nothing else: its own reader takes all that Python's syntax has
NPY = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(<f8|<f4|\|u1)', 'fortran_order': False, "
    rb"'shape': \(([\d, ]{0,99})\), \} *\n",
    re.DOTALL,
)
DTYPES = ("F64", "F32", "U8")  # the same in safetensors
SUM = "crc32"  # with a dot and a name, where the metadata of safetensors have the checksum of that array
# In bytes, of what lists the arrays: for each of its own a zip file's reader takes about 13
ZIP_DIRECTORY, SAFETENSORS_DIRECTORY = 1 << 20, 1 << 24


def is_safetensors(path: Any) -> bool:
    """Whether a file of that name is to be one of safetensors: if it ends so. All others are npz."""
    return os.fsdecode(path).lower().endswith(".safetensors")


def need_safetensors() -> Any:
    """The package of that name; MissingExtraError if it is not there."""
    try:
        import safetensors.numpy
    except ImportError:
        raise MissingExtraError.of("a safetensors file", "safetensors") from None
    return safetensors


def store(file: BinaryIO, path: Any, arrays: Mapping[str, Array], text: bytes) -> None:
    """Write the header's text and the arrays into ``file``, in the way that the name ``path`` asks for."""
    little = {name: np.ascontiguousarray(a, a.dtype.newbyteorder("<")) for name, a in arrays.items()}
    if is_safetensors(path):
        sums = {f"{SUM}.{name}": _checksum(a) for name, a in little.items()}
        sums[f"{SUM}.{HEADER}"] = _checksum(np.frombuffer(text, np.uint8))
        metadata = {HEADER: text.decode(), **sums}
        file.write(need_safetensors().numpy.save(little, metadata))
    else:
        np.savez(file, **{HEADER: np.frombuffer(text, np.uint8)}, **little)  # type: ignore[arg-type]  # not allow_pickle=


def contents(file: BinaryIO) -> Parts:
    """The arrays of a file and their names, the header's text before all others, as they are asked for.

    What a file begins with tells its kind, so that a file may be given another name.

    Raises:
        One of ``DAMAGE``: it is another kind of file, or damaged.
        MissingExtraError: it is a safetensors file, and that package is not there.
    """
    start = file.read(9)
    if start.startswith(ZIP):
        return _npz(file)
    if start.endswith(b"{") and len(start) == 9:
        return _safetensors(file, int.from_bytes(start[:8], "little"))
    if start.startswith(b"\x80"):
        raise ValueError("it looks like a pickle, which could run code and is never read")
    raise ValueError("it is neither an npz nor a safetensors file" if start else "it is empty")


# npz --------------------------------------------------------------------------------------------


def _npz(file: BinaryIO) -> Parts:
    size = file.seek(0, os.SEEK_END)
    _check_end(file, size)
    with zipfile.ZipFile(file) as archive:
        members = {member.filename: member for member in archive.infolist()}
        if len(members) < len(archive.infolist()):
            raise ValueError("two arrays in it have the same name")
        for name, member in members.items():
            if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
                raise ValueError(f"{name!r} in it is compressed, which nothing is that was saved here")
            if not PLAIN.fullmatch(name):
                raise ValueError(f"{name!r} in it is not the name of an array")
            if not 0 <= member.header_offset < size:
                raise ValueError(f"it says that {name!r} lies outside of it")
        claimed = sum(member.file_size for member in members.values())
        if claimed > size:
            raise ValueError(f"it says that it holds {claimed} bytes, and has {size}")
        first = f"{HEADER}.npy"
        if first not in members:
            raise ValueError("it has no header of ours")
        for name in [first, *(name for name in members if name != first)]:
            yield name.removesuffix(".npy"), _npy(archive.read(name), name)


def _check_end(file: BinaryIO, size: int) -> None:
    """ValueError if the directory, which stands at the end of a zip file, is none that we would write."""
    file.seek(max(size - END.size, 0))
    magic, *_, directory, _, comment = END.unpack(file.read(END.size).rjust(END.size))
    if magic != b"PK\x05\x06" or comment:
        raise ValueError("its end is missing")
    sign, place, least = ZIP64
    file.seek(max(size - place, 0))
    if directory > ZIP_DIRECTORY or (size < least and file.read(len(sign)) == sign):
        raise ValueError("it lists more arrays than any that was saved here")


def _npy(content: bytes, name: str) -> Array:
    """The array in a file of NumPy's, whose bytes it shares."""
    match = NPY.match(content)
    if match is None:
        raise ValueError(f"{name!r} in it is no array of float64, float32 or bytes as NumPy writes it")
    dtype, shape = np.dtype(match[1].decode()), [int(n) for n in match[2].split(b",") if n.strip()]
    if math.prod(shape) * dtype.itemsize != len(content) - match.end():
        raise ValueError(f"{name!r} in it says shape {shape}, and has {len(content) - match.end()} bytes")
    return np.frombuffer(content, dtype, offset=match.end()).reshape(shape)


# safetensors ------------------------------------------------------------------------------------


def _safetensors(file: BinaryIO, directory: int) -> Parts:
    size = file.seek(0, os.SEEK_END)
    if directory > min(size - 8, SAFETENSORS_DIRECTORY):
        raise ValueError(f"it says that its header has {directory} bytes, and has {size} in all")
    package = need_safetensors()
    try:
        with package.safe_open(os.fsdecode(file.name), "np") as tensors:
            metadata = tensors.metadata() or {}
            if HEADER not in metadata:
                raise ValueError("it has no header of ours")
            yield HEADER, _summed(np.frombuffer(metadata[HEADER].encode(), np.uint8), HEADER, metadata)
            for name in tensors.keys():  # noqa: SIM118 - it is no dict
                if tensors.get_slice(name).get_dtype() not in DTYPES:
                    raise ValueError(f"{name!r} in it is no array of float64, float32 or bytes")
                yield name, _summed(tensors.get_tensor(name), name, metadata)
    except package.SafetensorError as error:
        raise ValueError(str(error)) from None


def _checksum(array: Array) -> str:
    """The CRC-32 of what kind of array it is and of its bytes."""
    return str(zlib.crc32(array.data, zlib.crc32(f"{array.dtype.name} {array.shape}".encode())))


def _summed(array: Array, name: str, metadata: dict[str, str]) -> Array:
    if metadata.get(f"{SUM}.{name}") != _checksum(array):
        raise ValueError(f"{name!r} in it does not have its checksum")
    return array
