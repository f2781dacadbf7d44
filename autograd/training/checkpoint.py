"""Checkpoints: where a training stands after an epoch, in a file from which it goes on bit for bit.

A file belongs to one training. What describes that, the net, the options and checksums of the data,
stands in it, and only a training of the same description goes on from it.
"""

import copy
import inspect
import operator
import os
import random
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from autograd.errors import CheckpointWarning, FileFormatError, OptionError
from autograd.files import io
from autograd.files.atomic import check_place
from autograd.losses import Loss
from autograd.optim import Optimizer
from autograd.support.interrupts import finished
from autograd.tensor.tape import Array
from autograd.training.data import LazyInputs, Rows

__all__ = ["Checkpoint", "Snapshot", "TrainingState", "description"]

COMPARABLE = bool, int, float, str, tuple, type(None)  # what is described by its value
WRONG = (KeyError, TypeError, ValueError, OverflowError)  # what making sense of nonsense may raise


@dataclass
class Snapshot:
    """Weights, gradients and the optimiser's memory, to go back to."""

    values: Array
    grads: Array
    optimizer: dict[str, Any]

    @classmethod
    def of(cls, module: Any, opt: Optimizer) -> "Snapshot":
        """The present ones, copied."""
        return cls(module.values.copy(), module.grads.copy(), opt.state())

    def restore(self, module: Any, opt: Optimizer) -> None:
        """Make them the present ones, even if it is interrupted."""

        def back() -> None:
            module.values[...] = self.values
            module.grads[...] = self.grads
            module.mark_changed()
            opt.load_state(self.optimizer)

        finished(back)

    def parts(self, prefix: str) -> dict[str, Any]:
        """What it is made of, by name: arrays, and what JSON has."""
        own = {"values": self.values, "grads": self.grads, **self.optimizer}
        return {f"{prefix}.{name}": part for name, part in own.items()}

    def like(self, parts: Mapping[str, Any], prefix: str) -> "Snapshot":
        """The one that is made of ``parts``; ValueError if they are not of this one's shapes and kinds."""
        found: dict[str, Any] = {}
        for key, own in self.parts(prefix).items():
            part = found[key.removeprefix(f"{prefix}.")] = parts.get(key)
            if _form(part) != _form(own):
                raise ValueError(f"its {key!r} is not what this net and this optimizer need")
        return Snapshot(found.pop("values"), found.pop("grads"), found)


def _form(part: Any) -> Any:
    """What two parts have in common that can stand for each other."""
    if isinstance(part, np.ndarray):
        return part.shape, part.dtype
    return part if isinstance(part, str) else type(part)


@dataclass
class TrainingState:
    """Where a training stands after a whole epoch: all that the epochs to come depend on.

    Attributes:
        now: the weights and the optimiser.
        best: those of the best epoch, if there is ``patience``.
        history: what the `History` lists, by name.
        generator: the state of the bit generator that the order of rows comes from.
        schedule: the state of a learning rate that is told the losses; else None.
        ended: whether a callback or ``patience`` has ended the training before its last epoch.
    """

    now: Snapshot
    best: Snapshot | None
    history: dict[str, list[float]]
    generator: dict[str, Any]
    schedule: dict[str, Any] | None
    ended: bool


class Checkpoint:
    """A file for the newest `TrainingState` of a training.

    Args:
        path: where it is, or will be.
        every: after so many epochs it is written.

    Raises:
        OSError: no file can be written there.
        FileFormatError: what is there is no checkpoint, or damaged.
    """

    def __init__(self, path: Any, every: int) -> None:
        check_place(path)
        self.path, self.every = path, every
        self._run: dict[str, Any] = {}
        self._parts: dict[str, Any] = {}  # of the file that was there
        self._unwritten: TrainingState | None = None
        if os.path.exists(path):
            arrays, header = io.read(path)
            training = header.get("training")
            if not isinstance(training, dict) or not isinstance(training.get("run"), dict):
                raise FileFormatError(
                    f"{path}: there is no checkpoint in this file; give another checkpoint="
                )
            self._parts = {**training, **arrays}

    def seed(self, seed: Any) -> int:
        """The seed: the one given or, for None, that of the file or, if there is none, a new one."""
        if seed is None:
            seed = self._parts["run"].get("seed") if self._parts else random.getrandbits(64)
        try:
            return operator.index(seed)
        except TypeError:
            raise OptionError(f"with checkpoint= seed is a whole number or None, got {seed!r}") from None

    def begin(
        self, run: dict[str, Any], unknown: list[str], epochs: int, module: Any, opt: Optimizer
    ) -> TrainingState | None:
        """The state in the file if there was one, and it is of the training that ``run`` describes.

        A warning tells once what is ``unknown`` to that description, and so taken for the same.

        Raises:
            OptionError: it is of another training, or has more than ``epochs``.
            FileFormatError: it is nonsense.
        """
        self._run = run
        parts, self._parts = self._parts, {}
        if not parts:
            return None
        old = parts["run"]
        self.compare({name: (old.get(name), run.get(name)) for name in (*run, *old)})
        try:
            state = _state(parts, Snapshot.of(module, opt), observing_schedule(opt))
        except WRONG as error:
            raise FileFormatError(f"{self.path}: no checkpoint that fit() has written: {error}") from None
        done = len(state.history["loss"])
        if done > epochs:
            raise OptionError(
                f"{self.path} is a checkpoint after {done} epochs, more than epochs={epochs}; give as many "
                "or more, or delete the file to begin anew"
            )
        if observing_schedule(opt) is None:  # what a function or a callback makes of lr is in no description
            last = state.now.optimizer.get("steps", 1) - 1
            rate = opt.lr(last) if callable(opt.lr) else opt.lr
            self.compare({f"the learning rate of step {last}": (state.history["lr"][-1], rate)})
        if unknown:
            warnings.warn(
                f"{self.path}: {', '.join(dict.fromkeys(unknown))} cannot be compared with what it was when "
                "the checkpoint was written, and is taken for the same",
                CheckpointWarning,
                stacklevel=6,
            )
        return state

    def compare(self, facts: dict[str, tuple[Any, Any]]) -> None:
        """OptionError if one of these ``facts`` was not what it is now."""
        other = [f"{name}: then {old}, now {new}" for name, (old, new) in facts.items() if old != new]
        if other:
            raise OptionError(
                f"{self.path} is the checkpoint of another training: {'; '.join(other)}. Give the same, or "
                "another checkpoint=, or delete the file to begin anew"
            )

    def note(self, state: TrainingState, last: bool) -> None:
        """Take note of the state after one more epoch, and write it if it is due, or the ``last``."""
        self._unwritten = state
        if last or len(state.history["loss"]) % self.every == 0:
            self.write()

    def write(self) -> None:
        """Write the newest state, if that is not done."""
        state = self._unwritten
        if state is None:
            return
        parts = state.now.parts("now") | (state.best.parts("best") if state.best else {})
        parts |= {f"history.{name}": np.array(numbers) for name, numbers in state.history.items()}
        arrays = {name: part for name, part in parts.items() if isinstance(part, np.ndarray)}
        training = {name: part for name, part in parts.items() if name not in arrays}
        training |= {"generator": state.generator, "schedule": state.schedule, "ended": state.ended}
        io.write(self.path, arrays, {"training": {**training, "run": self._run}})
        self._unwritten = None


def _state(parts: Mapping[str, Any], like: Snapshot, schedule: Any) -> TrainingState:
    """What `Checkpoint.write` wrote; one of ``WRONG`` if something in it cannot be.

    Args:
        parts: what was in the file.
        like: what the training has at its beginning.
        schedule: its learning rate, if that is told the losses.
    """
    numbers = {name: parts[f"history.{name}"] for name in ("loss", "val_loss", "lr", "time")}
    epochs = len(numbers["loss"])
    for name, array in numbers.items():
        lengths = {epochs, 0} if name == "val_loss" else {epochs}
        if not isinstance(array, np.ndarray) or array.ndim != 1 or len(array) not in lengths:
            raise ValueError(f"its history of {name!r} is not one of {epochs} epochs")
    if not epochs or not isinstance(parts["ended"], bool):
        raise ValueError("it says of no epoch, or not whether all are done")
    # Whether what is not to be changed yet takes these states, is tried on others
    np.random.PCG64().state = parts["generator"]
    if schedule is not None:
        copy.copy(schedule).load_state(parts["schedule"])
    return TrainingState(
        like.like(parts, "now"),
        like.like(parts, "best") if "best.values" in parts else None,
        {name: array.tolist() for name, array in numbers.items()},
        parts["generator"],
        parts["schedule"],
        parts["ended"],
    )


# What makes a training the one it is ------------------------------------------------------------


def observing_schedule(opt: Optimizer) -> Any:
    """The learning rate that is told the losses, a Plateau say, also one within a warm-up; else None."""
    observe = getattr(opt.lr, "observe", None)
    return getattr(observe, "__self__", observe)


def description(
    module: Any, loss: Any, opt: Optimizer, rows: Mapping[str, Rows | None], options: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """What has to be the same, in text and numbers, for a training to be the same to the bit; see `Wording`.

    With it comes what in that cannot be compared.

    Raises:
        OptionError: the learning rate is told the losses, and cannot be asked what it made of them.
    """
    schedule = observing_schedule(opt)
    if schedule is not None and not (hasattr(schedule, "state") and hasattr(schedule, "load_state")):
        raise OptionError(
            f"with checkpoint= an lr that observes losses needs state() and load_state(), as Plateau has "
            f"them; {type(schedule).__name__} has not"
        )
    words = Wording(schedule)
    run = {
        "sizes": str(module.N),
        "activations": ", ".join(map(words.of, module.activations)),
        "dtype": module.dtype.name,
        "loss": loss.name if isinstance(loss, Loss) else words.of(loss),
        "optimizer": words.of(opt, "target", "lr", "last_lr"),
        "lr": " ".join(dict.fromkeys(words.of(x) for x in (opt.lr, schedule) if x is not None)),
        **options,
    }
    for name, some in rows.items():
        arrays = {} if some is None else {"X": some.X, "y": some.y, "weights": some.weight}
        run |= {f"{what} of {name}": _fingerprint(a) for what, a in arrays.items() if a is not None}
    return run, words.unknown


class Wording:
    """Values, functions and objects in words that are the same in every process, and differ where they do.

    A function is known by its name and, if it is one of ours, by what it encloses; an object by its kind and
    those public attributes that are numbers or text.

    Attributes:
        unknown: functions and kinds of the user's, which may be other ones under the same name.
    """

    def __init__(self, schedule: Any) -> None:
        self.schedule = schedule  # whose state is kept, and no part of this
        self.unknown: list[str] = []

    def of(self, x: Any, *without: str) -> str:
        """``x`` in words, if it is an object without some of its attributes."""
        if isinstance(x, COMPARABLE):
            return str(x)
        if isinstance(x, partial):
            given = [
                *map(self.of, x.args),
                *(f"{name}={self.of(value)}" for name, value in x.keywords.items()),
            ]
            return f"{self.of(x.func)}({', '.join(given)})"
        if isinstance(x, FunctionType):
            return self._function(x)
        if isinstance(x, MethodType):
            return f"{self._function(x.__func__)} of {self.of(x.__self__, *without)}"
        if hasattr(x, "__name__"):
            return _name(x)
        if x is self.schedule and x is not None:
            without = (*without, *x.state())
        if not _is_ours(type(x)):
            self.unknown.append(_name(type(x)))
        own = [
            (name, value)
            for name, value in getattr(x, "__dict__", {}).items()
            if isinstance(value, COMPARABLE)
        ]
        said = ", ".join(f"{name}={value}" for name, value in own if name[0] != "_" and name not in without)
        return f"{type(x).__name__}({said})"

    def _function(self, function: Any) -> str:
        name = _name(function)
        if not _is_ours(function):
            self.unknown.append(name)
            return name
        parts = inspect.getclosurevars(function).nonlocals  # the options of a schedule, say
        said = [f"{part}={self.of(value)}" for part, value in sorted(parts.items())]
        return f"{name}({', '.join(said)})" if said else name


def _is_ours(x: Any) -> bool:
    """Whether a function or a class is one of this library."""
    return str(x.__module__).startswith("autograd.")


def _name(x: Any) -> str:
    return f"{getattr(x, '__module__', 'numpy')}.{getattr(x, '__qualname__', x.__name__)}"


def _fingerprint(array: Array | LazyInputs) -> str:
    import hashlib

    if isinstance(array, LazyInputs):
        raise OptionError("with checkpoint= X has to be an array, since it is compared with the next one")
    digest = hashlib.sha256(f"{array.dtype.name} {array.shape}".encode())
    digest.update(np.ascontiguousarray(array).data)
    return f"{len(array)} rows, {digest.hexdigest()[:12]}"
