"""What a kind of file is: how arrays by name, with the text of a header, are written into it and read."""

import struct
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from typing import Any, BinaryIO

from autograd.tensor.tape import Array

__all__ = ["DAMAGE", "HEADER", "Container", "Parts"]

Parts = Generator[tuple[str, Array], None, None]

HEADER = "header"
DAMAGE = (ValueError, EOFError, KeyError, OSError, RuntimeError, struct.error, zipfile.BadZipFile, zlib.error)


class Container(ABC):
    """A kind of file.

    Attributes:
        suffix: the end of the names that ask for it.
    """

    suffix: str

    def check(self) -> None:  # noqa: B027 - most kinds need no package
        """Raise MissingExtraError if files of this kind need a package that is not there."""

    @abstractmethod
    def begins(self, start: bytes) -> bool:
        """Whether the first nine bytes of a file, or as many as it has, are those of this kind."""

    @abstractmethod
    def write(self, file: BinaryIO, arrays: Mapping[str, Array], text: Array) -> None:
        """Write little-endian contiguous arrays, and the header's text as bytes, into a file."""

    @abstractmethod
    def read(self, file: Any) -> Parts:
        """The arrays of a file and their names, the header's text before all others, as they are asked for.

        What a file says of itself is checked against its own size before memory is taken for it, and a CRC-32
        of all that is read is checked.

        Raises:
            One of ``DAMAGE``: it is damaged, or not one of ours.
            MissingExtraError: as `check`.
        """
