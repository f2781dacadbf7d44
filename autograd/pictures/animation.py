"""Films of a training, as a GIF, or as an MP4 if ffmpeg is installed."""

import copy
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np

from autograd import plot
from autograd.engine import Value, as_number
from autograd.errors import MissingExtraError, ShapeError, TrainingError, UnknownNameError
from autograd.files import atomic_write, check_place
from autograd.nn import Net, show_decision
from autograd.support import whole
from autograd.tensor import Array
from autograd.training import History

__all__ = ["Film", "TrainingFilm", "curve", "decision"]

PER_SECOND = 12  # frames
HELD = 20  # the last frame is shown for the time of this many frames
GIF_COLOURS = 64  # colours in the palette of a GIF
DPI = 80
SIZE = (5.4, 4.0)  # width and height of a panel, in inches
GRID = 100  # points along each axis at which `decision` evaluates the net


def write_gif(path: Any, stills: Sequence[Array]) -> None:
    """Write stills as an endlessly repeated GIF, with Pillow, which matplotlib depends on."""
    from PIL import Image

    # All stills share a palette, taken from four of them, so what stays the same takes no room in the file
    samples = np.concatenate([stills[i * (len(stills) - 1) // 3] for i in range(4)])
    palette = Image.fromarray(samples).quantize(GIF_COLOURS, dither=Image.Dither.NONE)
    first, *others = [
        Image.fromarray(still).quantize(palette=palette, dither=Image.Dither.NONE) for still in stills
    ]
    durations = [1000 / PER_SECOND] * len(others) + [1000 * HELD / PER_SECOND]
    with atomic_write(path) as file:
        first.save(file, "GIF", save_all=True, append_images=others, duration=durations, loop=0)


def write_mp4(path: Any, stills: Sequence[Array]) -> None:
    """Write stills as an MP4, with ffmpeg."""
    from matplotlib.animation import FFMpegWriter

    height, width, _ = stills[0].shape
    picture, _ = plot.figure(0, (width / DPI, height / DPI))
    image = picture.figimage(stills[0])
    writer = FFMpegWriter(fps=PER_SECOND)
    with tempfile.TemporaryDirectory() as folder:
        with writer.saving(picture, f"{folder}/film.mp4", DPI):
            for still in [*stills, *[stills[-1]] * (HELD - 1)]:
                image.set_data(still)
                writer.grab_frame()
        with atomic_write(path) as file, open(f"{folder}/film.mp4", "rb") as complete:
            shutil.copyfileobj(complete, file)


WRITERS = {".gif": write_gif, ".mp4": write_mp4}


def empty(axes: Any) -> None:
    """Remove what was drawn into axes. The axes are kept, since making new ones takes longer."""
    for artist in [*axes.images, *axes.collections, *axes.patches, *axes.lines, *axes.texts]:
        artist.remove()
    axes.set_prop_cycle(None)
    axes.relim()


class Film:
    """A film of anything that changes: call `add` for each frame with the data to show, then `save`.

    The end of a ``with`` block saves the film; if the block ends with an error, no file is written. However
    often `add` is called, the film has at most ``frames`` frames, spread evenly over the calls. All frames
    have the layout of the first one, so ``draw`` should set the limits of the axes.

    Args:
        path: a file name that ends in .gif, or in .mp4, which needs ffmpeg.
        draw: a function that draws one frame. It is called as ``draw(*axes, *what)``, with empty matplotlib
            axes and the arguments of one `add`.
        panels: the number of axes, side by side.
        frames: the largest number of frames.

    Raises:
        UnknownNameError: the path ends in something else.
        OptionError: ``frames`` is no whole number of 1 or more.
        OSError: no file can be written at that path.
        MissingExtraError: matplotlib is not installed; or, for .mp4, ffmpeg is not found.

    >>> def dot(axes, x):
    ...     axes.plot(x, x, "o")
    ...     axes.set(xlim=(0, 5), ylim=(0, 5), title=f"x = {x}")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     film = Film(f"{folder}/dot.gif", dot)
    ...     for i in range(5):
    ...         film.add(i)
    ...     film.save()  # what the end of a with block does
    """

    def __init__(
        self,
        path: Any,
        draw: Callable[..., Any],
        *,
        panels: int = 1,
        frames: int = 60,
    ) -> None:
        self.path = path
        self.draw = draw
        self.frames = whole(frames, "frames")
        self.kind = os.path.splitext(os.fspath(path))[1].lower()
        if self.kind not in WRITERS:
            raise UnknownNameError.among("kind of film", self.kind, WRITERS)
        check_place(path)
        self._picture, self._axes = plot.figure(panels, SIZE if panels == 1 else (SIZE[0] * 0.8, SIZE[1]))
        self._picture.set_dpi(DPI)
        if self.kind == ".mp4":
            from matplotlib.animation import FFMpegWriter

            if not FFMpegWriter.isAvailable():
                raise MissingExtraError(
                    "a film as .mp4 needs the program ffmpeg, no Python package: apt install ffmpeg, "
                    "brew install ffmpeg or conda install ffmpeg; .gif needs nothing"
                )
        self._noted: list[tuple[Any, ...]] = []  # arguments of every ``_stride``-th call of `add`
        self._last: tuple[Any, ...] = ()
        self._count = 0
        self._stride = 1

    def add(self, *what: Any) -> None:
        """Note a frame: arguments for ``draw``, which `save` calls. Pass copies of data that will change."""
        if self._count % self._stride == 0:
            self._noted.append(what)
            if len(self._noted) > self.frames:
                self._noted = self._noted[::2]
                self._stride *= 2
        self._last = what
        self._count += 1

    def save(self) -> None:
        """Draw the frames and write the film; the last frame is shown longer than the others.

        Raises:
            TrainingError: `add` was never called.
        """
        if not self._count:
            raise TrainingError(f"a film without a frame: nothing was added to {os.fspath(self.path)}")
        noted = (
            self._noted if self._noted[-1] is self._last else [*self._noted[: self.frames - 1], self._last]
        )
        WRITERS[self.kind](self.path, self._stills(noted))

    def _stills(self, noted: Sequence[tuple[Any, ...]]) -> list[Array]:
        """The frames, drawn, as arrays (height, width, 3) of red, green and blue."""
        from matplotlib import rc_context
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        canvas: Any = FigureCanvasAgg(self._picture)
        stills = []
        with rc_context({"axes.titley": 1.02}):  # else matplotlib searches for a height in each frame
            for what in noted:
                for axes in self._axes:
                    empty(axes)
                self.draw(*self._axes, *what)
                canvas.draw()
                stills.append(np.array(canvas.buffer_rgba())[..., :3])
                if len(stills) == 1:
                    self._fix()
        return stills

    def _fix(self) -> None:
        """Fix the layout for all later frames.

        Computing a layout takes most of a frame's time, and one that changes makes the film jitter.
        """
        self._picture.set_layout_engine("none")
        for axes in self._axes:
            for axis in (axes.xaxis, axes.yaxis):
                position = axis.label.get_transform().transform(axis.label.get_position())
                axis.set_label_coords(*axes.transAxes.inverted().transform(position))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.save()


class TrainingFilm(Film):
    """A film of a net's predictions during a training.

    Call it after each epoch, or pass it to `fit` as a callback.

    Args:
        net: the net that is trained.
        show: a function that draws one frame. It is called as ``show(axes, predict)``, where
            ``predict(X)`` returns the outputs of the net with the weights of that epoch.
        path: as for `Film`.
        frames: as for `Film`.

    >>> net = Net(1, [1], "linear")
    >>> def line(axes, predict):
    ...     axes.plot([0, 1], predict([[0], [1]]))
    ...     axes.set(xlim=(0, 1), ylim=(-2, 2))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     film = TrainingFilm(net, line, f"{folder}/line.gif", frames=5)
    ...     history = net.fit([0, 1], [1, 0], epochs=9, callbacks=[film])
    ...     film.save()
    """

    def __init__(self, net: Net, show: Callable[[Any, Any], Any], path: Any, frames: int) -> None:
        self._net, self._show = net, show
        self._twin = copy.deepcopy(net)  # given the weights of each frame in turn
        super().__init__(path, self._frame, frames=frames)

    def __call__(self, loss: History | Value | float | None = None) -> None:
        """Add a frame of the net with its present weights.

        Args:
            loss: the loss in the frame's title: a number, a Value, or the `History` that a callback gets.
        """
        epoch = self._count + 1
        if isinstance(loss, History):
            epoch, loss = len(loss.loss), loss.loss[-1]
        elif isinstance(loss, Value):
            loss = loss.data
        elif loss is not None:
            loss = as_number(loss, "a film")
        self.add(epoch, loss, self._net.values.copy())

    def _frame(self, axes: Any, epoch: int, loss: float | None, values: Array) -> None:
        self._twin.values = values
        self._show(axes, self._twin.predict)
        axes.set_title(f"epoch {epoch:,}" + ("" if loss is None else f", loss {loss:.4g}"))


def decision(
    net: Net,
    X: Any,
    y: Any,
    path: Any,
    *,
    classes: Sequence[str] | None = None,
    threshold: float | None = None,
    frames: int = 60,
) -> TrainingFilm:
    """A film of `Net.plot_decision` while the net is trained.

    Args:
        net: the net that is trained, with 2 inputs, or 1.
        X: as for `Net.plot_decision`.
        y: as for `Net.plot_decision`.
        classes: as for `Net.plot_decision`.
        threshold: as for `Net.plot_decision`.
        path: as for `Film`.
        frames: as for `Film`.

    Raises:
        ShapeError, DataError: as for `Net.plot_decision`.
        UnknownNameError, OptionError, OSError, MissingExtraError: as for `Film`.

    Returns:
        A `Film`. Call it with the loss after each epoch, or pass it to `fit` among the callbacks.

    >>> net = Net(2, [4, 1], "tanh")
    >>> X, y = [[0, 0], [1, 1]], [-1, 1]
    >>> with tempfile.TemporaryDirectory() as folder, decision(net, X, y, f"{folder}/a.gif") as film:
    ...     for epoch in range(3):
    ...         loss = sum((net(x) - yi) ** 2 for x, yi in zip(X, y))
    ...         net.zero_grad()
    ...         loss.backward()
    ...         net.step(0.1)
    ...         film(loss)
    """
    show = show_decision(net, X, y, classes, threshold, "film.decision()", GRID)
    return TrainingFilm(net, show, path, frames)


def curve(net: Net, X: Any, y: Any, path: Any, *, frames: int = 60) -> TrainingFilm:
    """A film of a net of one input while it is trained: its outputs as curves over the rows of data.

    Arguments, return value and errors are those of `decision`.

    >>> net, x = Net(1, [8, 1], "tanh", "linear"), [0.0, 0.5, 1.0]
    >>> with tempfile.TemporaryDirectory() as folder, curve(net, x, x, f"{folder}/line.gif") as film:
    ...     history = net.fit(x, x, epochs=20, callbacks=[film])
    """
    if net.n_in != 1:
        raise ShapeError(f"film.curve() wants a net of 1 input, got {net.n_in}; film.decision() takes 2")
    return TrainingFilm(net, show_decision(net, X, y, None, None, "film.curve()"), path, frames)
