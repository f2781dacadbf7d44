"""Tables: files in, columns out.

A file is read a stretch at a time. A `Column` keeps its cells as places in the list of the different
ones while these are few, and as numbers once they are many, so that a table takes at most about
twice the memory that its file takes on the disk.
"""

import codecs
import csv
import gzip
import io
import os
import re
import tokenize
import zipfile
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from autograd.errors import DataError, UnknownNameError
from autograd.support.options import nearby
from autograd.support.progress import track
from autograd.tensor.reals import KINDS
from autograd.tensor.tape import Array
from autograd.text import count, cut

__all__ = ["Column", "Table", "canonical", "canonical_cells", "is_number", "read_table"]

MISSING = ("", "?", "-", "na", "n/a", "nan", "null", "none")  # ways to say that there is no number
GZIP = b"\x1f\x8b"  # what a gzip file begins with, RFC 1952
NUMPY = (b"\x93NUMPY", b"PK")  # what NumPy's files begin with: one array, or a zip archive of them
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
COMMA = re.compile(r"[+-]?\d+(,\d+)+")  # a number with a comma for the decimals, or for the thousands
TEXTS_KEPT = 10_000  # different cells of a column that are kept as text; fits into two bytes
CELLS = 1 << 17  # that are held as text at a time
FIRST_LINES = 20  # lines, by which the separator is found
LONG = 1 << 25  # bytes of a file from which on a terminal shows how far reading has come


def is_number(cell: str) -> bool:
    """Whether a cell reads as a number, finite or not."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # 1_000 is Python's way of writing, not a table's


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no number."""
    return cell.strip().lower() in MISSING


def cell_number(cell: str) -> float:
    """The number that a cell holds; nan if it holds none."""
    try:
        return np.nan if "_" in cell else float(cell)
    except ValueError:
        return np.nan


def cell_numbers(cells: Sequence[str]) -> "array[float]":
    """The `cell_number` of each cell, quickly if all are numbers or empty."""
    if "_" not in "".join(cells):
        for some in (cells, (cell or "nan" for cell in cells)):
            with suppress(ValueError):
                return array("d", map(float, some))
    return array("d", map(cell_number, cells))


def canonical(cell: str) -> str:
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


def canonical_cells(cells: Sequence[str]) -> list[str]:
    """Cells by `canonical`, if all of them are numbers that it can write; otherwise as they are."""
    written = [canonical(cell) for cell in cells]
    return written if all(is_number(c) and canonical(c) == c for c in written) else list(cells)


class Levels(dict[str, int]):
    """The different cells of a column, numbered as they come; blanks around a cell do not count."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __missing__(self, cell: str) -> int:
        text = cell.strip()
        if text == cell:
            self[cell] = len(self.names)
            self.names.append(cell)
        else:
            self[cell] = self[text]
        return self[cell]


@dataclass
class Column:
    """One column of a table.

    Attributes:
        path: the file that it comes from.
        name: its name.
        levels: its different cells, in the order in which they come; None if there are too many.
        codes: the place among the levels of each row's cell.
        values: the number that each level says or, without levels, each row; nan where there is none.
        lines: the line on which each level comes first.
        missing: how many cells say that there is no number.
        hole: the first of those, and its line.
        stray: the first cell that is neither a finite number nor missing, and its line.
        numeric: whether most of the cells, apart from the missing ones, are numbers.
        unit: what messages count, "line" or "row".
    """

    path: Path
    name: str
    levels: list[str] | None
    codes: Array
    values: Array
    lines: list[int]
    missing: int
    hole: tuple[str, int] | None
    stray: tuple[str, int] | None
    numeric: bool
    unit: str = "line"

    @classmethod
    def of_levels(
        cls, path: Path, name: str, levels: list[str], codes: Array, lines: list[int], unit: str = "line"
    ) -> "Column":
        """The column of these cells."""
        values = np.array([cell_number(cell) for cell in levels], float)
        missing = np.array([is_missing(cell) for cell in levels], bool)
        counts = np.bincount(codes, minlength=len(levels))
        numbers, told = counts[~missing & ~np.isnan(values)].sum(), counts[~missing].sum()
        hole, stray = (
            next(((levels[i], lines[i]) for i in np.flatnonzero(places)), None)
            for places in (missing, ~missing & ~np.isfinite(values))
        )
        holes, numeric = int(counts[missing].sum()), bool(2 * numbers > told)
        return cls(path, name, levels, codes, values, lines, holes, hole, stray, numeric, unit)

    def check_scaled(self, mean: float, spread: float) -> None:
        """See that each number less ``mean``, over ``spread``, is a finite number too.

        Raises:
            DataError: one is not.
        """
        with np.errstate(over="ignore"):
            lost = np.flatnonzero(np.isfinite(self.values) & ~np.isfinite((self.values - mean) / spread))
        if len(lost):
            i = int(lost[0])
            where = (
                f"{self.path}, row {i + 1}, column {cut(self.name)}"
                if self.levels is None
                else self.at(self.lines[i])
            )
            cell = f"{self.values[i]:g}" if self.levels is None else cut(self.levels[i])
            raise DataError(
                f"{where}: {cell} is too far from the other numbers, whose mean is {mean:.3g}, to be scaled; "
                "correct it, or leave the row out"
            )

    def is_unlike(self, cell: str) -> bool:
        """Whether a cell is a number and none of the others is, or the other way about."""
        if self.levels is None or is_missing(cell):
            return False
        others = [is_number(other) for other in self.levels if other != cell and not is_missing(other)]
        return bool(others) and not any(kind == is_number(cell) for kind in others)

    def is_lone(self, cell: str) -> bool:
        """Whether a text stands in one row, and each of the others in several."""
        if self.levels is None or self.numeric or cell not in self.levels or len(self.levels) < 3:
            return False
        counts = np.bincount(self.codes, minlength=len(self.levels)).tolist()
        return bool(counts.pop(self.levels.index(cell)) == 1 and min(counts) > 1)

    def count_of(self, label: str) -> int:
        """In how many rows a label stands, in whatever way of writing."""
        levels = self.levels or []
        labels = canonical_cells(levels)
        same = [i for i, other in enumerate(labels) if other == labels[levels.index(label)]]
        return int(np.isin(self.codes, same).sum())

    def at(self, line: int) -> str:
        """Where in the file that is, to begin a message with."""
        return f"{self.path}, {self.unit} {line}, column {cut(self.name)}"

    def numbers(self, rows: Any = slice(None)) -> Array:
        """The numbers in some rows; nan where one is missing."""
        numbers: Array = self.values[rows if self.levels is None else self.codes[rows]]
        return numbers

    def check(self, way_out: str = "correct it", complete: bool = False) -> None:
        """See that each cell is a finite number, or missing unless it is to be ``complete``.

        Args:
            way_out: what the message says can be done.
            complete: whether to refuse missing numbers too.

        Raises:
            DataError: one is not; the message has its line and column.
        """
        found = self.stray or (self.hole if complete else None)
        if found is not None:
            cell, line = found
            if COMMA.fullmatch(cell):
                way_out = "write it as in 1234.5"
            what = f"{cut(cell)} is no finite number" if cell else "the cell is empty"
            raise DataError(f"{self.at(line)}: {what}; {way_out}")


class Filling:
    """A column while its cells come: places among levels until there are too many of those.

    If most of the cells are numbers by then, it goes on with numbers; otherwise nothing more is kept.
    """

    def __init__(self, path: Path, name: str, unit: str) -> None:
        self.path, self.name, self.unit = path, name, unit
        self.levels = Levels()
        self.lines: list[int] = []
        self.codes = array("H")
        self.numbers = array("d")
        self.turned: Column | None = None

    def extend(self, cells: Sequence[str], lines: Sequence[int]) -> None:
        """Take the next cells, and the lines on which they stand."""
        if self.turned is not None:
            if self.turned.numeric:
                self._take(self.turned, cells, lines)
            return
        codes = list(map(self.levels.__getitem__, cells))
        known, total = len(self.lines), len(self.levels.names)
        if known < total:
            first = dict(zip(reversed(codes), reversed(lines), strict=True))
            self.lines += [first[code] for code in range(known, total)]
        if total <= TEXTS_KEPT:
            self.codes.extend(codes)
            return
        self.turned = turned = self._of_levels(np.array([*self.codes, *codes]))
        turned.levels = None
        if turned.numeric:
            self.numbers.frombytes(turned.values[turned.codes].tobytes())
        self.levels, self.lines, self.codes = Levels(), [], array("H")

    def _take(self, turned: Column, cells: Sequence[str], lines: Sequence[int]) -> None:
        numbers = cell_numbers(cells)
        for i in np.flatnonzero(~np.isfinite(numbers)).tolist():
            found = cells[i].strip(), lines[i]
            if is_missing(cells[i]):
                turned.missing += 1
                turned.hole = turned.hole or found
            else:
                turned.stray = turned.stray or found
        self.numbers.extend(numbers)

    def _of_levels(self, codes: Array) -> Column:
        return Column.of_levels(self.path, self.name, self.levels.names, codes, self.lines, self.unit)

    def column(self) -> Column:
        """All that came."""
        if self.turned is None:
            return self._of_levels(np.frombuffer(self.codes, np.uint16))
        return replace(self.turned, codes=np.empty(0, int), values=np.frombuffer(self.numbers), lines=[])


@dataclass
class Table:
    """The columns of a file, by name."""

    path: Path
    columns: dict[str, Column]
    rows: int
    headed: bool  # whether the names come from the file
    first: tuple[list[str], int] | None = None  # of a text, the cells of the first line and its number
    guessed: bool = False  # whether what the first line is was guessed

    @property
    def names(self) -> list[str]:
        """The names of the columns, in their order."""
        return list(self.columns)

    def column(self, name: str) -> Column:
        """The column of that name; UnknownNameError if there is none."""
        if name not in self.columns:
            raise UnknownNameError.among(f"column of {self.path}", name, self.names)
        return self.columns[name]

    def without(self, names: Sequence[str]) -> "Table":
        """The other columns; UnknownNameError if one of the names is none."""
        ignored = [self.column(name).name for name in names]
        return replace(self, columns={n: c for n, c in self.columns.items() if n not in ignored})

    def doubt(self, target: str | None = None) -> str | None:
        """What speaks against the guess whether the first line has the names of the columns, or is a row.

        Args:
            target: the column whose cells are the labels of classes, if there is one.
        """
        if not self.guessed or self.first is None:
            return None
        first, _ = self.first
        for cell, column in zip(first, self.columns.values(), strict=True):
            if self.headed:
                if cell in (column.levels or []):
                    return f"{cut(cell)} stands in its column again"
            elif column.is_unlike(cell):
                kind, others = ("a number", "texts") if is_number(cell) else ("a text", "numbers")
                return f"{cut(cell)} is {kind}, and below it are {others}"
            elif column.is_lone(cell):
                return f"{cut(cell)} stands in no other row, and each other text of its column in several"
            elif column.name == target and column.count_of(cell) == 1:
                return f"the target's class {cut(cell)} stands in no other row"
        if len(first) > 2 and not self.headed and first == [str(i) for i in range(len(first))]:
            return "it counts from 0, as pandas does for columns without names"
        return None

    def called(self, names: Sequence[str]) -> "Table":
        """The same columns under other names."""
        columns = {new: replace(old, name=new) for new, old in zip(names, self.columns.values(), strict=True)}
        return replace(self, columns=columns)


def read_table(
    path: Any, progress: bool | None = None, header: bool | None = None, names: Sequence[str] = ()
) -> Table:
    r"""Read a table from a file, gzipped or not.

    A name that ends in .npy or .npz says that it holds NumPy's arrays: a two-dimensional one, or some
    by name, of which a two-dimensional X gives the columns X_1, X_2 and so on, and y comes last.
    Others are text in UTF-8 or UTF-16, with cells that are separated by tabs if the name ends in .tsv,
    else by commas, semicolons or tabs, whichever makes most of the first lines equally long.

    Whether the first line has the names of the columns is guessed, if it is not said. It has if there is
    no number in it, or a text above a number (one that does not just say that the number is missing), or
    if it counts 0, 1, 2 and so on above a text. Otherwise they are called 1, 2, and so on.

    Args:
        path: the file.
        progress: whether to show how far it has come; None for large files, on a terminal.
        header: whether the first line of a text has the names of the columns; None to guess.
        names: if it is to be guessed, the first line has the names if it has all of these.

    Raises:
        DataError: there is no such file, it is not of that kind, it has no rows, or rows of several
            lengths.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(f"{folder}/t.csv").write_text("area,district\n50,hill\n60,harbour\n")
    ...     table = read_table(f"{folder}/t.csv")
    >>> table.names, table.rows, table.column("area").numbers().tolist(), table.column("district").levels
    (['area', 'district'], 2, [50.0, 60.0], ['hill', 'harbour'])
    """
    path = Path(path)
    kind = Path(path.name.lower().removesuffix(".gz")).suffix
    try:
        with open(path, "rb") as raw:
            file = gzip.GzipFile(fileobj=raw) if raw.peek(2).startswith(GZIP) else raw
            if kind in (".npy", ".npz"):
                if not file.peek(6).startswith(NUMPY):
                    raise DataError(f"{path}: not a NumPy file, by its first bytes")
                return _of_arrays(file, path)
            encoding = "utf-16" if file.peek(2)[:2] in UTF16 else "utf-8-sig"
            with io.TextIOWrapper(file, encoding, newline="") as text:
                return _of_text(text, path, kind == ".tsv", _Reading(raw, progress), header, names)
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise DataError(
            f"{path}: not a CSV file: byte {byte:#04x} is no text in {error.encoding.upper()}; if it is one "
            "in another encoding, save it as UTF-8"
        ) from None
    except (EOFError, csv.Error, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: not a {kind[1:].upper() or 'CSV'} file: {error}") from None
    except FileNotFoundError:
        way_out = nearby(path) or "; give the path of a table"
        raise DataError(f"{path}: there is no such file{way_out}") from None
    except IsADirectoryError:
        raise DataError(f"{path}: that is a folder; give the path of a table") from None
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from None


# Text -------------------------------------------------------------------------------------------


class _Reading:
    """How much of a file has been read, shown in steps of a hundredth."""

    def __init__(self, raw: Any, wanted: bool | None) -> None:
        self.raw, self.size, self.done = raw, os.fstat(raw.fileno()).st_size, 0
        self.steps = track(100, "% read", False if self.size < LONG else wanted)

    def show(self) -> None:
        """Show it."""
        if self.size < LONG:
            return
        for _ in islice(self.steps, 100 * self.raw.tell() // self.size - self.done):
            self.done += 1


def _of_text(
    text: Iterator[str], path: Path, tabs: bool, reading: _Reading, header: bool | None, known: Sequence[str]
) -> Table:
    lines, start = _lines(text, path), []
    for line in lines:
        start.append(line)
        if line.strip():
            break
    start += islice(lines, FIRST_LINES)
    separator = "\t" if tabs else max(",;\t", key=lambda mark: _fits(start, mark))
    rows = _rows(chain(start, lines), separator, path)
    head = list(islice(rows, 2))
    if not head:
        raise DataError(f"{path}: the file is empty")
    first, *second = ([cell.strip() for cell in row] for row, _ in head)
    if header is None and known and set(known) <= set(first):
        header = True
    headed = _has_names([first, *second]) if header is None else header
    names = first if headed else [str(i + 1) for i in range(len(first))]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path}: two columns are called {cut(twice)}")
    columns, total = [Filling(path, name, "line") for name in names], 0
    body = chain(head[headed:], rows)
    while stretch := list(islice(body, max(1, CELLS // len(names)))):
        for row, at in stretch:
            if len(row) != len(names):
                raise DataError(f"{path}, line {at}: {count(len(row), 'cell')} instead of {len(names)}")
        cells, numbers = zip(*stretch, strict=True)
        for column, some in zip(columns, zip(*cells, strict=True), strict=True):
            column.extend(some, numbers)
        total += len(stretch)
        reading.show()
    if not total:
        raise DataError(f"{path}: there are column names but no rows")
    read = {column.name: column.column() for column in columns}
    return Table(path, read, total, headed, (first, head[0][1]), header is None)


def _lines(text: Iterator[str], path: Path) -> Iterator[str]:
    for number, line in enumerate(text, 1):
        if "\0" in line:
            raise DataError(f"{path}: not a CSV file: there is a zero byte in line {number}")
        yield line


def _fits(lines: list[str], separator: str) -> tuple[int, int]:
    """How well a separator fits the first lines: how many rows have the commonest length, and which it is."""
    lengths: Counter[int] = Counter()
    with suppress(csv.Error):
        lengths.update(map(len, csv.reader(lines, delimiter=separator, skipinitialspace=True)))
    return max(((rows, length) for length, rows in lengths.items() if length > 1), default=(0, 1))


class _Lines:
    """Lines, and whether they have ended."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines, self.ended = lines, False

    def __iter__(self) -> Iterator[str]:
        yield from self.lines
        self.ended = True


def _rows(lines: Iterable[str], separator: str, path: Path) -> Iterator[tuple[list[str], int]]:
    """The rows that are not blank, each with its line."""
    told, begins = _Lines(lines), 1
    reader = csv.reader(told, delimiter=separator, skipinitialspace=True)
    try:
        for row in reader:
            if told.ended:  # within it
                raise DataError(f"{path}, line {begins}: a quotation mark opens a cell, and none closes it")
            begins = reader.line_num + 1
            if len(row) > 1 or (row and row[0].strip()):
                yield row, reader.line_num
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}") from None


def _has_names(head: list[list[str]]) -> bool:
    """Whether the first of two rows seems to have the names of the columns."""
    first, below = head[0], head[-1]
    if not any(map(is_number, first)):
        return True
    pairs = [*zip(first, below, strict=False)]
    if first == [str(i) for i in range(len(first))]:  # as pandas calls columns without names
        return any(not is_number(cell) and not is_missing(cell) for _, cell in pairs)
    above = [name for name, cell in pairs if is_number(cell) and not is_number(name)]
    return bool(above) and not any(map(is_missing, above))


# NumPy's arrays ---------------------------------------------------------------------------------


def _of_arrays(file: Any, path: Path) -> Table:
    try:
        content = np.load(file, allow_pickle=False)
        arrays = {"": np.atleast_2d(content.T).T} if isinstance(content, np.ndarray) else dict(content)
    except (ValueError, SyntaxError, RuntimeError, tokenize.TokenError, zipfile.BadZipFile) as error:
        reason = (  # NumPy reads a header as Python, and zipfile refuses passwords by a RuntimeError
            "it holds Python objects, and reading those may run code" if "pickle" in str(error) else error
        )
        raise DataError(f"{path}: not arrays that can be read: {reason}") from None
    parts: dict[str, Array] = {}
    for name, x in sorted(arrays.items(), key=lambda item: item[0] == "y"):
        if x.dtype.kind not in KINDS + "U" or x.ndim not in (1, 2):
            raise DataError(
                f"{path}: the array{name and f' {name}'} is of dtype {x.dtype} and shape {x.shape}; wanted "
                "are numbers or text, (rows, columns) or (rows,)"
            )
        prefix = f"{name}_" if name else ""
        own = {name: x} if x.ndim == 1 else {f"{prefix}{j + 1}": part for j, part in enumerate(x.T)}
        if twice := parts.keys() & own:
            raise DataError(f"{path}: two columns are called {cut(min(twice))}")
        parts |= own
    rows = {len(part) for part in parts.values()}
    if len(rows) != 1 or rows == {0}:
        held = ", ".join(f"{name} {x.shape}" for name, x in arrays.items()) or "nothing"
        raise DataError(f"{path}: wanted are arrays of the same number of rows; there is {held}")
    columns = {name: _of_array(path, name, part) for name, part in parts.items()}
    return Table(path, columns, rows.pop(), headed="" not in arrays)


def _of_array(path: Path, name: str, array: Array) -> Column:
    filling = Filling(path, name, "row")
    if array.dtype == bool:
        array = array.astype(np.uint8)
    for start in range(0, len(array), CELLS):
        cells = list(map(str, array[start : start + CELLS].tolist()))
        filling.extend(cells, range(start + 1, start + len(cells) + 1))
    return filling.column()
