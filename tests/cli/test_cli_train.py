"""The command train: what it learns, prints and saves."""

import gzip
import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from written_tables import DIGITS, FLATS, flowers, line_data, lines

from autograd.cli import train as train_command
from autograd.cli.parser import main
from autograd.files import io
from autograd.nn import Net
from autograd.support.progress import Report
from autograd.training import History, loop

# Learning -----------------------------------------------------------------------------------------


def test_train_learns_to_read_digits_and_predict_writes_them(folder, capsys, pictures):
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


def test_train_with_the_same_seed_writes_the_same_model(folder, rng):
    Path("f.csv").write_text(lines(flowers(rng), ["long", "wide", "kind"]))
    for name, seed in (("a.npz", "3"), ("b.npz", "3"), ("c.npz", "4")):
        assert main(["train", "f.csv", "--epochs", "3", "--seed", seed, "--output", name]) == 0
    a, b, c = (Net.load(name).values for name in ("a.npz", "b.npz", "c.npz"))
    assert (a == b).all()
    assert (a != c).any()


def test_train_takes_text_labels_for_classes_and_the_last_column_for_the_target(folder, rng, capsys):
    Path("f.csv").write_text(lines(flowers(rng), ["long", "wide", "kind"]))
    assert main(["train", "f.csv", "--epochs", "200"]) == 0
    assert "'kind', one of 2 classes" in capsys.readouterr().out
    Path("new.csv").write_text("wide,long\n0,5\n0,-1\n")  # no target, and another order
    assert main(["predict", "f.model.npz", "new.csv"]) == 0
    assert capsys.readouterr().out.split() == ["rose", "tulip"]


def test_train_reads_a_file_without_column_names(folder, rng, capsys):
    Path("f.csv").write_text(lines(flowers(rng)))
    assert main(["train", "f.csv", "--target", "3", "--epochs", "200"]) == 0
    Path("new.csv").write_text("5,0\n-1,0\n")
    capsys.readouterr()
    assert main(["predict", "f.model.npz", "new.csv"]) == 0
    assert capsys.readouterr().out.split() == ["rose", "tulip"]


def test_train_takes_a_numeric_target_for_a_regression(folder, rng, capsys):
    Path("line.csv").write_text(line_data(rng, whole=False))
    assert main(["train", "line.csv", "--epochs", "200"]) == 0
    told = capsys.readouterr().out
    assert "'y', a number" in told
    assert float(told.split("R² ")[1].split(")")[0]) > 0.99
    Path("new.csv").write_text("x\n1\n-1\n")
    assert main(["predict", "line.model.npz", "new.csv"]) == 0
    assert [float(a) for a in capsys.readouterr().out.split()] == pytest.approx([12, 8], abs=0.5)


def test_train_takes_few_whole_numbers_for_classes_unless_regression_is_asked_for(folder, rng, capsys):
    Path("line.csv").write_text(line_data(rng, whole=True))
    assert main(["train", "line.csv", "--epochs", "2"]) == 0
    assert "one of 13 classes" in capsys.readouterr().out
    assert main(["train", "line.csv", "--epochs", "2", "--regression"]) == 0
    assert "'y', a number" in capsys.readouterr().out


def test_train_writes_a_model_as_a_safetensors_file(folder, capsys, pictures):
    assert main(["train", str(FLATS), "--epochs", "1", "--output", "flats.safetensors"]) == 0
    assert sorted(p.name for p in folder.iterdir()) == ["flats.safetensors", "flats.training.png"]
    capsys.readouterr()
    assert main(["predict", "flats.safetensors", str(FLATS)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 240


def test_train_learns_the_same_from_inputs_that_are_made_batch_by_batch(folder, monkeypatch):
    command = ["train", str(FLATS), "--epochs", "3", "--patience", "2", "--quiet", "--output"]
    assert main([*command, "at_once.npz"]) == 0
    monkeypatch.setattr(train_command, "AT_ONCE", 0)
    assert main([*command, "by_batch.npz"]) == 0
    assert (Net.load("at_once.npz").values == Net.load("by_batch.npz").values).all()


# Preprocessing ---------------------------------------------------------------------------------


def test_train_computes_scales_from_the_training_rows_only(folder, rng):
    x = rng.normal(size=50)
    Path("f.csv").write_text(lines(zip(x, 3 * x, strict=True), ["x", "y"]))
    assert main(["train", "f.csv", "--epochs", "1", "--seed", "5"]) == 0
    kept = np.random.default_rng(5).permutation(50)[10:]  # a fifth is held out
    scaling = io.read_header("f.model.npz")["preprocessing"]
    assert scaling["mean"] == [pytest.approx(x[kept].mean(), rel=1e-12)]
    assert scaling["target_spread"] == pytest.approx(3 * x[kept].std(), rel=1e-12)


def test_train_takes_labels_for_the_same_however_a_number_is_written(folder, capsys):
    Path("f.csv").write_text("x,y\n" + "1,0\n5,1.0\n1,0.0\n5,1\n" * 5)
    assert main(["train", "f.csv", "--epochs", "300"]) == 0
    assert "one of 2 classes" in capsys.readouterr().out
    assert main(["predict", "f.model.npz", "f.csv"]) == 0
    told = capsys.readouterr()
    assert told.out.split() == ["0", "1"] * 10
    assert told.err == "20 rows: accuracy 100.0%\n"


@pytest.mark.parametrize(
    "labels",
    [("01234", "1234"), ("1E1", "10", "1A", "2B", "x"), ("12345678901234567890", "12345678901234567891")],
)
def test_train_keeps_labels_that_are_codes_unchanged(folder, capsys, labels):
    Path("f.csv").write_text("x,y\n" + "".join(f"{i},{name}\n" for i, name in enumerate(labels)) * 10)
    assert main(["train", "f.csv", "--epochs", "300"]) == 0
    assert f"one of {len(labels)} classes" in capsys.readouterr().out
    assert main(["predict", "f.model.npz", "f.csv"]) == 0
    assert capsys.readouterr().out.split() == list(labels) * 10


def test_a_constant_column_does_not_dominate_predictions_of_rows_where_it_differs(folder, capsys):
    Path("f.csv").write_text("a,b,y\n" + "".join(f"{i},0.1,{i}.5\n" for i in range(60)))
    assert main(["train", "f.csv", "--epochs", "200"]) == 0
    Path("new.csv").write_text("a,b,y\n30,0.2,30.5\n")
    capsys.readouterr()
    assert main(["predict", "f.model.npz", "new.csv"]) == 0
    told = capsys.readouterr()
    assert abs(float(told.out) - 30.5) < 10
    assert "R²" not in told.err  # R² is not defined for a single row


def test_train_learns_from_the_largest_and_smallest_floats(folder, capsys):
    for cells in (("1e308", "-1e308"), ("0", "1e-200"), ("1e-320", "5e-324")):
        Path("t.csv").write_text("a,b\n" + "".join(f"{cells[0]},x\n{cells[1]},y\n" for _ in range(20)))
        assert main(["train", "t.csv"]) == 0
        told = capsys.readouterr()
        assert "accuracy 100.0%" in told.out, cells
        assert "Warning" not in told.err


def inputs_by_hand(rows, scaling):
    """The inputs of the net for rows of flats, computed by hand."""
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


def test_a_model_keeps_the_levels_of_text_columns_and_the_medians_for_missing_numbers(folder, capsys):
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


# Options ---------------------------------------------------------------------------------------


def test_the_options_of_train_are_passed_to_the_net_and_its_training(folder, capsys, monkeypatch):
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


def test_train_with_patience_chooses_the_epoch_and_measures_the_result_on_different_rows(
    folder, capsys, monkeypatch
):
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


def test_train_with_patience_reports_the_epoch_whose_weights_it_kept(folder, capsys):
    command = ["train", str(FLATS), "--epochs", "30", "--patience", "2", "--lr", "0.1", "--quiet", "--json"]
    assert main(command) == 0
    found = json.loads(capsys.readouterr().out)
    best, epochs = found["best"], found["epochs"]
    assert 1 <= best == epochs - 2  # patience ended the training two epochs after the best
    assert epochs < 30
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
def test_train_refuses_a_held_out_share_that_leaves_too_few_rows(folder, capsys, options, message):
    assert main(["train", str(FLATS), *options]) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert (told.out, list(folder.iterdir())) == ("", [])


def test_train_refuses_a_table_with_one_row(folder, capsys):
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


def test_train_refuses_a_net_that_does_not_fit_into_memory(folder, capsys, monkeypatch):
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


def test_train_refuses_a_bad_path_for_the_model_before_the_training(folder, rng, capsys):
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


def test_train_without_matplotlib_draws_no_picture_and_says_what_to_install(folder, rng, capsys):
    Path("f.csv").write_text(lines(flowers(rng)))
    assert main(["train", "f.csv", "--epochs", "1"]) == 0
    assert "no picture: a picture needs an optional dependency; in the folder" in capsys.readouterr().out
    assert sorted(p.name for p in folder.iterdir()) == ["f.csv", "f.model.npz"]


# Ctrl-C ----------------------------------------------------------------------------------------


def test_ctrl_c_ends_train_and_saves_the_model(folder, capsys, monkeypatch):
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


def test_ctrl_c_outside_the_training_ends_the_command_in_one_line(folder, capsys, monkeypatch):
    monkeypatch.setattr(train_command, "read_table", lambda *_, **__: signal.raise_signal(signal.SIGINT))
    assert main(["train", str(FLATS)]) == 130
    assert capsys.readouterr().err == "interrupted\n"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("sign", ["", "-"])
def test_train_tells_of_whole_numbers_that_are_the_same_to_a_float(sign, folder, capsys):
    ids = [sign + "9007199254740992", sign + "9007199254740993", "7"]
    Path("t.csv").write_text("id,y\n" + "".join(f"{ids[i % 3]},{'ab'[i % 2]}\n" for i in range(30)))
    assert main(["train", "t.csv", "--epochs", "1"]) == 0
    assert f"id: '{ids[1]}' is the same number as another cell, to a float" in capsys.readouterr().out
    Path("u.csv").write_text("id,y\n" + "".join(f"{ids[i % 2 * 2]},{'ab'[i % 2]}\n" for i in range(30)))
    assert main(["train", "u.csv", "--epochs", "1"]) == 0
    assert "same number" not in capsys.readouterr().out
