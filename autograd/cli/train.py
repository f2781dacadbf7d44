"""The command ``train``: training a net to predict one column of a table from the others."""

import argparse
import math
import os
import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autograd import metrics, plot
from autograd.cli.arguments import number_where, sizes, whole_number
from autograd.cli.command import Command
from autograd.cli.models import outputs
from autograd.cli.report import check_output, measured, show_answers, stem, tell
from autograd.errors import DataError, MissingExtraError
from autograd.nn import Net
from autograd.tables import Inputs, Preprocessing, Table, read_table
from autograd.tensor import Array
from autograd.text import count, quoted
from autograd.training import History

__all__ = ["COMMAND", "train"]

FEWEST_ROWS = 10
FEWEST_LEARNED = 5
AT_ONCE = 1 << 25  # numbers in the inputs; larger inputs are made batch by batch during the training
STEPS = 10_000  # steps in an epoch at most; tables with more batches of 32 rows get larger batches
LARGEST_BATCH = 1024  # rows of a batch that is enlarged for this
PER_WEIGHT = 128  # measured peak of bytes for each weight: weight, gradient, Adam's moments, copies
PER_OUTPUT = 40  # measured peak of bytes for each neuron and row of a batch
TAKEN = {True: "the names of the columns", False: "a row, and the columns are called 1, 2 and so on"}
OTHERWISE = {True: "--no-header if it is a row", False: "--header if it has their names"}

DESCRIPTION = (
    "Learn to tell one column of a table from the others. Some of the rows are held out, and tell at the end "
    "how well it went."
)
EXAMPLES = """\
examples:
  %(prog)s examples/digits.csv.gz --target digit
      writes digits.model.npz and the picture digits.training.png
  %(prog)s examples/flats.csv --target rent --hidden 64,32 --patience 20
      two hidden layers, until half of the held-out rows get no better for 20
      epochs; the other half tells how well it went
  %(prog)s examples/flats.csv --target district --ignore built --output d.npz
      text as the target: classes
  %(prog)s examples/flats.csv --json --quiet
      the last column is the target by default; one JSON document

Text columns become a one in the place of each text and zeros elsewhere, missing
numbers (an empty cell, or ? - na n/a nan null none) the median of their column.
That is kept in the model, and predict does the same. --strict refuses both, with
the line and the column.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of train."""
    parser.add_argument("file", metavar="FILE", help="a table: .csv, .tsv, .npy, .npz, gzipped or not")
    parser.add_argument("--target", metavar="COLUMN", help="the column to learn (the last one)")
    parser.add_argument(
        "--regression",
        action="store_true",
        help="take a target of few whole numbers for numbers, not classes",
    )
    parser.add_argument(
        "--ignore", metavar="COLUMN", action="append", default=[], help="leave a column out; may be repeated"
    )
    parser.add_argument(
        "--header",
        action=argparse.BooleanOptionalAction,
        help="whether the first line has the names of the columns, which is guessed otherwise",
    )
    parser.add_argument("--strict", action="store_true", help="refuse text features and missing numbers")
    parser.add_argument(
        "--hidden", metavar="SIZES", type=sizes, default=[128], help="neurons of each hidden layer (128)"
    )
    parser.add_argument(
        "--epochs",
        metavar="N",
        type=whole_number(1),
        default=60,
        help="how often to go through the rows (60)",
    )
    parser.add_argument(
        "--batch-size",
        metavar="N",
        type=whole_number(1),
        help="rows of an update (32; more for very long tables)",
    )
    parser.add_argument(
        "--lr",
        metavar="X",
        type=number_where(lambda x: 0 < x < math.inf, "a number above 0"),
        help="learning rate of Adam (0.001)",
    )
    parser.add_argument(
        "--patience",
        metavar="N",
        type=whole_number(1),
        help="end after so many epochs in which the loss over half of the "
        "held-out rows got no lower, and keep the best; the other half tells how well it went",
    )
    parser.add_argument(
        "--held-out",
        metavar="SHARE",
        type=number_where(lambda x: 0 <= x < 1, "a share from 0 to below 1, such as 0.2"),
        default=0.2,
        help="share of the rows that is not learned (0.2)",
    )
    parser.add_argument(
        "--seed", metavar="N", type=whole_number(0), default=0, help="of all that is drawn (0)"
    )
    parser.add_argument("--output", metavar="MODEL", help="where to save the model (FILE's name.model.npz)")
    parser.add_argument("--quiet", action="store_true", help="no progress and no report")


def train(options: argparse.Namespace) -> dict[str, Any]:
    """Train a net on a table, print its scores on held-out rows, and save the model and a picture."""
    model, picture_path = _output_paths(options)
    complete = _read(options)
    table = complete.without(options.ignore)
    rows = _split(options, table)
    preprocessing = Preprocessing.of(table, rows.learned, options.target, options.regression, options.strict)
    if preprocessing.classes:
        check_first_line(complete, preprocessing.target)
    inputs, truth = preprocessing.inputs(table), preprocessing.truth(table)
    batch = options.batch_size or min(max(32, len(rows.learned) // STEPS), LARGEST_BATCH)
    layers = [*options.hidden, len(preprocessing.classes) or 1]
    check_memory([preprocessing.width, *layers], min(batch, len(rows.learned)))
    random.seed(options.seed)
    net = Net(preprocessing.width, layers, "relu", "linear", init="he")
    notes = [*preprocessing.replacement_notes(table), *preprocessing.encoding_notes()]
    _describe(options, complete, table.rows, preprocessing, notes)
    history = _fit(options, net, inputs, preprocessing, truth, rows, batch)
    scores, answers = None, np.empty(0)
    if len(rows.held_out):
        chunks = outputs(net, inputs.at(rows.held_out))
        answers = np.concatenate([preprocessing.answers(chunk) for chunk in chunks])
        scores = measured(preprocessing, truth[rows.held_out], answers)
        where = f"{count(len(rows.held_out), 'row')} held out{' from both' if len(rows.watched) else ''}"
        tell(options, f"on the {where}: {metrics.verdict(scores)}")
    net.save(model, preprocessing=preprocessing.as_header())
    tell(options, f"saved the model: {model}")
    picture = _draw_training(options, picture_path, history, preprocessing, truth[rows.held_out], answers)
    return {
        "model": str(model),
        "picture": picture,
        "rows": table.rows,
        "header": table.headed,
        "features": preprocessing.features,
        "target": preprocessing.target,
        "classes": preprocessing.classes,
        "notes": notes,
        "layers": net.N,
        "epochs": len(history.loss),
        "best": None if history.best is None else history.best + 1,
        "loss": history.loss[-1] if history.loss else None,
        "interrupted": history.interrupted,
        "held_out": scores,
    }


class Divided(NamedTuple):
    """Indices of the rows of a table, split into three parts.

    Attributes:
        learned: rows to train on.
        watched: rows on which ``--patience`` chooses the epoch; none without it.
        held_out: rows for the final scores.
    """

    learned: Array
    watched: Array
    held_out: Array


def _output_paths(options: argparse.Namespace) -> tuple[Path, Path]:
    """The paths of the model and of the picture."""
    path = Path(options.file)
    name = stem(path, ".gz", ".csv", ".tsv", ".npy", ".npz")
    model = Path(options.output or f"{name}.model.npz")
    picture = model.with_name(stem(model, ".npz", ".safetensors", ".model") + ".training.png")
    for output in (model, picture):
        check_output(output, path)
    return model, picture


def _read(options: argparse.Namespace) -> Table:
    """The table, with all its columns."""
    if options.target in options.ignore:
        raise DataError(
            f"{quoted(options.target)} is the --target, and cannot be left out by --ignore as well"
        )
    table = read_table(options.file, False if options.quiet else None, options.header)
    if options.header is not None and table.first is None:
        raise DataError(f"{table.path}: --header and --no-header are for text, and this file holds arrays")
    check_first_line(table)
    return table


def _split(options: argparse.Namespace, table: Table) -> Divided:
    """A random split of the rows."""
    if table.rows < FEWEST_ROWS:
        raise DataError(f"{table.path}: {count(table.rows, 'row')}; at least {FEWEST_ROWS} are wanted")
    order = np.random.default_rng(options.seed).permutation(table.rows)
    held_out, learned = np.split(order, [round(table.rows * options.held_out)])
    if len(learned) < FEWEST_LEARNED:
        raise DataError(
            f"--held-out {options.held_out:g} leaves {len(learned)} of {table.rows} rows to learn from; "
            f"at least {FEWEST_LEARNED} are wanted: give a smaller share"
        )
    if options.patience is None:
        return Divided(learned, held_out[:0], held_out)
    if len(held_out) < 2:
        raise DataError(
            f"--patience chooses the epoch on half of the rows held out, and --held-out "
            f"{options.held_out:g} makes that {len(held_out)} of {table.rows}: give a larger share"
        )
    return Divided(learned, *np.array_split(held_out, 2))


def _describe(
    options: argparse.Namespace,
    complete: Table,
    rows: int,
    preprocessing: Preprocessing,
    notes: Sequence[str],
) -> None:
    """Print a description of the table, its features and its target, and the notes."""
    path, classes = complete.path, preprocessing.classes
    if complete.guessed and complete.first is not None:
        taken = f"{TAKEN[complete.headed]} ({OTHERWISE[complete.headed]})"
        tell(options, f"{path}: line {complete.first[1]} was taken for {taken}")
    what = f"one of {len(classes)} classes" if classes else "a number"
    features, target = _features(preprocessing), quoted(preprocessing.target)
    tell(options, f"{path}: {rows} rows of {features}, and {target}, {what}")
    if notes:
        tell(options, "; ".join(notes))


def _fit(
    options: argparse.Namespace,
    net: Net,
    inputs: Inputs,
    preprocessing: Preprocessing,
    truth: Array,
    rows: Divided,
    batch: int,
) -> History:
    """Train the net, and print what is trained and how the training ended."""
    targets, n_watched = preprocessing.targets(truth), len(rows.watched)
    choosing = f", and choosing the epoch on {count(n_watched, 'other')}" if n_watched else ""
    on = count(len(rows.learned), "row")
    tell(options, f"training a net {'-'.join(map(str, net.N))} on {on}{choosing}")
    history = net.fit(
        _made_if_small(inputs.at(rows.learned)),
        targets[rows.learned],
        loss="cross_entropy" if preprocessing.classes else "mse",
        lr=options.lr,
        epochs=options.epochs,
        batch_size=batch,
        validation=(_made_if_small(inputs.at(rows.watched)), targets[rows.watched]) if n_watched else None,
        patience=options.patience,
        seed=options.seed,
        progress=not options.quiet,
    )
    if history.interrupted:
        epochs = count(len(history.loss), "epoch")
        tell(options, f"interrupted after {epochs}; what was learned until then is kept")
    if history.best is not None:
        tell(options, f"kept the weights of epoch {history.best + 1} of {len(history.loss)}, the best")
    return history


def check_first_line(table: Table, target: str | None = None) -> None:
    """Check that the guess whether the first line has column names is not in doubt, by `Table.doubt`.

    Args:
        table: the table.
        target: name of the column of class labels; None if it is not known yet.

    Raises:
        DataError: there is a reason to doubt the guess.
    """
    doubt = table.doubt(target)
    if doubt is not None and table.first is not None:
        taken = TAKEN[table.headed].partition(",")[0]
        raise DataError(
            f"{table.path}, line {table.first[1]}: it was taken for {taken}, but {doubt}; say --header if "
            "it has the names of the columns, --no-header if it is a row"
        )


def check_memory(sizes: Sequence[int], batch: int) -> None:
    """Check that the machine has enough memory to train a net of these sizes.

    Systems that do not tell their memory pass the check.

    Raises:
        DataError: there is not enough memory.
    """
    if not hasattr(os, "sysconf"):
        return
    weights = sum((m + 1) * n for m, n in pairwise(sizes))
    needed = PER_WEIGHT * weights + PER_OUTPUT * batch * sum(sizes)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > memory:
        raise DataError(
            f"to train a net {'-'.join(map(str, sizes))} takes about {needed // 10**6:,} MB of memory, and "
            f"this machine has {memory // 10**6:,}; give smaller layers by --hidden"
        )


def _features(preprocessing: Preprocessing) -> str:
    """The number of features, in words."""
    numbers, texts = count(len(preprocessing.numbers), "number"), len(preprocessing.levels)
    return f"{numbers} and {count(texts, 'text')}" if texts else numbers


def _made_if_small(inputs: Inputs) -> Inputs | Array:
    """The inputs as an array, unless it would have more than `AT_ONCE` numbers."""
    rows, width = inputs.shape
    return inputs if rows * width > AT_ONCE else inputs.make(slice(None))


def _draw_training(
    options: argparse.Namespace,
    path: Path,
    history: History,
    preprocessing: Preprocessing,
    truth: Array,
    answers: Array,
) -> str | None:
    """Save a picture of the training, and return its path; None if matplotlib is not installed."""
    try:
        picture, axes = plot.figure(2 if len(truth) else 1)
    except MissingExtraError as error:
        tell(options, f"no picture: {error}")
        return None
    plot.show_loss(axes[0], history.loss, history.val_loss, history.best)
    if len(truth):
        show_answers(axes[1], preprocessing, truth, answers)
    plot.save(picture, path)
    tell(options, f"saved a picture: {path}")
    return str(path)


COMMAND = Command(train, DESCRIPTION, EXAMPLES, add_arguments, writes=lambda options: True)
