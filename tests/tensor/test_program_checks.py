"""Recorded functions that read numbers: the warning that names the line, and check=True."""

import re

import numpy as np
import pytest
from tensors import leaf, same

from autograd import Net, Tensor
from autograd.errors import (
    RecordingError,
    RecordingWarning,
)
from autograd.tensor import (
    gradients,
    record,
)

pytestmark = pytest.mark.usefixtures("seeded_and_nothing_recorded_afterwards")
# Warnings -----------------------------------------------------------------------------------------


# fmt: off
LOOKS = {
    "if x.sum() > 0":     ("bool()",   lambda x: x if x.sum() > 0 else -x),
    "if x.any()":         ("bool()",   lambda x: x if bool(np.any(x > 0)) else -x),
    "if (x > 0).all()":   ("bool()",   lambda x: x if (x.data > 0).all() else -x),
    "x.item()":           ("item()",   lambda x: x * x.sum().item()),
    "float(x)":           ("float()",  lambda x: x * float(x.sum())),
    "int(x)":             ("int()",    lambda x: x * int(x.sum())),
    "x.tolist()":         ("tolist()", lambda x: x * x.tolist()[0]),
    "max of two":         ("bool()",   lambda x: x * max(x[0], x[1])),
    "format(x)":          ("item()",   lambda x: x * len(f"{x.sum():.1f}")),
    "an index of Python": ("an index", lambda x: [x, -x][x.argmax()]),
    "allclose":           ("allclose()", lambda x: x if np.allclose(x, 0) else -x),
    "array_equal":        ("array_equal()", lambda x: x if np.array_equal(x, -x) else -x),
}
# fmt: on


@pytest.mark.parametrize(("how", "function"), LOOKS.values(), ids=LOOKS)
def test_recording_a_function_that_reads_numbers_warns_with_file_and_line(how, function):
    line = function.__code__.co_firstlineno
    where = rf"read numbers .*\({re.escape(how)} at {re.escape(__file__)}:{line}[),]"
    with pytest.warns(RecordingWarning, match=where) as caught:
        program = record(function, [1.0, 2.0])
    assert (len(caught), caught[0].filename) == (1, __file__)
    same(program([1.0, 2.0]), function(Tensor([1.0, 2.0])).data)


def test_recording_a_function_that_reads_a_parameter_warns():
    w = leaf([2.0])
    with pytest.warns(RecordingWarning, match=r"\(bool\(\) at .*, item\(\) at .*"):
        record(lambda x: x * w.item() if w > 1 else x, [1.0])


def test_the_warning_about_a_read_in_a_net_names_the_line_of_the_activation(rng):
    def activation(x):
        return x if x.sum() > 0 else -x

    net = Net(2, [3], activation)
    line = activation.__code__.co_firstlineno + 1
    with pytest.warns(RecordingWarning, match=rf"bool\(\) at {re.escape(__file__)}:{line}\)"):
        record(lambda x: net(x), np.ones((4, 2)))


def test_a_recorded_function_may_read_shapes_without_a_warning():
    def function(x):
        assert len(x) == x.shape[0] == np.size(x, 0) == 2
        assert (x.ndim, x.size, x.dtype, np.ndim(x)) == (2, 6, float, 2)
        assert np.shape(x) == np.shape(x.data) == (2, 3)
        assert "Tensor" in repr(x)
        return sum(row for row in x)

    assert record(function, np.zeros((2, 3)))([[1, 2, 3], [4, 5, 6]]).tolist() == [5, 7, 9]


# check=True ------------------------------------------------------------------------------------


def test_check_raises_if_a_branch_is_taken_differently_and_does_not_warn():
    def magnitude(x):
        if x.sum() < 0:
            return -x
        return x

    program = record(magnitude, [1.0, 2.0], check=True)
    assert program([3.0, -2.0]).tolist() == [3, -2]
    message = r"^the Program of magnitude gives another result than the function itself does now: .*branches"
    with pytest.raises(RecordingError, match=message):
        program([-3.0, 2.0])
    assert program([5.0, 6.0]).tolist() == [5, 6]


def test_check_raises_if_a_gradient_differs(rng):
    net = Net(3, [4, 1], "tanh")
    factor = 1.0

    def step(X):
        net.zero_grad()
        loss = net(X).sum()
        (factor * loss).backward()
        return loss

    X = rng.normal(size=(5, 3))
    program = record(step, X, check=True)
    program(X)
    factor = 2.0
    with pytest.raises(RecordingError, match="the Program of step gives another gradient than the function"):
        program(X)
    factor = 1.0
    program(X)


def test_check_raises_if_the_shape_or_number_of_results_differs():
    for other in (lambda x: x[:1], lambda x: (x, x), lambda x: None):
        kind = [lambda x: x, other]
        program = record(lambda x, kind=kind: kind[0](x), [1.0, 2.0], check=True)
        program([3.0, 4.0])
        kind.reverse()
        with pytest.raises(RecordingError, match="another result"):
            program([3.0, 4.0])


@pytest.mark.parametrize("zero", [True, False])
def test_a_call_with_check_gives_the_results_and_gradients_of_one_without(zero, rng):
    net, t = Net(3, [4, 2], "tanh"), leaf([1.0, 2.0])

    def step(X):
        if zero:
            net.zero_grad()
        loss = (net(X) * t).sum()
        loss.backward()
        return {"loss": loss, "number": 3}

    X = rng.normal(size=(5, 3))
    found = []
    for check in (False, True):
        program = record(step, X, check=check)
        net.grads[...] = 1
        t.grad[...] = 2
        result = program(2 * X)
        found.append((result["loss"], net.grads.copy(), t.grad.copy()))
        gradient = t.grad
        program(X)
        assert t.grad is gradient
    for one, other in zip(*found, strict=True):
        same(one, other)


def test_check_passes_on_an_error_of_the_function(rng):
    net = Net(3, [2], "tanh")
    fail = False

    def step(X):
        if fail:
            raise KeyError("of mine")
        net(X).sum().backward()

    X = np.ones((5, 3))
    program = record(lambda X: [step(X), net(X)][1], X, check=True)
    fail = True
    with pytest.raises(KeyError, match="of mine"):
        program(X)
    fail = False
    program(X)


def test_check_accepts_nan_and_rounding_and_no_larger_difference():
    program = record(lambda x: np.log(x), [1.0], check=True)
    with np.errstate(all="ignore"):
        assert np.isnan(program([-1.0]))
    factor = 1.0
    program = record(lambda x: x * factor, [1.0], check=True)
    factor = 1 + 1e-12
    program([3.0])
    factor = 1 + 1e-6
    with pytest.raises(RecordingError, match="another result"):
        program([3.0])


def test_check_works_for_functions_that_return_none_or_text():
    w = leaf([1.0, 2.0])
    program = record(lambda x: (w * x).sum().backward(), [1.0, 2.0], check=True)
    program([3.0, 4.0])
    assert w.grad.tolist() == [3, 4]
    assert record(lambda x: {"x": x, "name": "text"}, 1.0, check=True)(2.0) == {"x": 2, "name": "text"}


def test_a_function_recorded_with_check_may_clear_gradients():
    w = leaf([1.0, 2.0])

    def step(x):
        w.grad = None
        (w * x).sum().backward()

    program = record(step, [1.0, 2.0], check=True)
    gradient = w.grad
    for numbers in ([3, 4], [5, 6]):
        program(numbers)
        assert w.grad is gradient
        assert gradient.tolist() == numbers


def test_check_works_for_gradients_of_the_arguments():
    program = record(lambda x: gradients((x**3).sum(), [x])[0], leaf([1.0, 2.0]), check=True)
    assert program([2.0, 3.0]).tolist() == [12, 27]


def test_a_program_that_calls_itself_is_an_error_and_can_be_called_afterwards():
    calls = []

    def function(x):
        calls.append(1)
        if len(calls) == 3:  # as `check` calls it
            with pytest.raises(RecordingError, match="was called while it was at work"):
                program(x)
        return x * 2.0

    program = record(function, np.ones(2), check=True)
    for _ in range(3):
        assert program(np.ones(2)).tolist() == [2, 2]
    assert len(calls) >= 3
