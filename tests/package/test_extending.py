"""The recipes of docs/extending.md: what they register is known to the whole package."""

import contextlib
import json
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from registries import restored
from scipy import special
from scipy.differentiate import derivative

from autograd import Net, Tensor, Value, draw, verify
from autograd.cli.parser import main
from autograd.engine.pending import observer
from autograd.errors import FileFormatError, OptionError, UnknownNameError, UnsupportedError
from autograd.losses import LOSSES
from autograd.nn import Neuron
from autograd.optim import OPTIMIZERS
from autograd.sklearn import NetClassifier, NetRegressor

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.DOTALL | re.MULTILINE))
X = np.linspace(-1, 1, 12)[:, None]
Y = X[:, 0] ** 2


@pytest.fixture
def follow(tmp_path, monkeypatch):
    """A function that follows the recipes of the page up to the named one, and returns their names."""
    monkeypatch.chdir(tmp_path)
    names = {}

    def run(title):
        for section, text in SECTIONS.items():
            for code in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
                exec(compile(code, section, "exec"), names)
            if section == title:
                return names
        raise KeyError(title)

    with restored(), contextlib.redirect_stdout(None):
        yield run


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that two epochs are few
        yield


def test_every_recipe_of_the_page_on_extending_has_a_test():
    titles = {name.removeprefix("test_").split("_is_known")[0] for name in globals() if "_is_known" in name}
    assert {title.lower().replace(" ", "_") for title in SECTIONS} == titles


def test_a_loss_is_known_to_the_whole_package_after_its_recipe(follow, tmp_path):
    follow("A loss")
    net = Net(1, [3, 1], "tanh", "linear")
    net.fit(X, Y, loss="log_cosh", epochs=2, sample_weight=np.arange(12.0), checkpoint=tmp_path / "c.npz")
    assert np.isfinite(net.partial_fit(X, Y, loss="log_cosh"))
    expected = np.log(np.cosh(1.5 - np.array([0.5, -3.0]))).mean()
    assert LOSSES["log_cosh"](Tensor([0.5, -3.0]), [1.5, 1.5]).item() == pytest.approx(expected, rel=1e-12)
    assert LOSSES["log_cosh"]([Value(0.5), Value(-3.0)], [1.5, 1.5]).data == pytest.approx(
        expected, rel=1e-12
    )
    with pytest.raises(UnknownNameError, match="log_cosh"):
        net.fit(X, Y, loss="log_cos")
    with pytest.raises(OptionError, match="class_weight goes with labels, and log_cosh has none"):
        net.fit(X, Y, loss="log_cosh", class_weight="balanced")
    with restored():
        del LOSSES["log_cosh"]
        with pytest.raises(UnknownNameError, match="unknown loss 'log_cosh'"):
            net.fit(X, Y, loss="log_cosh")


def test_an_activation_is_known_to_the_whole_package_after_its_recipe(follow, tmp_path):
    follow("An activation")
    net = Net(1, [3, 1], "swish")
    net.fit(X, Y, epochs=2)
    one, many = net([0.5]), net([[0.5]])
    assert one.data == pytest.approx(many.item(), rel=1e-12)
    with verify():
        (3 * net([0.25])).backward()
    found = derivative(lambda x: net.predict(x.reshape(-1, 1)).reshape(x.shape), 0.3, maxiter=5)
    x = Value(0.3)
    net([x]).backward()
    assert x.grad == pytest.approx(found.df, rel=1e-6)
    assert "swish" in str(draw(net([0.5])))
    assert (
        NetRegressor((3,), activation="swish", max_iter=2, random_state=0).fit(X, Y).net_.activations[0]
        == "swish"
    )
    with pytest.raises(UnknownNameError, match="swish"):
        Neuron(1, "swisch")
    net.save(tmp_path / "x.npz")
    with restored():
        from autograd.nn import ACTIVATIONS

        del ACTIVATIONS["swish"]
        with pytest.raises(UnknownNameError, match="the activation 'swish' of this net is not known"):
            Net.load(tmp_path / "x.npz")


def test_an_initialiser_is_known_to_the_whole_package_after_its_recipe(follow):
    follow("An initialiser")
    weights = Net(3, [2000], init="lecun").layers[0].weight
    assert 0.99 < abs(weights).max() <= 1
    with pytest.raises(UnknownNameError, match="lecun"):
        Net(1, [1], init="lecunn")


def test_an_optimiser_is_known_to_the_whole_package_after_its_recipe(follow, tmp_path):
    follow("An optimiser")
    net = Net(1, [3, 1], "tanh", "linear")
    for epochs in (2, 4):  # the second goes on from the file
        history = net.fit(
            X, Y, optimizer="sign", lr=0.01, epochs=epochs, seed=1, checkpoint=tmp_path / "c.npz"
        )
    assert len(history.loss) == 4
    net.partial_fit(X, Y, optimizer="sign", lr=0.01)
    NetClassifier((3,), solver="sign", max_iter=2, random_state=0).fit(X, Y > 0.3)
    w = Value(1.0)
    opt = OPTIMIZERS["sign"]([w], lr=lambda step: 0.5 / (1 + step))
    for _ in range(2):
        w.grad = 3.0
        opt.step()
    assert w.data == 0.25
    with pytest.raises(UnknownNameError, match="sign"):
        net.fit(X, Y, optimizer="sing")
    OPTIMIZERS["signs at once"] = type("Greedy", (OPTIMIZERS["sign"],), {"takes_closure": True})
    with pytest.raises(OptionError, match=r"^signs at once finds the length of its steps itself"):
        net.fit(X, Y, optimizer="signs at once", lr=0.1)


def test_a_function_of_arrays_is_known_to_the_whole_package_after_its_recipe(follow):
    with pytest.raises(UnsupportedError, match=r"spence\(\) has no derivative"):
        special.spence(Tensor([2.0], requires_grad=True))
    follow("A function of arrays")
    from autograd import grad, hessian, make_jvp, record

    at = np.array([3.0, 4.0])
    first = -np.log(at) / (at - 1)
    square = lambda x: np.sum(special.spence(x) ** 2)
    np.testing.assert_allclose(grad(square)(at), 2 * special.spence(at) * first, rtol=1e-12)
    second = (np.log(at) + 1 / at - 1) / (at - 1) ** 2
    expected = np.diag(2 * first**2 + 2 * special.spence(at) * second)
    np.testing.assert_allclose(hessian(square)(at), expected, rtol=1e-12)
    assert make_jvp(special.spence)(3.0)(2.0)[1] == pytest.approx(2 * first[0], rel=1e-12)
    program = record(special.spence, [1.5, 2.0])
    assert program(at).tolist() == special.spence(at).tolist()


def test_a_kind_of_file_is_known_to_the_whole_package_after_its_recipe(follow, tmp_path):
    follow("A kind of file")
    net = Net(1, [3, 1], "tanh", "linear", dtype="float32")
    net.save("x.plain")
    Path("renamed.npz").write_bytes(Path("x.plain").read_bytes())  # its first bytes tell its kind
    assert (Net.load("renamed.npz").values == net.values).all()
    for epochs in (1, 2):
        history = net.fit(X, Y, epochs=epochs, seed=1, checkpoint="c.plain")
    assert len(history.loss) == 2
    assert Path("c.plain").read_bytes().startswith(b"plain")
    Path("cut.plain").write_bytes(Path("x.plain").read_bytes()[:-3])
    with pytest.raises(FileFormatError, match="damaged"):
        Net.load("cut.plain")


def test_a_command_is_known_to_the_whole_package_after_its_recipe(follow, capsys):
    follow("A command")
    capsys.readouterr()
    assert main(["count", "net.plain", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"parameters": 2}
    assert main(["count", "none.npz"]) == 2
    assert capsys.readouterr().err.startswith("error: none.npz: there is no such model")
    with pytest.raises(SystemExit):
        main(["--help"])
    assert re.search(r"count +count the parameters of a model", capsys.readouterr().out)
    with pytest.raises(SystemExit):
        main(["cuont", "net.plain"])
    assert "did you mean 'count'?" in capsys.readouterr().err


def test_an_observer_of_scalars_is_known_to_the_whole_package_after_its_recipe(follow):
    counter = follow("An observer of scalars")["counter"]
    assert counter.done == 2
    assert observer() is None
