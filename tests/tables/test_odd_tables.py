"""Random odd tables: each is read as written, or refused in one line that says where and why."""

import json
import random
import re
from pathlib import Path

import numpy as np
import pytest

from autograd.cli.parser import main
from autograd.errors import DataError
from autograd.tables.table import canonical, is_missing, is_number, read_table

MISSING = ["", "?", "na", "NaN", "null", "-", "None", "n/a"]
WORDS = [
    "red",
    "Ålesund",
    "東京",
    "a b",
    "x;y",
    "1st",
    "no",
    "yes",
    "nan-ish",
    "'",
    "=1+1",
    "10,5",
    "émile",
    "0x1F",
]


def numbers(draw):
    scale = draw.choice([1.0, 1e-200, 1e150, 1e8])
    return [repr(draw.gauss(0, 1) * scale) for _ in range(40)]


def whole(draw):
    return [str(draw.randrange(-3, 4)) for _ in range(40)]


def years(draw):
    return [str(1990 + i) for i in range(40)]


def texts(draw):
    known = draw.sample(WORDS, draw.choice([2, 3, 5]))
    return [draw.choice(known) for _ in range(40)]


def holes(draw):
    return [draw.choice([*MISSING, "1.5", "2", "-3e2"]) for _ in range(40)]


def codes(draw):
    return [f"{draw.randrange(4):03d}" for _ in range(40)]


def extremes(draw):
    return [draw.choice(["1e308", "-1e308", "5e-324", "0", "-0.0", "1"]) for _ in range(40)]


def long_texts(draw):
    known = [draw.choice("xyz") * n for n in (1, 500, 5000)]
    return [draw.choice(known) for _ in range(40)]


def names(draw):  # more different texts than can be learned
    return [f"name {i}" for i in range(40)]


def same(draw):
    return ["7"] * 40


def stray(draw):
    cells = numbers(draw)
    cells[draw.randrange(40)] = draw.choice(["x", "inf", "-inf", "1,5", "9" * 400, "1_000", "12%"])
    return cells


COLUMNS = [numbers, whole, years, texts, holes, codes, extremes, long_texts, names, same, stray]
HEADS = [
    lambda draw, n: [f"column {i}" for i in range(n)],
    lambda draw, n: [str(i) for i in range(n)],
    lambda draw, n: [str(2000 + i) for i in range(n)],
    lambda draw, n: draw.sample(WORDS, n),
    lambda draw, n: [draw.choice("abc") * 3000 + str(i) for i in range(n)],
    None,
]


def quoted(cell, separator, draw):
    if separator in cell or '"' in cell or cell != cell.strip() or draw.random() < 0.02:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def made(seed):
    """A table: its name, text, names of columns if it has them, and cells by column."""
    draw = random.Random(seed)
    count = draw.randint(2, 5)
    columns = [draw.choice(COLUMNS)(draw) for _ in range(count)]
    head = draw.choice(HEADS)
    head = None if head is None else head(draw, count)
    separator = draw.choice([",", ",", ";", "\t"])
    rows = [list(row) for row in zip(*columns, strict=True)]
    lines = [
        separator.join(quoted(cell, separator, draw) for cell in row)
        for row in ([head] if head else []) + rows
    ]
    if draw.random() < 0.3:
        lines.insert(draw.randrange(len(lines)), draw.choice(["", "   "]))
    end = draw.choice(["\n", "\r\n", "\n"])
    text = end.join(lines) + (end if draw.random() < 0.8 else "")
    name = "odd.tsv" if separator == "\t" else draw.choice(["odd.csv", "odd table.txt"])
    encoding = draw.choice(["utf-8", "utf-8-sig", "utf-16"])
    return name, text.encode(encoding), head, [[c.strip() for c in column] for column in columns]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    return tmp_path


SEEDS = range(120)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_table_is_read_with_the_names_and_cells_that_were_written(seed):
    name, content, head, columns = made(seed)
    Path(name).write_bytes(content)
    found = read_table(name, header=head is not None)
    assert found.names == (head or [str(i + 1) for i in range(len(columns))])
    assert (found.rows, found.headed) == (40, head is not None)
    for column, cells in zip(found.columns.values(), columns, strict=True):
        assert [column.levels[code] for code in column.codes] == cells
        for cell, number in zip(cells, column.numbers().tolist(), strict=True):
            told = float(cell) if re.fullmatch(r"[-+]?(\d+\.?\d*(e[-+]?\d+)?|inf)", cell) else np.nan
            assert number == told or (number != number and told != told)


@pytest.mark.parametrize("seed", SEEDS)
def test_train_learns_from_a_random_table_or_refuses_it_in_one_line(seed, capsys):
    name, content, head, columns = made(seed)
    Path(name).write_bytes(content)
    before = set(Path().iterdir())
    option = "--header" if head else "--no-header"
    code = main(["train", name, option, "--epochs", "1", "--seed", str(seed), "--json"])
    told = capsys.readouterr()
    answer = json.loads(told.out)
    if code == 0:
        assert answer["rows"] == 40
        assert len(answer["features"]) == len(columns) - 1
        assert answer["header"] is (head is not None)
        assert main(["predict", answer["model"], name, "--json"]) == 0
        predicted = json.loads(capsys.readouterr().out)["predictions"]
        assert len(predicted) == 40
        if answer["classes"]:
            assert set(predicted) <= set(answer["classes"])
        else:
            assert all(x is None or isinstance(x, float) for x in predicted)
    else:
        assert code == 2
        message = answer["error"]
        assert message.startswith(name)
        assert message.count("\n") == 0
        assert len(message) < 600
        assert re.search(r"line \d+, column|column ['\"]|the target ['\"]", message)
        assert set(Path().iterdir()) == before
    assert "Warning" not in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize("seed", SEEDS)
def test_a_guess_about_the_header_is_reported_and_never_contradicted_by_the_rows(seed, capsys):
    name, content, head, columns = made(seed)
    Path(name).write_bytes(content)
    found = read_table(name)
    doubt = found.doubt()
    if doubt is None and found.headed != (head is not None):  # a wrong guess that no row contradicts
        first, start = ([column[0] for column in columns], 1) if head is None else (head, 0)
        for cell, column in zip(first, columns, strict=True):
            rest = [other for other in column[start:] if not is_missing(other)]
            if found.headed:
                assert cell not in column[start:]
            elif rest and not is_missing(cell):
                assert {is_number(other) for other in rest} != {not is_number(cell)}
    code = main(["train", name, "--epochs", "1", "--json"])
    told = capsys.readouterr()
    if doubt is not None:
        assert code == 2
        assert "--header" in json.loads(told.out)["error"]
    elif code == 0:
        assert f"line {found.first[1]} was taken for" in told.err
        if json.loads(told.out)["classes"] and not found.headed:
            labels = found.columns[found.names[-1]]
            same = [canonical(cell) == canonical(found.first[0][-1]) for cell in labels.levels]
            assert np.isin(labels.codes, np.flatnonzero(same)).sum() > 1


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_table_is_refused_with_a_line_number_or_has_a_line_break_in_a_quoted_cell(seed, capsys):
    name, content, _, columns = made(seed)
    draw = random.Random(seed)
    lines = content.decode(
        "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    ).splitlines()
    at = draw.randrange(2, len(lines))
    damage = draw.choice(["a cell more", "a cell less", "a zero byte", "an open quote", "half a line"])
    separator = next(mark for mark in (",", ";", "\t") if lines[at].count(mark) >= len(columns) - 1)
    if damage == "a cell more":
        lines[at] += separator + "1"
    elif damage == "a cell less":
        lines[at] = "7"
    elif damage == "a zero byte":
        lines[at] += "\0"
    elif damage == "an open quote":
        lines[at] = f'{lines[at]}{separator}"open'
    else:
        lines[at] = '"half' + separator
    Path("t.csv" if name.endswith("csv") else name).write_text("\n".join(lines) + "\n", "utf-8")
    path = "t.csv" if name.endswith("csv") else name
    found = outcome(path)
    if isinstance(found, str):
        assert re.search(r"line \d+", found)
        assert len(found) < 600
    else:
        assert damage in ("half a line", "an open quote")  # whose quotation mark is closed by a later one
        assert any("\n" in level for column in found.columns.values() for level in column.levels)


def outcome(path):
    """The table in a file, or the message of its error."""
    try:
        return read_table(path)
    except DataError as error:
        return str(error)
