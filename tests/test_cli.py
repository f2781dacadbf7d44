"""The command line, as a person uses it: what it prints, what it saves, what it says of mistakes."""

import contextlib
import gzip
import io as io_
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from autograd import plot
from autograd.cli import train as train_command
from autograd.cli.parser import main
from autograd.files import io
from autograd.nn import Net
from autograd.pictures import demos
from autograd.support.progress import Report
from autograd.tables.table import read_table
from autograd.training import History, loop

ROOT = Path(__file__).parent.parent
DIGITS = ROOT / "examples" / "digits.csv.gz"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def no_pictures(request, monkeypatch):
    """Most tests do without matplotlib, which takes longer than all the rest of them."""
    if "pictures" not in request.fixturenames:
        monkeypatch.setitem(sys.modules, "matplotlib.figure", None)


@pytest.fixture
def pictures():
    """For tests that look at pictures."""


def lines(rows, header=None):
    text = "\n".join(",".join(map(str, row)) for row in rows) + "\n"
    return text if header is None else ",".join(header) + "\n" + text


def flowers(rng, n=60):
    """Two kinds that one measure tells apart."""
    rows = []
    for i in range(n):
        kind = "rose" if i % 2 else "tulip"
        rows.append([round(rng.normal(i % 2 * 4), 3), round(rng.normal(), 3), kind])
    return rows


def cells(table):
    """The rows of a table, whose columns keep their text if they are few."""
    columns = [[column.levels[i] for i in column.codes] for column in table.columns.values()]
    return [list(row) for row in zip(*columns, strict=True)]


def test_it_learns_to_read_digits_and_predicts(folder, capsys, pictures):
    assert main(["train", str(DIGITS), "--target", "digit"]) == 0
    told = capsys.readouterr()
    assert "1797 rows of 64 numbers, and 'digit', one of 10 classes" in told.out
    accuracy = float(told.out.split("accuracy ")[1].split("%")[0])
    assert accuracy >= 96
    assert told.err.count("epoch ") == 10  # plain lines: this is no terminal
    assert sorted(p.name for p in folder.iterdir()) == ["digits.model.npz", "digits.training.png"]
    assert (folder / "digits.training.png").read_bytes().startswith(b"\x89PNG")
    assert Net.load("digits.model.npz").N == [64, 128, 10]

    assert main(["predict", "digits.model.npz", str(DIGITS)]) == 0
    told = capsys.readouterr()
    answers = told.out.split()
    with gzip.open(DIGITS, "rt") as file:
        truth = [line.strip().rpartition(",")[2] for line in file][1:]
    right = np.mean([a == t for a, t in zip(answers, truth, strict=True)])
    assert told.err == f"1797 rows: accuracy {right:.1%}\n"
    assert right > 0.98


def test_the_same_seed_gives_the_same_model(folder, rng):
    Path("f.csv").write_text(lines(flowers(rng), ["long", "wide", "kind"]))
    for name, seed in (("a.npz", "3"), ("b.npz", "3"), ("c.npz", "4")):
        assert main(["train", "f.csv", "--epochs", "3", "--seed", seed, "--output", name]) == 0
    a, b, c = (Net.load(name).values for name in ("a.npz", "b.npz", "c.npz"))
    assert (a == b).all()
    assert (a != c).any()


def test_text_labels_are_classes_and_the_last_column_is_the_target(folder, rng, capsys):
    Path("f.csv").write_text(lines(flowers(rng), ["long", "wide", "kind"]))
    assert main(["train", "f.csv", "--epochs", "200"]) == 0
    assert "'kind', one of 2 classes" in capsys.readouterr().out
    Path("new.csv").write_text("wide,long\n0,5\n0,-1\n")  # no target, and another order
    assert main(["predict", "f.model.npz", "new.csv"]) == 0
    assert capsys.readouterr().out.split() == ["rose", "tulip"]


def test_a_file_without_column_names_is_read_too(folder, rng, capsys):
    Path("f.csv").write_text(lines(flowers(rng)))
    assert main(["train", "f.csv", "--target", "3", "--epochs", "200"]) == 0
    Path("new.csv").write_text("5,0\n-1,0\n")
    capsys.readouterr()
    assert main(["predict", "f.model.npz", "new.csv"]) == 0
    assert capsys.readouterr().out.split() == ["rose", "tulip"]


def line_data(rng, whole):
    x = rng.uniform(-3, 3, 80)
    y = np.round(2 * x + 10) if whole else 2 * x + 10
    return lines(zip(x, y, strict=True), ["x", "y"])


def test_a_numeric_target_is_regression(folder, rng, capsys):
    Path("line.csv").write_text(line_data(rng, whole=False))
    assert main(["train", "line.csv", "--epochs", "200"]) == 0
    told = capsys.readouterr().out
    assert "'y', a number" in told
    assert float(told.split("R² ")[1].split(")")[0]) > 0.99
    Path("new.csv").write_text("x\n1\n-1\n")
    assert main(["predict", "line.model.npz", "new.csv"]) == 0
    assert [float(a) for a in capsys.readouterr().out.split()] == pytest.approx([12, 8], abs=0.5)


def test_few_whole_numbers_are_classes_unless_one_insists(folder, rng, capsys):
    Path("line.csv").write_text(line_data(rng, whole=True))
    assert main(["train", "line.csv", "--epochs", "2"]) == 0
    assert "one of 13 classes" in capsys.readouterr().out
    assert main(["train", "line.csv", "--epochs", "2", "--regression"]) == 0
    assert "'y', a number" in capsys.readouterr().out


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
            ["--seed", "6"],  # with which that row is held out
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
def test_a_mistake_is_told_in_one_line_and_nothing_is_written(
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


def test_scales_are_learnt_from_the_rows_that_are_trained_on(folder, rng):
    x = rng.normal(size=50)
    Path("f.csv").write_text(lines(zip(x, 3 * x, strict=True), ["x", "y"]))
    assert main(["train", "f.csv", "--epochs", "1", "--seed", "5"]) == 0
    kept = np.random.default_rng(5).permutation(50)[10:]  # a fifth is held out
    scaling = io.read_header("f.model.npz")["preprocessing"]
    assert scaling["mean"] == [pytest.approx(x[kept].mean(), rel=1e-12)]
    assert scaling["target_spread"] == pytest.approx(3 * x[kept].std(), rel=1e-12)


def test_labels_are_the_same_however_a_number_is_written(folder, capsys):
    Path("f.csv").write_text("x,y\n" + "1,0\n5,1.0\n1,0.0\n5,1\n" * 5)
    assert main(["train", "f.csv", "--epochs", "300"]) == 0
    assert "one of 2 classes" in capsys.readouterr().out
    assert main(["predict", "f.model.npz", "f.csv"]) == 0
    told = capsys.readouterr()
    assert told.out.split() == ["0", "1"] * 10
    assert told.err == "20 rows: accuracy 100.0%\n"


@pytest.mark.parametrize(
    "text", ["x;kind\n1;a\n9;b\n", "x\tkind\r\n1\ta\r\n9\tb\r\n", "\ufeffx,kind\n \n1,a\n9,b"]
)
def test_other_separators_and_line_ends_are_read_too(folder, text):
    Path("f.csv").write_bytes(text.encode())
    table = read_table("f.csv")
    assert (table.names, cells(table)) == (["x", "kind"], [["1", "a"], ["9", "b"]])


@pytest.mark.parametrize("first", [",1.0,x", "?,1.0,2.0", "n/a,2,no"])
def test_a_first_row_with_a_hole_is_a_row(folder, first):
    Path("f.csv").write_text(first + "\n" + "1,2,3\n" * 3)
    assert cells(read_table("f.csv"))[0] == first.split(",")


def test_separators_within_quotes_and_blank_lines_before_do_not_count(folder):
    Path("a.csv").write_text('"speed; km/h; mean",y\n1,2\n')
    assert read_table("a.csv").names == ["speed; km/h; mean", "y"]
    Path("b.csv").write_text('\n"a, cm";"b, kg";y\n1;2;3\n')
    assert read_table("b.csv").names == ["a, cm", "b, kg", "y"]


@pytest.mark.parametrize(
    "labels",
    [("01234", "1234"), ("1E1", "10", "1A", "2B", "x"), ("12345678901234567890", "12345678901234567891")],
)
def test_labels_that_are_codes_stay_as_they_are(folder, capsys, labels):
    Path("f.csv").write_text("x,y\n" + "".join(f"{i},{name}\n" for i, name in enumerate(labels)) * 10)
    assert main(["train", "f.csv", "--epochs", "300"]) == 0
    assert f"one of {len(labels)} classes" in capsys.readouterr().out
    assert main(["predict", "f.model.npz", "f.csv"]) == 0
    assert capsys.readouterr().out.split() == list(labels) * 10


def test_a_column_that_is_the_same_in_all_rows_is_not_blown_up(folder, capsys):
    Path("f.csv").write_text("a,b,y\n" + "".join(f"{i},0.1,{i}.5\n" for i in range(60)))
    assert main(["train", "f.csv", "--epochs", "200"]) == 0
    Path("new.csv").write_text("a,b,y\n30,0.2,30.5\n")
    capsys.readouterr()
    assert main(["predict", "f.model.npz", "new.csv"]) == 0
    told = capsys.readouterr()
    assert abs(float(told.out) - 30.5) < 10
    assert "R²" not in told.err  # of a single row there is none


def test_a_name_that_is_a_number_is_a_name_above_numbers(folder):
    Path("f.csv").write_text("long,2019\n1,2\n3,4\n")
    assert read_table("f.csv").names == ["long", "2019"]


def test_the_place_for_the_model_is_looked_at_before_training(folder, rng, capsys):
    Path("f.csv").write_text(lines(flowers(rng)))
    for output, message in [
        ("nowhere/m.npz", "there is no such folder: 'nowhere'"),
        (str(folder), "that is a folder"),
        ("/proc/m.npz", "no file can be written into the folder: '/proc'"),
        ("f.csv", "error: f.csv is the input itself"),
    ]:
        assert main(["train", "f.csv", "--output", output]) == 2
        told = capsys.readouterr()
        assert message in told.err
        assert "training" not in told.out
        assert list(folder.iterdir()) == [folder / "f.csv"]


@pytest.mark.parametrize(
    "change",
    [
        {"mean": None},
        {"mean": [0.0]},
        {"classes": ["a"]},
        {"features": ["long"]},
        {"spread": ["a", "b"]},
        {"x": 1},
        {"features": 5},
        {"classes": None},
        {"mean": [10**400, 1]},
        {"mean": ["1", "2"]},
        {"spread": [0.0, 1.0]},
    ],
)
def test_a_model_whose_parts_do_not_fit_is_refused(folder, rng, capsys, change):
    Path("f.csv").write_text(lines(flowers(rng), ["long", "wide", "kind"]))
    assert main(["train", "f.csv", "--epochs", "1"]) == 0
    arrays, header = io.read("f.model.npz")
    io.write("f.model.npz", arrays, {**header, "preprocessing": header["preprocessing"] | change})
    capsys.readouterr()
    assert main(["predict", "f.model.npz", "f.csv"]) == 2
    assert capsys.readouterr().err.startswith("error: f.model.npz: its table")


def test_predict_tells_its_mistakes_too(folder, rng, capsys):
    Path("f.csv").write_text(lines(flowers(rng), ["long", "wide", "kind"]))
    assert main(["train", "f.csv", "--epochs", "1"]) == 0
    Path("other.csv").write_text("long,height\n1,2\n")
    Path("strange.csv").write_text("long,wide,kind\n1,2,daisy\n")
    Path("junk.npz").write_text("junk")
    Net(1, [1]).save("net.npz")
    capsys.readouterr()
    for model, file, message in [
        ("none.npz", "f.csv", "none.npz: there is no such model; train FILE --output none.npz makes it"),
        ("junk.npz", "f.csv", "junk.npz: not a file that was saved here"),
        ("net.npz", "f.csv", "net.npz: a net, but not one that train has saved"),
        ("f.modl.npz", "f.csv", "f.modl.npz: there is no such model; did you mean 'f.model.npz'?"),
        ("f.csv", "f.model.npz", "npz nor a safetensors file; MODEL comes before FILE\n"),
        ("f.model.npz", "none.csv", "none.csv: there is no such file; give the path of a table"),
        ("f.model.npz", "othr.csv", "othr.csv: there is no such file; did you mean 'other.csv'?"),
        ("f.model.npz", "other.csv", "other.csv lacks what the model was trained on: wide; its columns are"),
        ("f.model.npz", "strange.csv", "line 2, column 'kind': 'daisy' is none of the 2 classes"),
    ]:
        assert main(["predict", model, file]) == 2
        told = capsys.readouterr()
        assert message in told.err
        assert told.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "\n    demo      "),  # the list of commands
        (["fly"], "unknown command 'fly'"),
        (["train"], "the following arguments are required: FILE"),
        (["train", "f.csv", "more.csv"], "autograd train: error: unrecognized arguments: more.csv"),
        (["train", "f.csv", "--epochs", "0"], "--epochs: wants a whole number of 1 or more, got '0'"),
        (["train", "f.csv", "--seed", "-1"], "--seed: wants a whole number of 0 or more, got '-1'"),
        (["train", "f.csv", "--lr", "nan"], "--lr: wants a number above 0, got 'nan'"),
        (["train", "f.csv", "--lr", "0"], "--lr: wants a number above 0, got '0'"),
        (["train", "f.csv", "--hidden", "8,"], "--hidden: wants sizes such as 128 or 64,32, got '8,'"),
        (["train", "f.csv", "--hidden", "16x8"], "--hidden: wants sizes such as 128 or 64,32, got '16x8'"),
        (["train", "f.csv", "--hidden", "8,0"], "--hidden: wants sizes such as 128 or 64,32, got '8,0'"),
        (["train", "f.csv", "--held-out", "1"], "wants a share from 0 to below 1, such as 0.2, got '1'"),
    ],
)
def test_a_command_that_is_none_is_answered_with_the_usage_and_exit_code_2(capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    told = capsys.readouterr().err
    assert "usage: python -m autograd" in told
    assert message in told


def test_a_wrong_command_has_no_json_and_the_help_says_so(capsys):
    with pytest.raises(SystemExit):
        main(["train", "f.csv", "--json", "--epochs", "ten"])
    assert capsys.readouterr().out == ""
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "but for a wrong command,\n  which gets its usage" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian", "f.csv"], "unknown command 'trian': the known ones are train, predict, "),
        (["trian", "f.csv"], "did you mean 'train'?"),
        (["--verison"], "unknown option '--verison': the known ones are -h, --help, --version; "),
        (["train", "f.csv", "--epcohs", "5"], "unknown option '--epcohs': the known ones are -h, --help, "),
        (["train", "f.csv", "--epcohs", "5"], "did you mean '--epochs'?"),
        (["train", "f.csv", "-epochs", "5"], "unknown option '-epochs'"),
        (["train", "f.csv", "--epcohs=5"], "unknown option '--epcohs'"),
        (["evaluate", "--picure", "p.png", "m.npz"], "did you mean '--picture'?"),
        (["demo", "--sed", "3", "sine"], "did you mean '--seed'?"),
        (["demo", "minimise"], "unknown demo 'minimise': the known ones are minimize, tiny, "),
        (["demo", "minimise"], "did you mean 'minimize'?"),
    ],
)
def test_a_misspelt_command_or_option_is_told_what_it_may_have_meant(capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    told = capsys.readouterr().err
    assert message in told
    assert "usage: python -m autograd" in told


def test_short_forms_values_below_0_and_names_after_two_dashes_are_no_misspelt_options(folder, capsys):
    Path("f.csv").write_text(line_data(np.random.default_rng(0), whole=False))
    assert main(["train", "--epoch", "1", "--lr=0.01", "--quiet", "--", "f.csv"]) == 0
    with pytest.raises(SystemExit):
        main(["train", "f.csv", "--seed", "-1"])
    assert "wants a whole number of 0 or more, got '-1'" in capsys.readouterr().err
    assert main(["info", "--", "--epcohs"]) == 2
    assert "--epcohs: there is no such model" in capsys.readouterr().err


def test_without_matplotlib_it_says_what_brings_the_picture(folder, rng, capsys):
    Path("f.csv").write_text(lines(flowers(rng)))
    assert main(["train", "f.csv", "--epochs", "1"]) == 0
    assert "no picture: a picture needs an optional dependency: pip install" in capsys.readouterr().out
    assert sorted(p.name for p in folder.iterdir()) == ["f.csv", "f.model.npz"]


def test_python_m_autograd_is_the_command_line(folder):
    done = subprocess.run(
        [sys.executable, "-m", "autograd", "train", "none.csv"],
        capture_output=True,
        text=True,
        env={**__import__("os").environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: none.csv: there is no such file; give the path of a table\n"


FLATS = ROOT / "examples" / "flats.csv"


def inputs_by_hand(rows, scaling):
    """What the net gets for rows of flats, written out."""
    names = ["area", "rooms", "district", "heating", "built"]
    numbers = [name for name in names if name not in scaling["levels"]]
    out = []
    for row in rows:
        line = []
        for name, mean, spread, median in zip(
            numbers, scaling["mean"], scaling["spread"], scaling["median"], strict=True
        ):
            cell = row[names.index(name)]
            line.append(((median if cell == "" else float(cell)) - mean) / spread)
        for name, known in scaling["levels"].items():
            line += [float(row[names.index(name)] == level) for level in known]
        out.append(line)
    return np.array(out)


def test_text_is_one_hot_and_missing_numbers_are_the_median_as_the_model_remembers(folder, capsys):
    assert main(["train", str(FLATS), "--epochs", "20", "--seed", "3"]) == 0
    told = capsys.readouterr().out
    assert "240 rows of 3 numbers and 2 texts, and 'rent', a number" in told
    assert "built: 20 missing, by median" in told
    assert "district: 4 levels, one-hot; heating: 4 levels, one-hot" in told
    rows = [line.split(",") for line in FLATS.read_text().splitlines()[1:]]
    kept = np.random.default_rng(3).permutation(240)[48:]
    scaling = Net.load("flats.model.npz").preprocessing
    median = scaling["median"]
    assert median[2] == np.median([float(rows[i][4]) for i in kept if rows[i][4]])
    assert scaling["levels"] == {
        "district": ["harbour", "hill", "old town", "station"],
        "heating": ["district", "gas", "oil", "stove"],
    }
    new = [
        ["50", "2", "hill", "gas", ""],
        ["50", "2", "moon", "", "1990"],
        ["50", "?", "hill", "oil", "1990"],
    ]
    Path("new.csv").write_text(lines(new, ["area", "rooms", "district", "heating", "built"]))
    assert main(["predict", "flats.model.npz", "new.csv"]) == 0
    told = capsys.readouterr()
    new[2][1] = ""
    wanted = Net.load("flats.model.npz").predict(inputs_by_hand(new, scaling))[:, 0]
    wanted = wanted * scaling["target_spread"] + scaling["target_mean"]
    assert [float(line) for line in told.out.split()] == pytest.approx(wanted.tolist(), rel=1e-5)
    assert told.err == (
        f"note: rooms: 1 missing, by median {median[1]:g}; built: 1 missing, by median {median[2]:g}; "
        "district: 1 of no known level ('moon'), all zeros; heating: 1 of no known level (empty), all zeros\n"
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("50,2,hill,gas,", "line 3, column 'built': the cell is empty"),
        ("50,2,moon,gas,1990", "line 3, column 'district': 'moon' is none of its 4 levels"),
        ("50,2,hill,,1990", "line 3, column 'heating': '' is none of its 4 levels"),
    ],
)
def test_strict_takes_nothing_that_the_model_does_not_know(folder, capsys, trained, row, message):
    Path("new.csv").write_text(f"area,rooms,district,heating,built\n50,2,hill,gas,1990\n{row}\n")
    assert main(["predict", str(trained), "new.csv", "--strict"]) == 2
    assert capsys.readouterr().err == f"error: new.csv, {message}; correct it, or leave out --strict\n"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model of flats, from so few epochs that it knows little."""
    path = tmp_path_factory.mktemp("model") / "flats.model.npz"
    assert main(["train", str(FLATS), "--epochs", "2", "--quiet", "--output", str(path)]) == 0
    return path


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
def test_columns_that_cannot_be_learned_from_are_named(folder, capsys, content, options, message):
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


def test_inputs_that_are_made_batch_by_batch_teach_the_same(folder, monkeypatch):
    command = ["train", str(FLATS), "--epochs", "3", "--patience", "2", "--quiet", "--output"]
    assert main([*command, "at_once.npz"]) == 0
    monkeypatch.setattr(train_command, "AT_ONCE", 0)
    assert main([*command, "by_batch.npz"]) == 0
    assert (Net.load("at_once.npz").values == Net.load("by_batch.npz").values).all()


def test_the_options_of_train_reach_the_training(folder, capsys, monkeypatch):
    given = {}

    def fit(net, X, y, **options):
        given.update(options, rows=len(X), sizes=net.N)
        return History(loss=[1.0])

    monkeypatch.setattr(Net, "fit", fit)
    command = ["train", str(FLATS), "--hidden", "7,5", "--lr", "0.01", "--batch-size", "9", "--patience", "4"]
    assert main([*command, "--held-out", "0.25", "--epochs", "6", "--quiet"]) == 0
    assert given["sizes"] == [11, 7, 5, 1]
    assert (given["lr"], given["batch_size"], given["patience"], given["epochs"]) == (0.01, 9, 4, 6)
    assert (given["rows"], len(given["validation"][0]), given["progress"]) == (180, 30, False)
    told = capsys.readouterr()
    assert told.out == told.err == ""
    assert main(["train", str(FLATS), "--held-out", "0"]) == 0
    assert (given["rows"], given["validation"], given["batch_size"]) == (240, None, 32)
    assert "held out" not in capsys.readouterr().out


def test_the_rows_that_choose_the_epoch_do_not_tell_how_well_it_went(folder, capsys, monkeypatch):
    Path("f.csv").write_text("x,y\n" + "".join(f"{i},{i % 7}.5\n" for i in range(100)))  # no row twice
    learned, watched, told = [], [], []

    def fit(net, X, y, *, validation, **options):
        learned.extend(X[:, 0])
        watched.extend(validation[0][:, 0])
        return History(loss=[1.0])

    def outputs(net, inputs):
        told.extend(inputs.make(slice(None))[:, 0])
        yield np.zeros((len(inputs), 1))

    monkeypatch.setattr(Net, "fit", fit)
    monkeypatch.setattr(train_command, "outputs", outputs)
    assert main(["train", "f.csv", "--patience", "5"]) == 0
    assert (len(learned), len(watched), len(told)) == (80, 10, 10)
    assert len({*learned, *watched, *told}) == 100
    lines = capsys.readouterr().out
    assert "on 80 rows, and choosing the epoch on 10 others" in lines
    assert "on the 10 rows held out from both: " in lines


def test_with_patience_the_epoch_that_was_kept_is_told(folder, capsys):
    command = ["train", str(FLATS), "--epochs", "30", "--patience", "2", "--lr", "0.1", "--quiet", "--json"]
    assert main(command) == 0
    found = json.loads(capsys.readouterr().out)
    best, epochs = found["best"], found["epochs"]
    assert 1 <= best <= epochs <= 30
    assert best == epochs - 2 or epochs == 30
    assert main([name for name in command if name not in ("--quiet", "--json")]) == 0
    assert f"kept the weights of epoch {best} of {epochs}, the best\n" in capsys.readouterr().out
    assert main(["train", str(FLATS), "--epochs", "1", "--quiet", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["best"] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--held-out", "0.99"],
            "--held-out 0.99 leaves 2 of 240 rows to learn from; at least 5 are wanted: ",
        ),
        (["--patience", "5", "--held-out", "0"], "--patience chooses the epoch on half of the rows held out"),
        (["--patience", "5", "--held-out", "0.004"], "--held-out 0.004 makes that 1 of 240: give a larger"),
    ],
)
def test_a_share_that_leaves_too_few_rows_is_refused(folder, capsys, options, message):
    assert main(["train", str(FLATS), *options]) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert (told.out, list(folder.iterdir())) == ("", [])


def test_one_row_is_no_rows(folder, capsys):
    Path("f.csv").write_text("x,note,y\n" + "".join(f"{i},same,{i}.5\n" for i in range(10)))
    assert main(["train", "f.csv", "--epochs", "1", "--patience", "1"]) == 0
    told = capsys.readouterr().out
    assert "10 rows of 1 number and 1 text, and 'y'" in told
    assert "note: 1 level, one-hot" in told
    assert "on 8 rows, and choosing the epoch on 1 other\n" in told
    assert "on the 1 row held out from both: " in told
    assert main(["info", "f.model.npz"]) == 0
    told = capsys.readouterr().out
    assert "from 1 number: x" in told
    assert "with 1 level: same" in told
    Path("one.csv").write_text("x,note,y\n1,same,1\n")
    assert main(["evaluate", "f.model.npz", "one.csv"]) == 0
    assert capsys.readouterr().out.startswith("1 row: ")
    assert main(["predict", "f.model.npz", "one.csv", "--output", "a.csv"]) == 0
    told = capsys.readouterr()
    assert (told.out, told.err[:7]) == ("wrote 1 prediction: a.csv\n", "1 row: ")
    Path("one.csv").write_text("x,note,y\n1,other,1\n")
    assert main(["predict", "f.model.npz", "one.csv", "--strict"]) == 2
    assert "'other' is none of its 1 level;" in capsys.readouterr().err


def test_a_model_may_be_a_safetensors_file(folder, capsys, pictures):
    assert main(["train", str(FLATS), "--epochs", "1", "--output", "flats.safetensors"]) == 0
    assert sorted(p.name for p in folder.iterdir()) == ["flats.safetensors", "flats.training.png"]
    capsys.readouterr()
    assert main(["predict", "flats.safetensors", str(FLATS)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 240


def test_evaluate_counts_what_was_right_of_each_class(folder, capsys):
    files = ROOT / "tests" / "files"
    Path("f.csv").write_text("long,wide,kind\n5,0,rose\n5,0,rose\n5,0,tulip\n-1,0,tulip\n")
    assert main(["evaluate", str(files / "format-1-flowers.npz"), "f.csv"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "4 rows: accuracy 75.0%"
    assert [line.split() for line in told[1:]] == [
        ["class", "rows", "precision", "recall"],
        ["rose", "2", "66.7%", "100.0%"],
        ["tulip", "2", "100.0%", "50.0%"],
    ]
    Path("rose.csv").write_text("long,wide,kind\n5,0,rose\n")
    assert main(["evaluate", str(files / "format-1-flowers.npz"), "rose.csv", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["classes"][1]
    assert found == {"class": "tulip", "rows": 0, "precision": None, "recall": None}


def test_evaluate_measures_numbers_and_draws_if_asked(folder, capsys, pictures):
    model = str(ROOT / "tests" / "files" / "format-1-line.npz")
    x = np.linspace(-2, 2, 9)
    Path("f.csv").write_text(lines(zip(x, 2 * x + 9, strict=True), ["x", "y"]))
    assert main(["predict", model, "f.csv", "--json"]) == 0
    errors = np.array(json.loads(capsys.readouterr().out)["predictions"]) - (2 * x + 9)
    assert main(["evaluate", model, "f.csv", "--json", "--picture", "p.svg"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rmse"] == pytest.approx(np.sqrt((errors**2).mean()))
    assert found["mae"] == pytest.approx(np.abs(errors).mean())
    assert found["r2"] == pytest.approx(1 - (errors**2).sum() / ((2 * x - 2 * x.mean()) ** 2).sum())
    assert sorted(p.name for p in folder.iterdir()) == ["f.csv", "p.svg"]


def test_models_of_before_are_read(folder, capsys):
    """They were saved by version 0.1.0 before it knew of text and missing numbers."""
    files = ROOT / "tests" / "files"
    Path("f.csv").write_text("wide,long\n0,5\n0,-1\n")
    assert main(["predict", str(files / "format-1-flowers.npz"), "f.csv"]) == 0
    assert capsys.readouterr().out.split() == ["rose", "tulip"]
    Path("x.csv").write_text("x\n1\n-1\n")
    assert main(["predict", str(files / "format-1-line.npz"), "x.csv"]) == 0
    assert capsys.readouterr().out.split() == ["12.1391", "7.92702"]
    Path("x.csv").write_text("x\n1\n?\n")
    assert main(["predict", str(files / "format-1-line.npz"), "x.csv"]) == 2
    assert (
        capsys.readouterr().err == "error: x.csv, line 3, column 'x': '?' is no finite number; correct it\n"
    )


def test_probabilities_are_the_softmax_of_the_outputs(folder, capsys):
    model = str(ROOT / "tests" / "files" / "format-1-flowers.npz")
    Path("f.csv").write_text("long,wide\n2.4,0.1\n2.5,0.2\n")
    assert main(["predict", model, "f.csv", "--proba", "--output", "answers.csv"]) == 0
    assert capsys.readouterr().out == "wrote 2 predictions: answers.csv\n"
    head, *rows = Path("answers.csv").read_text().splitlines()
    assert head == "kind,p(rose),p(tulip)"
    net = Net.load(model)
    scaling = net.preprocessing
    outputs = np.exp(net.predict((np.array([[2.4, 0.1], [2.5, 0.2]]) - scaling["mean"]) / scaling["spread"]))
    for row, wanted in zip(rows, outputs / outputs.sum(axis=1, keepdims=True), strict=True):
        label, *found = row.split(",")
        assert list(map(float, found)) == pytest.approx(wanted.tolist(), rel=1e-5)
        assert label == ["rose", "tulip"][wanted.argmax()]
    assert main(["predict", model, "f.csv", "--proba"]) == 0
    assert capsys.readouterr().out.splitlines() == [head, *rows]
    assert main(["predict", model, "f.csv", "--json", "--proba"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["predictions"] == [row.split(",")[0] for row in rows]
    assert np.sum(found["probabilities"], axis=1) == pytest.approx([1, 1])
    assert main(["predict", str(ROOT / "tests" / "files" / "format-1-line.npz"), "f.csv", "--proba"]) == 2
    assert "--proba is for classes" in capsys.readouterr().err
    assert main(["predict", model, "f.csv", "--output", "f.csv"]) == 2
    assert "f.csv is the input itself" in capsys.readouterr().err


def test_info_says_what_a_model_is(folder, capsys, trained):
    assert main(["info", str(trained)]) == 0
    told = capsys.readouterr().out
    assert "net: 11-128-1, 1665 parameters in float64" in told
    assert "target: 'rent', a number" in told
    assert "from 3 numbers: area, rooms, built" in told
    assert "from the text 'district', with 4 levels: harbour, hill, old town, station" in told
    Net(2, [3, 1], "tanh", dtype="float32").save("net.npz")
    assert main(["info", "net.npz", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["layers"], found["parameters"], found["dtype"]) == ([2, 3, 1], 13, "float32")
    assert (found["preprocessing"], found["bytes"]) == (None, Path("net.npz").stat().st_size)


def test_json_is_all_that_standard_output_gets(folder, capsys, trained):
    for command in (
        ["train", str(FLATS), "--epochs", "1"],
        ["predict", str(trained), str(FLATS)],
        ["evaluate", str(trained), str(FLATS)],
        ["info", str(trained)],
        ["train", "none.csv"],
    ):
        code = main([*command, "--json"])
        told = capsys.readouterr()
        found = json.loads(told.out)
        assert (code, "error" in found) == ((2, True) if "none.csv" in command else (0, False))
        assert told.err
    assert found == {"error": "none.csv: there is no such file; give the path of a table"}


def test_numbers_that_json_does_not_have_are_null(folder, capsys):
    Path("f.csv").write_text("x\n1\n1.7e308\n")
    assert main(["predict", str(ROOT / "tests" / "files" / "format-1-line.npz"), "f.csv", "--json"]) == 0
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert found["predictions"] == [pytest.approx(12, abs=0.5), None]


def test_ctrl_c_ends_a_training_and_keeps_what_was_learned(folder, capsys, monkeypatch):
    def interrupted(total, *rest, **options):
        for i in range(total):
            if i == 2:
                signal.raise_signal(signal.SIGINT)
            yield Report()

    monkeypatch.setattr(loop, "track", interrupted)
    assert main(["train", str(FLATS), "--epochs", "50", "--json"]) == 130
    told = capsys.readouterr()
    assert "interrupted after 2 epochs; what was learned until then is kept" in told.err
    assert (json.loads(told.out)["interrupted"], Net.load("flats.model.npz").N) == (True, [11, 128, 1])


def test_ctrl_c_at_any_other_time_ends_in_one_line(folder, capsys, monkeypatch):
    monkeypatch.setattr(train_command, "read_table", lambda *_, **__: signal.raise_signal(signal.SIGINT))
    assert main(["train", str(FLATS)]) == 130
    assert capsys.readouterr().err == "interrupted\n"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("module", ["numpy", "autograd.nn", "autograd.cli.parser", "autograd.cli.train"])
@pytest.mark.parametrize("script", [True, False])
def test_ctrl_c_while_modules_are_imported_ends_it_without_a_word(folder, module, script):
    (folder / "sitecustomize.py").write_text(
        "import signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name == {module!r}:\n"
        "            signal.raise_signal(signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    entry = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]["autograd"]
    place, _, function = entry.partition(":")
    (folder / "autograd").write_text(f"import sys\nfrom {place} import {function}\nsys.exit({function}())\n")
    done = subprocess.run(
        [sys.executable, *(["autograd"] if script else ["-m", "autograd"]), "info", "none.npz"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"},
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_output_that_cannot_be_written_is_told_and_a_closed_pipe_is_not(folder, options, trained):
    command = [sys.executable, "-m", "autograd", "predict", str(trained), str(FLATS), *options]
    running = {
        "stderr": subprocess.PIPE,
        "text": True,
        "cwd": ROOT,
        "env": {**os.environ, "PYTHONUNBUFFERED": ""},
    }
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, **running)
    assert done.returncode == 2
    assert done.stderr.endswith("error: No space left on device (writing the output)\n")
    assert re.search("Exception|Traceback", done.stderr) is None
    if not options:
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(command, stdout=writer, **running)
        os.close(writer)
        assert done.returncode == 0
        assert re.search("error: |Exception|Traceback", done.stderr) is None


def test_a_demo_tells_what_came_out_and_films_it(folder, capsys, pictures, short_films):
    assert main(["demo", "tiny", "--seed", "2", "--output", "t.gif"]) == 0
    told = capsys.readouterr().out.splitlines()
    found = demos.tiny(seed=2)
    assert told == [f"tiny: epochs 100, loss {found['loss']:.6g}", "saved a film: t.gif"]
    assert Path("t.gif").read_bytes().startswith(b"GIF89a")
    assert main(["demo", "tiny", "--seed", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"demo": "tiny", "picture": "tiny.gif", **found}
    assert main(["demo", "tiny", "--output", "none/t.gif"]) == 2
    assert capsys.readouterr().err == "error: there is no such folder: 'none'\n"
    assert main(["demo", "tiny", "--output", "t.bmp"]) == 2
    assert "'.bmp'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            ["demo", "digits", "--output", "d.gif"],
            "kind of picture '.gif': the known ones are .png, .svg, .pdf, ",
        ),
        (["demo", "digits", "--output", "d"], "unknown kind of picture ''"),
        (["demo", "sine", "--output", "s.png"], "unknown kind of film '.png': the known ones are .gif, .mp4"),
        (["evaluate", "none.npz", "f.csv", "--picture", "p.csv"], "unknown kind of picture '.csv'"),
    ],
)
def test_a_name_that_no_picture_has_is_told_before_the_work(
    folder, capsys, monkeypatch, pictures, command, message
):
    for name in ("fit", "__call__"):
        monkeypatch.setattr(Net, name, lambda *_, **__: pytest.fail("it works already"))
    assert main(command) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert (told.err.count("\n"), told.out, list(folder.iterdir())) == (1, "", [])


def test_a_net_that_does_not_fit_into_memory_is_refused(folder, capsys, monkeypatch):
    for sizes in ("99999999999", "999999,999999"):
        assert main(["train", str(FLATS), "--hidden", sizes]) == 2
        told = capsys.readouterr().err
        assert f"error: to train a net 11-{sizes.replace(',', '-')}-1 takes about " in told
        assert told.endswith("; give smaller layers by --hidden\n")
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 1000, "SC_PHYS_PAGES": 100}.__getitem__)
    assert main(["train", str(FLATS), "--epochs", "1"]) == 2
    assert "this machine has 0; give" in capsys.readouterr().err
    assert list(folder.iterdir()) == []
    assert main(["train", str(FLATS), "--epochs", "1", "--hidden", "2"]) == 0
    monkeypatch.delattr(os, "sysconf")
    assert main(["train", str(FLATS), "--epochs", "1"]) == 0


def test_what_is_missing_from_a_table_is_told_at_once(folder, capsys, trained):
    Path("new.csv").write_text("area,rooms,heating\n50,2,gas\n")
    assert main(["predict", str(trained), "new.csv"]) == 2
    wanted = (
        "new.csv lacks what the model was trained on: district, built; its columns are area, rooms, heating"
    )
    assert capsys.readouterr().err == f"error: {wanted}\n"
    Path("new.csv").write_text("area,rooms,heating,district,built\n50,2,gas,hill,1990\n")
    assert main(["evaluate", str(trained), "new.csv"]) == 2
    assert "new.csv has no column 'rent', which the model predicts" in capsys.readouterr().err
    assert main(["train", str(FLATS), "--target", "rent", "--ignore", "rent"]) == 2
    assert "'rent' is the --target, and cannot be left out" in capsys.readouterr().err


def test_a_demo_runs_without_matplotlib_and_says_what_is_missing(folder, capsys):
    assert main(["demo", "tiny", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["picture"] is None
    assert "no picture: a picture needs an optional dependency: pip install" in told.err
    assert main(["demo", "tiny", "--output", "t.gif"]) == 2
    assert list(folder.iterdir()) == []


def examples_of(*command):
    """The commands that a --help shows."""
    told = io_.StringIO()
    with contextlib.redirect_stdout(told), pytest.raises(SystemExit) as stop:
        main([*command, "--help"])
    assert stop.value.code == 0
    start = "  " + " ".join(["python -m autograd", *command]) + " "
    found = [line for line in told.getvalue().splitlines() if line.startswith(start)]
    return [shlex.split(line.removeprefix("  python -m autograd")) for line in found]


def test_the_examples_of_every_help_run(folder, capsys, pictures, short_films, monkeypatch):
    monkeypatch.setattr(plot, "save", lambda picture, path: Path(path).touch())  # drawing takes long
    (folder / "examples").symlink_to(ROOT / "examples")
    page = (ROOT / "docs" / "command-line.md").read_text()
    shown = re.findall(r"^(?:python -m )?autograd (.*)$", page, re.MULTILINE)
    found = [*examples_of("train"), *(shlex.split(line) for line in shown), *examples_of()]
    for command in ("predict", "evaluate", "info", "demo"):
        found += examples_of(command)
    assert len(found) >= 20
    for command in found:
        assert main(command) == 0, command
    capsys.readouterr()


def test_the_comparison_runs_without_any_peer(tmp_path):
    """One net, one round: what needs no more than this library agrees, and is written down."""
    command = [sys.executable, str(ROOT / "benchmarks" / "compare.py"), "--small", "--rounds", "1"]
    done = subprocess.run(
        [*command, "--seconds", "0.001", "--output", str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "1-20-20-1, 50 rows" in done.stdout
    assert "NumPy by hand" in (tmp_path / "RESULTS.md").read_text()
    assert (tmp_path / "results.svg").read_text().startswith("<?xml")


def test_a_target_that_is_there_but_empty_is_predicted(folder, capsys, trained):
    Path("new.csv").write_text("area,rooms,heating,district,built,rent\n50,2,gas,hill,1990,\n")
    assert main(["predict", str(trained), "new.csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_decimal_commas_in_a_target_are_no_classes(folder, capsys):
    Path("f.csv").write_text("x;y\n" + "1;0,5\n2;1,5\n" * 10)
    assert main(["train", "f.csv"]) == 2
    assert "column 'y': '0,5' is no finite number; write it as in 1234.5" in capsys.readouterr().err


# The first line -----------------------------------------------------------------------------------


def table(names, *columns, rows=30):
    """Rows of random cells, each out of what a column may have."""
    draw = np.random.default_rng(len(columns))
    body = [[draw.choice(cells) for cells in columns] for _ in range(rows)]
    return lines(body, names)


SMALL = np.round(np.linspace(0.1, 9.7, 200), 3)
GUESSES = {
    "pandas, a text below": (table(["0", "1", "2"], SMALL, SMALL, ["yes", "no"]), ["0", "1", "2"]),
    "names above numbers": (table(["a", "b"], SMALL, SMALL), ["a", "b"]),
    "names above texts": (table(["a", "b"], ["x", "y"], ["yes", "no"]), ["a", "b"]),
    "numbers alone": (table(None, SMALL, SMALL), ["1", "2"]),
    "0 and 1 of numbers": ("0,1\n" + table(None, SMALL, SMALL), ["1", "2"]),
    "a row with a label": (table(None, SMALL, ["yes", "no"]), ["1", "2"]),
    "a row with a rare label": (
        "1.5,perhaps,x\n" + table(None, SMALL, ["a", "b", "c"], ["x", "y"]) + "1,often,y\n",
        ["1", "2", "3"],
    ),
}


@pytest.mark.parametrize("name", GUESSES)
def test_train_says_what_it_took_the_first_line_for(folder, capsys, name):
    content, names = GUESSES[name]
    Path("t.csv").write_text(content)
    assert main(["train", "t.csv", "--epochs", "1"]) == 0
    headed = names[0] == content.partition(",")[0]
    what = (
        "the names of the columns (--no-header if it is a row)"
        if headed
        else "a row, and the columns are called 1, 2 and so on (--header if it has their names)"
    )
    assert capsys.readouterr().out.startswith(f"t.csv: line 1 was taken for {what}\n")
    known = io.read_header("t.model.npz")["preprocessing"]
    assert ([*known["features"], known["target"]], known["headed"]) == (names, headed)
    assert read_table("t.csv").rows == content.count("\n") - headed


DOUBTS = {
    "texts without names": (
        "red,small,yes\n" + table(None, ["red", "blue"], ["small", "big"], ["yes", "no"]),
        r"the names of the columns, but 'red' stands in its column again",
    ),
    "a number above texts": (
        "5,city,kind\n" + table(None, ["oslo", "rome"], ["small", "big"], ["yes", "no"]),
        r"a row, but '5' is a number, and below it are texts",
    ),
    "years above numbers": (
        table(["city", "2019", "2020"], ["oslo", "rome"], SMALL, SMALL),
        r"a row, but 'city' stands in no other row, and each other text of its column in several",
    ),
    "a label that is none": (
        table(["0.3", "kind"], SMALL, ["yes", "no"]),
        r"a row, but 'kind' stands in no other row",
    ),
    "pandas, numbers below": (
        table(["0", "1", "2"], SMALL, SMALL, SMALL),
        r"a row, but it counts from 0, as pandas does for columns without names",
    ),
    "a year above classes": (
        table(["5", "2020"], SMALL, ["0", "1"]),
        r"a row, but the target's class '2020' stands in no other row",
    ),
    "a hole and a year above classes": (
        table(["?", "7", "2020"], SMALL, SMALL, ["0", "1.0"]),
        r"a row, but the target's class '2020' stands in no other row",
    ),
    "a text above a hole and numbers": ("a,3\n,4\n" + table(None, SMALL, SMALL), r"a row, but 'a' is a text"),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_a_first_line_that_the_others_contradict_is_asked_about(folder, capsys, name):
    content, doubt = DOUBTS[name]
    Path("t.csv").write_text(content)
    assert main(["train", "t.csv", "--epochs", "1"]) == 2
    told = capsys.readouterr().err
    assert re.match(f"error: t.csv, line 1: it was taken for {doubt}.*; say --header if", told)
    for option, names, rows in (
        ("--header", content.split("\n")[0].split(","), content.count("\n") - 1),
        (
            "--no-header",
            [str(i + 1) for i in range(content.split("\n")[0].count(",") + 1)],
            content.count("\n"),
        ),
    ):
        code = main(["train", "t.csv", "--epochs", "1", option, "--json"])
        answer = json.loads(capsys.readouterr().out)
        if code:  # as when a text then stands among numbers
            assert re.search("is no finite number|is none", answer["error"])
            continue
        assert ([*answer["features"], answer["target"]], answer["rows"]) == (names, rows)


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_a_model_is_used_on_tables_that_are_like_its_own(folder, capsys, command):
    content = "red,small,yes\n" + table(None, ["red", "blue"], ["small", "big"], ["yes", "no"])
    Path("t.csv").write_text(content)
    for option, rows in (("--no-header", 31), ("--header", 30)):
        assert main(["train", "t.csv", "--epochs", "1", option, "--quiet"]) == 0
        assert main([command, "t.model.npz", "t.csv", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["rows"] == rows
    Path("numbers.csv").write_text(table(["2019", "2020"], SMALL, SMALL))
    assert main(["train", "numbers.csv", "--epochs", "1", "--header", "--quiet"]) == 0
    assert main([command, "numbers.model.npz", "numbers.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 30


def test_a_table_with_names_for_a_model_of_one_without_is_told(folder, capsys):
    Path("t.csv").write_text(table(None, SMALL, SMALL))
    assert main(["train", "t.csv", "--epochs", "1", "--no-header", "--quiet"]) == 0
    Path("u.csv").write_text("\narea,rent\n" + Path("t.csv").read_text())
    for command in ("predict", "evaluate"):
        assert main([command, "t.model.npz", "u.csv"]) == 2
        assert capsys.readouterr().err.startswith(
            "error: u.csv, line 2: there is no number where the model wants one; if the line has the names "
            "of columns, leave it out"
        )


@pytest.mark.parametrize("option", ["--header", "--no-header"])
def test_arrays_have_no_first_line(folder, rng, capsys, option):
    np.save("t.npy", rng.normal(size=(30, 3)))
    assert main(["train", "t.npy", option]) == 2
    assert capsys.readouterr().err == (
        "error: t.npy: --header and --no-header are for text, and this file holds arrays\n"
    )
    assert main(["train", "t.npy", "--epochs", "1"]) == 0
    assert main(["predict", "t.model.npz", "t.npy", "--json"]) == 0


def test_long_names_are_cut_wherever_they_are_listed(folder, capsys):
    names = [f"{'x' * 3000}{i}" for i in range(40)]
    columns = [SMALL] * 39 + [["y" * 2000, "z" * 2000]]
    Path("t.csv").write_text(table(names, *columns))
    for options in (["--target", "x" * 3000], ["--target", names[-1], "--hidden", "2", "--epochs", "1"]):
        main(["train", "t.csv", *options])
    main(["evaluate", "t.model.npz", "t.csv"])
    main(["info", "t.model.npz"])
    Path("u.csv").write_text(table(["a", "b"], SMALL, SMALL))
    main(["predict", "t.model.npz", "u.csv"])
    told = capsys.readouterr()
    assert "accuracy" in told.out
    assert "lacks what the model was trained on" in told.err
    assert max(map(len, (told.out + told.err).split("\n"))) < 3000


# What is written, and where -----------------------------------------------------------------------


def test_numbers_as_large_or_as_small_as_there_are_can_be_learned(folder, capsys):
    for cells in (("1e308", "-1e308"), ("0", "1e-200"), ("1e-320", "5e-324")):
        Path("t.csv").write_text("a,b\n" + "".join(f"{cells[0]},x\n{cells[1]},y\n" for _ in range(20)))
        assert main(["train", "t.csv"]) == 0
        told = capsys.readouterr()
        assert "accuracy 100.0%" in told.out, cells
        assert "Warning" not in told.err


LABELS = table(["a", "b"], SMALL, ["あ", "い"])


def use(folder, command, encoding=None, **options):
    """Run a command as a shell does, where the output is in an encoding that most labels are not of."""
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "LC_ALL": "C",
    }
    env |= {"PYTHONIOENCODING": encoding} if encoding else {}
    command = f"{shlex.quote(sys.executable)} -m autograd {command}"
    return subprocess.run(command, shell=True, cwd=folder, env=env, capture_output=True, **options)


@pytest.mark.parametrize("options", ["", " --proba"])
def test_labels_are_written_as_they_are_or_not_at_all(folder, options):
    Path("t.csv").write_text(LABELS, "utf-8")
    assert use(folder, "train t.csv --quiet --epochs 1").returncode == 0
    done = use(folder, f"predict t.model.npz t.csv{options}", "cp1252")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == (
        "error: the output is in cp1252, which has no way to write '\\u3042'; set PYTHONIOENCODING=utf-8, or "
        "give --output a file\n"
    )
    expected = use(folder, f"predict t.model.npz t.csv{options}", "utf-8").stdout
    assert expected.count("い".encode()) > 5
    plain = "import locale, sys; print(sys.stdout.encoding)"
    assert (
        b"utf"
        not in subprocess.run(
            [sys.executable, "-c", plain],
            env={"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"},
            capture_output=True,
        ).stdout.lower()
    )
    assert use(folder, f"predict t.model.npz t.csv{options}").stdout == expected


def test_reports_show_what_an_encoding_lacks_by_its_number(folder):
    Path("t.csv").write_text(LABELS, "utf-8")
    assert use(folder, "train t.csv --quiet --epochs 1").returncode == 0
    done = use(folder, "evaluate t.model.npz t.csv", "cp1252")
    assert done.returncode == 0
    assert b"\\u3042" in done.stdout
    assert b"?" not in done.stdout


def test_a_closed_output_is_told_and_a_closed_standard_error_is_not_the_output(folder):
    Path("t.csv").write_text(LABELS, "utf-8")
    assert use(folder, "train t.csv --quiet --epochs 1").returncode == 0
    for command in ("predict t.model.npz t.csv", "evaluate t.model.npz t.csv", "info t.model.npz"):
        done = use(folder, f"{command} >&-")
        assert (done.returncode, done.stderr) == (
            2,
            b"error: the output is closed; >/dev/null throws it away\n",
        )
    whole, part = use(folder, "predict t.model.npz t.csv"), use(folder, "predict t.model.npz t.csv 2>&-")
    assert (part.returncode, part.stdout) == (0, whole.stdout)
    done = use(folder, "predict t.model.npz t.csv --output answers.csv >&-")
    assert (done.returncode, done.stderr[:9]) == (0, b"30 rows: ")
    assert len(Path("answers.csv").read_text("utf-8").splitlines()) == 1 + whole.stdout.count(b"\n")
    assert use(folder, "train t.csv --epochs 1 --output u.npz >&-").returncode == 0
    assert Path("u.npz").exists()


def link(kind, source, name):
    if kind == "the same":
        return source
    (os.symlink if kind == "a symlink" else os.link)(source, name)
    return name


@pytest.mark.parametrize("kind", ["the same", "a symlink", "a hard link"])
@pytest.mark.parametrize("written", ["model", "picture", "predictions", "drawing"])
def test_no_output_is_written_over_an_input(folder, capsys, pictures, kind, written):
    content = table(["a", "b"], SMALL, ["x", "y"])
    Path("t.csv").write_text(content)
    assert main(["train", "t.csv", "--quiet", "--epochs", "1", "--output", "m.npz"]) == 0
    capsys.readouterr()
    if written == "picture":
        Path("b.training.png").write_text(content)
        link(kind, "b.training.png", "c.training.png")
        command = ["train", "b.training.png", "--output", "b.npz" if kind == "the same" else "c.npz"]
    elif written == "model":
        command = ["train", "t.csv", "--output", link(kind, "t.csv", "t.npz")]
    elif written == "predictions":
        command = ["predict", "m.npz", "t.csv", "--output", link(kind, "t.csv", "answers.csv")]
    else:
        Path("t.png").write_text(content)
        command = ["evaluate", "m.npz", "t.png", "--picture", link(kind, "t.png", "answers.png")]
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert main(command) == 2
    assert "is the input itself; give the output another name" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_full_disk_is_told_with_the_name_of_the_file(folder, capsys, monkeypatch):
    Path("t.csv").write_text(table(["a", "b"], SMALL, ["x", "y"]))

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert main(["train", "t.csv", "--quiet", "--epochs", "1"]) == 2
    assert capsys.readouterr().err == f"error: No space left on device: '{folder}/t.model.npz'\n"
    assert [path.name for path in folder.iterdir()] == ["t.csv"]


def test_a_table_whose_names_the_model_does_not_know_is_not_taken_without_a_word(folder, capsys):
    Path("t.csv").write_text(table(["2019", "2020", "y"], SMALL, SMALL, ["a", "b"]))
    assert main(["train", "t.csv", "--header", "--epochs", "1", "--quiet"]) == 0
    Path("other.csv").write_text(table(["2018", "2020"], SMALL, SMALL))
    assert main(["predict", "t.model.npz", "other.csv"]) == 0
    told = capsys.readouterr()
    assert told.out.count("\n") == 31
    assert "note: other.csv: line 1 was taken for a row, since it has not the names" in told.err
