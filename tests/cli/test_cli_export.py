"""The command export: models as ONNX, and as Python."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from written_tables import FLATS, SAVED

from autograd import Net
from autograd.cli.parser import main
from autograd.files import io


def test_export_writes_what_the_net_writes_under_a_name_made_from_the_models(folder, capsys, trained):
    columns = "the columns area, rooms, district, heating, built"
    assert main(["export", str(trained), "--to", "onnx"]) == 0
    assert capsys.readouterr().out == f"wrote an ONNX model that takes {columns}: flats.onnx\n"
    assert main(["export", str(trained), "--to", "python"]) == 0
    assert capsys.readouterr().out == f"wrote a Python module that takes {columns}: flats_model.py\n"
    assert Path("flats_model.py").read_text("utf-8") == Net.load(trained).to_source()
    Net.load(trained).to_onnx("again.onnx")
    assert Path("flats.onnx").read_bytes() == Path("again.onnx").read_bytes()
    assert sorted(p.name for p in folder.iterdir()) == ["again.onnx", "flats.onnx", "flats_model.py"]


def test_the_python_module_predicts_what_predict_prints(folder, capsys, trained):
    assert main(["export", str(trained), "--to", "python", "--output", "flats.py"]) == 0
    assert main(["predict", str(trained), str(FLATS), "--output", "answers.csv"]) == 0
    program = "import csv, flats; print(*flats.predict(csv.DictReader(open('f.csv'))), sep='\\n')"
    Path("f.csv").write_text(FLATS.read_text())
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True)
    with open("answers.csv") as file:
        wanted = [float(row["rent"]) for row in csv.DictReader(file)]
    assert np.array(done.stdout.split(), float) == pytest.approx(wanted, rel=1e-5)  # that file has 6 digits


def test_export_reports_in_json_what_it_wrote(folder, capsys):
    model = str(SAVED / "format-1-flowers.npz")
    assert main(["export", model, "--to", "onnx", "--output", "f.onnx", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out) == {
        "model": model,
        "to": "onnx",
        "output": "f.onnx",
        "bytes": Path("f.onnx").stat().st_size,
        "features": ["long", "wide"],
        "target": "kind",
        "classes": ["rose", "tulip"],
    }
    assert told.err == "wrote an ONNX model that takes the columns long, wide: f.onnx\n"


def test_nets_that_train_has_not_saved_are_exported_as_they_are(folder, capsys):
    net = Net(2, [3, 1], "tanh")
    net.save("net.safetensors")
    assert main(["export", "net.safetensors", "--to", "onnx"]) == 0
    assert capsys.readouterr().out == "wrote an ONNX model that takes rows of 2 numbers: net.onnx\n"
    (found,) = onnxruntime.InferenceSession("net.onnx").run(None, {"X": np.ones((1, 2))})
    assert found == pytest.approx(net.predict([[1, 1]]), rel=1e-12)
    net.save("own.npz", preprocessing={"divide by": 255})
    assert main(["export", "own.npz", "--to", "python", "--json"]) == 0
    told = capsys.readouterr()
    assert "the model's preprocessing is not that of train: the file has it as data" in told.err
    found = json.loads(told.out)
    assert (found["features"], found["target"], found["classes"]) == ([], None, [])
    assert "PREPROCESSING = {'divide by': 255}" in Path("own_model.py").read_text()


def test_mistakes_are_told_in_one_line_and_nothing_is_written(folder, capsys, trained, monkeypatch):
    model, bytes_ = Path("m.npz"), trained.read_bytes()
    model.write_bytes(bytes_)
    arrays, header = io.read(model)
    io.write("odd.npz", arrays, {**header, "preprocessing": header["preprocessing"] | {"mean": []}})
    Path("junk.npz").write_text("junk")
    files = sorted(folder.iterdir())
    for arguments, message in [
        (["none.npz", "--to", "onnx"], "none.npz: there is no such model"),
        (["junk.npz", "--to", "onnx"], "junk.npz: not a file written by array-autograd"),
        (["odd.npz", "--to", "python"], "odd.npz: its table and its net do not belong together"),
        (["m.npz", "--to", "python", "--output", "m.npz"], "m.npz is the input itself"),
        (["m.npz", "--to", "python", "--output", "m.onnx"], "--to python does not go with --output m.onnx"),
        (["m.npz", "--to", "onnx", "--output", "m.py"], "--to onnx does not go with --output m.py"),
        (["m.npz", "--to", "onnx", "--output", "none/m.onnx"], "there is no such folder: 'none'"),
    ]:
        assert main(["export", *arguments]) == 2
        told = capsys.readouterr().err
        assert message in told
        assert told.count("\n") == 1
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert main(["export", "m.npz", "--to", "onnx"]) == 2
    assert "an ONNX file needs an optional dependency" in capsys.readouterr().err
    assert sorted(folder.iterdir()) == files
    assert model.read_bytes() == bytes_


@pytest.mark.parametrize("to", ["onnx", "python"])
def test_a_file_that_cannot_be_completed_leaves_the_old_one(folder, capsys, trained, monkeypatch, to):
    def refuse(*paths):
        raise OSError(28, "No space left on device")

    Path("out").write_text("old")
    monkeypatch.setattr(os, "replace", refuse)
    assert main(["export", str(trained), "--to", to, "--output", "out"]) == 2
    assert capsys.readouterr().err.startswith("error: No space left on device: ")
    assert [(file.name, file.read_text()) for file in folder.iterdir()] == [("out", "old")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["m.npz"], "the following arguments are required: --to"),
        (["m.npz", "--to", "onyx"], "unknown format 'onyx': the known ones are onnx, python; did you mean"),
    ],
)
def test_a_format_that_is_missing_or_unknown_gives_the_usage(capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        main(["export", *arguments])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
