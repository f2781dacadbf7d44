"""The command ``info``: a description of a model."""

import argparse
from pathlib import Path
from typing import Any

from autograd.cli.command import Command
from autograd.cli.models import add_model, load, load_trained
from autograd.cli.report import tell
from autograd.files import read_header
from autograd.text import count, listed, quoted

__all__ = ["COMMAND", "info"]

NAMES_SHOWN = 20  # the greatest number of names that a line lists
DESCRIPTION = "Tell what a model is and what it was trained on."
EXAMPLES = """\
examples:
  %(prog)s digits.model.npz
  %(prog)s digits.model.npz --json
"""


def info(options: argparse.Namespace) -> dict[str, Any]:
    """Print what a model is, and what it was trained on."""
    net = load(options.model)
    size = Path(options.model).stat().st_size
    report: dict[str, Any] = {
        "model": options.model,
        "bytes": size,
        "version": read_header(options.model).get("version"),
        "layers": net.N,
        "activations": net.activations,
        "dtype": net.dtype.name,
        "parameters": net.nparams(),
        "preprocessing": net.preprocessing,
    }
    by = f", saved by version {report['version']}" if report["version"] else ""
    tell(options, f"{options.model}: {size / 1000:.1f} kB{by}")
    tell(options, net.summary())
    if net.preprocessing is None:
        tell(options, "trained on: not known, since it was not saved by train")
        return report
    _, preprocessing = load_trained(options.model)
    classes, levels = preprocessing.classes, preprocessing.levels
    what = f"one of {len(classes)} classes: {listed(classes, NAMES_SHOWN)}" if classes else "a number"
    tell(options, f"target: {quoted(preprocessing.target)}, {what}")
    if preprocessing.numbers:
        numbers = count(len(preprocessing.numbers), "number")
        tell(options, f"from {numbers}: {listed(preprocessing.numbers, NAMES_SHOWN)}")
    for name, known in levels.items():
        tell(
            options,
            f"from the text {quoted(name)}, with {count(len(known), 'level')}: {listed(known, NAMES_SHOWN)}",
        )
    return report


COMMAND = Command(info, DESCRIPTION, EXAMPLES, add_model)
