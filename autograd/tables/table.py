"""Tables: reading a file into columns.

A file is read a block of rows at a time. While a column has few distinct cells, these are kept as text,
once each, and each row has a code that refers to one of them. Once they are many, the column keeps only
numbers. So a table takes at most about twice the memory of its file, unzipped.
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
from autograd.files import MISSING
from autograd.support import nearby, track
from autograd.tensor import KINDS, Array
from autograd.text import count, quoted

__all__ = ["Column", "Table", "canonical", "canonical_cells", "is_number", "read_table"]

GZIP = b"\x1f\x8b"  # first bytes of a gzip file, RFC 1952
NUMPY = (b"\x93NUMPY", b"PK")  # first bytes of NumPy's files: a single array, or a zip archive of arrays
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
COMMA = re.compile(r"[+-]?\d+(,\d+)+")  # a number with a decimal comma, or with commas between thousands
TEXTS_KEPT = 10_000  # distinct cells of a column that are kept as text at most; codes are two bytes long
CELLS = 1 << 17  # cells in a block of rows
FIRST_LINES = 20  # lines from which the separator is guessed
LONG = 1 << 25  # bytes; reading shows its progress for files of at least this size


def is_number(cell: str) -> bool:
    """Whether a cell can be read as a number, finite or not."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # Python reads 1_000 as a number, but tables do not write numbers like that


def is_missing(cell: str) -> bool:
    """Whether a cell means a missing number."""
    return cell.strip().lower() in MISSING


def cell_number(cell: str) -> float:
    """The number in a cell; nan if the cell is no number."""
    try:
        return np.nan if "_" in cell else float(cell)
    except ValueError:
        return np.nan


def cell_numbers(cells: Sequence[str]) -> "array[float]":
    """The `cell_number` of each cell; faster if every cell is a number or empty."""
    if "_" not in "".join(cells):
        for attempt in (cells, (cell or "nan" for cell in cells)):
            with suppress(ValueError):
                return array("d", map(float, attempt))
    return array("d", map(cell_number, cells))


def canonical(cell: str) -> str:
    """A number in canonical form, so that 1, 1.0 and 1e0 are equal; any other cell unchanged.

    A number with leading zeros, or one too large for a float to hold every digit, is unchanged too: it is
    more likely a code, such as a postcode.
    """
    if not is_number(cell) or re.match(r"[+-]?0\d", cell):
        return cell
    x = float(cell)
    if not abs(x) < 2**53:
        return cell
    return str(int(x)) if x.is_integer() else repr(x)


def canonical_cells(cells: Sequence[str]) -> list[str]:
    """The `canonical` form of each cell if every cell is a number that has one, else the cells unchanged."""
    forms = [canonical(cell) for cell in cells]
    return forms if all(is_number(form) and canonical(form) == form for form in forms) else list(cells)


class Levels(dict[str, int]):
    """A mapping from each distinct cell of a column to its code, 0, 1, 2 and so on in order of appearance.

    Blanks around a cell are ignored. Looking up a new cell adds it.
    """

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
        path: the file that the column was read from.
        name: name of the column.
        levels: the distinct cells, in order of appearance; None if there are more than can be kept as text.
        codes: (rows,) the index in ``levels`` of each row's cell; empty if ``levels`` is None.
        values: the number in each level or, if ``levels`` is None, in each row; nan where there is none.
        lines: the line on which each level first appears.
        missing: how many cells mean a missing number.
        first_missing: the first such cell, and its line; None if there is no such cell.
        first_not_number: the first cell that is neither a finite number nor missing, and its line; None if
            there is no such cell.
        numeric: whether more than half of the cells that are not missing are numbers.
        unit: how messages call a line: "line" for text files, "row" for arrays.
    """

    path: Path
    name: str
    levels: list[str] | None
    codes: Array
    values: Array
    lines: list[int]
    missing: int
    first_missing: tuple[str, int] | None
    first_not_number: tuple[str, int] | None
    numeric: bool
    unit: str = "line"

    @classmethod
    def of_levels(
        cls, path: Path, name: str, levels: list[str], codes: Array, lines: list[int], unit: str = "line"
    ) -> "Column":
        """A column with these levels and codes."""
        values = np.array([cell_number(cell) for cell in levels], float)
        missing = np.array([is_missing(cell) for cell in levels], bool)
        counts = np.bincount(codes, minlength=len(levels))
        numbers, present = counts[~missing & ~np.isnan(values)].sum(), counts[~missing].sum()
        first_missing, first_not_number = (
            next(((levels[i], lines[i]) for i in np.flatnonzero(mask)), None)
            for mask in (missing, ~missing & ~np.isfinite(values))
        )
        summary = int(counts[missing].sum()), first_missing, first_not_number, bool(2 * numbers > present)
        return cls(path, name, levels, codes, values, lines, *summary, unit)

    def check_scaled(self, mean: float, spread: float) -> None:
        """Check that (number - mean) / spread is finite for each finite number.

        Raises:
            DataError: the result overflows for a number.
        """
        with np.errstate(over="ignore"):
            infinite = np.flatnonzero(np.isfinite(self.values) & ~np.isfinite((self.values - mean) / spread))
        if len(infinite):
            i = int(infinite[0])
            where = (
                f"{self.path}, row {i + 1}, column {quoted(self.name)}"
                if self.levels is None
                else self.at(self.lines[i])
            )
            cell = f"{self.values[i]:g}" if self.levels is None else quoted(self.levels[i])
            raise DataError(
                f"{where}: {cell} is too far from the other numbers, whose mean is {mean:.3g}, to be scaled; "
                "correct it, or leave the row out"
            )

    def is_unlike(self, cell: str) -> bool:
        """Whether a cell is a number and no other cell is, or is a text and every other is a number.

        Missing cells do not count.
        """
        if self.levels is None or is_missing(cell):
            return False
        numeric = [is_number(other) for other in self.levels if other != cell and not is_missing(other)]
        return bool(numeric) and is_number(cell) not in numeric

    def is_lone(self, cell: str) -> bool:
        """Whether a text appears in a single row, and each other text of the column in several."""
        if self.levels is None or self.numeric or cell not in self.levels or len(self.levels) < 3:
            return False
        counts = np.bincount(self.codes, minlength=len(self.levels)).tolist()
        return bool(counts.pop(self.levels.index(cell)) == 1 and min(counts) > 1)

    def count_of(self, label: str) -> int:
        """The number of rows with a label; numbers such as 1 and 1.0 are the same label."""
        levels = self.levels or []
        labels = canonical_cells(levels)
        same = [i for i, other in enumerate(labels) if other == labels[levels.index(label)]]
        return int(np.isin(self.codes, same).sum())

    def merged(self) -> str | None:
        """A whole number so large that it is the same float as another cell; None if there is none.

        It is found while the cells are kept as text, not among more than `TEXTS_KEPT` different ones.
        """
        known: dict[float, str] = {}
        for value, cell in zip(self.values.tolist(), self.levels or [], strict=False):
            digits = cell.lstrip("+-0")
            if abs(value) >= 2**53 and digits.isdecimal() and known.setdefault(value, digits) != digits:
                return cell
        return None

    def at(self, line: int) -> str:
        """The file, line and column, as the beginning of a message."""
        return f"{self.path}, {self.unit} {line}, column {quoted(self.name)}"

    def numbers(self, rows: Any = slice(None)) -> Array:
        """The numbers in some rows, by default in all; nan where a cell is no number."""
        numbers: Array = self.values[rows if self.levels is None else self.codes[rows]]
        return numbers

    def check(self, way_out: str = "correct it", complete: bool = False) -> None:
        """Check that each cell is a finite number, or missing.

        Args:
            way_out: advice at the end of the message.
            complete: whether to refuse missing numbers too.

        Raises:
            DataError: a cell is refused; the message has its line and column.
        """
        found = self.first_not_number or (self.first_missing if complete else None)
        if found is not None:
            cell, line = found
            if COMMA.fullmatch(cell):
                way_out = "write it as in 1234.5"
            what = f"{quoted(cell)} is no finite number" if cell else "the cell is empty"
            raise DataError(f"{self.at(line)}: {what}; {way_out}")


class ColumnReader:
    """A column that is being read.

    Cells are kept as codes of levels until there are more than `TEXTS_KEPT` levels. From then on, a column
    most of whose cells are numbers keeps numbers, and any other column keeps nothing more.
    """

    def __init__(self, path: Path, name: str, unit: str) -> None:
        self.path, self.name, self.unit = path, name, unit
        self.levels = Levels()
        self.lines: list[int] = []
        self.codes = array("H")
        self.numbers = array("d")
        self.without_levels: Column | None = None  # the column, once there were too many levels

    def extend(self, cells: Sequence[str], lines: Sequence[int]) -> None:
        """Add the next cells, and the line of each."""
        if self.without_levels is not None:
            if self.without_levels.numeric:
                self._take(self.without_levels, cells, lines)
            return
        codes = list(map(self.levels.__getitem__, cells))
        known, total = len(self.lines), len(self.levels.names)
        if known < total:
            first_line = dict(zip(reversed(codes), reversed(lines), strict=True))
            self.lines += [first_line[code] for code in range(known, total)]
        if total <= TEXTS_KEPT:
            self.codes.extend(codes)
            return
        self.without_levels = without_levels = self._of_levels(np.array([*self.codes, *codes]))
        without_levels.levels = None
        if without_levels.numeric:
            self.numbers.frombytes(without_levels.values[without_levels.codes].tobytes())
        self.levels, self.lines, self.codes = Levels(), [], array("H")

    def _take(self, without_levels: Column, cells: Sequence[str], lines: Sequence[int]) -> None:
        numbers = cell_numbers(cells)
        for i in np.flatnonzero(~np.isfinite(numbers)).tolist():
            found = cells[i].strip(), lines[i]
            if is_missing(cells[i]):
                without_levels.missing += 1
                without_levels.first_missing = without_levels.first_missing or found
            else:
                without_levels.first_not_number = without_levels.first_not_number or found
        self.numbers.extend(numbers)

    def _of_levels(self, codes: Array) -> Column:
        return Column.of_levels(self.path, self.name, self.levels.names, codes, self.lines, self.unit)

    def column(self) -> Column:
        """The column of all cells that were added."""
        if self.without_levels is None:
            return self._of_levels(np.frombuffer(self.codes, np.uint16))
        return replace(
            self.without_levels, codes=np.empty(0, int), values=np.frombuffer(self.numbers), lines=[]
        )


@dataclass
class Table:
    """The columns of a file, by name."""

    path: Path
    columns: dict[str, Column]
    rows: int
    headed: bool  # whether the file has column names
    first: tuple[list[str], int] | None = None  # of a text file: the cells and the number of the first line
    guessed: bool = False  # whether ``headed`` was guessed from the cells

    @property
    def names(self) -> list[str]:
        """The names of the columns, in their order."""
        return list(self.columns)

    def column(self, name: str) -> Column:
        """The column called ``name``; UnknownNameError if there is no such column."""
        if name not in self.columns:
            raise UnknownNameError.among(f"column of {self.path}", name, self.names)
        return self.columns[name]

    def without(self, names: Sequence[str]) -> "Table":
        """The table without the columns called ``names``; UnknownNameError if there is no such column."""
        ignored = [self.column(name).name for name in names]
        return replace(self, columns={n: c for n, c in self.columns.items() if n not in ignored})

    def doubt(self, target: str | None = None) -> str | None:
        """A reason to doubt the guess whether the first line has column names, in words, or None.

        Args:
            target: name of the column of class labels, or None.
        """
        if not self.guessed or self.first is None:
            return None
        first, _ = self.first
        for cell, column in zip(first, self.columns.values(), strict=True):
            if self.headed:
                if cell in (column.levels or []):
                    return f"{quoted(cell)} stands in its column again"
            elif column.is_unlike(cell):
                kind, others = ("a number", "texts") if is_number(cell) else ("a text", "numbers")
                return f"{quoted(cell)} is {kind}, and below it are {others}"
            elif column.is_lone(cell):
                return f"{quoted(cell)} stands in no other row, and each other text of its column in several"
            elif column.name == target and column.count_of(cell) == 1:
                return f"the target's class {quoted(cell)} stands in no other row"
        if len(first) > 2 and not self.headed and first == [str(i) for i in range(len(first))]:
            return "it counts from 0, as pandas does for columns without names"
        return None

    def renamed(self, names: Sequence[str]) -> "Table":
        """The table with ``names`` as the names of its columns."""
        columns = {new: replace(old, name=new) for new, old in zip(names, self.columns.values(), strict=True)}
        return replace(self, columns=columns)


def read_table(
    path: Any, progress: bool | None = None, header: bool | None = None, names: Sequence[str] = ()
) -> Table:
    r"""Read a table from a file, gzipped or not.

    A .npy file holds one array, (rows, columns) or (rows,). A .npz file holds named arrays: a
    one-dimensional array is the column of its name, a two-dimensional array X gives the columns X_1, X_2
    and so on, and the columns of y come last. Any other file is text in UTF-8 or UTF-16. In a .tsv file,
    tabs separate the cells. In other text files, commas, semicolons or tabs do: the separator is guessed
    as the one with which most of the first lines have the same number of cells.

    If ``header`` is None, it is guessed whether the first line of a text file has column names. It has if
    no cell of it is a number, or if texts stand above numbers and none of these texts means a missing
    number, or if it counts 0, 1, 2 and so on and a text stands below it. Columns without names are called
    1, 2 and so on.

    Args:
        path: the file.
        progress: whether to show the progress for large files; None to show it only on a terminal or in a
            notebook.
        header: whether the first line of a text file has column names; None to guess.
        names: when guessing, a first line with all of these cells has column names.

    Raises:
        DataError: there is no such file, its content does not fit the ending of its name, it has no rows,
            its rows have different lengths, or two columns have the same name.

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
                return _table_of_arrays(file, path)
            encoding = "utf-16" if file.peek(2)[:2] in UTF16 else "utf-8-sig"
            with io.TextIOWrapper(file, encoding, newline="") as text:
                return _table_of_text(text, path, kind == ".tsv", _Progress(raw, progress), header, names)
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


class _Progress:
    """The progress of reading a large file, shown in per cent."""

    def __init__(self, raw: Any, wanted: bool | None) -> None:
        self.raw, self.size, self.done = raw, os.fstat(raw.fileno()).st_size, 0
        self.steps = track(100, "% read", False if self.size < LONG else wanted)

    def show(self) -> None:
        """Show what part of the file has been read by now."""
        if self.size < LONG:
            return
        for _ in islice(self.steps, 100 * self.raw.tell() // self.size - self.done):
            self.done += 1


def _table_of_text(
    text: Iterator[str],
    path: Path,
    tabs: bool,
    progress: _Progress,
    header: bool | None,
    expected_names: Sequence[str],
) -> Table:
    lines, start = _lines(text, path), []
    for line in lines:
        start.append(line)
        if line.strip():
            break
    start += islice(lines, FIRST_LINES)
    separator = "\t" if tabs else max(",;\t", key=lambda mark: _fit_of(start, mark))
    rows = _rows(chain(start, lines), separator, path)
    head = list(islice(rows, 2))
    if not head:
        raise DataError(f"{path}: the file is empty")
    first, *second = ([cell.strip() for cell in row] for row, _ in head)
    if header is None and expected_names and set(expected_names) <= set(first):
        header = True
    headed = _has_names([first, *second]) if header is None else header
    names = first if headed else [str(i + 1) for i in range(len(first))]
    if len(set(names)) != len(names):
        duplicate = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path}: two columns are called {quoted(duplicate)}")
    readers, total = [ColumnReader(path, name, "line") for name in names], 0
    body = chain(head[headed:], rows)
    while block := list(islice(body, max(1, CELLS // len(names)))):
        for row, line_number in block:
            if len(row) != len(names):
                raise DataError(
                    f"{path}, line {line_number}: {count(len(row), 'cell')} instead of {len(names)}"
                )
        block_rows, line_numbers = zip(*block, strict=True)
        for reader, cells in zip(readers, zip(*block_rows, strict=True), strict=True):
            reader.extend(cells, line_numbers)
        total += len(block)
        progress.show()
    if not total:
        raise DataError(f"{path}: there are column names but no rows")
    columns = {reader.name: reader.column() for reader in readers}
    return Table(path, columns, total, headed, (first, head[0][1]), header is None)


def _lines(text: Iterator[str], path: Path) -> Iterator[str]:
    for number, line in enumerate(text, 1):
        if "\0" in line:
            raise DataError(f"{path}: not a CSV file: there is a zero byte in line {number}")
        yield line


def _fit_of(lines: list[str], separator: str) -> tuple[int, int]:
    """How well a separator fits the first lines; the separator with the greatest result fits best.

    Returns:
        How many rows have the most frequent number of cells, and that number; rows of one cell are ignored.
    """
    lengths: Counter[int] = Counter()
    with suppress(csv.Error):
        lengths.update(map(len, csv.reader(lines, delimiter=separator, skipinitialspace=True)))
    return max(((rows, length) for length, rows in lengths.items() if length > 1), default=(0, 1))


class _Lines:
    """An iterable of lines; ``ended`` is True once all lines have been taken."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines, self.ended = lines, False

    def __iter__(self) -> Iterator[str]:
        yield from self.lines
        self.ended = True


def _rows(lines: Iterable[str], separator: str, path: Path) -> Iterator[tuple[list[str], int]]:
    """The rows that are not blank, each with the number of its last line."""
    source, start_line = _Lines(lines), 1
    reader = csv.reader(source, delimiter=separator, skipinitialspace=True)
    try:
        for row in reader:
            if source.ended:  # the reader looked for the end of a quoted cell
                raise DataError(
                    f"{path}, line {start_line}: a quotation mark opens a cell, and none closes it"
                )
            start_line = reader.line_num + 1
            if len(row) > 1 or (row and row[0].strip()):
                yield row, reader.line_num
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}") from None


def _has_names(head: list[list[str]]) -> bool:
    """Whether the first line seems to have column names, judged by the first one or two lines."""
    first, below = head[0], head[-1]
    if not any(map(is_number, first)):
        return True
    pairs = [*zip(first, below, strict=False)]
    if first == [str(i) for i in range(len(first))]:  # pandas writes these names for columns without names
        return any(not is_number(cell) and not is_missing(cell) for _, cell in pairs)
    texts_above = [name for name, cell in pairs if is_number(cell) and not is_number(name)]
    return bool(texts_above) and not any(map(is_missing, texts_above))


# NumPy's arrays ---------------------------------------------------------------------------------


def _table_of_arrays(file: Any, path: Path) -> Table:
    try:
        content = np.load(file, allow_pickle=False)
        arrays = {"": np.atleast_2d(content.T).T} if isinstance(content, np.ndarray) else dict(content)
    except (ValueError, SyntaxError, RuntimeError, tokenize.TokenError, zipfile.BadZipFile) as error:
        # NumPy parses the header of an array as Python; zipfile raises RuntimeError for an encrypted file
        reason = (
            "it holds Python objects, and reading those may run code" if "pickle" in str(error) else error
        )
        raise DataError(f"{path}: not arrays that can be read: {reason}") from None
    parts: dict[str, Array] = {}
    for name, x in sorted(arrays.items(), key=lambda item: item[0] == "y"):
        if x.dtype.kind not in KINDS + "U" or x.ndim not in (1, 2):
            raise DataError(
                f"{path}: the array{name and f' {name}'} must hold numbers or text, and have shape (rows, "
                f"columns) or (rows,), got dtype {x.dtype} and shape {x.shape}"
            )
        prefix = f"{name}_" if name else ""
        added = {name: x} if x.ndim == 1 else {f"{prefix}{j + 1}": part for j, part in enumerate(x.T)}
        if duplicates := parts.keys() & added:
            raise DataError(f"{path}: two columns are called {quoted(min(duplicates))}")
        parts |= added
    rows = {len(part) for part in parts.values()}
    if len(rows) != 1 or rows == {0}:
        held = ", ".join(f"{name} {x.shape}" for name, x in arrays.items()) or "none"
        raise DataError(f"{path}: the arrays must have the same number of rows, 1 or more, got {held}")
    columns = {name: _column_of_array(path, name, part) for name, part in parts.items()}
    return Table(path, columns, rows.pop(), headed="" not in arrays)


def _column_of_array(path: Path, name: str, array: Array) -> Column:
    reader = ColumnReader(path, name, "row")
    if array.dtype == bool:
        array = array.astype(np.uint8)
    for start in range(0, len(array), CELLS):
        cells = list(map(str, array[start : start + CELLS].tolist()))
        reader.extend(cells, range(start + 1, start + len(cells) + 1))
    return reader.column()
