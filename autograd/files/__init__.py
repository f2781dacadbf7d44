"""Files of named arrays and a header: written completely or not at all, and read without running code."""

from autograd.files.io import read, read_header, write

__all__ = ["read", "read_header", "write"]
