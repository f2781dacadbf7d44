"""What commands tell a person, and the checks of where they write."""

import argparse
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from autograd import metrics, plot
from autograd.errors import DataError
from autograd.files.atomic import check_place
from autograd.tables.preprocessing import Preprocessing
from autograd.tensor.tape import Array
from autograd.text import cut

__all__ = ["check_labels", "check_output", "measured", "note", "show_answers", "tell"]

DOTS = 5000  # that are drawn at most


def tell(options: argparse.Namespace, text: str) -> None:
    """Print a line for a person: on standard error if a program reads the output."""
    if not options.quiet:
        print(text, file=sys.stderr if options.json else sys.stdout, flush=True)


def note(told: list[str]) -> list[str]:
    """Print on standard error what was made of cells that say nothing, if there are any."""
    if told:
        print(f"note: {'; '.join(told)}", file=sys.stderr)
    return told


def check_labels(stream: Any, texts: Sequence[str]) -> None:
    """See that a stream can take texts as they are: in UTF-8, if it may change to that.

    Raises:
        DataError: it cannot.
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
                f"the output is in {encoding}, which has no way to write {cut(text)}; set "
                "PYTHONIOENCODING=utf-8, or give --output a file"
            ) from None


def check_output(path: Any, *inputs: Any) -> None:
    """See that a file may be written at ``path``, and that it is none of the inputs."""
    check_place(path)
    for other in map(Path, inputs):
        if other.exists() and Path(path).exists() and other.samefile(path):
            raise DataError(f"{path} is the input itself; give the output another name")


def measured(preprocessing: Preprocessing, truth: Array, answers: Array) -> dict[str, Any]:
    """How good answers are, with the number of rows."""
    classes = preprocessing.classes
    found = metrics.of_classes(truth, answers, classes) if classes else metrics.of_numbers(truth, answers)
    return {"rows": len(truth), **found}


def show_answers(
    axes: Any, preprocessing: Preprocessing, truth: Array, answers: Array, title: str = "Held-out rows"
) -> None:
    """Draw answers against the truth: a confusion matrix of classes, points for numbers."""
    if preprocessing.classes:
        plot.show_confusion(axes, truth, answers, preprocessing.classes, title)
    else:
        every = slice(None, None, 1 + len(truth) // DOTS)
        plot.show_fit(axes, truth[every], answers[every], preprocessing.target, title)
