"""The parser of the command line and its entry point `main`. Each command has its own file.

$ python -m autograd train examples/digits.csv.gz --target digit
$ python -m autograd predict digits.model.npz examples/digits.csv.gz
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from itertools import takewhile
from pathlib import Path
from typing import Any

from autograd.cli import demo, doctor, evaluate, export, info, play, predict, train
from autograd.cli.command import Command
from autograd.engine import COMPILED
from autograd.errors import AutogradError, UnknownNameError
from autograd.version import __version__

__all__ = ["COMMANDS", "main"]

COMMANDS: list[Command] = [
    train.COMMAND,
    predict.COMMAND,
    evaluate.COMMAND,
    info.COMMAND,
    export.COMMAND,
    demo.COMMAND,
    doctor.COMMAND,
    play.COMMAND,
]
"""The commands, in the order in which ``--help`` lists them."""

TOP = """\
examples:
  %(prog)s train examples/flats.csv --target rent
  %(prog)s info flats.model.npz
  %(prog)s predict flats.model.npz examples/flats.csv
  %(prog)s evaluate flats.model.npz examples/flats.csv
  %(prog)s export flats.model.npz --to python
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
  3  doctor has found something
  130  interrupted by Ctrl-C; train keeps what was learned until then
  1  anything else, which is a mistake of ours
"""


class Parser(argparse.ArgumentParser):
    """A parser that suggests names for a misspelt command or option."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse as argparse does, with two differences.

        An unknown option is reported before any other error. Superfluous arguments of a command are
        reported by the parser of that command, so that its usage is shown.
        """
        args = sys.argv[1:] if args is None else args
        top_level = self._subparsers is not None  # its own options end where the command stands
        for arg in takewhile(lambda arg: arg != "--" and not (top_level and arg[:1] != "-"), args):
            name = arg.partition("=")[0]
            known = self._option_string_actions
            if is_option(name) and not any(option.startswith(name) for option in known):
                self.error(str(UnknownNameError.among("option", name, known)))
        known_args, others = super().parse_known_args(args, namespace)
        if others and not top_level:
            self.error(f"unrecognized arguments: {' '.join(others)}")
        return known_args, others

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            kind = str(action.metavar).lower()
            raise argparse.ArgumentError(action, str(UnknownNameError.among(kind, value, action.choices)))


def is_option(arg: str) -> bool:
    """Whether an argument is written like an option; a negative number is not."""
    return arg.startswith("-") and arg.lstrip("-")[:1].isalpha()


def parser() -> Parser:
    """The parser of all commands and their options."""
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
    for command in COMMANDS:
        own = adders.add_parser(
            command.run.__name__,
            help=command.description.partition(".")[0].lower(),
            description=command.description,
            epilog=command.examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        own.set_defaults(command=command)
        own.add_argument("--json", action="store_true", help="print one JSON document, for programs")
        command.add_arguments(own)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, and return its exit code.

    The exit code is 0 after success, 2 after an error that is reported in one line, 130 after Ctrl-C, and
    what a command gives as ``exit_code`` in its report.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments:
        parser().exit(2, parser().format_help())
    options = parser().parse_args(arguments)
    if sys.stderr is None:  # closed by 2>&-; print(file=None) would write to stdout
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - the interpreter closes it
    if sys.stdout is None:
        if options.json or not options.command.writes(options):
            print("error: the output is closed; >/dev/null throws it away", file=sys.stderr)
            return 2
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - the interpreter closes it
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # for characters that the encoding lacks, such as ²
    code, report = _run(options)
    try:
        if options.json:
            finite = json.loads(json.dumps(report), parse_constant=lambda name: None)  # JSON has no nan
            print(json.dumps(finite))
        sys.stdout.flush()
    except OSError as error:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - the interpreter closes it
        if code == 0 and not isinstance(error, BrokenPipeError):
            code, _ = _report_error(error)
    return code


def _run(options: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    """Run a command, and return its exit code and its report."""
    try:
        report = options.command.run(options)
        return (130 if report.get("interrupted") else report.get("exit_code", 0)), report
    except BrokenPipeError:  # the reader of the output has closed it, as head does
        return 0, {}
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130, {"error": "interrupted"}
    except (AutogradError, OSError, MemoryError) as error:
        return _report_error(error)


def _report_error(error: Exception) -> tuple[int, dict[str, Any]]:
    """Print an error in one line, and return the exit code and the report of the command."""
    message = str(error) or "not enough memory"
    if isinstance(error, OSError):
        where = f": {error.filename!r}" if error.filename else " (writing the output)"
        message = f"{error.strerror}{where}"
    print(f"error: {message}", file=sys.stderr)
    return 2, {"error": message}
