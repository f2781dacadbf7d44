"""Models that train has saved, and the tables that they are used on."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd.errors import DataError, FileFormatError
from autograd.nn import Net
from autograd.support.options import nearby
from autograd.tables.preprocessing import Inputs, Preprocessing
from autograd.tables.table import Table, is_missing, is_number, read_table
from autograd.tensor.tape import Array
from autograd.training.steps import CHUNK

__all__ = ["add_model", "add_table", "load", "load_for", "load_trained", "outputs", "read_for"]


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the argument that says which model."""
    parser.add_argument("model", metavar="MODEL", help="a model that train has saved")
    parser.set_defaults(quiet=False)


def add_table(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say on which table it is used."""
    parser.add_argument("file", metavar="FILE", help="a table with the columns that it was trained on")
    parser.add_argument("--strict", action="store_true", help="refuse unknown texts and missing numbers")


def load(path: Any) -> Net:
    """The net in a file.

    Raises:
        DataError: there is no such file.
        FileFormatError: it is another kind of file.
    """
    try:
        return Net.load(path)
    except FileNotFoundError:
        way_out = nearby(path) or f"; train FILE --output {path} makes it"
        raise DataError(f"{path}: there is no such model{way_out}") from None


def load_trained(path: Any) -> tuple[Net, Preprocessing]:
    """The net and the preprocessing that `train` has saved.

    Raises:
        DataError, FileFormatError: as `load`, or the net is not one that `train` has saved.
    """
    net = load(path)
    if net.preprocessing is None:
        raise FileFormatError(f"{path}: a net, but not one that train has saved")
    try:
        return net, Preprocessing.of_header(net.preprocessing, net.n_in, net.n_out)
    except ValueError as error:
        raise FileFormatError(f"{path}: {error}") from None


def load_for(options: argparse.Namespace) -> tuple[Net, Preprocessing]:
    """The model that is used on a table, as `load_trained`."""
    try:
        return load_trained(options.model)
    except FileFormatError as error:
        model = options.file.endswith((".model.npz", ".safetensors"))
        swapped = "; MODEL comes before FILE" if model else ""
        raise FileFormatError(f"{error}{swapped}") from None


def read_for(preprocessing: Preprocessing, options: argparse.Namespace) -> tuple[Table, Inputs]:
    """The table that a model is used on, and its inputs."""
    headed = preprocessing.headed
    names = preprocessing.features if headed else ()
    table = read_table(options.file, False if options.quiet else None, None if headed else headed, names)
    if not table.headed and len(table.names) == len(preprocessing.features):
        table = table.called(preprocessing.features)
        if headed and table.first is not None:
            why = "since it has not the names that it should"
            print(f"note: {options.file}: line {table.first[1]} was taken for a row, {why}", file=sys.stderr)
    if headed is False and table.first is not None and is_strange(table.first[0], table, preprocessing):
        raise DataError(
            f"{options.file}, line {table.first[1]}: there is no number where the model wants one; if the "
            "line has the names of columns, leave it out, as the model's table had none, or train with "
            "--header"
        )
    return table, preprocessing.inputs(table, options.strict)


def is_strange(first: Sequence[str], table: Table, preprocessing: Preprocessing) -> bool:
    """Whether none of the cells of a first line is a number where the model wants one."""
    cells = dict(zip(table.columns, first, strict=True))
    wanted = [cells[name] for name in preprocessing.numbers if name in cells]
    return bool(wanted) and not any(is_number(cell) or is_missing(cell) for cell in wanted)


def outputs(net: Net, inputs: Inputs) -> Iterator[Array]:
    """A net's outputs, for some rows at a time; they may be infinite where the inputs are very large."""
    for start in range(0, len(inputs), CHUNK):
        with np.errstate(all="ignore"):
            some = net.predict(inputs.make(slice(start, start + CHUNK)))
        yield some
