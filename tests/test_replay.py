"""Work that comes again and runs as one Program: the numbers are those of working at once, always."""

import contextlib
import gc
import math
import random

import numpy as np
import pytest

import autograd
from autograd import replay
from autograd.engine import Value
from autograd.errors import DomainError, GradientError
from autograd.nn import Net

ROWS = [[0.1, -0.2], [0.3, 0.4], [-0.5, 0.6], [0.7, -0.8], [0.9, 0.2], [-0.3, -0.7]]
TARGETS = [0.5, -0.25, 1.5, 0.0, -1.0, 0.75]
EPOCHS = 7


@pytest.fixture
def replayed(monkeypatch):
    """How often the columns of a pattern went forward, and back, as one Program."""
    counts = {"forward": 0, "back": 0}
    run, share = replay.Replay._run, replay.Replay.share

    def counted_run(self, root, columns):
        done = run(self, root, columns)
        counts["forward"] += done
        return done

    def counted_share(self, g):
        counts["back"] += 1
        return share(self, g)

    monkeypatch.setattr(replay.Replay, "_run", counted_run)
    monkeypatch.setattr(replay.Replay, "share", counted_share)
    return counts


def make(n_out=1, dtype="float64", activation="tanh"):
    random.seed(5)
    return Net(2, [4, n_out], activation, "linear", dtype=dtype)


def rows_of(epoch):
    return [[a + 0.01 * epoch, b] for a, b in ROWS]


# Each is given a net and the number of the epoch, and answers with a loss and Values on the way to it


def squares(net, epoch):
    outs = [net(x) for x in rows_of(epoch)]
    terms = [(out - (y + 0.1 * epoch)) ** 2 for out, y in zip(outs, TARGETS, strict=True)]
    return sum(terms), outs + terms


def running(net, epoch):
    loss, kept = 0, []
    for x, y in zip(rows_of(epoch), TARGETS, strict=True):
        loss += abs(net(x) * (y + epoch))
        kept.append(loss)
    return loss, kept


def hinge(net, epoch):
    scores = [net(x) for x in rows_of(epoch)]
    losses = [(1 + -y * score).relu() for y, score in zip(TARGETS, scores, strict=True)]
    return sum(losses) * (1.0 / len(losses)) + 1e-2 * sum(p * p for p in net.params()), scores


def from_values(net, epoch):
    inputs = [[Value(a), Value(b) * 2.0] for a, b in rows_of(epoch)]
    terms = [(net(x) * (0.5 + epoch)).exp() for x in inputs]
    return sum(terms) / 6, [x[0] for x in inputs] + terms


def fed(net, epoch):
    firsts = [net.layers[0](x) for x in rows_of(epoch)]
    assert firsts[0][0].data  # so that they wait no more
    terms = [net(first[:2]) ** 2 for first in firsts]
    return sum(terms), [first[0] for first in firsts] + terms


def several_outputs(net, epoch):
    loss, kept = 0, []
    for x in rows_of(epoch):
        total = sum((out - t) ** 2 for out, t in zip(net(x), (0.1 * epoch, 0.5, -0.5), strict=True))
        kept.append(total)
        loss += total
    return loss, kept


def roots_of_sums(net, epoch):
    sums = [sum(out * (0.5 + t * epoch) for t, out in enumerate(net(x))) for x in rows_of(epoch)]
    terms = [total**2 for total in sums]
    return sum(terms), sums + terms


def prefixes_too(net, epoch):
    terms = [net(x) ** 2 for x in rows_of(epoch)]
    prefix = sum(terms[:2])
    kept = [v * (2.0 + epoch) for v in (prefix, prefix + terms[2], sum(terms[3:]))]
    return sum(kept), kept


def uneven_sums(net, epoch):
    terms = [net(x) ** 2 for x in rows_of(epoch)]
    kept = [sum(terms[:1]), sum(terms[1:3]), sum(terms[3:])]
    return sum(v * 0.5 for v in kept), kept + terms


def a_term_twice(net, epoch):
    terms = [net(x) ** 2 for x in rows_of(epoch)]
    return sum([terms[0], terms[0], *terms[1:]]), terms


def backwards(net, epoch):
    terms = [net(x) ** 2 for x in rows_of(epoch)]
    return sum(terms[::-1]), terms


def another_order(net, epoch):
    terms = [net(x) ** 2 for x in rows_of(epoch)]
    total, kept = 0, []
    for i in (0, 1, 3, 2, 5, 4):
        total += terms[i]
        kept.append(total)
    return total, kept


def number_within(net, epoch):
    terms = [net(x) ** 2 for x in rows_of(epoch)]
    return sum(terms[:3]) + 0.5 + terms[3] + terms[4], terms


def powers(net, epoch):
    exponents = (1.0, 2.0, 0.5, -1.0, 3.0, 0.0)
    terms = [(net(x) ** 2 + 1.5) ** k for x, k in zip(rows_of(epoch), exponents, strict=True)]
    return 1.5 ** (sum(terms) / 100.0), terms


def penalty_alone(net, epoch):
    return sum(abs(p) for p in net.params()) / 3.0, []


# What follows uses results more than once


def silu(net, epoch):
    outs = [net(x) for x in rows_of(epoch)]
    terms = [(out * out.sigmoid() - y) ** 2 for out, y in zip(outs, TARGETS, strict=True)]
    return sum(terms), outs + terms


def cross_entropy(net, epoch):
    loss, kept = 0, []
    for x, y in zip(rows_of(epoch), (0.0, 1.0, 1.0, 0.0, 1.0, 0.5), strict=True):
        p = net(x).sigmoid()
        loss += -(y * p.log() + (1 - y) * (1 - p).log())
        kept += [p, loss]
    return loss / 6, kept


def softmax(net, epoch):
    loss, kept = 0, []
    for x, label in zip(rows_of(epoch), (0, 1, 2, 2, 1, 0), strict=True):
        exps = [out.exp() for out in net(x)]
        total = sum(exps)
        loss -= (exps[label] / total).log()
        kept += [*exps, total, loss]
    return loss, kept


def some_of_softmax(net, epoch):
    loss, kept = 0, []
    for x, label in zip(rows_of(epoch), (0, 1, 2, 2, 1, 0), strict=True):
        exps = [(out * (1 + 0.1 * epoch)).exp() for out in net(x)]
        total = sum(exps)
        probabilities = [e / total for e in exps]
        loss -= probabilities[label].log()
        kept += probabilities
    return loss, kept


def log_sum_exp(net, epoch):
    loss, kept = 0, []
    for x, label in zip(rows_of(epoch), (0, 1, 2, 2, 1, 0), strict=True):
        outs = net(x)
        loss += sum(out.exp() for out in outs).log() - outs[label]
        kept += [*outs, loss]
    return loss, kept


def two_sums(net, epoch):
    outs = [net(x) for x in rows_of(epoch)]
    error = sum((out - y) ** 2 for out, y in zip(outs, TARGETS, strict=True))
    size = sum(out**2 for out in outs)
    return error + (0.5 + epoch) * size, [*outs, error, size]


def margins(net, epoch):
    loss, kept = 0, []
    for x, label in zip(rows_of(epoch), (0, 1, 2, 2, 1, 0), strict=True):
        outs = net(x)
        loss += sum((outs[j] - outs[label] + 1).relu() for j in range(3) if j != label)
        kept += outs
    return loss, kept


def the_same_twice(net, epoch):
    outs = [net(x) for x in rows_of(epoch)]
    terms = [out.tanh() * (1.5 + epoch) + out.tanh() ** 3 + out.exp() / out.exp() for out in outs]
    return sum(terms), outs + terms


def chains_of_many(net, epoch):
    terms = []
    for x in rows_of(epoch):
        out = net(x)
        terms.append(out * 2.0 + out + 0.5 + out * (3.0 + epoch) + (out - 1.0) ** 2)
    return sum(terms), terms


def weights_decay(net, epoch):
    weights = [p for layer in net.layers for neuron in layer.neurons for p in neuron.w]
    return 0.5 * sum(w * w for w in weights) + 0.1 * sum(abs(w) for w in weights), []


def accuracy_aside(net, epoch):
    outs = [net(x) for x in rows_of(epoch)]
    errors = [out - y for out, y in zip(outs, TARGETS, strict=True)]
    near = sum((abs(e) * 2.0).tanh() for e in errors)
    loss = sum(e**2 for e in errors)
    assert near.data > 0
    return loss, [near, *errors]


def infinite_slopes(net, epoch):
    loss, kept = 0, []
    for x in rows_of(epoch):
        out = net(x)
        roots = [((out - out) * 1.0).sqrt(), (out**2 + 1.0).sqrt()]  # the first is 0, and not used
        kept += roots
        loss += roots[1]
    return loss, kept


LOOPS = {
    "silu": (silu, make),
    "cross entropy": (cross_entropy, make),
    "softmax": (softmax, lambda: make(3)),
    "some of softmax": (some_of_softmax, lambda: make(3)),
    "log sum exp": (log_sum_exp, lambda: make(3)),
    "two sums": (two_sums, make),
    "margins": (margins, lambda: make(3)),
    "the same twice": (the_same_twice, make),
    "chains of many": (chains_of_many, make),
    "weights decay": (weights_decay, make),
    "accuracy aside": (accuracy_aside, make),
    "infinite slopes": (infinite_slopes, make),
    "squares": (squares, make),
    "running": (running, make),
    "hinge and penalty": (hinge, make),
    "from Values": (from_values, make),
    "fed by a layer": (fed, make),
    "several outputs": (several_outputs, lambda: make(3)),
    "squares of sums": (roots_of_sums, lambda: make(3)),
    "prefixes too": (prefixes_too, make),
    "uneven sums": (uneven_sums, make),
    "a term twice": (a_term_twice, make),
    "backwards": (backwards, make),
    "another order": (another_order, make),
    "a number within": (number_within, make),
    "powers": (powers, make),
    "penalty alone": (penalty_alone, make),
    "float32": (squares, lambda: make(dtype="float32")),
    "softplus": (squares, lambda: make(activation="softplus")),
}


def epochs(net, loop, n=EPOCHS):
    """All numbers of ``n`` epochs."""
    found = []
    for epoch in range(n):
        loss, kept = loop(net, epoch)
        loss = 3 * loss
        found.append(loss.data)
        net.zero_grad()
        loss.backward()
        found += [v.data for v in kept] + [v.grad for v in kept] + [loss.grad]
        found += [p.grad for p in net.params()]
        loss.backward()
        found += [p.grad for p in net.params()]
        net.step(0.01)
        del loss, kept
    return found


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_that_repeats_runs_as_a_program_and_has_the_numbers_of_working_at_once(name, replayed):
    loop, make_net = LOOPS[name]
    with autograd.eager():
        expected = epochs(make_net(), loop)
    assert replayed == {"forward": 0, "back": 0}
    found = epochs(make_net(), loop)
    near = 2e-5 if name == "float32" else 1e-12
    assert found == pytest.approx(expected, rel=near, abs=near)
    assert replayed["forward"] >= EPOCHS - 5
    if name != "a number within":  # where one sample is not on the way back
        assert replayed["back"] >= EPOCHS - 5  # the second backward() is the columns'


@pytest.mark.parametrize("name", LOOPS)
def test_backward_from_something_on_the_way_gives_what_working_at_once_gives(name, replayed):
    def numbers(net):
        found = []
        for epoch in range(EPOCHS):
            loss, kept = loop(net, epoch)
            found.append(loss.data)
            for i in range(0, len(kept), 3):
                net.zero_grad()
                kept[i].backward()
                found += [v.grad for v in kept] + net.grads.tolist()
            loss.backward()
            if kept:
                kept[1].backward()
            found += [v.grad for v in kept] + net.grads.tolist()
            net.step(0.01)
            del loss, kept
        return found

    loop, make_net = LOOPS[name]
    with autograd.eager():
        expected = numbers(make_net())
    found = numbers(make_net())
    near = 2e-5 if name == "float32" else 1e-12
    assert found == pytest.approx(expected, rel=near, abs=near, nan_ok=name == "infinite slopes")
    assert replayed["forward"] >= EPOCHS - 5


def warm(net, loop=squares):
    """Epochs, after which the next one will be replayed."""
    for epoch in range(6):
        loss = loop(net, epoch)[0]
        loss.backward()
        net.zero_grad()
        net.step(0.0)
        del loss


def agrees(net, loop):
    """Whether one more epoch of a ``loop``, and its gradients, are those of working at once."""
    loss, kept = loop(net, 0)
    found = [loss.data, *(v.data for v in kept)]
    net.zero_grad()
    loss.backward()
    found += [v.grad for v in kept] + net.grads.tolist()
    del loss, kept
    with autograd.eager():
        loss, kept = loop(net, 0)
        expected = [loss.data, *(v.data for v in kept)]
        net.zero_grad()
        loss.backward()
        expected += [v.grad for v in kept] + net.grads.tolist()
    return found == pytest.approx(expected, rel=1e-12, abs=1e-14)


def changed(**change):
    """A loop like `squares` in which something is not as it was."""

    def loop(net, epoch):
        rows = ROWS[: change.get("rows", 6)]
        xs = [[Value(a), b] if change.get("inputs") and i == 2 else [a, b] for i, (a, b) in enumerate(rows)]
        power = change.get("power", 2)
        outs = [net(x) for x in xs]
        terms = []
        for i, (out, y) in enumerate(zip(outs, TARGETS, strict=False)):
            if i == change.get("dropped"):
                continue
            difference = out - y
            if change.get("operation") and i == 3:
                terms.append(difference.tanh())
            else:
                terms.append(difference ** (power if i < 4 else change.get("last power", power)))
        if change.get("unused"):
            net([0.0, 0.0])
        if change.get("twice"):
            loss = sum([*terms[:-1], terms[0]])
        elif change.get("two"):
            loss = sum(v * 2.0 for v in (sum(terms[: change["two"]]), sum(terms[change["two"] :])))
        else:
            loss = sum(terms, change.get("start", 0))
        if change.get("number"):
            loss = loss + 0.5
        return loss, outs + terms + [x[0] for x in xs if x[0].__class__ is Value]

    return loop


@pytest.mark.parametrize(
    "change",
    [
        {"rows": 5},
        {"rows": 1},
        {"inputs": True},
        {"power": 3},
        {"last power": 4},
        {"operation": True},
        {"dropped": 5},
        {"dropped": 2},
        {"unused": True},
        {"twice": True},
        {"two": 3},
        {"start": Value(2.0)},
        {"number": True},
    ],
    ids=str,
)
def test_where_something_is_not_as_it_was_the_columns_do_the_work_themselves(change, replayed):
    net = make()
    warm(net)
    assert replayed["forward"] >= 2
    for _ in range(3):
        assert agrees(net, changed(**change))
        assert agrees(net, squares)
    before = dict(replayed)
    warm(net)
    assert agrees(net, squares)
    assert replayed["forward"] > before["forward"]  # as before, or recorded anew


def switched(what, late):
    """A loop that goes another way when it is ``late``, over the same columns."""

    def start(net):
        outs = [net(x) for x in ROWS]
        ways = [out.tanh() for out in outs], [out.sigmoid() for out in outs]
        bases = [(out * 0.5).exp() for out in outs]
        terms = [way + base for way, base in zip(ways[late], bases, strict=True)]
        return sum(terms), [*ways[0], *ways[1], *bases, *terms]

    def odd(net):
        outs = [net(x) for x in ROWS]
        ways = [out.tanh() for out in outs], [out.sigmoid() for out in outs]
        terms = [(out * 0.5).exp() * 2.0 for out in outs]
        loss = sum(terms) + ways[late][0] + ways[1 - late][1]
        return loss, [*ways[0], *ways[1], *terms]

    def partner(net):
        outs = [net(x) for x in ROWS]
        terms = [out * outs[(i + 1 + late) % 6] for i, out in enumerate(outs)]
        return sum(terms), outs + terms

    def order(net):
        outs = [net(x) for x in ROWS]
        halves = [out * 0.5 + 2.0 for out in outs]
        terms = []
        for out, half in zip(outs, halves, strict=True):
            quotient = out / half if late else 0
            terms.append(out * half)
            terms.append(quotient if late else out / half)
        return sum(terms), terms

    def another_output(net):
        outs = [net(x)[:2] for x in ROWS]
        errors = [out[0] - 0.5 for out in outs]
        aside = [outs[1][1] - 0.25] if late else []
        return sum(e**2 for e in errors), errors + aside

    def no_other_use(net):
        outs = [net(x) for x in ROWS]
        cubes = [] if late else [out**3 for out in outs]
        return sum(cubes) + sum(out.exp() for out in outs), outs + cubes

    loop = locals()[what]
    return lambda net, epoch: loop(net)


@pytest.mark.parametrize("what", ["start", "odd", "partner", "order", "another_output", "no_other_use"])
def test_a_loop_that_goes_another_way_over_the_same_columns_is_not_the_recorded_one(what, replayed):
    net = make(2 if what == "another_output" else 1)
    warm(net, switched(what, False))
    assert replayed["back"] >= 2
    for _ in range(3):
        assert agrees(net, switched(what, True))
        assert agrees(net, switched(what, False))


def partly(net, epoch):
    outs = [net(x) for x in rows_of(epoch)]
    roots = [(out**2 * k).sqrt() for out, k in zip(outs, (0.0, 1.0, 2.0, 3.0, 0.0, 1.0), strict=True)]
    used = [roots[1], roots[2], roots[3], roots[5]]  # those of 0 have an infinite slope
    return sum(used) + sum(out.exp() for out in outs), outs + roots


def test_what_is_not_on_the_way_back_makes_nothing_infinite(replayed):
    with autograd.eager():
        expected = epochs(make(), partly)
    assert all(map(math.isfinite, expected))
    assert epochs(make(), partly) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert replayed["back"] >= 3


def test_an_infinite_sample_that_is_not_on_the_way_back_changes_no_gradient():
    def loop(net, epoch):
        outs = [net(x) for x in [*ROWS, [math.inf, 0.0]]]
        return sum(out**2 for out in outs[:6]), outs

    with autograd.eager():
        expected = epochs(make(), loop)
    assert all(map(math.isfinite, expected))
    assert epochs(make(), loop) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_what_is_added_to_another_chain_is_not_what_was_recorded(replayed):
    def summed(long):
        def loop(net, epoch):
            terms = [net(x) ** 2 for x in ROWS[:4]]
            first, second = 0 + terms[0] + terms[1], 0 + terms[2]
            if long:
                first += terms[3]
            else:
                second += terms[3]
            return first * second, terms

        return loop

    net = make()
    for _ in range(3):
        warm(net, summed(False))
        assert agrees(net, summed(True))
        assert agrees(net, summed(False))
    assert replayed["forward"] >= 9


def twice_used(net, epoch):
    outs = [net(x) for x in rows_of(epoch)]
    return sum((out * out.sigmoid() - 1.0) ** 2 for out in outs), outs


def test_epochs_that_are_only_looked_at_leave_nothing_to_those_that_learn(replayed):
    def numbers():
        net, found = make(), []
        for epoch in range(8):
            for only_look in (True, False):
                loss, outs = twice_used(net, epoch + 0.5 * only_look)
                found.append((3 * loss).data)
                if not only_look:
                    net.zero_grad()
                    (3 * loss).backward()
                    found += [*net.grads.tolist(), *(v.grad for v in outs)]
                    net.step(0.01)
                del loss, outs
        return found

    with autograd.eager():
        expected = numbers()
    assert numbers() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("stop", range(25))
@pytest.mark.parametrize("walk", [1, 2])
def test_an_interrupt_on_the_way_back_changes_no_number(walk, stop, replayed):
    net = make()
    warm(net)
    loss, kept = squares(net, 0)
    before = [loss.data, *(v.data for v in kept)]
    passes = net._patterns.current._replay.passes
    if walk == 2:
        loss.backward()
    calls = []

    def counted(call):
        def made():
            calls.append(call)
            if len(calls) == stop + 1:
                raise KeyboardInterrupt
            call()

        return made

    passes._forth = tuple(map(counted, passes._forth))
    passes._back = tuple(map(counted, passes._back))
    with contextlib.suppress(KeyboardInterrupt):
        loss.backward()
    assert [loss.data, *(v.data for v in kept)] == before
    assert replayed["forward"] >= 3


def sums_of(net, sizes):
    """Sums of so many squares each, and those before the last square."""
    terms = [net(x) ** 2 for x in ROWS]
    kept = []
    for size in sizes:
        total = 0
        for _ in range(size):
            total += terms.pop(0)
            kept.append(total)
    return kept[-1], kept


def agrees_in_parts(net, loop):
    """Whether gradients from each Value on the way are those of working at once."""

    def numbers():
        loss, kept = loop(net, 0)
        found = [loss.data]
        for v in kept:
            net.zero_grad()
            v.backward()
            found += [v.grad for v in kept] + net.grads.tolist()
        return found

    found = numbers()
    with autograd.eager():
        expected = numbers()
    return found == pytest.approx(expected, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("change", [{"rows": 5}, {"dropped": 2}, {"twice": True}, {"two": 2}], ids=str)
def test_what_was_done_otherwise_in_between_leaves_no_traces(change, replayed):
    net = make()
    warm(net)
    for loop in (squares, running):
        assert agrees(net, changed(**change))
        assert agrees_in_parts(net, loop)
        warm(net, running)
    assert replayed["forward"] >= 4


def test_a_shorter_loop_in_between_leaves_no_traces(replayed):
    def shorter(net, epoch):
        loss, kept = 0, []
        for x, y in zip(ROWS[:5], TARGETS, strict=False):
            loss += abs(net(x) * y)
            kept.append(loss)
        return loss, kept

    net = make()
    warm(net, running)
    for _ in range(3):
        before = replayed["forward"]
        assert agrees_in_parts(net, shorter)
        assert replayed["forward"] == before
        assert agrees_in_parts(net, running)
        assert replayed["forward"] == before + 1


def test_sums_of_other_lengths_in_between_leave_no_traces(replayed):
    net = make()
    warm(net, lambda net, _: sums_of(net, (3, 3)))
    before = dict(replayed)
    assert before["forward"] >= 2
    for sizes in ((2, 4), (3, 3), (4, 2), (3, 3), (6,), (3, 3)):
        assert agrees(net, lambda net, _, sizes=sizes: sums_of(net, sizes))
        assert agrees_in_parts(net, lambda net, _: sums_of(net, (3, 3)))


def test_a_number_in_place_of_the_last_term_is_not_taken_for_the_first(replayed):
    def shorter(net, epoch):
        terms = [net(x) ** 2 for x in ROWS]
        return sum(terms[:0:-1]) + 0.5, terms

    net = make()
    warm(net, backwards)
    for _ in range(3):
        assert agrees(net, shorter)
        assert agrees(net, backwards)


def test_what_is_fed_and_used_again_hears_from_both(replayed):
    def loop(net, epoch):
        loss, kept = fed(net, epoch)
        return loss * 2.0 + kept[0] * 3.0, kept

    net = make()
    warm(net, fed)
    before = dict(replayed)
    assert before["forward"] >= 2
    assert agrees(net, loop)
    assert replayed["forward"] > before["forward"]
    assert agrees(net, fed)


def test_what_changes_all_the_time_is_not_recorded_all_the_time(replayed, monkeypatch):
    recorded = []
    record = replay.Passes
    monkeypatch.setattr(replay, "Passes", lambda *args: recorded.append(1) or record(*args))
    net = make()
    for i in range(200):
        loss = sum(net(x) ** (i + 1.5 if i > 5 else 2) for x in [[0.5, 0.5]] * 3) * 0.0
        loss.backward()
        net.step(0.0)
        del loss
    assert 2 <= len(recorded) <= 12  # at first, and after 8, 16, 32, ... epochs, for two patterns


def test_what_changes_back_and_forth_is_recorded_once(replayed, monkeypatch):
    net = make()
    warm(net)
    monkeypatch.setattr(replay, "Passes", None)
    for _ in range(30):
        assert agrees(net, changed(rows=5))
        assert agrees(net, squares)
    assert replayed["forward"] >= 30


def test_nothing_is_recorded_of_what_nobody_has_looked_at(replayed):
    net = make()
    for i in range(12):
        outs = [net(x) for x in ROWS]
        more = [v * 2.0 for v in outs]
        if i > 5:
            assert outs[0].data != 0
        net.step(0.0)
        del outs, more
    assert agrees(net, squares)


def test_more_than_nobody_looked_at(replayed):
    net = make()
    for i in range(12):
        terms = [net(x) ** 2 for x in rows_of(i)]
        loss = sum(terms)
        if i % 6 == 5:
            assert loss.data > 0
        net.step(0.0)
        del terms, loss
    assert agrees(net, squares)


def test_chains_of_other_lengths_are_not_those_that_were_recorded(replayed):
    net = make()
    warm(net, changed(two=3))
    assert replayed["forward"] >= 2
    for _ in range(3):
        assert agrees(net, changed(two=2))
        assert agrees(net, changed(two=3))
        assert agrees(net, changed(two=4))


def test_sums_that_are_used_elsewhere_on_the_way_are_not_those_that_were_recorded(replayed):
    def loop(place):
        def loop(net, epoch):
            sums = []
            for x in ROWS:
                total = 0
                partial = [total := total + out * 0.5 for out in net(x)]
                sums.append(partial[place if x is ROWS[3] else 2])
            terms = [v * (i + 1.0) for i, v in enumerate(sums)]
            return terms[3], terms

        return loop

    net = make(3)
    warm(net, loop(2))
    assert replayed["forward"] >= 2
    for _ in range(3):
        assert agrees(net, loop(1))
        assert agrees(net, loop(2))


def test_what_is_not_on_the_way_back_gets_no_gradient(replayed):
    def loop(net, epoch):
        terms = [((net(x) ** 2 + 1.0) * (0.0 if x is ROWS[-1] else 1.0)).sqrt() for x in ROWS]
        total, prefix = 0, None
        for i, term in enumerate(terms):
            total += term
            prefix = total if i == 4 else prefix
        return prefix * 2.0, terms

    net = make()
    for _ in range(8):
        assert agrees(net, loop)
        assert all(map(math.isfinite, net.grads))
        net.step(0.0)


def test_a_look_before_the_end_leaves_the_rest_to_the_columns(replayed):
    net = make()

    def epoch():
        terms = [(net([0.1 * i, 0.2]) - 0.5) ** 2 for i in range(10)]
        assert terms[0].data > 0
        sum(terms).backward()

    for _ in range(8):
        epoch()
        net.zero_grad()
    assert replayed["forward"] >= 2
    assert replayed["back"] >= 2  # from the squares


def test_one_early_look_does_not_change_the_pattern(replayed):
    net = make()
    warm(net)
    before = dict(replayed)
    outs = [net(x) for x in ROWS]
    terms = [(out - y) ** 2 for out, y in zip(outs, TARGETS, strict=True)]
    assert terms[0].data > 0
    loss = sum(terms)
    loss.backward()
    del outs, terms, loss
    assert replayed == before
    assert agrees(net, squares)
    assert replayed["forward"] == before["forward"] + 1


def test_a_loop_that_goes_on_otherwise_is_recorded_anew(replayed):
    net = make()
    warm(net)
    for _ in range(3):
        warm(net, changed(rows=5))
    assert replayed["forward"] > 6
    before = dict(replayed)
    warm(net, changed(rows=5))
    assert replayed["forward"] == before["forward"] + 6
    assert agrees(net, changed(rows=5))


@pytest.mark.parametrize("bad", range(7))
def test_an_epoch_that_overflows_is_an_error_whether_it_is_recorded_or_not(bad, replayed):
    net = make()
    for epoch in range(9):
        scale = 1e200 if epoch == bad else 1.0
        terms = [(net(x) * scale) ** 2 for x in ROWS]
        if epoch == bad:
            with pytest.raises(OverflowError):
                sum(terms).backward()
        else:
            assert math.isfinite(sum(terms).data)
        del terms
    assert agrees(net, squares)


def test_inputs_that_come_to_an_error_are_one(replayed):
    first, net = make(), make()

    def loop(shift):
        def loop(_, epoch):
            inputs = [(abs(first(x)) + shift).log() for x in ROWS]
            assert inputs[0].data is not None
            return sum(net([v, 1.0]) * 2.0 for v in inputs), []

        return loop

    warm(net, loop(1.0))
    inputs = [(abs(first(x)) + (-9.0 if x is ROWS[1] else 1.0)).log() for x in ROWS]
    assert math.isfinite(inputs[0].data)
    loss = sum(net([v, 1.0]) * 2.0 for v in inputs)
    with pytest.raises(DomainError):
        loss.backward()


def test_what_was_never_looked_at_is_not_recorded(replayed):
    net = make()
    for i in range(12):
        loss, kept = squares(net, i)
        if i % 4 == 3:
            assert math.isfinite(loss.data)
        else:
            assert math.isfinite(kept[0].data)
        net.step(0.0)
        del loss, kept
        if i % 2:
            assert agrees(net, squares)


def test_more_samples_than_the_last_time_are_none_too_few(replayed):
    net = make()
    warm(net, changed(rows=3))
    warm(net, squares)
    assert agrees(net, squares)
    assert agrees(net, changed(rows=3))


def test_an_error_comes_as_it_does_without_a_program_and_the_next_epoch_is_right(replayed):
    def logs(shift):
        return lambda net, epoch: (sum((abs(net(x)) + shift).log() for x in ROWS), [])

    net = make()
    warm(net, logs(1.0))
    assert replayed["forward"] >= 2
    loss = logs(-100.0)(net, 0)[0]
    before = net.grads.tolist()
    with pytest.raises(DomainError, match=r"log\(\) wants a number above 0"):
        loss.backward()
    assert net.grads.tolist() == before
    del loss
    assert agrees(net, logs(2.0))


def test_overflow_is_an_error_too(replayed):
    net = make()

    def cubes(scale):
        return lambda net, epoch: (sum((net(x) * scale) ** 4 for x in ROWS), [])

    warm(net, cubes(1.0))
    assert replayed["forward"] >= 2
    with pytest.raises(OverflowError):
        cubes(1e200)(net, 0)[0].data  # noqa: B018  # reading is what raises
    assert agrees(net, cubes(2.0))


def test_backward_from_something_on_the_way_reaches_what_it_was_made_from_and_no_more(replayed):
    net = make()
    warm(net)
    loss, kept = squares(net, 0)
    loss.backward()
    before = dict(replayed)
    slopes = [v.grad for v in kept]
    kept[8].backward()
    assert replayed["back"] == before["back"]
    assert [v.grad for v in kept[6:]] == [1.0] * 6
    assert [v.grad for v in kept[:6]] == pytest.approx(slopes[:6], rel=1e-12)
    assert all(slopes)


def test_a_result_on_the_way_that_is_used_once_more_gets_both_gradients(replayed):
    def loop(net, epoch):
        terms = [(net(x) - y) ** 2 for x, y in zip(ROWS, TARGETS, strict=True)]
        return sum(terms) + terms[1] * terms[2], terms

    net = make()
    warm(net)
    before = dict(replayed)
    for _ in range(3):
        assert agrees(net, loop)
    assert replayed["forward"] == before["forward"] + 1  # what two columns lead to is in none
    assert replayed["back"] == before["back"]


def test_parameters_that_changed_since_are_an_error_and_no_gradient_changes(replayed):
    net = make()
    warm(net)
    loss, terms = squares(net, 0)
    assert loss.data > 0
    net.step(0.0)
    before = net.grads.tolist()
    with pytest.raises(GradientError, match="has been changed since"):
        loss.backward()
    assert net.grads.tolist() == before
    assert [v.grad for v in terms] == [0.0] * len(terms)
    del loss, terms
    assert agrees(net, squares)


def test_what_is_held_keeps_its_numbers_while_the_loop_goes_on(replayed):
    net = make()
    warm(net)
    held, terms = squares(net, 0)
    numbers = [held.data, *(v.data for v in terms)]
    held.backward()
    slopes = [v.grad for v in terms]
    for _ in range(5):
        net.step(0.01)
        warm(net)
        assert [held.data, *(v.data for v in terms)] == numbers
        assert [v.grad for v in terms] == slopes
    assert replayed["forward"] > 5


def test_a_penalty_has_the_parameters_of_then(replayed):
    net = make()
    warm(net, penalty_alone)
    loss, _ = penalty_alone(net, 0)
    expected = sum(abs(p.data) for p in net.params()) / 3.0
    net.params()[0].data = 100.0
    assert loss.data == pytest.approx(expected, rel=1e-12)
    net.zero_grad()
    loss.backward()
    assert net.params()[1].grad == pytest.approx(math.copysign(1 / 3, net.params()[1].data))
    assert replayed["forward"] >= 2


def test_an_interrupt_leaves_all_as_it_was(replayed, monkeypatch):
    net = make()
    warm(net)
    loss = squares(net, 0)[0]
    read = autograd.samples.Batch.read

    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(autograd.samples.Batch, "read", interrupted)
    with pytest.raises(KeyboardInterrupt):
        loss.data  # noqa: B018
    monkeypatch.setattr(autograd.samples.Batch, "read", read)
    with autograd.eager():
        expected = squares(net, 0)[0].data
    assert loss.data == pytest.approx(expected, rel=1e-12)


def test_it_leaves_nothing_to_the_cycle_collector():
    net = make()
    warm(net, hinge)
    gc.collect()
    gc.disable()
    try:
        warm(net, hinge)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_long_loop_takes_no_more_memory_as_it_goes_on():
    import tracemalloc

    net = make()
    warm(net, hinge)
    tracemalloc.start()
    try:
        warm(net, hinge)
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(20):
            warm(net, hinge)
        assert tracemalloc.get_traced_memory()[0] - before < 20_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("of_two", [lambda a, b: (a - b) ** 2, lambda a, b: (a + b).tanh()])
def test_operations_on_a_sum_of_two_outputs_take_memory_by_their_number(of_two):
    import tracemalloc

    def loop(net, epoch):
        return sum(of_two(*net(x)) for x in ROWS), []

    net = make(n_out=2)
    tracemalloc.start()
    try:
        warm(net, loop)
        warm(net, loop)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_rows_of_numpy_are_replayed_as_lists_are(replayed):
    def loop(net, epoch):
        return sum((net(x) - 1.0) ** 2 for x in np.array(ROWS)), []

    net = make()
    warm(net, loop)
    assert replayed["back"] >= 2
    assert agrees(net, loop)
