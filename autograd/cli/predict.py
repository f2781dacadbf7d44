"""The command ``predict``: predictions for the rows of a table."""

import argparse
import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any

import numpy as np

from autograd import metrics
from autograd.cli.command import Command
from autograd.cli.models import add_model, add_table, load_for, outputs, read_for
from autograd.cli.report import check_labels, check_output, measured, note, tell
from autograd.errors import DataError
from autograd.files import atomic_write
from autograd.tables import Preprocessing
from autograd.tensor import Array, softmax
from autograd.text import count, quoted

__all__ = ["COMMAND", "predict"]

DESCRIPTION = (
    "Print what a model says of each row of a table. If that has the target column too, tell how often the "
    "model was right."
)
EXAMPLES = """\
examples:
  %(prog)s digits.model.npz examples/digits.csv.gz
      a line for each row
  %(prog)s digits.model.npz examples/digits.csv.gz --proba --output answers.csv
      a CSV file, with the probability of each class
  %(prog)s digits.model.npz examples/digits.csv.gz --json

The columns may come in any order, and with others among them. A text that the
model does not know is taken for none of those it does, with a note; a missing
number for the median of the rows it was trained on. --strict refuses both.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of predict."""
    parser.add_argument("--output", metavar="FILE", help="write a CSV file instead")
    parser.add_argument("--proba", action="store_true", help="the probability of each class too")
    add_model(parser)
    add_table(parser)


def predict(options: argparse.Namespace) -> dict[str, Any]:
    """Print predictions or write them into a file; if the table has the target, print their scores too."""
    net, preprocessing = load_for(options)
    if options.proba and not preprocessing.classes:
        raise DataError(
            f"{options.model}: --proba is for classes, and {quoted(preprocessing.target)} is a number"
        )
    if options.output:
        check_output(options.output, options.model, options.file)
    table, inputs = read_for(preprocessing, options)
    target = table.columns.get(preprocessing.target)
    truth = preprocessing.truth(table) if target is not None and target.missing < table.rows else None
    notes = note(preprocessing.replacement_notes(table))
    answers: list[Array] = []
    rows: list[Any] = []
    with _writer(options, preprocessing, rows) as write:
        for chunk in outputs(net, inputs):
            answers.append(preprocessing.answers(chunk))
            columns = [preprocessing.labels(answers[-1])]
            columns += softmax(chunk, axis=1).T.tolist() if options.proba else []
            write(list(zip(*columns, strict=True)))
    report: dict[str, Any] = {
        "model": options.model,
        "file": options.file,
        "rows": table.rows,
        "notes": notes,
    }
    report["target"] = preprocessing.target
    if options.output:
        report["output"] = options.output
        tell(options, f"wrote {count(table.rows, 'prediction')}: {options.output}")
    else:
        report["predictions"] = [row[0] for row in rows]
        if options.proba:
            report |= {"classes": preprocessing.classes, "probabilities": [row[1:] for row in rows]}
    if truth is not None:
        scores = report["found"] = measured(preprocessing, truth, np.concatenate(answers))
        print(f"{count(table.rows, 'row')}: {metrics.verdict(scores)}", file=sys.stderr)
    return report


@contextmanager
def _writer(
    options: argparse.Namespace, preprocessing: Preprocessing, rows: list[Any]
) -> Iterator[Callable[[Any], Any]]:
    """A context with a function that writes rows, each an answer and, with ``--proba``, its probabilities.

    It writes into the file of ``--output``, with ``--json`` into the list ``rows``, else to standard output.
    """
    head = [preprocessing.target]
    head += [f"p({name})" for name in preprocessing.classes] if options.proba else []
    if options.output:
        with atomic_write(options.output) as file:
            text = TextIOWrapper(file, "utf-8", newline="")
            yield _csv(text, head)
            text.detach()
        return
    if options.json:
        yield rows.extend
        return
    check_labels(sys.stdout, [*preprocessing.classes, *(head if options.proba else [])])
    broken = next((name for name in preprocessing.classes if len(name.splitlines()) > 1), None)
    if broken is not None and not options.proba:
        raise DataError(f"the label {quoted(broken)} has more than one line; give --output a file, or --json")
    if options.proba:
        yield _csv(sys.stdout, head)
    else:
        yield lambda chunk: print(*(_cell(row[0]) for row in chunk), sep="\n")


def _csv(file: Any, head: Sequence[str]) -> Callable[[Any], None]:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(head)
    return lambda rows: writer.writerows([_cell(cell) for cell in row] for row in rows)


def _cell(answer: str | float) -> str:
    return answer if isinstance(answer, str) else f"{answer:.6g}"


COMMAND = Command(predict, DESCRIPTION, EXAMPLES, add_arguments, writes=lambda options: bool(options.output))
