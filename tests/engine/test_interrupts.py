"""Interrupts, reads and calls at any event of an epoch: later epochs give the same bits, reads give right
numbers, and no recording or context is left open.
"""

import gc
import math
import random
import signal
import threading
import time
import weakref

import numpy as np
import pytest
from disturbed import Disturbed, interrupt

import autograd
from autograd import Value, losses, no_grad, record
from autograd.nn import Layer, Net, Neuron, batch, rowwise
from autograd.tensor.modes import mode

# Python reports an interrupt in a __del__, or while a generator is freed, on stderr and goes on
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
AT_MOST = 60  # events at which one loop is disturbed, spread over all of its events
X = [[0.5, -1.0], [0.25, 0.75], [-0.5, 0.1]]
Y = [0.5, -0.25, 1.0]


class Program:
    """A net and a leaf, with a loss over both that an epoch computes."""

    def __init__(self, loss, make):
        random.seed(3)
        self.net = make()
        self.leaf = Value(0.75)
        self.loss = loss
        self.values = self.net.values.copy()
        self.newest = None

    def epoch(self):
        """All numbers of an epoch, from the same parameters each time."""
        self.net.values = self.values
        self.leaf.data = 0.75
        self.net.zero_grad()
        self.leaf.zero_grad()
        self.newest = self.net(X[0])
        loss = self.loss(self.net, self.leaf)
        loss.backward()
        found = [loss.data, loss.grad, self.leaf.grad, *self.net.grads.tolist()]
        self.net.step(0.1)
        return [x.hex() for x in [*found, *(p.data for p in self.net.params()[:3])]]


def one(v):
    return v[0] if isinstance(v, list) else v


def squares(net, leaf):
    return sum((one(net(x)) - y) ** 2 for x, y in zip(X, Y, strict=True))


def penalty(net, leaf):
    return squares(net, leaf) * leaf + 0.1 * sum(p * p for p in net.params())


def fed_by_values(net, leaf):
    return one(net([leaf, leaf * 2])) ** 2 + leaf


def levels(net, leaf):
    h = [leaf, 0.5]
    for _ in range(3):
        h = [one(net(h)), leaf]
    return h[0] * 3


def carried(net, leaf):
    s = 0.0
    for x in X:
        s = 0.9 * s + 0.1 * one(net(x))
    return (s - leaf) ** 2


def read_inside(net, leaf):
    total = 0
    for x in X:
        out = one(net(x))
        total += out * (2 if out.data > 0 else leaf)
    return total


def scalars(net, leaf):
    x = leaf
    for _ in range(6):
        x = (x * leaf + 1).tanh() - x**2
    return x + net.params()[0] * leaf


def own_operations(net, leaf):
    out = Value(leaf.data**3, (leaf,), (3 * leaf.data**2,))
    late = Value(2 * out.data, (out,), "twice")

    def pass_on():
        out.grad += 2 * late.grad

    late._backward = pass_on
    return late * one(net(X[1]))


def with_contexts(net, leaf):
    with no_grad():
        fixed = one(net(X[0])).data
    with autograd.eager():
        now = one(net(X[1]))
    return now * leaf + fixed


def recorded(net, leaf):
    program = record(lambda t: np.tanh(t) * 2, np.zeros(3))
    return one(net(program([0.1, 0.2, 0.3])[:2].tolist())) * leaf


def lists_of_outputs(net, leaf):
    return losses.mse([one(net(x)) for x in X], Y) * leaf


LOOPS = [squares, penalty, fed_by_values, levels, carried, read_inside, scalars, own_operations]
LOOPS += [with_contexts, recorded, lists_of_outputs]
MAKE = {
    "net": lambda: Net(2, [3, 1], "tanh", "linear"),
    "layer": lambda: Layer(2, 2, "sigmoid"),
    "neuron": lambda: Neuron(2, "relu"),
    "own activation": lambda: Net(2, [2, 1], lambda t: t.tanh() * 2, "linear"),
}


@pytest.fixture(params=[True, False], ids=["by rows", "as a batch"])
def small_batches(request, monkeypatch):
    if not request.param:
        monkeypatch.setattr(rowwise, "MOST_PRODUCTS", 0)


def places(program, fine=False):
    """Some of the events of an epoch."""
    counter = Disturbed(fine=fine)
    counter.run(program.epoch)
    step = max(1, counter.count // AT_MOST)
    return range(1 + random.Random(counter.count).randrange(step), counter.count + 1, step)


def usual():
    """Whether recording is on, and neither a trace nor eager evaluation is left in force."""
    return mode.taping and mode.trace is None and not mode.eager


@pytest.mark.parametrize("make", MAKE)
@pytest.mark.parametrize("loop", LOOPS)
def test_an_epoch_after_an_interrupt_at_any_event_gives_the_same_bits(loop, make, small_batches):
    program, interrupted = Program(loop, MAKE[make]), 0
    for _ in range(4):
        expected = program.epoch()
    for at in places(program):
        try:
            Disturbed(interrupt, at).run(program.epoch)
        except KeyboardInterrupt:
            interrupted += 1
        assert usual(), at
        assert program.epoch() == expected, at
    assert interrupted > 10


def test_an_interrupt_in_backward_leaves_all_gradients_before_or_after_it_and_frees_other_threads(
    small_batches,
):
    program = Program(penalty, MAKE["net"])
    program.epoch()
    counter = Disturbed()

    def backward():
        loss = program.loss(program.net, program.leaf)
        assert math.isfinite(loss.data)  # so that only the backward pass is left to do
        counter.run(loss.backward)
        return loss

    def gradients(of_net, of_leaf):
        program.net.grads[:], program.leaf.grad = of_net, of_leaf
        return [0.0, of_leaf, *program.net.grads.tolist()]

    before = gradients(0.25, 0.5)
    loss = backward()
    after, interrupted = [loss.grad, program.leaf.grad, *program.net.grads.tolist()], 0
    assert after != before
    for at in range(1, counter.count + 1, max(1, counter.count // AT_MOST)):
        loss = program.loss(program.net, program.leaf)
        assert math.isfinite(loss.data)
        gradients(0.25, 0.5)
        try:
            Disturbed(interrupt, at).run(loss.backward)
        except KeyboardInterrupt:
            found = [loss.grad, program.leaf.grad, *program.net.grads.tolist()]
            assert found in (before, after), at
            interrupted += 1
        other = threading.Thread(target=lambda: (Value(1.0) * program.leaf).backward(), daemon=True)
        other.start()
        other.join(20)
        assert not other.is_alive()
    # The compiled backward pass through samples by rows calls nothing that an interrupt could come from
    assert (interrupted > 0) is not (autograd.compiled and rowwise.MOST_PRODUCTS > 0)


@pytest.mark.filterwarnings("ignore::autograd.errors.RecordingWarning")  # for reads within a recording
@pytest.mark.parametrize("loop", LOOPS)
def test_reads_and_calls_of_a_net_at_any_event_of_an_epoch_give_right_numbers_and_disturb_nothing(
    loop, small_batches
):
    program = Program(loop, MAKE["net"])
    for _ in range(4):
        expected = program.epoch()
    newest = []

    def look():
        newest.append(float(one(program.newest)))
        v = one(program.net(X[2])) * 2 + program.leaf
        assert math.isfinite((v - v.data).data)
        assert (v - v.data).data == 0

    for at in places(program, fine=True):
        found = Disturbed(look, at, fine=True).run(program.epoch)
        near = [
            math.isclose(float.fromhex(a), float.fromhex(b), rel_tol=1e-12, abs_tol=1e-14)
            for a, b in zip(found, expected, strict=True)
        ]
        assert all(near), at
        assert usual()
    assert len(newest) > 10


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers on this system")
@pytest.mark.parametrize("loop", [squares, penalty, levels, carried])
@pytest.mark.parametrize("raises", [False, True])
def test_signal_handlers_that_read_values_or_raise_do_not_disturb_later_epochs(loop, raises, small_batches):
    program = Program(loop, MAKE["net"])
    for _ in range(4):
        start = time.perf_counter()
        expected = program.epoch()
        duration = time.perf_counter() - start
    seen, interrupted = [], 0

    def handler(number, frame):
        seen.append(float(one(program.newest) * 2))
        while raises and frame is not None:
            if frame.f_code is Program.epoch.__code__:
                raise KeyboardInterrupt
            frame = frame.f_back

    before = signal.signal(signal.SIGALRM, handler)
    try:
        for k in range(150):
            signal.setitimer(signal.ITIMER_REAL, max(duration * (k % 40) / 40, 1e-6))
            try:
                found = program.epoch()
            except KeyboardInterrupt:
                found, interrupted = None, interrupted + 1
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            assert usual()
            if found is not None:
                assert [float.fromhex(x) for x in found] == pytest.approx(
                    [float.fromhex(x) for x in expected], rel=1e-12, abs=1e-14
                )
            assert program.epoch() == expected
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(seen) > 10
    assert (interrupted > 5) is raises


def test_finalisers_that_read_values_and_call_nets_do_not_disturb_an_epoch(small_batches):
    program = Program(penalty, MAKE["net"])
    for _ in range(4):
        expected = program.epoch()
    looks = []

    class Cycle:
        def __init__(self):
            self.itself = self

        def __del__(self):
            looks.append(float(one(program.newest)) + float(one(program.net(X[2]))))

    thresholds = gc.get_threshold()
    gc.set_threshold(3, 2, 2)
    try:
        for _ in range(30):
            Cycle()
            watched = Cycle()
            known = weakref.ref(watched, lambda ref: looks.append(float(one(program.net(X[1])))))
            del watched
            found = [float.fromhex(x) for x in program.epoch()]
            assert found == pytest.approx([float.fromhex(x) for x in expected], rel=1e-12, abs=1e-14)
            del known
    finally:
        gc.set_threshold(*thresholds)
    assert len(looks) > 20


def test_a_backward_in_a_finaliser_during_a_backward_pass_does_not_hang_or_change_gradients():
    class Cycle:
        def __init__(self):
            self.itself = self

        def __del__(self):
            x = Value(2.0)
            (x * x).backward()

    xs = [Value(1.0) for _ in range(5000)]
    for x in xs:
        x.grad = 1.0
    total = xs[0] + 0
    for x in xs:
        total = total + x
    gc.collect()
    thresholds = gc.get_threshold()
    gc.disable()
    Cycle()
    gc.set_threshold(50)
    gc.enable()
    try:
        total.backward()
    finally:
        gc.set_threshold(*thresholds)
    assert [x.grad for x in xs[:3]] == [3.0, 2.0, 2.0]


def test_a_no_grad_context_nested_within_itself_restores_recording():
    context = no_grad()
    with context, context:
        assert not mode.taping
    assert usual()


@pytest.mark.parametrize("when", ["before", "after"] if not autograd.compiled else ["never"])
def test_a_sample_that_is_added_while_dropped_samples_are_removed_is_kept(monkeypatch, small_batches, when):
    net = Net(2, [1], "linear", init=lambda n_out, n_in: np.ones((1, 2)))
    held, late = getattr(batch, "held", None), []

    def meanwhile(*args):
        if when == "before" and not late:
            late.append(net([2.0, 3.0]))
        found = held(*args)
        if when == "after" and not late:
            late.append(net([2.0, 3.0]))
        return found

    # The compiled code never calls this, and nothing can happen between its lines
    monkeypatch.setattr(batch, "held", meanwhile, raising=False)
    for _ in range(5):
        net([1.0, 1.0])  # its output is dropped
    net.params()[2].data = 1.0
    assert [v.data for v in late] == ([] if autograd.compiled else [5.0])
    (net([2.0, 3.0]) * 3).backward()
    assert net.grads.tolist() == [6, 9, 3]
