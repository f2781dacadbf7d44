"""Data and options that fit cannot take: the error names them, and nothing is learned."""

import math

import numpy as np
import pytest
from trainings import CURVE, NUMBERS, ROWS, TARGETS, X, curve_net, same_bits, small_net

from autograd import losses
from autograd.errors import (
    AutogradError,
    DataError,
    NotANumberError,
    OptionError,
    ShapeError,
    UnknownNameError,
)
from autograd.nn import Net

# Data ---------------------------------------------------------------------------------------------


def broken(place, value):
    table = np.tile(X, (1, 1))
    table[place] = value
    return table


TWO = np.hstack([X, X])


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda n: n.fit(X, CURVE[:-1]), ShapeError, r"each of 40 rows, got shape \(39, 1\)"),
        (lambda n: n.fit(TWO, CURVE), ShapeError, r"X of shape \(rows, 1\), got \(40, 2\)"),
        (lambda n: n.fit(X, TWO), ShapeError, r"predictions' shape \(40, 1\), got \(40, 2\)"),
        (lambda n: n.fit(X[:0], CURVE[:0]), DataError, "at least one row"),
        (lambda n: n.fit([["1"]], [1]), DataError, r"wants X to be numbers, got '1' \(str\)"),
        (
            lambda n: n.fit([[1.0], [2.0, 3.0]], [1, 2]),
            DataError,
            "wants X to be numbers, got rows of several lengths",
        ),
        (
            lambda n: n.fit(X[:2], [[1.0], [2.0, 3.0]]),
            DataError,
            "wants y to be numbers, got rows of several lengths",
        ),
        (lambda n: n.fit(np.array([[1j]]), [1]), DataError, "wants X to be numbers, got complex numbers"),
        (lambda n: n.fit([[None]], [1]), DataError, r"wants X to be numbers, got None \(NoneType\)"),
        (
            lambda n: n.fit(X, ["x"] * 40),
            DataError,
            r"y to be numbers, got 'x' \(str\); number classes by np\.unique\(y, return_inverse=True\)\[1\]$",
        ),
        (lambda n: n.fit(broken(3, np.nan), CURVE), DataError, "nan in X at row 3, column 0"),
        (lambda n: n.fit(X, broken(4, np.inf)), DataError, "inf in y at row 4, column 0"),
        (lambda n: n.fit(X, X[:, 0] > 0, loss="hinge"), DataError, "labels -1 or 1, got 0"),
        (lambda n: n.fit(X, CURVE, loss="binary_cross_entropy"), DataError, "labels 0 or 1, got -0.9"),
        (
            lambda n: Net(1, [3], "linear").fit(X, CURVE[:, 0], loss="cross_entropy"),
            DataError,
            "integer labels, got dtype float64",
        ),
        (
            lambda n: Net(1, [3], "linear").fit(X, range(40), loss="cross_entropy"),
            DataError,
            "labels from 0 to 2",
        ),
        (
            lambda n: n.fit(X, range(40), loss="cross_entropy"),
            ShapeError,
            "one output .* binary_cross_ent",
        ),
        (
            lambda n: n.fit(X, [0] * 40, loss="cross_entropy"),
            ShapeError,
            "one output .* binary_cross_ent",
        ),
        (
            lambda n: Net(1, [3], "linear").fit(X[:3], [0, 1, 2]),
            ShapeError,
            r"shape \(3, 3\), got \(3,\); y has one number for each row, and the net 3 outputs: for classes "
            r"give loss=\"cross_entropy\"$",
        ),
        (
            lambda n: Net(1, [3], "linear").fit(X, CURVE[:, 0]),
            ShapeError,
            r"shape \(40, 3\), got \(40,\); y has one number for each row, and the net 3 outputs$",
        ),
        (
            lambda n: n.fit(X, CURVE, loss="mes"),
            UnknownNameError,
            "the known ones are mse, .*did you mean 'mse'",
        ),
        (lambda n: n.fit(X, CURVE, optimizer="Adam"), UnknownNameError, "sgd, .*did you mean 'adam'"),
        (lambda n: n.fit(X, CURVE, loss=["mse"]), UnknownNameError, "the known ones are mse"),
        (lambda n: n.fit(X, CURVE, optimizer=["sgd"]), UnknownNameError, "the known ones are sgd"),
        (lambda n: n.fit(X, CURVE, loss=lambda p, y: p - y), ShapeError, r"one number, got shape \(32, 1\)"),
        (lambda n: n.fit(X, CURVE, loss=lambda p, y: 1.0), ShapeError, "one number, got float"),
        (lambda n: n.fit(X, CURVE, lr=-1), OptionError, "lr must be at least 0"),
        (lambda n: n.fit(X, CURVE, lr=1.0, optimizer="lbfgs"), OptionError, "takes no lr"),
        (
            lambda n: n.fit(X, CURVE, epochs=0),
            OptionError,
            "epochs must be a whole number of 1 or more, got 0",
        ),
        (lambda n: n.fit(X, CURVE, epochs=2.5), OptionError, "epochs"),
        (lambda n: n.fit(X, CURVE, batch_size=0), OptionError, "batch_size"),
        (
            lambda n: n.fit(X, CURVE, every=5),
            OptionError,
            r"^fit\(\) got every=5 without the file that is then written; add checkpoint=$",
        ),
        (
            lambda n: n.fit(X, CURVE, seed="a"),
            OptionError,
            "^seed must be a whole number of 0 or more, got 'a'$",
        ),
    ],
)
def test_fit_names_bad_data_and_options_in_its_error_and_changes_nothing(make, kind, message):
    net = curve_net()
    before = net.values.copy()
    with pytest.raises(kind, match=message):
        make(net)
    np.testing.assert_array_equal(net.values, before)


@pytest.mark.parametrize("name", ["X", "y"])
def test_numbers_too_large_for_float32_are_refused_by_a_net_of_float32(name):
    data = {"X": ROWS, "y": NUMBERS}
    data[name] = data[name] * 1e39
    for call in (small_net(dtype="float32").fit, small_net(dtype="float32").partial_fit):
        with pytest.raises(DataError, match=rf"got a number in {name} that is too large for float32$"):
            call(**data)


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy", losses.cross_entropy])
@pytest.mark.parametrize("last", ["sigmoid", "tanh"])
def test_fit_refuses_a_cross_entropy_of_outputs_with_a_bounded_activation(loss, last):
    net = Net(3, [4, 2], "relu", last)
    before = net.values.copy()
    for learn in (net.fit, net.partial_fit):
        with pytest.raises(OptionError, match=rf'ends in {last}, are .* with output_activation="linear"'):
            learn(ROWS, TARGETS["cross_entropy"], loss=loss)
    np.testing.assert_array_equal(net.values, before)
    assert net.fit(ROWS, abs(TARGETS["mse"]), epochs=1).loss


# Options ---------------------------------------------------------------------------------------


WHOLE = "must be a whole number of 1 or more, got"

SHARE = r"validation must be a share of the rows between 0 and 1, \(X, y\) or \(X, y, sample_weight\)"

NANS = np.full((40, 3), math.nan)

# fmt: off
BAD = [
    ({"batch_size": 0},                    OptionError, rf"^batch_size {WHOLE} 0$"),
    ({"batch_size": -1},                   OptionError, rf"^batch_size {WHOLE} -1$"),
    ({"batch_size": 2.5},                  OptionError, rf"^batch_size {WHOLE} 2\.5$"),
    ({"batch_size": True},                 OptionError, rf"^batch_size {WHOLE} True$"),
    ({"batch_size": None},                 OptionError, rf"^batch_size {WHOLE} None$"),
    ({"epochs": 0},                        OptionError, rf"^epochs {WHOLE} 0$"),
    ({"epochs": -3},                       OptionError, rf"^epochs {WHOLE} -3$"),
    ({"epochs": "10"},                     OptionError, rf"^epochs {WHOLE} '10'$"),
    ({"patience": 0},                      OptionError, rf"^patience {WHOLE} 0$"),
    ({"patience": -1},                     OptionError, rf"^patience {WHOLE} -1$"),
    ({"patience": 1.5},                    OptionError, rf"^patience {WHOLE} 1\.5$"),
    ({"lr": -0.1},                         OptionError, r"^lr must be at least 0 and below inf, got -0\.1$"),
    ({"lr": math.nan},                     OptionError, r"^lr must be at least 0 and below inf, got nan$"),
    ({"lr": "fast"},                       NotANumberError, r"^lr wants a real number, got 'fast'"),
    ({"lr": lambda step: -1.0},            OptionError, r"^lr\(step\) must be at least 0 .* got -1\.0$"),
    ({"lr": lambda step: None},            NotANumberError, r"^lr\(step\) wants a real number, got None"),
    ({"alpha": -1e-9},                     OptionError, r"^alpha must be 0 or more and finite, got -1e-09$"),
    ({"alpha": math.nan},                  OptionError, r"^alpha must be 0 or more and finite, got nan$"),
    ({"alpha": math.inf},                  OptionError, r"^alpha must be 0 or more and finite, got inf$"),
    ({"alpha": "much"},                    NotANumberError, r"^alpha wants a real number, got 'much'"),
    ({"clip": 0},                          OptionError, r"^clip must be above 0 and finite, got 0$"),
    ({"clip": -1.0},                       OptionError, r"^clip must be above 0 and finite, got -1\.0$"),
    ({"clip": math.inf},                   OptionError, r"^clip must be above 0 and finite, got inf$"),
    ({"clip": "short"},                    NotANumberError, r"^clip wants a real number, got 'short'"),
    *[({"validation": share},              OptionError, rf"^{SHARE}, got {share!r}$")
        for share in (0, 1, -0.1, 1.5, math.nan, math.inf, "0.1", True)],
    ({"validation": (ROWS,)},              OptionError, f"^{SHARE}, got "),
    ({"validation": (ROWS, NUMBERS, None, 0)}, OptionError, f"^{SHARE}, got 4 parts"),
    ({"validation": (ROWS, NUMBERS, [1])}, ShapeError, r"a number for each of 40 rows, got shape \(1,\)"),
    ({"validation": 0.99},                 OptionError, r"^validation=0\.99 leaves none of the 40 rows"),
    ({"validation": (ROWS, NUMBERS[:5])},  ShapeError, r"each of 40 rows, got shape \(5, 2\)"),
    ({"validation": (NUMBERS, NUMBERS)},   ShapeError, r"X of shape \(rows, 3\), got \(40, 2\)"),
    ({"validation": (ROWS[:0], ROWS[:0])}, DataError, r"at least one row"),
    ({"validation": (NANS, NUMBERS)},      DataError, r"got nan in validation X at row 0, column 0"),
    ({"callbacks": [print, 5]}, OptionError, r"^fit\(\) wants functions as callbacks, got \[.*5\]"),
    ({"callbacks": "stop"}, OptionError, r"^fit\(\) wants functions as callbacks, got 'stop'"),
    ({"sample_weight": [1, 2]},            ShapeError, r"^sample_weight must .* 40 rows, got shape \(2,\)$"),
    ({"sample_weight": [-1] * 40},         DataError, r"^weights must be finite and 0 or more"),
    ({"sample_weight": [0] * 40},          DataError, r"^weights must be .* and not all of them 0$"),
    ({"sample_weight": NANS[:, 0]},        DataError, r"got nan in sample_weight at row 0$"),
    ({"sample_weight": ["a"] * 40},        DataError, r"wants sample_weight to be numbers, got 'a' \(str\)$"),
    ({"class_weight": "balanced"},         OptionError, r"^class_weight goes with labels, and mse has none$"),
    ({"loss": losses.mae, "class_weight": [1, 2]}, OptionError, r"^class_weight goes .* and mae has none$"),
    ({"loss": lambda p, y: (p - y).mean(), "sample_weight": [1] * 40}, OptionError,
        r"^fit\(\) with a loss of your own takes no sample_weight or class_weight$"),
    ({"optimizer": "lbfgs", "lr": 0.1},    OptionError, r"^lbfgs finds the length of its steps itself"),
]
# fmt: on


@pytest.mark.parametrize(("options", "kind", "message"), BAD)
def test_fit_names_an_option_out_of_its_range_in_its_error_and_learns_nothing(options, kind, message):
    net, twin = small_net(), small_net()
    with pytest.raises(kind, match=message):
        net.fit(ROWS, NUMBERS, **options)
    same_bits(net, twin)


def test_fit_refuses_clip_with_lbfgs():
    net, twin = small_net(), small_net()
    twin.fit(ROWS, NUMBERS, optimizer="lbfgs", epochs=1, seed=0)
    with pytest.raises(OptionError, match=r"^lbfgs takes no clip"):
        net.fit(ROWS, NUMBERS, optimizer="lbfgs", epochs=1, seed=0, clip=1e-9)


@pytest.mark.parametrize("seed", ["a", -1])
def test_fit_refuses_a_bad_seed(seed):
    with pytest.raises(AutogradError):
        small_net().fit(ROWS, NUMBERS, seed=seed)
