"""`fit` and `partial_fit`, for modules that map rows to rows, with all their options."""

from collections.abc import Callable, Sequence
from typing import Any

from autograd.engine.numbers import as_number
from autograd.errors import OptionError
from autograd.optim import Optimizer
from autograd.schedules import Schedule
from autograd.support.options import whole
from autograd.tensor import Tensor
from autograd.training.data import prepared, split
from autograd.training.history import History
from autograd.training.options import callbacks_of, finite_positive, generator_of, loss_for, optimizer_for
from autograd.training.steps import Objective, Trainable

__all__ = ["FitMixin"]


class FitMixin:
    """Gives a module `fit` and `partial_fit`."""

    def fit(
        self: Trainable,
        X: Any,
        y: Any,
        *,
        loss: str | Callable[[Tensor, Any], Tensor] = "mse",
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
        callbacks: Sequence[Callable[[History], bool | None]] = (),
        checkpoint: Any = None,
        every: int = 1,
    ) -> History:
        """Train the net on rows of data, in batches, in a new random order each epoch.

        The step on a batch is recorded once for each size of batch, and replayed. Activations and
        losses that are functions of yours are not recorded but run each time, so they may branch or
        draw random numbers, and are slower.

        Args:
            X: (rows, N_in) inputs, finite; flat if N_in is 1.
            y: a target for each row: (rows, outputs), or (rows,) for one output; for cross_entropy
                (rows,) integers in [0, outputs).
            loss: a name in `autograd.losses.LOSSES`, such as mse or cross_entropy, or a function of the
                predictions, a Tensor of shape (rows, outputs), and the targets, giving a Tensor with
                one number. The cross entropies take logits: use ``output_activation="linear"``, for
                the outputs of a sigmoid or tanh are refused.
            optimizer: a name in `autograd.optim.OPTIMIZERS`, such as adam or sgd, or one made for this net.
            lr: learning rate, a number or a function of the step, as in `schedules`; the optimizer's
                own default if not given.
            epochs: how often to go through the data.
            batch_size: rows for each update; all of them if there are fewer, and for lbfgs.
            validation: a share of the rows, between 0 and 1, that is drawn at random and held out, or
                a pair (X, y) of other rows. Their loss is taken after each epoch.
            patience: end the training after so many epochs without a lower loss (over the validation
                rows if there are any), and go back to the weights of the best epoch.
            sample_weight: (rows,) how much each row counts, 0 or more.
            class_weight: how much rows of each class count, for the losses that take labels: a dict,
                a list in the order of the classes, or "balanced".
            alpha: L2 penalty: alpha / 2 times the sum of squared weights, without biases, is added to
                the loss of each batch.
            clip: shorten gradients, all together, that are longer than that.
            seed: of the order of rows; drawn from Python's ``random`` if not given. With the same
                seed the same comes out, bit for bit.
            progress: True for a bar on a terminal or in a notebook and plain lines elsewhere, False
                for nothing, None for a bar on a terminal or in a notebook only.
            callbacks: functions called with the `History` after each epoch; one that answers True
                ends the training.
            checkpoint: a file to write all that the next epochs depend on into, safetensors or npz by
                its name, as in `save`. If it is there, the training goes on from it, and comes to the
                weights and the history of one that was never ended, bit for bit; if that was done, it
                comes back at once. More ``epochs`` than before train on. `docs/files.md` has the rest.
            every: the checkpoint is written after so many epochs, and after the last one; above 1 it
                needs ``checkpoint``.

        Returns:
            A `History` with losses, learning rate and time of each epoch. After Ctrl-C too, with
            ``interrupted`` set: the net has the weights of the last whole step, and the checkpoint
            holds the last whole epoch.

        Raises:
            ShapeError: X and y do not fit the net or each other.
            DataError: nan or infinity in the data (with row and column), or labels out of range.
            UnknownNameError: no loss or optimizer of that name.
            OptionError: an option outside its range, a loss that this net's outputs are not for, or a
                callback that answers something else; or the checkpoint is that of another training, and
                the message says what differs.
            FileFormatError: the checkpoint is damaged, or another kind of file.
            OSError: the checkpoint cannot be written there.
            TrainingError: the loss, over the validation rows too, is no longer finite; the net has the
                weights again with which the last epoch with a finite loss began. After another error in
                an epoch it has those with which that began.

        >>> import random, numpy as np
        >>> from autograd.nn import Net
        >>> random.seed(1)
        >>> net = Net(1, [8, 1], activation="tanh", output_activation="linear")
        >>> x = np.linspace(-1, 1, 50)
        >>> history = net.fit(x, x**2, optimizer="lbfgs", epochs=10)
        >>> history.loss[-1] < 1e-3
        True
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = f"{folder}/half.npz"
        ...     half = net.fit(x, x**2, epochs=5, seed=1, checkpoint=path)
        ...     whole = net.fit(x, x**2, epochs=10, seed=1, checkpoint=path)
        >>> len(half.loss), len(whole.loss), whole.loss[:5] == half.loss
        (5, 10, True)
        """
        from autograd.training.checkpoint import Checkpoint, description  # here, for who does not train
        from autograd.training.loop import Fit

        epochs, batch_size = whole(epochs, "epochs"), whole(batch_size, "batch_size")
        every = whole(every, "every")
        if every > 1 and checkpoint is None:
            raise OptionError(
                f"fit() got every={every} without the file that is then written; add checkpoint="
            )
        patience = None if patience is None else whole(patience, "patience")
        alpha, clip = (
            finite_positive(alpha, "alpha", 0.0),
            None if clip is None else finite_positive(clip, "clip"),
        )
        called = callbacks_of(callbacks)
        file = None if checkpoint is None else Checkpoint(checkpoint, every)
        seed = seed if file is None else file.seed(seed)
        rng = generator_of(seed)
        row = loss_for(self, loss)
        opt = optimizer_for(optimizer, lr, self)
        if opt.takes_closure and clip is not None:
            raise OptionError(
                f"{type(opt).__name__.lower()} takes no clip: its line search needs the gradient as it is"
            )
        given = prepared(self, X, y, row, sample_weight, class_weight)
        data, held_out = split(self, given, validation, row, rng)
        batch_size = len(data) if opt.takes_closure else min(batch_size, len(data))
        training = Fit(self, data, held_out, Objective(self, row, alpha), opt, batch_size, rng)
        if file is not None:
            options = {
                "batch_size": batch_size,
                "alpha": alpha,
                "clip": clip,
                "patience": patience,
                "seed": seed,
            }
            rows = {"the rows": given, "the validation rows": held_out}
            training.keep(file, *description(self, row, opt, rows, options), epochs)
        return training.run(epochs, patience, clip, progress, called)

    def partial_fit(
        self: Trainable,
        X: Any,
        y: Any,
        *,
        loss: str | Callable[[Tensor, Any], Tensor] = "mse",
        optimizer: str | Optimizer = "adam",
        lr: float | Schedule | None = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        alpha: float = 0.0,
    ) -> float:
        """Make one update with all of these rows, for data that comes in portions.

        The optimiser lasts from call to call; with another loss, optimizer, lr or alpha than at the
        last call a new one begins. It is not part of what `save`, ``pickle`` and ``copy`` keep.
        Arguments and errors are those of `fit`.

        Returns:
            The mean loss of the rows before the update.

        >>> import random, numpy as np
        >>> from autograd.nn import Net
        >>> random.seed(1)
        >>> net = Net(1, [8, 1], activation="tanh", output_activation="linear")
        >>> x = np.linspace(-1, 1, 50)
        >>> losses = [net.partial_fit(x, x**2, lr=0.01) for _ in range(200)]
        >>> losses[-1] < 0.1 * losses[0]
        True
        """
        from autograd.training.partial import PartialFit  # as in `fit`

        if lr is not None and not callable(lr):
            lr = as_number(lr, "lr")
        options = loss_for(self, loss), optimizer, lr, as_number(alpha, "alpha")
        going = self._partial_fit
        if going is None or going[0] != options:
            module = self if isinstance(optimizer, Optimizer) else self._twin()
            going = options, PartialFit(module, *options)
        value: float = going[1].step(X, y, sample_weight, class_weight)
        self._partial_fit = going
        return value
