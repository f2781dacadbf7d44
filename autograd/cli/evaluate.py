"""The command ``evaluate``: how good a model is on a table."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograd import metrics, plot
from autograd.cli.command import Command
from autograd.cli.models import add_model, add_table, load_for, outputs, read_for
from autograd.cli.report import check_output, measured, note, show_answers, tell
from autograd.text import brief, count

__all__ = ["COMMAND", "evaluate"]

DESCRIPTION = "Tell how good a model is on a table that has the target column."
EXAMPLES = """\
examples:
  %(prog)s digits.model.npz examples/digits.csv.gz
      accuracy, and the precision and recall of each class
  %(prog)s digits.model.npz examples/digits.csv.gz --picture confusion.png
      which class was taken for which
  %(prog)s digits.model.npz examples/digits.csv.gz --json

Most of these rows were learned. How good a model is on new rows, only a table of
those tells, or what train said of the rows held out.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of evaluate."""
    parser.add_argument(
        "--picture", metavar="FILE", help="draw answers against the truth (.png, .svg, .pdf, .jpg)"
    )
    add_model(parser)
    add_table(parser)


def evaluate(options: argparse.Namespace) -> dict[str, Any]:
    """Print how good a model is on a table that has the target column."""
    if options.picture:
        check_output(options.picture, options.model, options.file)
        picture, (axes,) = plot.figure(1, path=options.picture)
    net, preprocessing = load_for(options)
    table, inputs = read_for(preprocessing, options)
    truth = preprocessing.truth(table)
    notes = note(preprocessing.replacement_notes(table))
    answers = np.concatenate([preprocessing.answers(chunk) for chunk in outputs(net, inputs)])
    scores = measured(preprocessing, truth, answers)
    tell(options, f"{count(table.rows, 'row')}: {metrics.verdict(scores)}")
    if preprocessing.classes:
        for line in _by_class(scores["classes"]):
            tell(options, line)
    else:
        tell(options, f"mean absolute error {scores['mae']:.4g}")
    if options.picture:
        title = f"{count(table.rows, 'row')} of {Path(options.file).name}"
        show_answers(axes, preprocessing, truth, answers, title)
        plot.save(picture, options.picture)
        tell(options, f"saved a picture: {options.picture}")
    report = {"model": options.model, "file": options.file, "target": preprocessing.target, "notes": notes}
    return {**report, **scores, "picture": options.picture}


def _by_class(scores: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The lines of a table of rows, precision and recall for each class."""
    names = [brief(entry["class"]) for entry in scores]
    width = max(len("class"), *map(len, names))
    yield f"{'class':<{width}}  {'rows':>7}  precision   recall"
    for name, entry in zip(names, scores, strict=True):
        shares = ["-" if entry[key] is None else f"{entry[key]:.1%}" for key in ("precision", "recall")]
        yield f"{name:<{width}}  {entry['rows']:>7}  {shares[0]:>9}  {shares[1]:>7}"


COMMAND = Command(evaluate, DESCRIPTION, EXAMPLES, add_arguments)
