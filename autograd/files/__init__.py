"""Files of named arrays and a header: written completely or not at all, and read without running code."""

from autograd.files.atomic import atomic_write, check_place
from autograd.files.io import read, read_header, write

__all__ = ["atomic_write", "check_place", "read", "read_header", "write"]
