"""`Net.to_onnx`: onnxruntime computes what the net does, with the preprocessing of a table inside."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from exports import ACTIVATIONS, NUMBERS, exact, predicted, random_net, table_net, unit
from written_tables import FLATS, SAVED

from autograd import Net, __version__
from autograd.cli import main
from autograd.errors import MissingExtraError, OptionError
from autograd.export import onnx as exporter

TOLERANCE = {"float64": 1e-12, "float32": 1e-6}  # relative to the largest number


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "net.onnx")


def session(path):
    onnx.checker.check_model(path, full_check=True)
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def column(cells):
    """Cells as a column of numbers or text of a model of a table."""
    kind = object if isinstance(cells[0], str) else float
    return np.array(cells, kind).reshape(-1, 1)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_onnxruntime_computes_the_outputs_of_random_nets(rng, path, activation, dtype):
    for _ in range(5):
        net = random_net(rng, activation, dtype)
        net.to_onnx(path)
        run = session(path)
        assert [(x.name, x.shape) for x in run.get_inputs()] == [("X", ["rows", net.n_in])]
        assert [(x.name, x.shape) for x in run.get_outputs()] == [("Y", ["rows", net.n_out])]
        for rows in (0, 1, 500):
            X = rng.normal(size=(rows, net.n_in)).astype(dtype)
            (found,) = run.run(None, {"X": X})
            wanted = net.predict(X)
            assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
            scale = np.abs(wanted).max(initial=0)
            np.testing.assert_allclose(found, wanted, rtol=0, atol=TOLERANCE[dtype] * scale)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_each_activation_has_its_own_digits_in_onnxruntime_far_from_0_and_near(path, activation):
    """In float64, for very negative numbers too, where they are tiny, but for onnxruntime's own sigmoid."""
    unit(activation).to_onnx(path)
    (found,) = session(path).run(None, {"X": NUMBERS[:, None]})
    wanted = [float(exact(activation, x)) for x in NUMBERS]
    atol = 3e-16 if activation == "sigmoid" else 1e-300
    np.testing.assert_allclose(found[:, 0], wanted, rtol=2e-13, atol=atol)


def test_gelu_of_infinity_is_infinite_in_onnxruntime(path):
    unit("gelu").to_onnx(path)
    (found,) = session(path).run(None, {"X": np.array([[np.inf]])})
    assert found.tolist() == [[np.inf]]


def test_layers_of_different_activations_follow_each_other(rng, path):
    net = random_net(rng, "gelu", output_activation="softplus")
    net.to_onnx(path)
    X = rng.normal(size=(9, net.n_in))
    np.testing.assert_allclose(session(path).run(None, {"X": X})[0], net.predict(X), rtol=1e-12)


# Tables ------------------------------------------------------------------------------------------


def test_a_model_of_train_takes_columns_and_predicts_what_the_command_predicts(tmp_path, path, capsys):
    model, flats = tmp_path / "flats.npz", FLATS.read_text().splitlines()
    assert main(["train", str(FLATS), "--epochs", "3", "--quiet", "--output", str(model)]) == 0
    names, *rows = [line.split(",") for line in flats]
    rows += [["", "2", "moon", "gas", "1990", "1"], ["50", "?", "", "", "", "1"]]
    (tmp_path / "f.csv").write_text("\n".join(",".join(row) for row in [names, *rows]))
    Net.load(model).to_onnx(path)
    cells = dict(zip(names, zip(*rows, strict=True), strict=True))
    feeds = {
        name: column([float(x) if x not in ("", "?") else np.nan for x in cells[name]])
        for name in ("area", "rooms", "built")
    }
    feeds |= {name: column(cells[name]) for name in ("district", "heating")}
    run = session(path)
    assert [x.name for x in run.get_inputs()] == ["area", "rooms", "district", "heating", "built"]
    assert {x.name: x.type for x in run.get_inputs()} == {
        name: "tensor(string)" if name in ("district", "heating") else "tensor(double)" for name in feeds
    }
    assert [(x.name, x.shape) for x in run.get_outputs()] == [("rent", ["rows", 1])]
    (found,) = run.run(None, feeds)
    wanted = predicted(capsys, model, tmp_path / "f.csv")["predictions"]
    assert found[:, 0] == pytest.approx(wanted, rel=1e-12)
    nothing = {name: cells[:0] for name, cells in feeds.items()}
    assert run.run(None, nothing)[0].shape == (0, 1)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_a_model_of_classes_gives_labels_and_probabilities(tmp_path, path, capsys, dtype):
    net = table_net(["a", "b", "c"], "kind", ["no", "yes", "å"], {"b": ["x", "y z"]}, dtype=dtype)
    net.to_onnx(path)
    net.save(tmp_path / "m.npz")
    (tmp_path / "f.csv").write_text("c,a,b\n" + "".join(f"{7 * i - 40},{9 - 5 * i},y z\n" for i in range(12)))
    wanted = predicted(capsys, tmp_path / "m.npz", tmp_path / "f.csv", "--proba")
    c, a = np.arange(12) * 7.0 - 40, 9 - 5.0 * np.arange(12)
    label, proba = session(path).run(
        ["kind", "probabilities"], {"a": column(a), "b": column(["y z"] * 12), "c": column(c)}
    )
    assert label[:, 0].tolist() == wanted["predictions"]
    assert len(set(wanted["predictions"])) > 1
    np.testing.assert_allclose(proba, wanted["probabilities"], atol=TOLERANCE[dtype])
    properties = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert json.loads(properties["classes"]) == ["no", "yes", "å"]


def test_a_model_of_numbers_in_float32_gives_float64(path):
    net = table_net(["a", "b"], "y", dtype="float32")
    net.to_onnx(path)
    mean, spread = (np.array(net.preprocessing[key]) for key in ("mean", "spread"))
    (found,) = session(path).run(None, {"a": column([3.0, -8.0]), "b": column([4.0, 9.0])})
    wanted = net.predict(([[3.0, 4.0], [-8.0, 9.0]] - mean) / spread) * 30.0 + 7.0
    assert found.dtype == np.float64
    assert found == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("levels", [{}, {"a": ["x"], "b": ["y", "z"]}, {"a": [], "b": ["y"]}])
def test_tables_of_numbers_or_of_text_alone_and_texts_without_levels_are_exported(path, levels):
    net = table_net(["a", "b"], "y", levels=levels)
    net.to_onnx(path)
    feeds = {"a": column(["x"] if levels else [3.0]), "b": column(["z"] if levels else [4.0])}
    mean, spread = (np.array(net.preprocessing[key]) for key in ("mean", "spread"))
    cells = {"a": "x", "b": "z"}
    hot = [[float(cells[name] == text) for name, known in levels.items() for text in known]]
    X = hot if levels else ([[3.0, 4.0]] - mean) / spread
    (found,) = session(path).run(None, feeds)
    assert found == pytest.approx(net.predict(X) * 30.0 + 7.0, rel=1e-12)


def test_columns_may_have_the_names_of_parts_of_the_graph(path):
    names = ["gemm", "probabilities", "layers.0.weight", "number", "levels of X", "softmax", "X"]
    levels = {"X": ["u", "v"]}
    net, plain = (
        table_net(called, "gemm y", ["0", "1"], {called[-1]: levels["X"]})
        for called in (names, ["a", "b", "c", "d", "e", "f", "g"])
    )
    found = []
    for model in (net, plain):
        model.to_onnx(path)
        cells = [column([float(i), 2.0]) for i in range(6)] + [column(["v", "u"])]
        feeds = dict(zip(model.preprocessing["features"], cells, strict=True))
        found.append(session(path).run(None, feeds))
    assert found[0][1].tolist() == found[1][1].tolist()


def test_missing_numbers_stay_missing_in_models_of_early_versions(path):
    Net.load(SAVED / "format-1-line.npz").to_onnx(path)
    (found,) = session(path).run(None, {"x": column([1.0, np.nan])})
    assert found[0] == pytest.approx(12.1391, rel=1e-5)
    assert np.isnan(found[1])


# Files -------------------------------------------------------------------------------------------


def test_the_file_says_what_made_it_and_keeps_a_preprocessing_of_the_users_own(path):
    net = Net(2, [1])
    net.to_onnx(path)
    model = onnx.load(path)
    assert (model.producer_name, model.producer_version) == ("array-autograd", __version__)
    assert not model.metadata_props
    net.preprocessing = {"divide by": [255, 0.1]}
    net.to_onnx(path)
    (entry,) = onnx.load(path).metadata_props
    assert (entry.key, json.loads(entry.value)) == ("preprocessing", net.preprocessing)
    assert [x.name for x in session(path).get_inputs()] == ["X"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"preprocessing": {"a": {1}}}, "to_onnx() wants preprocessing of JSON's types: "),
        ({"preprocessing": {"a": float("nan")}}, "to_onnx() wants preprocessing of JSON's types: "),
        (
            {"preprocessing": table_net(["a", ""], "y").preprocessing},
            "to_onnx() wants a name for each column, as ONNX does",
        ),
    ],
)
def test_what_no_onnx_file_can_hold_is_refused_and_the_old_file_stays(path, change, message):
    net = Net(2, [1])
    Path(path).write_text("old")
    vars(net).update(change)
    with pytest.raises(OptionError) as error:
        net.to_onnx(path)
    assert str(error.value).startswith(message)
    assert Path(path).read_text() == "old"


def test_a_file_that_cannot_be_completed_leaves_the_old_one(path, monkeypatch):
    def refuse(*paths):
        raise OSError(28, "the disk is gone")

    Path(path).write_text("old")
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="the disk is gone"):
        Net(2, [1]).to_onnx(path)
    assert [file.read_text() for file in Path(path).parent.iterdir()] == ["old"]


def test_a_net_beyond_the_size_of_onnx_files_is_refused(path, monkeypatch):
    monkeypatch.setattr(exporter, "LARGEST", 100)
    Net(2, [4], dtype="float64").to_onnx(path)
    with pytest.raises(OptionError, match=r"wants a net of at most 100 bytes, .* got 120"):
        Net(2, [5]).to_onnx(path)


def test_a_folder_that_does_not_exist_is_an_os_error_and_without_onnx_the_way_out_is_told(path, monkeypatch):
    with pytest.raises(FileNotFoundError):
        Net(1, [1]).to_onnx(path + "/none/net.onnx")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"an ONNX file needs .* pip install '\.\[onnx\]'"):
        Net(1, [1]).to_onnx(path)
    assert not Path(path).exists()
