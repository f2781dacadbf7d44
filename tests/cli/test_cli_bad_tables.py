"""Tables that train cannot learn from: one line says what is wrong and where, and nothing is written."""

import gzip
from pathlib import Path

import pytest

from autograd.cli.parser import main

GARBLED = gzip.compress(b"a,b\n" + b"1,2\n" * 500, mtime=0)

GARBLED = GARBLED[:12] + b"\xff" * 12 + GARBLED[24:]

GOOD = "a,b\n" + "1,2.5\n3,4.5\n" * 5


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("none.csv", None, [], "error: none.csv: there is no such file; give the path of a table\n"),
        (".", None, [], "error: .: that is a folder; give the path of a table\n"),
        ("empty.csv", "", [], "error: empty.csv: the file is empty"),
        ("names.csv", "a,b\n", [], "error: names.csv: there are column names but no rows"),
        ("twice.csv", "a,a\n1,2\n", [], "error: twice.csv: two columns are called 'a'"),
        ("short.csv", GOOD + "5\n", [], "error: short.csv, line 12: 1 cell instead of 2"),
        ("few.csv", "a,b\n1,2\n", [], "error: few.csv: 1 row; at least 10 are wanted"),
        (
            "one.csv",
            "a b\n" + "1 3\n2 4\n" * 5,
            [],
            "error: one.csv: there is no column beside the target 'a b'; columns are separated by commas, "
            "semicolons or tabs, in a .tsv by tabs\n",
        ),
        ("same.csv", "a,b\n" + "1,x\n" * 10, [], "error: same.csv: the target 'b' is 'x' in every row"),
        ("text.csv", GOOD + "x,1\n", [], "error: text.csv, line 12, column 'a': 'x' is no finite number"),
        (
            "hole.csv",
            GOOD + ",1\n",
            ["--strict"],
            "error: hole.csv, line 12, column 'a': the cell is empty; leave the column out by --ignore, "
            "or leave out --strict\n",
        ),
        (
            "price.csv",
            "a,b\n" + "".join(f"{i},{i}.5\n" for i in range(99)) + "1,n/a\n",
            [],
            "error: price.csv, line 101, column 'b': 'n/a' is no finite number",
        ),
        (
            "all.csv",
            "a,b\n" + "".join(f"{i},name {i}\n" for i in range(99)),
            [],
            "error: all.csv: the target 'b' has 99 different labels in 99 rows, such as 'name 0', too many "
            "to learn; write numbers without $ or %, or choose another column by --target\n",
        ),
        (
            "whole.csv",
            "a,b\n" + "".join(f"{i},{i}\n" for i in range(12)),
            [],
            "error: whole.csv: the target 'b' has 12 different labels in 12 rows, such as '0', too many to "
            "learn; give --regression if they are numbers\n",
        ),
        (
            "fate.csv",
            "age,fate\n" + "1,lost\n2,survived\n" * 5,
            ["--regression"],
            "error: fate.csv: the target 'fate' is text, such as 'lost'; leave out --regression to learn "
            "classes\n",
        ),
        (
            "gap.csv",
            "a,b\n" + "1,2.5\n2,3.5\n" * 5 + "1,\n",
            [],
            "error: gap.csv, line 12, column 'b': the cell is empty; correct it, or leave the row out\n",
        ),
        (
            "far.csv",
            "a,b\n" + "1,x\n2,y\n" * 50 + "1e308,x\n",
            ["--seed", "6"],  # a seed with which that row is held out
            "error: far.csv, line 102, column 'a': '1e308' is too far from the other numbers, whose mean is "
            "1.51, to be scaled; correct it, or leave the row out\n",
        ),
        (
            "far too.csv",
            "a,b\n" + "1,1.5\n2,2.5\n" * 50 + "1,-1e308\n",
            ["--seed", "6"],
            "error: far too.csv, line 102, column 'b': '-1e308' is too far from the other numbers",
        ),
        (
            "long.csv",
            "a,b\n" + "1,2.5\n2,3.5\n" * 5 + "9" * 5000 + ",1\n",
            [],
            f"error: long.csv, line 12, column 'a': '{'9' * 40}'... (5000 characters) is no finite number; "
            "correct it, or leave the column out by --ignore\n",
        ),
        (
            "nan.csv",
            GOOD + "nan,1\n",
            ["--strict"],
            "error: nan.csv, line 12, column 'a': 'nan' is no finite number",
        ),
        (
            "label.csv",
            "a,b\n" + "1,x\n2,y\n" * 5 + "1,\n",
            [],
            "error: label.csv, line 12, column 'b': the label is empty; correct it, or leave the row out\n",
        ),
        (
            "mixed.csv",
            "a,b\n" + "1,2.5\n2,3.5\n" * 5 + "1,x\n",
            ["--regression"],
            "error: mixed.csv, line 12, column 'b': 'x' is no finite number; correct it, or leave the row",
        ),
        (
            "target.csv",
            GOOD,
            ["--target", "bb"],
            "error: unknown column of target.csv 'bb': the known ones are a, b; did you mean 'b'?",
        ),
        ("bytes.csv", b"\xff\xfe\x00", [], "error: bytes.csv: not a CSV file: "),
        ("bits.csv.gz", GARBLED, [], "error: bits.csv.gz: not a CSV file: "),
        ("cut.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], [], "error: cut.csv.gz: not a CSV file: "),
    ],
)
def test_a_mistake_in_a_command_is_an_error_of_one_line_and_nothing_is_written(
    folder, capsys, name, content, options, message
):
    if content is not None:
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    before = sorted(folder.iterdir())
    assert main(["train", name, *options]) == 2
    told = capsys.readouterr()
    assert told.err.startswith(message)
    assert told.err.count("\n") == 1
    assert "Traceback" not in told.err
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (
            "a,b,y\n" + "1,x,0\n2,z,1\n" * 9,
            ["--strict"],
            "line 2, column 'b': 'x' is no finite number; leave the column out by --ignore, or leave out --s",
        ),
        (
            "a,b,y\n" + "1,2,0\n2,3,1\n" * 9 + "1,two,0\n",
            ["--strict"],
            "line 20, column 'b': 'two' is no finite number; correct it, or leave the column out by --ignore",
        ),
        (
            "a,b,y\n" + "".join(f"{i},n{i},{i % 2}\n" for i in range(30)),
            [],
            "column 'b' has 24 different texts, such as 'n0', in the 24 rows that are learned; at most 100, "
            "and half of the rows, can be learned from: write numbers without $ or %, or leave it out",
        ),
        ("a,b,y\n" + "1,,0\n2,?,1\n" * 9, [], "column 'b' is empty; leave it out by --ignore"),
        (
            "a;b;y\n" + "1;1,5;0\n2;2,25;1\n" * 9,
            [],
            "line 2, column 'b': '1,5' is no finite number; write it as",
        ),
        (
            "a,b,y\n" + "1,2,0\n2,3,1\n" * 9 + "1,two,0\n",
            [],
            "line 20, column 'b': 'two' is no finite number",
        ),
        (
            "a,b,y\n" + "1,2,0\n2,3,1\n" * 9 + "1,inf,0\n",
            [],
            "line 20, column 'b': 'inf' is no finite number",
        ),
    ],
)
def test_train_names_a_column_that_it_cannot_learn_from(folder, capsys, content, options, message):
    Path("f.csv").write_text(content)
    assert main(["train", "f.csv", *options]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    ignoring = ["--ignore", "b", "--ignore", "y", "--target", "a", "--epochs", "1"]
    assert main(["train", "f.csv", *ignoring]) == 2
    assert "there is no column beside the target 'a'" in capsys.readouterr().err
    if "--strict" not in options:
        assert main(["train", "f.csv", "--ignore", "b", "--epochs", "1"]) == 0


def test_train_refuses_a_target_with_decimal_commas(folder, capsys):
    Path("f.csv").write_text("x;y\n" + "1;0,5\n2;1,5\n" * 10)
    assert main(["train", "f.csv"]) == 2
    assert "column 'y': '0,5' is no finite number; write it as in 1234.5" in capsys.readouterr().err
