"""Programs by shape and dtype, and Programs among threads, copies and the cycle collector."""

import copy
import gc
import pickle
import sys
import threading
import weakref

import numpy as np
import pytest
from tensors import leaf, same, step_of

from autograd import Net, Tensor
from autograd.errors import (
    OptionError,
)
from autograd.tensor import (
    Program,
    Programs,
    record,
)
from autograd.tensor.modes import mode

pytestmark = pytest.mark.usefixtures("seeded_and_nothing_recorded_afterwards")
# A Program for each shape and dtype ---------------------------------------------------------------


class Watched:
    """A function that counts its calls, and those of them by a recording."""

    def __init__(self):
        self.runs = 0
        self.recordings = 0

    def __call__(self, x):
        self.runs += 1
        self.recordings += mode.trace is not None
        return x * 2 + 1


def test_programs_are_recorded_once_for_each_shape_and_dtype():
    function = Watched()
    programs = Programs(function)
    for _ in range(3):
        for array in (np.ones(2), np.ones((2, 1)), np.ones(2, "float32"), np.ones(2, int), 1.0):
            same(programs(array), np.asarray(array) * 2 + 1)
    assert (len(programs), function.runs, function.recordings) == (5, 5, 5)
    assert programs([1.0, 2.0]).tolist() == [3, 5]
    assert programs(Tensor([1.0, 2.0])).tolist() == [3, 5]
    assert function.runs == 5


def test_programs_at_gives_the_program_for_given_arrays():
    programs = Programs(Watched())
    program = programs.at(np.ones(3))
    assert isinstance(program, Program)
    assert programs.at(np.zeros(3)) is program
    assert programs.at(np.zeros(4)) is not program


def test_programs_drop_the_least_recently_used_program_first():
    function = Watched()
    programs = Programs(function, limit=2)
    for n, runs in ((1, 1), (2, 2), (1, 2), (3, 3), (1, 3), (2, 4), (1, 4), (3, 5)):
        programs(np.ones(n))
        assert function.runs == runs
        assert len(programs) <= 2


def test_programs_keep_a_program_without_calls():
    function = Watched()
    programs = Programs(lambda x: [function(np.ones(1)), x.T][1])
    for _ in range(3):
        programs(np.ones((2, 3)))
    assert function.runs == 1


def test_programs_with_after_record_a_shape_only_after_so_many_calls():
    function = Watched()
    programs = Programs(function, after=2)
    for times, recordings in ((1, 0), (2, 0), (3, 1), (4, 1)):
        assert programs([1.0]).tolist() == [3]
        assert (function.runs, function.recordings) == (min(times, 3), recordings)
    assert len(programs) == 1
    assert programs([1.0, 2.0]).tolist() == [3, 5]  # another shape is not recorded yet either
    assert len(programs) == 1


def test_programs_return_plain_arrays_without_a_warning_before_they_record():
    net = Net(2, [2], "tanh")
    programs = Programs(lambda x: (np.log(x), net(x)), after=1)
    for _ in range(3):
        logarithms, outputs = programs(np.zeros((1, 2)))
        assert (type(logarithms), type(outputs)) == (np.ndarray, np.ndarray)
        assert logarithms.tolist() == [[-np.inf, -np.inf]]
        same(outputs, net(np.zeros((1, 2))).data)


@pytest.mark.parametrize("limit", [0, -1, 1.5, "two", None])
def test_programs_refuse_a_limit_below_1(limit):
    with pytest.raises(OptionError, match="limit must be a whole number of 1 or more"):
        Programs(lambda x: x, limit=limit)


# Threads ---------------------------------------------------------------------------------------


def test_threads_that_share_a_program_get_their_own_results(rng):
    def function(x):
        for _ in range(20):
            x = np.sin(x) + 0.1
        return x

    program = record(function, np.zeros(10))
    inputs = rng.normal(size=(4, 10))
    expected = [function(Tensor(x)).data for x in inputs]
    wrong = []

    def work(k):
        found = [program(inputs[k]) for _ in range(100)]
        wrong.extend(k for answer in found if not np.array_equal(answer, expected[k]))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []


def test_a_recording_in_one_thread_does_not_affect_other_threads():
    inside, done, found = threading.Event(), threading.Event(), []

    def other():
        inside.wait(10)
        found.append((leaf([1.0, 2.0]) * 2).data)
        done.set()

    def function(x):
        inside.set()
        done.wait(10)
        return x * 2

    thread = threading.Thread(target=other)
    thread.start()
    record(function, [0.0])
    thread.join()
    assert type(found[0]) is np.ndarray


# Lifetimes and copies --------------------------------------------------------------------------


def dies_with_its_last_name(make):
    """Whether an object is freed by reference counting alone."""
    gc.collect()
    gc.disable()
    try:
        reference = weakref.ref(make())
        return reference() is None
    finally:
        gc.enable()


def test_a_program_is_freed_with_its_last_reference():
    net = Net(2, [3, 1], "tanh")

    def make():
        program = record(step_of(net), np.ones((4, 2)), np.ones((4, 1)))
        program(np.ones((4, 2)), np.ones((4, 1)))
        return program

    assert dies_with_its_last_name(make)


def test_a_net_with_programs_is_freed_with_its_last_reference():
    def make():
        net = Net(2, [3, 1], "tanh")
        first = net.predict(np.ones((4, 2)))
        for _ in range(3):
            same(net.predict(np.ones((4, 2))), first)
        return net

    assert dies_with_its_last_name(make)


def test_recording_leaves_no_cycles_for_the_garbage_collector():
    net = Net(2, [3, 1], "tanh")
    step = step_of(net)
    record(step, np.ones((4, 2)), np.ones((4, 1)))
    gc.collect()
    gc.disable()
    try:
        record(step, np.ones((4, 2)), np.ones((4, 1)))
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_trained_net_is_freed_with_its_last_reference():
    def make():
        net = Net(2, [3, 1], "tanh")
        net.fit(np.ones((4, 2)), np.ones(4), epochs=1)
        net.partial_fit(np.ones((4, 2)), np.ones(4))
        return net

    assert dies_with_its_last_name(make)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_net_with_programs_can_be_copied_and_the_copy_trains_independently(copied, rng):
    net = Net(2, [3, 1], "tanh", "linear")
    X, y = rng.normal(size=(8, 2)), rng.normal(size=8)
    net.fit(X, y, epochs=2, batch_size=3)
    net.partial_fit(X, y)
    for _ in range(3):
        before = net.predict(X)
    twin = copied(net)
    same(twin.values, net.values)
    same(twin.grads, net.grads)
    for _ in range(3):
        same(twin.predict(X), before)
    twin.fit(X, y, epochs=1)
    twin.partial_fit(X, y)
    same(net.predict(X), before)
    assert not np.array_equal(twin.predict(X), before)
