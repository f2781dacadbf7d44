"""`Net.to_source`: a module that needs the standard library alone computes what the net does."""

import csv
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from exports import ACTIVATIONS, NUMBERS, exact, predicted, random_net, table_net, unit
from written_tables import FLATS, SAVED

from autograd import Net
from autograd.cli import main
from autograd.errors import OptionError

USE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import written
function, rows = json.load(sys.stdin)
print(json.dumps(getattr(written, function)(rows)))
print(*sorted(name for name in sys.modules if name.partition(".")[0] not in sys.stdlib_module_names))
"""


@pytest.fixture
def used(tmp_path):
    """A function that writes the module of a net, and calls a function of it in a Python without packages."""

    def use(net, rows, function="predict"):
        (tmp_path / "written.py").write_bytes(net.to_source().encode())
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-W", "error", "-c", USE, str(tmp_path)],
            input=json.dumps([function, rows]),
            capture_output=True,
            text=True,
            check=True,
        )
        answers, modules = done.stdout.splitlines()
        assert modules.split() == ["__main__", "written"]
        return json.loads(answers)

    return use


def module(net):
    """The names of the module of a net."""
    names = {}
    exec(compile(net.to_source(), "written", "exec"), names)
    return names


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_module_computes_the_outputs_of_random_nets_in_float64(rng, used, activation, dtype):
    for _ in range(2):
        net = random_net(rng, activation, dtype)
        double = Net(net.n_in, net.N[1:], activation)
        double.values = net.values.astype(float)
        X = rng.normal(size=(30, net.n_in))
        found, wanted = np.array(used(net, X.tolist())), double.predict(X)
        assert found.shape == wanted.shape
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12 * np.abs(wanted).max())
        if dtype == "float32":
            atol = 1e-5 * np.abs(wanted).max()
            np.testing.assert_allclose(found, net.predict(X), rtol=0, atol=atol)
    assert used(net, []) == []


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_each_activation_has_its_own_digits_far_from_0_and_near(activation):
    found = module(unit(activation))["predict"](NUMBERS[:, None])
    wanted = [float(exact(activation, x)) for x in NUMBERS]
    np.testing.assert_allclose(np.array(found)[:, 0], wanted, rtol=1e-13, atol=1e-300)


def test_weights_that_are_not_finite_are_written_too():
    net = Net(2, [1], "linear")
    net.values = [np.inf, 1.0, -np.inf]
    (outputs,) = module(net)["predict"]([[1, 1]])
    assert np.isnan(outputs[0])


@pytest.mark.parametrize(
    "row",
    [[1.0], [1.0, 2.0, 3.0], [1.0, "2"], "12", [1.0, None], [1.0, float("nan")], [1, 10**400], 5, [1, 2j]],
)
def test_a_row_that_is_not_as_many_finite_numbers_is_a_value_error_that_says_which(row):
    predict = module(Net(2, [1]))["predict"]
    with pytest.raises(
        ValueError, match=r"^predict\(\) wants rows of 2 finite numbers, and row 1 is "
    ) as error:
        predict([[1.0, 2.0], row])
    assert len(str(error.value)) < 150


def test_rows_may_be_arrays_and_numbers_those_of_numpy_in_any_dtype(rng):
    net = Net(3, [4, 2], "tanh")
    X = rng.normal(size=(5, 3)).astype("float32")
    found = module(net)["predict"](X)
    assert {type(x) for row in found for x in row} == {float}
    np.testing.assert_allclose(found, net.predict(X.astype(float)), rtol=1e-12)


def test_a_preprocessing_of_the_users_own_is_in_the_module():
    net = Net(2, [1])
    assert "PREPROCESSING" not in module(net)
    net.preprocessing = {"divide by": [255, 0.1], "inverted": True, "note": None}
    assert module(net)["PREPROCESSING"] == net.preprocessing
    net.preprocessing = {"of": np.ones(2)}
    with pytest.raises(OptionError, match=r"^to_source\(\) wants preprocessing of JSON's types"):
        net.to_source()


# Tables ------------------------------------------------------------------------------------------


def test_a_model_of_train_takes_rows_of_a_csv_file_as_the_command_does(tmp_path, capsys, used):
    model = tmp_path / "flats.npz"
    assert main(["train", str(FLATS), "--epochs", "3", "--quiet", "--output", str(model)]) == 0
    names, *_ = text = FLATS.read_text().splitlines()
    text += ["NaN, 2 , moon,gas,1990,1", "5e1,?,,  gas ,,1"]
    assert names == "area,rooms,district,heating,built,rent"
    (tmp_path / "f.csv").write_text("\n".join(text))
    rows = list(csv.DictReader(text))
    wanted = predicted(capsys, model, tmp_path / "f.csv")["predictions"]
    assert used(Net.load(model), rows) == pytest.approx(wanted, rel=1e-12)
    numbers = {"area": 50, "rooms": None, "district": "hill", "heating": "gas", "built": 1990.0, "more": 1}
    (tmp_path / "f.csv").write_text("area,rooms,district,heating,built\n50,,hill,gas,1990\n")
    wanted = predicted(capsys, model, tmp_path / "f.csv")["predictions"]
    assert used(Net.load(model), [numbers]) == pytest.approx(wanted, rel=1e-12)


def test_a_model_of_classes_gives_labels_and_probabilities(tmp_path, capsys, used):
    net = table_net(["a", "b"], "kind", ["no", "yes", "å"], {"b": ["x", "y z"]}, seed=9)
    net.save(tmp_path / "m.npz")
    rows = [{"a": 9 - 5 * i, "b": "y z"} for i in range(12)]
    (tmp_path / "f.csv").write_text("a,b\n" + "".join(f"{row['a']},{row['b']}\n" for row in rows))
    wanted = predicted(capsys, tmp_path / "m.npz", tmp_path / "f.csv", "--proba")
    assert used(net, rows) == wanted["predictions"]
    assert len(set(wanted["predictions"])) > 1
    found = used(net, rows, "predict_proba")
    assert [list(row) for row in found] == 12 * [["no", "yes", "å"]]
    np.testing.assert_allclose([list(row.values()) for row in found], wanted["probabilities"], rtol=1e-12)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"a": "word", "b": "x"}, "wants a number as 'a', and row 0 has 'word'"),
        ({"a": "1_0", "b": "x"}, "wants a number as 'a', and row 0 has '1_0'"),
        ({"a": "inf", "b": "x"}, "wants a number as 'a', and row 0 has 'inf'"),
        ({"a": [1], "b": "x"}, "wants a number as 'a', and row 0 has '[1]'"),
        ({"a": 10**400, "b": "x"}, "wants a number as 'a', and row 0 has '10000"),
        ({"a": 1}, "wants rows that are dicts, and row 0 has no 'b'"),
        ([1, "x"], "wants rows that are dicts, and row 0 has no 'a'"),
    ],
)
def test_a_row_of_a_table_that_cannot_be_used_is_a_value_error_that_says_where(row, message):
    predict = module(table_net(["a", "b"], "y", levels={"b": ["x"]}))["predict"]
    with pytest.raises(ValueError, match="^" + re.escape(f"predict() {message}")) as error:
        predict([row])
    assert len(str(error.value)) < 150


def test_a_model_of_an_early_version_refuses_missing_numbers_as_it_did():
    predict = module(Net.load(SAVED / "format-1-line.npz"))["predict"]
    assert predict([{"x": "1"}]) == [pytest.approx(12.1391, rel=1e-5)]
    with pytest.raises(ValueError, match="wants a number as 'x', and row 0 has 'None'"):
        predict([{"x": "?"}])


@pytest.mark.parametrize(
    "odd", ['"""', "\\", "'", "a\nb", '\\"""', "å", "\udc80", "{x}", "%s", "", "#", "x" * 500, '"'], ids=repr
)
def test_names_and_texts_of_any_characters_come_through(odd):
    net = table_net([odd + "1", odd], odd + "y", [odd, "other"], {odd: [odd, "b"]})
    names = module(net)
    written = net.to_source().encode()
    assert max(map(len, written.splitlines())) < 2500
    shown = names["predict_proba"]([{odd + "1": 1.0, odd: odd}])
    assert list(shown[0]) == [odd, "other"]
    plain = module(table_net(["a", "b"], "y", ["u", "v"], {"b": ["a", "b"]}))
    assert [*shown[0].values()] == [*plain["predict_proba"]([{"a": 1.0, "b": "a"}])[0].values()]
