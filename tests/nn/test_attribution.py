"""net.explain(): the parts of an output by input add up, and are what integrals and differences give."""

import random

import numpy as np
import pytest
from scipy import integrate

from autograd import MLP, Net
from autograd.errors import DataError, NotANumberError, OptionError, ShapeError, UnknownNameError
from autograd.nn import ACTIVATIONS


def made(activation, dtype="float64", outputs=2):
    random.seed(5)
    return Net(3, [6, 4, outputs], activation, "linear", dtype=dtype, init="xavier")


def slope(net, x, i, output, h=1e-6):
    """A slope of an output, by central differences."""
    up, down = np.array(x, float), np.array(x, float)
    up[i] += h
    down[i] -= h
    return (net.predict([up])[0, output] - net.predict([down])[0, output]) / (2 * h)


@pytest.mark.parametrize("activation", sorted(set(ACTIVATIONS)))
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_integrated_gradients_add_up_to_the_change_of_the_output(activation, dtype):
    net = made(activation, dtype)
    rng = np.random.default_rng(1)
    for _ in range(5):
        x, start = rng.normal(size=(2, 3)) * 2
        told = net.explain(x, output=1, baseline=start)
        change = net.predict([x])[0, 1] - net.predict([start])[0, 1]
        scale = float(max(abs(change), np.abs(told.integrated).max()))
        assert told.integrated.sum() == pytest.approx(
            change, abs=(1e-6 if dtype == "float64" else 1e-4) * scale
        )
        assert told.gap == pytest.approx(told.integrated.sum() - (told.output - told.baseline_output))


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "gelu"])
def test_each_part_is_the_integral_of_the_slope_along_the_way(activation):
    net = made(activation)
    x, start = np.array([1.0, -2.0, 0.5]), np.array([0.2, 0.1, -0.3])
    told = net.explain(x, output=0, baseline=start)
    for i in range(3):
        wanted, _ = integrate.quad(lambda t, i=i: slope(net, start + t * (x - start), i, 0), 0, 1)
        assert told.integrated[i] == pytest.approx((x[i] - start[i]) * wanted, rel=1e-6, abs=1e-8)
        assert told.slopes[i] == pytest.approx(slope(net, x, i, 0), rel=1e-6, abs=1e-8)
    assert told.gradient_times_input == pytest.approx(told.slopes * (x - start))


def test_of_several_outputs_the_largest_is_explained():
    net = made("tanh", outputs=4)
    x = [0.5, 1.0, -1.0]
    outputs = net.predict([x])[0]
    assert net.explain(x).index == outputs.argmax()
    assert net.explain(x).output == outputs.max()
    assert net.explain(x, output=2).output == outputs[2]


def test_the_text_has_the_largest_inputs_first_and_sums_the_others():
    random.seed(1)
    net = MLP(30, [4, 1])
    told = net.explain(np.linspace(-1, 1, 30), names=[f"pixel {i}" for i in range(30)])
    lines = str(told).splitlines()
    first = np.argmax(np.abs(told.integrated))
    assert lines[2].startswith(f"pixel {first} ")
    assert len(lines) == 2 + 20 + 2
    assert lines[-2].startswith("10 others")
    assert lines[-1].split()[-1] == f"{told.integrated.sum():.4g}"
    assert str(net.explain(np.ones(30), baseline=np.ones(30))).splitlines()[0].endswith("which was given")


def test_a_subclass_is_explained_by_its_own_call():
    class Doubled(Net):
        def __call__(self, x):
            return super().__call__(x) * 2

    random.seed(1)
    net = Doubled(1, [1], "linear", init=lambda n_out, n_in: [[3.0]])
    assert net.explain([2.0]).integrated.tolist() == [12.0]


def test_gradients_and_weights_are_left_as_they_are():
    net = made("relu")
    net([[1.0, 2.0, 3.0]]).sum().backward()
    before = net.grads.copy(), net.values.copy()
    net.explain([1.0, 2.0, 3.0])
    assert (net.grads == before[0]).all()
    assert (net.values == before[1]).all()


def test_a_plot_is_saved(tmp_path):
    path = tmp_path / "parts.png"
    picture = made("tanh").explain([1.0, 2.0, 3.0], names=["a", "b", "c"]).plot(path)
    assert path.stat().st_size > 1000
    assert {text.get_text().split(" = ")[0] for text in picture.axes[0].get_yticklabels()} == {"a", "b", "c"}
    with pytest.raises(UnknownNameError):
        made("tanh").explain([1.0, 2.0, 3.0]).plot(tmp_path / "parts.txt")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"x": [1.0, 2.0]}, ShapeError, "explain"),
        ({"x": [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]}, ShapeError, "one sample"),
        ({"x": [1.0, 2.0, np.nan]}, DataError, "nan"),
        ({"x": [1.0, 2.0, 3.0], "output": 2}, OptionError, "from 0 to 1"),
        ({"x": [1.0, 2.0, 3.0], "output": "a"}, OptionError, "from 0 to 1"),
        ({"x": [1.0, 2.0, 3.0], "output": True}, OptionError, "from 0 to 1"),
        ({"x": ["a", "b", "c"]}, NotANumberError, "wants numbers"),
        ({"x": [1.0, 2.0, 3.0], "names": ["a"]}, ShapeError, "3 inputs"),
        ({"x": [1.0, 2.0, 3.0], "baseline": [1.0]}, ShapeError, "explain"),
    ],
)
def test_wrong_arguments_get_errors(arguments, error, message):
    with pytest.raises(error, match=message):
        made("tanh").explain(**arguments)


def test_outputs_that_are_not_finite_are_refused():
    random.seed(1)
    net = Net(1, [2, 1], "linear", init=lambda n_out, n_in: np.full((n_out, n_in), 1e200))
    with pytest.raises(DataError, match="finite outputs"):
        net.explain([1.0])


def test_where_a_function_jumps_the_text_tells_of_the_gap():
    random.seed(1)
    net = Net(
        1, [1], lambda x: np.where(x > 0.5, x + 3.0, x), init=lambda n_out, n_in: np.ones((n_out, n_in))
    )
    told = net.explain([1.0])
    assert abs(told.gap) == pytest.approx(3.0)
    assert "miss the change of the output by -3" in str(told)
    assert "miss" not in str(made("relu").explain([1.0, 2.0, 3.0]))
