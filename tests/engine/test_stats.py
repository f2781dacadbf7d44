"""stats, which counts batches, and eager, which switches batching off."""

import os
import random
import subprocess
import sys
import threading

import pytest

import autograd
from autograd.errors import DomainError
from autograd.nn import Net

X = [[0.1 * i] for i in range(20)]


@pytest.fixture
def net():
    random.seed(1)
    autograd.stats(reset=True)
    return Net(1, [3, 1], activation="tanh")


def test_stats_counts_one_batch_for_a_loop_that_reads_only_its_total(net):
    sum((net(x) - 1) ** 2 for x in X).backward()
    found = autograd.stats()
    assert (found.calls, found.batches, dict(found.sizes), dict(found.early)) == (20, 1, {20: 1}, {})
    assert str(found) == "20 calls, 1 batch of 20"


def test_stats_counts_early_reads_by_the_line_that_reads(net):
    for x in X:
        float(net(x))  # here
    found = autograd.stats()
    ((line, count),) = found.early.items()
    assert count == 20
    name, _, number = line.rpartition(":")
    assert name == __file__
    with open(__file__) as file:
        assert file.readlines()[int(number) - 1].strip().endswith("# here")
    assert str(found) == f"20 calls, 20 batches of 1; 20 early reads at {line}"


def test_stats_counts_no_early_read_for_a_change_of_parameters(net):
    kept = [net(x) for x in X]
    net.step(0.1)
    found = autograd.stats()
    assert (found.batches, dict(found.early)) == (1, {})
    assert len(kept) == 20


def test_a_result_of_stats_does_not_change_later_and_reset_starts_anew(net):
    float(net(X[0]))
    before = autograd.stats(reset=True)
    assert str(autograd.stats()) == "0 calls"
    kept = [net(x) for x in X[:2]]
    float(kept[0])
    kept = [net(x) for x in X[:4]]
    float(kept[0])
    assert before.calls == 1
    assert str(autograd.stats()).startswith("6 calls, 2 batches of 2 to 4; 1 early read at ")


def test_eager_computes_each_call_at_once(net):
    with autograd.eager():
        kept = [net(x) for x in X]
        assert autograd.stats().batches == 20
        with pytest.raises(DomainError):
            (kept[0] - 100).log()
    again = [net(x) for x in X]
    assert autograd.stats().batches == 20
    assert [v.data for v in kept] == pytest.approx([v.data for v in again], rel=1e-13)
    (3 * sum(kept)).backward()
    eager = [p.grad for p in net.params()]
    net.zero_grad()
    (3 * sum(again)).backward()
    assert [p.grad for p in net.params()] == pytest.approx(eager, rel=1e-12)


def test_eager_ends_after_an_error_and_applies_to_its_own_thread_only(net):
    def elsewhere():
        kept.append(net(X[0]))

    def fail():
        with autograd.eager():
            thread = threading.Thread(target=elsewhere)
            thread.start()
            thread.join()
            raise KeyError

    kept = []
    with pytest.raises(KeyError):
        fail()
    kept.append(net(X[1]))
    assert autograd.stats().calls == 0


def test_the_environment_variable_autograd_eager_switches_eager_on():
    code = "import autograd; net = autograd.Net(1, [1]); kept = net([1.0]); print(autograd.stats().calls)"
    for value, calls in {"1": "1", "0": "0", "": "0"}.items():
        ran = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "AUTOGRAD_EAGER": value}, capture_output=True
        )
        assert ran.stdout.decode().strip() == calls
