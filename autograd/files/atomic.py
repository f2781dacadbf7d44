"""Atomic writes: a file is written completely or not at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["atomic_write", "check_place"]


def check_place(path: Any) -> None:
    """Raise the error of `autograd.files.write`, if it is certain that no file can be written at ``path``.

    Raises:
        OSError: the name is empty, the folder does not exist or cannot be written into, or ``path`` is a
            folder or another thing that is no file. The error names the folder, or ``path``.
        MissingExtraError: the name ends in .safetensors, and that package is not installed.
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
        raise FileExistsError(errno.EEXIST, "this is not a regular file", os.fspath(path))
    try:
        tempfile.TemporaryFile(dir=folder).close()  # permission bits miss /proc and read-only disks
    except OSError as error:
        raise OSError(error.errno, "no file can be written into the folder", folder) from None
    container_of(path).check()


@contextmanager
def atomic_write(path: Any) -> Iterator[Any]:
    """A file for bytes that gets the name ``path`` only when it is complete and on the disk.

    Until then it has a temporary name. If the process is killed before, the next write to ``path`` deletes
    the temporary file, where files can be locked.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_write(f"{folder}/note.txt") as file:
    ...         _ = file.write(b"all or nothing")
    ...     pathlib.Path(f"{folder}/note.txt").read_text()
    'all or nothing'
    """
    check_place(path)
    path = os.path.realpath(os.fsdecode(path))  # a symbolic link stays, and its target is replaced
    handle, temporary = _temporary(path)
    try:
        with os.fdopen(handle, "wb") as file:
            if os.path.exists(path):
                os.chmod(temporary, os.stat(path).st_mode)
            yield file
            file.flush()
            os.fsync(handle)
            if os.name == "nt":  # Windows renames no open file
                file.close()
            os.replace(temporary, path)
    except BaseException as error:
        with suppress(FileNotFoundError):  # renamed already; the interrupt came after that
            os.unlink(temporary)
        if isinstance(error, OSError) and error.filename is None:  # as when the disk is full
            error.filename = path
        raise


def _temporary(path: str) -> tuple[int, str]:
    """Make a temporary file in the folder of ``path``, which stays locked while it is open.

    Temporary files for ``path`` without a lock were left by killed processes, and are deleted first.

    Returns:
        The file descriptor and the path of the temporary file.
    """
    import zlib

    folder, name = os.path.split(path)
    # The checksum stands for the name, which may be too long to be made longer
    prefix = f".saving-{zlib.crc32(os.fsencode(name)):08x}-"
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:  # Windows
        return _new(os.path.join(folder, prefix))
    for entry in os.listdir(folder):
        if entry.startswith(prefix):
            # OSError: the file belongs to another user, or another process is writing it
            with suppress(OSError), open(os.path.join(folder, entry), "rb") as file:
                flock(file, LOCK_EX | LOCK_NB)
                os.unlink(file.name)
    while True:
        handle, temporary = _new(os.path.join(folder, prefix))
        with suppress(OSError):  # a file system without locks, where nothing was deleted above
            flock(handle, LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, temporary
        os.close(handle)  # another process deleted it before it was locked


def _new(prefix: str) -> tuple[int, str]:
    """Make a new file whose name begins with ``prefix``, with the usual permissions of new files.

    Only its owner could read a file made by `tempfile`.
    """
    import secrets

    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    while True:
        path = prefix + secrets.token_hex(8)
        with suppress(FileExistsError):
            return os.open(path, flags, 0o666), path
