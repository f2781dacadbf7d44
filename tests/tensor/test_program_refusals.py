"""Refused recordings: the error, and that parameters, gradients and the recording state are unchanged."""

import numpy as np
import pytest
from tensors import leaf, same, step_of

from autograd import Net, Tensor, optim
from autograd.errors import (
    GradientError,
    RecordingError,
    UnsupportedError,
)
from autograd.tensor import (
    record,
)
from autograd.tensor.modes import mode

pytestmark = pytest.mark.usefixtures("seeded_and_nothing_recorded_afterwards")

HERE = np.zeros(3)

OUTSIDE = leaf([1.0, 2.0, 3.0]) * 2


def added_in_place(x):
    a = np.zeros(3)
    a += x.data
    return x


def changed_in_place(x):
    data = x.data
    data *= 2
    return x


def written_into(x):
    x.data[0] = 1


# fmt: off
REFUSED = {
    "a += traced":     (added_in_place, r"^numpy\.add\(out=\.\.\.\) and operators such as \+= cannot"),
    "traced *= 2":     (changed_in_place, r"^numpy\.multiply\(out=\.\.\.\) and operators such as \+= cannot"),
    "out=":            (lambda x: np.exp(x.data, out=HERE), r"^numpy\.exp\(out=.*; write a = a \+ b"),
    "out= of a sum":   (lambda x: np.sum(x.data, axis=0, out=HERE[0]), r"^numpy\.add\.reduce\(out="),
    "out=traced":      (lambda x: np.add(HERE, 1, out=x.data), r"^numpy\.add\(out=\.\.\.\)"),
    "asarray":         (lambda x: np.asarray(x.data), "cannot be used in a recorded function|a plain one"),
    "array":           (lambda x: np.array(x.data), "cannot be used in a recorded function|a plain one"),
    "array of one":    (lambda x: np.array([x.data[0], 1.0]) + np.array(x.data), "recorded function"),
    "assigned to a slice": (lambda x: HERE.__setitem__(slice(None), x.data), "recorded function"),
    "sort()":          (lambda x: x.data.sort(), "an array's 'sort' cannot be used in a recorded function"),
    "view()":          (lambda x: x.data.view("i8"), "an array's 'view' cannot be used"),
    "nonzero()":       (lambda x: np.nonzero(x), r"^nonzero\(\) gives several arrays and cannot be recorded"),
    "split()":         (lambda x: np.split(x.data, 3), r"split\(\) gives several arrays"),
    "modf()":          (lambda x: np.modf(x.data), r"^modf\(\) gives several arrays and cannot be recorded"),
    "frexp()":         (lambda x: np.frexp(x.data)[0], r"^frexp\(\) gives several arrays"),
    "one from outside": (lambda x: x * OUTSIDE, r"of shape \(3,\) that was computed before .*t\.detach"),
    "its numbers":     (lambda x: x * OUTSIDE.data, r"of shape \(3,\) that was computed before"),
    "out= of another": (lambda x: np.cumsum(x.data, out=HERE), "out="),
    "what is outside": (lambda x: OUTSIDE.sum().backward(), "computed before"),
}
# fmt: on


@pytest.mark.parametrize(("function", "message"), REFUSED.values(), ids=REFUSED)
def test_record_refuses_operations_that_a_replay_could_not_repeat(function, message):
    with pytest.raises(UnsupportedError, match=message):
        record(function, [1.0, 2.0, 3.0])
    assert HERE.tolist() == [0, 0, 0]
    assert OUTSIDE.tolist() == [2, 4, 6]


def test_record_refuses_assignment_to_elements_of_a_recorded_array():
    with pytest.raises(TypeError, match="does not support item assignment"):
        record(written_into, [1.0, 2.0])


def test_a_detached_tensor_from_outside_can_be_recorded_as_a_constant():
    y = leaf([1.0, 2.0]) * 2
    constant = y.detach()
    assert record(lambda x: x * constant, [0.0, 0.0])([5.0, 6.0]).tolist() == [10, 24]


# fmt: off
OUTER = (UnsupportedError, r"changes something outside the recorded function, which a replay would not")

CHANGES = {
    "opt.step()":        OUTER,
    "net.step(0.1)":     OUTER,
    "p.data = 3.0":      OUTER,
    "p.data -= 0.1":     OUTER,
    "p.grad = 0.0":      OUTER,
    "net.load_state_dict(state)": OUTER,
    "net.layers[0].neurons[0].b = 3": OUTER,
    "clip_gradient(net, 1.0)": OUTER,
    "net.step(0.1); t.data = [5.0, 5.0]": OUTER,
    "t.data = [5.0, 5.0]": (UnsupportedError, r"^a recorded function cannot assign to a Tensor's data"),
    "c.data = [5.0, 5.0]": (UnsupportedError, r"^a recorded function cannot assign to a Tensor's data"),
    "t.data -= 0.1 * t.grad": (UnsupportedError, r"^numpy\.subtract\(out=\.\.\.\)"),
    "t.grad += 1":       (UnsupportedError, r"^numpy\.add\(out=\.\.\.\)"),
    "c.data -= 1":       (ValueError, r"read-only"),
    "net(x); net.values[...] = 0": (RecordingError, r"^function\(\) changes parameters"),
}
# fmt: on


@pytest.mark.parametrize("used", [lambda net, x: net(x), lambda net, x: x * 2], ids=["before", "not at all"])
@pytest.mark.parametrize(("change", "error", "message"), [(k, *v) for k, v in CHANGES.items()], ids=CHANGES)
def test_changing_parameters_while_recording_is_an_error_and_leaves_them_unchanged(
    change, error, message, used
):
    net, t, c = Net(2, [2], "tanh"), leaf([1.0, 2.0]), Tensor([3.0, 4.0])
    t.grad, net.grads[...] = [1.0, 1.0], 1
    names = {
        "net": net,
        "t": t,
        "c": c,
        "p": net.params()[0],
        "opt": optim.SGD(net, lr=0.1),
        "state": {name: array + 1 for name, array in net.state_dict().items()},
        "clip_gradient": optim.clip_gradient,
    }

    def function(x):
        y = used(net, x * t)
        exec(change, {}, {**names, "x": x})
        return y

    before = net.values.copy()
    with pytest.raises(error, match=message):
        record(function, np.ones((4, 2)))
    same(net.values, before)
    assert (t.tolist(), c.tolist()) == ([1, 2], [3, 4])
    loss = net(np.ones((4, 2))).sum()
    loss.backward()  # the parameters can be used as before


def test_backward_over_parameters_that_a_recording_changed_and_restored_is_an_error():
    net = Net(2, [2], "tanh")
    kept = []

    def function(x):
        kept.append(net(x))
        net.values[...] = 0
        return kept[0]

    early = net(np.ones((4, 2))).sum()
    with pytest.raises(RecordingError):
        record(function, np.ones((4, 2)))
    with pytest.raises(GradientError, match="has been changed since"):
        early.backward()


def test_record_passes_on_an_exception_of_the_function_and_ends_the_recording():
    net, t = Net(2, [2], "tanh"), leaf([1.0, 2.0])

    def function(x):
        (net(x) * t).sum().backward()
        raise KeyError("of mine")

    for _ in range(2):
        with pytest.raises(KeyError, match="of mine"):
            record(function, np.ones((4, 2)))
        assert mode.trace is None
        assert not net.grads.any()
    assert t.grad is None
    (net(np.ones((4, 2))) * t).sum().backward()
    found = net.grads.copy(), t.grad.copy()
    net.zero_grad()
    t.grad = None
    program = record(lambda x: (net(x) * t).sum().backward(), np.ones((4, 2)))
    program()
    same(net.grads, found[0])
    same(t.grad, found[1])


def test_recording_leaves_gradients_as_they_were():
    net = Net(2, [2], "tanh")
    net.grads[...] = 3
    record(step_of(net), np.ones((4, 2)), np.ones((4, 2)))
    assert (net.grads == 3).all()


def test_a_function_recorded_within_a_recorded_function_is_a_separate_program():
    def outer(x):
        inner = record(lambda y: y * 3, np.zeros(2))
        return x * 2 + inner([1.0, 2.0])

    assert record(outer, [0.0, 0.0])([10.0, 20.0]).tolist() == [23, 46]


def test_calling_a_program_with_a_recorded_array_is_an_error():
    inner = record(lambda y: y * 3, np.zeros(2))
    with pytest.raises(UnsupportedError, match="recorded function"):
        record(lambda x: Tensor(inner(x)), np.zeros(2))


def test_record_refuses_add_at_and_accumulate_with_out():
    x = np.arange(3.0)
    with pytest.raises(
        UnsupportedError, match=r"numpy.add.at\(\) cannot change an array in a recorded function"
    ):
        record(lambda t: np.add.at(t.data, 0, 1), Tensor(x))
    with pytest.raises(UnsupportedError, match=r"accumulate\(out=...\) cannot change a recorded array"):
        record(lambda t: np.add.accumulate(t.data, out=np.zeros(3)), Tensor(x))
