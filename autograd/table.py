"""Tables: CSV files in, arrays out, and back from outputs to labels.

A `Table` is the text of a file; a `Scaling` is what training has learned about its columns, which a
model keeps so that it can read other files in the same way.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograd.errors import DataError, UnknownNameError
from autograd.tensor.tape import Array

__all__ = ["Scaling", "Table", "read_table"]

MISSING = ("", "?", "-", "na", "n/a", "nan", "null", "none")  # ways to say that there is no number
GZIP = b"\x1f\x8b"  # what a gzip file begins with, RFC 1952
MOST_CLASSES = 20  # a target of whole numbers is taken for classes up to so many different ones


def is_number(cell: str) -> bool:
    """Whether a cell reads as a number, finite or not."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # 1_000 is Python's way of writing, not a table's


def plain(cell: str) -> str:
    """A number in one way of writing, so that 1, 1.0 and 1e0 are the same; other cells as they are.

    A number that is written with leading zeros, or too large for a float to hold to the last digit,
    is rather a code, and stays as it is too.
    """
    if not is_number(cell) or re.match(r"[+-]?0\d", cell):
        return cell
    x = float(cell)
    if not abs(x) < 2**53:
        return cell
    return str(int(x)) if x.is_integer() else repr(x)


def plainly(cells: Sequence[str]) -> list[str]:
    """Cells by `plain`, if all of them are numbers that it can write; otherwise as they are."""
    written = [plain(cell) for cell in cells]
    return written if all(is_number(c) and plain(c) == c for c in written) else list(cells)


@dataclass
class Table:
    """The cells of a CSV file, with what is needed to say where one stands."""

    path: Path
    names: list[str]
    rows: list[list[str]]
    lines: list[int]  # in the file, of each row
    headed: bool  # whether the names come from the file

    def column(self, name: str) -> list[str]:
        """The cells under ``name``; UnknownNameError if there is no such column."""
        if name not in self.names:
            raise UnknownNameError.among(f"column of {self.path}", name, self.names)
        place = self.names.index(name)
        return [row[place] for row in self.rows]

    def numbers(self, names: Sequence[str]) -> Array:
        """The columns ``names`` as an array of shape (rows, columns).

        Raises:
            DataError: a cell is no finite number; the message has its line and column.
        """
        out = np.empty((len(self.rows), len(names)))
        for j, name in enumerate(names):
            cells = self.column(name)
            for i, cell in enumerate(cells):
                out[i, j] = float(cell) if is_number(cell) else np.nan
            for i in np.flatnonzero(~np.isfinite(out[:, j]))[:1]:
                raise DataError(
                    f"{self.path}, line {self.lines[i]}, column {name!r}: {cells[i]!r} is no finite number"
                )
        return out


def read_table(path: Any) -> Table:
    """Read a CSV file, gzipped or not.

    Cells are separated by commas, semicolons or tabs, whichever the first line has most of. The
    first line gives the names of the columns if it has no number in it, or a text above a number
    (one that does not just say that the number is missing); otherwise they are called 1, 2, and so on.

    Raises:
        DataError: there is no such file, it is no text, it has no rows, or rows of several lengths.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
        if content.startswith(GZIP):
            content = gzip.decompress(content)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from None
    except (EOFError, ValueError, zlib.error) as error:
        raise DataError(f"{path}: not a CSV file: {error}") from None
    rows, lines = [], []
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t", key=lambda mark: len(next(csv.reader([first], delimiter=mark), [])))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        for row in reader:
            if len(row) > 1 or (row and row[0].strip()):
                rows.append([cell.strip() for cell in row])
                lines.append(reader.line_num)
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}") from None
    if not rows:
        raise DataError(f"{path}: the file is empty")
    below = rows[1] if len(rows) > 1 else []
    above = [
        name for name, cell in zip(rows[0], below, strict=False) if is_number(cell) and not is_number(name)
    ]
    headed = not any(map(is_number, rows[0])) or (
        bool(above) and not any(name.lower() in MISSING for name in above)
    )
    if headed:
        names, rows, lines = rows[0], rows[1:], lines[1:]
    else:
        names = [str(i) for i in range(1, len(rows[0]) + 1)]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path}: two columns are called {twice!r}")
    if not rows:
        raise DataError(f"{path}: there are column names but no rows")
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(names):
            raise DataError(f"{path}, line {line}: {len(row)} cells where {len(names)} are wanted")
    return Table(path, names, rows, lines, headed)


@dataclass
class Scaling:
    """How the columns of a table become numbers near 0, and outputs become labels or numbers.

    ``classes`` has the labels in the order of the outputs, and is empty for regression.
    """

    features: list[str]
    mean: list[float]
    spread: list[float]
    target: str
    classes: list[str]
    target_mean: float = 0.0
    target_spread: float = 1.0

    @classmethod
    def of(cls, table: Table, rows: Array, target: str | None, regression: bool) -> "Scaling":
        """Learn it from a table: what classes there are from all of it, scales from some rows.

        A target of text is one of classes, and so is one of few different whole numbers; other
        numbers are for regression.

        Args:
            table: what to learn from.
            rows: the places of the rows to learn means and spreads from.
            target: the name of the target column; the last one if None.
            regression: take a target of few whole numbers for regression too.

        Raises:
            DataError: there is no column beside the target; the target has a cell that is empty, or
                for regression no number, or is the same in all rows.
        """
        target = table.names[-1] if target is None else target
        cells = table.column(target)
        features = [name for name in table.names if name != target]
        if not features:
            raise DataError(f"{table.path}: there is no column beside the target {target!r}")
        mean, spread = _scale(table, features, rows)
        scaling = cls(features, mean.tolist(), spread.tolist(), target, [])
        numbers = [is_number(cell) for cell in cells]
        distinct = sorted(set(plainly(cells)))
        whole = all(numbers) and all(float(cell).is_integer() for cell in distinct)
        if len(distinct) == 1:
            raise DataError(f"{table.path}: the target {target!r} is {distinct[0]!r} in every row")
        if regression or (sum(numbers) > len(cells) / 2 and not (whole and len(distinct) <= MOST_CLASSES)):
            (scaling.target_mean,), (scaling.target_spread,) = _scale(table, [target], rows)
            return scaling
        if "" in distinct:
            line = table.lines[cells.index("")]
            raise DataError(f"{table.path}, line {line}, column {target!r}: the label is empty")
        if len(distinct) > len(cells) / 2:
            raise DataError(
                f"{table.path}: the target {target!r} has {len(distinct)} different labels in "
                f"{len(cells)} rows, too many to learn; is it the right column?"
            )
        scaling.classes = sorted(distinct, key=float) if all(numbers) else distinct
        return scaling

    @classmethod
    def of_header(cls, header: Any, n_in: int, n_out: int) -> "Scaling":
        """The one that `as_header` wrote, for a net of ``n_in`` inputs and ``n_out`` outputs.

        Raises:
            ValueError: it is not of that form.
        """
        try:
            scaling = cls(**header)
            sizes = [len(x) for x in (scaling.features, scaling.mean, scaling.spread)]
            text = [scaling.target, *scaling.features, *scaling.classes]
            numbers = [scaling.target_mean, *scaling.mean, scaling.target_spread, *scaling.spread]
            good = (
                sizes == [n_in] * 3
                and (len(scaling.classes) or 1) == n_out
                and all(isinstance(t, str) for t in text)
                and all(isinstance(x, int | float) and np.isfinite(float(x)) for x in numbers)
                and all(x > 0 for x in [scaling.target_spread, *scaling.spread])
            )
        except (ArithmeticError, TypeError, ValueError) as error:
            raise ValueError(f"its table is not described as train does: {error}") from None
        if not good:
            raise ValueError("its table and its net do not belong together")
        return scaling

    def inputs(self, table: Table) -> Array:
        """The rows of a table as a net gets them; DataError for a cell that is no finite number."""
        return (table.numbers(self.features) - self.mean) / self.spread

    def truth(self, table: Table) -> Array:
        """The target column: places in ``classes``, or numbers as they stand in the file.

        Raises:
            DataError: a label that is none of the classes, or a cell that is no finite number.
        """
        if not self.classes:
            return table.numbers([self.target])[:, 0]
        place = {name: i for i, name in enumerate(self.classes)}
        numeric = all(is_number(name) and plain(name) == name for name in self.classes)
        cells = table.column(self.target)
        names = [plain(cell) for cell in cells] if numeric else cells
        for cell, name, line in zip(cells, names, table.lines, strict=True):
            if name not in place:
                raise DataError(
                    f"{table.path}, line {line}, column {self.target!r}: {cell!r} is none of the "
                    f"{len(place)} classes of the model"
                )
        return np.array([place[name] for name in names])

    def targets(self, truth: Array) -> Array:
        """What `truth` gives, as a net is to learn it."""
        return truth if self.classes else (truth - self.target_mean) / self.target_spread

    def answers(self, outputs: Array) -> Array:
        """A net's outputs, (rows, outputs), as `truth` gives them: the likeliest classes, or numbers."""
        if self.classes:
            places: Array = outputs.argmax(axis=1)
            return places
        numbers: Array = outputs[:, 0] * self.target_spread + self.target_mean
        return numbers

    def verdict(self, truth: Array, answers: Array) -> str:
        """How good the answers are, in words: the accuracy, or the error and R²."""
        if self.classes:
            return f"accuracy {(truth == answers).mean():.1%}"
        error = float(np.mean((truth - answers) ** 2))
        variance = float(truth.var())
        explained = f" (R² {1 - error / variance:.3f})" if variance else ""
        return f"root mean squared error {error**0.5:.4g}{explained}"

    def as_header(self) -> dict[str, Any]:
        """The fields, as JSON has them."""
        return asdict(self)


def _scale(table: Table, names: Sequence[str], rows: Array) -> tuple[Array, Array]:
    """The mean and the standard deviation of columns over some rows; 1 where all are the same."""
    X = table.numbers(names)[rows]
    with np.errstate(over="ignore", invalid="ignore"):
        mean, spread = X.mean(axis=0), X.std(axis=0)
    for name, m, s in zip(names, mean, spread, strict=True):
        if not (np.isfinite(m) and np.isfinite(s)):
            raise DataError(f"{table.path}, column {name!r}: its numbers are too large to be scaled")
    return mean, np.where(X.min(axis=0) < X.max(axis=0), spread, 1.0)
