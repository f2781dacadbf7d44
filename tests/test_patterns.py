"""Results that are used again: whoever holds one never sees it change, or that it was another before."""

import contextlib
import copy
import functools
import gc
import math
import operator
import random
import sys
import threading
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import columns, patterns
from autograd.engine import Value
from autograd.errors import DomainError, GradientError
from autograd.nn import Layer, Net, Neuron

TAILS = {
    "-": lambda v, c: v - c,
    "**": lambda v, c: v**2,
    "** c": lambda v, c: (v * v + 1) ** c,
    "*": lambda v, c: v * c,
    "r*": lambda v, c: -1 * v,
    "r-": lambda v, c: c - v,
    "r+": lambda v, c: 1 + v,
    "/": lambda v, c: v / (c + 3),
    "relu": lambda v, c: v.relu(),
    "tanh": lambda v, c: v.tanh(),
    "abs": lambda v, c: abs(v),
    "twice": lambda v, c: v + v,
    "exp": lambda v, c: (v * 0.1).exp(),
    # what uses its operand more than once
    "silu": lambda v, c: v * v.sigmoid(),
    "entropy": lambda v, c: -(c * v.sigmoid().log() + (1 - c) * (1 - v.sigmoid()).log()),
    "two ways": lambda v, c: (v - c) ** 2 + 0.1 * v**2,
    "quotient": lambda v, c: v / (v * v + 2.0),
    "twice the same": lambda v, c: (-v).tanh() - (-v).relu(),
    "chain": lambda v, c: v * 2.0 + v + 0.5 + v * 3.0 + c,
}


def running(terms):
    total = 0
    for term in terms:
        total += term
    return total


SUMS = {
    "sum": sum,
    "loop": running,
    "from a Value": lambda terms: functools.reduce(operator.add, terms, Value(0.0)),
    "pairs": lambda terms: functools.reduce(operator.add, terms),
    "mean": lambda terms: sum(terms) * (1.0 / len(terms)),
    "number within": lambda terms: running(terms) + 0.5 + terms[0],
}
MODULES = {
    "net": lambda: Net(2, [3, 1], "tanh", "linear"),
    "two outputs": lambda: Net(2, [3, 2], "tanh"),
    "layer": lambda: Layer(2, 2, "sigmoid"),
    "neuron": lambda: Neuron(2, "tanh"),
}
PENALTIES = {
    "": lambda params: 0.0,
    "p * p": lambda params: 0.01 * sum(p * p for p in params),
    "p ** 2": lambda params: sum(p**2 for p in params) * 0.01,
    "abs": lambda params: 0.01 * sum(map(abs, params)),
}
KINDS = {
    "floats": lambda x: x,
    "ints": lambda x: [1, *x[1:]],
    "Values": lambda x: list(map(Value, x)),
    "tuple": tuple,
}

SEEN = ("inputs", "outputs", "tails", "last tail", "product", "loss", "penalty", "total")

epoch = st.fixed_dictionaries(
    {
        "samples": st.integers(1, 5),
        "kind": st.sampled_from(list(KINDS)),
        "tails": st.lists(st.sampled_from(list(TAILS)), max_size=3),
        "other tails": st.none()
        | st.lists(st.sampled_from(list(TAILS)), max_size=2),  # of every second sample
        "sum": st.sampled_from(list(SUMS)),
        "penalty": st.sampled_from(list(PENALTIES)),
        "backward": st.sampled_from([0, 1, 1, 2]),
        "step": st.sampled_from(["", "step", "step", "by hand"]),
        "read": st.sampled_from(["", "", "", "outputs", "tails", "sums"]),
        "hold": st.lists(st.sampled_from(list(SEEN)), max_size=2),
        "known": st.sampled_from(["", "", "", "weakly", "by an attribute", "published"]),
        "stop": st.sampled_from([None, None, None, 0, 1, 2]),
    }
)


def run(module, plan, c):
    """One epoch of a program; the results that it held, by what they are."""
    seen = {what: [] for what in SEEN}
    terms = []
    for i in range(plan["samples"]):
        if i == plan["stop"]:
            break
        x = KINDS[plan["kind"]]([0.1 * i + c, 0.5 - 0.2 * i])
        outs = module(x)
        seen["inputs"] += [v for v in x if isinstance(v, Value)]
        tails = plan["tails"] if i % 2 == 0 or plan["other tails"] is None else plan["other tails"]
        for out in outs if isinstance(outs, list) else [outs]:
            seen["outputs"].append(out)
            v = out
            for name in tails:
                v = TAILS[name](v, c)
                seen["tails"].append(v)
            terms.append(v)
            if plan["read"] in ("outputs", "tails"):
                assert (out if plan["read"] == "outputs" else v).data == v.data or True
        if i == plan["stop"]:
            break
    if terms:
        seen["last tail"] = terms[-1:]
        seen["product"] = [terms[0] * terms[-1]]
        loss = SUMS[plan["sum"]](terms)
        penalty = PENALTIES[plan["penalty"]](module.params())
        seen["loss"] = [loss]
        seen["penalty"] = [penalty] if isinstance(penalty, Value) else []
        if plan["stop"] is None:
            module.zero_grad()
            seen["total"] = [loss + penalty]
            for _ in range(plan["backward"]):
                seen["total"][0].backward()
    return seen


def step(module, plan):
    if plan["step"] == "step":
        module.step(0.01)
    elif plan["step"] == "by hand":
        for p in module.params():
            p.data -= 0.01 * p.grad


def close(a, b):
    return abs(a - b) <= 1e-12 * max(1.0, abs(b))


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(list(MODULES)),
    plans=st.lists(epoch, min_size=1, max_size=2),
    order=st.lists(st.integers(0, 1), min_size=3, max_size=8),
    keep=st.integers(1, 3),
)
def test_whatever_is_kept_or_let_go_each_epoch_has_the_numbers_of_working_at_once(name, plans, order, keep):
    random.seed(3)
    module = MODULES[name]()
    twin = copy.deepcopy(module)
    held = []  # results that are kept for some epochs: ours, and what they have to be
    changes = 0
    for i, which in enumerate(order):
        plan, c = plans[which % len(plans)], 0.25 * i
        with autograd.eager():
            theirs = run(twin, plan, c)
        ours = run(module, plan, c)
        for what in ours:
            for v, w in zip(ours[what], theirs[what], strict=True):
                assert not vars(v)
                assert all(v is not old for old, *_ in held)
                assert what != "inputs" or close(v.grad, w.grad)
        for p, q in zip(module.params(), twin.params(), strict=True):
            assert close(p.grad, q.grad)
            q.grad = p.grad
        if plan["known"] == "published":
            for v in ours["tails"][:2]:
                v.grad = 0.0
        for what in plan["hold"]:
            held += [(v, w, w.data, i, changes) for v, w in zip(ours[what], theirs[what], strict=True)]
        known = []
        if plan["known"] == "weakly":
            known = [weakref.ref(v) for v in ours["tails"] + ours["outputs"]]
        elif plan["known"] == "by an attribute":
            for v in ours["tails"] + ours["outputs"]:
                v.label = f"of epoch {i}"
        if which == 1:
            assert [v.data for v in ours["outputs"]] == pytest.approx(
                [w.data for w in theirs["outputs"]], rel=1e-12, abs=1e-12
            )
        del ours, theirs
        step(module, plan)
        step(twin, plan)
        changes += plan["step"] != ""
        for ref in known:
            assert ref() is None or not hasattr(ref(), "label")
        for v, w, x, _, then in held:
            assert close(v.data, x)
            module.zero_grad()
            twin.zero_grad()
            if then == changes:
                (3 * v).backward()
                with autograd.eager():
                    (3 * w).backward()
                assert close(v.grad, w.grad)
                for p, q in zip(module.params(), twin.params(), strict=True):
                    assert close(p.grad, q.grad)
        held = [item for item in held if i - item[3] < keep]
        for p, q in zip(module.params(), twin.params(), strict=True):
            assert close(p.data, q.data)
            if plan["step"]:
                q.data = p.data


@pytest.fixture
def net():
    random.seed(1)
    return Net(2, [3, 1], "tanh", "linear")


ROWS = [[0.1 * i, 1.0] for i in range(10)]


def squares(net):
    return [(net(x) - x[0]) ** 2 for x in ROWS]


def train(net, n):
    """So many epochs; the identities of all results in each."""
    found = []
    for _ in range(n):
        outs = [net(x) for x in ROWS]
        differences = [out - x[0] for out, x in zip(outs, ROWS, strict=True)]
        terms = [d**2 for d in differences]
        loss = sum(terms)
        penalty = 0.1 * sum(p * p for p in net.params())
        net.zero_grad()
        (loss + penalty).backward()
        net.step(0.01)
        found.append({id(v) for v in (*outs, *differences, *terms, loss, penalty)})
    return found


def test_a_loop_that_does_the_same_uses_its_results_again(net):
    found = train(net, 8)
    assert found[4] | found[5] == found[6] | found[7]
    assert len(found[6] & found[4]) > 30


def test_nothing_is_used_again_without_a_global_lock(net, monkeypatch):
    monkeypatch.setattr(patterns, "GIL", False)
    made = []
    member = autograd.waiting.member
    monkeypatch.setattr(autograd.samples, "member", lambda *args: made.append(1) or member(*args))
    train(net, 5)
    assert len(made) == 50


def test_a_result_that_somebody_holds_stays_what_it_was(net):
    train(net, 4)
    kept = squares(net)
    numbers = [float(v) for v in kept]
    one = kept[3]
    del kept
    for _ in range(4):
        train(net, 1)
        assert one.data == numbers[3]
        with pytest.raises(GradientError):
            one.backward()


def test_a_result_that_somebody_holds_has_its_gradients_while_the_net_is_as_it_was(net):
    train(net, 4)
    one = squares(net)[3]
    for _ in range(4):
        total = sum(squares(net))
        assert total.data > 0
    net.zero_grad()
    (3 * one).backward()
    found = [p.grad for p in net.params()]
    twin = copy.deepcopy(net)
    twin.zero_grad()
    with autograd.eager():
        (3 * (twin(ROWS[3]) - ROWS[3][0]) ** 2).backward()
    assert found == pytest.approx([p.grad for p in twin.params()], rel=1e-12)


@pytest.mark.parametrize("name", ["label", "note"])
@pytest.mark.parametrize("first", [2, 3])
def test_what_programs_hang_on_a_result_does_not_come_back(name, first, net):
    for i in range(12):
        outs = [net(x) for x in ROWS]
        terms = [(out - x[0]) ** 2 for out, x in zip(outs, ROWS, strict=True)]
        assert not any(hasattr(v, name) for v in outs + terms)
        if i % 4 == first % 4:
            for k in range(0, 10, 2):
                setattr((outs if i % 3 else terms)[k], name, f"epoch {i}")
        assert sum(terms).data > 0
        del outs, terms


def test_a_result_that_has_got_a_gradient_by_hand_leaves_nothing_to_the_collector():
    net = Net(2, [3, 1], "tanh", "linear")
    gc.collect()
    gc.disable()
    try:
        outs = [net(x) for x in ROWS]
        first = [out * 2.0 for out in outs]
        for v in first:
            v.grad = 0.5
        others = [net([v, 1.0]) for v in first]
        assert others[0].data
        sums = [out + other for out, other in zip(outs, others, strict=True)]
        assert sum(sums).data
        del net, outs, first, v, others, sums
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_what_cannot_be_made_again_is_let_go_with_all_that_it_was_made_from(net):
    known = []
    for _ in range(6):
        own = Value(2.0)
        known.append(weakref.ref(own))
        outs = [net(x) for x in ROWS]
        ways = [(out.exp(), out * (out + own), out**2) for out in outs]
        for way in zip(*ways, strict=True):
            sum(way).backward()
        del own, outs, ways, way
        net([0.0, 0.0])
        assert not any(ref() for ref in known)


def test_a_loop_that_uses_a_result_many_times_uses_its_results_again(net):
    found = []
    for _ in range(8):
        outs = [net(x) for x in ROWS]
        made = [(out - 0.1 * k) ** 2 for out in outs for k in range(12)]
        sum(made).backward()
        found.append(set(map(id, made)))
        del outs, made
    assert found[-1] == found[-2]


def test_a_sum_that_is_begun_once_more_after_backward_is_not_taken_for_the_next_one(net):
    twin = copy.deepcopy(net)

    def run(module):
        numbers = []
        for epoch in range(8):
            odd = epoch % 2
            outs = [module(x) for x in ROWS]
            doubles = [out * 2.0 for out in outs]
            sums = [
                0 + b if odd and i == 0 else a + b for i, (a, b) in enumerate(zip(outs, doubles, strict=True))
            ]
            loss = 3 * sum(v.tanh() for v in sums)
            module.zero_grad()
            loss.backward()
            numbers += [v.data for v in sums] + module.grads.tolist()
            if not odd:
                assert sum(doubles[:1]).data == doubles[0].data
            del outs, doubles, sums, loss
        return numbers

    with autograd.eager():
        expected = run(twin)
    assert run(net) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("use", ["begin", "go on"])
def test_threads_that_add_to_the_same_result_get_a_sum_each(use, net):
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(60):
            if use == "begin":
                results = [net(x).tanh() for x in ROWS]
            else:
                results = [net([0.1, 1.0]).tanh() + net(x).tanh() for x in ROWS]
            own = [[net([sign, 0.5])] * len(ROWS) for sign in (1.0, -1.0)]
            sums = [[], []]
            ready = threading.Barrier(2)

            def add(k, results=results, own=own, sums=sums, ready=ready):
                ready.wait()
                for v, w in zip(results, own[k], strict=True):
                    sums[k].append(w + v if use == "begin" else v + w)

            threads = [threading.Thread(target=add, args=(k,)) for k in (0, 1)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for k in (0, 1):
                expected = [v.data + w.data for v, w in zip(results, own[k], strict=True)]
                assert [v.data for v in sums[k]] == pytest.approx(expected, rel=1e-12)
            del results, own, sums, add
    finally:
        sys.setswitchinterval(interval)


def test_a_result_keeps_the_last_results_that_were_made_from_it_and_no_more(net):
    outs = [net(x) for x in ROWS]
    made = [weakref.ref(outs[0] * float(k)) for k in range(100)]
    assert sum(known() is not None for known in made) < 40
    assert made[-1]().data == pytest.approx(99 * outs[0].data)


@pytest.mark.parametrize("first", ["left", "right"])
def test_a_product_of_two_nets_leaves_each_its_columns(first, net):
    other = Net(2, [3, 1], "tanh", "linear")
    roots = []
    for _ in range(8):
        outs = [net(x) for x in ROWS] if first == "left" else []
        others = [other(x) for x in ROWS]
        outs = outs or [net(x) for x in ROWS]
        ways = [(a.exp(), a * b, a**2) for a, b in zip(outs, others, strict=True)]
        for way in zip(*ways, strict=True):
            sum(way).backward()
        roots.append((id(net._patterns.current.root), id(other._patterns.current.root)))
        del outs, others, ways, way
    assert len(set(roots[-5:])) == 1


def test_a_result_that_is_known_weakly_does_not_come_back_as_another(net):
    seen = weakref.WeakKeyDictionary()
    for i in range(8):
        terms = squares(net)
        assert not any(v in seen for v in terms)
        for v in terms[::3]:
            seen[v] = i
        assert sum(terms).data > 0


def test_a_list_of_outputs_is_the_callers_own():
    net = Net(1, [2])

    def epoch():
        total = 0
        for x in (0.1, 0.2, 0.3):
            outs = net([x])
            assert len(outs) == 2
            total += outs[0] ** 2
            outs.reverse()
        return total.data

    assert len({epoch() for _ in range(6)}) == 1


def test_other_operations_than_last_time_go_the_usual_way(net):
    for i in range(12):
        outs = [net(x) for x in ROWS]
        terms = [(v - 1) ** 2 if (i + k) % 3 else abs(v * 2) for k, v in enumerate(outs)]
        with autograd.eager():
            check = [net(x) for x in ROWS]
            check = [(v - 1) ** 2 if (i + k) % 3 else abs(v * 2) for k, v in enumerate(check)]
            expected = sum(check).data
        assert sum(terms).data == pytest.approx(expected, rel=1e-12)


def test_a_loop_that_ends_early_leaves_no_samples_behind(net):
    train(net, 3)
    for _ in range(5):
        total = 0
        for x in ROWS[:4]:
            total += net(x) ** 2
        del total  # an exception, say
        terms = squares(net)
        with autograd.eager():
            expected = sum(squares(net)).data
        assert sum(terms).data == pytest.approx(expected, rel=1e-12)
        net.step(0.0)


def test_a_net_goes_with_its_last_handle_and_all_that_was_made_with_it():
    net = Net(2, [3, 1], "tanh", "linear")
    gc.collect()
    gc.disable()
    try:
        train(net, 6)
        root = weakref.ref(net._patterns.current.root)
        known = weakref.ref(net)
        value = net([0.5, 0.5])
        del net
        assert known() is None
        assert value.data is not None
        del value
        assert root() is None
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize("use", ["samples", "parameters"])
@pytest.mark.parametrize("held", [True, False])
def test_after_an_interrupt_between_two_epochs_a_sample_still_has_the_numbers_of_its_call(
    use, held, monkeypatch
):
    net = Net(1, [1], "linear", init=lambda n_out, n_in: [[2.0]])
    (weight, _) = net.params()

    def result():
        return net([1.5]) * 2.0 if use == "samples" else weight**2 * 1.5

    kept = []
    for _ in range(4):
        loss = sum(net([i / 4]) for i in range(4)) + sum(p * p for p in net.params())
        loss.backward()
        kept = [loss] if held else []
        net.step(0.0)
        del loss
    reopen = patterns.Pattern.reopen

    def interrupted(self, users):
        reopen(self, users)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(patterns.Pattern, "reopen", interrupted)
        with pytest.raises(KeyboardInterrupt):
            result()
    one = result()
    weight.data = 5.0
    assert one.data == 6.0
    assert len(kept) == held


def test_samples_that_were_dropped_before_a_change_leave_the_next_ones_their_numbers():
    net = Net(1, [1], "linear", init=lambda n_out, n_in: [[2.0]])
    (weight, _) = net.params()
    for old in (2.0, 3.0, 4.0, 5.0):
        dropped = [net([x]) * 2.0 for x in (0.5, 1.0, 1.5)]
        del dropped
        weight.data = old
        one = net([1.5])
        weight.data = 7.0
        assert one.data == 1.5 * old


def test_parameters_that_change_give_a_penalty_its_new_numbers(net):
    for _ in range(6):
        penalty = sum(p * p for p in net.params())
        for p in net.params():
            p.data *= 0.9
        again = sum(p * p for p in net.params())
        assert again.data == pytest.approx(0.81 * penalty.data, rel=1e-12)
        assert again.data == pytest.approx(sum(p.data**2 for p in net.params()), rel=1e-12)


def test_a_sum_that_had_a_number_within_is_one_of_results_alone_next_time(net):
    def total(number):
        out = 0
        for i, x in enumerate(ROWS):
            out += 0.5 if number and i == 7 else net(x)
        return out

    for number in [False] * 4 + [True, False] * 3:
        with autograd.eager():
            expected = total(number).data
        assert total(number).data == pytest.approx(expected, rel=1e-12)


def test_a_sum_of_some_of_the_results_finds_them_where_they_are_next_time(net):
    for i in range(12):
        chosen = (0, 2, 4) if i < 8 else (0, 1, 5)
        outs = [net(x) for x in ROWS]
        terms = {k: outs[k] ** 2 for k in (range(10) if i % 4 < 2 else chosen)}
        with autograd.eager():
            expected = math.fsum(net(ROWS[k]).data ** 2 for k in chosen)
        total = sum([terms[k] for k in chosen])
        total.backward()
        assert total.data == pytest.approx(expected, rel=1e-12)
        assert {k for k, v in terms.items() if v.grad} == set(chosen)


def test_a_sum_of_results_of_two_kinds_is_one_of_others_next_time(net):
    for i in range(12):
        outs = [net(x) for x in ROWS]
        terms = [v**2 for v in outs]
        mixed = i in (6, 7, 10)
        chosen = [outs[k] if mixed and k % 3 == 1 else terms[k] for k in range(10)]
        with autograd.eager():
            numbers = [net(x).data for x in ROWS]
        expected = [x if mixed and k % 3 == 1 else x**2 for k, x in enumerate(numbers)]
        assert sum(chosen).data == pytest.approx(math.fsum(expected), rel=1e-12)


def test_zeros_keep_their_signs(net):
    for i in range(6):
        zeros = [(0.0, -0.0)[(i + k) % 2] for k in range(4)]
        products = [(net(x) * 0.0 + 1.0) * zero for x, zero in zip(ROWS, zeros, strict=False)]
        assert [math.copysign(1, v.data) for v in products] == [math.copysign(1, zero) for zero in zeros]
        del products


def test_zeros_keep_their_signs_in_sums(net):
    for i in range(6):
        zeros = [(0.0, -0.0)[(i + k) % 2] for k in range(4)]
        negative = [abs(net(x)) * -0.0 for x in ROWS]
        sums = [a + b + zero for a, b, zero in zip(negative, negative[4:], zeros, strict=False)]
        assert [math.copysign(1, v.data) for v in sums] == [math.copysign(1, zero) for zero in zeros]
        del negative, sums


def test_an_error_of_one_epoch_is_none_of_the_next(net):
    for i in range(8):
        terms = [(abs(net(x)) + (1.0 if i % 3 else -100.0)).log() for x in ROWS]
        total = sum(terms)
        if i % 3:
            assert math.isfinite(total.data)
        else:
            with pytest.raises(DomainError):
                total.backward()


def test_samples_of_values_leave_no_gradients_to_samples_of_numbers(net):
    x = [Value(0.5), Value(1.0)]
    for i in range(12):
        terms = [net(x if i % 3 == 1 else row) ** 2 for row in ROWS]
        before = x[0].grad
        sum(terms).backward()
        assert (x[0].grad != before) == (i % 3 == 1)


def test_what_was_made_of_two_results_outlives_a_batch_that_is_full(monkeypatch):
    monkeypatch.setattr(autograd.samples, "ROWS", 4)
    net = Net(2, [3, 1], "tanh", "linear")
    for _ in range(5):
        with autograd.eager():
            expected = (net(ROWS[0]) * net(ROWS[1])).data
        product = net(ROWS[0]) * net(ROWS[1])
        for x in ROWS:
            net(x)
        net.step(0.1)
        net.zero_grad()
        net(ROWS[2]).backward()
        net.step(0.1)
        assert product.data == pytest.approx(expected, rel=1e-12)


def test_several_sums_of_the_same_results_do_not_get_into_each_other(net):
    held = []
    for i in range(12):
        terms = squares(net)
        sums = [sum(terms[k:]) for k in ((0, 0, 3) if i % 3 else (3, 0, 0, 5))]
        held = [*held[-3:], terms[0] * terms[1]]  # which needs the columns that they are from
        with autograd.eager():
            numbers = [v.data for v in squares(net)]
        for total, k in zip(sums, (0, 0, 3) if i % 3 else (3, 0, 0, 5), strict=True):
            assert total.data == pytest.approx(math.fsum(numbers[k:]), rel=1e-12)


def test_a_long_loop_agrees_with_working_at_once_over_many_batches(monkeypatch):
    monkeypatch.setattr(autograd.samples, "ROWS", 8)
    net = Net(1, [3, 1], "tanh", "linear")
    twin = copy.deepcopy(net)
    for i in range(18):
        for module in (net, twin):
            with autograd.eager() if module is twin else contextlib.nullcontext():
                loss = 0 if i % 2 else Value(0.0)
                for k in range(40 + i % 3):
                    loss += (module([k / 30]) - math.sin(k)) ** 2
                    if i > 8 and k % 10 == i % 3:  # within the second batch and the following ones
                        loss += 0.5 * k + i
                module.zero_grad()
                loss.backward()
                module.step(1e-3)
        assert [p.grad for p in net.params()] == pytest.approx([p.grad for p in twin.params()], rel=1e-12)


def test_a_loop_over_many_batches_does_not_find_out_at_each_which_sums_there_are(monkeypatch):
    monkeypatch.setattr(autograd.samples, "ROWS", 8)
    net = Net(1, [3, 1], "tanh", "linear")
    found = []
    lay_out = columns.Sums._lay_out
    monkeypatch.setattr(columns.Sums, "_lay_out", lambda *args: found.append(args) or lay_out(*args))
    for _ in range(6):
        found.clear()
        loss = 0
        for k in range(8 * 30):
            loss += (net([k / 30]) - 0.5) ** 2
        net.zero_grad()
        loss.backward()
        net.step(1e-3)
    assert len(found) <= 4  # the first batch begins with a number, and is not as the others are


def test_what_a_longer_loop_adds_is_used_again_only_when_it_is_free(net):
    def epoch(n):
        outs = [net(x) for x in ROWS[:n]]
        return outs[-1], [v.data for v in outs]

    for _ in range(3):
        epoch(3)
    held, numbers = epoch(6)
    for _ in range(3):
        assert epoch(6)[0] is not held
        assert held.data == numbers[-1]


def test_a_parameter_used_later_than_others_keeps_the_result_that_is_held():
    random.seed(3)
    net = Net(2, [4, 1])
    twin = copy.deepcopy(net)

    def run(module):
        held = []
        for i in range(8):
            params = module.params()
            loss = sum(p * p for p in reversed(params)) if i < 4 else params[0] * params[0]
            if i >= 4:
                held.append(loss)
            module.zero_grad()
            loss.backward()
            module.step(0.01)
            loss = None
        return [v.data for v in held]

    with autograd.eager():
        expected = run(twin)
    assert run(net) == pytest.approx(expected, rel=1e-12)


def test_a_result_held_by_a_product_with_a_value_of_ones_own_stays():
    random.seed(3)
    net = Net(2, [4, 1], activation="tanh")
    twin = copy.deepcopy(net)

    def run(module):
        own, held = Value(2.0), []
        for i in range(10):
            outs = [module([k / 10, 1 - k / 7]) for k in range(12)]
            total = sum(v * 2.0 for v in outs[:6])
            others = [v.exp() for v in outs[6:]]
            if i < 6:
                total = total + others[0]
            else:
                held.append(others[1] * own)
            total.backward()
            module.step(0.01)
            module.zero_grad()
            outs = others = total = None
        return [v.data for v in held]

    with autograd.eager():
        expected = run(twin)
    assert run(net) == pytest.approx(expected, rel=1e-12)


def test_while_a_pattern_is_looked_at_no_head_of_it_is_given_out(net):
    for n in (6, 6, 6, 3):
        outs = [net(x) for x in ROWS[:n]]
        assert outs[0].data is not None
        del outs
    pattern = net._patterns.current
    assert len(pattern.slots) == 3
    assert pattern.free()
    assert pattern.slots == []


def test_a_thread_that_goes_on_while_a_pattern_is_looked_at_is_seen(net, monkeypatch):
    for _ in range(3):
        differences = [net(x) - 1.0 for x in ROWS]
        assert differences[0].data is not None
        del differences
    outs = [net(x) for x in ROWS]
    assert outs[0].data is not None
    held = outs[:1]
    del outs
    pattern = net._patterns.current
    look = patterns._unheld

    def disturbed(results, n):
        if results is pattern._parts.results[0]:
            held[0] = held[0] - 1.0  # as another thread may do
        return look(results, n)

    monkeypatch.setattr(patterns, "_unheld", disturbed)
    assert not pattern.free()
