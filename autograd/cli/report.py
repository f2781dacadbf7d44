"""Messages and pictures of commands, and checks of the files that they write."""

import argparse
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from autograd import metrics, plot
from autograd.errors import DataError
from autograd.files import check_place
from autograd.tables import Preprocessing
from autograd.tensor import Array
from autograd.text import quoted

__all__ = ["check_labels", "check_output", "measured", "note", "show_answers", "stem", "tell"]

DOTS = 5000  # about so many points are drawn at most


def tell(options: argparse.Namespace, text: str) -> None:
    """Print a message unless ``--quiet`` is given; with ``--json`` it goes to standard error."""
    if not options.quiet:
        print(text, file=sys.stderr if options.json else sys.stdout, flush=True)


def note(notes: list[str]) -> list[str]:
    """Print notes, such as those of `Preprocessing.replacement_notes`, on standard error, and return them."""
    if notes:
        print(f"note: {'; '.join(notes)}", file=sys.stderr)
    return notes


def check_labels(stream: Any, texts: Sequence[str]) -> None:
    """Check that a stream can encode texts, and change its encoding to UTF-8 if it cannot.

    Raises:
        DataError: it cannot, and its encoding is set by PYTHONIOENCODING or cannot be changed.
    """
    encoding = getattr(stream, "encoding", None) or "utf-8"
    for text in texts:
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            if "PYTHONIOENCODING" not in os.environ and isinstance(stream, TextIOWrapper):
                stream.reconfigure(encoding="utf-8")
                return
            raise DataError(
                f"the output is in {encoding}, which has no way to write {quoted(text)}; set "
                "PYTHONIOENCODING=utf-8, or give --output a file"
            ) from None


def check_output(path: Any, *inputs: Any) -> None:
    """Check that a file can be written at ``path``, and that it would replace none of the inputs.

    Raises:
        DataError: ``path`` is one of the inputs.
        OSError, MissingExtraError: as for `check_place`.
    """
    check_place(path)
    for other in map(Path, inputs):
        if other.exists() and Path(path).exists() and other.samefile(path):
            raise DataError(f"{path} is the input itself; give the output another name")


def stem(path: Path, *endings: str) -> str:
    """The name of a file without these endings, each of which is taken away once, in this order."""
    name = path.name
    for ending in endings:
        name = name[: -len(ending)] if name.lower().endswith(ending) else name
    return name


def measured(preprocessing: Preprocessing, truth: Array, answers: Array) -> dict[str, Any]:
    """The number of rows and the scores of answers, by `metrics.of_classes` or `metrics.of_numbers`."""
    classes = preprocessing.classes
    scores = metrics.of_classes(truth, answers, classes) if classes else metrics.of_numbers(truth, answers)
    return {"rows": len(truth), **scores}


def show_answers(
    axes: Any, preprocessing: Preprocessing, truth: Array, answers: Array, title: str = "Held-out rows"
) -> None:
    """Draw answers against the truth: a confusion matrix for classes, a point for each row for numbers."""
    if preprocessing.classes:
        plot.show_confusion(axes, truth, answers, preprocessing.classes, title)
    else:
        drawn = slice(None, None, 1 + len(truth) // DOTS)
        plot.show_fit(axes, truth[drawn], answers[drawn], preprocessing.target, title)
