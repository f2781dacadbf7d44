"""The command ``export``: a model for other programs."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograd.cli.command import Command
from autograd.cli.models import add_model, load, preprocessing_of
from autograd.cli.report import check_output, stem, tell
from autograd.errors import DataError
from autograd.files import TableDescription, atomic_write
from autograd.nn import Net
from autograd.text import count, listed

__all__ = ["COMMAND", "export"]

NAMES_SHOWN = 5  # the greatest number of columns that a message lists
DESCRIPTION = "Write a model as a file for other programs: ONNX, or Python that needs no package."
EXAMPLES = """\
examples:
  %(prog)s digits.model.npz --to onnx
      writes digits.onnx, for onnxruntime and others
  %(prog)s digits.model.npz --to python --output read_digit.py
      a module whose predict(rows) takes dicts, such as those of csv.DictReader
  %(prog)s digits.model.npz --to python
      writes digits_model.py

What train does with columns, and what predict makes of the answers, is inside.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of export."""
    parser.add_argument(
        "--to", metavar="FORMAT", choices=list(FORMATS), required=True, help=f"one of {', '.join(FORMATS)}"
    )
    parser.add_argument(
        "--output", metavar="FILE", help="where to write it (MODEL's name.onnx, or MODEL's name_model.py)"
    )
    add_model(parser)


def export(options: argparse.Namespace) -> dict[str, Any]:
    """Write a model as a file for other programs."""
    write, what, ending = FORMATS[options.to]
    model = Path(options.model)
    output = Path(options.output or f"{stem(model, '.npz', '.safetensors', '.model')}{ending}")
    for name, (_, _, other) in FORMATS.items():
        if name != options.to and output.suffix == f".{other.rpartition('.')[2]}":
            raise DataError(f"--to {options.to} does not go with --output {output}, a name for --to {name}")
    check_output(output, model)
    net = load(model)
    table = preprocessing_of(net, model) if TableDescription.is_in(net.preprocessing) else None
    write(net, output)
    features = table.features if table else []
    takes = (
        f"the columns {listed(features, NAMES_SHOWN)}" if table else f"rows of {count(net.n_in, 'number')}"
    )
    tell(options, f"wrote {what} that takes {takes}: {output}")
    if net.preprocessing is not None and table is None:
        tell(
            options,
            "the model's preprocessing is not that of train: the file has it as data, and leaves it to you",
        )
    return {
        "model": options.model,
        "to": options.to,
        "output": str(output),
        "bytes": output.stat().st_size,
        "features": features,
        "target": table.target if table else None,
        "classes": table.classes if table else [],
    }


def _write_source(net: Net, path: Path) -> None:
    text = net.to_source()
    with atomic_write(path) as file:
        file.write(text.encode())


# For each format, the function that writes it, what it is, and what the names of its files end in: a module
# is not called MODEL.py, since a program of the user's may have that name
FORMATS: dict[str, tuple[Callable[[Net, Path], None], str, str]] = {
    "onnx": (Net.to_onnx, "an ONNX model", ".onnx"),
    "python": (_write_source, "a Python module", "_model.py"),
}

COMMAND = Command(export, DESCRIPTION, EXAMPLES, add_arguments, writes=lambda options: True)
