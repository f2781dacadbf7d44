"""Preprocessing: from the columns of a table to the inputs of a net, and from its outputs to answers.

Numeric columns are scaled to mean 0 and standard deviation 1, and missing numbers are replaced by the
median. Text columns are one-hot encoded. A model is saved with the statistics and levels of its training
table, so that other tables are preprocessed in the same way.
"""

from typing import Any

import numpy as np

from autograd.errors import DataError
from autograd.files import TableDescription
from autograd.metrics import unit_of
from autograd.tables.table import COMMA, TEXTS_KEPT, Column, Table, canonical, canonical_cells, is_number
from autograd.tensor import Array
from autograd.text import count, listed, quoted
from autograd.training import LazyInputs

__all__ = ["Inputs", "Preprocessing"]

MOST_CLASSES = 20  # a target with at most this many distinct values, all whole numbers, holds classes
MOST_TEXTS = 100  # distinct texts that a feature may have, since each becomes an input
ROW = "correct it, or leave the row out"  # advice in messages about a cell of the target
STRICT = "correct it, or leave out --strict"  # advice about a cell that is replaced without --strict


class Preprocessing(TableDescription):
    """The preprocessing of a table for a net, and the way from the net's outputs to answers.

    Its attributes are those of a `TableDescription`, which a model's file keeps.
    """

    # Learning from a table

    @classmethod
    def of(
        cls, table: Table, rows: Array, target: str | None, regression: bool = False, strict: bool = False
    ) -> "Preprocessing":
        """Learn the preprocessing from a table: the classes from all rows, the rest from the given rows.

        A target that holds text, or only few distinct whole numbers, is learned as classes. Any other
        numeric target is learned by regression.

        Args:
            table: the training table.
            rows: indices of the rows from which means, standard deviations, medians and levels are learned.
            target: name of the target column; None for the last column.
            regression: learn a target of few distinct whole numbers by regression too.
            strict: refuse text features and missing numbers.

        Raises:
            DataError: there is no column besides the target; a feature is empty, has too many distinct
                texts, or has a cell among its numbers that is neither a finite number nor missing; the
                target has an empty label, too many labels or the same value in every row, or, for
                regression, a cell that is no finite number.
            UnknownNameError: no column is called ``target``.
        """
        target = table.names[-1] if target is None else target
        truth = table.column(target)
        features = [name for name in table.names if name != target]
        if not features:
            raise DataError(
                f"{table.path}: there is no column beside the target {quoted(target)}; columns are separated "
                "by commas, semicolons or tabs, in a .tsv by tabs"
            )
        distinct = None if truth.levels is None else set(canonical_cells(truth.levels))
        if distinct is not None and len(distinct) == 1:
            raise DataError(
                f"{table.path}: the target {quoted(target)} is {quoted(distinct.pop())} in every row"
            )
        if truth.first_not_number and COMMA.fullmatch(truth.first_not_number[0]):
            truth.check()
        self = cls(features, [], [], target, [], headed=table.headed)
        for name in features:
            column = table.column(name)
            if column.missing == table.rows:
                raise DataError(f"{table.path}: column {quoted(name)} is empty; leave it out by --ignore")
            if column.numeric or COMMA.fullmatch(
                column.first_not_number[0] if column.first_not_number else ""
            ):
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
            if truth.first_not_number and not truth.numeric:
                raise DataError(
                    f"{table.path}: the target {quoted(target)} is text, such as {_example(truth)}; leave "
                    "out --regression to learn classes"
                )
            truth.check(ROW, complete=True)
            _, self.target_mean, self.target_spread = _scale(truth, rows)
        return self

    def _learn_numbers(self, column: Column, rows: Array) -> None:
        median, mean, spread = _scale(column, rows)
        self.median.append(median)
        self.mean.append(mean)
        self.spread.append(spread)

    # Inputs

    def inputs(self, table: Table, strict: bool = False) -> "Inputs":
        """The rows of a table as inputs of the net.

        Args:
            table: the table; columns that are no features are ignored.
            strict: refuse missing numbers and unknown texts.

        Raises:
            DataError: the table lacks a feature; a cell of a numeric feature is neither a finite number nor
                missing, or too large to be scaled; with ``strict``, a number is missing or a text is unknown.
        """
        if absent := [name for name in self.features if name not in table.columns]:
            raise DataError(
                f"{table.path} lacks what the model was trained on: {listed(absent, 5)}; its columns are "
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
                raise DataError(f"{column.path}: column {quoted(name)} has too many different texts")
            for text, line in zip(column.levels, column.lines, strict=True):
                if strict and text not in known:
                    raise DataError(
                        f"{column.at(line)}: {quoted(text)} is none of its {count(len(known), 'level')}; "
                        f"{STRICT}"
                    )
        return Inputs(self, table, np.arange(table.rows))

    def replacement_notes(self, table: Table) -> list[str]:
        """Notes on the columns in which `inputs` replaces or merges cells, one for each reason."""
        notes = []
        for name, median in zip(self.numbers, self.median, strict=False):  # early models have no medians
            if missing := table.column(name).missing:
                notes.append(f"{name}: {missing} missing, by median {median:.6g}")
            if merged := table.column(name).merged():
                notes.append(f"{name}: {quoted(merged)} is the same number as another cell, to a float")
        for name, known in self.levels.items():
            column = table.column(name)
            counts = dict(zip(column.levels or [], np.bincount(column.codes).tolist(), strict=True))
            if unknown := [text for text in counts if text not in known]:
                cells = sum(counts[text] for text in unknown)
                examples = listed([repr(text) if text else "empty" for text in unknown], 3)
                notes.append(f"{name}: {cells} of no known level ({examples}), all zeros")
        return notes

    def encoding_notes(self) -> list[str]:
        """Notes on how the text features are encoded, one for each."""
        return [f"{name}: {count(len(known), 'level')}, one-hot" for name, known in self.levels.items()]

    # Targets and answers

    def truth(self, table: Table) -> Array:
        """The true values of the target: indices into ``classes``, or, for regression, the unscaled numbers.

        Raises:
            DataError: the table has no target column; a label is none of the classes; for regression, a
                cell is no finite number.
        """
        if self.target not in table.columns:
            raise DataError(
                f"{table.path} has no column {quoted(self.target)}, which the model predicts, to compare with"
            )
        column = table.column(self.target)
        if not self.classes:
            column.check(ROW, complete=True)
            column.check_scaled(self.target_mean, self.target_spread)
            return column.numbers()
        if column.levels is None:
            raise DataError(f"{column.path}: column {quoted(self.target)} has too many different labels")
        index = {name: i for i, name in enumerate(self.classes)}
        numeric = all(is_number(name) and canonical(name) == name for name in self.classes)
        names = [canonical(cell) for cell in column.levels] if numeric else column.levels
        for cell, name, line in zip(column.levels, names, column.lines, strict=True):
            if name not in index:
                raise DataError(
                    f"{column.at(line)}: {quoted(cell)} is none of the {len(index)} classes of the model"
                )
        return np.array([index[name] for name in names])[column.codes]

    def targets(self, truth: Array) -> Array:
        """The targets for the net's training: the result of `truth`, for regression scaled."""
        return truth if self.classes else (truth - self.target_mean) / self.target_spread

    def answers(self, outputs: Array) -> Array:
        """The answers for a net's outputs, (rows, outputs), in the form of `truth`.

        They are indices of the most probable classes or, for regression, unscaled numbers.
        """
        if self.classes:
            indices: Array = outputs.argmax(axis=1)
            return indices
        with np.errstate(over="ignore"):  # an answer may exceed the largest float
            numbers: Array = outputs[:, 0] * self.target_spread + self.target_mean
        return numbers

    def labels(self, answers: Array) -> list[Any]:
        """The result of `answers` as it stands in files: labels, or numbers."""
        return [self.classes[i] for i in answers.tolist()] if self.classes else answers.tolist()


class Inputs(LazyInputs):
    """Rows of a table as inputs of a net: the scaled numbers first, then the one-hot encoded texts.

    Args:
        preprocessing: the preprocessing that makes the inputs.
        table: the table.
        rows: indices of the rows in the table.
    """

    def __init__(self, preprocessing: Preprocessing, table: Table, rows: Array) -> None:
        self.preprocessing, self.table, self.rows = preprocessing, table, rows
        self.shape = len(rows), preprocessing.width
        self._numbers = [table.column(name) for name in preprocessing.numbers]
        # for each text feature: the code of each row, and the input of each code, -1 for an unknown text
        self._places: list[tuple[Array, Array]] = []
        first = len(self._numbers)
        for name, known in preprocessing.levels.items():
            column = table.column(name)
            input_of = {level: first + i for i, level in enumerate(known)}
            self._places.append((column.codes, np.array([input_of.get(c, -1) for c in column.levels or []])))
            first += len(known)

    def at(self, rows: Array) -> "Inputs":
        """The inputs of some of these rows, given by their indices."""
        return Inputs(self.preprocessing, self.table, self.rows[rows])

    def make(self, rows: Array | slice) -> Array:
        table_rows = self.rows[rows]
        out = np.zeros((len(table_rows), self.shape[1]))
        numbers = out[:, : len(self._numbers)]
        for j, column in enumerate(self._numbers):
            numbers[:, j] = column.numbers(table_rows)
        if self.preprocessing.median:
            np.copyto(numbers, self.preprocessing.median, where=np.isnan(numbers))
        numbers -= self.preprocessing.mean
        numbers /= self.preprocessing.spread
        for codes, inputs in self._places:
            hot = inputs[codes[table_rows]]
            known = np.flatnonzero(hot >= 0)
            out[known, hot[known]] = 1
        return out


def _scale(column: Column, rows: Array) -> tuple[float, float, float]:
    """Median, mean and standard deviation of some rows of a numeric column.

    Mean and deviation are those after the median has replaced missing numbers. The deviation is 1 if all
    numbers are equal, since inputs are divided by it.
    """
    x = column.numbers(rows)
    missing = np.isnan(x)
    if missing.all():
        raise DataError(
            f"{column.path}: column {quoted(column.name)} is empty in the {len(rows)} rows that are learned; "
            "leave it out by --ignore"
        )
    unit = unit_of(x[~missing])
    x /= unit
    x[missing] = median = float(np.median(x[~missing]))
    mean, spread = float(x.mean()), float(x.std())
    return unit * median, unit * mean, (unit * spread if x.min() < x.max() else 0.0) or 1.0


def _levels(column: Column, rows: Array) -> list[str]:
    """The distinct texts in some rows, sorted, without the empty text."""
    levels = column.levels
    known = None if levels is None else {levels[code] for code in np.unique(column.codes[rows])} - {""}
    if known is None or len(known) > min(MOST_TEXTS, len(rows) / 2):
        raise DataError(
            f"{column.path}: column {quoted(column.name)} has {_how_many(known)} different texts, such as "
            f"{_example(column)}, in the {len(rows)} rows that are learned; at most {MOST_TEXTS}, and half "
            "of the rows, can be learned from: write numbers without $ or %, or leave it out by --ignore"
        )
    return sorted(known)


def _how_many(texts: set[str] | None) -> str:
    """The number of distinct texts in words; ``texts`` is None if a column had too many to keep them."""
    return f"more than {TEXTS_KEPT}" if texts is None else str(len(texts))


def _example(column: Column) -> str:
    """An example of a text in a column, for messages, cut if it is long."""
    cell = column.first_not_number[0] if column.first_not_number else (column.levels or [""])[0]
    return repr(cell[:40])


def _holds_classes(truth: Column, distinct: set[str] | None) -> bool:
    """Whether a target holds classes: text, or few distinct whole numbers."""
    if not truth.numeric or distinct is None:
        return not truth.numeric
    whole = all(is_number(cell) and float(cell).is_integer() for cell in distinct)
    return whole and len(distinct) <= MOST_CLASSES


def _classes(truth: Column, distinct: set[str] | None, rows: int) -> list[str]:
    """The labels of a target, sorted as numbers if all of them are numbers, else as text."""
    if truth.levels is not None and "" in truth.levels:
        raise DataError(f"{truth.at(truth.lines[truth.levels.index('')])}: the label is empty; {ROW}")
    if distinct is None or len(distinct) > rows / 2:
        way_out = "write numbers without $ or %, or choose another column by --target"
        if truth.numeric:
            way_out = "give --regression if they are numbers"
        raise DataError(
            f"{truth.path}: the target {quoted(truth.name)} has {_how_many(distinct)} different labels in "
            f"{rows} rows, such as {_example(truth)}, too many to learn; {way_out}"
        )
    return sorted(distinct, key=float) if all(map(is_number, distinct)) else sorted(distinct)
