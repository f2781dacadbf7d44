"""explain(): the paths and samples that a gradient comes from add up to it; each is what the oracle says."""

import gc
import math
import random
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest

import autograd
from autograd import Layer, Net, Neuron, Value, doctor
from autograd.errors import GradientError, NotANumberError, OptionError, UnsupportedError
from autograd.nn import ACTIVATIONS
from autograd.scalar.engine import Value as Twin
from autograd.scalar.nn import Neuron as TwinNeuron


def every_path(v, target):
    """The products of the slopes along all paths from ``v`` to ``target``, by recursion."""
    if v is target:
        return [1.0]
    found = []
    for operand, slope in ((v._a, "_da"), (v._b, "_db")):
        if operand is not None:
            found += [getattr(v, slope) * product for product in every_path(operand, target)]
    return found


def random_graph(seed):
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(0.5, 2)) for _ in range(3)]
    values = list(leaves)
    for _ in range(12):
        a, b = rng.choice(values), rng.choice(values)
        values.append(
            rng.choice(
                [lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a - 2 * b, lambda a, b: (a * b).tanh()]
            )(a, b)
        )
    return leaves, sum(values[-4:])


@pytest.mark.parametrize("seed", range(20))
def test_the_largest_paths_are_those_of_all_paths(seed):
    leaves, loss = random_graph(seed)
    (3 * loss).backward()
    tripled = 3 * loss
    for v in leaves:
        wanted = sorted(every_path(tripled, v), key=abs, reverse=True)
        told = v.explain(tripled, k=6)
        assert told.n_paths == len(wanted)
        assert [abs(path.amount) for path in told.paths] == pytest.approx([abs(x) for x in wanted[:6]])
        assert told.total == pytest.approx(math.fsum(wanted))
        assert told.gradient == v.grad == pytest.approx(told.total)
        for path in told.paths:
            assert math.prod(step.slope for step in path.steps) == pytest.approx(path.amount)


def test_of_a_value_in_between_and_of_the_result_itself():
    x = Value(2.0)
    y = x * 3
    loss = y * y
    loss.backward()
    assert y.explain().total == y.grad == 12.0
    assert [path.steps for path in loss.explain().paths] == [()]
    assert str(loss.explain()).splitlines()[1] == "  1, the result itself"


def test_more_paths_than_could_be_counted_one_by_one():
    x = Value(1.0)
    v = x
    for _ in range(200):
        v = v + v
    v.backward()
    told = x.explain(k=2)
    assert told.n_paths == 2**200
    assert told.total == x.grad == 2.0**200
    assert [path.amount for path in told.paths] == [1.0, 1.0]


def test_a_long_chain_needs_no_recursion():
    x = Value(1.0)
    v = x
    for _ in range(50_000):
        v = v * 1.0
    v.backward()
    assert "49999 times" in str(x.explain()) or "50000 times" in str(x.explain())


# Nets ---------------------------------------------------------------------------------------------


def oracle_parts(net, X, loss_of):
    """By the oracle, for each sample the gradient of each parameter through that sample alone.

    Each sample goes through neurons of its own, with the same numbers.
    """
    copies, outputs = [], []
    for x in X:
        own = []
        h = [Twin(v) for v in x]
        for layer in net.layers:
            function = layer._function.operation
            neurons = []
            for neuron in layer.neurons:
                twin = TwinNeuron(
                    len(h),
                    (lambda v: v) if function == "pos" else (lambda v, f=function: getattr(v, f)()),
                    init=lambda *_: [[]],
                )
                *twin.w, twin.b = (Twin(p.data) for p in neuron.params())
                neurons.append(twin)
                own += [*twin.w, twin.b]
            h = [neuron(h) for neuron in neurons]
        copies.append(own)
        outputs.append(h)
    loss_of(outputs).backward()
    return [[p.grad for p in own] for own in copies]


def squares(outputs):
    return sum((v - 0.3) ** 2 * 3 for out in outputs for v in (out if isinstance(out, list) else [out]))


@pytest.mark.parametrize("activation", sorted(set(ACTIVATIONS)))
@pytest.mark.parametrize("sizes", [(2, [3, 1]), (3, [4, 2]), (1, [2, 3, 2])])
def test_the_parts_of_samples_are_those_of_the_oracle(activation, sizes):
    random.seed(3)
    rng = np.random.default_rng(4)
    n_in, n_outs = sizes
    net = Net(n_in, n_outs, activation, "linear")
    X = rng.normal(size=(5, n_in)).tolist()
    loss = squares([net(x) for x in X])
    loss.backward()
    wanted = oracle_parts(net, X, squares)
    for i, p in enumerate(net.params()):
        told = p.explain()
        assert told.gradient == pytest.approx(p.grad, rel=1e-12)
        assert told.total == pytest.approx(p.grad, rel=1e-9, abs=1e-12)
        assert math.fsum(part.amount for part in told.samples) == pytest.approx(p.grad, rel=1e-9, abs=1e-12)
        parts = {part.sample: part.amount for part in told.samples}
        for x, own in zip(X, wanted, strict=True):
            assert parts[tuple(x)] == pytest.approx(own[i], rel=1e-9, abs=1e-12)
        sizes_of_parts = [abs(part.amount) for part in told.samples]
        assert sizes_of_parts == sorted(sizes_of_parts, reverse=True)


def test_what_goes_past_all_samples_is_told_apart():
    random.seed(1)
    net = Net(2, [3, 1], "tanh", "linear")
    loss = sum((net([i / 5, 1.0]) - 0.5) ** 2 for i in range(8)) + 0.1 * sum(p * p for p in net.params())
    loss.backward()
    w = net.layers[0].neurons[1].w[0]
    told = w.explain(k=2)
    assert told.total == pytest.approx(w.grad)
    assert told.total - math.fsum(part.amount for part in told.samples) == pytest.approx(0.2 * w.data)
    text = str(told)
    assert text.startswith("layers[0].neurons[1].w[0] has the gradient")
    assert f"  {0.2 * w.data:.4g}  past all samples" in text
    assert "for 6 others" in text


def test_nets_that_feed_each_other_and_inputs_that_are_values():
    random.seed(1)
    first, second = Net(2, [3, 2], "tanh"), Net(2, [1], "tanh", "linear")
    x = Value(0.7)
    loss = sum((second(first([x, a])) - a) ** 2 for a in (0.1, 0.5, -0.4))
    (3 * loss).backward()
    tripled = 3 * loss
    for v in [x, *first.params(), *second.params()]:
        assert v.explain(tripled).total == pytest.approx(v.grad, rel=1e-9, abs=1e-12)
    assert len(x.explain(tripled).paths) == 5


@pytest.mark.parametrize(
    "module",
    [
        lambda: Neuron(2, "tanh"),
        lambda: Layer(2, 3, "relu"),
        lambda: Net(2, [3, 1], lambda t: t * t * 0.5),
        lambda: Net(2, [3, 1], "tanh", dtype="float32"),
    ],
)
def test_of_neurons_layers_own_activations_and_float32(module):
    random.seed(1)
    module = module()
    loss = squares([module([0.5, -1.0]), module([0.25, 2.0])])
    loss.backward()
    for p in module.params():
        assert p.explain().total == pytest.approx(p.grad, rel=1e-4 if module.dtype == np.float32 else 1e-9)
        assert len(p.explain().samples) == 2


def test_what_was_in_the_gradient_before_is_said():
    x = Value(3.0, label="x")
    (x * x).backward()
    loss = 2 * x
    loss.backward()
    told = x.explain()
    assert (told.gradient, told.total, told.earlier) == (8.0, 2.0, 6.0)
    assert str(told).startswith("x has the gradient 8, by 1 path, and 6 from before the last backward():")


def test_another_loss_than_the_last_and_gradients_set_to_0_have_no_past():
    x = Value(3.0)
    loss, other = 2 * x, 5 * x
    loss.backward()
    told = x.explain(other)
    assert (told.gradient, told.total, told.earlier) == (5.0, 5.0, 0.0)
    loss.backward()
    assert x.explain().earlier == 2.0
    x.grad = 0.0
    told = x.explain()
    assert (told.gradient, told.total, told.earlier) == (2.0, 2.0, 0.0)


def test_the_last_loss_is_that_of_this_thread():
    x, y = Value(3.0), Value(2.0)
    loss, other = 2 * x, 5 * y
    loss.backward()
    thread = threading.Thread(target=other.backward)
    thread.start()
    thread.join()
    with pytest.raises(GradientError, match="give it"):
        x.explain()
    assert x.explain(loss).total == 2.0


def test_a_pass_of_another_thread_that_fails_leaves_the_last_loss_as_it_is():
    x = Value(3.0)
    loss, failing = 2 * x, Value(4.0, (Value(1.0),), "failing")
    failing._backward = lambda: 1 / 0
    loss.backward()

    def fail():
        with pytest.raises(ZeroDivisionError):
            failing.backward()
        with pytest.raises(GradientError, match="give it"):
            x.explain()
        done.append(True)

    done = []
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert done
    assert x.explain().total == 2.0


def test_of_a_value_that_the_loss_does_not_depend_on():
    x, y = Value(1.0), Value(2.0)
    loss = y * 2
    loss.backward()
    assert str(x.explain()) == "Value(1) has the gradient 0: no path leads to it"


def test_within_the_doctor_the_steps_have_their_source():
    with doctor():
        w = Value(2.0, label="w")
        loss = (w * 3 - 1) ** 2
        loss.backward()
        (path,) = w.explain().paths
    assert [step.text for step in path.steps] == ["(w * 3 - 1) ** 2", "w * 3 - 1", "w * 3"]
    assert [step.place.source for step in path.steps] == ["loss = (w * 3 - 1) ** 2"] * 3
    assert "test_explanation.py:" in str(path)


def test_own_operations_with_slopes_have_paths_and_those_with_functions_are_refused():
    x = Value(2.0)
    cube = Value(8.0, (x,), (12.0,))
    loss = cube * 2
    loss.backward()
    assert x.explain().paths[0].amount == 24.0
    out = Value(4.0, (x,), "square")
    out._backward = lambda: setattr(x, "grad", x.grad + 4 * out.grad)
    loss = out * 2
    loss.backward()
    with pytest.raises(UnsupportedError, match="give it slopes"):
        x.explain()


def test_errors_say_what_to_do():
    x = Value(1.0)
    (x * 2).backward()  # nothing keeps the loss
    with pytest.raises(GradientError, match="keep the loss in a variable"):
        x.explain()
    with pytest.raises(NotANumberError, match="wants the Value that backward"):
        x.explain(2.0)
    loss = x * 2
    loss.backward()
    with pytest.raises(OptionError, match="k"):
        x.explain(k=0)
    random.seed(1)
    net = Net(1, [2, 1])
    loss = net([0.5]) * 2
    loss.backward()
    net.step(0.1)
    with pytest.raises(GradientError, match=r"between backward\(\) and the step"):
        net.params()[0].explain()


def test_the_last_loss_is_not_kept_alive():
    x = Value(1.0)
    loss = x * 2
    gone = weakref.ref(loss)
    loss.backward()
    gc.disable()
    try:
        del loss
        assert gone() is None
    finally:
        gc.enable()
    other = x * 3  # perhaps in the memory of the loss
    with pytest.raises(GradientError, match="give it"):
        x.explain()
    assert x.explain(other).total == 3.0


def test_the_last_loss_may_get_attributes_afterwards():
    x = Value(1.0)
    loss = x * 2
    loss.backward()
    loss.name = "loss"
    assert x.explain().total == 2.0
    del loss
    with pytest.raises(GradientError, match="give it"):
        x.explain()


@pytest.mark.parametrize("afterwards", [False, True])
def test_a_loss_that_the_collector_clears_is_gone(afterwards):
    def explain(_):
        with pytest.raises(GradientError, match="give it"):
            x.explain()
        done.append(True)

    done = []
    x = Value(2.0)
    loss = Net(1, [1], "linear")([x])
    if afterwards:
        loss.backward()
    loss.note, loss.itself = Value(1.0), loss
    call = weakref.ref(loss.note, explain)  # called while the cycle is taken apart
    if not afterwards:
        loss.backward()
    del loss
    gc.collect()
    assert done
    assert call() is None


FIRST_PASS_AT_THE_END = """
import os
from autograd import Value

class End:
    def __init__(self):
        self.x = Value(2.0)
        self.loss = self.x * 3

    def __del__(self, write=os.write):
        self.loss.backward()
        write(1, str(self.x.grad).encode())

end = End()
"""
EXPLAINED_WHILE_THE_COLLECTOR_CLEARS_THE_NET = """
import contextlib, gc, weakref
from autograd import Net, Value
from autograd.errors import GradientError

class End:
    def __del__(self):
        self.loss.backward()

def explain(_):
    with contextlib.suppress(GradientError, AttributeError):
        x.explain()
    called.append(True)

def garbage():
    end, loss = End(), Net(1, [1], "linear", init=lambda n_out, n_in: [[3.0]])([x])
    loss.note = Value(loss.data)
    loss.end, end.loss = end, loss
    return weakref.ref(loss.note, explain)

x, called = Value(2.0), []
call = garbage()
gc.collect()
print(x.grad if called else "not called", end="")
"""


@pytest.mark.parametrize("program", [FIRST_PASS_AT_THE_END, EXPLAINED_WHILE_THE_COLLECTOR_CLEARS_THE_NET])
def test_a_finalizer_may_call_backward(program):
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ("3.0", "")


def test_the_last_loss_may_be_of_a_subclass():
    class Loss(Value):
        def __del__(self):
            found.append(self.explain().total)

    found = []
    loss = Loss(0.0)
    loss.backward()
    del loss
    assert found == [1.0]
    with pytest.raises(GradientError, match="give it"):
        Value(2.0).explain()


def test_gradients_are_left_as_they_are():
    random.seed(1)
    net = Net(2, [3, 1], "tanh")
    loss = net([0.5, 1.0]) ** 2
    loss.backward()
    before = net.grads.copy()
    net.params()[0].explain()
    assert (net.grads == before).all()
    with autograd.no_grad():
        assert net.params()[0].explain().samples[0].sample == (0.5, 1.0)
