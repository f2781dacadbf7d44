"""Batches of inputs that lie on a disk or are computed in blocks: they are read ahead, by another thread."""

import mmap
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import numpy as np

from autograd.tensor import Array
from autograd.training.data import Rows
from autograd.training.inputs import BlockedInputs, SelectedRows
from autograd.training.objective import BatchLoss, BatchResult

__all__ = ["ReadBatches", "is_read"]

PIECE_BYTES = 1 << 20  # of the rows of a memory map that are read at a time

Key = TypeVar("Key")
Item = TypeVar("Item")


def is_read(X: Any) -> bool:
    """Whether rows of X have to be waited for: they are read in blocks, or from a map of much of the memory.

    A smaller map has been read as a whole when it was checked, and is in the memory since then.
    """
    while isinstance(X, SelectedRows):
        X = X.X
    if isinstance(X, np.ndarray) and X.nbytes > machine_memory() / 2:
        while isinstance(X, np.ndarray):
            X = X.base
    return isinstance(X, BlockedInputs | mmap.mmap)


def machine_memory() -> int:
    """The bytes of this machine's memory; 0 if the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 0


def read_ahead(read: Callable[[Key], Item], keys: Iterable[Key]) -> Iterator[Item]:
    """``read(key)`` for each key in order, each read in another thread while the one before is in use."""
    pool = ThreadPoolExecutor(1, "autograd-reading")
    coming: deque[Future[Item]] = deque()
    try:
        for key in keys:
            coming.append(pool.submit(read, key))
            if len(coming) > 1:
                yield coming.popleft().result()
        if coming:
            yield coming.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


class ReadBatches:
    """Batches of rows in a random order, read in pieces.

    Of a memory map all rows are shuffled, as in `ShuffledBatches`, and a piece is several batches. Of inputs
    in blocks a piece is a block: blocks come in a random order, and the rows of each are shuffled.

    Args are those of `ShuffledBatches`.
    """

    def __init__(self, data: Rows, size: int, rng: Any, batch_loss: BatchLoss) -> None:
        self.data, self.size, self.rng, self.batch_loss = data, size, rng, batch_loss

    def __iter__(self) -> Iterator[Callable[[], BatchResult]]:
        size, left = self.size, None
        for piece, order in self._pieces():
            if left is not None:
                missing = size - len(left)
                left, order = _joined(left, _taken(piece, order[:missing])), order[missing:]
                if len(left) < size:
                    continue
                yield partial(self.batch_loss.of_batches(left), size, None)
            compute = self.batch_loss.of_batches(piece)
            end = len(order) // size * size
            for first in range(0, end, size):
                yield partial(compute, size, order[first : first + size])
            left = _taken(piece, order[end:]) if end < len(order) else None
        if left is not None:
            yield partial(self.batch_loss.of_batches(left), len(left), None)

    def _pieces(self) -> Iterator[tuple[Rows, Array]]:
        """The pieces of an epoch, in memory, each with the order of its rows."""
        X = self.data.X
        if isinstance(X, BlockedInputs):
            for piece in read_ahead(partial(self._block, X), self.rng.permutation(len(X.edges) - 1).tolist()):
                yield piece, self.rng.permutation(len(piece))
        else:
            order = self.rng.permutation(len(self.data))
            row_bytes = max(1, X.shape[1] * X.dtype.itemsize)
            n = max(1, PIECE_BYTES // row_bytes // self.size) * self.size
            parts = (order[k : k + n] for k in range(0, len(order), n))
            for piece in read_ahead(partial(_taken, self.data), parts):
                yield piece, np.arange(len(piece))

    def _block(self, X: BlockedInputs, k: int) -> Rows:
        data = self.data
        rows = slice(*X.edges[k : k + 2])
        return Rows(X.block(k), data.y[rows], None if data.weight is None else data.weight[rows], data.scale)


def _taken(data: Rows, rows: Array) -> Rows:
    """Some rows, in memory of their own."""
    X, y, *weight = (a[rows] for a in data.arrays())
    return Rows(X, y, weight[0] if weight else None, data.scale)


def _joined(a: Rows, b: Rows) -> Rows:
    X, y, *weight = map(np.concatenate, zip(a.arrays(), b.arrays(), strict=True))
    return Rows(X, y, weight[0] if weight else None, a.scale)
