"""The methods `fit` and `partial_fit`, for modules that compute rows of outputs from rows of inputs."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from autograd.engine import as_number
from autograd.errors import UnsupportedError
from autograd.losses import loss_of
from autograd.optim import Optimizer
from autograd.schedules import Schedule
from autograd.tensor import Tensor
from autograd.training.history import History
from autograd.training.objective import Trainable

__all__ = ["FitMixin", "PartialFitMixin"]


class FitMixin:
    """Gives a module `fit`."""

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        loss: str | Callable[[Tensor, Any], Tensor] = "mse",
        optimizer: str | Optimizer = "adam",
        lr: float | Schedule | None = None,
        epochs: int = 100,
        batch_size: int = 32,
        validation: float | tuple[Any, ...] | None = None,
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
        comm: Any = None,
        doctor: bool = False,
    ) -> History:
        """Train on rows of data, in batches, in a new random order each epoch.

        The step of a net on a batch is recorded once for each batch size, and then replayed; the net keeps
        the recordings for its next training. If the loss or an activation is given as a function, nothing
        is recorded. The function runs for each batch, so it may branch or draw random numbers, and the
        training is slower. X and y must not be changed during the training.

        A `Module` of your own is called with the rows of a batch, a Tensor of shape (rows, inputs), and has
        to return a Tensor of shape (rows, outputs) or (rows,). One more call, with the first rows, tells the
        number of outputs. Nothing is recorded.

        Args:
            X: inputs of shape (rows, inputs), finite; for one input also of shape (rows,). Floats of the
                net's dtype are not copied, so they may be a ``numpy.memmap``. An array of Dask, Zarr or h5py
                is read in blocks of rows, in another thread: in each epoch the blocks come in a random order,
                and so do the rows of each. Without ``y`` X gives the batches: an iterable, such as a list or
                a data loader, of pairs (X, y) or (X, y, sample_weight), or a function that makes one for each
                epoch.
            y: a target for each row: shape (rows, outputs), or (rows,) for one output and a loss by name;
                for cross_entropy integers in [0, outputs), of shape (rows,).
            loss: a name in `autograd.losses.LOSSES`, such as mse or cross_entropy, or a function. The
                function gets the predictions, a Tensor of shape (rows, outputs), and the targets, and
                returns a Tensor with one number. The cross entropies take logits: use
                ``output_activation="linear"``, since the bounded outputs of a sigmoid or tanh are refused.
            optimizer: a name in `autograd.optim.OPTIMIZERS`, such as adam or sgd, or an optimiser that
                was made for this net.
            lr: learning rate: a number, or a function of the number of steps so far, as in `schedules`;
                by default that of the optimiser. lbfgs takes none.
            epochs: number of passes through the data.
            batch_size: rows in each update, if X does not give the batches. If there are fewer rows than
                that, and always for lbfgs, all rows are one batch.
            validation: a share of the rows, between 0 and 1, that is drawn at random and held out, or
                other rows, (X, y) or (X, y, sample_weight). The loss over these rows is computed after each
                epoch, with their weights and those of their classes.
            patience: number of epochs without a lower loss (over the validation rows if there are any)
                after which the training ends. Its end restores the weights of the best epoch.
            sample_weight: the weight of each row in the loss, 0 or more, of shape (rows,). Weights that come
                with batches, and those of classes then, count among the rows of a batch.
            class_weight: the weight of each class in the loss, for the losses that take labels: a dict,
                a list in the order of the classes, or "balanced".
            alpha: L2 penalty: alpha / 2 times the sum of squared weights, without biases, is added to
                the loss of each batch. Weights of a Module of your own are those of its layers, and its
                Tensors of two or more axes.
            clip: largest norm of the gradient of all parameters together; a longer gradient is scaled
                down to it. lbfgs takes none.
            seed: seed for the random order of the rows and the choice of held-out rows; drawn from
                Python's ``random`` if not given. The same seed gives the same results, bit for bit.
            progress: True shows a bar on a terminal or in a notebook and plain lines elsewhere, False
                shows nothing, None shows a bar on a terminal or in a notebook only.
            callbacks: functions that are called with the `History` after each epoch. The training ends
                when one of them returns True.
            checkpoint: a file for everything that later epochs depend on; safetensors or npz by its
                name, as in `save`. If the file exists, the training resumes from it, and reaches the
                weights and the history of an uninterrupted training, bit for bit. A finished training
                returns at once. With more ``epochs`` than before it trains on, unless ``patience`` or a
                callback has ended it. See `docs/files.md`.
            every: number of epochs between two checkpoints; the last epoch always writes one. A number
                above 1 needs ``checkpoint``.
            comm: a communicator of mpi4py, such as ``MPI.COMM_WORLD``, if several processes train this module
                together. Each calls ``fit`` with rows of its own. A step takes ``batch_size`` rows of each,
                and weighs their gradients by their rows. The weights of rank 0 are those of all at the start.
                Rank 0 alone shows the progress and writes the checkpoint; callbacks are called on all ranks,
                and any of them may end the training. See `docs/scaling.md`.
            doctor: whether to look for mistakes, in the data, the net and the losses, and report them at the
                end, as ``with autograd.doctor():`` does.

        Returns:
            A `History` with the losses, the learning rate and the time of each epoch. Ctrl-C also
            returns it, with ``interrupted`` set: the net has the weights of the last complete step,
            and the checkpoint holds the last complete epoch.

        Raises:
            ShapeError: X and y do not fit the net or each other, or a Module of your own does not return
                as many rows as it got.
            DataError: nan or infinity in the data (with row and column), or labels out of range.
            UnknownNameError: there is no loss or optimiser of that name.
            OptionError: an option is outside its range, the outputs cannot be what the loss asks of them
                (logits after a sigmoid, targets out of their reach), a callback returns something other
                than True, False or None, or the checkpoint belongs to another training; the message says
                what differs.
            FileFormatError: the checkpoint is damaged, or the file is of another kind.
            UnsupportedError: with ``doctor``, the doctor is watching another thread.
            OSError: the checkpoint cannot be written.
            RankError: with ``comm``, the training has failed on another rank. If that was by an error of this
                library, the error here is of the same type.
            TrainingError: the loss, over the validation rows too, or a weight is no longer finite. Net and
                optimiser get back the last copy of them from which on a batch had a finite loss. Copies are
                made at the start of an epoch, if 32 steps or more have been made since the last one. After
                any other error they are as after the last complete step.

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
        # Imported here to keep `import autograd` quick
        from autograd.training.start import Options, train
        from autograd.training.team import team_of

        options = Options(
            loss,
            optimizer,
            lr,
            epochs,
            batch_size,
            validation,
            patience,
            sample_weight,
            class_weight,
            alpha,
            clip,
            seed,
            progress,
            callbacks,
            checkpoint,
            every,
        )
        watching: AbstractContextManager[Any] = nullcontext()
        if doctor:
            from autograd.diagnosis import doctor as doctor_of

            watching = doctor_of()
        with watching, team_of(comm) as team:
            return train(self, X, y, options, team)

    def _trainable(self) -> Trainable:
        """This module as `fit` needs it."""
        from autograd.training.callable_module import CallableModule  # imported here as in `fit`

        return CallableModule(self)


class PartialFitMixin:
    """Gives a net `partial_fit`."""

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
        """Make one update with all of these rows, for data that come in portions.

        The optimiser is kept from call to call. A call with another loss, optimizer, lr or alpha than
        the last one starts a new optimiser. `save`, ``pickle`` and ``copy`` do not keep it. Arguments
        and errors are those of `fit`.

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
        from autograd.training.partial import PartialFit  # imported here as in `fit`

        if not (self.all_in_vector and self.runs_layers):
            raise UnsupportedError(
                f"partial_fit() trains layers, and this {type(self).__name__} has more parameters, or a "
                "__call__ or forward of its own; call fit(X, y, epochs=1), with an optimizer of the module"
            )
        if lr is not None and not callable(lr):
            lr = as_number(lr, "lr")
        options = loss_of(loss), optimizer, lr, as_number(alpha, "alpha")
        current = self._partial_fit
        if current is None or current[0] != options:
            module = self if isinstance(optimizer, Optimizer) else self._twin()
            current = options, PartialFit(module, *options)
        value: float = current[1].step(self._batch_losses, X, y, sample_weight, class_weight)
        # An optimiser of the user's keeps its state, and refers to this net, which would be a cycle
        self._partial_fit = None if isinstance(optimizer, Optimizer) else current
        return value
