"""Non-numbers are refused by every function that wants numbers, and all kinds of numbers are equal."""

import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from autograd import Net, Tensor, Value, losses, optim
from autograd.errors import AutogradError, DataError, GradientError, ShapeError
from autograd.sklearn import NetClassifier, NetRegressor

N = 12


def masked(*shape):
    x = np.ma.masked_array(np.ones(shape))
    x[(0,) * len(shape)] = np.ma.masked
    return x


def objects(cell, *shape):
    x = np.full(shape, 1.0, object)
    x[(0,) * len(shape)] = cell
    return x


FIELDS = np.dtype([("a", float), ("b", float)])
ARRAYS = {  # arrays of a shape that hold no numbers
    **{
        f"dates, {unit}": lambda *shape, unit=unit: np.zeros(shape, f"M8[{unit}]")
        for unit in ("ns", "us", "s", "D")
    },
    **{
        f"spans, {unit}": lambda *shape, unit=unit: np.ones(shape, f"m8[{unit}]")
        for unit in ("ns", "us", "s", "D")
    },
    "masked": masked,
    "structured": lambda *shape: np.zeros(shape, FIELDS),
    "complex": lambda *shape: np.ones(shape, complex),
    "text": lambda *shape: np.full(shape, "1"),
    "bytes": lambda *shape: np.full(shape, b"1"),
    "objects, None": lambda *shape: objects(None, *shape),
    "objects, text": lambda *shape: objects("1", *shape),
    "objects, a date": lambda *shape: objects(np.datetime64("2020", "ns"), *shape),
    "objects, a span": lambda *shape: objects(np.timedelta64(1, "ns"), *shape),
    "objects, masked": lambda *shape: objects(np.ma.masked, *shape),
    "objects, Decimal": lambda *shape: objects(Decimal(1), *shape),
    "objects, complex": lambda *shape: objects(1j, *shape),
}
SAME = {  # arrays of a shape that hold numbers
    "float64": lambda *shape: np.ones(shape),
    "float32": lambda *shape: np.ones(shape, "float32"),
    "float16": lambda *shape: np.ones(shape, "float16"),
    "longdouble": lambda *shape: np.ones(shape, "longdouble"),
    "int": lambda *shape: np.ones(shape, int),
    "uint8": lambda *shape: np.ones(shape, "uint8"),
    "bool": lambda *shape: np.ones(shape, bool),
    "objects, numbers": lambda *shape: objects(np.float32(1), *shape),
    "objects, fractions": lambda *shape: objects(Fraction(2, 2), *shape),
    "masked, whole": lambda *shape: np.ma.masked_array(np.ones(shape)),
}


def net():
    return Net(2, [1], "linear", init=lambda n_out, n_in: np.ones((n_out, n_in)))


X, Y, CLASSES = np.ones((N, 2)), np.ones((N, 1)), np.arange(N) % 2


def regressor():
    return NetRegressor(max_iter=2, random_state=0)


def fitted(kind, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that two epochs are few
        return kind(max_iter=2, random_state=0).fit(X, y)


def quietly(call):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call()


def fit(**options):
    module = net()
    module.fit(**{"X": X, "y": Y, "epochs": 1, "seed": 1, **options})
    return module.values


def assign(name, value):
    t = Tensor(np.ones((3, 2)), requires_grad=True)
    setattr(t, name, value)
    return getattr(t, name)


def sent_back(x):
    t = Tensor(np.ones((3, 2)), requires_grad=True)
    (2 * t).backward(x)
    return t.grad


def loaded(x):
    module = net()
    module.load_state_dict({"layers.0.weight": x, "layers.0.bias": [1]})
    return module.values


def written(name, x):
    module = net()
    own = getattr(module, name)
    setattr(module, name, x)
    assert getattr(module, name) is own  # the array that others see, and no other in its place
    return own


PLACES = {  # calls that want numbers, with the shape that they want
    "Tensor": ((3, 2), lambda x: Tensor(x).data),
    "t.data": ((3, 2), lambda x: assign("data", x)),
    "t.grad": ((3, 2), lambda x: assign("grad", x)),
    "t + x": ((3, 2), lambda x: (Tensor(np.ones((3, 2)), requires_grad=True) + x).data),
    "x * t": ((3, 2), lambda x: (x * Tensor(np.ones((3, 2)), requires_grad=True)).data),
    "np.add(x, t)": ((3, 2), lambda x: np.add(x, Tensor(np.ones((3, 2)), requires_grad=True)).data),
    "x @ t": ((3, 2), lambda x: (x @ Tensor(np.ones((2, 2)), requires_grad=True)).data),
    "backward": ((3, 2), sent_back),
    "net(rows)": ((3, 2), lambda x: net()(x).data),
    "net(list of rows)": ((3, 2), lambda x: net()(list(x)).data),
    "net(sample)": ((2,), lambda x: net()(x).data),
    "net(list)": ((2,), lambda x: net()(list(x)).data),
    "predict": ((3, 2), lambda x: net().predict(x)),
    "fit, X": ((N, 2), lambda x: fit(X=x)),
    "fit, y": ((N, 1), lambda x: fit(y=x)),
    "fit, sample_weight": ((N,), lambda x: fit(sample_weight=x)),
    "fit, validation": ((N, 2), lambda x: fit(validation=(x, Y))),
    "partial_fit": ((N, 2), lambda x: net().partial_fit(x, Y)),
    "mse": ((3, 1), lambda x: losses.mse(Tensor(np.ones((3, 1))), x).data),
    "mse, prediction": ((3, 1), lambda x: losses.mse(x, np.ones((3, 1))).data),
    "mse, weights": (
        (3,),
        lambda x: losses.mse(Tensor(np.ones((3, 1))), np.ones((3, 1)), sample_weight=x).data,
    ),
    "init": ((1, 2), lambda x: Net(2, [1], init=lambda n_out, n_in: x).values),
    "load_state_dict": ((1, 2), loaded),
    "net.grads": ((3,), lambda x: written("grads", x)),
    "net.values": ((3,), lambda x: written("values", x)),
    "NetRegressor, X": ((N, 2), lambda x: quietly(lambda: regressor().fit(x, Y.ravel())).net_.values),
    "NetRegressor, y": ((N,), lambda x: quietly(lambda: regressor().fit(X, x)).net_.values),
    "NetRegressor, predict": ((N, 2), lambda x: fitted(NetRegressor, Y.ravel()).predict(x)),
    "NetClassifier, X": (
        (N, 2),
        lambda x: quietly(lambda: NetClassifier(max_iter=2, random_state=0).fit(x, CLASSES)).net_.values,
    ),
    "NetClassifier, predict": ((N, 2), lambda x: fitted(NetClassifier, CLASSES).predict(x)),
}
ARITHMETIC = ("t + x", "x * t", "np.add(x, t)", "x @ t")
TOLD_BY_SKLEARN = (
    "complex",
    "text",
    "bytes",
    "objects, None",
    "objects, text",
    "objects, Decimal",
    "objects, complex",
)


@pytest.mark.parametrize("kind", ARRAYS)
@pytest.mark.parametrize("place", PLACES)
def test_an_array_that_holds_no_numbers_is_refused_by_every_function_that_wants_numbers(place, kind):
    shape, call = PLACES[place]
    if (
        "Net" in place and kind in TOLD_BY_SKLEARN
    ):  # which takes numbers that are written as text, or Decimals
        try:
            found = quietly(lambda: call(ARRAYS[kind](*shape)))
        except (TypeError, ValueError):
            return
        np.testing.assert_allclose(found, call(np.ones(shape)), rtol=1e-6)
    elif kind == "complex" and place in ARITHMETIC:  # which is that of NumPy
        np.testing.assert_array_equal(call(ARRAYS[kind](*shape)), call(np.ones(shape)))
    else:
        with pytest.raises(AutogradError):
            call(ARRAYS[kind](*shape))


MIXED = ("t + x", "x * t", "np.add(x, t)", "x @ t")  # by NumPy's rules, which have none for some kinds


DEEP = {
    "a cell": lambda: [[1.0, np.ma.masked], [1.0, 1.0], [1.0, 1.0]],
    "a cell in tuples": lambda: ((1, 1), (1, np.ma.masked), (1, 1)),
    "an array": lambda: [masked(2), np.ones(2), np.ones(2)],
    "an array in a list": lambda: [[np.array(1.0), np.ma.masked_array(1.0, True)], [1, 1], [1, 1]],
}


@pytest.mark.parametrize("kind", DEEP)
@pytest.mark.parametrize("place", ["Tensor", "t.data", "net(rows)", "predict", "init"])
def test_a_masked_element_is_refused_however_deeply_it_is_nested(place, kind):
    x = DEEP[kind]()
    with pytest.raises(AutogradError, match="masked"):
        PLACES[place][1](x)


@pytest.mark.parametrize("kind", SAME)
@pytest.mark.parametrize("place", PLACES)
def test_arrays_of_any_numeric_dtype_give_the_same_results(place, kind):
    shape, call = PLACES[place]
    if place in MIXED and kind in ("objects, numbers", "objects, fractions"):
        with pytest.raises(AutogradError):
            call(SAME[kind](*shape))
    elif place == "x * t" and kind == "masked, whole":  # NumPy's own product of masked arrays
        with pytest.raises(GradientError, match="would cut the gradient off"):
            call(SAME[kind](*shape))
    else:
        np.testing.assert_allclose(call(SAME[kind](*shape)), call(np.ones(shape)), rtol=1e-3)


CELLS = {
    "a date": np.datetime64("2020-01-01", "ns"),
    "a span": np.timedelta64(3, "ns"),
    "a span of seconds": np.timedelta64(3, "s"),
    "masked": np.ma.masked,
    "a complex number": np.complex128(1j),
    "a text": np.str_("1"),
    "a structured cell": np.zeros((), FIELDS)[()],
    "a date in an array": np.array("2020", "M8[ns]"),
    "an object in an array": np.array("1", object),
    "None": None,
    "a Decimal": Decimal(1),
}


def parameter(x):
    net().params()[0].data = x


SCALARS = {
    "Value": Value,
    "v.data": lambda x: setattr(Value(1), "data", x),
    "v.grad": lambda x: setattr(Value(1), "grad", x),
    "v + x": lambda x: Value(1) + x,
    "x + v": lambda x: x + Value(1),
    "v * x": lambda x: Value(1) * x,
    "x - v": lambda x: x - Value(1),
    "v ** x": lambda x: Value(1) ** x,
    "x / v": lambda x: x / Value(1),
    "p.data": parameter,
    "net([x, 1])": lambda x: net()([x, 1.0]),
    "lr": lambda x: optim.SGD(net(), lr=x),
    "step": lambda x: net().step(x),
    "alpha": lambda x: net().fit(X, Y, alpha=x),
}


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("place", SCALARS)
def test_a_scalar_that_is_no_number_is_refused_by_every_function_that_wants_one(place, kind):
    with pytest.raises(TypeError):
        SCALARS[place](CELLS[kind])


@pytest.mark.parametrize(
    "x", [True, np.True_, 1, np.int8(1), np.float16(1), np.longdouble(1), np.array(1), Fraction(1)]
)
def test_values_made_of_any_kind_of_number_hold_a_float(x):
    for v in (Value(x), Value(0) + x, x + Value(0), net()([x, 0.0])):
        assert type(v.data) is float
        assert v.data == 1


@pytest.mark.parametrize(
    "call", [lambda v, a: v * a, lambda v, a: a * v, lambda v, a: a + v, lambda v, a: v - a]
)
@pytest.mark.parametrize("kind", [kind for kind in ARRAYS if not kind.startswith("objects")])
def test_operators_of_a_value_refuse_an_array_that_holds_no_numbers(call, kind):
    with pytest.raises(TypeError):
        call(Value(2), ARRAYS[kind](3))


@pytest.mark.parametrize(
    "make", [lambda n: n, lambda n: [n], lambda n: np.array([n], object), lambda n: [[1.5], [n]]]
)
@pytest.mark.parametrize("call", [Tensor, lambda x: net().predict(x), lambda x: losses.mse(x, x)])
def test_an_array_with_a_number_above_the_largest_float_is_an_overflow_error(make, call):
    with pytest.raises(OverflowError, match=r"at most 1.8e\+308, the largest float, got an int of 1329 bits"):
        call(make(10**400))


@pytest.mark.parametrize("place", ["Value", "v.data", "v.grad", "net([x, 1])", "p.data", "step"])
def test_a_scalar_above_the_largest_float_is_an_overflow_error(place):
    for x in (10**400, -(10**400), Fraction(10**400)):
        with pytest.raises(OverflowError, match=r"the largest float, got"):
            SCALARS[place](x)


@pytest.mark.parametrize(
    "index", [np.ma.masked_array([0, 1], [True, False]), [0, np.ma.masked], np.ma.masked]
)
def test_a_tensor_refuses_a_masked_index(index):
    with pytest.raises(AutogradError, match="masked"):
        Tensor([1.0, 2.0])[index]


@pytest.mark.parametrize("kind", ["masked", "dates, ns", "spans, ns", "structured"])
@pytest.mark.parametrize("model", [NetClassifier, NetRegressor])
def test_score_of_an_estimator_refuses_sample_weights_that_are_no_numbers(model, kind):
    fit_to = CLASSES if model is NetClassifier else Y.ravel()
    with pytest.raises(AutogradError):
        fitted(model, fit_to).score(X, fit_to, sample_weight=ARRAYS[kind](N))


@pytest.mark.parametrize("cell", ["2020-01-01", "3 days"])
def test_the_estimators_refuse_dates_among_the_columns_of_a_frame(cell):
    pandas = pytest.importorskip("pandas")
    kind = pandas.Timedelta if "days" in cell else pandas.Timestamp
    frame = pandas.DataFrame({"a": np.ones(N), "b": [kind(cell)] * N})
    with pytest.raises(AutogradError, match=r"must hold numbers, got (Timestamp|Timedelta)"):
        regressor().fit(frame, Y.ravel())


TOO_LARGE_FOR_FLOAT32 = {
    "a sample": lambda net: net([1e300]),
    "a tuple": lambda net: net((1e300,)),
    "an array": lambda net: net(np.array([1e300])),
    "an integer": lambda net: net([10**50]),
    "rows": lambda net: net([[1e300], [0.0]]),
    "a table": lambda net: net(np.array([[1e300]])),
    "a Tensor": lambda net: net(Tensor([[1e300]])),
    "predict": lambda net: net.predict([[1e300]]),
    "p.data": lambda net: setattr(net.params()[0], "data", 1e300),
    "p.grad": lambda net: setattr(net.params()[0], "grad", -1e300),
    "w[0]": lambda net: net.layers[0].neurons[0].w.__setitem__(0, 1e300),
    "values": lambda net: setattr(net, "values", [1e300, 0.0]),
    "grads": lambda net: setattr(net, "grads", [1e300, 0.0]),
    "init": lambda net: Net(1, [1], dtype="float32", init=lambda n_out, n_in: [[1e300]]),
}


@pytest.mark.parametrize("place", TOO_LARGE_FOR_FLOAT32)
def test_a_number_that_float32_has_no_room_for_is_an_error_of_a_float32_net(place):
    net = Net(1, [1], "linear", dtype="float32", init=lambda n_out, n_in: [[2.0]])
    out = net([3.0])
    with pytest.raises(DataError, match="float32"):
        TOO_LARGE_FOR_FLOAT32[place](net)
    assert (net.values.tolist(), net.grads.tolist()) == ([2.0, 0.0], [0.0, 0.0])
    (5 * out).backward()  # nothing of it was changed
    assert net.grads.tolist() == [15.0, 5.0]
    assert net([3e38]).data == np.inf  # an overflow within the net is none of an input
    assert net([np.inf]).data == np.inf


@pytest.mark.parametrize("name", ["values", "grads"])
@pytest.mark.parametrize("wrong", [[7.0], [1.0, 2.0, 3.0], [[1.0, 2.0]]])
def test_values_and_grads_of_another_shape_are_refused_and_change_nothing(name, wrong):
    net = Net(1, [1], "linear", init=lambda n_out, n_in: [[2.0]])
    out = net([3.0])
    assert out.data == 6.0
    with pytest.raises(ShapeError, match=r"wants shape \(2,\)"):
        setattr(net, name, wrong)
    out.backward()
    assert (net.values.tolist(), net.grads.tolist()) == ([2.0, 0.0], [3.0, 1.0])


def test_one_number_is_the_value_or_the_gradient_of_every_parameter():
    net = Net(2, [2, 1], "linear", dtype="float32")
    net.values, net.grads = 0.5, 3
    assert net.values.tolist() == [0.5] * 9
    assert net.grads.tolist() == [3.0] * 9
    assert (net.values.dtype, net.grads.dtype) == (np.float32, np.float32)
