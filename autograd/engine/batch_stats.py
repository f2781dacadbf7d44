"""Statistics of the batches, for users who want to know why their loop is fast or slow."""

from collections import Counter
from dataclasses import dataclass, field

from autograd.text import count

__all__ = ["Stats", "stats"]


@dataclass
class Stats:
    """What `stats` returns. ``print`` shows it in one line.

    Attributes:
        calls: the number of samples that went through nets, layers and neurons.
        batches: the number of batches that these samples formed.
        sizes: the number of batches of each size.
        early: for each source line, how often it read a number that was still pending. Such a read makes the
            library compute all pending operations at once, before more samples can join the batches.

    >>> told = Stats()
    >>> told.batch(50)
    >>> told.batch(20)
    >>> print(told)
    70 calls, 2 batches of 20 to 50
    """

    calls: int = 0
    batches: int = 0
    sizes: Counter[int] = field(default_factory=Counter)
    early: Counter[str] = field(default_factory=Counter)

    def batch(self, size: int) -> None:
        """Count one batch."""
        self.calls += size
        self.batches += 1
        self.sizes[size] += 1

    def __str__(self) -> str:
        if not self.batches:
            return "0 calls"
        low, high = min(self.sizes), max(self.sizes)
        sizes = str(high) if low == high else f"{low} to {high}"
        parts = [f"{count(self.calls, 'call')}, {count(self.batches, 'batch')} of {sizes}"]
        parts += [f"{count(n, 'early read')} at {line}" for line, n in self.early.most_common()]
        return "; ".join(parts)


STATS = Stats()


def stats(*, reset: bool = False) -> Stats:
    """Return statistics of the batches since the program began, or since the last ``stats(reset=True)``.

    Pending calls are not counted yet. An efficient training loop has as many batches as updates. If a line
    has many early reads, move it out of the loop.

    Args:
        reset: whether to set the counts back to 0 for later calls.

    >>> import random
    >>> from autograd.nn import Net
    >>> net = Net(1, [3, 1])
    >>> before = stats(reset=True)
    >>> sum(net([x]) for x in (0.1, 0.2, 0.3)).backward()
    >>> print(stats())
    3 calls, 1 batch of 3
    """
    found = Stats(STATS.calls, STATS.batches, STATS.sizes.copy(), STATS.early.copy())
    if reset:
        STATS.calls = STATS.batches = 0
        STATS.sizes.clear()
        STATS.early.clear()
    return found
