"""The command ``train``: a net that tells one column of a table from the others."""

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
from autograd.cli.report import check_output, measured, show_answers, tell
from autograd.errors import DataError, MissingExtraError
from autograd.nn import Net
from autograd.tables.preprocessing import Inputs, Preprocessing
from autograd.tables.table import Table, read_table
from autograd.tensor.tape import Array
from autograd.text import count, cut
from autograd.training import History

__all__ = ["COMMAND", "train"]

FEWEST_ROWS = 10
FEWEST_LEARNED = 5
AT_ONCE = 1 << 25  # numbers that may be made before training; of more they are made batch by batch
STEPS = 10_000  # of an epoch; longer tables are learned in larger batches
LARGEST_BATCH = 1024  # rows of such a batch
PER_WEIGHT = 128  # bytes of a training at its height, measured: weight, gradient, Adam's, copies
PER_OUTPUT = 40  # of each neuron for each row of a batch, likewise
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
    """Add what train takes."""
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
    """Train a net on a table, report, and save the model and a picture."""
    model, picture_path = _places(options)
    complete = _read(options)
    table = complete.without(options.ignore)
    rows = _divided(options, table)
    preprocessing = Preprocessing.of(table, rows.learned, options.target, options.regression, options.strict)
    if preprocessing.classes:
        check_first_line(complete, preprocessing.target)
    inputs, truth = preprocessing.inputs(table), preprocessing.truth(table)
    batch = options.batch_size or min(max(32, len(rows.learned) // STEPS), LARGEST_BATCH)
    layers = [*options.hidden, len(preprocessing.classes) or 1]
    check_memory([preprocessing.width, *layers], min(batch, len(rows.learned)))
    random.seed(options.seed)
    net = Net(preprocessing.width, layers, "relu", "linear", init="he")
    told = [*preprocessing.filled(table), *preprocessing.encoded()]
    _describe(options, complete, table.rows, preprocessing, told)
    history = _fit(options, net, inputs, preprocessing, truth, rows, batch)
    found, answers = None, np.empty(0)
    if len(rows.held_out):
        parts = outputs(net, inputs.at(rows.held_out))
        answers = np.concatenate([preprocessing.answers(part) for part in parts])
        found = measured(preprocessing, truth[rows.held_out], answers)
        where = f"{count(len(rows.held_out), 'row')} held out{' from both' if len(rows.watched) else ''}"
        tell(options, f"on the {where}: {metrics.verdict(found)}")
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
        "notes": told,
        "layers": net.N,
        "epochs": len(history.loss),
        "best": None if history.best is None else history.best + 1,
        "loss": history.loss[-1] if history.loss else None,
        "interrupted": history.interrupted,
        "held_out": found,
    }


class Divided(NamedTuple):
    """The places of the rows that are learned, that choose the epoch, and that tell how well it went."""

    learned: Array
    watched: Array
    held_out: Array


def _places(options: argparse.Namespace) -> tuple[Path, Path]:
    """Where the model and the picture go."""
    path = Path(options.file)
    stem = _stem(path, ".gz", ".csv", ".tsv", ".npy", ".npz")
    model = Path(options.output or f"{stem}.model.npz")
    picture = model.with_name(_stem(model, ".npz", ".safetensors", ".model") + ".training.png")
    for output in (model, picture):
        check_output(output, path)
    return model, picture


def _read(options: argparse.Namespace) -> Table:
    """The whole table."""
    if options.target in options.ignore:
        raise DataError(f"{cut(options.target)} is the --target, and cannot be left out by --ignore as well")
    table = read_table(options.file, False if options.quiet else None, options.header)
    if options.header is not None and table.first is None:
        raise DataError(f"{table.path}: --header and --no-header are for text, and this file holds arrays")
    check_first_line(table)
    return table


def _divided(options: argparse.Namespace, table: Table) -> Divided:
    """Which rows are for what, drawn at random."""
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
    options: argparse.Namespace, complete: Table, rows: int, preprocessing: Preprocessing, told: Sequence[str]
) -> None:
    """Tell what is learned from what."""
    path, classes = complete.path, preprocessing.classes
    if complete.guessed and complete.first is not None:
        taken = f"{TAKEN[complete.headed]} ({OTHERWISE[complete.headed]})"
        tell(options, f"{path}: line {complete.first[1]} was taken for {taken}")
    what = f"one of {len(classes)} classes" if classes else "a number"
    tell(options, f"{path}: {rows} rows of {_given(preprocessing)}, and {cut(preprocessing.target)}, {what}")
    if told:
        tell(options, "; ".join(told))


def _fit(
    options: argparse.Namespace,
    net: Net,
    inputs: Inputs,
    preprocessing: Preprocessing,
    truth: Array,
    rows: Divided,
    batch: int,
) -> History:
    """Train the net, and tell how that goes."""
    targets, others = preprocessing.targets(truth), len(rows.watched)
    choosing = f", and choosing the epoch on {count(others, 'other')}" if others else ""
    on = count(len(rows.learned), "row")
    tell(options, f"training a net {'-'.join(map(str, net.N))} on {on}{choosing}")
    history = net.fit(
        _made(inputs.at(rows.learned)),
        targets[rows.learned],
        loss="cross_entropy" if preprocessing.classes else "mse",
        lr=options.lr,
        epochs=options.epochs,
        batch_size=batch,
        validation=(_made(inputs.at(rows.watched)), targets[rows.watched]) if others else None,
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
    """See that nothing in a table speaks against what its first line was taken for.

    Args:
        table: the table.
        target: the column of classes, once that is known.

    Raises:
        DataError: something does.
    """
    doubt = table.doubt(target)
    if doubt is not None and table.first is not None:
        taken = TAKEN[table.headed].partition(",")[0]
        raise DataError(
            f"{table.path}, line {table.first[1]}: it was taken for {taken}, but {doubt}; say --header if "
            "it has the names of the columns, --no-header if it is a row"
        )


def check_memory(sizes: Sequence[int], batch: int) -> None:
    """See that this machine has the memory to train a net of these sizes, if its system says so.

    Raises:
        DataError: it has less.
    """
    if not hasattr(os, "sysconf"):
        return
    weights = sum((m + 1) * n for m, n in pairwise(sizes))
    wanted = PER_WEIGHT * weights + PER_OUTPUT * batch * sum(sizes)
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if wanted > there:
        raise DataError(
            f"to train a net {'-'.join(map(str, sizes))} takes about {wanted // 10**6:,} MB of memory, and "
            f"this machine has {there // 10**6:,}; give smaller layers by --hidden"
        )


def _stem(path: Path, *endings: str) -> str:
    name = path.name
    for ending in endings:
        name = name.removesuffix(ending)
    return name


def _given(preprocessing: Preprocessing) -> str:
    """What a net is given, in words."""
    numbers, texts = count(len(preprocessing.numbers), "number"), len(preprocessing.levels)
    return f"{numbers} and {count(texts, 'text')}" if texts else numbers


def _made(inputs: Inputs) -> Inputs | Array:
    """The inputs made at once, if they are not too many."""
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
    """Save a picture of a training, if matplotlib is there; its path."""
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
