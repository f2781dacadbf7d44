"""The interface of a kind of file, such as npz: how it stores named arrays and the text of a header."""

import struct
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from typing import Any, BinaryIO

from autograd.tensor import Array

__all__ = ["DAMAGE", "HEADER", "Container", "Parts"]

Parts = Generator[tuple[str, Array], None, None]

HEADER = "header"
DAMAGE = (ValueError, EOFError, KeyError, OSError, RuntimeError, struct.error, zipfile.BadZipFile, zlib.error)


class Container(ABC):
    """A kind of file: writes and reads named arrays and the text of a header.

    Attributes:
        suffix: the end of a file name that chooses this kind.
    """

    suffix: str

    def check(self) -> None:  # noqa: B027 - most kinds need no package
        """Raise MissingExtraError if files of this kind need a package that is not installed."""

    @abstractmethod
    def begins(self, start: bytes) -> bool:
        """Whether ``start``, the first nine bytes of a file or all of a shorter one, shows this kind."""

    @abstractmethod
    def write(self, file: BinaryIO, arrays: Mapping[str, Array], text: Array) -> None:
        """Write the arrays, little-endian and contiguous, and the bytes of the header's text into a file."""

    @abstractmethod
    def read(self, file: Any) -> Parts:
        """Yield the name and the contents of each array of a file, beginning with the header's text.

        Sizes that the file states are checked against its real size before memory is allocated. All that is
        read is checked against its CRC-32.

        Raises:
            One of ``DAMAGE``: the file is damaged, or was not written by this library.
            MissingExtraError: as `check`.
        """
