"""One page's training: commands come from the page, and what is new goes back to it."""

import os
import tempfile
import threading
from pathlib import Path
from typing import Any

from autograd.errors import DataError, OptionError, TrainingError
from autograd.play.datasets import Points, read_points
from autograd.play.program import program
from autograd.play.settings import OWN_DATA, Settings
from autograd.play.training import Training

__all__ = ["Session"]

UPDATES_PER_FRAME = 3
LARGEST_TABLE = 1_000_000  # characters
UPDATES_OF_PROGRAM = 500  # where none was made here yet
LONGEST_NAME = 100  # characters of the name of a file


class Session:
    """A training with a thread of its own, that which takes `news`; other threads give the commands.

    >>> session = Session()
    >>> sorted(session.news(timeout=1))  # what there is to see at first
    ['frame', 'scene']
    >>> _ = session.step()
    >>> session.news(timeout=1)["frame"]["updates"], session.news(timeout=0)
    (1, {})
    """

    def __init__(self) -> None:
        self.ended = False
        self._changed = threading.Condition()  # whose lock guards all below
        self._news: dict[str, Any] = {}
        self._playing = False
        self._number = 0  # of the training, so that the page does not take one for another
        self._table: str | None = None
        self._file = ""
        with self._changed:
            self._begin(Training(Settings()))

    # Commands. Each returns a dict of JSON types

    def build(self, chosen: Any) -> dict[str, Any]:
        """Begin anew with other settings, a dict; an AutogradError changes nothing."""
        settings = Settings.of(chosen)
        own = self._table if settings.data == OWN_DATA else None
        training = Training(settings, None if own is None else points_of_text(own, self._file, settings.seed))
        with self._changed:
            self._begin(training)
        return {}

    def table(self, name: Any, text: Any) -> dict[str, Any]:
        """Keep a table for ``data="csv"``: its file's name, and its text. An AutogradError keeps none."""
        if not isinstance(text, str) or not isinstance(name, str):
            raise OptionError("table wants the name and the text of a file")
        if len(text) > LARGEST_TABLE:
            raise DataError(
                f"the table must have at most {LARGEST_TABLE:,} characters, and has {len(text):,}"
            )
        name = Path(name).name[:LONGEST_NAME] or "points.csv"
        points = points_of_text(text, name, 0)
        with self._changed:
            self._table, self._file = text, name
        return {"rows": len(points.X), "features": points.features, "classes": points.classes}

    def play(self) -> dict[str, Any]:
        """Make updates until `pause`."""
        with self._changed:
            self._playing = True
            self._changed.notify()
        return {}

    def pause(self) -> dict[str, Any]:
        """Make no more updates."""
        with self._changed:
            self._playing = False
            self._show()
        return {}

    def step(self) -> dict[str, Any]:
        """Make one update, and no more."""
        with self._changed:
            self._playing = False
            self._update(1)
        return {}

    def reset(self) -> dict[str, Any]:
        """Begin anew with the same settings and the same initial weights."""
        with self._changed:
            settings, points = self._training.settings, self._training.points
            self._begin(Training(settings, points if settings.data == OWN_DATA else None))
        return {}

    def explain(self, layer: Any, neuron: Any, input: Any) -> dict[str, Any]:
        """Where the gradient of a weight comes from; as `Training.explain`, and the ``training``'s number."""
        with self._changed:
            return {"training": self._number, **self._training.explain(layer, neuron, input)}

    def program(self) -> dict[str, Any]:
        """The ``program`` that does the same, with as many updates as were made: 500 if none was."""
        with self._changed:
            settings, updates = self._training.settings, self._training.updates
        return {"program": program(settings, updates or UPDATES_OF_PROGRAM, self._file)}

    # The other side

    def news(self, timeout: float) -> dict[str, Any]:
        """Wait for something to tell the page, making updates meanwhile if that is what it wants.

        Args:
            timeout: how many seconds to wait at most.

        Returns:
            What is new, as JSON types: ``scene``, ``frame``, ``problem``; nothing if nothing is.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._playing or self._news or self.ended, timeout)
            if self._playing and not self.ended:
                self._update(UPDATES_PER_FRAME)
            news, self._news = self._news, {}
        return news

    def end(self) -> None:
        """Make no more updates, whatever is asked."""
        with self._changed:
            self.ended = True
            self._changed.notify()

    def _begin(self, training: Training) -> None:
        self._training, self._playing, self._news = training, False, {}
        self._number += 1
        self._news["scene"] = {"training": self._number, **training.scene()}
        self._show()

    def _update(self, times: int) -> None:
        try:
            for _ in range(times):
                self._training.update()
        except TrainingError as error:
            self._playing = False
            self._news["problem"] = str(error)
        self._show()

    def _show(self) -> None:
        self._news["frame"] = {**self._training.frame(), "playing": self._playing}
        self._changed.notify()


def points_of_text(text: str, name: str, seed: int) -> Points:
    """The points of a table's text, by `read_points`, whose errors call it ``name``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("points.tsv" if name.lower().endswith(".tsv") else "points.csv")
        path.write_bytes(text.encode("utf-8", "surrogatepass"))  # what is no text is refused by the reader
        try:
            return read_points(path, seed)
        except DataError as error:
            raise DataError(str(error).replace(os.fspath(path), name)) from None
