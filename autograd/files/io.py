"""Files: named arrays, and a header that says what they are. Nothing in them is ever run.

The name of a file chooses its kind when it is written, safetensors if it ends in .safetensors and
NumPy's npz otherwise; what it begins with tells the kind when it is read. What handles files and
archives is imported when it is needed, to keep ``import autograd`` quick.
"""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any

from autograd.errors import FileFormatError, OptionError
from autograd.tensor.tape import Array
from autograd.version import __version__

__all__ = ["atomic", "check_place", "read", "read_header", "write"]

FORMAT = "array-autograd 2"
READABLE = ("array-autograd 1", FORMAT)
LONGEST = 1 << 22  # bytes of a header's JSON: of a table with 60,000 columns, say
MOST = 10_000  # arrays in a file: of 5,000 layers


def check_place(path: Any) -> None:
    """Raise what `write` would, if it is sure that no file can be written there.

    Raises:
        OSError: the name is empty, or there is no such folder, or it takes no files, or what has that
            name is no file; it names the folder, or ``path``.
        MissingExtraError: the name asks for safetensors, and that package is not installed.
    """
    import tempfile

    from autograd.files.containers import is_safetensors, need_safetensors

    if not os.fspath(path):
        raise FileNotFoundError(errno.ENOENT, "the file name is empty", path)
    folder = os.path.dirname(os.fspath(path)) or "."
    if not os.path.isdir(folder):
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", folder)
    if not os.path.basename(os.fspath(path)) or os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, "that is a folder", os.fspath(path))
    if os.path.exists(path) and not os.path.isfile(path):
        raise FileExistsError(errno.EEXIST, "there is something else than a file", os.fspath(path))
    try:
        tempfile.TemporaryFile(dir=folder).close()  # permissions say less: of /proc, or a read-only disk
    except OSError as error:
        raise OSError(error.errno, "no file can be written into the folder", folder) from None
    if is_safetensors(path):
        need_safetensors()


@contextmanager
def atomic(path: Any) -> Iterator[Any]:
    """A file to write bytes into that takes its name only once it is complete and on the disk.

    If the process is killed on the way, the file that it leaves is taken away at the next write of
    that name.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic(f"{folder}/note.txt") as file:
    ...         _ = file.write(b"all or nothing")
    ...     pathlib.Path(f"{folder}/note.txt").read_text()
    'all or nothing'
    """
    check_place(path)
    path = os.path.realpath(os.fsdecode(path))  # of a link the file that it leads to
    handle, temporary = _temporary(path)
    try:
        with os.fdopen(handle, "wb") as file:
            if os.path.exists(path):
                os.chmod(temporary, os.stat(path).st_mode)
            yield file
            file.flush()
            os.fsync(handle)
            if os.name == "nt":  # renames no file that is open
                file.close()
            os.replace(temporary, path)
    except BaseException as error:
        os.unlink(temporary)
        if isinstance(error, OSError) and error.filename is None:  # as of a disk that is full
            error.filename = path
        raise


def _temporary(path: str) -> tuple[int, str]:
    """A new file in the folder of ``path``, locked while it is open; others without a lock are left over."""
    import zlib

    folder, name = os.path.split(path)
    prefix = f".saving-{zlib.crc32(os.fsencode(name)):08x}-"  # a name may be too long to be made longer
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:  # Windows
        return _new(os.path.join(folder, prefix))
    for left in os.listdir(folder):
        if left.startswith(prefix):
            # An OSError: it is somebody else's, or being written
            with suppress(OSError), open(os.path.join(folder, left), "rb") as file:
                flock(file, LOCK_EX | LOCK_NB)
                os.unlink(file.name)
    while True:
        handle, temporary = _new(os.path.join(folder, prefix))
        with suppress(OSError):  # a file system without locks, where nothing is taken for left over
            flock(handle, LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, temporary
        os.close(handle)  # another process took it for left over, before it was locked


def _new(prefix: str) -> tuple[int, str]:
    """A new file for whom the process lets read its files; one of `tempfile` is for its owner only."""
    import secrets

    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    while True:
        path = prefix + secrets.token_hex(8)
        with suppress(FileExistsError):
            return os.open(path, flags, 0o666), path


def write(path: Any, arrays: Mapping[str, Array], header: Mapping[str, Any]) -> None:
    """Write ``arrays`` and what ``header`` says of them, in JSON's types, into one file.

    Raises:
        OptionError: the header holds something else, or too much.
        OSError, MissingExtraError: as `check_place`.
    """
    import json

    from autograd.files.containers import store

    header = {**header, "format": FORMAT, "version": __version__}
    try:
        text = json.dumps(header, allow_nan=False).encode()
        same = json.loads(text) == header
    except (TypeError, ValueError, RecursionError) as error:
        way_out = "; use .tolist()" if "ndarray" in str(error) else ""
        raise OptionError(f"{path}: a file holds what JSON has, and not this: {error}{way_out}") from None
    if not same:
        raise OptionError(
            f"{path}: a file holds what JSON has, dicts with text as keys, lists, text, numbers, True, "
            "False and None; something else, such as a tuple, would not come back as it was"
        )
    if len(arrays) > MOST:
        raise OptionError(f"{path}: {len(arrays)} arrays are too many; {MOST} are the most")
    if len(text) > LONGEST:
        raise OptionError(f"{path}: a header of {len(text)} bytes is too long; {LONGEST} are the most")
    with atomic(path) as file:
        store(file, path, arrays, text)


def read(path: Any) -> tuple[dict[str, Array], dict[str, Any]]:
    """The arrays and the header that `write` wrote, or that of an earlier version did.

    The arrays may be read only. For a file that is refused, whatever it holds, no more memory is taken
    than it has bytes, but for what the JSON of its header, at most 4 MiB, comes to.

    Raises:
        FileFormatError: it is another kind of file, or damaged.
        FileNotFoundError: there is no such file.
        MissingExtraError: it is a safetensors file, and that package is not installed.
    """
    with _opened(path) as parts:
        header = _parsed(next(parts)[1])
        arrays = dict(parts)
    return arrays, _checked(header, path)


def read_header(path: Any) -> dict[str, Any]:
    """The header of a file alone: what it says of its arrays, in JSON's types.

    Errors are those of `read`, but damage to the arrays is not looked for.

    >>> import tempfile
    >>> from autograd.nn import Net
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Net(2, [3, 1], "tanh").save(f"{folder}/net.npz")
    ...     read_header(f"{folder}/net.npz")["net"]["sizes"]
    [2, 3, 1]
    """
    with _opened(path) as parts:
        header = _parsed(next(parts)[1])
    return _checked(header, path)


@contextmanager
def _opened(path: Any) -> Iterator[Iterator[tuple[str, Array]]]:
    from autograd.files.containers import DAMAGE, contents

    with open(path, "rb") as file:
        try:
            with closing(contents(file)) as parts:
                yield parts
        except DAMAGE as error:
            why = str(error) or "it ends too early"
            raise FileFormatError(f"{path}: not a file that was saved here, or damaged: {why}") from None


def _parsed(text: Array) -> dict[str, Any]:
    import json

    if text.size > LONGEST:
        raise ValueError(f"its header has {text.size} bytes, and at most {LONGEST} are read")

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} in its header is no number of JSON's")

    header = json.loads(str(text.data, "utf-8"), parse_constant=refuse)
    if not isinstance(header, dict) or not isinstance(header.get("format"), str):
        raise ValueError("its header is not one of ours")
    return header


def _checked(header: dict[str, Any], path: Any) -> dict[str, Any]:
    if header["format"] not in READABLE:
        raise FileFormatError(
            f"{path}: its format is {header['format']!r}, of array-autograd {header.get('version')}; "
            f"this is {__version__}, which reads {' and '.join(map(repr, READABLE))}"
        )
    return header
