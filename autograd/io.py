"""Files: named arrays and a header, in NumPy's npz. Nothing in them is ever run.

What handles files and archives is imported when it is needed, to keep ``import autograd`` quick.
"""

import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd.errors import FileFormatError
from autograd.tensor.tape import Array

__all__ = ["atomic", "check_place", "read", "write"]

FORMAT = "array-autograd 1"
HEADER = "header"
DAMAGE = (ValueError, EOFError, KeyError, OSError, RuntimeError)  # what unpacking nonsense may raise
ZIP = b"PK\x03\x04"  # what a zip file, and so an npz file, begins with


def check_place(path: Any) -> None:
    """OSError, naming ``path``, if no file can be written there."""
    folder = os.path.dirname(os.fspath(path)) or "."
    if not os.path.isdir(folder):
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", folder)
    if not os.path.basename(os.fspath(path)) or os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, "that is a folder", os.fspath(path))
    if os.path.exists(path) and not os.path.isfile(path):
        raise FileExistsError(errno.EEXIST, "there is something else than a file", os.fspath(path))
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, "nothing may be written into the folder", folder)


@contextmanager
def atomic(path: Any) -> Iterator[Any]:
    """A file to write bytes into that takes its name only once it is complete and on the disk.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic(f"{folder}/note.txt") as file:
    ...         _ = file.write(b"all or nothing")
    ...     pathlib.Path(f"{folder}/note.txt").read_text()
    'all or nothing'
    """
    import tempfile

    check_place(path)
    path = os.path.realpath(path)  # of a link the file that it leads to
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".saving-")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)  # mkstemp's files are for their owner only; a new file is for whom it lets
        os.umask(umask)
        os.chmod(temporary, os.stat(path).st_mode if os.path.exists(path) else 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def write(path: Any, arrays: dict[str, Array], header: dict[str, Any]) -> None:
    """Write ``arrays`` and what ``header`` says of them, in JSON's types, into one file."""
    import json

    text = json.dumps({**header, "format": FORMAT}).encode()
    with atomic(path) as file:
        np.savez(file, **{HEADER: np.frombuffer(text, np.uint8)}, **arrays)  # type: ignore[arg-type]  # not allow_pickle=


def read(path: Any) -> tuple[dict[str, Array], dict[str, Any]]:
    """The arrays and the header that `write` wrote.

    Raises:
        FileFormatError: it is another kind of file, or damaged.
        FileNotFoundError: there is no such file.
    """
    import json
    import zipfile
    import zlib

    with open(path, "rb") as file:
        content = io.BytesIO(file.read())
    try:
        if not content.getvalue().startswith(ZIP):
            raise ValueError("it is no npz file")
        with np.load(content, allow_pickle=False) as contents:
            if HEADER not in contents:
                raise ValueError("it has no header of ours")
            arrays = {name: contents[name] for name in contents.files}
        if not all(isinstance(array, np.ndarray) for array in arrays.values()):
            raise ValueError("there is something else than arrays in it")
        header = json.loads(arrays.pop(HEADER).tobytes())
        if not isinstance(header, dict) or "format" not in header:
            raise ValueError("its header is not one of ours")
    except (*DAMAGE, zipfile.BadZipFile, zlib.error) as error:
        raise FileFormatError(f"{path}: not a file that was saved here, or damaged: {error}") from None
    if header["format"] != FORMAT:
        raise FileFormatError(
            f"{path}: its format is {header['format']!r}, and {FORMAT!r} is what this version reads"
        )
    return arrays, header
