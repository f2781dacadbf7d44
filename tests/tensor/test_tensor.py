"""Tensors: construction, data and grad, operators, indexing, methods, copies and text."""

import copy
import pickle

import numpy as np
import pytest
from scipy import special
from tensors import leaf

from autograd import Tensor, no_grad, tensor
from autograd.engine import Value
from autograd.errors import GradientError, NotANumberError, ShapeError, UnsupportedError
from autograd.tensor.core import ROWS

# Construction -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data", [2, 2.5, True, [1, 2], [[1.0], [2.0]], (1, 2.5), np.arange(3), np.float32(1), []]
)
def test_a_tensor_has_the_numbers_shape_and_dtype_of_the_array(data):
    t, array = Tensor(data), np.array(data)
    assert (t.shape, t.ndim, t.size, t.dtype) == (array.shape, array.ndim, array.size, array.dtype)
    assert t.tolist() == array.tolist()
    assert (t.requires_grad, t.grad) == (False, None)


def test_a_tensor_copies_the_array_that_it_is_made_of():
    array = np.array([1.0, 2.0])
    t = Tensor(array)
    other = Tensor(t)
    array[0] = 7
    t.data[1] = 8
    assert (t.tolist(), other.tolist()) == ([1, 8], [1, 2])


def test_making_a_tensor_of_one_that_requires_a_gradient_is_an_error_without_detach():
    x = leaf([1.0])
    for source in (x, 2 * x):
        with pytest.raises(GradientError, match=r"use t\.detach\(\)"):
            Tensor(source)
    y = leaf((2 * x).detach())
    (3 * y).backward()
    assert (x.grad, y.grad.tolist()) == (None, [3])


def test_the_function_tensor_takes_dtype_as_its_second_argument():
    t = tensor([1, 2], "float32", True)
    assert (t.dtype, t.requires_grad) == ("float32", True)


@pytest.mark.parametrize(
    "data",
    [
        "text",
        ["1"],
        1j,
        [1j],
        None,
        [object()],
        {"a": 1},
        [[1, 2], [3]],
        np.array(["2020"], "M8"),
        Value(1),
        [Value(1)],
    ],
)
def test_a_tensor_refuses_data_that_are_no_real_numbers(data):
    with pytest.raises(NotANumberError, match=r"^Tensor\(\) wants an array of real numbers"):
        Tensor(data)


@pytest.mark.parametrize("data", [1, [1, 2], [True], np.float16(1), np.longdouble(1)])
def test_requires_grad_wants_float64_or_float32(data):
    message = r"^Tensor\(requires_grad=True\) wants float64 or float32, got .*; write 1\.0 for 1"
    with pytest.raises(GradientError, match=message):
        Tensor(data, requires_grad=True)
    assert Tensor(data, requires_grad=True, dtype=float).requires_grad


def test_tensors_that_require_a_gradient_are_not_silently_detached_in_lists_and_arrays():
    x = leaf([1.0, 2.0])
    with pytest.raises(GradientError, match="cut the gradient off"):
        Tensor([x, x])
    with pytest.raises(GradientError, match="cut the gradient off"):
        np.array(x)
    with pytest.raises(GradientError, match="cut the gradient off"):
        np.asarray(2 * x)
    constant = np.asarray(x.detach())
    assert (type(constant), constant.tolist()) == (np.ndarray, [1, 2])
    assert np.array(Tensor([1.5]), dtype="float32").dtype == "float32"
    assert Tensor([Tensor([1.0]), Tensor([2.0])]).tolist() == [[1], [2]]


# Data and grad ---------------------------------------------------------------------------------


def test_data_is_assigned_by_copy_in_the_old_dtype_and_shape():
    t = Tensor([1.0, 2.0], dtype="float32")
    array = np.array([3, 4])
    t.data = array
    array[0] = 9
    assert (t.tolist(), t.dtype) == ([3, 4], "float32")
    with pytest.raises(ShapeError, match=r"^data of a Tensor of shape \(2,\) set to shape \(3,\)"):
        t.data = [1, 2, 3]
    assert t.tolist() == [3, 4]


def test_grad_is_assigned_by_copy_in_the_dtype_and_shape_of_data():
    t = leaf([1.0, 2.0], "float32")
    array = np.array([3, 4])
    t.grad = array
    array[0] = 9
    assert (t.grad.tolist(), t.grad.dtype) == ([3, 4], "float32")
    with pytest.raises(ShapeError, match=r"^grad of a Tensor of shape \(2,\) set to shape \(\)"):
        t.grad = 0
    t.grad = None
    assert t.grad is None
    for constant in (Tensor([1.0]), 2 * t):
        with pytest.raises(GradientError, match="only on a Tensor made with requires_grad=True"):
            constant.grad = np.zeros(constant.shape)


def test_assigning_to_shape_dtype_and_other_attributes_of_a_tensor_is_refused():
    for name in ("shape", "dtype", "T", "requires_grad", "colour"):
        with pytest.raises(AttributeError):
            setattr(Tensor([1.0]), name, None)


def test_numpy_and_detach_of_a_tensor_give_copies():
    x = leaf([1.0, 2.0])
    array, constant = x.numpy(), x.detach()
    assert not constant.requires_grad
    x.data[0] = 7
    assert (array.tolist(), constant.tolist()) == ([1, 2], [1, 2])


@pytest.mark.parametrize(
    "view", [lambda t: t.detach(), lambda t: t.detach().T, lambda t: t.detach()[:], "no_grad"]
)
def test_a_constant_made_of_a_tensor_does_not_change_with_it(view):
    a, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    if view == "no_grad":
        with no_grad():
            constant = a[:]
    else:
        constant = view(a)
    out = (constant * w * 3).sum()
    a.data -= 10
    out.backward()
    assert w.grad.tolist() == [3, 6]


def test_data_and_grad_of_a_tensor_refuse_what_is_no_real_number():
    t = leaf([1.0, 2.0])
    for value in (["1", "2"], [None, 1.0], [1j, 2]):
        for name in ("data", "grad"):
            with pytest.raises(NotANumberError, match=f"t.{name} wants an array of real numbers"):
                setattr(t, name, value)
        with pytest.raises(NotANumberError, match=r"backward\(\) wants an array of real numbers"):
            (t * 2).backward(value)
        with pytest.raises(NotANumberError, match=r"Tensor\(\) wants an array of real numbers"):
            Tensor(value, dtype=float)
    assert (t.tolist(), t.grad) == ([1, 2], None)


def test_item_float_int_and_bool_of_a_tensor_give_python_numbers():
    t = Tensor([[2.7]])
    assert (type(t.item()), t.item()) == (float, 2.7)
    assert (float(Tensor(2.7)), int(Tensor(2.7)), bool(Tensor(0.0)), bool(t)) == (2.7, 2, False, True)
    assert type(Tensor(3).item()) is int
    for call in (Tensor.item, float, bool):
        with pytest.raises((ValueError, TypeError), match=r"size|ambiguous|0-dimensional|scalar"):
            call(Tensor([1.0, 2.0]))


# Arithmetic with arrays, numbers and Values ----------------------------------------------------


OPERATORS = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "**": lambda x, y: x**y,
    "@": lambda x, y: x @ y,
}

every_operator = pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)


@every_operator
def test_operators_with_arrays_on_either_side_give_tensors(operator, rng):
    x, y = rng.uniform(1, 2, (3, 3)), rng.uniform(1, 2, (3, 3))
    for out in (operator(Tensor(x), y), operator(x, Tensor(y)), operator(Tensor(x), Tensor(y))):
        assert type(out) is Tensor
        np.testing.assert_allclose(out.data, operator(x, y), rtol=1e-15)
    assert operator(leaf(x), y.tolist()).requires_grad
    assert operator(x.tolist(), leaf(y)).requires_grad


@pytest.mark.parametrize("number", [2, 2.5, True, np.float64(2), np.float32(2), np.int64(2)], ids=repr)
@pytest.mark.parametrize("name", ["+", "-", "*", "/", "**"])
def test_operators_with_numbers_on_either_side_give_tensors(name, number):
    x = np.array([0.5, 1.5])
    for out, expected in (
        (OPERATORS[name](leaf(x), number), OPERATORS[name](x, number)),
        (OPERATORS[name](number, leaf(x)), OPERATORS[name](number, x)),
    ):
        assert out.requires_grad
        assert out.tolist() == expected.tolist()


def test_unary_operators_of_a_tensor_give_tensors():
    x = leaf([-1.5, 2.0])
    assert ((-x).tolist(), abs(x).tolist(), (+x).tolist()) == ([1.5, -2], [1.5, 2], [-1.5, 2])


def test_in_place_operators_make_new_tensors():
    x = leaf([1.0, 2.0])
    y = x
    y += 1
    y *= x
    assert (x.tolist(), y.tolist()) == ([1, 2], [2, 6])
    y.sum().backward()
    assert x.grad.tolist() == [3, 5]  # of (x + 1) x


def test_an_in_place_operator_of_an_array_with_a_tensor_is_refused():
    array = np.ones(2)
    with pytest.raises((UnsupportedError, GradientError)):
        array += leaf([1.0, 2.0])
    with pytest.raises(GradientError):
        array[:] = leaf([1.0, 2.0])
    assert array.tolist() == [1, 1]


@every_operator
def test_operators_of_values_and_tensors_are_refused(operator):
    v, t = Value(2.0), leaf([[1.0, 2.0], [3.0, 4.0]])
    for call in (lambda: operator(t, v), lambda: operator(v, t), lambda: operator(t, [v, v])):
        with pytest.raises((TypeError, ShapeError)):
            call()


@pytest.mark.parametrize(
    "call",
    [
        lambda t, v: np.where([True, False], t, v),
        lambda t, v: np.concatenate([t, [v]]),
        lambda t, v: np.stack([t, np.array([v, v])]),
        lambda t, v: np.dot(t, [v, v]),
        lambda t, v: np.einsum("i,i->", t, [v, v]),
        lambda t, v: np.maximum(t, v),
        lambda t, v: np.clip(t, v, None),
        lambda t, v: np.tensordot(t, [v, v], axes=1),
    ],
)
def test_numpy_functions_of_tensors_and_values_raise(call):
    with pytest.raises(TypeError):
        call(leaf([1.0, 2.0]), Value(2.0))


def test_comparisons_give_plain_arrays_of_bool():
    x, y = leaf([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 2.0])
    for other in (y, Tensor(y), 2, 2.0, np.float64(2)):
        found = [x < other, x <= other, x > other, x >= other, x == other, x != other]
        expected = [x.data < y, x.data <= y, x.data > y, x.data >= y, x.data == y, x.data != y]
        for a, b in zip(found, expected, strict=True):
            assert (type(a), a.dtype, a.tolist()) == (np.ndarray, bool, b.tolist())
    assert (y >= x).tolist() == [True, True, False]


def test_tensors_are_hashed_by_identity():
    x, y = Tensor([1.0]), Tensor([1.0])
    assert {x: 1, y: 2}[x] == 1


@pytest.mark.parametrize(("left", "right"), [("float32", "float64"), ("float64", "float32")])
@pytest.mark.parametrize("name", ["+", "*", "/", "**", "@"])
def test_operands_of_two_precisions_each_get_a_gradient_of_their_own_dtype(left, right, name):
    x, y = leaf([[1.0, 2.0], [3.0, 4.0]], left), leaf([[1.5, 0.5], [1.0, 2.0]], right)
    out = OPERATORS[name](x, y)
    assert out.dtype == "float64"
    out.sum().backward()
    assert (x.grad.dtype, y.grad.dtype) == (left, right)


def test_integer_tensors_compute_and_carry_no_gradient():
    i = Tensor([1, 2, 3])
    assert ((i * 2).dtype, (i / 2).dtype, (i + 1).tolist()) == (int, float, [2, 3, 4])
    with pytest.raises(ValueError, match="negative integer powers"):
        i**-1
    x = leaf([1.0, 2.0, 3.0])
    (i * x).sum().backward()
    assert x.grad.tolist() == [1, 2, 3]


# Indexing and iteration ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "index",
    [
        1,
        -1,
        np.int64(1),
        slice(1, None),
        slice(None, None, -1),
        ...,
        None,
        (0, 1),
        (slice(None), 2),
        (..., None, 0),
        [0, 0, 2],
        ([0, 2, 2], [1, 1, 1]),
        (np.array([[0], [2]]), np.array([1, 1])),
        np.array([True, False, True]),
        np.arange(12).reshape(3, 4) % 2 == 0,
        (slice(None), [True, False, False, True]),
        True,
        ((0, 0, 2),),
        Tensor([2, 0, 2]),
        (Tensor([0, 0]), 1),
    ],
    ids=str,
)
def test_the_gradient_of_indexing_is_added_at_the_indexed_elements(index, rng):
    x = leaf(rng.normal(size=(3, 4)))
    out = x[index]
    parts = index if isinstance(index, tuple) else (index,)
    plain = tuple(part.numpy() if isinstance(part, Tensor) else part for part in parts)
    expected = x.data[plain]
    assert out.shape == expected.shape
    assert out.tolist() == expected.tolist()
    g = rng.normal(size=out.shape)
    out.backward(g)
    sums = np.zeros(12)
    for place, number in zip(np.arange(12).reshape(3, 4)[plain].ravel(), g.ravel(), strict=True):
        sums[place] += number
    np.testing.assert_allclose(x.grad, sums.reshape(3, 4), rtol=1e-15)


def test_an_index_out_of_range_is_an_index_error():
    for index in (3, -4, (0, 4), [0, 3], (0, 0, 0)):
        with pytest.raises(IndexError):
            Tensor(np.ones((3, 4)))[index]


def test_an_index_changed_later_does_not_move_the_gradient():
    x, index = leaf([1.0, 2.0, 3.0]), np.array([0, 1])
    y = x[index]
    index[:] = 2
    y.sum().backward()
    assert x.grad.tolist() == [1, 1, 0]


def test_iteration_gives_the_rows_and_length_counts_them():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    first, second = x
    (first * 10 + second).sum().backward()
    assert x.grad.tolist() == [[10, 10], [1, 1]]
    assert len(x) == 2
    for call in (len, list):
        with pytest.raises(TypeError):
            call(Tensor(1.0))


def test_assigning_to_elements_of_a_tensor_is_refused():
    x = leaf([1.0, 2.0])
    with pytest.raises(UnsupportedError, match="not changed in place"):
        x[0] = 5
    assert x.tolist() == [1, 2]


def test_a_tensor_takes_an_empty_list_as_an_index():
    t = Tensor([1.0, 2.0], requires_grad=True)
    assert t[[]].shape == (0,)
    assert t.reshape(2, 1)[[], 0].shape == (0,)
    (3 * t[[]].sum() + t[[1, 1]].sum()).backward()
    assert t.grad.tolist() == [0, 2]


# Functions without a row or a slope ------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x: np.add.reduce(x), r"numpy\.add\.reduce"),
        (lambda x: np.multiply.outer(x, x), r"numpy\.multiply\.outer"),
        (lambda x: special.ellipk(x), r"(scipy\.special\.)?ellipk\(\)"),  # numpy has none
        (lambda x: np.frexp(x), r"numpy\.frexp"),
        (lambda x: np.sin(x, out=np.ones((2, 2))), r"numpy\.sin\(\) of a Tensor does not take out="),
        (lambda x: np.sin(x, where=x > 0), r"numpy\.sin\(\) of a Tensor does not take where="),
        (lambda x: np.sum(x, dtype="float32"), r"numpy\.sum\(\) of a Tensor does not take dtype="),
        (lambda x: np.unique(x), r"numpy\.unique"),
        (lambda x: np.spacing(x), r"numpy\.spacing"),
    ],
)
@pytest.mark.parametrize("requires_grad", [True, False])
def test_numpy_functions_that_tensors_do_not_support_are_refused_by_name(call, name, requires_grad):
    with pytest.raises(UnsupportedError, match=rf"^{name}"):
        call(Tensor(np.eye(2), requires_grad=requires_grad))


@pytest.mark.parametrize("function", [np.isnan, np.isfinite, np.signbit, np.logical_not])
def test_functions_without_a_slope_refuse_a_tensor_as_out(function):
    t = Tensor([1.0, np.nan], requires_grad=True)
    with pytest.raises(UnsupportedError, match="does not take a Tensor as out="):
        function(t, t)
    with pytest.raises(UnsupportedError, match="does not take a Tensor as out="):
        function(t, out=t)
    assert np.isnan(t.data).tolist() == [False, True]
    where = np.zeros(2, bool)
    assert function(t, out=where) is where


# Methods ---------------------------------------------------------------------------------------


NAMESAKES = [
    "exp",
    "log",
    "sqrt",
    "sin",
    "cos",
    "tanh",
    "ravel",
    "sum",
    "mean",
    "prod",
    "max",
    "min",
    "var",
    "std",
]

METHODS = {
    **{name: (getattr(np, name), name, ()) for name in NAMESAKES},
    "clip": (lambda t: np.clip(t, 0.5, 1), "clip", (0.5, 1)),
    "clip above": (lambda t: np.clip(t, None, 1), "clip", (None, 1)),
    "dot": (lambda t: np.dot(t, np.ones(3)), "dot", (np.ones(3),)),
    "swapaxes": (lambda t: np.swapaxes(t, 0, -1), "swapaxes", (0, -1)),
    "transpose": (lambda t: np.transpose(t), "transpose", ()),
    "transpose of a tuple": (lambda t: np.transpose(t, (1, 0)), "transpose", ((1, 0),)),
    "transpose of axes": (lambda t: np.transpose(t, (1, 0)), "transpose", (1, 0)),
    "reshape to numbers": (lambda t: np.reshape(t, (3, 2)), "reshape", (3, 2)),
    "reshape to a tuple": (lambda t: np.reshape(t, (3, 2)), "reshape", ((3, 2),)),
    "reshape to -1": (lambda t: np.reshape(t, -1), "reshape", (-1,)),
    "sigmoid": (lambda t: 1 / (1 + np.exp(-t)), "sigmoid", ()),
    "relu": (lambda t: np.maximum(t, 0), "relu", ()),
    "leaky_relu": (lambda t: np.maximum(t, 0.01 * t), "leaky_relu", ()),
    "softplus": (lambda t: np.log(1 + np.exp(t)), "softplus", ()),
    "gelu": (lambda t: t * ROWS["normal_cdf"](t), "gelu", ()),
}


@pytest.mark.parametrize(("function", "method", "arguments"), METHODS.values(), ids=METHODS)
def test_methods_of_a_tensor_give_the_results_of_the_functions_of_their_name(
    function, method, arguments, rng
):
    data = rng.uniform(0.1, 2, (2, 3))
    x, y = leaf(data), leaf(data)
    one, other = function(x), getattr(y, method)(*arguments)
    np.testing.assert_allclose(one.data, other.data, rtol=1e-14)
    g = rng.normal(size=one.shape)
    one.backward(g)
    other.backward(g)
    np.testing.assert_allclose(x.grad, y.grad, rtol=1e-12)


def test_gelu_is_x_times_the_normal_distribution_function(rng):
    x = leaf(rng.normal(size=20))
    y = x.gelu()
    y.sum().backward()
    np.testing.assert_allclose(y.data, x.data * (1 + special.erf(x.data / np.sqrt(2))) / 2, rtol=1e-13)
    density = np.exp(-(x.data**2) / 2) / np.sqrt(2 * np.pi)
    np.testing.assert_allclose(x.grad, special.ndtr(x.data) + x.data * density, rtol=1e-12)


def test_transposes_and_their_short_names_agree_with_numpy(rng):
    x = Tensor(rng.normal(size=(2, 3, 4)))
    assert (x.T.shape, x.mT.shape, x.swapaxes(0, 1).shape) == ((4, 3, 2), (2, 4, 3), (3, 2, 4))
    assert x.mT.tolist() == np.swapaxes(x.data, -1, -2).tolist()


def test_argmax_and_argmin_are_plain_integers(rng):
    x = leaf(rng.normal(size=(3, 4)))
    for axis in (None, 0, 1, -1):
        assert x.argmax(axis).tolist() == x.data.argmax(axis).tolist()
        assert np.argmin(x, axis).tolist() == x.argmin(axis=axis).tolist() == x.data.argmin(axis).tolist()


# Copies and text -------------------------------------------------------------------------------


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))])
def test_leaves_are_copied_and_pickled_with_their_grad(again):
    x = leaf([1.0, 2.0], "float32")
    x.grad = [3, 4]
    y = again(x)
    assert (y.tolist(), y.dtype, y.requires_grad, y.grad.tolist()) == ([1, 2], "float32", True, [3, 4])
    y.data -= 1
    (y * y).sum().backward()
    assert (x.tolist(), x.grad.tolist()) == ([1, 2], [3, 4])
    constant = again(Tensor([1, 2]))
    assert (constant.tolist(), constant.dtype, constant.requires_grad) == ([1, 2], int, False)
    with pytest.raises(GradientError, match=r"use t\.detach\(\)"):
        again(2 * x)


def test_repr_of_a_tensor_shows_the_numbers_and_options_that_are_not_the_default():
    assert repr(Tensor([1.0, 2.5])) == "Tensor([1. , 2.5])"
    assert repr(leaf([1.0])) == "Tensor([1.], requires_grad=True)"
    assert repr(Tensor([1], dtype="float32")) == "Tensor([1.], dtype=float32)"
    assert repr(Tensor([[1.0], [2.0]])) == "Tensor([[1.],\n        [2.]])"
    assert repr(Tensor(2.0)) == "Tensor(2.)"


def test_format_of_a_tensor_with_one_element_is_that_of_its_number():
    assert f"{Tensor(2.345):.2f} {Tensor([7]):03d} {leaf([[0.5]]):e}" == "2.35 007 5.000000e-01"
    assert f"{Tensor([1.0, 2.0])}" == "Tensor([1., 2.])"
    with pytest.raises(ValueError, match="size 1"):
        f"{Tensor([1.0, 2.0]):.2f}"
