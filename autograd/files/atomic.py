"""Writing a file whole or not at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["atomic_write", "check_place"]


def check_place(path: Any) -> None:
    """Raise what `write` would, if it is sure that no file can be written there.

    Raises:
        OSError: the name is empty, or there is no such folder, or it takes no files, or what has that
            name is no file; it names the folder, or ``path``.
        MissingExtraError: the name asks for safetensors, and that package is not installed.
    """
    import tempfile

    from autograd.files.containers import container_of

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
    container_of(path).check()


@contextmanager
def atomic_write(path: Any) -> Iterator[Any]:
    """A file to write bytes into that takes its name only once it is complete and on the disk.

    If the process is killed on the way, the file that it leaves is taken away at the next write of
    that name.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_write(f"{folder}/note.txt") as file:
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
