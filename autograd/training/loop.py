"""The training loop over epochs and batches, and what ends it early: Ctrl-C, patience, callbacks, errors."""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import numpy as np

from autograd.errors import OptionError, TrainingError
from autograd.optim import Optimizer, clip_gradient, run
from autograd.support import finished, track
from autograd.tensor import Array
from autograd.training.checkpoint import Checkpoint, Snapshot, TrainingState, observing_schedule
from autograd.training.data import Rows
from autograd.training.history import History
from autograd.training.objective import BatchLoss, Objective, Trainable, advice, largest_gradient

__all__ = ["Fit"]


class Interrupt:
    """Turns Ctrl-C into a flag, so that no step is left half done.

    Attributes:
        asked: whether Ctrl-C was pressed.
    """

    asked = False

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
            self.asked = True
            signal.signal(signal.SIGINT, default)

        signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            finished(lambda: signal.signal(signal.SIGINT, default))


class Fit:
    """One training, from its first epoch to its last.

    Args:
        module: the module that is trained.
        data: the training rows.
        held_out: the validation rows, or None.
        objective: the loss.
        opt: the optimiser of the module.
        batch_size: rows in each batch but the last one of an epoch.
        rng: NumPy's generator, for the order of the rows.
    """

    def __init__(
        self,
        module: Trainable,
        data: Rows,
        held_out: Rows | None,
        objective: Objective,
        opt: Optimizer,
        batch_size: int,
        rng: Any,
    ) -> None:
        self.module, self.data, self.held_out = module, data, held_out
        self.batch_loss, self.opt, self.batch_size, self.rng = BatchLoss(objective), opt, batch_size, rng
        self.loss_and_gradient = cache(
            partial(self.batch_loss.loss_and_gradient, data)
        )  # cached by batch size
        self.history = History()
        self.interrupt = Interrupt()
        self.best: Snapshot | None = None  # after the best epoch, if patience is given
        self.ended = False  # whether a callback or patience has ended the training
        self.checkpoint: Checkpoint | None = None
        # `start`: weights at the start of this epoch.
        # `good`: weights at the start of the last epoch in which a batch had a finite loss.
        self.good = self.start = Snapshot.of(module, opt)

    def keep(self, checkpoint: Checkpoint, run: dict[str, Any], unknown: list[str], epochs: int) -> None:
        """Write checkpoints from now on, and resume from the one in the file if there is one."""
        state = checkpoint.begin(run, unknown, epochs, self.module, self.opt)
        self.checkpoint = checkpoint
        if state is None:
            return
        if (schedule := observing_schedule(self.opt)) is not None:
            schedule.load_state(state.schedule)
        state.now.restore(self.module, self.opt)
        self.opt.last_lr = state.history["lr"][-1]
        for name, numbers in state.history.items():
            setattr(self.history, name, numbers)
        self.best, self.ended, self.good = state.best, state.ended, state.now
        self.rng.bit_generator.state = state.generator

    def state(self) -> TrainingState:
        """The state after the epoch that was just completed."""
        schedule, history = observing_schedule(self.opt), self.history
        return TrainingState(
            now=Snapshot.of(self.module, self.opt),
            best=self.best,
            history={name: getattr(history, name).copy() for name in ("loss", "val_loss", "lr", "time")},
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
        losses = history.loss if self.held_out is None else history.val_loss
        lowest = min(losses, default=math.inf)
        best_epoch = losses.index(lowest) if losses else 0
        with self.interrupt.watched(), np.errstate(all="ignore"):  # an overflow raises a TrainingError below
            for report in track(epochs, "epoch", progress, done=epochs if self.ended else done):
                self.start = Snapshot.of(self.module, self.opt)
                try:
                    mean_loss = self._epoch(clip)
                    if self.interrupt.asked:
                        raise KeyboardInterrupt
                    self._note(mean_loss, time.perf_counter() - start_time)
                except KeyboardInterrupt:
                    return self._interrupted()
                except BaseException as error:
                    (self.good if isinstance(error, TrainingError) else self.start).restore(
                        self.module, self.opt
                    )
                    raise
                report.text = f"loss {history.loss[-1]:.4g}"
                if history.val_loss:
                    report.text += f", val_loss {history.val_loss[-1]:.4g}"
                try:
                    if patience is not None and losses[-1] < lowest:
                        best = Snapshot.of(self.module, self.opt)
                        self.best, lowest, best_epoch = best, losses[-1], len(losses) - 1
                    stops = [_says_stop(callback, history) for callback in callbacks]
                    self.ended = any(stops) or (
                        patience is not None and len(losses) - 1 - best_epoch >= patience
                    )
                    if self.checkpoint is not None:
                        self.checkpoint.note(self.state(), last=self.ended or len(history.loss) == epochs)
                except KeyboardInterrupt:
                    return self._interrupted()
                if self.interrupt.asked:
                    return self._interrupted()
                if self.ended:
                    break
        if self.best is not None:
            self.best.restore(self.module, self.opt)
            history.best = best_epoch
        return history

    def _interrupted(self) -> History:
        self.history.interrupted = True
        if self.checkpoint is not None:
            self.checkpoint.write()
        return self.history

    def _epoch(self, clip: float | None) -> float:
        """Train once on all rows, in a new random order, and return the mean loss."""
        rows, size, opt, interrupt = len(self.data), self.batch_size, self.opt, self.interrupt
        order = self.rng.permutation(rows)
        loss_and_grad = self.loss_and_gradient(size)
        total = 0.0
        if opt.takes_closure:  # then all rows are one batch
            step: Callable[..., float] = opt.step  # type: ignore[assignment]  # this step takes a closure
            total = rows * step(lambda: self._descend(loss_and_grad, order, 0))
        else:
            for first in range(0, rows, size):
                if first + size > rows:
                    size = rows - first
                    loss_and_grad = self.loss_and_gradient(size)
                total += size * self._descend(loss_and_grad, order[first : first + size], first)
                if clip is not None:
                    clip_gradient(self.module, clip)
                opt.step()
                if interrupt.asked:
                    break
        if not np.isfinite(self.module.values).all():
            raise self._trouble("a weight became infinite or nan", rows - 1)
        return total / rows

    def _descend(self, loss_and_grad: Callable[[Array], float], batch: Array, first: int) -> float:
        """The loss of a batch, with its gradient left in the module; TrainingError if it is not finite."""
        value = loss_and_grad(batch)
        if not math.isfinite(value):
            raise self._trouble(f"the loss became {value}", first)
        self.good = self.start
        return value

    def _trouble(self, what: str, first: int) -> TrainingError:
        epoch, batch = len(self.history.loss) + 1, first // self.batch_size + 1
        return TrainingError(
            f"{what} in epoch {epoch}, batch {batch}, where {largest_gradient(self.module.grads)}; "
            f"{advice(self.batch_loss.objective.alpha)}"
        )

    def _note(self, loss: float, seconds: float) -> None:
        """Add the epoch to the history, with its validation loss, and tell a Plateau the loss."""
        history, opt = self.history, self.opt
        monitored = loss if self.held_out is None else self.batch_loss.mean(self.held_out)
        if not math.isfinite(monitored):
            where = "over the validation rows" if self.held_out is not None else "over all batches together"
            raise self._trouble(f"the loss {where} became {monitored}", len(self.data) - 1)
        entries = [(history.loss, loss), (history.time, seconds), (history.lr, opt.last_lr)]
        if self.held_out is not None:
            entries.append((history.val_loss, monitored))
        run(partial(numbers.append, number) for numbers, number in entries)
        if (observe := getattr(opt.lr, "observe", None)) is not None:
            observe(monitored)


def _says_stop(callback: Callable[[History], Any], history: History) -> bool:
    answer = callback(history)
    if answer is None or isinstance(answer, bool | np.bool):
        return bool(answer)
    raise OptionError(
        f"a callback answers True to end the training, False or None to go on; "
        f"{getattr(callback, '__name__', callback)!r} answered {answer!r}"
    )
