"""From the arguments of `fit` to a training: what is checked, and how processes come to the same start."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from autograd.errors import OptionError
from autograd.losses import Loss, balanced, loss_of
from autograd.optim import Optimizer, optimizer_name
from autograd.support import WATCHERS, whole
from autograd.tensor import tensor_of
from autograd.training.batches import Batches, ShuffledBatches, refuse_with_batches, streamed
from autograd.training.checkpoint import Checkpoint, checkpoint_of
from autograd.training.data import Rows, prepared, split
from autograd.training.description import description, description_of_rows, observing_schedule
from autograd.training.history import History
from autograd.training.inputs import BlockedInputs
from autograd.training.loop import Fit
from autograd.training.objective import BatchLoss, Trainable
from autograd.training.options import callbacks_of, finite_positive, generator_of, optimizer_for
from autograd.training.reach import check_outputs, check_targets
from autograd.training.reading import ReadBatches, is_read
from autograd.training.team import Alone

__all__ = ["Options", "train"]


@dataclass
class Options:
    """The options of `fit`, under their names."""

    loss: Any
    optimizer: Any
    lr: Any
    epochs: int
    batch_size: int
    validation: Any
    patience: int | None
    sample_weight: Any
    class_weight: Any
    alpha: float
    clip: float | None
    seed: Any
    progress: bool | None
    callbacks: Sequence[Any]
    checkpoint: Any
    every: int

    def check(self) -> None:
        """Convert the numbers, the loss and the callbacks; errors are those of `fit`."""
        self.epochs, self.batch_size = whole(self.epochs, "epochs"), whole(self.batch_size, "batch_size")
        self.patience = None if self.patience is None else whole(self.patience, "patience")
        self.alpha = finite_positive(self.alpha, "alpha", 0.0)
        self.clip = None if self.clip is None else finite_positive(self.clip, "clip")
        self.callbacks = callbacks_of(self.callbacks)
        self.loss = loss_of(self.loss)


@dataclass
class Data:
    """The data of a training.

    Attributes:
        batches: a function that makes the batches of an epoch from the loss of a batch.
        held_out: the validation rows, if there are any.
        rows: the rows that are compared with those of a former training, by what they are called.
        batch_size: the number of rows in a batch, but of all processes if that is all rows.
    """

    batches: Callable[[BatchLoss], Batches]
    held_out: Rows | None
    rows: dict[str, Rows | None]
    batch_size: int


def train(target: Any, X: Any, y: Any, options: Options, team: Alone) -> History:
    """Train a module; arguments and errors are those of `fit`.

    Args:
        target: the module.
        X, y: the data.
        options: the options.
        team: the processes that train it together.
    """
    file: Checkpoint | None = None
    with team.together():
        module: Trainable = target._trainable()
        options.check()
        check_outputs(module, options.loss, "fit()", stacklevel=3)
        opt = optimizer_for(options.optimizer, options.lr, target, "fit()", options.clip)
        if team.rank == 0:
            file = checkpoint_of(options.checkpoint, options.every, opt)
    common = {"batch_size": options.batch_size, "alpha": options.alpha, "clip": options.clip}
    common |= {"patience": options.patience, "seed": options.seed}
    if team.size > 1:
        run, _ = description(module, options.loss, opt, common | {"seed": _seed_text(options.seed)})
        team.same(run | _kinds(options, y))
    with team.together():
        seed = options.seed if file is None else file.seed(options.seed)
    rng = generator_of(team.first(random.getrandbits(64) if seed is None else seed))
    own_rng = team.generator(rng)
    data = (_of_stream if y is None else _of_rows)(module, X, y, options, opt, own_rng, team)
    with module._batch_losses.lent(module, options.loss, options.alpha) as batch_loss:
        team.share_weights(module)
        if team.size > 1:
            opt.load_state(team.first(opt.state()))
            schedule = observing_schedule(opt)
            if hasattr(schedule, "state") and hasattr(schedule, "load_state"):
                schedule.load_state(team.first(schedule.state()))
        batches = data.batches(batch_loss)
        training = Fit(module, batches, data.held_out, batch_loss, opt, rng, own_rng, team)
        if team.first(file is not None):
            common |= {"batch_size": data.batch_size, "seed": seed}
            run, unknown = description(module, options.loss, opt, common)
            run |= description_of_rows(data.rows, team)
            with team.together():
                state = None if file is None else file.begin(run, unknown, options.epochs, module, opt)
            training.checkpoint, state = file, team.first(state)
            if state is not None:
                training.resume(state)
        with team.telling():
            progress = options.progress if team.rank == 0 else False
            for watcher in WATCHERS:
                watcher.on_training(training)
            try:
                return training.run(
                    options.epochs, options.patience, options.clip, progress, options.callbacks
                )
            finally:
                for watcher in WATCHERS:
                    watcher.on_training_end(training, data.rows.get("the rows"))


def _kinds(options: Options, y: Any) -> dict[str, Any]:
    """What else has to be the same on all processes, as text by name."""
    validation, weights = options.validation, options.class_weight
    if isinstance(validation, tuple | list):
        validation = "(X, y)" if len(validation) == 2 else "(X, y, sample_weight)"
    return {
        "epochs": options.epochs,
        "y": "given" if y is not None else "not given",
        "validation": validation,
        "sample_weight": "given" if options.sample_weight is not None else "not given",
        "class_weight": str(sorted(weights.items()) if isinstance(weights, dict) else weights),
    }


def _seed_text(seed: Any) -> str:
    """What can be compared of a seed; that of rank 0 is used in any case."""
    return str(seed) if isinstance(seed, int | np.integer | None) else type(seed).__name__


def _of_stream(
    module: Trainable, X: Any, y: None, options: Options, opt: Optimizer, rng: Any, team: Alone
) -> Data:
    """The data of a training on batches that the user gives."""
    with team.together():
        o = options
        refuse_with_batches(opt, o.sample_weight, o.class_weight, o.validation, o.checkpoint)
        batches, held_out = streamed(module, X, o.loss, o.class_weight, o.validation, o.epochs)
    if held_out is not None:
        held_out = held_out.with_mean_weight_1(team.mean_weight)
    return Data(batches, held_out, {}, 0)


def _of_rows(
    module: Trainable, X: Any, y: Any, options: Options, opt: Optimizer, rng: Any, team: Alone
) -> Data:
    """The data of a training on rows, of which each process has a part."""
    loss, class_weight = options.loss, options.class_weight
    if team.size > 1 and isinstance(class_weight, str) and isinstance(loss, Loss):
        with team.together():
            checked = prepared(module, X, y, loss, None, None, "fit()")
            counts = loss.class_counts(tensor_of(checked.y), module.n_out)
        class_weight = balanced(class_weight, sum(team.each(counts))).tolist()
    with team.together():
        rows = prepared(module, X, y, loss, options.sample_weight, class_weight, "fit()")
        check_targets(module, loss, rows, "fit()", stacklevel=4)
        if opt.takes_closure and isinstance(rows.X, BlockedInputs):
            raise OptionError(
                f"{optimizer_name(type(opt))} needs all rows at once, and X is read in blocks; give "
                "np.asarray(X) if the memory has room for it"
            )
        data, held_out = split(module, rows, options.validation, loss, class_weight, rng)
    data = data.with_mean_weight_1(team.mean_weight)
    if held_out is not None:
        held_out = held_out.with_mean_weight_1(team.mean_weight)
    in_all = sum(team.each(len(data)))
    size = len(data) if opt.takes_closure else min(options.batch_size, len(data))
    read = is_read(data.X) and size < len(data)
    return Data(
        partial(ReadBatches if read else ShuffledBatches, data, size, rng),
        held_out,
        {"the rows": rows, "the validation rows": held_out},
        in_all if opt.takes_closure else min(options.batch_size, in_all),
    )
