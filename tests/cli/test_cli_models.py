"""The commands that use a model: predict, evaluate and info."""

import json
from pathlib import Path

import numpy as np
import pytest
from written_tables import FLATS, SAVED, flowers, lines

from autograd.cli.parser import main
from autograd.files import io
from autograd.nn import Net

# predict ------------------------------------------------------------------------------------------


def test_predict_proba_writes_the_softmax_of_the_outputs(folder, capsys):
    model = str(SAVED / "format-1-flowers.npz")
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
    assert main(["predict", str(SAVED / "format-1-line.npz"), "f.csv", "--proba"]) == 2
    assert "--proba is for classes" in capsys.readouterr().err
    assert main(["predict", model, "f.csv", "--output", "f.csv"]) == 2
    assert "f.csv is the input itself" in capsys.readouterr().err


def test_predict_reads_models_of_earlier_formats(folder, capsys):
    """The models are of version 0.1.0, before it supported text and missing numbers."""
    Path("f.csv").write_text("wide,long\n0,5\n0,-1\n")
    assert main(["predict", str(SAVED / "format-1-flowers.npz"), "f.csv"]) == 0
    assert capsys.readouterr().out.split() == ["rose", "tulip"]
    Path("x.csv").write_text("x\n1\n-1\n")
    assert main(["predict", str(SAVED / "format-1-line.npz"), "x.csv"]) == 0
    assert capsys.readouterr().out.split() == ["12.1391", "7.92702"]
    Path("x.csv").write_text("x\n1\n?\n")
    assert main(["predict", str(SAVED / "format-1-line.npz"), "x.csv"]) == 2
    assert (
        capsys.readouterr().err == "error: x.csv, line 3, column 'x': '?' is no finite number; correct it\n"
    )


def test_predict_writes_a_prediction_that_json_cannot_hold_as_null(folder, capsys):
    Path("f.csv").write_text("x\n1\n1.7e308\n")
    assert main(["predict", str(SAVED / "format-1-line.npz"), "f.csv", "--json"]) == 0
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert found["predictions"] == [pytest.approx(12, abs=0.5), None]


def test_predict_ignores_an_empty_target_column(folder, capsys, trained):
    Path("new.csv").write_text("area,rooms,heating,district,built,rent\n50,2,gas,hill,1990,\n")
    assert main(["predict", str(trained), "new.csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("50,2,hill,gas,", "line 3, column 'built': the cell is empty"),
        ("50,2,moon,gas,1990", "line 3, column 'district': 'moon' is none of its 4 levels"),
        ("50,2,hill,,1990", "line 3, column 'heating': '' is none of its 4 levels"),
    ],
)
def test_predict_strict_refuses_missing_cells_and_unknown_levels(folder, capsys, trained, row, message):
    Path("new.csv").write_text(f"area,rooms,district,heating,built\n50,2,hill,gas,1990\n{row}\n")
    assert main(["predict", str(trained), "new.csv", "--strict"]) == 2
    assert capsys.readouterr().err == f"error: new.csv, {message}; correct it, or leave out --strict\n"


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
def test_predict_refuses_a_model_with_inconsistent_preprocessing(folder, rng, capsys, change):
    Path("f.csv").write_text(lines(flowers(rng), ["long", "wide", "kind"]))
    assert main(["train", "f.csv", "--epochs", "1"]) == 0
    arrays, header = io.read("f.model.npz")
    io.write("f.model.npz", arrays, {**header, "preprocessing": header["preprocessing"] | change})
    capsys.readouterr()
    assert main(["predict", "f.model.npz", "f.csv"]) == 2
    assert capsys.readouterr().err.startswith("error: f.model.npz: its table")


def test_predict_reports_bad_tables_and_models_in_one_line(folder, rng, capsys):
    Path("f.csv").write_text(lines(flowers(rng), ["long", "wide", "kind"]))
    assert main(["train", "f.csv", "--epochs", "1"]) == 0
    Path("other.csv").write_text("long,height\n1,2\n")
    Path("strange.csv").write_text("long,wide,kind\n1,2,daisy\n")
    Path("junk.npz").write_text("junk")
    Net(1, [1]).save("net.npz")
    capsys.readouterr()
    for model, file, message in [
        ("none.npz", "f.csv", "none.npz: there is no such model; train FILE --output none.npz makes it"),
        ("junk.npz", "f.csv", "junk.npz: not a file written by array-autograd"),
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


def test_predict_names_all_columns_missing_from_a_table_at_once(folder, capsys, trained):
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


# evaluate --------------------------------------------------------------------------------------


def test_evaluate_reports_precision_and_recall_of_each_class(folder, capsys):
    Path("f.csv").write_text("long,wide,kind\n5,0,rose\n5,0,rose\n5,0,tulip\n-1,0,tulip\n")
    assert main(["evaluate", str(SAVED / "format-1-flowers.npz"), "f.csv"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "4 rows: accuracy 75.0%"
    assert [line.split() for line in told[1:]] == [
        ["class", "rows", "precision", "recall"],
        ["rose", "2", "66.7%", "100.0%"],
        ["tulip", "2", "100.0%", "50.0%"],
    ]
    Path("rose.csv").write_text("long,wide,kind\n5,0,rose\n")
    assert main(["evaluate", str(SAVED / "format-1-flowers.npz"), "rose.csv", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["classes"][1]
    assert found == {"class": "tulip", "rows": 0, "precision": None, "recall": None}


def test_evaluate_reports_the_errors_of_a_regression_and_draws_a_picture_if_asked(folder, capsys, pictures):
    model = str(SAVED / "format-1-line.npz")
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


# info ------------------------------------------------------------------------------------------


def test_info_describes_a_model(folder, capsys, trained):
    assert main(["info", str(trained)]) == 0
    told = capsys.readouterr().out
    assert str(Net.load(trained).summary()) in told
    assert "1665 parameters, float64" in told
    assert "target: 'rent', a number" in told
    assert "from 3 numbers: area, rooms, built" in told
    assert "from the text 'district', with 4 levels: harbour, hill, old town, station" in told
    Net(2, [3, 1], "tanh", dtype="float32").save("net.npz")
    assert main(["info", "net.npz", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["layers"], found["parameters"], found["dtype"]) == ([2, 3, 1], 13, "float32")
    assert (found["preprocessing"], found["bytes"]) == (None, Path("net.npz").stat().st_size)


# JSON ------------------------------------------------------------------------------------------


def test_commands_with_json_write_only_json_to_standard_output(folder, capsys, trained):
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
