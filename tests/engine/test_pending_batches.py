"""Batches of pending calls: how many samples each has, how sums are rounded, how long chains go."""

import functools
import math
import operator

import numpy as np
import pytest
from both_engines import FACADE, ORACLE, in_a_loop, in_order, near, small_net, twins

from autograd.engine import Value
from autograd.errors import GradientError, NotANumberError, ShapeError
from autograd.nn import Net, batch, rowwise, samples

pytestmark = pytest.mark.usefixtures("seeded")
# Sizes of batches ---------------------------------------------------------------------------------


def test_the_calls_and_operations_of_50_samples_are_one_batch(batches):
    net = Net(1, [4, 1], activation="tanh")
    for epoch in range(1, 4):
        loss = 0
        for x in np.linspace(-1, 1, 50).tolist():
            loss += (net([x]) - x**2) ** 2
        net.zero_grad()
        loss.backward()
        net.step(0.01)
        assert batches == [50] * epoch


def test_a_recurrent_cell_over_20_sequences_of_5_steps_makes_5_batches(batches):
    found = []
    for net in twins(lambda nn: nn.Net(3, [2], activation="tanh")):
        loss = 0
        for i in range(20):
            h = [0.0, 0.0]
            for t in range(5):
                h = net([math.sin(i + t), *h])
            loss = loss + (h[0] - h[1]) ** 2
        (3 * loss).backward()
        found.append([loss.data, *[p.grad for p in net.params()]])
    assert batches == [20] * 5
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_layers_called_one_after_the_other_make_one_batch_for_each_layer(batches):
    net, after = Net(2, [3, 2]), Net(2, [1])
    found = []
    for x in np.linspace(-1, 1, 30).tolist():
        h = [x, 1.0]
        for layer in net.layers:
            h = layer(h)
        found.append(after(h))
    assert batches == []
    expected = after.predict(net.predict(np.c_[np.linspace(-1, 1, 30), np.ones(30)]))[:, 0]
    assert [v.data for v in found] == pytest.approx(expected.tolist(), rel=1e-12)
    assert batches == [30, 30, 30]


def test_two_nets_on_the_same_samples_make_two_batches(batches):
    one, two = Net(1, [3, 1]), Net(1, [2, 1])
    xs = [Value(x) for x in np.linspace(-1, 1, 20)]
    loss = sum((one([x]) - two([x])) ** 2 for x in xs)
    (3 * loss).backward()
    assert batches == [20, 20]
    assert all(x.grad for x in xs)


def test_a_read_in_each_round_of_a_loop_makes_batches_of_one_sample_with_the_same_numbers(batches):
    found = []
    for net in twins(small_net):
        total, reads = 0, []
        for x in np.linspace(-1, 1, 20).tolist():
            total += (net([x, 1.0]) - x) ** 2
            reads.append(total.data)
        (3 * total).backward()
        found.append([*reads, *[p.grad for p in net.params()]])
    assert batches == [1] * 20
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_samples_whose_outputs_were_dropped_are_not_computed(batches):
    net = Net(2, [3, 1])
    for i in range(100):
        (net([float(i), 1.0]) - 1) ** 2
    net.step(0.1)
    assert batches == []


def test_pending_samples_beyond_the_cap_are_computed(batches):
    net = Net(1, [1])
    kept = [net([x]) for x in np.linspace(-1, 1, 20_000).tolist()]
    assert sum(batches) > 10_000
    total = sum(kept)
    assert total.data == in_order([v.data for v in kept])
    assert sum(batches) == 20_000


def test_a_backward_pass_joins_batches_into_groups_of_at_most_the_rows_of_one_batch(monkeypatch):
    monkeypatch.setattr(rowwise, "MOST_PRODUCTS", 0)
    monkeypatch.setattr(batch, "MOST_ROWS", 8)
    rows, walks = [], []
    take = samples.Samples.take_program
    monkeypatch.setattr(samples.Samples, "take_program", lambda *args: rows.append(args[1]) or take(*args))
    found = []
    for net, kind in zip(twins(small_net), (FACADE, ORACLE), strict=True):
        for _ in range(4):
            inputs = [[kind.Value(x), 1.0] for x in np.linspace(-1, 1, 30).tolist()]
            outs = []
            for i, x in enumerate(inputs):
                outs.append(net(x) ** 2)
                if i in (1, 4):
                    assert outs[-1].data  # so that the first batches have 2 and 3 samples
            rows.clear()
            (3 * sum(outs[:9] + outs[20:])).backward()
            walks.append(rows[:])
        found.append([*[x[0].grad for x in inputs], *[p.grad for p in net.params()]])
    forward, *back = walks[3]
    assert forward == 1
    assert sum(back) == 19
    assert max(back) <= 8
    assert len(back) < 6  # fewer than the 6 batches of the forward pass
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_a_bad_call_raises_at_once_and_leaves_earlier_samples_pending(batches):
    net = Net(2, [3, 1])
    v = net([0.5, 1.0])
    for sample, error in [
        ([1.0], ShapeError),
        ([1.0, 2.0, 3.0], ShapeError),
        ([], ShapeError),
        (np.zeros(3), ShapeError),
        ([v], ShapeError),
        ([1.0, "2"], NotANumberError),
        ([v, None], NotANumberError),
        ([1.0, 2j], NotANumberError),
        ("12", NotANumberError),
    ]:
        with pytest.raises(error):
            net(sample)
    w = net([v, 1.0])
    assert batches == []
    assert near(w.data, net.predict([[v.data, 1.0]]).item())
    assert batches == [1, 1]  # and no other batches


def test_a_full_level_is_computed_and_later_operations_give_right_numbers():
    first = Net(1, [1], "linear", init=lambda n_out, n_in: [[1.0]])
    second = Net(2, [1], "linear", init=lambda n_out, n_in: [[1.0, 0.0]])
    y = first([1.0])
    outs = [second([y, float(j)]) for j in range(batch.MOST_ROWS + 1)]
    second.params()[0].data = 100.0
    assert (outs[0].data, outs[-1].data) == (1.0, 1.0)
    with pytest.raises(GradientError):
        outs[-1].backward()
    s = second([first([1.0]), 1.0])
    for _ in range(50_000):
        s = s * 1.0
    assert s.data == 100.0


# Sums ------------------------------------------------------------------------------------------


def terms_of_all_sizes(n=400):
    """Pending Values whose sum depends on the order in which they are added."""
    net = Net(1, [3, 1], activation="tanh")
    return [net([x]) * 10.0 ** (i % 7) for i, x in enumerate(np.linspace(-2, 2, n).tolist())]


@pytest.mark.parametrize(
    "add", [sum, in_a_loop, functools.partial(functools.reduce, operator.add), lambda vs: sum(vs[1:], vs[0])]
)
def test_a_pending_sum_is_rounded_as_if_its_terms_were_added_one_by_one(add):
    terms = terms_of_all_sizes()
    total = add(terms)
    numbers = [v.data for v in terms]
    assert total.data == in_order(numbers)
    assert in_order(numbers) != in_order(numbers[::-1])  # so another order would show


def test_every_step_of_a_pending_running_sum_has_the_number_of_adding_one_by_one():
    terms = terms_of_all_sizes(60)
    total, steps = 0.1, []
    for i, term in enumerate(terms):
        total += term
        steps.append(total)
        if i % 3 == 0:
            total = total + 0.3
            steps.append(total)
        if i % 7 == 0:
            total = term + total
            steps.append(total)
    found = iter([v.data for v in steps])
    expected = 0.1
    for i, x in enumerate([v.data for v in terms]):
        expected += x
        assert next(found) == expected
        if i % 3 == 0:
            expected += 0.3
            assert next(found) == expected
        if i % 7 == 0:
            expected = x + expected
            assert next(found) == expected


def test_interleaved_pending_sums_are_each_rounded_separately():
    terms = terms_of_all_sizes(90)
    totals = [0.0, 0.5, terms[0]]
    for i, term in enumerate(terms[1:]):
        totals[i % 3] += term
        totals[(i + 1) % 3] += term
    numbers = [v.data for v in terms]
    expected = [0.0, 0.5, numbers[0]]
    for i, x in enumerate(numbers[1:]):
        expected[i % 3] += x
        expected[(i + 1) % 3] += x
    assert [v.data for v in totals] == expected


def test_a_pending_sum_can_be_continued_in_two_ways():
    terms = terms_of_all_sizes(10)
    stem = sum(terms[:5])
    left, right = sum(terms[5:], stem), stem + terms[9]
    third = stem + terms[9]
    numbers = [v.data for v in terms]
    assert left.data == in_order(numbers)
    assert right.data == third.data == in_order(numbers[:5]) + numbers[9]


def test_3000_samples_in_one_sum_agree_with_the_oracle():
    found = []
    for net in twins(lambda nn: nn.Net(1, [2, 1], activation="tanh")):
        xs = np.linspace(-2, 1.5, 3000).tolist()
        loss = sum((net([x]) - x) ** 2 for x in xs)
        (3 * loss).backward()
        found.append([loss.data, *[p.grad for p in net.params()]])
    assert found[0] == pytest.approx(found[1], rel=1e-11)


# Many operations -------------------------------------------------------------------------------


REPEATED = {
    "v - c": lambda v, c: v - c,
    "c - v": lambda v, c: c - v,
    "v * c": lambda v, c: v * c,
    "v * int": lambda v, c: v * 3,
    "v ** 2": lambda v, c: v**2,
    "v / c": lambda v, c: v / c,
    "c / v": lambda v, c: c / v,
    "c ** v": lambda v, c: c**v,
    "v + c": lambda v, c: v + c,
    "v + v": lambda v, c: v + v,
    "v * v": lambda v, c: v * v,
    "v - v * c": lambda v, c: v - v * c,
    "v.tanh()": lambda v, c: v.tanh(),
    "-v": lambda v, c: -v,
}


@pytest.mark.parametrize("use", REPEATED.values(), ids=REPEATED)
def test_one_pending_value_may_be_the_operand_of_100_operations(use):
    found = []
    for net in twins(small_net):
        v, w = net([0.5, -1.0]), net([1.5, 2.0])
        made = [use(v, 0.5 + 0.01 * i) for i in range(100)]
        made += [use(w, 0.5 + 0.01 * i) for i in range(3)]
        total = sum(made[::2])
        (3 * total).backward()
        found.append([total.data, v.grad, w.grad, *[y.data for y in made], *[p.grad for p in net.params()]])
    assert found[0] == pytest.approx(found[1], rel=1e-11)


def test_a_chain_of_1000_operations_on_one_pending_value_agrees_with_the_oracle():
    found = []
    for net in twins(small_net):
        v = y = net([0.5, -1.0])
        inner = []
        for i in range(250):
            y = (((y * 1.5).tanh() + 0.1 * v) - 0.001 * i) ** 1
            inner.append(y)
        (3 * y).backward()
        found.append(
            [y.data, v.grad, inner[-1].grad, *[p.grad for p in net.params()], *[w.data for w in inner]]
        )
    assert found[0] == pytest.approx(found[1], rel=1e-10)


def test_a_chain_of_pending_operations_may_be_deeper_than_pythons_recursion_limit():
    net = Net(1, [1], activation="linear", init=lambda n_out, n_in: [[1.0]])
    x = Value(0.5)
    h = net([x])
    y = h
    for _ in range(5000):
        h = net([h])  # a new level in each round
        y = y + 0.5  # a running sum
    (3 * (h + y)).backward()
    assert (h.data, y.data, x.grad) == (0.5, 2500.5, 6.0)
    del h, y
