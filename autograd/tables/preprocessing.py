"""Preprocessing: how the columns of a table become a net's inputs, and its outputs become answers.

Numbers are scaled to mean 0 and spread 1, with the median for those that are missing. A text becomes
a one in the place of its level and zeros in those of the others. What training has learned about the
columns is kept with the model, so that other tables are treated in the same way.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from autograd.errors import DataError
from autograd.metrics import unit_of
from autograd.tables.table import COMMA, TEXTS_KEPT, Column, Table, canonical, canonical_cells, is_number
from autograd.tensor.tape import Array
from autograd.text import count, cut, listed
from autograd.training.data import LazyInputs

__all__ = ["Inputs", "Preprocessing"]

MOST_CLASSES = 20  # a target of whole numbers is taken for classes up to so many different ones
MOST_TEXTS = 100  # different ones of a feature, which has an input for each
ROW = "correct it, or leave the row out"  # what can be done about a target
STRICT = "correct it, or leave out --strict"  # and about what else would be filled in


@dataclass
class Preprocessing:
    """What is done with the columns of a table, and with the outputs of a net.

    Attributes:
        features: the columns that the net has its inputs from.
        mean, spread, median: of those of them that hold numbers, in the same order. Models from before
            there was a median have none, and take no missing numbers.
        target: the column that is learned.
        classes: its labels, in the order of the outputs; none if it holds numbers.
        target_mean, target_spread: of the target, if it holds numbers.
        levels: the known texts of each feature that holds text.
        headed: whether the names of the columns came from the file; None in models from before that was kept.
    """

    features: list[str]
    mean: list[float]
    spread: list[float]
    target: str
    classes: list[str]
    target_mean: float = 0.0
    target_spread: float = 1.0
    median: list[float] = field(default_factory=list)
    levels: dict[str, list[str]] = field(default_factory=dict)
    headed: bool | None = None

    # Learning it, and keeping it

    @classmethod
    def of(
        cls, table: Table, rows: Array, target: str | None, regression: bool = False, strict: bool = False
    ) -> "Preprocessing":
        """Learn it from a table: what classes there are from all of it, the rest from some rows.

        A target of text is one of classes, and so is one of few different whole numbers; other
        numbers are for regression.

        Args:
            table: what to learn from.
            rows: the places of the rows to learn means, spreads, medians and levels from.
            target: the name of the target column; the last one if None.
            regression: take a target of few whole numbers for regression too.
            strict: refuse features that hold text, and missing numbers.

        Raises:
            DataError: there is no column beside the target; a feature has no cell that says anything,
                a stray word among its numbers, or too many different texts; the target has a cell
                that is empty, or for regression no number, or is the same in all rows.
        """
        target = table.names[-1] if target is None else target
        truth = table.column(target)
        features = [name for name in table.names if name != target]
        if not features:
            raise DataError(
                f"{table.path}: there is no column beside the target {cut(target)}; columns are separated by "
                "commas, semicolons or tabs, in a .tsv by tabs"
            )
        distinct = None if truth.levels is None else set(canonical_cells(truth.levels))
        if distinct is not None and len(distinct) == 1:
            raise DataError(f"{table.path}: the target {cut(target)} is {cut(distinct.pop())} in every row")
        if truth.stray and COMMA.fullmatch(truth.stray[0]):
            truth.check()
        self = cls(features, [], [], target, [], headed=table.headed)
        for name in features:
            column = table.column(name)
            if column.missing == table.rows:
                raise DataError(f"{table.path}: column {cut(name)} is empty; leave it out by --ignore")
            if column.numeric or COMMA.fullmatch(column.stray[0] if column.stray else ""):
                column.check("correct it, or leave the column out by --ignore")
            if strict:
                column.check("leave the column out by --ignore, or leave out --strict", complete=True)
            if column.numeric:
                self._learn_numbers(column, rows)
            else:
                self.levels[name] = _levels(column, rows)
        if not regression and _holds_classes(truth, distinct):
            self.classes = _classes(truth, distinct, table.rows)
        else:
            if truth.stray and not truth.numeric:
                raise DataError(
                    f"{table.path}: the target {cut(target)} is text, such as {_example(truth)}; leave out "
                    "--regression to learn classes"
                )
            truth.check(ROW, complete=True)
            _, self.target_mean, self.target_spread = _scale(truth, rows)
        return self

    def _learn_numbers(self, column: Column, rows: Array) -> None:
        median, mean, spread = _scale(column, rows)
        self.median.append(median)
        self.mean.append(mean)
        self.spread.append(spread)

    @classmethod
    def of_header(cls, header: Any, n_in: int, n_out: int) -> "Preprocessing":
        """The one that `as_header` wrote, for a net of ``n_in`` inputs and ``n_out`` outputs.

        Raises:
            ValueError: it is not of that form.
        """
        try:
            self = cls(**header)
            numbers = [self.target_mean, self.target_spread, *self.mean, *self.spread, *self.median]
            levels = [text for known in self.levels.values() for text in known]
            good = (
                len(self.mean) == len(self.spread) == len(self.numbers)
                and len(self.median) in (0, len(self.mean))
                and self.levels.keys() <= set(self.features)
                and self.width == n_in
                and (len(self.classes) or 1) == n_out
                and all(isinstance(t, str) for t in [self.target, *self.features, *self.classes, *levels])
                and all(isinstance(x, int | float) and np.isfinite(float(x)) for x in numbers)
                and all(x > 0 for x in [self.target_spread, *self.spread])
                and self.headed in (None, True, False)
            )
        except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
            raise ValueError(f"its table is not described as train does: {error}") from None
        if not good:
            raise ValueError("its table and its net do not belong together")
        return self

    def as_header(self) -> dict[str, Any]:
        """The fields, as JSON has them."""
        return asdict(self)

    # Inputs

    @property
    def numbers(self) -> list[str]:
        """The features that hold numbers."""
        return [name for name in self.features if name not in self.levels]

    @property
    def width(self) -> int:
        """How many inputs there are: one for each number, and for each known text."""
        return len(self.numbers) + sum(map(len, self.levels.values()))

    def inputs(self, table: Table, strict: bool = False) -> "Inputs":
        """The rows of a table, as the net gets them.

        Raises:
            DataError: a feature is not among the columns; a number is no finite number; with ``strict``
                one is missing, or a text unknown.
        """
        if lacking := [name for name in self.features if name not in table.columns]:
            raise DataError(
                f"{table.path} lacks what the model was trained on: {listed(lacking, 5)}; its columns are "
                f"{listed(table.names, 20)}"
            )
        for name, mean, spread in zip(self.numbers, self.mean, self.spread, strict=True):
            table.column(name).check(complete=not self.median)
            if strict:
                table.column(name).check(STRICT, complete=True)
            table.column(name).check_scaled(mean, spread)
        for name, known in self.levels.items():
            column = table.column(name)
            if column.levels is None:
                raise DataError(f"{column.path}: column {cut(name)} has too many different texts")
            for text, line in zip(column.levels, column.lines, strict=True):
                if strict and text not in known:
                    raise DataError(
                        f"{column.at(line)}: {cut(text)} is none of its {count(len(known), 'level')}; "
                        f"{STRICT}"
                    )
        return Inputs(self, table, np.arange(table.rows))

    def filled(self, table: Table) -> list[str]:
        """What `inputs` makes of cells that say nothing to the net, in words, for each such column."""
        told = []
        for name, median in zip(self.numbers, self.median, strict=False):  # old models have no median
            if missing := table.column(name).missing:
                told.append(f"{name}: {missing} missing, by median {median:.6g}")
        for name, known in self.levels.items():
            column = table.column(name)
            counts = dict(zip(column.levels or [], np.bincount(column.codes).tolist(), strict=True))
            if strange := [text for text in counts if text not in known]:
                cells = sum(counts[text] for text in strange)
                some = listed([repr(text) if text else "empty" for text in strange], 3)
                told.append(f"{name}: {cells} of no known level ({some}), all zeros")
        return told

    def encoded(self) -> list[str]:
        """How text is given to the net, in words, for each such column."""
        return [f"{name}: {count(len(known), 'level')}, one-hot" for name, known in self.levels.items()]

    # Targets and answers

    def truth(self, table: Table) -> Array:
        """The target column: places in ``classes``, or numbers as they stand in the file.

        Raises:
            DataError: a label that is none of the classes, or a cell that is no finite number.
        """
        if self.target not in table.columns:
            raise DataError(
                f"{table.path} has no column {cut(self.target)}, which the model predicts, to compare with"
            )
        column = table.column(self.target)
        if not self.classes:
            column.check(ROW, complete=True)
            column.check_scaled(self.target_mean, self.target_spread)
            return column.numbers()
        if column.levels is None:
            raise DataError(f"{column.path}: column {cut(self.target)} has too many different labels")
        place = {name: i for i, name in enumerate(self.classes)}
        numeric = all(is_number(name) and canonical(name) == name for name in self.classes)
        names = [canonical(cell) for cell in column.levels] if numeric else column.levels
        for cell, name, line in zip(column.levels, names, column.lines, strict=True):
            if name not in place:
                raise DataError(
                    f"{column.at(line)}: {cut(cell)} is none of the {len(place)} classes of the model"
                )
        return np.array([place[name] for name in names])[column.codes]

    def targets(self, truth: Array) -> Array:
        """What `truth` gives, as a net is to learn it."""
        return truth if self.classes else (truth - self.target_mean) / self.target_spread

    def answers(self, outputs: Array) -> Array:
        """A net's outputs, (rows, outputs), as `truth` gives them: the likeliest classes, or numbers."""
        if self.classes:
            places: Array = outputs.argmax(axis=1)
            return places
        with np.errstate(over="ignore"):  # of a guess that is beyond the largest float
            numbers: Array = outputs[:, 0] * self.target_spread + self.target_mean
        return numbers

    def labels(self, answers: Array) -> list[Any]:
        """`answers` as the file has them: labels, or numbers."""
        return [self.classes[i] for i in answers.tolist()] if self.classes else answers.tolist()


class Inputs(LazyInputs):
    """Rows of a table as a net gets them: first the numbers, then a place for each level of each text.

    Args:
        preprocessing: what is done with the columns.
        table: the columns.
        rows: the places of the rows in the table.
    """

    def __init__(self, preprocessing: Preprocessing, table: Table, rows: Array) -> None:
        self.preprocessing, self.table, self.rows = preprocessing, table, rows
        self.shape = len(rows), preprocessing.width
        self._numbers = [table.column(name) for name in preprocessing.numbers]
        self._places: list[tuple[Array, Array]] = []  # codes, and the input of each; -1 for none
        first = len(self._numbers)
        for name, known in preprocessing.levels.items():
            column = table.column(name)
            place = {level: first + i for i, level in enumerate(known)}
            self._places.append((column.codes, np.array([place.get(c, -1) for c in column.levels or []])))
            first += len(known)

    def at(self, rows: Array) -> "Inputs":
        """Some of the rows."""
        return Inputs(self.preprocessing, self.table, self.rows[rows])

    def make(self, rows: Array | slice) -> Array:
        where = self.rows[rows]
        out = np.zeros((len(where), self.shape[1]))
        numbers = out[:, : len(self._numbers)]
        for j, column in enumerate(self._numbers):
            numbers[:, j] = column.numbers(where)
        if self.preprocessing.median:
            np.copyto(numbers, self.preprocessing.median, where=np.isnan(numbers))
        numbers -= self.preprocessing.mean
        numbers /= self.preprocessing.spread
        for codes, places in self._places:
            ones = places[codes[where]]
            known = np.flatnonzero(ones >= 0)
            out[known, ones[known]] = 1
        return out


def _scale(column: Column, rows: Array) -> tuple[float, float, float]:
    """The median of some rows, then mean and standard deviation with it for those that are missing.

    The deviation is taken for 1 where all are the same.
    """
    x = column.numbers(rows)
    missing = np.isnan(x)
    if missing.all():
        raise DataError(
            f"{column.path}: column {cut(column.name)} is empty in the {len(rows)} rows that are learned; "
            "leave it out by --ignore"
        )
    unit = unit_of(x[~missing])
    x /= unit
    x[missing] = median = float(np.median(x[~missing]))
    mean, spread = float(x.mean()), float(x.std())
    return unit * median, unit * mean, (unit * spread if x.min() < x.max() else 0.0) or 1.0


def _levels(column: Column, rows: Array) -> list[str]:
    """The texts in some rows, in the order of the alphabet; an empty cell is none."""
    levels = column.levels
    known = None if levels is None else {levels[code] for code in np.unique(column.codes[rows])} - {""}
    if known is None or len(known) > min(MOST_TEXTS, len(rows) / 2):
        raise DataError(
            f"{column.path}: column {cut(column.name)} has {_many(known)} different texts, such as "
            f"{_example(column)}, in the {len(rows)} rows that are learned; at most {MOST_TEXTS}, and half "
            "of the rows, can be learned from: write numbers without $ or %, or leave it out by --ignore"
        )
    return sorted(known)


def _many(texts: set[str] | None) -> str:
    return f"more than {TEXTS_KEPT}" if texts is None else str(len(texts))


def _example(column: Column) -> str:
    """A cell of a column that holds text, or its first one, cut where it is long."""
    cell = column.stray[0] if column.stray else (column.levels or [""])[0]
    return repr(cell[:40])


def _holds_classes(truth: Column, distinct: set[str] | None) -> bool:
    """Whether a target is one of classes: text, or few different whole numbers."""
    if not truth.numeric or distinct is None:
        return not truth.numeric
    whole = all(is_number(cell) and float(cell).is_integer() for cell in distinct)
    return whole and len(distinct) <= MOST_CLASSES


def _classes(truth: Column, distinct: set[str] | None, rows: int) -> list[str]:
    """The labels of a target, in the order of numbers or of the alphabet."""
    if truth.levels is not None and "" in truth.levels:
        raise DataError(f"{truth.at(truth.lines[truth.levels.index('')])}: the label is empty; {ROW}")
    if distinct is None or len(distinct) > rows / 2:
        way_out = "write numbers without $ or %, or choose another column by --target"
        if truth.numeric:
            way_out = "give --regression if they are numbers"
        raise DataError(
            f"{truth.path}: the target {cut(truth.name)} has {_many(distinct)} different labels in {rows} "
            f"rows, such as {_example(truth)}, too many to learn; {way_out}"
        )
    return sorted(distinct, key=float) if all(map(is_number, distinct)) else sorted(distinct)
