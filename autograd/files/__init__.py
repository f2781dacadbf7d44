"""Files of named arrays and a header: written completely or not at all, and read without running code."""

from typing import TYPE_CHECKING, Any

from autograd.files.atomic import atomic_write, check_place
from autograd.files.io import read, read_header, write

if TYPE_CHECKING:
    from autograd.files.table_description import MISSING, TableDescription

__all__ = ["atomic_write", "check_place", "read", "read_header", "write"]


def __getattr__(name: str) -> Any:  # import this only when it is first used
    if name in ("MISSING", "TableDescription"):
        from autograd.files import table_description

        return getattr(table_description, name)
    raise AttributeError(f"module 'autograd.files' has no attribute {name!r}")
