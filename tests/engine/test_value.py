"""The facade Value: NumPy operands, copies, errors in a pass, memory; test_oracle.py has the rest."""

import copy
import gc
import math
import operator
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

import autograd.scalar.engine
from autograd import Tensor
from autograd.engine import Value
from autograd.errors import AutogradError, DomainError, GradientError, NotANumberError
from autograd.nn import Net, rowwise

NUMBERS = [3, 3.0, True]
NUMBERS += [
    kind(3) for kind in (np.float64, np.float32, np.float16, np.longdouble, np.int64, np.uint8, np.bool_)
]
NUMBERS += [np.array(3), np.array(3.0)]
number = pytest.mark.parametrize("number", NUMBERS, ids=lambda n: f"{type(n).__name__}-{n}")


def gradient(y, *leaves):
    """The gradients of 3 * y: with the factor 1, a formula without the incoming gradient would pass."""
    (3 * y).backward()
    return [v.grad for v in leaves]


# The README of the original library -----------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "printed"),
    [
        ("x / y", "Value(0.8695652173913044, grad=0.0)"),
        ("2 + x", "Value(4.0, grad=0.0)"),
        ("x ** 3", "Value(8.0, grad=0.0)"),
        ("x.exp()", "Value(7.3890560989306495, grad=0.0)"),
        ("z.relu()", "Value(0.0, grad=0.0)"),
    ],
)
def test_the_examples_of_the_original_readme_print_what_it_says(expression, printed, capsys):
    print(eval(expression, {"x": Value(2), "y": Value(2.3), "z": Value(-3)}))
    assert capsys.readouterr().out == printed + "\n"


def test_sigmoid_of_minus_3_differs_from_the_number_in_the_original_readme():
    assert str(Value(-3).sigmoid()).startswith("Value(0.0474258731775667")


def test_a_value_over_0_is_a_zero_division_error_as_in_the_original_readme():
    with pytest.raises(ZeroDivisionError):
        Value(2) / 0


def minimise(Value, epochs):
    x = Value(7)
    y = Value(3)
    lr = 0.001
    xs = np.arange(0, epochs + 1, 1)
    ys = []

    for _ in xs:
        # forward
        f = (x - y) ** 3 + y.exp()
        f = f.relu() + y
        ys.append(f.data)

        # backward
        x.zero_grad()
        y.zero_grad()
        f.backward()

        # update params
        x.data -= lr * x.grad
        y.data -= lr * y.grad
    return ys, x.data, y.data, x.grad, y.grad


def test_the_minimise_demo_follows_the_oracle_bit_for_bit():
    found = minimise(Value, 1000)
    assert found == minimise(autograd.scalar.engine.Value, 1000)
    assert found[0][0] == 64 + math.e**3 + 3
    assert found[0][-1] < found[0][0] / 10


# Numbers of any kind become floats ------------------------------------------------------------


@number
def test_data_and_grad_are_floats_whatever_number_was_given(number):
    v = Value(number)
    assert (type(v.data), v.data) == (float, float(number))
    v.data = v.grad = number
    assert (type(v.data), type(v.grad), v.data, v.grad) == (float, float, float(number), float(number))
    assert repr(v) == f"Value({float(number)}, grad={float(number)})"


@pytest.mark.parametrize("attribute", ["data", "grad"])
@pytest.mark.parametrize("stranger", ["3", None, 1j, [1], np.array([1.0])])
def test_assigning_what_is_no_number_to_a_value_is_refused_and_changes_nothing(attribute, stranger):
    v = Value(2)
    v.grad = 5
    with pytest.raises(NotANumberError, match=f"{attribute} wants a real number, got"):
        setattr(v, attribute, stranger)
    assert (v.data, v.grad) == (2, 5)


OPERATORS = ["add", "sub", "mul", "truediv", "pow"]


@number
@pytest.mark.parametrize("name", OPERATORS)
def test_operators_take_any_kind_of_number_on_either_side_of_a_value(name, number):
    op = getattr(operator, name)
    for forms in (lambda v, n: op(v, n), lambda v, n: op(n, v)):
        v, w = Value(1.5), Value(1.5)
        y, plain = forms(v, number), forms(w, float(number))
        assert (type(y), type(y.data), y.data) == (Value, float, plain.data)
        assert gradient(y, v) == gradient(plain, w)
        assert type(v.grad) is float


@pytest.mark.parametrize("one", [np.float64(1), np.float32(1), np.array(1.0)], ids=repr)
def test_operators_of_numpy_scalars_and_values_give_values_without_a_warning(one):
    assert (one / Value(1e-309)).data == math.inf
    with pytest.raises(ZeroDivisionError):
        one / Value(0)


@number
def test_comparisons_take_any_kind_of_number_on_either_side_of_a_value(number):
    below, above = Value(0.5), Value(3.5)
    assert below < number <= above
    assert not number < below
    assert (number > below, above >= number, above == number, number == above) == (True, True, False, False)


@pytest.mark.parametrize("operand", ["a", None, 1j, [1], np.complex128(1), np.str_("a")], ids=repr)
@pytest.mark.parametrize("name", OPERATORS)
def test_operators_of_a_value_refuse_what_is_no_number_on_either_side(name, operand):
    op = getattr(operator, name)
    with pytest.raises(TypeError):
        op(Value(2), operand)
    with pytest.raises(TypeError):
        op(operand, Value(2))


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_of_a_value_and_a_tensor_are_an_error_that_says_so(name):
    op = getattr(operator, name)
    for pair in [(Value(2), Tensor([1.0, 2.0])), (Tensor([1.0, 2.0]), Value(2))]:
        with pytest.raises(TypeError, match="Tensor"):
            op(*pair)


def test_errors_of_values_are_errors_of_this_library_and_of_a_built_in_kind():
    for call, mine, builtin in [
        (lambda: Value("3"), NotANumberError, TypeError),
        (lambda: Value(-1).log(), DomainError, ValueError),
        (lambda: Value(-1).sqrt(), DomainError, ValueError),
        (lambda: Value(-8) ** 0.5, DomainError, ValueError),
    ]:
        with pytest.raises(mine, match=r"number") as caught:
            call()
        assert isinstance(caught.value, AutogradError)
        assert isinstance(caught.value, builtin)


# NumPy ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("shape", [(3,), (2, 3)])
def test_operators_of_a_value_and_an_array_work_element_by_element_on_either_side(name, shape, rng):
    op = getattr(operator, name)
    array = rng.uniform(0.5, 2, shape)
    for forms in (lambda v, a: op(v, a), lambda v, a: op(a, v)):
        v, w = Value(1.5), Value(1.5)
        made = forms(v, array)
        assert made.shape == shape
        one_by_one = [forms(w, x) for x in array.flat]
        assert [y.data for y in made.flat] == [y.data for y in one_by_one]
        assert gradient(made.sum(), v) == pytest.approx(gradient(sum(one_by_one), w), rel=1e-14)


@pytest.mark.parametrize("operand", [2, 0.5, "value"])
@pytest.mark.parametrize("op", [operator.iadd, operator.imul])
def test_an_array_can_be_updated_in_place_with_values(op, operand):
    v = Value(3)
    array = np.array([Value(1), Value(2)])
    array = op(array, v if operand == "value" else operand)
    assert [type(x) for x in array] == [Value, Value]


FUNCTIONS = ["exp", "log", "sqrt", "sin", "cos", "tanh"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_numpy_functions_of_a_value_or_an_array_of_values_give_the_results_of_its_methods(name):
    a, b, c = Value(0.5), Value(2), Value(2)
    for made in (getattr(np, name)(np.array([a, b])), getattr(np, name)([a, b])):
        assert [y.data for y in made] == [getattr(v, name)().data for v in (a, b)]
    alone = getattr(np, name)(c)
    assert type(alone) is Value
    assert gradient(made.sum() + alone, a, b, c) == [
        *gradient(getattr(d := Value(0.5), name)(), d),
        *gradient(getattr(e := Value(2), name)(), e) * 2,
    ]


@pytest.mark.parametrize(
    ("expression", "value", "gradients"),
    [
        ("np.dot([a, b], [3, 4])", 18, [9, 12]),
        ("np.dot(np.array([3, 4]), np.array([a, b]))", 18, [9, 12]),
        ("np.array([a, b]) @ np.array([a, b])", 13, [12, 18]),
        ("(np.array([[1, 2], [3, 4]]) @ np.array([a, b])).sum()", 26, [12, 18]),
        ("np.sum([a, b, a])", 7, [6, 3]),
        ("np.array([a, b]).mean()", 2.5, [1.5, 1.5]),
        ("np.prod([a, b])", 6, [9, 6]),
        ("sum([a, b])", 5, [3, 3]),
        ("sum([a, b], np.float64(1))", 6, [3, 3]),
        ("np.abs(-a) + abs(b)", 5, [3, 3]),
        ("np.power(a, 3) + np.power(2, b)", 16, [36, 24 * math.log(2)]),
        ("np.power(a, b)", 8, [36, 24 * math.log(2)]),
        ("np.square(a) + np.negative(b)", 1, [12, -3]),
        ("np.maximum(a, b) * np.minimum(a, b)", 6, [9, 6]),
        ("np.float32(2) * a + np.int8(3) * b", 13, [6, 9]),
        ("-a + +b", 1, [-3, 3]),
        ("max(a, b) * min(a, b, 1.0)", 3, [0, 3]),
    ],
)
def test_numpy_sums_products_and_selections_of_values_keep_the_gradient(expression, value, gradients):
    a, b = Value(2), Value(3)
    y = eval(expression, {"np": np, "a": a, "b": b})
    assert (type(y), y.data) == (Value, value)
    assert gradient(y, a, b) == pytest.approx(gradients, rel=1e-15)


def test_an_array_of_values_compares_element_by_element():
    v, array = Value(2), np.array([1, 2, 3])
    assert (v < array).tolist() == (array > v).tolist() == [False, False, True]
    assert (v >= array).tolist() == (array <= v).tolist() == [True, True, False]


# Attributes and copies ------------------------------------------------------------------------


def test_custom_attributes_can_be_set_on_a_value():
    p = Value(1)
    p.m = 0.0
    p.m += 0.1
    assert p.m == 0.1
    with pytest.raises(AttributeError):
        _ = p.v


COPIES = {"deepcopy": copy.deepcopy, "pickle": lambda v: pickle.loads(pickle.dumps(v)), "copy": copy.copy}
copied = pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
deeply = pytest.mark.parametrize("copied", [COPIES["deepcopy"], COPIES["pickle"]], ids=["deepcopy", "pickle"])


@copied
def test_a_copied_leaf_has_the_number_the_gradient_and_the_attributes(copied):
    v = Value(2)
    v.grad, v.m = 5, 0.25
    w = copied(v)
    assert (w.data, w.grad, w.m) == (2, 5, 0.25)
    w.data = w.grad = 7
    assert (v.data, v.grad) == (2, 5)


@deeply
def test_a_copied_result_has_its_own_graph_over_copies_of_its_leaves(copied):
    a, b = Value(2), Value(3)
    y = (a * b + a).tanh() ** 2 + 5 / b
    y.kept = "yes"
    c, z, d = copied([a, y, b])
    assert (z.data, z.kept) == (y.data, "yes")
    assert gradient(z, c, d) == gradient(y, a, b)
    assert c.grad != 0


def test_a_shallow_copy_of_a_result_shares_its_leaves():
    a = Value(2)
    y = a * a
    assert gradient(copy.copy(y), a) == [12]


@deeply
def test_a_value_whose_attributes_refer_to_itself_can_be_copied(copied):
    x = Value(2)
    x.loss = x * x
    z = copied(x.loss)
    assert (z.data, type(z)) == (4, Value)


@deeply
def test_a_chain_of_100_000_operations_can_be_copied(copied):
    x = Value(0)
    y = x
    for _ in range(100_000):
        y = y + 1
    c, z = copied((x, y))
    assert gradient(z, c) == [3]
    assert z.data == 100_000


@copied
def test_copying_the_output_of_a_net_is_an_error_that_says_what_to_do(copied):
    y = Net(2, [1])([1, 2]) * 3
    with pytest.raises(GradientError, match=r"Value\(float\(v\)\)"):
        copied(y)


def test_a_pickle_can_be_read_by_another_process():
    data = pickle.dumps(Value(2) ** 3)
    script = "import pickle, sys; print(pickle.loads(sys.stdin.buffer.read()))"
    ran = subprocess.run([sys.executable, "-c", script], input=data, capture_output=True, check=True)
    assert ran.stdout.decode().strip() == "Value(8.0, grad=0.0)"


# Errors during a backward pass ----------------------------------------------------------------


def mixed_expression():
    """Leaves and inner Values above and below a net, and the result."""
    w, x, net = Value(2), Value(0.5), Net(2, [3, 1], activation="tanh")
    inner = x * 2
    out = net([inner, 1])
    y = w * out + out * inner
    return net, [w, x], [inner, out, y], y


def test_after_a_gradient_error_leaves_are_as_before_and_a_new_graph_works():
    net, leaves, inner, y = mixed_expression()
    for p in [*leaves, *net.params()]:
        p.grad = 0.25
    net.params()[0].data += 1
    for _ in range(2):
        with pytest.raises(GradientError, match="changed"):
            y.backward()
        assert {p.grad for p in [*leaves, *net.params()]} == {0.25}
        assert all(type(v.grad) is float for v in inner)
    (3 * (inner[0] * leaves[0])).backward()  # over the part of the graph that is unchanged
    assert [v.grad for v in leaves] == [0.25 + 3 * 1, 0.25 + 3 * 2 * 2]


def test_a_gradient_error_deep_in_the_graph_leaves_gradients_as_before():
    slope = Tensor(0.5, requires_grad=True)
    w, net = Value(2), Net(1, [1], activation=lambda t: slope * t)
    y = w * net([1])
    slope.data += 1  # in place, after it was used
    with pytest.raises(GradientError, match="changed"):
        y.backward()
    assert [p.grad for p in [w, *net.params()]] == [0, 0, 0]


@pytest.mark.parametrize(
    "place",
    ["autograd.nn.samples.Samples.take_program", "numpy.zeros", "autograd.nn.samples.Samples.pass_back"],
)
def test_after_an_interrupt_in_backward_the_same_graph_works_again(place, monkeypatch):
    monkeypatch.setattr(rowwise, "MOST_PRODUCTS", 0)
    net, leaves, inner, y = mixed_expression()
    y.backward()
    everything = [*leaves, *net.params(), *inner]
    expected = [v.grad for v in everything]

    def interrupt(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(place, interrupt)
        with pytest.raises(KeyboardInterrupt):
            y.backward()
    assert all(type(v.grad) is float for v in inner)
    for v in [*leaves, *net.params()]:
        v.grad = 0
    y.backward()
    assert [v.grad for v in everything] == expected


def test_an_interrupt_at_the_start_of_a_backward_pass_does_not_block_other_threads(monkeypatch):
    class Interrupted(np.errstate):
        def __enter__(self):
            raise KeyboardInterrupt

    monkeypatch.setattr(rowwise, "MOST_PRODUCTS", 0)
    _, _, _, y = mixed_expression()
    assert y.data
    with monkeypatch.context() as patch:
        patch.setattr(np, "errstate", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            y.backward()
    assert type(y.grad) is float
    others = threading.Thread(target=y.backward, daemon=True)
    others.start()
    others.join(10)
    assert not others.is_alive()
    assert y.grad == 1.0


# Memory ---------------------------------------------------------------------------------------


def test_training_by_hand_holds_no_more_objects_after_300_steps_than_after_10():
    net, w = Net(2, [3, 1], activation="tanh"), Value(1)

    def steps(n):
        for _ in range(n):
            loss = (w * net([0.5, w]) - 1) ** 2 + 0.01 * sum(p * p for p in net.params())
            net.zero_grad()
            loss.backward()
            net.step(0.01)
        return len(gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        before = steps(10)
        assert steps(300) <= before + 5
    finally:
        gc.enable()
