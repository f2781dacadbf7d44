"""Loading models that ``train`` has saved, and reading the tables to use them on."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd.errors import DataError, FileFormatError
from autograd.nn import Net
from autograd.support import nearby
from autograd.tables import Inputs, Preprocessing, Table, is_missing, is_number, read_table
from autograd.tensor import Array
from autograd.training import CHUNK_ROWS

__all__ = [
    "add_model",
    "add_table",
    "load",
    "load_for",
    "load_trained",
    "outputs",
    "preprocessing_of",
    "read_for",
]


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the argument MODEL, the path of a model."""
    parser.add_argument("model", metavar="MODEL", help="a model that train has saved")
    parser.set_defaults(quiet=False)


def add_table(parser: argparse.ArgumentParser) -> None:
    """Add the argument FILE, the path of a table to use the model on, and ``--strict``."""
    parser.add_argument("file", metavar="FILE", help="a table with the columns that it was trained on")
    parser.add_argument("--strict", action="store_true", help="refuse unknown texts and missing numbers")


def load(path: Any) -> Net:
    """The net in a file.

    Raises:
        DataError: there is no such file.
        FileFormatError: the file holds no net.
    """
    try:
        return Net.load(path)
    except FileNotFoundError:
        way_out = nearby(path) or f"; train FILE --output {path} makes it"
        raise DataError(f"{path}: there is no such model{way_out}") from None


def load_trained(path: Any) -> tuple[Net, Preprocessing]:
    """The net and the preprocessing of a model that ``train`` has saved.

    Raises:
        DataError: there is no such file.
        FileFormatError: the file holds no net, or a net that ``train`` has not saved.
    """
    net = load(path)
    if net.preprocessing is None:
        raise FileFormatError(f"{path}: a net, but not one that train has saved")
    return net, preprocessing_of(net, path)


def preprocessing_of(net: Net, path: Any) -> Preprocessing:
    """The preprocessing of a net from a file; FileFormatError if it is none of ``train``, or does not fit."""
    try:
        return Preprocessing.of_header(net.preprocessing, net.n_in, net.n_out)
    except ValueError as error:
        raise FileFormatError(f"{path}: {error}") from None


def load_for(options: argparse.Namespace) -> tuple[Net, Preprocessing]:
    """The net and the preprocessing of the model that a command uses, by `load_trained`."""
    try:
        return load_trained(options.model)
    except FileFormatError as error:
        swapped = options.file.endswith((".model.npz", ".safetensors"))
        advice = "; MODEL comes before FILE" if swapped else ""
        raise FileFormatError(f"{error}{advice}") from None


def read_for(preprocessing: Preprocessing, options: argparse.Namespace) -> tuple[Table, Inputs]:
    """The table that a command uses a model on, and its inputs."""
    headed = preprocessing.headed
    names = preprocessing.features if headed else ()
    table = read_table(options.file, False if options.quiet else None, None if headed else headed, names)
    if not table.headed and len(table.names) == len(preprocessing.features):
        table = table.renamed(preprocessing.features)
        if headed and table.first is not None:
            why = "since its cells are not the names of the model's columns"
            print(f"note: {options.file}: line {table.first[1]} was taken for a row, {why}", file=sys.stderr)
    if headed is False and table.first is not None and is_strange(table.first[0], table, preprocessing):
        raise DataError(
            f"{options.file}, line {table.first[1]}: there is no number where the model wants one; if the "
            "line has the names of columns, leave it out, as the model's table had none, or train with "
            "--header"
        )
    return table, preprocessing.inputs(table, options.strict)


def is_strange(first: Sequence[str], table: Table, preprocessing: Preprocessing) -> bool:
    """Whether the cells of the first line under numeric features are all texts, as if they were names."""
    cells = dict(zip(table.columns, first, strict=True))
    wanted = [cells[name] for name in preprocessing.numbers if name in cells]
    return bool(wanted) and not any(is_number(cell) or is_missing(cell) for cell in wanted)


def outputs(net: Net, inputs: Inputs) -> Iterator[Array]:
    """The outputs of a net in chunks of rows; they may be infinite or nan for very large inputs."""
    for start in range(0, len(inputs), CHUNK_ROWS):
        with np.errstate(all="ignore"):
            chunk = net.predict(inputs.make(slice(start, start + CHUNK_ROWS)))
        yield chunk
