"""Files: named arrays and a header, in NumPy's npz. Nothing in them is ever run.

What handles files and archives is imported when it is needed, to keep ``import autograd`` quick.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd.errors import FileFormatError
from autograd.tensor.tape import Array

__all__ = ["atomic", "read", "write"]

FORMAT = "array-autograd 1"
HEADER = "header"


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

    folder, name = os.path.split(os.fspath(path))
    handle, temporary = tempfile.mkstemp(dir=folder or ".", prefix=f".{name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)  # mkstemp's files are for their owner only; a new file is for whom it lets
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def write(path: Any, arrays: dict[str, Array], header: dict[str, Any]) -> None:
    """Write ``arrays`` and what ``header`` says of them, in JSON's types, into one file."""
    import json

    text = json.dumps({"format": FORMAT, **header}).encode()
    with atomic(path) as file:
        np.savez(file, **{HEADER: np.frombuffer(text, np.uint8)}, **arrays)  # type: ignore[arg-type]


def read(path: Any) -> tuple[dict[str, Array], dict[str, Any]]:
    """The arrays and the header that `write` wrote.

    Raises:
        FileFormatError: it is another kind of file, or damaged.
        FileNotFoundError: there is no such file.
    """
    import json
    import zipfile
    import zlib

    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as contents:
            if not isinstance(contents, np.lib.npyio.NpzFile) or HEADER not in contents:
                raise ValueError("it has no header of ours")
            arrays = {name: contents[name] for name in contents.files}
        header = json.loads(arrays.pop(HEADER).tobytes())
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise ValueError(f"its format is not {FORMAT!r}")
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise FileFormatError(f"{path}: not a file that was saved here, or damaged: {error}") from None
    return arrays, header
