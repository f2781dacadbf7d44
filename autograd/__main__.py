"""The command line: train a net on a table, and use it.

$ python -m autograd train examples/digits.csv.gz --target digit
$ python -m autograd predict digits.model.npz examples/digits.csv.gz
"""

import argparse
import os
import random
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path

import numpy as np

from autograd import io, plot
from autograd.errors import AutogradError, DataError, FileFormatError, MissingExtraError
from autograd.nn import Net
from autograd.table import Scaling, read_table

HELD_OUT = 0.2  # of the rows
HIDDEN = 128  # neurons between inputs and outputs
FEWEST_ROWS = 10


def positive(text: str) -> int:
    """A whole number of 1 or more, from the command line."""
    n = int(text)
    if n < 1:
        raise ValueError
    return n


def seed(text: str) -> int:
    """A whole number of 0 or more, from the command line."""
    n = int(text)
    if n < 0:
        raise ValueError
    return n


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(
        prog="python -m autograd", description="Train a neural net on a CSV file, and use it."
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser(
        "train",
        help="learn to tell one column of a CSV file from the others",
        description="Learn to tell one column of a CSV file from the others, which hold numbers. A fifth "
        "of the rows is held out, and tells at the end how well it went.",
    )
    train.add_argument("file", metavar="FILE", help="a CSV file, gzipped or not")
    train.add_argument("--target", metavar="COLUMN", help="the column to learn; the last one by default")
    train.add_argument(
        "--regression",
        action="store_true",
        help="take a target of few whole numbers for numbers, not classes",
    )
    train.add_argument("--epochs", type=positive, default=60, help="how often to go through the rows (60)")
    train.add_argument("--seed", type=seed, default=0, help="of all that is drawn at random (0)")
    train.add_argument("--output", metavar="MODEL", help="where to save the model (FILE's name.model.npz)")
    train.set_defaults(run=run_train)

    predict = commands.add_parser(
        "predict",
        help="use a model that was trained",
        description="Print what the model says of each row of a CSV file, a line for each. If the file "
        "has the target column too, say how often that was right.",
    )
    predict.add_argument("model", metavar="MODEL", help="what train has saved")
    predict.add_argument("file", metavar="FILE", help="a CSV file with the columns the model was trained on")
    predict.set_defaults(run=run_predict)
    return top


def run_train(options: argparse.Namespace) -> None:
    """Train, report, save the model and a picture."""
    table = read_table(options.file)
    name = table.path.name.removesuffix(".gz").removesuffix(".csv")
    model = Path(options.output or f"{name}.model.npz")
    io.check_place(model)
    if model.exists() and model.samefile(table.path):
        raise DataError(f"{model} is the table itself; give the model another name by --output")
    rows = len(table.rows)
    if rows < FEWEST_ROWS:
        raise DataError(f"{table.path}: {rows} rows; at least {FEWEST_ROWS} are wanted")
    order = np.random.default_rng(options.seed).permutation(rows)
    held_out, kept = np.split(order, [round(rows * HELD_OUT)])
    scaling = Scaling.of(table, kept, options.target, options.regression)
    X, truth = scaling.inputs(table), scaling.truth(table)

    random.seed(options.seed)
    outputs = len(scaling.classes) or 1
    net = Net(X.shape[1], [HIDDEN, outputs], "relu", "linear", init="he")
    what = f"one of {outputs} classes" if scaling.classes else "a number"
    print(f"{table.path}: {rows} rows of {net.n_in} numbers, and {scaling.target!r}, {what}")
    print(f"training a net {'-'.join(map(str, net.N))} on {len(kept)} rows", flush=True)
    history = net.fit(
        X[kept],
        scaling.targets(truth[kept]),
        loss="cross_entropy" if scaling.classes else "mse",
        epochs=options.epochs,
        seed=options.seed,
        progress=True,
    )
    answers = scaling.answers(net.predict(X[held_out]))
    print(f"on the {len(held_out)} rows held out: {scaling.verdict(truth[held_out], answers)}")

    net.save(model, preprocessing=scaling.as_header())
    print(f"saved the model: {model}")
    try:
        picture, (left, right) = plot.figure(2)
    except MissingExtraError as error:
        print(f"no picture: {error}")
        return
    plot.show_loss(left, history.loss)
    if scaling.classes:
        plot.show_confusion(right, truth[held_out], answers, scaling.classes)
    else:
        plot.show_fit(right, truth[held_out], answers, scaling.target)
    path = model.with_name(model.name.removesuffix(".npz").removesuffix(".model") + ".training.png")
    plot.save(picture, path)
    print(f"saved a picture: {path}")


def run_predict(options: argparse.Namespace) -> None:
    """Print predictions, and how good they are if that can be known."""
    net = Net.load(options.model)
    if net.preprocessing is None:
        raise FileFormatError(f"{options.model}: a net, but not one that train has saved")
    try:
        scaling = Scaling.of_header(net.preprocessing, net.n_in, net.n_out)
    except ValueError as error:
        raise FileFormatError(f"{options.model}: {error}") from None
    table = read_table(options.file)
    if not table.headed and len(table.names) == len(scaling.features):
        table.names = scaling.features
    answers = scaling.answers(net.predict(scaling.inputs(table)))
    for answer in answers.tolist():
        print(scaling.classes[answer] if scaling.classes else f"{answer:.6g}")
    if scaling.target in table.names:
        print(f"{len(answers)} rows: {scaling.verdict(scaling.truth(table), answers)}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 if it went well, 2 after a mistake of the user's, told in one line."""
    options = parser().parse_args(arguments)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that has no ² gets a question mark
    try:
        options.run(options)
    except BrokenPipeError:  # whoever reads our output has read enough, as head does
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - the interpreter closes it
    except (AutogradError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
