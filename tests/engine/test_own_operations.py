"""Custom operations, and other extensions of Values: attributes, methods, subclasses."""

import copy
import gc
import math
import pickle
import random
import weakref

import numpy as np
import pytest

import autograd
import autograd.scalar.engine
from autograd import Net, Value, draw
from autograd.errors import GradientError, NotANumberError, ShapeError

# An operation in the three spellings ------------------------------------------------------------


def by_closure(a, b):
    out = Value(a.data * math.sin(b.data), (a, b), "a sin b")

    def _backward():
        a.grad += math.sin(b.data) * out.grad
        b.grad += a.data * math.cos(b.data) * out.grad

    out._backward = _backward
    return out


def by_slopes(a, b):
    return Value(a.data * math.sin(b.data), (a, b), (math.sin(b.data), a.data * math.cos(b.data)))


def by_names(a, b):
    slopes = [math.sin(b.data), a.data * math.cos(b.data)]
    return Value(data=a.data * math.sin(b.data), children=(a, b), local_grads=slopes)


def of_the_table(a, b):
    return a * b.sin()


SPELLINGS = pytest.mark.parametrize("own", [by_closure, by_slopes, by_names, of_the_table])


def slope(function, numbers, i, h=1e-6):
    """A central difference."""
    up, down = list(numbers), list(numbers)
    up[i] += h
    down[i] -= h
    return (function(up) - function(down)) / (2 * h)


@SPELLINGS
@pytest.mark.parametrize("times", [1, 2])
def test_a_custom_operation_has_the_gradients_of_finite_differences(own, times):
    def loss(a, b):
        y = own(a * 2, b) + own(b, a)
        return 3 * own(y, own(y, a)) + y * a

    values = [Value(0.7), Value(-0.4)]
    result = loss(*values)
    for _ in range(times):
        result.backward()
    for i, v in enumerate(values):
        expected = slope(lambda xs: loss(*map(Value, xs)).data, [0.7, -0.4], i)
        assert v.grad == pytest.approx(times * expected, rel=1e-6)


@SPELLINGS
@pytest.mark.parametrize("rows", [2, 40])
def test_a_custom_operation_in_the_loss_of_a_net_passes_right_gradients(own, rows):
    random.seed(4)
    net = Net(2, [3, 1], "tanh", "linear")
    X = np.random.default_rng(0).uniform(-1, 1, (rows, 2)).tolist()
    scale = Value(0.5)

    def loss():
        return sum(own(net(x), scale * x[0]) ** 2 for x in X) + own(net.params()[0], scale)

    (3 * loss()).backward()
    found = [scale.grad, *(p.grad for p in net.params())]
    for k, v in enumerate([scale, *net.params()]):

        def at(xs, v=v):
            before = v.data
            v.data = xs[0]
            y = 3 * loss().data
            v.data = before
            return y

        assert found[k] == pytest.approx(slope(at, [v.data], 0), rel=1e-5, abs=1e-7)


def test_a_backward_closure_assigned_to_a_built_in_result_replaces_its_slopes():
    a, b = Value(2), Value(3)
    out = a + b
    out._backward = lambda: setattr(a, "grad", a.grad + 10 * out.grad)
    (out * 2).backward()
    assert (a.grad, b.grad) == (20, 0)
    assert out._prev == {a, b}


def test_a_tanh_in_the_style_of_micrograd_works_unchanged():
    def tanh(self):
        x = self.data
        t = (math.exp(2 * x) - 1) / (math.exp(2 * x) + 1)
        out = Value(t, (self,), "tanh")

        def _backward():
            self.grad += (1 - t**2) * out.grad

        out._backward = _backward
        return out

    x = Value(0.8, label="x")
    y = tanh(x * 2)
    y.label = "y"
    y.backward()
    assert x.grad == pytest.approx(2 * (1 - math.tanh(1.6) ** 2))
    assert (x.label, y.label, y._op, {v.data for v in y._prev}) == ("x", "y", "tanh", {1.6})


def test_prev_and_op_of_a_node_name_its_operands_and_operation():
    a, b = Value(2), Value(-3)
    assert (a._prev, a._op) == (set(), "")
    for v, parents, symbol in [
        (a * b, {a, b}, "*"),
        (a + 1, {a}, "+"),
        (1 - a, {a}, "-"),
        (a / b, {a, b}, "/"),
        (a**2, {a}, "**"),
        (a.tanh(), {a}, "tanh"),
        (a + a, {a}, "+"),
    ]:
        assert (v._prev, v._op) == (parents, symbol)
        v._backward()  # it does nothing: no gradient has arrived
    assert (a.grad, b.grad) == (0, 0)


def test_prev_of_a_net_output_holds_its_inputs_and_parameters():
    net, a = Net(2, [2, 1]), Value(0.5)
    out = net([a, 1.0])
    assert out.data == out.data
    assert out._prev == {a, *net.params()}
    assert net.layers[0].neurons[1]([a, 1.0])._prev >= {a, *net.layers[0].neurons[1].params()}


def test_the_graph_trace_of_micrograd_runs_on_these_graphs():
    def trace(root):
        nodes, edges = set(), set()

        def build(v):
            if v not in nodes:
                nodes.add(v)
                for child in v._prev:
                    edges.add((child, v))
                    build(child)

        build(root)
        return nodes, edges

    a, net = Value(0.5), Net(1, [2, 1])
    nodes, edges = trace(net([a * 2]) ** 2 + a)
    assert {a, *net.params()} <= nodes
    assert len(edges) >= len(nodes) - 1


def test_a_custom_operation_can_be_drawn_and_copied():
    a = Value(2, label="a")
    out = by_slopes(a, Value(1)) * 2
    texts = [node.text for node in draw(out).nodes]
    assert "a" in texts
    for twin in (copy.deepcopy(out), pickle.loads(pickle.dumps(out))):
        twin.backward()
        assert twin.data == out.data
    assert "a sin b" in [node.text for node in draw(by_closure(a, Value(1))).nodes]


def test_a_value_refuses_bad_children_and_slopes():
    a = Value(1)
    with pytest.raises(NotANumberError, match="wants Values as children, got 2"):
        Value(1, (a, 2))
    with pytest.raises(ShapeError, match="a slope for each of 2 children, got 1"):
        Value(1, (a, a), (1.0,))
    with pytest.raises(NotANumberError, match="wants a real number, got 'x'"):
        Value(1, (a,), ["x"])
    with pytest.raises(NotANumberError, match="_backward wants a function"):
        a._backward = 3


def test_backward_within_a_backward_closure_is_an_error_that_says_what_to_do():
    a = Value(1)
    out = Value(1, (a,), "mine")
    out._backward = lambda: (a * 2).backward()
    with pytest.raises(GradientError, match=r"from within backward.*call it afterwards"):
        out.backward()
    assert (a.grad, out.grad) == (0, 0)
    (a * 3).backward()
    assert a.grad == 3


def test_an_error_in_a_backward_closure_leaves_gradients_unchanged():
    a, net = Value(0.5), Net(1, [2, 1])
    out = Value(1, (a,), "mine")
    out._backward = lambda: 1 / 0
    a.grad = 0.25
    loss = out * net([a]) + sum(p * p for p in net.params())
    with pytest.raises(ZeroDivisionError):
        loss.backward()
    assert (a.grad, out.grad, loss.grad, set(net.grads)) == (0.25, 0, 0, {0})


# Extensions of the class Value --------------------------------------------------------------------


MADE = {
    "leaf": lambda: Value(2),
    "result": lambda: Value(1) * 2,
    "output": lambda: Net(1, [1])([0.5]),
    "what follows": lambda: Net(1, [2])([0.5])[0] * 2,
    "parameter": lambda: Net(1, [1]).params()[0],
}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_custom_attributes_stay_with_a_value_of_any_kind(make):
    v, w = make(), make()
    v.m, v.label = 0.5, "v"
    vars(v)["mark"] = 1
    v.m += 1
    assert vars(v) == {"m": 1.5, "label": "v", "mark": 1}
    assert vars(w) == {}
    assert (v * 2)._prev == {v}
    assert vars(v * 2) == {}
    del v.m
    assert not hasattr(v, "m")


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_a_value_of_any_kind_is_freed_with_its_last_reference_and_calls_weak_references(make):
    told = []
    v = make()
    kept = {v: 1}
    known = weakref.ref(v, told.append)
    assert known() is v
    assert kept[v] == 1
    float(v)
    gc.disable()
    try:
        del v, kept
    finally:
        gc.enable()
    if make is MADE["parameter"]:  # which the net owns, and its net is in a cycle
        gc.collect()
    assert known() is None
    assert told == [known]


def test_methods_can_be_added_to_the_class_value(monkeypatch):
    monkeypatch.setattr(Value, "cube", lambda v: v * v * v, raising=False)
    monkeypatch.setattr(Value, "size", property(lambda v: abs(v.data)), raising=False)
    x, net = Value(2), Net(1, [1])
    (3 * x.cube()).backward()
    assert (x.grad, x.size) == (36, 2)
    assert net([0.5]).cube().data == pytest.approx(net([0.5]).data ** 3)
    assert net.params()[0].cube().data == pytest.approx(net.params()[0].data ** 3)
    monkeypatch.setattr(Value, "tanh", lambda v: v * 0)
    assert x.tanh().data == 0


class Named(Value):
    def __init__(self, data, name):
        super().__init__(data)
        self.name = name

    def shout(self):
        return self.name.upper()


def test_instances_of_subclasses_are_leaves_and_results_are_plain_values():
    a = Named(2, "a")
    y = a * 3 + a.tanh()
    (2 * y).backward()
    assert type(y) is type(a * a) is Value
    assert (a.shout(), a.name) == ("A", "a")
    assert a.grad == pytest.approx(2 * (3 + 1 - math.tanh(2) ** 2))
    net = Net(1, [2, 1])
    net([a]).backward()
    assert type(net([a])) is Value
    assert isinstance(a, Value)
    assert {a: 1}[a] == 1


def test_a_cycle_through_leaves_and_closures_is_collected():
    class Mark:
        pass

    def make():
        a, mark = Value(1), Mark()
        a.itself, a.mark = a, mark
        out = Value(1, (a,), "mine")
        out._backward = lambda: out.grad
        return weakref.ref(mark)

    def results():
        y, mark = Value(1) * 2, Mark()
        y.me, y.mark = [y], mark
        return weakref.ref(mark)

    def parameters():
        net, mark = Net(1, [1]), Mark()
        for p in net.params():
            p.net, p.mark = net, mark
        return weakref.ref(mark)

    gc.collect()
    known = [make(), results(), parameters()]
    gc.collect()
    assert [ref() for ref in known] == [None] * 3


def test_a_pending_value_keeps_its_type_when_it_is_evaluated():
    net = Net(1, [2])
    out = net([0.5])[0]
    later = out * 2
    kinds = [type(out), type(later)]
    assert later.data == 2 * out.data
    assert [type(out), type(later)] == kinds == [Value, Value]


@pytest.mark.parametrize("kind", [Value, autograd.scalar.engine.Value])
def test_clip_log2_and_log10_have_right_numbers_and_gradients_in_both_engines(kind):
    for x, expected, grad in [(0.5, 0.5, 3.0), (-2.0, -1.0, 0.0), (7.0, 2.0, 0.0), (2.0, 2.0, 3.0)]:
        v = kind(x)
        y = v.clip(-1, 2)
        (3 * y).backward()
        assert (y.data, v.grad) == (expected, grad)
    v = kind(8)
    (3 * (v.log2() + v.log10())).backward()
    assert v.log2().data == pytest.approx(3)
    assert v.log10().data == pytest.approx(math.log10(8))
    assert v.grad == pytest.approx(3 / 8 * (1 / math.log(2) + 1 / math.log(10)))
    assert math.isnan(kind(math.nan).clip(0, 1).data)


def test_numpy_log2_clip_max_and_min_of_values_keep_the_gradient():
    v = Value(4)
    (3 * (np.log2(v) + np.clip(v, 0, 5) + np.max([v, Value(1)]) + max(v, 2) + min(9, v))).backward()
    assert v.grad == pytest.approx(3 * (1 / (4 * math.log(2)) + 1 + 1 + 1 + 1))


def test_a_value_takes_a_name_with_slopes_and_arrays_of_children_and_slopes():
    x, y = Value(3.0), Value(2.0)
    out = Value(9.0, (x,), "sq", local_grads=(6.0,))
    out.backward()
    assert (x.grad, out._op) == (6, "sq")
    Value(6.0, np.array([x, y]), np.array([2.0, 3.0])).backward()
    assert (x.grad, y.grad) == (8, 3)


def test_backward_of_a_single_node_can_be_called_by_hand_but_not_for_a_net():
    a, b = Value(2.0), Value(3.0)
    c = a * b
    d = c + a
    d.grad = 1.0
    d._backward()
    c._backward()
    assert (a.grad, b.grad, c.grad) == (4, 2, 1)
    net = Net(1, [1])
    with pytest.raises(GradientError, match=r"call backward\(\) on the loss"):
        net([1.0])._backward()
    for v in (net.params()[0], net([1.0])):
        with pytest.raises(GradientError, match="_backward cannot be set on a parameter or an output"):
            v._backward = lambda: None
        assert math.isfinite(v.data)


def test_a_backward_pass_that_fails_leaves_the_gradients_of_leaves_at_0():
    x, y = Value(1.0), Value(2.0)
    o = Value(3.0, (y,), "o")
    o._backward = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        (x * 5 + o).backward()
    assert (x.grad, y.grad) == (0, 0)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])
def test_a_copied_leaf_keeps_its_subclass(copied):
    twin = copied(Named(2, "a"))
    assert (type(twin), twin.data, twin.shout()) == (Named, 2, "A")


@pytest.mark.parametrize("limits", [(None, 1), (0, None), (0, 1)])
def test_numpy_clip_of_a_value_gives_a_value(limits):
    assert isinstance(np.clip(Value(3.0), *limits), Value)
    assert np.clip(Value(0.5), *limits).data == 0.5
