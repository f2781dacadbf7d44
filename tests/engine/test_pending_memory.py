"""Memory of pending operations: what a program drops is freed without the garbage collector."""

import gc
import tracemalloc

import numpy as np
import pytest
from both_engines import ORACLE, near

from autograd import optim
from autograd.engine import Value
from autograd.errors import DomainError, GradientError, ShapeError
from autograd.nn import Net

pytestmark = pytest.mark.usefixtures("seeded")


@pytest.mark.parametrize("keep", ["nothing", "the first", "every 1000th"])
def test_dropped_outputs_of_a_net_take_no_memory(keep):
    net = Net(1, [1])
    kept = []

    def predictions(n):
        for i in range(n):
            y = (net([0.5]) - 1.0) ** 2
            if (keep == "the first" and i == 0) or (keep == "every 1000th" and i % 1000 == 0):
                kept.append(y)

    predictions(5000)
    tracemalloc.start()
    try:
        predictions(66_000)
        assert tracemalloc.get_traced_memory()[1] < 6e6
    finally:
        tracemalloc.stop()
    assert len({y.data for y in kept}) <= 1


@pytest.mark.parametrize(
    "use",
    [
        lambda v, w, x: v + w,
        lambda v, w, x: v - x,
        lambda v, w, x: v * x,
        lambda v, w, x: v * w,
        lambda v, w, x: sum([v, w]),
        lambda v, w, x: (v - 0.5) ** 2,
    ],
    ids=["v + w", "v - x", "v * x", "v * w", "sum", "(v - 0.5) ** 2"],
)
def test_dropped_operations_on_pending_operands_take_no_memory(use):
    v, w = Net(2, [2])([0.5, 0.25])
    x = Value(2.0)
    kept = use(v, w, x)
    tracemalloc.start()
    try:
        for _ in range(40_000):
            use(v, w, x)
        assert tracemalloc.get_traced_memory()[1] < 6e6
    finally:
        tracemalloc.stop()
    assert near(kept.data, use(*map(ORACLE.Value, (v.data, w.data, 2.0))).data)


def plain_step(net):
    loss = sum((net([x, 1.0])[0] - x) ** 2 for x in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9))
    net.zero_grad()
    loss.backward()
    net.step(0.01)


def recurrent_step(net):
    loss = 0
    for i in range(10):
        h = [0.0, 0.0]
        for _ in range(3):
            h = net([h[0] + 0.1 * i, h[1]])
        loss += h[0] ** 2
    net.zero_grad()
    loss.backward()
    net.step(0.01)


def penalised_step(net):
    loss = net([0.5, 1.0])[1] ** 2 + 0.01 * sum(p * p for p in net.params())
    loss += 0.01 * sum(map(abs, net.params()))
    net.zero_grad()
    loss.backward()
    for p in net.params():
        p.data -= 0.01 * p.grad


def step_with_a_penalty(net):
    loss = net([0.5, 1.0])[1] ** 2 + 0.01 * sum(p * p for p in net.params())
    net.zero_grad()
    loss.backward()
    net.step(0.01)


def step_with_reads(net):
    loss = 0
    for x in np.linspace(0, 1, 12).tolist():
        y = net([x, 1.0])[0]
        loss += (y - x) ** 2
        assert y.data < 2
        assert loss.grad == 0
    loss.backward()
    optim.SGD(net, lr=0.01).step()


def step_without_end(net):
    """A step whose results are mostly dropped without a read, with three errors."""
    outs = [net([x, 1.0])[0] for x in (0.1, 0.2, 0.3)]
    bad = sum(outs) + (-abs(outs[0])).log()
    with pytest.raises(DomainError):
        bad.backward()
    net([outs[0], outs[1]])[0] * outs[2]
    with pytest.raises(ShapeError):
        net([outs[0]])
    net.step(0.0)
    with pytest.raises(GradientError):
        outs[0].backward()


STEPS = [plain_step, recurrent_step, penalised_step, step_with_reads, step_without_end]


@pytest.mark.parametrize("step", STEPS)
def test_training_steps_leave_no_cycles_for_the_garbage_collector(step):
    net = Net(2, [3, 2], activation="tanh")

    def steps(n):
        for _ in range(n):
            step(net)
        return len(gc.get_objects())

    steps(10)
    gc.collect()
    gc.disable()
    try:
        before = steps(1)
        assert steps(60) <= before + 5
    finally:
        gc.enable()


@pytest.mark.parametrize("updated", [True, False])
@pytest.mark.parametrize("step", [plain_step, penalised_step, step_with_a_penalty])
def test_dropped_nets_leave_no_cycles_for_the_garbage_collector(step, updated):
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            net = Net(2, [3, 2], activation="tanh")
            for _ in range(6):
                step(net)
            penalty = None if updated else sum(p * p for p in net.params())
            del net, penalty
            assert gc.collect() == 0
    finally:
        gc.enable()
