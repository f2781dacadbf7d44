"""The plots of a net as its methods. What draws them is imported when they are called."""

from collections.abc import Sequence
from typing import Any

__all__ = ["PlotMixin"]


class PlotMixin:
    """Gives a net plots. They need matplotlib, the extra ``plot``, and raise MissingExtraError without it."""

    def plot_decision(
        self,
        X: Any,
        y: Any,
        *,
        classes: Sequence[str] | None = None,
        threshold: float | None = None,
        path: Any = None,
    ) -> Any:
        """Draw the net's predictions for the region around the rows of data, and the rows on top.

        For a net of two inputs: the predicted class at each point, in a paler colour where the net is less
        sure, and the rows with the markers of their classes. For a net of one input: the outputs as curves,
        and the rows as points.

        Args:
            X: (rows, N_in) inputs, as for `fit`.
            y: the class of each row. For one output: labels -1 and 1, or 0 and 1. For several outputs:
                whole numbers from 0, or a row of numbers with the largest at the class. For a net of one
                input: the targets, as for `fit`.
            classes: the names of the classes, in order.
            threshold: for a net of one output, the output above which a row belongs to the second class. By
                default the middle of its bounds, such as 0.5 for a sigmoid and 0 for a tanh; without bounds
                0, which suits labels -1 and 1, and logits.
            path: the file to save the plot to; without a path the plot is only returned.

        Returns:
            The matplotlib figure.

        Raises:
            ShapeError: the net has more than two inputs, or X, y and classes do not fit the net or each
                other.
            DataError: y has other labels, or a number is not finite.
            UnknownNameError: the path ends in none of .png, .svg, .pdf and .jpg.
            OSError: the file cannot be written.

        >>> from autograd.nn import Net
        >>> net = Net(2, [4, 1], "tanh")
        >>> picture = net.plot_decision([[0, 1], [1, 0]], [-1, 1], classes=["no", "yes"])
        >>> [text.get_text() for text in picture.axes[0].get_legend().get_texts()]
        ['no', 'yes']
        """
        from autograd.nn import plots  # here, to keep `import autograd` quick

        return plots.decision_plot(self, X, y, classes, threshold, path)

    def plot_confusion(
        self,
        X: Any,
        y: Any,
        *,
        classes: Sequence[str] | None = None,
        threshold: float | None = None,
        path: Any = None,
    ) -> Any:
        """Draw the confusion matrix: for each class, how many of its rows the net assigns to each class.

        Correct predictions are blue, wrong ones orange. Arguments, result and errors are those of
        `plot_decision`, but the net may have any number of inputs.

        >>> from autograd.nn import Net
        >>> net = Net(3, [4, 2], "tanh")
        >>> net.plot_confusion([[0, 1, 2], [2, 1, 0]], [0, 1]).axes[0].get_ylabel()
        'true'
        """
        from autograd.nn import plots  # here, to keep `import autograd` quick

        return plots.confusion_plot(self, X, y, classes, threshold, path)

    def plot_weights(self, *, shape: tuple[int, int] | None = None, path: Any = None) -> Any:
        """Draw the weights: a panel for each layer, in it a row for each neuron. White is 0.

        Args:
            shape: (rows, columns) of the images, if the inputs are images. The weights of the first layer
                are then drawn as images too, one for each neuron.
            path: the file to save the plot to; without a path the plot is only returned.

        Returns:
            The matplotlib figure.

        Raises:
            ShapeError: ``shape`` is not a pair (rows, columns) whose product is N_in.
            UnknownNameError, OSError: as for `plot_decision`.

        >>> from autograd.nn import Net
        >>> len(Net(4, [3, 2]).plot_weights(shape=(2, 2)).axes)  # two panels, with a colour bar each
        4
        """
        from autograd.nn import plots  # here, to keep `import autograd` quick

        return plots.weights(self, shape, path)
