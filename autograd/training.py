"""`fit`: the training loop, over batches of rows.

It knows a module only as something with a flat vector of parameters that takes a Tensor of columns,
one for each row of data, and so stands below the modules that call it. The step on a batch, loss
and gradient, is recorded once for each size of batch and replayed for all others.
"""

import math
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, Protocol

import numpy as np

from autograd.checkpoint import Checkpoint, Snapshot, State, description, observer
from autograd.data import Rows, prepared, split
from autograd.engine import as_number
from autograd.errors import OptionError, ShapeError, TrainingError
from autograd.interrupts import finished
from autograd.losses import EACH, LOSSES, mean, unweighted
from autograd.optim import LBFGS, OPTIMIZERS, Optimizer, clip_gradient
from autograd.options import named, whole
from autograd.progress import track
from autograd.schedules import Schedule
from autograd.tensor import Programs, Tensor, no_grad
from autograd.tensor.tape import Array

__all__ = ["History", "Online", "fit"]

CHUNK = 1024  # rows that are evaluated at once where nothing is learned, which bounds the memory
LOGITS = ("binary_cross_entropy", "cross_entropy")  # the losses that take them


class Trainable(Protocol):
    """What `fit` asks of a module."""

    N: list[int]
    n_in: int
    n_out: int
    activations: list[Any]
    dtype: np.dtype[Any]
    values: Array
    grads: Array

    @property
    def named(self) -> bool:
        """Whether its activations are known by name, so that their calls are always the same."""

    def through(self, h: Tensor) -> Tensor:
        """From (n_in + 1, rows), the last row ones, to (n_out, rows)."""

    def zero_grad(self) -> None:
        """Set every gradient to 0."""

    def push(self) -> None:
        """Note that ``values`` were written into."""

    def penalty(self, alpha: float) -> Tensor:
        """``alpha / 2`` times the sum of the squares of all weights; biases do not count."""


@dataclass
class History:
    """What happened in a training, with an entry for each epoch.

    Attributes:
        loss: the mean loss over the training rows, each as it was when its batch was learned, and
            with the penalty that ``alpha`` sets on weights.
        val_loss: the mean loss over the validation rows after the epoch, if there are any.
        lr: the learning rate of the epoch's last step.
        time: seconds from the start of the training to the end of the epoch.
        best: the epoch, counted from 0, whose weights the net has now, if ``patience`` was given.
        interrupted: whether it was ended by Ctrl-C; the net has the weights of the last whole step.

    >>> from autograd.nn import Net
    >>> history = Net(1, [1]).fit([0.0, 1.0], [0.0, 1.0], epochs=3)
    >>> len(history.loss), history.val_loss, history.lr, history.interrupted
    (3, [], [0.001, 0.001, 0.001], False)
    """

    loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    time: list[float] = field(default_factory=list)
    best: int | None = None
    interrupted: bool = False

    def plot(self, path: Any = None) -> Any:
        """Draw the losses over the epochs with matplotlib, which the extra ``plot`` brings.

        Args:
            path: where to save the picture; without one it is only returned.

        Returns:
            The matplotlib figure.

        Raises:
            MissingExtraError: matplotlib is not installed; the message says what to type.
            UnknownNameError: the path ends in none of .png, .svg, .pdf and .jpg.
            OSError: nothing can be written there.

        >>> picture = History(loss=[3.0, 2.0, 1.5]).plot()
        >>> picture.axes[0].get_xlabel()
        'epoch'
        """
        from autograd.plot import figure, save, show_loss

        picture, (axes,) = figure(1, path=path)
        show_loss(axes, self.loss, self.val_loss, self.best)
        if path is not None:
            save(picture, path)
        return picture


# Steps ------------------------------------------------------------------------------------------


class Measure:
    """The loss of a module on a batch, with and without its gradient.

    Args:
        module: what is trained.
        loss: the name of a loss, or a function of predictions and targets.
        alpha: what half the sum of squared weights counts in the loss.
    """

    def __init__(self, module: Trainable, loss: str | Callable[..., Any], alpha: float = 0.0) -> None:
        self.module = module
        self.loss = loss
        self.alpha = alpha
        # A function of the user's may branch, count or draw random numbers: it is run as it stands
        self.replayed = module.named and not callable(loss)

    def _predict(self, X: Tensor) -> Tensor:
        return self.module.through(X.T).T

    def _of(self, prediction: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
        if callable(self.loss):
            value = self.loss(prediction, y.data)
            if not isinstance(value, Tensor) or value.size != 1:
                got = f"shape {value.shape}" if isinstance(value, Tensor) else type(value).__name__
                raise ShapeError(f"a loss must give a Tensor that holds one number, got {got}")
            return value
        if weight is None:
            return unweighted(self.loss, prediction, y)
        return mean(EACH[self.loss](prediction, y) * weight)

    def learn(self, X: Tensor, y: Tensor, weight: Tensor | None = None) -> Tensor:
        """The loss, with its gradient left with the module."""
        loss = self._of(self._predict(X), y, weight)
        if self.alpha:
            loss = loss + self.module.penalty(self.alpha)
        self.module.zero_grad()
        loss.backward()
        return loss

    def look(self, X: Tensor, y: Tensor, weight: Tensor | None = None) -> Tensor:
        """The loss alone, without the penalty."""
        with no_grad():
            return self._of(self._predict(X), y, weight)


class Steps:
    """A measure on batches of rows, recorded for each size of batch if that can be.

    Args:
        measure: the loss of a batch.
    """

    def __init__(self, measure: Measure) -> None:
        self.measure = measure
        self.learning = Programs(measure.learn, limit=4)
        self.looking = Programs(measure.look, limit=4)

    def learner(self, data: Rows, size: int) -> Callable[[Array], float]:
        """What finds the loss of ``size`` of the rows, and leaves its gradient with the module."""
        arrays, learn = data.arrays(), self.measure.learn
        if not self.measure.replayed:

            def run(rows: Array) -> float:
                return learn(*(Tensor._of(a[rows], None) for a in arrays)).item()

            return run
        program = self.learning.at(*(a[:size] for a in arrays))
        pairs = [(a.take, own) for a, own in zip(arrays, program.inputs, strict=True)]
        calls, out = program.calls, program.outputs

        def replay(rows: Array) -> float:
            for take, own in pairs:
                take(rows, 0, own, "clip")
            for call in calls:
                call()
            return float(out)

        return replay

    def over(self, data: Rows) -> float:
        """The mean loss over all rows."""
        measure = self.measure
        if callable(measure.loss):
            return measure.look(*(Tensor._of(a, None) for a in data.arrays())).item()
        total = 0.0
        for start in range(0, len(data), CHUNK):
            part = [a[start : start + CHUNK] for a in data.arrays()]
            if measure.replayed:
                value = float(self.looking(*part))
            else:
                value = measure.look(*(Tensor._of(a, None) for a in part)).item()
            total += value * len(part[0])
        return total / len(data)


def _optimizer(optimizer: Any, lr: Any, module: Trainable) -> Optimizer:
    if isinstance(optimizer, Optimizer):
        if optimizer.target is not module:
            raise OptionError("fit() got an optimizer that was made for other parameters than this net's")
        if lr is not None:
            raise OptionError("fit() got both lr and an optimizer, which has an lr of its own")
        return optimizer
    kind: Any = named("optimizer", optimizer, OPTIMIZERS)
    if kind is LBFGS and lr is not None:
        raise OptionError("lbfgs finds the length of its steps itself and takes no lr")
    opt: Optimizer = (
        kind(module) if lr is None else kind(module, lr=lr if callable(lr) else as_number(lr, "lr"))
    )
    return opt


class Interrupt:
    """Ctrl-C while it is watched for: ``asked`` becomes True, so that a step is never left half done."""

    asked = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note the first Ctrl-C; let a second one through."""
        usual = signal.default_int_handler
        main = threading.current_thread() is threading.main_thread()
        if not main or signal.getsignal(signal.SIGINT) is not usual:
            yield
            return

        def note(number: int, frame: Any) -> None:
            self.asked = True
            signal.signal(signal.SIGINT, usual)

        signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            finished(lambda: signal.signal(signal.SIGINT, usual))


# The loop ---------------------------------------------------------------------------------------


def fit(
    module: Trainable,
    X: Any,
    y: Any,
    *,
    loss: str | Callable[..., Any] = "mse",
    optimizer: str | Optimizer = "adam",
    lr: float | Schedule | None = None,
    epochs: int = 100,
    batch_size: int = 32,
    validation: float | tuple[Any, Any] | None = None,
    patience: int | None = None,
    sample_weight: Any = None,
    class_weight: Any = None,
    alpha: float = 0.0,
    clip: float | None = None,
    seed: int | None = None,
    progress: bool | None = None,
    callbacks: Sequence[Callable[[History], Any]] = (),
    checkpoint: Any = None,
    every: int = 1,
) -> History:
    """Train ``module``; `autograd.nn.Net.fit` has the full description."""
    epochs, batch_size = whole(epochs, "epochs"), whole(batch_size, "batch_size")
    every = whole(every, "every")
    if every > 1 and checkpoint is None:
        raise OptionError(f"fit() got every={every} without the file that is then written; add checkpoint=")
    patience = None if patience is None else whole(patience, "patience")
    alpha, clip = _positive(alpha, "alpha", 0.0), None if clip is None else _positive(clip, "clip")
    called = _listed(callbacks)
    file = None if checkpoint is None else Checkpoint(checkpoint, every)
    seed = seed if file is None else file.seed(seed)
    rng = _generator(seed)
    loss = loss_for(module, loss)
    opt = _optimizer(optimizer, lr, module)
    if isinstance(opt, LBFGS) and clip is not None:
        raise OptionError("lbfgs takes no clip: its line search needs the gradient as it is")
    given = prepared(module, X, y, loss, sample_weight, class_weight)
    data, held_out = split(module, given, validation, loss, rng)
    batch_size = len(data) if isinstance(opt, LBFGS) else min(batch_size, len(data))
    training = Fit(module, data, held_out, Measure(module, loss, alpha), opt, batch_size, rng)
    if file is not None:
        options = {"batch_size": batch_size, "alpha": alpha, "clip": clip, "patience": patience, "seed": seed}
        rows = {"the rows": given, "the validation rows": held_out}
        training.keep(file, *description(module, loss, opt, rows, options), epochs)
    return training.run(epochs, patience, clip, progress, called)


def loss_for(module: Trainable, loss: Any) -> Any:
    """A loss by its name, if it is one of ours, or a function.

    Raises:
        UnknownNameError: there is no loss of that name.
        OptionError: it wants logits, and what the module gives has bounds.
    """
    loss = next((name for name, known in LOSSES.items() if known is loss), loss)
    named("loss", loss, LOSSES)
    last = module.activations[-1]
    if loss in LOGITS and last in ("sigmoid", "tanh"):
        raise OptionError(
            f"{loss} takes logits, which have no bounds, and the outputs of this net are those of a {last}; "
            'make it with output_activation="linear"'
        )
    return loss


def _positive(x: Any, name: str, low: float | None = None) -> float:
    y = as_number(x, name)
    if not (y > 0 or y == low) or y == math.inf:
        raise OptionError(f"{name} must be {'above 0' if low is None else '0 or more'} and finite, got {x!r}")
    return y


def _listed(callbacks: Any) -> list[Any]:
    listed = [callbacks] if callable(callbacks) else callbacks
    if not isinstance(listed, list | tuple) or not all(map(callable, listed)):
        raise OptionError(f"fit() wants functions as callbacks, got {callbacks!r}")
    return list(listed)


def _generator(seed: int | None) -> Any:
    try:
        return np.random.default_rng(random.getrandbits(64) if seed is None else seed)
    except (TypeError, ValueError):
        raise OptionError(f"seed must be a whole number of 0 or more, got {seed!r}") from None


def way_out(alpha: float) -> str:
    """What an error says of what may help."""
    rate = "lr or alpha" if alpha else "lr"
    return (
        f"the net has its last good weights again. A smaller {rate}, or X scaled to about -1 to 1, may help"
    )


def largest(grads: Array) -> str:
    """What an error says of gradients."""
    finite = grads[np.isfinite(grads)]
    if not finite.size:
        return "no gradient was finite"
    others = f", but for {grads.size - finite.size} that were not finite" if finite.size < grads.size else ""
    return f"the largest gradient was {np.abs(finite).max():.3g}{others}"


class Fit:
    """One training, from its first epoch to its last."""

    def __init__(
        self,
        module: Trainable,
        data: Rows,
        held_out: Rows | None,
        measure: Measure,
        opt: Optimizer,
        batch_size: int,
        rng: Any,
    ) -> None:
        self.module, self.data, self.held_out = module, data, held_out
        self.steps, self.opt, self.batch_size, self.rng = Steps(measure), opt, batch_size, rng
        self.learner = cache(partial(self.steps.learner, data))  # by the size of a batch
        self.history = History()
        self.interrupt = Interrupt()
        self.best: Snapshot | None = None  # of the best epoch, if there is patience
        self.ended = False  # before all epochs are done
        self.checkpoint: Checkpoint | None = None
        # The newest weights with which an epoch began that had a finite loss to show
        self.good = self.start = Snapshot.of(module, opt)

    def keep(self, checkpoint: Checkpoint, run: dict[str, Any], unknown: list[str], epochs: int) -> None:
        """Write checkpoints, and go on from the one that there is, if there is one."""
        state = checkpoint.begin(run, unknown, epochs, self.module, self.opt)
        self.checkpoint = checkpoint
        if state is None:
            return
        if (schedule := observer(self.opt)) is not None:
            schedule.load_state(state.schedule)
        state.now.restore(self.module, self.opt)
        self.opt.last_lr = state.history["lr"][-1]
        for name, numbers in state.history.items():
            setattr(self.history, name, numbers)
        self.best, self.ended, self.good = state.best, state.ended, state.now
        self.rng.bit_generator.state = state.generator

    def state(self) -> State:
        """Where it stands now, after an epoch."""
        schedule, history = observer(self.opt), self.history
        return State(
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
        """Epoch after epoch, until all are done or something ends it."""
        history = self.history
        done, begun = len(history.loss), time.perf_counter() - sum(history.time[-1:])
        watched = history.loss if self.held_out is None else history.val_loss
        lowest = min(watched, default=math.inf)
        at = watched.index(lowest) if watched else 0
        with self.interrupt.watched(), np.errstate(all="ignore"):  # what overflows becomes an error below
            for report in track(epochs, "epoch", progress, done=epochs if self.ended else done):
                self.start = Snapshot.of(self.module, self.opt)
                try:
                    total = self._epoch(clip)
                    if self.interrupt.asked:
                        raise KeyboardInterrupt
                    self._note(total, time.perf_counter() - begun)
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
                if patience is not None and watched[-1] < lowest:
                    self.best, lowest, at = Snapshot.of(self.module, self.opt), watched[-1], len(watched) - 1
                try:
                    asked = [_says_stop(callback, history) for callback in callbacks]
                    self.ended = any(asked) or (patience is not None and len(watched) - 1 - at >= patience)
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
            history.best = at
        return history

    def _interrupted(self) -> History:
        self.history.interrupted = True
        if self.checkpoint is not None:
            self.checkpoint.write()
        return self.history

    def _epoch(self, clip: float | None) -> float:
        """Go once through the rows in a new order; the mean loss."""
        rows, size, opt, interrupt = len(self.data), self.batch_size, self.opt, self.interrupt
        order = self.rng.permutation(rows)
        learn = self.learner(size)
        total = 0.0
        if isinstance(opt, LBFGS):  # its batch is all the rows
            total = rows * opt.step(lambda: self._descend(learn, order, 0))
        else:
            for first in range(0, rows, size):
                if first + size > rows:
                    size = rows - first
                    learn = self.learner(size)
                total += size * self._descend(learn, order[first : first + size], first)
                if clip is not None:
                    clip_gradient(self.module, clip)
                opt.step()
                if interrupt.asked:
                    break
        if not np.isfinite(self.module.values).all():
            raise self._trouble("a weight became infinite or nan", rows - 1)
        return total / rows

    def _descend(self, learn: Callable[[Array], float], batch: Array, first: int) -> float:
        """The loss of a batch, if it is finite, with its gradient left in the flat vector."""
        value = learn(batch)
        if not math.isfinite(value):
            raise self._trouble(f"the loss became {value}", first)
        self.good = self.start
        return value

    def _trouble(self, what: str, first: int) -> TrainingError:
        epoch, batch = len(self.history.loss) + 1, first // self.batch_size + 1
        return TrainingError(
            f"{what} in epoch {epoch}, batch {batch}, where {largest(self.module.grads)}; "
            f"{way_out(self.steps.measure.alpha)}"
        )

    def _note(self, loss: float, seconds: float) -> None:
        """Write the epoch into the history."""
        history, opt = self.history, self.opt
        watched = loss if self.held_out is None else self.steps.over(self.held_out)
        if not math.isfinite(watched):
            where = "over the validation rows" if self.held_out is not None else "over all batches together"
            raise self._trouble(f"the loss {where} became {watched}", len(self.data) - 1)
        history.loss.append(loss)
        history.time.append(seconds)
        history.lr.append(opt.last_lr)
        if self.held_out is not None:
            history.val_loss.append(watched)
        if (observe := getattr(opt.lr, "observe", None)) is not None:  # a Plateau
            observe(watched)


def _says_stop(callback: Callable[[History], Any], history: History) -> bool:
    answer = callback(history)
    if answer is None or isinstance(answer, bool | np.bool):
        return bool(answer)
    raise OptionError(
        f"a callback answers True to end the training, False or None to go on; "
        f"{getattr(callback, '__name__', callback)!r} answered {answer!r}"
    )


class Online:
    """Training with rows as they come: an optimiser that lasts from batch to batch.

    Args:
        module: what is trained.
        loss, optimizer, lr, alpha: as for `fit`.
    """

    def __init__(self, module: Trainable, loss: Any, optimizer: Any, lr: Any, alpha: float) -> None:
        self.module = module
        self.loss = loss_for(module, loss)
        self.opt = _optimizer(optimizer, lr, module)
        if isinstance(self.opt, LBFGS):
            raise OptionError("lbfgs wants the whole data at once: use fit()")
        self.steps = Steps(Measure(module, self.loss, _positive(alpha, "alpha", 0.0)))

    def step(self, X: Any, y: Any, sample_weight: Any, class_weight: Any) -> float:
        """One update with all of the rows as a batch; their loss before it."""
        data = prepared(self.module, X, y, self.loss, sample_weight, class_weight).balanced()
        before = Snapshot.of(self.module, self.opt)
        try:
            with np.errstate(all="ignore"):
                value = self.steps.learner(data, len(data))(np.arange(len(data)))
                if math.isfinite(value):
                    self.opt.step()
        except BaseException:
            before.restore(self.module, self.opt)
            raise
        if not (math.isfinite(value) and np.isfinite(self.module.values).all()):
            steepest = largest(self.module.grads)
            before.restore(self.module, self.opt)
            what = (
                f"the loss became {value}" if not math.isfinite(value) else "a weight became infinite or nan"
            )
            raise TrainingError(
                f"partial_fit(): {what}, where {steepest}; {way_out(self.steps.measure.alpha)}"
            )
        if (observe := getattr(self.opt.lr, "observe", None)) is not None:
            observe(value)
        return value
