"""Accounts of parameters: what their gradients and numbers were after the latest backward pass.

Nothing has to tell the doctor that gradients were set to 0 or that parameters were changed by hand: at the
next pass, the account is compared with what is found. There are three kinds, for the flat vector of a net,
for a Tensor, and one for all plain Values together. The parts of a net's account are its layers, those of the
Values' account are the Values.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.engine import Value
from autograd.tensor import Array

__all__ = ["Account", "Compared", "NetAccount", "TensorAccount", "ValuesAccount"]

REMEMBERED = 4  # passes after which a Value that did not come again is forgotten


class Compared(NamedTuple):
    """How parameters were found at a pass, compared with how the pass before had left them.

    Attributes:
        changed: whether one had been changed.
        kept: whether one still had its gradient, and that was not 0.
        stepped: whether one still had the gradient of a step, to which this pass has added.
        used: whether one has been changed since a pass that did so, and so by such a sum.
    """

    changed: bool
    kept: bool
    stepped: bool
    used: bool


class Account(ABC):
    """The account of some parameters, in parts.

    Attributes:
        passes: for each part, how many passes have reached it.
        moved: whether one of these has given it a gradient other than 0.
        steps: how many steps were to change it.
        reached: whether a pass has reached it since the latest of these steps.
        zeroed: whether its gradient was found to be 0, after a pass that had left another one.
        after: the gradient, as a vector, that the latest pass has left, or None if that is not known.
    """

    after: Any
    first_numbers: Any = None  # at the first step

    def __init__(self, n: int) -> None:
        self.passes = np.zeros(n, int)
        self.moved = np.zeros(n, bool)
        self.steps = np.zeros(n, int)
        self.reached = np.zeros(n, bool)
        self.zeroed = np.zeros(n, bool)

    @abstractmethod
    def changed_parts(self) -> Array:
        """For each part, whether its numbers have changed since its first pass."""

    @abstractmethod
    def numbers(self) -> Array:
        """The present numbers of all parts, as a vector."""

    @abstractmethod
    def gradient(self, part: int) -> Any:
        """The present gradient of a part."""

    @abstractmethod
    def has_changed(self) -> bool:
        """Whether parameters have changed since the latest pass, if that added to the gradients of a step."""

    @abstractmethod
    def name(self, part: int) -> str:
        """What messages call a part."""

    def note_first(self) -> None:
        """Keep the numbers before the first step."""
        if self.first_numbers is None:
            self.first_numbers = self.numbers().copy()

    def is_as_first(self) -> bool:
        """Whether the numbers are those before the first step."""
        numbers = self.numbers()
        return self.first_numbers is not None and np.array_equal(numbers, self.first_numbers)

    @property
    def is_trained(self) -> bool:
        """Whether a part has been changed, or is to be changed by steps."""
        return bool(self.steps.any() or self.changed_parts().any())


class ArrayAccount(Account):
    """The account of parameters whose gradients stand in one array.

    Attributes:
        slices: the part of the array, as a vector, that belongs to each part of the account.
        stamp: how often the parts had been changed by the latest pass.
        seen: whether there was one.
        summed: whether it has added to gradients that a step had used.
    """

    def __init__(self, slices: Sequence[slice]) -> None:
        super().__init__(len(slices))
        self.slices = slices
        self.after = None
        self.first = self.stamps()
        self.stamp = sum(self.first)
        self.seen = self.summed = False

    @abstractmethod
    def stamps(self) -> list[int]:
        """How often each part has been changed."""

    def changed_parts(self) -> Array:
        return np.array([now != then for now, then in zip(self.stamps(), self.first, strict=True)])

    def compare(self, before: Array | None, after: Array | None, parts: Any) -> Compared:
        """Note a pass that has reached some parts.

        Args:
            before: the gradient of all parts before it, as a vector; None if there was none.
            after: that after it, a new array; None if it is not known.
            parts: the indices of the parts that it has reached.
        """
        stamp = sum(self.stamps())
        changed = self.seen and stamp != self.stamp
        used = changed and self.summed
        kept = self.after is not None and before is not None and bool((before == self.after).all())
        kept = kept and bool(before.any())  # type: ignore[union-attr]  # None was excluded
        if self.after is not None and not self.zeroed.all():
            self.zeroed |= [
                bool(self.after[s].any()) and not (before is not None and before[s].any())
                for s in self.slices
            ]
        self.stamp, self.after, self.seen = stamp, after, True
        self.passes[parts] += 1
        self.reached[parts] = True
        if not self.moved.all():
            self.moved |= [
                bool(np.any(self.gradient(i) if after is None else after[s]))
                for i, s in enumerate(self.slices)
            ]
        self.summed = kept and (changed or self.summed)
        return Compared(changed, kept, self.summed, used)

    def has_changed(self) -> bool:
        return self.summed and sum(self.stamps()) != self.stamp


class NetAccount(ArrayAccount):
    """The account of the flat vector of a net, layer or neuron, whose parts are the layers."""

    def __init__(self, vector: Any) -> None:
        self.vector = vector
        self.leaves = [matrix.leaf for matrix in vector.matrices]
        super().__init__(vector.parts)

    def stamps(self) -> list[int]:
        return [leaf._version for leaf in self.leaves]

    def numbers(self) -> Array:
        return self.vector.values  # type: ignore[no-any-return]  # of a ParameterVector

    def gradient(self, part: int) -> Any:
        return self.leaves[part].grad

    def name(self, part: int) -> str:
        return (
            f"layers[{part}] of the net"
            if len(self.leaves) > 1
            else f"a layer of shape {self.leaves[0].shape}"
        )


class TensorAccount(ArrayAccount):
    """The account of a Tensor, by its leaf; it has one part."""

    def __init__(self, leaf: Any) -> None:
        self.leaf = leaf
        self.array: Any = None  # that of the Tensor at the latest pass
        self.replaced = 0  # how often the Tensor has been given another array
        super().__init__([slice(None)])

    def stamps(self) -> list[int]:
        return [self.leaf._version + self.replaced]

    def use(self, array: Any) -> None:
        """Note the array that a pass has found in the Tensor."""
        self.replaced += self.array is not None and array is not self.array
        self.array = array

    def numbers(self) -> Array:
        return np.ones(1) if self.array is None else self.array.reshape(-1)

    def gradient(self, part: int) -> Any:
        return self.leaf.grad

    def name(self, part: int) -> str:
        return f"a Tensor of shape {self.leaf.shape}"


class ValuesAccount(Account):
    """The account of all leaf Values that came up in more than one pass, or that steps were to change.

    Attributes:
        index: the part of each Value.
        fresh: Values that have come up once, each with the number of that pass, its number and gradient.
    """

    def __init__(self) -> None:
        super().__init__(0)
        self.index: dict[Any, int] = {}
        self.leaves: list[Any] = []
        self.fresh: dict[Any, tuple[int, float, float]] = {}
        self.last = np.zeros(0)  # the numbers after the latest pass
        self.after = np.zeros(0)  # and the gradients
        self.changes = np.zeros(0, bool)
        self.summed = np.zeros(
            0, bool
        )  # whether the latest pass has added to a gradient that a step had used
        self.found_changed: tuple[Sequence[Any], Array] = (), np.zeros(0, bool)  # by the latest pass
        self.n_passes = 0

    def open(self, leaves: Sequence[Any]) -> None:
        """Open parts for Values."""
        found = [self.fresh.pop(v, None) for v in leaves]
        for v in leaves:
            self.index[v] = len(self.leaves)
            self.leaves.append(v)
        n = len(leaves)
        once = np.array([f is not None for f in found])
        self.last = np.append(
            self.last, [v._number if f is None else f[1] for v, f in zip(leaves, found, strict=True)]
        )
        self.after = np.append(self.after, [0.0 if f is None else f[2] for f in found])
        self.passes = np.append(self.passes, once.astype(int))
        self.reached = np.append(self.reached, once)
        self.moved = np.append(self.moved, self.after[-n:] != 0)
        self.steps = np.append(self.steps, np.zeros(n, int))
        self.changes, self.summed, self.zeroed = (
            np.append(flags, np.zeros(n, bool)) for flags in (self.changes, self.summed, self.zeroed)
        )

    def compare(self, leaves: Sequence[Any], before: dict[Any, float]) -> tuple[Compared, int]:
        """Note a pass that has reached Values.

        Args:
            leaves: the leaves of its graph.
            before: the gradient of each leaf before it, where it was not 0.

        Returns:
            How they were found, and how many had come up before.
        """
        self.n_passes += 1
        get = self.index.get
        places = [get(v) for v in leaves]
        if None in places:
            again = [v for v, i in zip(leaves, places, strict=True) if i is None and v in self.fresh]
            self.fresh = {v: f for v, f in self.fresh.items() if f[0] > self.n_passes - REMEMBERED}
            if again:
                self.open(again)
            self.fresh |= {v: (self.n_passes, v._number, v._grad) for v in leaves if v not in self.index}
            leaves = [v for v in leaves if v in self.index]
            places = [get(v) for v in leaves]
        if not leaves:
            self.found_changed = (), np.zeros(0, bool)
            return Compared(False, False, False, False), 0
        parts = np.array(places)
        numbers = np.array([v._number for v in leaves])
        old = self.after[parts]
        changed = (numbers != self.last[parts]) & (self.passes[parts] > 0)
        found = np.array([before.get(v, 0.0) for v in leaves]) if before else np.zeros(len(leaves))
        kept = (found == old) & (old != 0)
        used = changed & self.summed[parts]
        self.found_changed = leaves, changed
        self.zeroed[parts] |= (found == 0) & (old != 0)
        self.summed[parts] = stepped = kept & (changed | self.summed[parts])
        self.last[parts] = numbers
        self.after[parts] = gradients = np.array([v._grad for v in leaves])
        self.changes[parts] |= changed
        self.passes[parts] += 1
        self.reached[parts] = True
        self.moved[parts] |= gradients != 0
        flags = (bool(found.any()) for found in (changed, kept, stepped, used))
        return Compared(*flags), len(leaves)

    def has_changed(self) -> bool:
        return any(self.leaves[i]._number != self.last[i] for i in np.flatnonzero(self.summed))

    def changed_leaves(self) -> set[Any]:
        """The Values that the latest pass has found changed."""
        leaves, changed = self.found_changed
        return {leaves[i] for i in np.flatnonzero(changed).tolist()}

    def trained_gradient(self) -> Array:
        """The gradient that the latest pass has left in what is trained, as a vector."""
        gradient: Array = self.after[self.changes | (self.steps > 0)]
        return gradient

    def changed_parts(self) -> Array:
        return self.changes

    def numbers(self) -> Array:
        return self.last

    def gradient(self, part: int) -> Any:
        return self.leaves[part]._grad

    def name(self, part: int) -> str:
        v: Value = self.leaves[part]
        return str(getattr(v, "label", "")) or f"Value({v._number:.4g})"
