"""Files: written whole or not at all, and read without running what is in them."""

from autograd.files.io import read, read_header, write

__all__ = ["read", "read_header", "write"]
