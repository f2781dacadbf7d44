"""Pending operations of several threads: each thread has its own batches and gets its own numbers."""

import copy
import functools
import math
import sys
import threading

import numpy as np
import pytest
from both_engines import ORACLE, in_a_loop, near

import autograd
import autograd.engine
import autograd.nn
import autograd.scalar.engine
import autograd.scalar.nn
from autograd.engine import Value, pending
from autograd.nn import Net

pytestmark = pytest.mark.usefixtures("seeded")


def in_threads(*jobs):
    """The results of jobs that run at the same time, each in its own thread."""
    found, errors = [None] * len(jobs), []
    start = threading.Barrier(len(jobs))

    def work(i):
        try:
            start.wait()
            found[i] = jobs[i]()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(jobs))]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    if errors:
        raise errors[0]
    return found


def test_samples_of_two_threads_are_not_in_one_batch():
    net = Net(1, [1], "linear", init=lambda n_out, n_in: [[1.0]])
    kept, found = net([1.0]), []

    def other():
        w = Value(2.0)
        y = net([1.0]) * w
        w.data = 5.0
        found.append(y.data)

    in_threads(other)
    assert found == [2.0]
    assert kept.data == 1.0


def test_pending_samples_of_an_ended_thread_are_computed_by_the_next_evaluation():
    net, kept = Net(1, [1]), []
    for _ in range(3):
        in_threads(lambda: kept.append(net([1.0])))
    float(net([0.5]))
    assert not pending.any_pending()
    assert len({v.data for v in kept}) == 1


def trained(net):
    for _ in range(30):
        loss = 0
        for x in np.linspace(-1, 1, 12).tolist():
            loss += (net([x, 1.0]) - x) ** 2
        loss += 0.01 * sum(p * p for p in net.params())
        net.zero_grad()
        loss.backward()
        net.step(0.05)
    return [loss.data, *[p.data for p in net.params()]]


def test_threads_that_each_train_their_own_net_get_the_bits_of_one_thread():
    nets = [Net(2, [4, 1], activation="tanh") for _ in range(4)]
    alone = [trained(copy.deepcopy(net)) for net in nets]
    assert in_threads(*(functools.partial(trained, net) for net in nets)) == alone


def test_threads_that_loop_over_one_net_each_get_their_own_numbers():
    net = Net(2, [4, 1], activation="tanh")

    def rows(i):
        return [[math.sin(k + i), math.cos(k * i + 1)] for k in range(12)]

    def losses():
        found = []
        for i in range(20):
            outs = [net(x) for x in rows(i)]
            found.append(sum((v - 0.1) ** 2 for v in outs).data)
            outs = None
        return found

    with autograd.eager():
        expected = losses()
    for _ in range(60):
        for found in in_threads(*[losses] * 4):
            assert all(map(near, found, expected))


def test_threads_that_call_one_net_get_right_outputs():
    net = Net(2, [4, 2], activation="tanh")
    tables = [np.random.default_rng(i).uniform(-1, 1, (120, 2)) for i in range(4)]

    def predictions(table):
        made = []
        for i, row in enumerate(table.tolist()):
            made.append(net(row))
            if i % 50 == 7:
                _ = made[-1][1].data
        return [[v.data for v in out] for out in made]

    for _ in range(4):
        found = in_threads(*(functools.partial(predictions, table) for table in tables))
        for table, numbers in zip(tables, found, strict=True):
            assert np.allclose(numbers, net.predict(table), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "use",
    [
        lambda vs, k: sum((v - 0.5) ** 2 for v in vs),
        lambda vs, k: sum((v - float(k)).tanh() * v for v in vs),
        lambda vs, k: in_a_loop(vs[k:] + vs[:k]) * 2,
        lambda vs, k: sum(v.exp() for v in vs[:: k + 1]),
    ],
)
def test_threads_that_use_the_same_pending_values_get_right_results(use):
    for i in range(8):
        net = Net(1, [3, 1], activation="tanh")
        made = [net([x]) for x in np.linspace(-1, 1, 60).tolist()]
        jobs = [functools.partial(lambda vs, k: use(vs, k).data, made, k) for k in range(4)]
        found = in_threads(*jobs)
        plain = [ORACLE.Value(v.data) for v in made]
        assert found == pytest.approx([use(plain, k).data for k in range(4)], rel=1e-12), i


def test_a_backward_pass_in_one_thread_does_not_disturb_calls_of_the_net_in_another():
    net, X = Net(3, [40, 40, 2], "tanh"), [[0.01 * i, 0.5, -0.02 * i] for i in range(40)]
    right = [[v.data for v in net(x)] for x in X]

    def learn():
        for _ in range(150):
            sum(sum(net([1.0, 0.3 * i, -2.0])) for i in range(40)).backward()

    def predict():
        rounds = ([net(x) for x in X] for _ in range(150))
        return [[[v.data for v in outs] for outs in one] for one in rounds]

    for found in in_threads(learn, predict)[1]:
        assert np.allclose(found, right, rtol=1e-12, atol=1e-12)
