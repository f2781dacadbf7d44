"""The first line of a table: whether it holds names or a row, and what the commands report."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from written_tables import SMALL, table

from autograd.cli.parser import main
from autograd.files import io
from autograd.tables.table import read_table

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
def test_train_reports_whether_it_took_the_first_line_for_names_or_a_row(folder, capsys, name):
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
def test_train_refuses_to_guess_about_a_first_line_that_the_rows_contradict(folder, capsys, name):
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
        if code:  # for example if a text is then among numbers
            assert re.search("is no finite number|is none", answer["error"])
            continue
        assert ([*answer["features"], answer["target"]], answer["rows"]) == (names, rows)


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_predict_and_evaluate_read_the_first_line_as_in_the_table_of_the_training(folder, capsys, command):
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


def test_predict_and_evaluate_name_a_header_line_that_the_model_does_not_expect(folder, capsys):
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
def test_header_options_are_refused_for_files_of_arrays(folder, rng, capsys, option):
    np.save("t.npy", rng.normal(size=(30, 3)))
    assert main(["train", "t.npy", option]) == 2
    assert capsys.readouterr().err == (
        "error: t.npy: --header and --no-header are for text, and this file holds arrays\n"
    )
    assert main(["train", "t.npy", "--epochs", "1"]) == 0
    assert main(["predict", "t.model.npz", "t.npy", "--json"]) == 0


def test_predict_notes_a_first_line_that_lacks_the_names_of_the_model(folder, capsys):
    Path("t.csv").write_text(table(["2019", "2020", "y"], SMALL, SMALL, ["a", "b"]))
    assert main(["train", "t.csv", "--header", "--epochs", "1", "--quiet"]) == 0
    Path("other.csv").write_text(table(["2018", "2020"], SMALL, SMALL))
    assert main(["predict", "t.model.npz", "other.csv"]) == 0
    told = capsys.readouterr()
    assert told.out.count("\n") == 31
    assert "note: other.csv: line 1 was taken for a row, since its cells are not the names" in told.err
