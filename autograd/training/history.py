"""`History`, the record of a training."""

from dataclasses import dataclass, field
from typing import Any

__all__ = ["History"]


@dataclass
class History:
    """The record of a training, with one entry for each epoch.

    Attributes:
        loss: the mean loss over the training rows, without the penalty. The loss of a batch is taken at the
            update with that batch, not at the end of the epoch; of lbfgs, at its end.
        val_loss: the mean loss over the validation rows after the epoch, if there are any.
        lr: the learning rate of the epoch's last step.
        time: seconds from the start of the training to the end of the epoch.
        best: the epoch, counted from 0, whose weights the net has now, if ``patience`` was given and the
            training was not interrupted.
        interrupted: whether Ctrl-C ended the training; the net has the weights of the last complete step.
        penalty: the penalty of ``alpha``, taken when the loss is; 0 without ``alpha``.

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
    penalty: list[float] = field(default_factory=list)

    def plot(self, path: Any = None) -> Any:
        """Draw the losses over the epochs with matplotlib, which the extra ``plot`` installs.

        Args:
            path: where to save the picture; if None, the picture is only returned.

        Returns:
            The matplotlib figure.

        Raises:
            MissingExtraError: matplotlib is not installed; the message says what to type.
            UnknownNameError: the path ends in none of .png, .svg, .pdf and .jpg.
            OSError: the file cannot be written.

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
