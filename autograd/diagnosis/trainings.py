"""What the doctor looks at in a training by `fit`: its losses, and at its end some of its rows in the net."""

from typing import Any

import numpy as np

from autograd.diagnosis.curve import Curve
from autograd.diagnosis.findings import Record
from autograd.diagnosis.layers import ROWS, Layers
from autograd.support import Place
from autograd.tensor import Array, tensor_of

__all__ = ["Trainings"]


class Numbers:
    """The parameters of a module, as `Curve` wants them."""

    def __init__(self, module: Any) -> None:
        self.module = module

    def numbers(self) -> Array:
        """The present numbers, as a vector."""
        return self.module.values  # type: ignore[no-any-return]  # of a Trainable


class Trainings:
    """The trainings by `fit` that have ended, and those that run."""

    def __init__(self, findings: Record, layers: Layers) -> None:
        self.findings, self.layers = findings, layers
        self.begun: dict[int, list[Array]] = {}  # by training, the numbers of each matrix at its start
        self.running: list[Curve] = []  # those of trainings that run, the latest last
        self.verdicts: list[tuple[Place, tuple[str, str]]] = []
        self.leaves: set[Any] = set()  # of the matrices that have been trained

    def begin(self, training: Any) -> None:
        """Note the start of a training, a `Fit`."""
        self.running.append(Curve("epochs"))
        self.begun[id(training)] = [matrix.arrays[0].copy() for matrix in matrices_of(training.module)]

    def on_step(self, target: Any) -> None:
        """Note a step of the training that runs."""
        if self.running and hasattr(target, "grads"):
            self.running[-1].add(target.grads.copy(), [Numbers(target)])

    def end(self, training: Any, rows: Any, place: Place) -> None:
        """Look at a training that has ended.

        Args:
            training: the `Fit`.
            rows: its `Rows`, or None if it was given batches.
            place: where `fit` was called.
        """
        history = training.history
        before = self.begun.pop(id(training), [])
        if not self.running:
            return
        curve = self.running.pop()
        curve.losses = [loss + penalty for loss, penalty in zip(history.loss, history.penalty, strict=True)]
        verdict = curve.verdict()
        if verdict is not None:
            self.verdicts.append((place, verdict))
        self.layers.seen.clear()
        if (
            rows is not None
            and training.batch_loss.objective.recordable
            and is_built_in(getattr(training.module, "_samples", None))
        ):
            self.look_at(training, rows)
        trained = {matrix.leaf for matrix in matrices_of(training.module)}
        self.leaves |= trained | self.layers.seen
        changed = [
            not np.array_equal(old, matrix.arrays[0])
            for old, matrix in zip(before, matrices_of(training.module), strict=True)
        ]
        for k, moved in enumerate(changed):
            if not moved and any(changed) and not self.layers.is_dull(matrices_of(training.module)[k].leaf):
                text = f"layers[{k}] is as it was before the training: its gradient was 0 in each step."
                self.findings.add("never_changes", place, text)

    def look_at(self, training: Any, rows: Any) -> None:
        """Send some of the rows through the net on the tape, where `Layers` looks at them."""
        module = training.module
        gradient = module.grads.copy()
        parts = [
            a[:: max(1, len(a) // ROWS)] if isinstance(a, np.ndarray) else a[:ROWS] for a in rows.arrays()
        ]
        try:
            with np.errstate(all="ignore"):
                training.batch_loss.objective.loss_and_grad(*map(tensor_of, parts))
        finally:
            module.grads[...] = gradient


def is_built_in(samples: Any) -> bool:
    """Whether the activations of a net, given by its `Samples`, are the library's own.

    Then one more call changes nothing. For a module of the user's, which has no `Samples`, nobody knows.
    """
    return samples is not None and all(
        getattr(spec.function, "operation", None) is not None for spec in samples.specs
    )


def matrices_of(module: Any) -> Any:
    """The matrices of a net or layer; none of a module of the user's."""
    return getattr(module, "matrices", ())
