"""The command line: what can be asked for, and how it ends. `autograd.cli.commands` does it.

$ python -m autograd train examples/digits.csv.gz --target digit
$ python -m autograd predict digits.model.npz examples/digits.csv.gz
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from itertools import takewhile
from pathlib import Path
from typing import Any

from autograd.cli import commands
from autograd.engine.node import COMPILED
from autograd.errors import AutogradError, UnknownNameError
from autograd.pictures.demos import DEMOS
from autograd.version import __version__

__all__ = ["main"]

TOP = """\
examples:
  %(prog)s train examples/flats.csv --target rent
  %(prog)s info flats.model.npz
  %(prog)s predict flats.model.npz examples/flats.csv
  %(prog)s evaluate flats.model.npz examples/flats.csv
  %(prog)s demo sine

Every command has a --help of its own, with examples.

files:
  .csv, .tsv    text, with a line of column names or without
  .npy          an array (rows, columns); its columns are called 1, 2, ...
  .npz          arrays by name: each a column, or if it is two-dimensional, as X
                is in (X, y), columns X_1, X_2, ...; y comes last
  All of them may be gzipped, such as digits.csv.gz.

output:
  --json prints one JSON document on standard output, and all else on standard
  error; after a mistake that is {"error": "..."}, but for a wrong command,
  which gets its usage. Progress and usage are always on standard error, and so
  are the notes of predict and evaluate.

exit codes:
  0  it went well
  2  a mistake, in the command or in a file, told in one line
  130  interrupted by Ctrl-C; train keeps what was learned until then
  1  anything else, which is a mistake of ours
"""

TRAIN = """\
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

PREDICT = """\
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

EVALUATE = """\
examples:
  %(prog)s digits.model.npz examples/digits.csv.gz
      accuracy, and the precision and recall of each class
  %(prog)s digits.model.npz examples/digits.csv.gz --picture confusion.png
      which class was taken for which
  %(prog)s digits.model.npz examples/digits.csv.gz --json

Most of these rows were learned. How good a model is on new rows, only a table of
those tells, or what train said of the rows held out.
"""

INFO = """\
examples:
  %(prog)s digits.model.npz
  %(prog)s digits.model.npz --json
"""


DEMO = """\
examples:
  %(prog)s sine
      writes sine.gif
  %(prog)s moons --seed 3 --output m.gif
      other points and other weights; a name in .mp4 needs ffmpeg
  %(prog)s digits --json

minimize, tiny and sine are the demos of the original, a sample at a time; moons
is micrograd's; digits trains on batches. All but digits, which ends in a picture
of what was read wrongly, end in a film.
"""


# What options take ------------------------------------------------------------------------------


def whole(least: int) -> Callable[[str], int]:
    """What reads a whole number of ``least`` or more."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"wants a whole number of {least} or more, got {text!r}")
        return int(text)

    return read


def sizes(text: str) -> list[int]:
    """Reads whole numbers of 1 or more, separated by commas."""
    try:
        return [whole(1)(part.strip()) for part in text.split(",")]
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"wants sizes such as 128 or 64,32, got {text!r}") from None


def number(good: Callable[[float], bool], what: str) -> Callable[[str], float]:
    """What reads a number that is ``good``, which is ``what`` in words."""

    def read(text: str) -> float:
        try:
            x = float(text)
        except ValueError:
            x = math.nan
        if not good(x):
            raise argparse.ArgumentTypeError(f"wants {what}, got {text!r}")
        return x

    return read


# The commands -----------------------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    """One that says what a misspelt command or option may have meant."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does it, but unknown options are told first, and what is too much by the command."""
        args = sys.argv[1:] if args is None else args
        ends = self._subparsers is not None  # at the command, whose options are the command's
        for arg in takewhile(lambda arg: arg != "--" and not (ends and arg[:1] != "-"), args):
            name = arg.partition("=")[0]
            known = self._option_string_actions
            if is_option(name) and not any(option.startswith(name) for option in known):
                self.error(str(UnknownNameError.among("option", name, known)))
        known_args, others = super().parse_known_args(args, namespace)
        if others and not ends:
            self.error(f"unrecognized arguments: {' '.join(others)}")
        return known_args, others

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            kind = str(action.metavar).lower()
            raise argparse.ArgumentError(action, str(UnknownNameError.among(kind, value, action.choices)))


def is_option(arg: str) -> bool:
    """Whether an argument is meant as an option; a number below 0 is not."""
    return arg.startswith("-") and arg.lstrip("-")[:1].isalpha()


def parser() -> Parser:
    """The commands and their options."""
    scalars = "compiled" if COMPILED else "plain"
    top = Parser(
        prog="autograd" if Path(sys.argv[0]).stem == "autograd" else "python -m autograd",
        description="Train a neural net on a table, and use it.",
        epilog=TOP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument(
        "--version", action="version", version=f"array-autograd {__version__} ({scalars} scalars)"
    )
    adders = top.add_subparsers(required=True, metavar="COMMAND")

    train = _command(
        adders,
        commands.train,
        TRAIN,
        "Learn to tell one column of a table from the others. Some of the rows "
        "are held out, and tell at the end how well it went.",
    )
    train.add_argument("file", metavar="FILE", help="a table: .csv, .tsv, .npy, .npz, gzipped or not")
    train.add_argument("--target", metavar="COLUMN", help="the column to learn (the last one)")
    train.add_argument(
        "--regression",
        action="store_true",
        help="take a target of few whole numbers for numbers, not classes",
    )
    train.add_argument(
        "--ignore", metavar="COLUMN", action="append", default=[], help="leave a column out; may be repeated"
    )
    train.add_argument(
        "--header",
        action=argparse.BooleanOptionalAction,
        help="whether the first line has the names of the columns, which is guessed otherwise",
    )
    train.add_argument("--strict", action="store_true", help="refuse text features and missing numbers")
    train.add_argument(
        "--hidden", metavar="SIZES", type=sizes, default=[128], help="neurons of each hidden layer (128)"
    )
    train.add_argument(
        "--epochs", metavar="N", type=whole(1), default=60, help="how often to go through the rows (60)"
    )
    train.add_argument(
        "--batch-size", metavar="N", type=whole(1), help="rows of an update (32; more for very long tables)"
    )
    train.add_argument(
        "--lr",
        metavar="X",
        type=number(lambda x: 0 < x < math.inf, "a number above 0"),
        help="learning rate of Adam (0.001)",
    )
    train.add_argument(
        "--patience",
        metavar="N",
        type=whole(1),
        help="end after so many epochs in which the loss over half of the "
        "held-out rows got no lower, and keep the best; the other half tells how well it went",
    )
    train.add_argument(
        "--held-out",
        metavar="SHARE",
        type=number(lambda x: 0 <= x < 1, "a share from 0 to below 1, such as 0.2"),
        default=0.2,
        help="share of the rows that is not learned (0.2)",
    )
    train.add_argument("--seed", metavar="N", type=whole(0), default=0, help="of all that is drawn (0)")
    train.add_argument("--output", metavar="MODEL", help="where to save the model (FILE's name.model.npz)")
    train.add_argument("--quiet", action="store_true", help="no progress and no report")

    predict = _command(
        adders,
        commands.predict,
        PREDICT,
        "Print what a model says of each row of a table. If that has the "
        "target column too, tell how often the model was right.",
    )
    predict.add_argument("--output", metavar="FILE", help="write a CSV file instead")
    predict.add_argument("--proba", action="store_true", help="the probability of each class too")

    evaluate = _command(
        adders, commands.evaluate, EVALUATE, "Tell how good a model is on a table that has the target column."
    )
    evaluate.add_argument(
        "--picture", metavar="FILE", help="draw answers against the truth (.png, .svg, .pdf, .jpg)"
    )

    info = _command(adders, commands.info, INFO, "Tell what a model is and what it was trained on.")

    demo = _command(adders, commands.demo, DEMO, "Run a demo, and film it.")
    demo.add_argument("name", metavar="DEMO", choices=list(DEMOS), help=", ".join(DEMOS))
    demo.add_argument("--seed", metavar="N", type=whole(0), default=0, help="of all that is drawn (0)")
    demo.add_argument(
        "--output",
        metavar="FILE",
        help="the film, .gif or .mp4 (DEMO.gif), or, of digits, the picture, "
        ".png, .svg, .pdf or .jpg (digits.png)",
    )
    demo.set_defaults(quiet=False)

    for command in (predict, evaluate, info):
        command.add_argument("model", metavar="MODEL", help="a model that train has saved")
        command.set_defaults(quiet=False)
    for command in (evaluate, info):
        command.set_defaults(output=None)
    for command in (predict, evaluate):
        command.add_argument("file", metavar="FILE", help="a table with the columns that it was trained on")
        command.add_argument("--strict", action="store_true", help="refuse unknown texts and missing numbers")
    return top


def _command(adders: Any, run: Callable[..., Any], examples: str, description: str) -> Parser:
    """A command of the name of its function."""
    command: Parser = adders.add_parser(
        run.__name__,
        help=description.partition(".")[0].lower(),
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    command.add_argument("--json", action="store_true", help="print one JSON document, for programs")
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, and give back the exit code.

    It is 0 if it went well, 2 after a mistake of the user's, told in one line, 130 after Ctrl-C.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments:
        parser().exit(2, parser().format_help())
    options = parser().parse_args(arguments)
    if sys.stderr is None:  # closed by 2>&-, where print would take the output for it
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - the interpreter closes it
    if sys.stdout is None:
        if options.json or (options.run not in (commands.train, commands.demo) and not options.output):
            print("error: the output is closed; >/dev/null throws it away", file=sys.stderr)
            return 2
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - the interpreter closes it
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # of what an encoding lacks, such as ²
    code, report = _run(options)
    try:
        if options.json:
            finite = json.loads(json.dumps(report), parse_constant=lambda name: None)  # JSON has no nan
            print(json.dumps(finite))
        sys.stdout.flush()
    except OSError as error:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - the interpreter closes it
        if code == 0 and not isinstance(error, BrokenPipeError):
            code, _ = _mistake(error)
    return code


def _run(options: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    """The exit code of a command, and its report."""
    try:
        report = options.run(options)
        return (130 if report.get("interrupted") else 0), report
    except BrokenPipeError:  # whoever reads our output has read enough, as head does
        return 0, {}
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130, {"error": "interrupted"}
    except (AutogradError, OSError, MemoryError) as error:
        return _mistake(error)


def _mistake(error: Exception) -> tuple[int, dict[str, Any]]:
    """Tell of it in one line."""
    message = str(error) or "not enough memory"
    if isinstance(error, OSError):
        where = f": {error.filename!r}" if error.filename else " (writing the output)"
        message = f"{error.strerror}{where}"
    print(f"error: {message}", file=sys.stderr)
    return 2, {"error": message}
