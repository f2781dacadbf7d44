"""The command ``doctor``: runs a program, and reports the mistakes of its training."""

import argparse
import contextlib
import os
import runpy
import sys
import traceback
from collections.abc import Iterator
from typing import Any

from autograd.cli.command import Command
from autograd.diagnosis import doctor as watching
from autograd.errors import DataError

__all__ = ["COMMAND", "doctor"]

DESCRIPTION = "Run a Python program, and report the classic silent mistakes of its training."
EXAMPLES = """\
examples:
  %(prog)s examples/sine.py
  %(prog)s train.py --epochs 3
      what follows the program are its own arguments
  %(prog)s --json train.py

The report goes to standard error, after what the program itself prints. The exit
code is that of the program; if that is 0, it is 3 where something was found.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of doctor."""
    parser.add_argument("program", metavar="PROGRAM", help="the file, such as train.py")
    parser.add_argument("arguments", metavar="...", nargs=argparse.REMAINDER, help="its own arguments")
    parser.set_defaults(quiet=False)


def doctor(options: argparse.Namespace) -> dict[str, Any]:
    """Run a program under the doctor."""
    if not os.path.isfile(options.program):
        raise DataError(f"doctor wants a file with a Python program, and there is no {options.program}")
    code = 0
    with output_of(options), as_program(options.program, options.arguments):
        try:
            with watching() as findings:
                runpy.run_path(options.program, run_name="__main__")
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
        except Exception as error:
            print_error(error, options.program)
            code = 1
    found = [
        {"mistake": f.mistake, "file": f.file, "line": f.line, "count": f.count, "details": f.details}
        for f in findings
    ]
    return {"program": options.program, "findings": found, "exit_code": code or 3 * bool(found)}


def print_error(error: Exception, path: str) -> None:
    """Print an error of a program as Python does, from the program's own frame on."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != path:
        trace = trace.tb_next
    traceback.print_exception(error.with_traceback(trace))


@contextlib.contextmanager
def output_of(options: argparse.Namespace) -> Iterator[None]:
    """With ``--json``, have what the program prints on standard error, so that the document stands alone."""
    if options.json:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    else:
        yield


@contextlib.contextmanager
def as_program(path: str, arguments: list[str]) -> Iterator[None]:
    """Have ``sys.argv`` and ``sys.path`` as a program finds them."""
    before = sys.argv, sys.path
    sys.argv, sys.path = [path, *arguments], [os.path.dirname(os.path.abspath(path)), *sys.path]
    try:
        yield
    finally:
        sys.argv, sys.path = before


COMMAND = Command(doctor, DESCRIPTION, EXAMPLES, add_arguments, writes=lambda options: True)
