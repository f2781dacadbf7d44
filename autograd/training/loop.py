"""The training loop over epochs and batches, and what ends it early: Ctrl-C, patience, callbacks, errors."""

import math
import operator
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import starmap
from typing import Any

import numpy as np

from autograd.errors import OptionError, TrainingError
from autograd.optim import Optimizer, clip_gradient
from autograd.support import run_to_end, track
from autograd.training.batches import Batches
from autograd.training.checkpoint import HISTORIES, Checkpoint, Snapshot, TrainingState, observing_schedule
from autograd.training.data import Rows
from autograd.training.history import History
from autograd.training.objective import BatchLoss, BatchResult, Trainable, advice, largest_gradient
from autograd.training.team import Alone

__all__ = ["Fit"]

COPY_EVERY = 32  # steps, so that copies of weights and optimiser take no more than 2 % of the time


class Interrupt:
    """Turns Ctrl-C into a flag, so that no step is left half done.

    Args:
        team: the processes that train together, which must not be interrupted while they talk.

    Attributes:
        asked: whether Ctrl-C was pressed.
    """

    def __init__(self, team: Alone) -> None:
        self.team, self.asked = team, False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Set ``asked`` at the first Ctrl-C; let a second one raise KeyboardInterrupt.

        Outside the main thread, or if the program handles Ctrl-C itself, nothing is changed.
        """
        default = signal.default_int_handler
        in_main_thread = threading.current_thread() is threading.main_thread()
        if not in_main_thread or signal.getsignal(signal.SIGINT) is not default:
            yield
            return

        def note(number: int, frame: Any) -> None:
            if self.asked and not self.team.talking:
                default(number, frame)
            self.asked = True

        signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            run_to_end(lambda: signal.signal(signal.SIGINT, default))


class Fit:
    """One training, from its first epoch to its last.

    Args:
        module: the module that is trained.
        batches: the batches of each epoch, drawn by ``own_rng``.
        held_out: the validation rows, or None.
        batch_loss: the loss.
        opt: the optimiser of the module.
        rng: NumPy's generator, whose state checkpoints keep.
        own_rng: the generator of this process; ``rng`` itself if it trains alone.
        team: the processes that train together.
    """

    def __init__(
        self,
        module: Trainable,
        batches: Batches,
        held_out: Rows | None,
        batch_loss: BatchLoss,
        opt: Optimizer,
        rng: Any,
        own_rng: Any,
        team: Alone,
    ) -> None:
        self.module, self.held_out = module, held_out
        self.batch_loss, self.opt, self.rng, self.team = batch_loss, opt, rng, team
        self.batch = 1  # the number of the batch at work, from 1
        self.history = History()
        self.interrupt = Interrupt(team)
        self.batches = team.batches(batches, module, own_rng, rng, lambda: self.interrupt.asked)
        self.best: Snapshot | None = None  # after the best epoch, if patience is given
        self.ended = False  # whether a callback or patience has ended the training
        self.checkpoint: Checkpoint | None = None
        self.steps = 0  # since `start` was copied
        # `start`: the last copy of weights and optimiser, from the start of an epoch.
        # `good`: the last copy from which on a batch had a finite loss.
        self.good = self.start = Snapshot.of(module, opt)

    def resume(self, state: TrainingState) -> None:
        """Go on from the state in a checkpoint."""
        if (schedule := observing_schedule(self.opt)) is not None:
            schedule.load_state(state.schedule)
        state.now.restore(self.module, self.opt)
        self.opt.last_lr = state.history["lr"][-1]
        for name, numbers in state.history.items():
            setattr(self.history, name, numbers)
        self.best, self.ended = state.best, state.ended
        self.start = self.good = state.now
        self.rng.bit_generator.state = state.generator

    def state(self) -> TrainingState:
        """The state after the epoch that was just completed."""
        schedule, history = observing_schedule(self.opt), self.history
        return TrainingState(
            now=Snapshot.of(self.module, self.opt),
            best=self.best,
            history={name: getattr(history, name).copy() for name in HISTORIES},
            generator=self.rng.bit_generator.state,
            schedule=None if schedule is None else schedule.state(),
            ended=self.ended,
        )

    def run(
        self,
        epochs: int,
        patience: int | None,
        clip: float | None,
        progress: bool | None,
        callbacks: Sequence[Any],
    ) -> History:
        """Train until all epochs are done, or Ctrl-C, a callback or ``patience`` ends the training."""
        history = self.history
        done, start_time = len(history.loss), time.perf_counter() - sum(history.time[-1:])
        losses = self._monitored()
        lowest = min(losses, default=math.inf)
        best_epoch = losses.index(lowest) if losses else 0
        with self.interrupt.watched(), np.errstate(all="ignore"):  # an overflow raises a TrainingError below
            for report in track(epochs, "epoch", progress, done=epochs if self.ended else done):
                try:
                    self._copy()
                    loss, penalty = self._epoch(clip)
                    if self._stops():
                        raise KeyboardInterrupt
                    monitored = self._note(loss, penalty, time.perf_counter() - start_time)
                    seen = callbacks or self.checkpoint is not None or patience is not None
                    if seen or self.team.size > 1 or len(history.loss) == epochs:
                        self._check_weights()
                except KeyboardInterrupt:
                    return self._interrupted()
                except BaseException as error:
                    if isinstance(error, TrainingError):
                        self.good.restore(self.module, self.opt)
                    elif not self.steps:  # so only the gradient can have changed
                        self.start.restore(self.module, self.opt)
                    raise
                if report.shown:
                    report.text = f"loss {loss:.4g}"
                    if history.val_loss:
                        report.text += f", val_loss {history.val_loss[-1]:.4g}"
                try:
                    if patience is not None and monitored < lowest:
                        best = Snapshot.of(self.module, self.opt)
                        self.best, lowest, best_epoch = best, monitored, len(history.loss) - 1
                    stops = [_says_stop(callback, history) for callback in callbacks]
                    tired = patience is not None and len(history.loss) - 1 - best_epoch >= patience
                    self.ended = self.team.any(tired or any(stops))
                    if self.checkpoint is not None:
                        self.checkpoint.note(self.state(), last=self.ended or len(history.loss) == epochs)
                except KeyboardInterrupt:
                    return self._interrupted()
                if self._stops():
                    return self._interrupted()
                if self.ended:
                    break
            if not self.team.finish(self.interrupt.asked):
                return self._interrupted()
        if self.best is not None:
            self.best.restore(self.module, self.opt)
            history.best = best_epoch
        return history

    def _stops(self) -> bool:
        """Whether Ctrl-C ends the training here; a team agrees on that at its next sum."""
        return self.interrupt.asked and self.team.size == 1

    def _interrupted(self) -> History:
        self.team.leave()
        self.history.interrupted = True
        if self.checkpoint is not None:
            self.checkpoint.write()
        return self.history

    def _monitored(self) -> list[float]:
        """For each epoch so far, the number that patience and a Plateau watch: the lower, the better."""
        history = self.history
        if self.held_out is not None:
            return history.val_loss
        return list(map(operator.add, history.loss, history.penalty))

    def _copy(self) -> None:
        """Copy weights and optimiser, unless there is a copy from a few steps ago; TrainingError for nan."""
        if self.steps >= COPY_EVERY or self.opt.takes_closure:
            self._check_weights()
            self.start, self.steps = Snapshot.of(self.module, self.opt), 0

    def _check_weights(self) -> None:
        """TrainingError if a weight is not finite."""
        if not np.isfinite(self.module.values).all():
            raise self._trouble("a weight became infinite or nan", len(self.history.loss))

    def _epoch(self, clip: float | None) -> tuple[float, float]:
        """Train once on all batches.

        Returns:
            The mean loss and the mean penalty.
        """
        opt = self.opt
        if opt.takes_closure:  # then all rows are one batch
            (compute,) = self.batches
            step: Callable[..., float] = opt.step  # type: ignore[assignment]  # this step takes a closure
            total = step(lambda: sum(self._descend(compute)[1:]))
            self.steps += 1
            penalty = self.batch_loss.objective.penalty()
            return total - penalty, penalty
        loss = penalty = rows = 0.0
        self.batch = 0
        for compute in self.batches:
            self.batch += 1
            n, own_loss, own_penalty = self._descend(compute)
            rows += n
            loss += n * own_loss
            penalty += n * own_penalty
            if clip is not None:
                clip_gradient(self.module, clip)
            opt.step()
            self.steps += 1
            if self._stops():
                break
        return loss / rows, penalty / rows

    def _descend(self, compute: Callable[[], BatchResult]) -> tuple[float, float, float]:
        """The rows, the loss and the penalty of a batch, with the gradient left in the module.

        Raises:
            TrainingError: their sum is not finite.
        """
        rows, _, loss, penalty = compute()
        if not math.isfinite(loss + penalty):
            raise self._trouble(f"the loss became {loss + penalty}", len(self.history.loss) + 1)
        self.good = self.start
        return rows, loss, penalty

    def _trouble(self, what: str, epoch: int) -> TrainingError:
        return TrainingError(
            f"{what} in epoch {epoch}, batch {self.batch}, where {largest_gradient(self.module.grads)}; "
            f"{advice(self.batch_loss.objective.alpha)}"
        )

    def _note(self, loss: float, penalty: float, seconds: float) -> float:
        """Add the epoch to the history, and tell a Plateau of it; returns the number that it watches."""
        history, opt = self.history, self.opt
        monitored = loss + penalty if self.held_out is None else self._validated(self.held_out)
        if not math.isfinite(monitored):
            where = "over the validation rows" if self.held_out is not None else "over all batches together"
            what = f"the loss {where} became {monitored}"
            raise self._trouble(what, len(history.loss) + 1)
        entries = [
            (history.loss, loss),
            (history.penalty, penalty),
            (history.time, seconds),
            (history.lr, opt.last_lr),
        ]
        if self.held_out is not None:
            entries.append((history.val_loss, monitored))
        deque(starmap(list.append, entries), 0)  # in C, so that no interrupt comes between two of them
        if (observe := getattr(opt.lr, "observe", None)) is not None:
            observe(monitored)
        return monitored

    def _validated(self, held_out: Rows) -> float:
        """The mean loss over the validation rows."""
        return self.team.mean(lambda: self.batch_loss.mean(held_out), len(held_out))


def _says_stop(callback: Callable[[History], Any], history: History) -> bool:
    answer = callback(history)
    if answer is None or isinstance(answer, bool | np.bool):
        return bool(answer)
    raise OptionError(
        f"a callback answers True to end the training, False or None to go on; "
        f"{getattr(callback, '__name__', callback)!r} answered {answer!r}"
    )
