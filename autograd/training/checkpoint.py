"""Checkpoints: the state of a training after an epoch, in a file from which it resumes bit for bit.

A file belongs to one training. It holds a description of that training: the net, the options and checksums
of the data. Only a training with the same description resumes from it.
"""

import copy
import operator
import os
import random
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd import files
from autograd.errors import CheckpointWarning, FileFormatError, OptionError
from autograd.files import check_place
from autograd.optim import Optimizer
from autograd.support import run_to_end, whole
from autograd.tensor import Array
from autograd.training.description import differing, observing_schedule

__all__ = ["Checkpoint", "Snapshot", "TrainingState", "checkpoint_of"]

HISTORIES = "loss", "penalty", "val_loss", "lr", "time"  # the lists of a `History`
WRONG = (KeyError, TypeError, ValueError, OverflowError)  # what reading a state from a bad file may raise


@dataclass
class Snapshot:
    """A copy of weights, gradients and the optimiser's state, which can be restored."""

    values: Array
    grads: Array
    optimizer: dict[str, Any]

    @classmethod
    def of(cls, module: Any, opt: Optimizer) -> "Snapshot":
        """A copy of the present ones."""
        return cls(module.values.copy(), module.grads.copy(), opt.state())

    def restore(self, module: Any, opt: Optimizer) -> None:
        """Write them back into the module and the optimiser, completely even if interrupted."""

        def write_back() -> None:
            values, grads = module.values, module.grads
            values[...] = self.values
            grads[...] = self.grads
            module.mark_changed()
            opt.load_state(self.optimizer)

        run_to_end(write_back)

    def parts(self, prefix: str) -> dict[str, Any]:
        """The contents by name, each with ``prefix``: arrays, numbers and text."""
        own = {"values": self.values, "grads": self.grads, **self.optimizer}
        return {f"{prefix}.{name}": part for name, part in own.items()}

    def like(self, parts: Mapping[str, Any], prefix: str) -> "Snapshot":
        """A Snapshot of the ``parts`` with ``prefix``; ValueError unless shapes and types are as here."""
        found: dict[str, Any] = {}
        for key, own in self.parts(prefix).items():
            part = found[key.removeprefix(f"{prefix}.")] = parts.get(key)
            if _form(part) != _form(own):
                raise ValueError(f"its {key!r} is not what this net and this optimizer need")
        return Snapshot(found.pop("values"), found.pop("grads"), found)


def _form(part: Any) -> Any:
    """What has to be equal for one part to replace another: shape and dtype, a text itself, or the type."""
    if isinstance(part, np.ndarray):
        return part.shape, part.dtype
    return part if isinstance(part, str) else type(part)


@dataclass
class TrainingState:
    """The state of a training after a complete epoch: everything that later epochs depend on.

    Attributes:
        now: the weights and the optimiser.
        best: the same after the best epoch, if ``patience`` is given; else None.
        history: the lists of the `History`, by name.
        generator: the state of the bit generator that draws the order of rows.
        schedule: the state of a learning rate schedule that observes the losses; else None.
        ended: whether a callback or ``patience`` has ended the training.
    """

    now: Snapshot
    best: Snapshot | None
    history: dict[str, list[float]]
    generator: dict[str, Any]
    schedule: dict[str, Any] | None
    ended: bool


class Checkpoint:
    """A file with the newest `TrainingState` of a training.

    Args:
        path: the path of the file, which may not exist yet.
        every: number of epochs between two writes.

    Raises:
        OSError: no file can be written at ``path``.
        FileFormatError: the file is no checkpoint, or damaged.
    """

    def __init__(self, path: Any, every: int) -> None:
        check_place(path)
        self.path, self.every = path, every
        self._run: dict[str, Any] = {}
        self._parts: dict[str, Any] = {}  # the contents of an existing file, until `begin`
        self._unwritten: TrainingState | None = None
        if os.path.exists(path):
            arrays, header = files.read(path)
            training = header.get("training")
            if not isinstance(training, dict) or not isinstance(training.get("run"), dict):
                raise FileFormatError(
                    f"{path}: there is no checkpoint in this file; give another checkpoint="
                )
            self._parts = {**training, **arrays}

    def seed(self, seed: Any) -> int:
        """``seed`` as an int; for None the seed in the file, or a new one if there is no file."""
        if seed is None:
            seed = self._parts["run"].get("seed") if self._parts else random.getrandbits(64)
        try:
            return operator.index(seed)
        except TypeError:
            raise OptionError(f"with checkpoint= seed is a whole number or None, got {seed!r}") from None

    def begin(
        self, run: dict[str, Any], unknown: list[str], epochs: int, module: Any, opt: Optimizer
    ) -> TrainingState | None:
        """The state in the file, or None if there was no file.

        A warning lists what the description cannot compare, and so takes for the same.

        Args:
            run: the description of this training; see `description`.
            unknown: what ``run`` cannot compare.
            epochs: number of epochs of this training.
            module: the module that is trained.
            opt: its optimiser.

        Raises:
            OptionError: the file belongs to another training, or holds more than ``epochs`` epochs.
            FileFormatError: the contents of the file make no sense.
        """
        self._run = run
        parts, self._parts = self._parts, {}
        if not parts:
            return None
        self.compare(differing(parts["run"], run))
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
        # The learning rate is compared too, since a user's function or callback may set it unknown to ``run``
        if observing_schedule(opt) is None:
            last = state.now.optimizer.get("steps", 1) - 1
            rate = opt.lr(last) if callable(opt.lr) else opt.lr
            self.compare({f"the learning rate of step {last}": (state.history["lr"][-1], rate)})
        if unknown:
            warnings.warn(
                f"{self.path}: {', '.join(dict.fromkeys(unknown))} cannot be compared with what it was when "
                "the checkpoint was written, and is taken for the same",
                CheckpointWarning,
                stacklevel=4,
            )
        return state

    def compare(self, facts: dict[str, tuple[Any, Any]]) -> None:
        """OptionError if one of the ``facts``, pairs of an old and a new value by name, has changed."""
        other = [f"{name}: then {old}, now {new}" for name, (old, new) in facts.items() if old != new]
        if other:
            raise OptionError(
                f"{self.path} is the checkpoint of another training: {'; '.join(other)}. Give the same, or "
                "another checkpoint=, or delete the file to begin anew"
            )

    def note(self, state: TrainingState, last: bool) -> None:
        """Keep the state after one more epoch, and write it if a write is due or it is the ``last`` epoch."""
        self._unwritten = state
        if last or len(state.history["loss"]) % self.every == 0:
            self.write()

    def write(self) -> None:
        """Write the newest state, unless it has been written."""
        state = self._unwritten
        if state is None:
            return
        parts = state.now.parts("now") | (state.best.parts("best") if state.best else {})
        parts |= {f"history.{name}": np.array(numbers) for name, numbers in state.history.items()}
        arrays = {name: part for name, part in parts.items() if isinstance(part, np.ndarray)}
        training = {name: part for name, part in parts.items() if name not in arrays}
        training |= {"generator": state.generator, "schedule": state.schedule, "ended": state.ended}
        files.write(self.path, arrays, {"training": {**training, "run": self._run}})
        self._unwritten = None


def checkpoint_of(path: Any, every: Any, opt: Optimizer) -> Checkpoint | None:
    """The `Checkpoint` at ``path``, or None if that is None.

    Raises:
        OptionError: ``every`` is no whole number of 1 or more, or is above 1 without a path; or the learning
            rate schedule of ``opt`` observes the losses, but has no `state` and `load_state`.
        OSError, FileFormatError: as for `Checkpoint`.
    """
    every = whole(every, "every")
    if every > 1 and path is None:
        raise OptionError(f"fit() got every={every} without the file that is then written; add checkpoint=")
    if path is None:
        return None
    schedule = observing_schedule(opt)
    if schedule is not None and not (hasattr(schedule, "state") and hasattr(schedule, "load_state")):
        raise OptionError(
            f"with checkpoint= an lr that observes losses needs state() and load_state(), as Plateau has "
            f"them; {type(schedule).__name__} has not"
        )
    return Checkpoint(path, every)


def _state(parts: Mapping[str, Any], like: Snapshot, schedule: Any) -> TrainingState:
    """The state that `Checkpoint.write` wrote; one of the errors ``WRONG`` if its contents make no sense.

    Args:
        parts: the contents of the file, by name.
        like: a `Snapshot` of the training before its first epoch, whose shapes and types must match.
        schedule: the learning rate schedule if it observes the losses; else None.
    """
    parts = {"history.penalty": np.zeros(len(parts["history.loss"])), **parts}  # files before 0.1.0 have none
    numbers = {name: parts[f"history.{name}"] for name in HISTORIES}
    epochs = len(numbers["loss"])
    for name, array in numbers.items():
        lengths = {epochs, 0} if name == "val_loss" else {epochs}
        if not isinstance(array, np.ndarray) or array.ndim != 1 or len(array) not in lengths:
            raise ValueError(f"its history of {name!r} is not one of {epochs} epochs")
    if not epochs or not isinstance(parts["ended"], bool):
        raise ValueError("it has no epoch, or does not say whether the training had ended")
    # Tried on a new generator and a copied schedule, since those of the training must not change yet
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
