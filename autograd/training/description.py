"""Descriptions of a training, which tell whether another process, or a former one, trains the same."""

import inspect
from collections.abc import Mapping
from functools import partial
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from autograd.errors import OptionError
from autograd.losses import Loss
from autograd.optim import Optimizer
from autograd.schedules import Formula
from autograd.tensor import Array
from autograd.training.data import Rows
from autograd.training.inputs import BlockedInputs, LazyInputs, SelectedRows
from autograd.training.objective import CHUNK_ROWS
from autograd.training.team import Alone

__all__ = ["description", "description_of_rows", "differing", "observing_schedule"]

COMPARABLE = bool, int, float, str, tuple, type(None)  # types whose values are compared as text
IN_ORDER = "X of ", "y of ", "weights of "  # beginnings of the names of checksums of rows in their order
IN_ANY_ORDER = ", in any order"  # end of the names of those that do not depend on it


def observing_schedule(opt: Optimizer) -> Any:
    """The schedule of ``opt`` if it observes the losses, as a Plateau does, also in a warm-up; else None."""
    observe = getattr(opt.lr, "observe", None)
    return getattr(observe, "__self__", observe)


def description(
    module: Any, loss: Any, opt: Optimizer, options: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """A description of a training without its rows: with the same description and rows come the same bits.

    Returns:
        The description, in text and numbers by name, and a list of the user's functions and classes whose
        code it cannot compare; see `Describer`.
    """
    schedule = observing_schedule(opt)
    describer = Describer(schedule)
    run = {
        "sizes": str(module.N),
        "activations": ", ".join(map(describer.of_row, module.activations, module.functions)),
        "dtype": module.dtype.name,
        "loss": describer.of_row(loss.name, loss.each) if isinstance(loss, Loss) else describer.of(loss),
        "optimizer": describer.of(opt, "target", "lr", "last_lr"),
        "lr": " ".join(dict.fromkeys(describer.of(x) for x in (opt.lr, schedule) if x is not None)),
        **options,
    }
    return run, describer.unknown


def description_of_rows(rows: Mapping[str, Rows | None], team: Alone) -> dict[str, str]:
    """Checksums of rows by name: in their order, if one process has them all, and in any order.

    Raises:
        OptionError: the inputs are computed for each batch, so they have no checksum.
    """
    found: dict[str, str] = {}
    for name, data in rows.items():
        if data is None:
            continue
        with team.together():
            if isinstance(data.X, LazyInputs) and not isinstance(data.X, SelectedRows | BlockedInputs):
                raise OptionError(
                    "with checkpoint= X has to be an array, since it is compared with the next one"
                )
            parts = _sums_in_any_order(data)
            if team.size == 1:
                found[f"X of {name}"] = _checksum(data.X, with_ones=True)
                arrays = {"y": data.y, "weights": data.weight}
                found |= {f"{what} of {name}": _checksum(a) for what, a in arrays.items() if a is not None}
        count, hashes, weighted = map(sum, zip(*team.each(parts), strict=True))
        # Means, which are the same if each process is given all validation rows
        found[name + IN_ANY_ORDER] = f"{hashes // count:016x}"[:12]
        if data.weight is not None:
            found[f"the weights of {name}{IN_ANY_ORDER}"] = f"{weighted / count:.6g}"
    return found


def differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The pairs of an old and a new value, by name, that have to be equal for two trainings to be the same.

    If one of the two descriptions has no checksums of rows in their order, those in any order are compared.
    """
    both = all(any(name.startswith(IN_ORDER) for name in run) for run in (old, new))
    names = (
        name
        for name in dict.fromkeys((*new, *old))
        if not (name.endswith(IN_ANY_ORDER) if both else name.startswith(IN_ORDER))
    )
    return {name: (old.get(name), new.get(name)) for name in names}


class Describer:
    """Describes values, functions and objects by text that is the same in every process.

    Different things get different texts, as far as possible. A function is described by its name and, if it
    is one of this library, by the variables of its closure. An object is described by its class and by those
    of its public attributes that are numbers or text.

    Args:
        schedule: the learning rate schedule if it observes the losses; else None. Its state is left out.

    Attributes:
        unknown: the user's functions and classes, which may have changed under the same name.
    """

    def __init__(self, schedule: Any) -> None:
        self.schedule = schedule  # its state changes during the training, and is saved apart
        self.unknown: list[str] = []

    def of(self, x: Any, *without: str) -> str:
        """The text for ``x``; for an object, the attributes in ``without`` are left out."""
        if isinstance(x, Formula):
            return f"{x.name}({', '.join(map(self.of, x.options))})"
        if isinstance(x, COMPARABLE):
            return str(x)
        if isinstance(x, partial):
            arguments = [
                *map(self.of, x.args),
                *(f"{name}={self.of(value)}" for name, value in x.keywords.items()),
            ]
            return f"{self.of(x.func)}({', '.join(arguments)})"
        if isinstance(x, FunctionType):
            return self._function(x)
        if isinstance(x, MethodType):
            return f"{self._function(x.__func__)} of {self.of(x.__self__, *without)}"
        if hasattr(x, "__name__"):
            return _name(x)
        if x is self.schedule and hasattr(x, "state"):
            without = (*without, *x.state())
        if not _is_ours(type(x)):
            self.unknown.append(_name(type(x)))
        attributes = [
            (name, value)
            for name, value in getattr(x, "__dict__", {}).items()
            if isinstance(value, COMPARABLE)
        ]
        text = ", ".join(
            f"{name}={value}" for name, value in attributes if name[0] != "_" and name not in without
        )
        return f"{type(x).__name__}({text})"

    def _function(self, function: Any) -> str:
        name = _name(function)
        if not _is_ours(function):
            self.unknown.append(name)
            return name
        closure = inspect.getclosurevars(function).nonlocals  # such as the options of a schedule
        texts = [f"{variable}={self.of(value)}" for variable, value in sorted(closure.items())]
        return f"{name}({', '.join(texts)})" if texts else name

    def of_row(self, name: Any, function: Any) -> str:
        """The description of a loss or an activation by its name, with its function if that is not ours."""
        if not isinstance(name, str) or _is_ours(function):
            return self.of(name)
        return f"{name} ({self.of(function)})"


def _is_ours(x: Any) -> bool:
    """Whether a function or a class is defined in this library."""
    return str(x.__module__).startswith("autograd.")


def _name(x: Any) -> str:
    return f"{getattr(x, '__module__', 'numpy')}.{getattr(x, '__qualname__', x.__name__)}"


def _checksum(array: Array | LazyInputs, with_ones: bool = False) -> str:
    """The number of rows, and a checksum of them, each followed by a 1 if ``with_ones``, as X is in files."""
    import hashlib

    shape = (len(array), array.shape[1] + 1) if with_ones else array.shape
    digest = hashlib.sha256(f"{array.dtype.name} {shape}".encode())
    for start in range(0, len(array), CHUNK_ROWS):
        rows = array[start : start + CHUNK_ROWS]
        if with_ones:
            rows = np.concatenate([rows, np.ones((len(rows), 1), rows.dtype)], axis=1)
        digest.update(np.ascontiguousarray(rows).data)
    return f"{len(array)} rows, {digest.hexdigest()[:12]}"


def _sums_in_any_order(data: Rows) -> tuple[int, int, float]:
    """The number of rows, the sum of a hash of each, and the sum of their weights, each times a hash.

    Hashes are multilinear in the words of a row, and then mixed by the finaliser of SplitMix64 (G. Steele,
    D. Lea, C. Flood: Fast splittable pseudorandom number generators, 2014), so that the sum over rows tells
    which numbers share a row.
    """
    total, weighted = 0, 0.0
    for start in range(0, len(data), CHUNK_ROWS):
        part = slice(start, start + CHUNK_ROWS)
        y = data.y[part]
        table = [data.X[part], y.reshape(len(y), -1)]
        words = np.concatenate([np.ascontiguousarray(a).view(np.uint8) for a in table], axis=1)
        words = np.pad(words, ((0, 0), (0, -words.shape[1] % 8))).view(np.uint64)
        factors = np.random.default_rng(0).integers(2**64, size=words.shape[1], dtype=np.uint64) | np.uint64(
            1
        )
        hashes = words @ factors
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
            hashes = (hashes ^ (hashes >> np.uint64(shift))) * np.uint64(factor)
        total += sum(hashes.tolist())
        if data.weight is not None:
            weights = data.weight[part].reshape(len(y), -1).mean(axis=1, dtype=np.float64) * data.scale
            weighted += float(weights @ (hashes / 2.0**64))
    return len(data), total, weighted
