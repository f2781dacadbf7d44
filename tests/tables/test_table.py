"""Tables: every kind of file gives the same columns, at any length, and errors name the mistake."""

import csv
import gzip
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd.errors import DataError
from autograd.tables import table
from autograd.tables.table import cell_number, is_missing, read_table


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


X = np.array([[1.5, 2], [np.nan, 4], [-1e-3, 7]])
KIND = ["a", "b, c", "a"]
ROWS = [["1.5", "2", "a"], ["", "4", "b, c"], ["-1e-3", "7", "a"]]


def text(rows, separator, **options):
    return "\n".join(separator.join(f'"{c}"' if "," in c else c for c in row) for row in rows) + "\n"


FILES = {
    "a.csv": text(ROWS, ",").encode(),
    "a.csv.gz": gzip.compress(text(ROWS, ",").encode(), mtime=0),
    "a.txt": text(ROWS, ";").encode(),
    "a.tsv": text(ROWS, "\t").encode(),
    "a.TSV.gz": gzip.compress(text(ROWS, "\t").encode(), mtime=0),
    "utf16.csv": text(ROWS, "\t").encode("utf-16"),
    "mac.csv": text(ROWS, ",").replace("\n", "\r").encode("utf-8-sig"),
}


@pytest.mark.parametrize("name", [*FILES, "a.npz", "a.npz.gz"])
def test_read_table_gives_the_same_columns_for_every_kind_of_file(folder, name):
    if name in FILES:
        Path(name).write_bytes(FILES[name])
    else:
        np.savez("a.npz", y=np.array(KIND), X=X)
        Path("a.npz.gz").write_bytes(gzip.compress(Path("a.npz").read_bytes(), mtime=0))
    found = read_table(name)
    assert found.names == (["1", "2", "3"] if name in FILES else ["X_1", "X_2", "y"])
    first, second, kind = found.columns.values()
    np.testing.assert_array_equal(first.numbers(), X[:, 0])
    np.testing.assert_array_equal(second.numbers(), X[:, 1])
    assert [kind.levels[code] for code in kind.codes] == KIND
    assert (first.numeric, second.numeric, kind.numeric) == (True, True, False)
    assert (first.missing, second.missing) == (1, 0)
    assert found.rows == 3


def test_a_tsv_is_separated_by_tabs_whatever_its_first_line_has_most_of(folder):
    Path("a.tsv").write_text("a,b,c\td\n1\t2\n")
    assert read_table("a.tsv").names == ["a,b,c", "d"]
    Path("a.csv").write_text("a,b,c\td\n1,2,3\n")
    assert read_table("a.csv").names == ["a", "b", "c\td"]


def test_arrays_become_columns_under_their_names(folder):
    np.save("two.npy", np.arange(6).reshape(3, 2))
    assert read_table("two.npy").names == ["1", "2"]
    np.savez("more.npz", age=np.arange(3), sick=np.array([True, False, True]), name=np.array(["x", "y", "z"]))
    found = read_table("more.npz")
    assert found.names == ["age", "sick", "name"]
    assert found.column("sick").levels == ["1", "0"]
    assert found.column("name").levels == ["x", "y", "z"]


@pytest.mark.parametrize(
    ("name", "arrays", "message"),
    [
        ("a.npz", {"X": np.zeros((3, 2)), "y": np.zeros(4)}, r"rows, 1 or more, got X \(3, 2\), y \(4,\)$"),
        ("a.npz", {"X": np.array([{}])}, "it holds Python objects, and reading those may run code"),
        (
            "a.npz",
            {"X": np.zeros((2, 2, 2))},
            r"the array X must hold numbers or text, .*, got dtype float64 and shape \(2, 2, 2\)",
        ),
        ("a.npz", {"X": np.zeros(2, complex)}, "the array X must .* got dtype complex128"),
        ("a.npz", {}, "got none"),
        ("a.npy", np.zeros((0, 2)), "rows"),
        ("a.npy", np.zeros(2, "M8[s]"), "the array must .* got dtype datetime64"),
        ("a.npy", pickle.dumps([1]), "not a NumPy file, by its first bytes"),
        ("a.npy", b"\x93NUMPY\x01\x00", "not arrays that can be read"),
        ("a.npz", b"PK\x03\x04junk", "not arrays that can be read"),
    ],
)
def test_a_file_of_arrays_that_are_no_table_is_refused(folder, name, arrays, message):
    if isinstance(arrays, bytes):
        Path(name).write_bytes(arrays)
    elif isinstance(arrays, dict):
        np.savez(name, **arrays)
    else:
        np.save(name, arrays)
    with pytest.raises(DataError, match=rf"^{name}: .*{message}"):
        read_table(name)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n1,\0\n", "not a CSV file: there is a zero byte in line 3"),
        (b"a,caf\xe9\n1,2\n", "not a CSV file: byte 0xe9 is no text in UTF-8"),
        (b"a,b\n1,2\n" + b"x" * 200_000 + b",1\n", "line 3: field larger than field limit"),
        (b"x" * 200_000 + b",1\n", "line 1: field larger than field limit"),
        (b'""\n', "the file is empty"),
        (b'a,b\n1,2\n"1,2\n3,4\n', "line 3: a quotation mark opens a cell, and none closes it"),
    ],
)
def test_a_text_file_that_is_no_table_is_refused(folder, content, message):
    Path("f.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_table("f.csv")


WORDS = ["", "NA", " ? ", "n/a", "nan", "1e999", "x", "1_000", "inf"]


@pytest.mark.parametrize(("kept", "cells"), [(10_000, 1 << 17), (20, 21), (3, 1), (0, 64)])
def test_a_column_holds_the_same_cells_whenever_it_is_converted_to_numbers(
    folder, rng, monkeypatch, kept, cells
):
    monkeypatch.setattr(table, "TEXTS_KEPT", kept)
    monkeypatch.setattr(table, "CELLS", cells)
    columns = [[f"{x:.3g}" for x in rng.normal(size=60)] for _ in range(4)]
    for place, word in zip((3, 30, 31, 59), WORDS, strict=False):
        columns[1][place] = word
    for place, word in zip((50, 55, 57), WORDS[5:], strict=False):
        columns[2][place] = word
    columns[3][7] = ""
    rows = list(zip(*columns, strict=True))
    with open("f.csv", "w", newline="") as file:
        csv.writer(file).writerows([["a", "b", "c", "d"], *rows])
    for cells_of, column in zip(columns, read_table("f.csv").columns.values(), strict=True):
        missing = [i for i, c in enumerate(cells_of) if is_missing(c)]
        strays = [i for i, c in enumerate(cells_of) if not np.isfinite(cell_number(c)) and not is_missing(c)]
        np.testing.assert_array_equal(column.numbers(), [cell_number(c) for c in cells_of])
        assert column.numeric
        assert column.missing == len(missing)
        assert column.first_missing == ((cells_of[missing[0]].strip(), missing[0] + 2) if missing else None)
        assert column.first_not_number == ((cells_of[strays[0]], strays[0] + 2) if strays else None)


def test_a_column_of_too_many_different_texts_keeps_none_of_them(folder, monkeypatch):
    monkeypatch.setattr(table, "TEXTS_KEPT", 5)
    Path("f.csv").write_text("a,b\n" + "".join(f"n{i},{i}\n" for i in range(9)))
    column = read_table("f.csv").column("a")
    assert (column.levels, len(column.codes), len(column.values)) == (None, 0, 0)
    assert column.first_not_number == ("n0", 2)


def test_read_table_ignores_blanks_around_cells_and_blank_lines(folder):
    Path("f.csv").write_text("\n a , b\n\n1 , x \n\n 1,x\n\n,y\n")
    found = read_table("f.csv")
    assert found.column("b").levels == ["x", "y"]
    assert found.column("a").first_missing == ("", 8)


PEAK = """
import resource, sys
from autograd.cli import train
from autograd.cli.parser import main
train.AT_ONCE = 0
peaks = []
for name in ("small.csv", "large.csv"):
    code = main(["train", name, "--epochs", "1", "--batch-size", "1024", "--hidden", "8", "--quiet"])
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(code, (peaks[1] - peaks[0]) * 1024)
"""


def test_training_on_a_long_table_takes_a_few_times_its_size(folder):
    rng = np.random.default_rng(1)
    rows = [
        ",".join([*map(str, row), *(f"{x:.3f}" for x in row[:4] / 7), "yes" if row[0] > 4 else "no"])
        for row in rng.integers(0, 10, (3000, 20))
    ]
    names = ",".join(f"x{i}" for i in range(25))
    for name, times in (("small.csv", 2), ("large.csv", 28)):
        Path(name).write_text(names + "\n" + ("\n".join(rows) + "\n") * times)
    done = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, check=True)
    code, growth = map(int, done.stdout.split())
    assert code == 0
    assert growth < 4 * Path("large.csv").stat().st_size, growth


def test_a_damaged_npy_or_npz_file_is_refused_in_one_line_that_names_it(tmp_path, rng):
    X, y = rng.normal(size=(40, 3)), rng.integers(0, 2, 40)
    np.save(tmp_path / "t.npy", X)
    np.savez(tmp_path / "t.npz", X=X, y=y)
    for name in ("t.npy", "t.npz"):
        whole, refused = bytearray((tmp_path / name).read_bytes()), []
        for _ in range(400):
            damaged = bytearray(whole)
            for place in rng.integers(0, min(len(whole), 300), 3):
                damaged[place] ^= 1 << int(rng.integers(8))
            (tmp_path / name).write_bytes(damaged[: int(rng.integers(1, len(whole) + 1))])
            try:
                read_table(tmp_path / name)
            except DataError as error:
                refused.append(str(error))
        assert len(refused) > 200
        assert [message for message in refused if "\n" in message or name not in message] == []
    np.savez(tmp_path / "t.npz", X=X, X_1=X[:, 0], y=y)
    with pytest.raises(DataError, match=r"two columns are called 'X_1'"):
        read_table(tmp_path / "t.npz")


def cells(table):
    """The rows of a table, whose columns keep their text if they are few."""
    columns = [[column.levels[i] for i in column.codes] for column in table.columns.values()]
    return [list(row) for row in zip(*columns, strict=True)]


@pytest.mark.parametrize(
    "text", ["x;kind\n1;a\n9;b\n", "x\tkind\r\n1\ta\r\n9\tb\r\n", "\ufeffx,kind\n \n1,a\n9,b"]
)
def test_read_table_reads_other_separators_and_line_ends(folder, text):
    Path("f.csv").write_bytes(text.encode())
    table = read_table("f.csv")
    assert (table.names, cells(table)) == (["x", "kind"], [["1", "a"], ["9", "b"]])


@pytest.mark.parametrize("first", [",1.0,x", "?,1.0,2.0", "n/a,2,no"])
def test_read_table_takes_a_first_line_with_an_empty_cell_for_a_row(folder, first):
    Path("f.csv").write_text(first + "\n" + "1,2,3\n" * 3)
    assert cells(read_table("f.csv"))[0] == first.split(",")


def test_read_table_ignores_separators_within_quotes_and_blank_lines_before_the_header(folder):
    Path("a.csv").write_text('"speed; km/h; mean",y\n1,2\n')
    assert read_table("a.csv").names == ["speed; km/h; mean", "y"]
    Path("b.csv").write_text('\n"a, cm";"b, kg";y\n1;2;3\n')
    assert read_table("b.csv").names == ["a, cm", "b, kg", "y"]


def test_read_table_takes_a_header_with_a_text_and_a_number_above_numbers_for_names(folder):
    Path("f.csv").write_text("long,2019\n1,2\n3,4\n")
    assert read_table("f.csv").names == ["long", "2019"]
