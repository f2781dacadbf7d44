"""Loops over samples: each operation costs the same, and memory does not grow with the epochs."""

import math
import operator
import random
import sys
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import autograd.scalar.engine
import autograd.scalar.nn
from autograd import Value, losses
from autograd.engine import operations
from autograd.nn import Layer, Net, Neuron, rowwise


def rows(n):
    return [[math.sin(i), math.cos(3 * i)] for i in range(n)]


def net_of(n_out, seed=1):
    random.seed(seed)
    return Net(2, [4, n_out], "tanh", "linear")


# Each function takes a net of three outputs, samples and the number of the epoch, and returns a loss


def squared_differences(net, X, epoch):
    loss = 0
    for x in X:
        a, b, _ = net(x)
        loss += (a - b) ** 2
    return loss


def tanh_of_sums(net, X, epoch):
    return sum((a + b).tanh() for a, b, _ in map(net, X))


def mean_squares(net, X, epoch):
    return sum(sum(o * o for o in net(x)) / 3 for x in X)


def log_of_sums_of_exps(net, X, epoch):
    return sum(sum(o.exp() for o in net(x)).log() for x in X)


def norms(net, X, epoch):
    return sum((sum(o * o for o in net(x)) + 1) ** 0.5 for x in X)


def distances_of_pairs(net, X, epoch):
    outs = list(map(net, X))
    return sum(sum((a - b) ** 2 for a, b in zip(p, q, strict=True)) for p, q in pairwise(outs))


def cross_entropies(net, X, epoch):
    return losses.cross_entropy([net(x) for x in X], [i % 3 for i in range(len(X))])


def hubers(net, X, epoch):
    return losses.huber([net(x) for x in X], [[0.5, 3.0, -2.0]] * len(X))


def from_a_value(net, X, epoch):
    loss = Value(0.0)
    for x in X:
        loss = loss + net(x)[0] ** 2
    return loss


def attention_by_hand(net, X, epoch):
    loss = 0
    for x in X:
        q, k, v = net(x)
        scores = [q * k, q * v, k * v]
        top = [s.exp() for s in scores]
        total = sum(top)
        loss += sum(t / total * u for t, u in zip(top, (q, k, v), strict=True))
    return loss


def learnable_activations(net, X, epoch):
    slope = net.params()[0]
    return sum(o.relu() + slope * (o - o.relu()) for x in X for o in net(x))


def weights_beside_outputs(net, X, epoch):
    w, b = net.params()[0], net.params()[-1]
    return sum((net(x)[0] * w + b - 1) ** 2 for x in X)


def a_carried_average(net, X, epoch):
    s = loss = 0.0
    for x in X:
        s = 0.9 * s + 0.1 * net(x)[0]
        loss = loss + (s - 0.5) ** 2
    return loss


def a_penalty_one_at_a_time(net, X, epoch):
    s = net(X[0])[0]
    for _ in range(len(X) // len(net.params()) + 1):
        for p in net.params():
            s = s + p * p
    return s


def in_a_row(n):
    def loop(net, X, epoch):
        loss = 0
        for x in X[: max(1, 10 * len(X) // n)]:
            out = net(x)[0]
            for _ in range(n):
                out = out * 0.99 + 0.001
            loss += out
        return loss

    loop.__name__ = f"{n}_operations_in_a_row"
    return loop


def another_length_each_epoch(net, X, epoch):
    return sum(net(x)[0] ** 2 for x in X[epoch % 7 :])


def another_branch_each_epoch(net, X, epoch):
    loss = 0
    for i, x in enumerate(X):
        out = net(x)[0]
        loss += [out * 2, out**2, out.tanh(), -out][(i * epoch + epoch) % 4]
    return loss


def reading_inside(net, X, epoch):
    return sum(o if o.data > 0 else o * 0.1 for o, _, _ in map(net, X))


LOOPS = [
    squared_differences,
    tanh_of_sums,
    mean_squares,
    log_of_sums_of_exps,
    norms,
    distances_of_pairs,
    cross_entropies,
    hubers,
    from_a_value,
    attention_by_hand,
    learnable_activations,
    weights_beside_outputs,
    a_carried_average,
    a_penalty_one_at_a_time,
    *map(in_a_row, (10, 100, 1000)),
    another_length_each_epoch,
    another_branch_each_epoch,
    reading_inside,
]
each_loop = pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.__name__)


def epoch(net, loop, X, i):
    loss = loop(net, X, i)
    net.zero_grad()
    loss.backward()
    net.step(1e-6)
    return loss.data


def free_nodes():
    """As many nodes as compiled code keeps for reuse (KEPT in node.c), so that later ones are allocated."""
    return [Value(0) for _ in range((1 << 16) + 1)]


def peak(net, loop, n, epochs=3):
    """The peak of the bytes that some epochs take."""
    X = rows(n)
    for i in range(4):
        epoch(net, loop, X, i)
    kept = free_nodes()
    tracemalloc.start()
    try:
        for i in range(epochs):
            epoch(net, loop, X, i)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        del kept


@each_loop
def test_memory_grows_with_the_operations_of_a_loop_and_not_with_its_epochs(loop, monkeypatch):
    monkeypatch.setattr(
        rowwise, "MOST_PRODUCTS", 0
    )  # so that few and many samples are computed in the same way
    net = net_of(3)
    few, many = peak(net, loop, 100), peak(net, loop, 1000)
    assert many <= 13 * few + 200_000
    assert many < 1000 * 30 * 400  # a few hundred bytes an operation
    assert peak(net, loop, 100, epochs=25) <= 1.2 * few + 50_000


def work(net, loop, n, i):
    """The operations that an epoch computes, and in plain Python its calls within the package."""
    X, done, calls = rows(n), [0], [0]
    epoch(net, loop, X, i)

    def told(*args):
        done[0] += 1

    def profile(frame, event, arg):
        calls[0] += event == "call" and "autograd" in frame.f_code.co_filename

    operations.observe_operations(told, every=True)
    try:
        epoch(net, loop, X, i)
    finally:
        operations.observe_operations(None, every=True)
    if not autograd.compiled:
        sys.setprofile(profile)
        try:
            epoch(net, loop, X, i)
        finally:
            sys.setprofile(None)
    return done[0], calls[0]


@each_loop
def test_the_work_of_a_loop_grows_with_its_operations(loop):
    net = net_of(3)
    for i in (1, 2, 9):
        few, calls_of_few = work(net, loop, 200, i)
        many, calls_of_many = work(net, loop, 2000, i)
        assert 1.0 <= many / few <= 11  # so no operation is computed twice
        if not autograd.compiled and loop is not reading_inside:
            assert calls_of_many / many <= 1.3 * calls_of_few / few


# Loops of any shape -------------------------------------------------------------------------------

UNARY = [
    operator.neg,
    abs,
    lambda v: v.tanh(),
    lambda v: v.sigmoid(),
    lambda v: v.relu(),
    lambda v: v.softplus(),
    lambda v: (v * 0.1).exp(),
    lambda v: (v * v + 1).log(),
    lambda v: (v * v + 1) ** 0.5,
    lambda v: v**2,
    lambda v: 2 - v,
    lambda v: v * 0.5 + 1,
]
BINARY = [operator.add, operator.sub, operator.mul, lambda a, b: a / (b * b + 1)]
STEPS = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=8)


def run(engine, nn, kind, steps, n, lengths):
    """Losses and gradients of some epochs of a loop, of which ``steps`` chooses the operations."""
    random.seed(2)
    net = {"net": lambda: nn.Net(2, [3, 2], "tanh"), "layer": lambda: nn.Layer(2, 2, "sigmoid")}[kind]()
    leaf = engine.Value(0.5)
    found = []
    for length in lengths:
        carried, loss = engine.Value(0.1), 0
        for i, x in enumerate(rows(n)[:length]):
            a, b = net(x)
            known = [a, b, carried, leaf, net.params()[0]]
            for which, left, right in steps:
                left, right = known[left % len(known)], known[(right + i % 2) % len(known)]
                if which % 2:
                    made = UNARY[which % len(UNARY)](left).tanh()
                else:
                    made = BINARY[which % len(BINARY)](left, right).tanh()
                known.append(made)
            loss = loss + known[-1]
            if which % 3 == 0:
                carried = carried * 0.5 + known[-1]
        net.zero_grad()
        leaf.grad = 0.0
        (3 * loss).backward()
        found += [loss.data, leaf.grad, *(p.grad for p in net.params())]
    return found


@settings(max_examples=40)
@given(
    steps=STEPS,
    kind=st.sampled_from(["net", "layer"]),
    n=st.integers(2, 60),
    lengths=st.lists(st.integers(1, 60), min_size=1, max_size=4),
)
def test_a_loop_of_any_shape_has_the_oracles_numbers(steps, kind, n, lengths):
    ours = run(autograd, autograd.nn, kind, steps, n, lengths)
    theirs = run(autograd.scalar.engine, autograd.scalar.nn, kind, steps, n, lengths)
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9)


@settings(max_examples=15)
@given(steps=STEPS, kind=st.sampled_from(["net", "layer"]))
def test_a_loop_of_any_shape_computes_each_operation_once_in_bounded_memory(steps, kind):
    done = [0]

    def told(*args):
        done[0] += 1

    counts, peaks = [], []
    for n in (40, 400):
        run(autograd, autograd.nn, kind, steps, n, [n] * 3)
        operations.observe_operations(told, every=True)
        try:
            done[0] = 0
            run(autograd, autograd.nn, kind, steps, n, [n] * 3)
            counts.append(done[0])
        finally:
            operations.observe_operations(None, every=True)
        kept = free_nodes()
        tracemalloc.start()
        try:
            run(autograd, autograd.nn, kind, steps, n, [n] * 3)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
            del kept
    assert 9 <= counts[1] / counts[0] <= 11
    assert peaks[1] <= 13 * peaks[0] + 200_000


def test_a_node_of_the_graph_takes_about_two_hundred_bytes():
    x, kept = Value(1.5), free_nodes()
    operands, made = [x * 1.25 for _ in range(2000)], [None] * 2000
    tracemalloc.start()
    try:
        for i, v in enumerate(operands):
            made[i] = v * x
        size = tracemalloc.get_traced_memory()[0] / len(made)
    finally:
        tracemalloc.stop()
    assert size <= (208 if autograd.compiled else 210)
    assert len(kept) > 1 << 16


def test_modules_of_all_kinds_compute_the_same_numbers_for_a_sample_and_for_a_table():
    for make in (lambda: Net(2, [3, 2], "gelu"), lambda: Layer(2, 2, "softplus"), lambda: Neuron(2, "relu")):
        random.seed(3)
        module = make()
        out = module([0.5, -1.0])
        first = out[0] if isinstance(out, list) else out
        assert first.data == pytest.approx(module([[0.5, -1.0]]).data[0, 0], rel=1e-12)
