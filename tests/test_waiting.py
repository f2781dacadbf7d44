"""Values that wait: whatever a program does, it finds the numbers that working at once would give it."""

import contextlib
import copy
import functools
import gc
import math
import operator
import pickle
import random
import sys
import threading
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

import autograd
import autograd.engine
import autograd.nn
import autograd.scalar.engine
import autograd.scalar.nn
from autograd import no_grad, optim
from autograd.engine import Value, pending
from autograd.errors import AutogradError, DomainError, GradientError, NotANumberError, ShapeError
from autograd.nn import Layer, Net, batch, rowwise, samples

ORACLE = SimpleNamespace(Value=autograd.scalar.engine.Value, nn=autograd.scalar.nn)
FACADE = SimpleNamespace(Value=autograd.engine.Value, nn=autograd.nn)


def near(ours, theirs, scale=1.0):
    """Agreement to 1e-12 of the larger of the number and ``scale``."""
    return abs(ours - theirs) <= 1e-12 * max(abs(theirs), scale)


def as_list(out):
    return list(out) if isinstance(out, list) else [out]


def in_order(numbers, start=0.0):
    """Their sum, one after the other: Python's own ``sum`` of floats may be compensated."""
    return functools.reduce(operator.add, numbers, start)


# Any program ----------------------------------------------------------------------------------

METHODS = ["exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "relu", "leaky_relu", "softplus", "gelu"]
UNARY = {name: operator.methodcaller(name) for name in METHODS}
UNARY |= {
    "neg": operator.neg,
    "pos": operator.pos,
    "abs": abs,
    "squared": lambda v: v * v,
    "1": lambda v: v * 1,
}
UNARY |= {"doubled": lambda v: v + v, "less itself": lambda v: v - v, "over itself": lambda v: v / v}
KINKED = ("abs", "relu", "leaky_relu")
BINARY = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": operator.pow}
FAILING = {  # of a number of 0.5 or more, which they take out of the domain
    "log": lambda v: (-v).log(),
    "sqrt": lambda v: (-v).sqrt(),
    "root": lambda v: (-v) ** 0.5,
    "exp": lambda v: (v * 1e4).exp(),
    "power": lambda v: (v + 10) ** 1000,
    "over 0": lambda v: v / 0,
    "over 0.0 of a Value": lambda v: v / (v * 0.0),
    "number over 0.0": lambda v: 2.0 / (v * 0.0),
    "0 to a negative power": lambda v: (v * 0.0) ** -1,
    "sine of infinity": lambda v: (v * 1e200 * 1e200).sin(),
}
PENALTIES = {
    "p * p": lambda p: p * p,
    "p ** 2": lambda p: p**2,
    "p ** 3": lambda p: p**3,
    "abs(p)": abs,
    "p * p, then p * 2": lambda p: p * p + p * 2,
    "abs(p), then p ** 2.0": lambda p: abs(p) * 0.5 + p**2.0,
}


class Pair:
    """What both engines made of the same expression.

    Attributes:
        ours, theirs: the Values; ``theirs`` is None if there is no number, only errors.
        errors: which errors looking at it may raise.
        uses: which layers it needs for its gradient, of which module, and how often they had changed.
    """

    def __init__(self, ours, theirs, errors=(), uses=frozenset()):
        self.ours, self.theirs, self.errors, self.uses = ours, theirs, errors, uses


class Family:
    """A module of both engines with the same weights, and how often each layer of it was changed."""

    def __init__(self, make, layers=lambda module: module.layers):
        state = random.getstate()
        self.theirs = make(ORACLE.nn)
        random.setstate(state)
        self.ours = make(FACADE.nn)
        self.layers = [*zip(layers(self.ours), layers(self.theirs), strict=True)]
        self.versions = [0] * len(self.layers)
        self.members = [(self.ours, self.theirs, list(range(len(self.layers))))]  # with the layers used
        for k, (ours, theirs) in enumerate(self.layers):
            if ours is not self.ours:
                self.members.append((ours, theirs, [k]))
            if hasattr(ours, "neurons"):
                self.members += [(n, m, [k]) for n, m in zip(ours.neurons, theirs.neurons, strict=True)]

    def copy_numbers(self):
        """Give the oracle our parameters, after they were compared, so that differences do not grow."""
        for p, q in zip(self.ours.params(), self.theirs.params(), strict=True):
            q.data, q.grad = p.data, p.grad


def noise(root):
    """How uncertain the oracle's result is, in roundings of numbers of size 1."""
    stack = [root]
    while stack:
        v = stack[-1]
        below = [p for p in v.parents if not hasattr(p, "noise") and p.parents]
        if below:
            stack.extend(below)
            continue
        stack.pop()
        v.noise = sum(
            (abs(d) * getattr(p, "noise", 0.0) for p, d in zip(v.parents, v.slopes, strict=True)), abs(v.data)
        )
    return root.noise


def tame(v):
    """Whether numbers near the oracle's result lead to numbers near what follows from it."""
    return (
        math.isfinite(v.data)
        and all(abs(d) <= 30 for d in v.slopes)
        and (v.noise if not v.parents and hasattr(v, "noise") else noise(v)) <= 1e3
    )


def spread(root):
    """The largest gradient in the oracle's graph below ``root``."""
    found = {root}
    for v in (order := [root]):
        new = [p for p in v.parents if p not in found]
        found.update(new)
        order.extend(new)
    return max(abs(v.grad) for v in order)


LOSSES = {
    "squares": lambda v, y: (v - y) ** 2,
    "hinge": lambda v, y: (1 + -y * v).softplus(),
    "product": lambda v, y: v * v - y * v,
    "entropy": lambda v, y: -(v * 0.125 + 4).log() * y,
    "quotients": lambda v, y: (v + y) / (v * v + 2),
    "through exp": lambda v, y: (-v).exp() / (1 + (-v).exp()) + v.gelu() * v.sin(),
}
WAYS_TO_STEP = st.sampled_from(["step", "SGD", "SGD of Values", "by hand"])
SELDOM = st.integers(0, 4).map(lambda i: i == 4)
SMALL = st.floats(-2, 2).map(lambda x: round(x, 3))
CONSTANTS = st.one_of(
    SMALL,
    st.sampled_from([0, 1, 2, 3, -1, 0.5, 2.0, -0.0, True]),
    st.sampled_from([np.float64(0.25), np.float32(1.5), np.int64(2), np.array(0.75), np.bool_(1)]),
)
PLACES = st.integers(0, 10**6)
REFERENCES = PLACES.map(lambda i: ("result", i))  # to what was computed before; see `Machine.pick`
LEAVES = PLACES.map(lambda i: ("leaf", i))
PARAMETERS = PLACES.map(lambda i: ("parameter", i))
OPERANDS = st.one_of(REFERENCES, REFERENCES, REFERENCES, LEAVES, CONSTANTS, PARAMETERS)
INPUTS = st.one_of(
    SMALL, SMALL, SMALL, REFERENCES, LEAVES, PARAMETERS, st.sampled_from([0, 1, np.float64(0.5), True])
)
SAMPLES = st.lists(INPUTS, min_size=4, max_size=4)
MOST_ROWS = st.tuples(SMALL, SMALL, SMALL, SMALL)
AFTERWARDS = st.none() | st.lists(SMALL, min_size=1, max_size=3)  # weights of a sum to go back from
CONTAINERS = st.sampled_from([list, tuple, np.array, iter])
LIVE = 80  # results that are kept at most


class Machine(RuleBasedStateMachine):
    """Programs over both engines, in which our results wait as long as they can."""

    eager = False  # whether our engine is to work at once

    @initialize(seed=st.integers(0, 2**32), tight=st.booleans(), few=st.booleans())
    def begin(self, seed, tight, few):
        self.undo = contextlib.ExitStack()
        patch = self.undo.enter_context(pytest.MonkeyPatch.context())
        if tight:  # come to the limits of waiting soon
            for module in (pending, batch, samples):
                for name, limit in LIMITS.items():
                    if hasattr(module, name):
                        patch.setattr(module, name, limit)
        if not few:
            patch.setattr(rowwise, "MOST_PRODUCTS", 0)
        if self.eager:
            self.undo.enter_context(autograd.eager())
        random.seed(seed)
        own = lambda v: v.tanh() * 0.5 + 0.1
        self.families = [
            Family(lambda nn: nn.Net(3, [4, 2], activation="tanh")),
            Family(lambda nn: nn.Net(1, [3, 1], activation="sigmoid", output_activation="linear")),
            Family(lambda nn: nn.Net(3, [2], activation="tanh")),
            Family(lambda nn: nn.Neuron(2, "softplus"), layers=lambda neuron: [neuron]),
            Family(lambda nn: nn.Layer(2, 3, "gelu"), layers=lambda layer: [layer]),
            Family(lambda nn: nn.Net(2, [2, 1], activation=own)),
            Family(lambda nn: nn.MLP(2, [4, 1])),
        ]
        self.cell, self.own, self.mlp = self.families[2], self.families[5], self.families[6]
        self.members = [(family, *member) for family in self.families for member in family.members]
        self.leaves = [Pair(FACADE.Value(x), ORACLE.Value(x)) for x in (0.5, -1.25)]
        self.live = []

    def teardown(self):
        if hasattr(self, "undo"):
            try:
                self.compare_gradients()
                self.compare_numbers()
            finally:
                self.undo.close()

    # What rules are made of

    def pick(self, operand):
        """The Pair, or the number, that an operand stands for."""
        if not isinstance(operand, tuple):
            return operand
        kind, i = operand
        if kind == "parameter":
            family = self.families[i % len(self.families)]
            k = i // len(self.families) % family.ours.nparams()
            return Pair(family.ours.params()[k], family.theirs.params()[k])
        if kind == "leaf" or not self.live:
            return self.leaves[i % len(self.leaves)]
        return self.live[-1 - i % len(self.live)]

    def keep(self, made):
        """Let what was made, if anything was, be among the live results; give it back."""
        if made is not None:
            self.live.append(made)
            del self.live[:-LIVE]
        return made

    def make(self, operation, *operands, uses=frozenset(), may_fail=False):
        """Do an operation in both engines; None if there is nothing to compare, or to go on with."""
        pairs = [o for o in operands if isinstance(o, Pair)]
        errors = {error for pair in pairs for error in pair.errors}
        uses = uses.union(*(pair.uses for pair in pairs))
        theirs = None
        if not errors:
            try:
                with np.errstate(all="ignore"):
                    theirs = operation(*(o.theirs if isinstance(o, Pair) else o for o in operands))
            except (ArithmeticError, ValueError) as error:
                if not may_fail:
                    return None
                errors = {
                    next(e for e in (ZeroDivisionError, OverflowError, ValueError) if isinstance(error, e))
                }
            else:
                if not isinstance(theirs, ORACLE.Value) or not tame(theirs):
                    return None
        try:
            ours = operation(*(o.ours if isinstance(o, Pair) else o for o in operands))
        except tuple(errors):
            return None
        return Pair(ours, theirs, tuple(errors), uses)

    def call(self, member, inputs, container=list):
        """Both engines' outputs for a sample; what held it is written over after our call."""
        family, ours, theirs, layers = member
        errors = {error for x in inputs if isinstance(x, Pair) for error in x.errors}
        uses = frozenset().union(*(x.uses for x in inputs if isinstance(x, Pair)))
        uses |= {(family, k, family.versions[k]) for k in layers}
        outputs = [None] * (1 if hasattr(ours, "N_out") and ours.N_out == 1 else ours.n_out)
        if not errors:
            outputs = as_list(theirs([x.theirs if isinstance(x, Pair) else x for x in inputs]))
            if not all(map(tame, outputs)):
                return []
        sample = [x.ours if isinstance(x, Pair) else x for x in inputs]
        if container is np.array:
            sample = np.array(sample, object if any(isinstance(x, Value) for x in sample) else float)
        else:
            sample = container(sample)
        try:
            made = as_list(ours(sample))
        except tuple(errors):
            return []
        finally:
            if isinstance(sample, list | np.ndarray):
                sample[:] = [99.0] * len(sample)
        return [self.keep(Pair(y, z, tuple(errors), uses)) for y, z in zip(made, outputs, strict=True)]

    def member(self, i):
        return self.members[i % len(self.members)]

    def changed(self, family, layers=None):
        """Compare the parameters after a change, and note which layers may have other ones now."""
        for k in range(len(family.versions)) if layers is None else layers:
            family.versions[k] += 1
        for p, q in zip(family.ours.params(), family.theirs.params(), strict=True):
            assert near(p.data, q.data)
        family.copy_numbers()

    def compare_gradients(self, scale=1.0):
        """Compare all gradients that anybody can see; none of this needs a number that waits."""
        for family in self.families:
            for p, q in zip(family.ours.params(), family.theirs.params(), strict=True):
                assert near(p.grad, q.grad, scale), "a parameter's gradient"
                q.grad = p.grad
        for pair in self.leaves + self.live:
            if not pair.errors:
                assert near(pair.ours.grad, pair.theirs.grad, scale), "a Value's gradient"
                pair.theirs.grad = pair.ours.grad

    def compare_numbers(self):
        for pair in self.leaves + self.live:
            self.compare_number(pair)

    def compare_number(self, pair):
        if pair.errors:
            for _ in range(2):
                with pytest.raises(pair.errors) as caught:
                    _ = pair.ours.data
                assert isinstance(caught.value, AutogradError | ArithmeticError)
        else:
            assert type(pair.ours.data) is float
            assert near(pair.ours.data, pair.theirs.data)

    # Leaves

    @rule(leaf=LEAVES, x=SMALL, new=st.booleans())
    def make_or_write_a_leaf(self, leaf, x, new):
        if new:
            self.leaves.append(Pair(FACADE.Value(x), ORACLE.Value(x)))
            del self.leaves[:-6]
        else:
            pair = self.pick(leaf)
            pair.ours.data = pair.theirs.data = x

    # Calls

    @rule(places=st.lists(PLACES, min_size=1, max_size=2), inputs=SAMPLES, container=CONTAINERS)
    def call_modules(self, places, inputs, container):
        sample = list(map(self.pick, inputs))
        for member in map(self.member, places):
            if member[0] is self.mlp:  # where a rounding before a kink could be seen
                sample = [x for x in sample if not isinstance(x, Pair)] + [0.5, -0.75, 0.25, 1.0]
            self.call(member, sample[: member[1].n_in], container)

    @rule(i=PLACES, rows=st.lists(MOST_ROWS, min_size=2, max_size=14))
    def call_a_module_on_many_samples(self, i, rows):
        member = self.member(i)
        for row in rows:
            self.call(member, row[: member[1].n_in])

    def losses(self, member, rows, loss, y, read):
        """The sum of a loss over samples, or None."""
        total = 0
        for row in rows:
            for output in self.call(member, list(map(self.pick, row[: member[1].n_in]))):
                term = self.keep(self.make(lambda v: loss(v, y), output))
                if term is not None:
                    total = self.make(operator.add, total, term) or total
                    if read:
                        self.compare_number(total)
        return total or None

    @rule(
        i=PLACES,
        rows=st.lists(st.lists(st.one_of(SMALL, LEAVES), min_size=4, max_size=4), min_size=1, max_size=12),
        loss=st.sampled_from(list(LOSSES)),
        y=SMALL,
        penalty=st.none() | st.sampled_from(list(PENALTIES)),
        epochs=st.integers(1, 4),
        lr=st.sampled_from([0.1, 0.01]),
        how=st.none() | WAYS_TO_STEP,
        times=st.integers(1, 2),
        read=SELDOM,
    )
    def train(self, i, rows, loss, y, penalty, epochs, lr, how, times, read):
        member = self.member(i)
        family, ours, theirs, _ = member
        if family is self.mlp:
            rows = [[x for x in row if not isinstance(x, tuple)] + [0.5, -0.75, 0.25, 1.0] for row in rows]
        for _ in range(epochs):
            total = self.losses(member, rows, LOSSES[loss], y, read)
            if penalty is not None:
                more = self.penalty(member, penalty, 0.25, False)
                total = total and more and self.make(operator.add, total, more)
            ours.zero_grad()
            theirs.zero_grad()
            if total is not None:
                self.back(self.keep(total), times)
                if how is not None:
                    self.descend(member, lr, how)

    @rule(i=PLACES, inputs=SAMPLES)
    def call_layer_after_layer_by_hand(self, i, inputs):
        family = [f for f in self.families if f is not self.mlp and hasattr(f.ours, "layers")][i % 4]
        h = [self.pick(x) for x in inputs[: family.ours.n_in]]
        for k, (ours, theirs) in enumerate(family.layers):
            h = self.call((family, ours, theirs, [k]), h)
            if not h:
                return

    @rule(inputs=SAMPLES, i=PLACES)
    def call_a_net_on_a_nets_outputs(self, inputs, i):
        h = self.call(self.member(0), [self.pick(x) for x in inputs[:3]])
        after = [m for m in self.members if m[0] is not self.mlp and m[1].n_in <= 2]
        if h:
            after = after[i % len(after)]
            self.call(after, h[: after[1].n_in])

    @rule(sequences=st.lists(st.lists(SMALL, min_size=1, max_size=5), min_size=1, max_size=4), x=INPUTS)
    def run_a_recurrent_cell(self, sequences, x):
        for sequence in sequences:
            h = [self.pick(x), 0.0]
            for number in sequence:
                h = self.call(self.cell_member, [number, *h])
                if not h:
                    break

    @property
    def cell_member(self):
        return (self.cell, *self.cell.members[0])

    @rule(i=PLACES, inputs=SAMPLES, length=st.integers(0, 5), text=st.booleans())
    def call_a_module_on_what_is_no_sample(self, i, inputs, length, text):
        _, ours, _, _ = self.member(i)
        sample = [self.pick(x) for x in inputs[: ours.n_in]]
        sample = [x.ours if isinstance(x, Pair) else x for x in sample]
        if text:
            sample[length % ours.n_in] = "0.5"
            with pytest.raises(NotANumberError):
                ours(sample)
        elif length != ours.n_in:
            with pytest.raises(ShapeError):
                ours((sample * 5)[:length])

    @rule(i=PLACES, inputs=SAMPLES)
    def call_a_module_without_gradients(self, i, inputs):
        member = self.member(i)
        if member[0] is self.mlp:
            inputs = [0.25, -0.5, 1.0, 0.75]
        start = len(self.live)
        with no_grad():
            made = self.call(member, [self.pick(x) for x in inputs[: member[1].n_in]])
        assert len(self.live) in (start + len(made), LIVE)
        for pair in made:
            assert near(pair.ours.data, pair.theirs.data)
            pair.theirs, pair.uses = ORACLE.Value(pair.ours.data), frozenset()

    # Scalars

    @rule(name=st.sampled_from(list(UNARY)), x=st.one_of(REFERENCES, REFERENCES, PARAMETERS))
    def unary(self, name, x):
        self.apply_unary(name, self.pick(x))

    def apply_unary(self, name, x):
        if name in KINKED and not x.errors and abs(x.theirs.data) < 1e-9:
            return None
        return self.keep(self.make(UNARY[name], x))

    @rule(name=st.sampled_from(list(UNARY)), n=st.integers(2, 20), weights=AFTERWARDS)
    def the_same_unary_on_the_latest_results(self, name, n, weights):
        self.back_from([self.apply_unary(name, x) for x in self.live[-n:]], weights)

    @rule(name=st.sampled_from(list(BINARY)), x=OPERANDS, y=OPERANDS)
    def binary(self, name, x, y):
        self.apply_binary(name, self.pick(x), self.pick(y))

    def apply_binary(self, name, x, y):
        if not isinstance(x, Pair) and not isinstance(y, Pair):
            return None
        if name == "**" and isinstance(x, Pair) and not x.errors and abs(x.theirs.data) < 1e-6:
            return None
        return self.keep(self.make(BINARY[name], x, y))

    @rule(
        name=st.sampled_from(list(BINARY)),
        n=st.integers(2, 20),
        ys=st.lists(OPERANDS, min_size=1, max_size=3),
        reflected=st.booleans(),
        weights=AFTERWARDS,
    )
    def the_same_binary_on_the_latest_results(self, name, n, ys, reflected, weights):
        ys = list(map(self.pick, ys))
        pairs = [(x, ys[i % len(ys)]) for i, x in enumerate(self.live[-n:])]
        made = [self.apply_binary(name, *(reversed(pair) if reflected else pair)) for pair in pairs]
        self.back_from(made, weights)

    @rule(
        name=st.sampled_from(list(BINARY)), n=st.integers(2, 12), shift=st.integers(1, 12), weights=AFTERWARDS
    )
    def the_same_binary_on_neighbours(self, name, n, shift, weights):
        chosen = self.live[-n:]
        shift %= len(chosen) or 1
        pairs = zip(chosen, chosen[shift:] + chosen[:shift], strict=True)
        self.back_from([self.apply_binary(name, *pair) for pair in pairs], weights)

    @rule(
        name=st.sampled_from(list(BINARY)),
        x=REFERENCES,
        ys=st.lists(OPERANDS, min_size=2, max_size=8),
        weights=AFTERWARDS,
    )
    def the_same_binary_on_one_value_with_many_operands(self, name, x, ys, weights):
        x, ys = self.pick(x), list(map(self.pick, ys))
        self.back_from([self.apply_binary(name, x, y) for y in ys], weights)

    @rule(i=PLACES, name=st.sampled_from(list(PENALTIES)), alpha=SMALL, keep=st.booleans())
    def a_penalty_over_parameters(self, i, name, alpha, keep):
        self.keep(self.penalty(self.member(i), name, alpha, keep))

    def penalty(self, member, name, alpha, keep):
        """The sum of something over the parameters of a module, or None."""
        terms = []
        for p, q in zip(member[1].params(), member[2].params(), strict=True):
            if abs(q.data) > 1e-9 or "abs" not in name:
                term = self.make(PENALTIES[name], Pair(p, q))
                if term is not None:
                    terms.append(self.keep(term) if keep else term)
        return self.make(lambda *vs: alpha * sum(vs), *terms) if terms else None

    @rule(xs=st.lists(OPERANDS, min_size=1, max_size=10), start=CONSTANTS)
    def sum_a_list(self, xs, start):
        if any(isinstance(x, tuple) for x in xs):
            self.keep(self.make(lambda *vs: sum(vs, start), *map(self.pick, xs)))

    @rule(n=st.integers(2, 40), step=st.integers(1, 3))
    def sum_the_latest_results(self, n, step):
        self.keep(self.make(lambda *vs: sum(vs), *self.live[-n::step]))

    @rule(
        xs=st.lists(OPERANDS, min_size=2, max_size=10),
        ways=st.lists(st.integers(0, 2), min_size=10, max_size=10),
        weights=AFTERWARDS,
    )
    def interleave_three_accumulators(self, xs, ways, weights):
        totals = [None, None, None]
        for x, i in zip(map(self.pick, xs), ways, strict=False):
            if totals[i] is None:
                totals[i] = x
            elif (made := self.apply_binary("+", totals[i], x)) is not None:
                totals[i] = made
        self.back_from([total for total in totals if isinstance(total, Pair)], weights)

    @rule(
        names=st.lists(st.sampled_from(list(FAILING)), min_size=1, max_size=4),
        x=REFERENCES,
        unary=st.sampled_from(list(UNARY)),
        binary=st.sampled_from(list(BINARY)),
        y=OPERANDS,
        i=PLACES,
    )
    def leave_the_domain(self, names, x, unary, binary, y, i):
        away = self.make(lambda v: v * v * 0.125 + 0.5, self.pick(x))
        y = self.pick(y)
        if away is None:
            return
        for name in names:
            bad = self.keep(self.make(FAILING[name], away, may_fail=True))
            if bad is not None and bad.errors:
                self.apply_unary(unary, bad)
                self.apply_binary(binary, bad, y)
                self.apply_binary(binary, y, bad)
                self.call(self.member(i), [bad, *[0.5] * 3][: self.member(i)[1].n_in])

    @precondition(lambda self: self.live)
    @rule(i=PLACES, n=st.integers(1, 30))
    def drop_results(self, i, n):
        i %= len(self.live)
        del self.live[i : i + n]

    # Reads

    @rule(x=REFERENCES, how=st.sampled_from(["data", "float", "repr", "<", ">=", "round", "int", "format"]))
    def read(self, x, how):
        pair = self.pick(x)
        v = pair.ours
        if pair.errors:
            look = {
                "data": lambda: v.data,
                "<": lambda: v < 1,
                ">=": lambda: v >= 1,
                "format": lambda: f"{v:.3f}",
            }
            look = look.get(how) or functools.partial(
                {"float": float, "repr": repr, "round": round, "int": int}[how], v
            )
            with pytest.raises(pair.errors):
                look()
            return
        x = pair.theirs.data
        if how == "repr":
            number, gradient = repr(v)[len("Value(") : -1].split(", grad=")
            assert near(float(number), x)
            assert float(gradient) == v.grad
        elif how == "<":
            assert v < x + 1e-6
            assert not v < x - 1e-6
        elif how == ">=":
            assert x + 1e-6 >= v
            assert v >= x - 1e-6
        elif how == "round":
            assert abs(round(v, 6) - x) <= 6e-7
        elif how == "int":
            assert abs(int(v) - x) <= 1 + 1e-9
        elif how == "format":
            assert abs(float(f"{v:.6f}") - x) <= 6e-7
        else:
            assert near(float(v) if how == "float" else v.data, x)

    @rule(n=st.integers(1, 30))
    def read_the_latest_results(self, n):
        for pair in self.live[-n:]:
            self.compare_number(pair)

    # Writes

    @rule(x=REFERENCES, number=SMALL, what=st.sampled_from(["data", "grad"]))
    def write_a_result(self, x, number, what):
        pair = self.pick(x)
        if pair.errors:
            with pytest.raises(pair.errors):
                setattr(pair.ours, what, number)
        else:
            setattr(pair.ours, what, number)
            setattr(pair.theirs, what, number)
            if what == "data":
                pair.theirs.noise = 0.0

    @rule(i=PLACES, number=SMALL, how=st.sampled_from(["data", "grad", "w[i]", "b", "w", "values"]))
    def write_a_parameter(self, i, number, how):
        family = self.families[i % len(self.families)]
        k = i // 7 % len(family.layers)
        ours, theirs = family.layers[k]
        i = i // 49
        if hasattr(ours, "neurons"):
            ours, theirs = (layer.neurons[i % len(layer.neurons)] for layer in (ours, theirs))
        j = i // 7 % len(theirs.w)
        if how == "data":
            ours.w[j].data = theirs.w[j].data = number
        elif how == "grad":
            ours.w[j].grad = theirs.w[j].grad = number
            return
        elif how == "w[i]":
            ours.w[j] = FACADE.Value(number)
            theirs.w[j].data = number
        elif how == "b":
            ours.b = number
            theirs.b.data = number
        elif how == "w":
            ours.w = [number] * len(theirs.w)
            for p in theirs.w:
                p.data = number
        else:
            family.ours.values = family.ours.values * 0.5
            for p in family.theirs.params():
                p.data *= 0.5
        self.changed(family, None if how == "values" else [k])

    @rule(i=PLACES, lr=st.sampled_from([0.1, 0.01, 0]), how=WAYS_TO_STEP)
    def step(self, i, lr, how):
        self.descend(self.member(i), lr, how)

    def descend(self, member, lr, how):
        """Move the parameters of a module against their gradients, if that leaves them small."""
        family, ours, theirs, layers = member
        if any(abs(p.data - lr * p.grad) > 2.5 for p in theirs.params()):
            return
        theirs.step(lr)
        if how == "step":
            ours.step(lr)
        elif how == "by hand":
            for p in ours.params():
                p.data -= lr * p.grad
        else:
            optim.SGD(ours if how == "SGD" else ours.params(), lr).step()
        self.changed(family, layers)

    @rule(lr=st.sampled_from([0.1, 0.01]))
    def step_the_leaves(self, lr):
        if any(abs(pair.theirs.data - lr * pair.theirs.grad) > 3 for pair in self.leaves):
            return
        optim.SGD([pair.ours for pair in self.leaves], lr).step()
        for pair in self.leaves:
            pair.theirs.data -= lr * pair.theirs.grad
            assert near(pair.ours.data, pair.theirs.data)
            pair.theirs.data = pair.ours.data

    @rule(
        i=st.integers(0, 2), seed=st.integers(0, 100), how=st.sampled_from(["load_state_dict", "partial_fit"])
    )
    def train_or_load(self, i, seed, how):
        family = self.families[i]
        if how == "partial_fit":
            draw = np.random.default_rng(seed)
            family.ours.partial_fit(
                draw.uniform(-1, 1, (3, family.ours.n_in)),
                draw.uniform(-1, 1, (3, family.ours.n_out)),
                lr=0.01,
            )
        else:
            random.seed(seed)
            other = Net(family.ours.N[0], family.ours.N[1:])
            family.ours.load_state_dict(other.state_dict())
        family.ours.zero_grad()
        family.copy_numbers()
        self.changed(family)

    @rule(i=PLACES, x=st.none() | st.one_of(REFERENCES, LEAVES, PARAMETERS))
    def zero_gradients(self, i, x):
        _, ours, theirs, _ = self.member(i)
        if x is not None:
            pair = self.pick(x)
            if pair.errors:
                return
            ours, theirs = pair.ours, pair.theirs
        ours.zero_grad()
        theirs.zero_grad()

    # Gradients

    @rule(x=REFERENCES, times=st.integers(1, 2))
    def go_back_at_once(self, x, times):
        self.back(self.pick(x), times)

    @rule(
        x=st.one_of(REFERENCES, REFERENCES, REFERENCES, LEAVES, PARAMETERS),
        factor=st.sampled_from([1, 3]),
        times=st.sampled_from([1, 1, 2]),
        read=SELDOM,
    )
    def go_back(self, x, factor, times, read):
        pair = self.pick(x)
        if factor != 1:
            pair = self.make(lambda v: factor * v, pair)
        if pair is not None:
            self.back(pair, times)
            if read:
                self.compare_numbers()

    @rule(
        n=st.integers(2, 30),
        step=st.integers(1, 4),
        weights=st.lists(SMALL, min_size=1, max_size=3),
        times=st.sampled_from([1, 1, 2]),
        read=SELDOM,
    )
    def go_back_from_the_latest_results_together(self, n, step, weights, times, read):
        self.back_from(self.live[-n::step], weights, times)
        if read:
            self.compare_numbers()

    def back_from(self, pairs, weights, times=1):
        """Go back from a weighted sum of those that have a gradient."""
        total = 0
        for i, pair in enumerate(pairs if weights else ()):
            if pair is not None and not pair.errors and not self.stale(pair):
                weight = weights[i % len(weights)]
                more = self.make(lambda total, v, weight=weight: total + v * weight, total, pair)
                total = more or total
        if total:
            self.back(total, times)

    def stale(self, pair):
        """The modules whose parameters have changed since ``pair`` was made with them."""
        return {family for family, k, version in pair.uses if family.versions[k] != version}

    def back(self, pair, times=1):
        """Go back in both engines and compare all gradients; a result for which there are none is dropped."""
        stale = self.stale(pair)
        for _ in range(times):
            if pair.errors or stale - {self.own}:
                with pytest.raises((*pair.errors, *[GradientError] * bool(stale))):
                    pair.ours.backward()
            elif stale:  # a net that was taped needs some of its old parameters only
                try:
                    pair.ours.backward()
                except GradientError:
                    break
                pair.theirs.backward()
            else:
                pair.ours.backward()
                pair.theirs.backward()
        if stale:
            self.live = [other for other in self.live if other is not pair]
        self.compare_gradients(1.0 if pair.errors else max(1.0, spread(pair.theirs)))


LIMITS = {"MOST_ROWS": 3, "MOST_LEVELS": 3, "CAP": 4}


@pytest.mark.parametrize(
    "eager",
    [
        False,
        pytest.param(True, marks=pytest.mark.skipif(not hasattr(autograd, "eager"), reason="no eager() yet")),
    ],
)
def test_any_program_finds_the_oracles_numbers_and_gradients_whether_or_not_they_wait(eager):
    machine = type("Machine", (Machine,), {"eager": eager})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=25 if eager else 120, stateful_step_count=30)
    )


# Whoever looks, and whoever writes ------------------------------------------------------------


@pytest.fixture(autouse=True)
def seed():
    random.seed(5)


@pytest.fixture
def batches(monkeypatch):
    """How many samples each batch had that was worked out, as a list that grows."""
    rows = []
    monkeypatch.setattr(batch.STATS, "batch", rows.append)
    return rows


def twins(make):
    """What ``make`` makes from the ``nn`` of our engine and of the oracle, with the same weights."""
    state = random.getstate()
    theirs = make(ORACLE.nn)
    random.setstate(state)
    return make(FACADE.nn), theirs


def small_net(nn):
    return nn.Net(2, [3, 1], activation="tanh")


def loss_and_penalty(net):
    return (net([0.5, -1.0]) - 0.25) ** 2 + 0.1 * sum(p * p for p in net.params())


def first_number(text):
    assert text.startswith("Value(")
    assert text.endswith(", grad=0.0)")
    return float(text[len("Value(") :].split(",")[0])


LOOKS = {
    "data": lambda v: v.data,
    "float": float,
    "int": lambda v: int(v * 1000),
    "repr": lambda v: first_number(repr(v)),
    "str": lambda v: first_number(str(v)),
    "format": lambda v: float(format(v, ".17g")),
    "an f-string": lambda v: first_number(f"{v}"),
    "round": lambda v: round(v, 15),
    "<": lambda v: [v < x for x in np.linspace(0, 2, 200)],
    ">= from the other side": lambda v: [x <= v for x in range(-1, 3)],
    "< of two": lambda v: [v * c < v for c in (0.5, 2.0, -1.0)],
    "max": lambda v: max(v, v * 2).data,
    "sorted": lambda v: [w.data for w in sorted([v * 3, v, v * 2])],
    "math.sqrt": math.sqrt,
    "np.asarray": lambda v: np.asarray(v, dtype=float).item(),
    "np.array": lambda v: np.array([v, v * 2], float).tolist(),
    "np.float64": np.float64,
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_whoever_looks_at_a_number_finds_what_working_at_once_gives(look):
    ours, theirs = twins(small_net)
    assert look(loss_and_penalty(ours)) == pytest.approx(look(loss_and_penalty(theirs)), rel=1e-12)


def test_a_number_is_a_float_and_the_same_each_time():
    v = loss_and_penalty(Net(2, [3, 1]))
    assert type(v.data) is type(v.grad) is float
    assert len({v.data, v.data, float(v), float(repr(v)[6:].split(",")[0])}) == 1


def test_numpy_keeps_values_as_they_are_unless_asked_for_floats():
    net = Net(2, [3, 1])
    v = net([1.0, 2.0])
    assert np.array([v, v]).dtype == object
    assert np.array([v, v])[0] is v


@pytest.mark.parametrize("times", [1, 2])
def test_backward_gives_the_oracles_gradients_without_a_look_before_it(times):
    found = []
    for net in twins(small_net):
        v = loss_and_penalty(net)
        w = 3 * v
        for _ in range(times):
            w.backward()
        found.append([v.grad, w.grad, *[p.grad for p in net.params()]])
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_gradients_of_what_waits_are_0_before_and_can_be_written_and_zeroed():
    net = Net(2, [3, 1])
    v, w, u = (net([x, 1.0]) for x in (0.5, 1.5, 2.5))
    assert (v.grad, w.grad) == (0.0, 0.0)
    w.grad = 5
    (3 * v).backward()
    assert (v.grad, w.grad, u.grad) == (3.0, 5.0, 0.0)
    v.zero_grad()
    u.zero_grad()
    assert (v.grad, w.grad, u.grad) == (0.0, 5.0, 0.0)


COPIES = {"deepcopy": copy.deepcopy, "pickle": pickle.dumps, "copy": copy.copy}


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_what_waits_on_a_net_refuses_to_be_copied_and_has_its_number_all_the_same(copied):
    ours, theirs = twins(small_net)
    v = (ours([0.5, -1.0]) - 0.25) ** 2
    with pytest.raises(GradientError, match=r"Value\(float\(v\)\)"):
        copied(v)
    assert near(v.data, ((theirs([0.5, -1.0]) - 0.25) ** 2).data)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))], ids=["deepcopy", "pickle"]
)
def test_an_expression_over_parameters_is_copied_with_the_net_that_they_belong_to(copied):
    net = Net(2, [3, 1])
    net_and_penalty = net, sum(p * p for p in net.params())
    twin, penalty = copied(net_and_penalty)
    (3 * penalty).backward()
    assert [p.grad for p in twin.params()] == [6 * p.data for p in net.params()]
    assert not any(p.grad for p in net.params())


@pytest.mark.parametrize(
    "expression",
    [
        "np.dot([a, b], [3, 4])",
        "np.array([a, b]) @ np.array([b, a])",
        "(np.array([[1, 2], [3, 4]]) @ np.array([a, b])).sum()",
        "np.sum([a, b, a]) + np.array([a, b]).mean()",
        "np.prod([a, b])",
        "np.abs(-a) + np.square(b) + np.negative(a)",
        "np.power(a, 3) + np.power(2, b)",
        "np.maximum(a, b) * np.minimum(a, b)",
        "(a * np.array([1.0, 2.0]) + np.array([0.5, 1.5]) / b).sum()",
        "(np.array([2.0, 3.0]) ** a - b ** np.array([2, 3])).sum()",
        "(np.tanh([a, b]) + np.exp(np.array([b, a]))).sum() + np.log(a) + np.sqrt(b)",
        "np.float32(2) * a - np.int8(3) / b + np.float64(0.5) ** a",
    ],
)
def test_numpys_functions_keep_the_gradients_of_what_waits(expression):
    outs = Net(2, [2])([0.5, -1.0])
    waited = eval(expression, {"np": np, "a": outs[0], "b": outs[1]})
    leaves = [Value(v.data) for v in outs]
    plain = eval(expression, {"np": np, "a": leaves[0], "b": leaves[1]})
    (3 * waited).backward()
    (3 * plain).backward()
    assert near(waited.data, plain.data)
    assert [v.grad for v in outs] == pytest.approx([v.grad for v in leaves], rel=1e-12)


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow", "lt"])
@pytest.mark.parametrize("stranger", ["a", None, 1j, [1]], ids=repr)
def test_operators_refuse_what_is_no_number_at_once_on_either_side(name, stranger):
    op = getattr(operator, name)
    v = Net(2, [1])([0.5, -1.0])
    with pytest.raises(TypeError):
        op(v, stranger)
    with pytest.raises(TypeError):
        op(stranger, v)


def fit(net, **options):
    net.fit([[0.5, 1.0], [1.0, -1.0]], [0.5, 1.0], epochs=2, seed=1, progress=False, **options)


def write_values_and_push(net):
    values = net.values
    values *= 2
    net.mark_changed()


WRITES = {
    "p.data =": lambda net: setattr(net.params()[0], "data", 9.0),
    "p.data = int": lambda net: setattr(net.params()[0], "data", 9),
    "p.data -=": lambda net: [setattr(p, "data", p.data - 0.1 * p.grad) for p in net.params()],
    "w[i] =": lambda net: operator.setitem(net.layers[0].neurons[1].w, 1, 0.5),
    "w[i] = Value": lambda net: operator.setitem(net.layers[0].neurons[1].w, 1, Value(0.5)),
    "w[:] =": lambda net: operator.setitem(net.layers[1].neurons[0].w, slice(None), [1, 2, 3]),
    "n.w =": lambda net: setattr(net.layers[1].neurons[0], "w", [1, 2, 3]),
    "n.b =": lambda net: setattr(net.layers[1].neurons[0], "b", 0.5),
    "net.values =": lambda net: setattr(net, "values", np.linspace(-1, 1, net.nparams())),
    "net.values *=": write_values_and_push,
    "layer.values =": lambda net: setattr(net.layers[0], "values", np.linspace(-1, 1, 9)),
    "step": lambda net: net.step(0.1),
    "step of a layer": lambda net: net.layers[1].step(0.1),
    "step of a neuron": lambda net: net.layers[1].neurons[0].step(0.1),
    "load_state_dict": lambda net: net.load_state_dict(Net(2, [3, 1]).state_dict()),
    "SGD": lambda net: optim.SGD(net, lr=0.1).step(),
    "Adam": lambda net: optim.Adam(net, lr=0.1).step(),
    "SGD of Values": lambda net: optim.SGD(net.params(), lr=0.1).step(),
    "fit": fit,
    "fit with SGD": functools.partial(fit, optimizer="sgd", batch_size=1),
    "fit with L-BFGS": functools.partial(fit, optimizer="lbfgs"),
    "partial_fit": lambda net: net.partial_fit([[0.5, 1.0]], [0.5]),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_whoever_writes_a_parameter_leaves_what_waits_with_the_number_of_its_call(write):
    ours, theirs = twins(small_net)

    def program(net):
        (3 * net([1.0, 0.5])).backward()  # leaves gradients to step with
        layer, neuron = net.layers[0], net.layers[0].neurons[1]
        return [
            net([0.5, -1.0]),
            loss_and_penalty(net),
            net.layers[1](layer([0.5, -1.0])),
            neuron([1.0, 2.0]) * 2,
            net([net([0.5, -1.0]), neuron([1.0, 2.0])]).exp(),
            abs(net.params()[0]) + net.params()[-2] ** 2,
        ]

    made, expected = program(ours), [v.data for v in program(theirs)]
    before = [p.data for p in ours.params()]
    write(ours)
    assert [p.data for p in ours.params()] != before
    assert [v.data for v in made] == pytest.approx(expected, rel=1e-12)
    after = ours([0.5, -1.0])
    assert after.data != made[0].data
    assert near(after.data, ours.predict([[0.5, -1.0]]).item())


def test_a_backward_after_a_write_is_refused_and_the_number_is_still_that_of_the_call():
    ours, theirs = twins(small_net)
    v, expected = loss_and_penalty(ours), loss_and_penalty(theirs).data
    ours.params()[-1].data = 4.0
    for _ in range(2):
        with pytest.raises(GradientError, match="changed"):
            (3 * v).backward()
    assert [p.grad for p in ours.params()] == [0.0] * 13
    assert near(v.data, expected)


def test_a_penalty_over_parameters_has_the_slopes_of_its_call_whatever_they_are_since():
    ours, theirs = twins(small_net)
    found = []
    for net in (ours, theirs):
        penalty = sum(p * p + abs(p) for p in net.params())
        for p in net.params():
            p.data = p.data * 2 + 1
        again = sum(p**2 for p in net.params())
        (3 * penalty + again).backward()
        found.append([penalty.data, again.data, *[p.grad for p in net.params()]])
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_the_arrays_of_weights_that_are_handed_out_cannot_be_written():
    layer = Layer(2, 3)
    for array in (layer.weight, layer.bias):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 1


def test_a_number_worked_out_without_gradients_has_its_gradient_all_the_same():
    found = []
    for net in twins(small_net):
        v = net([0.5, -1.0]) ** 2
        with no_grad():
            _ = v.data
        (3 * v).backward()
        found.append([p.grad for p in net.params()])
    assert found[0] == pytest.approx(found[1], rel=1e-12)


@pytest.mark.parametrize("k", [-2.0, 3.0, 0.0, -math.inf, math.inf])
def test_powers_of_infinity_are_those_of_working_at_once(k):
    def found():
        outs = [net([x]) for x in (-math.inf, math.inf, 0.5, 2.0)]
        powers = [out**k for out in outs]
        sum(powers).backward()
        return [v.data for v in powers] + [v.grad for v in outs]

    net = Net(1, [1], "linear", init=lambda n_out, n_in: [[1.0]])
    with autograd.eager():
        expected = found()
    for _ in range(6):
        assert found() == pytest.approx(expected, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(
    "power", [lambda v: v**-0.5, lambda v: v**0.5, lambda v: v**-1.5], ids=["-1/2", "1/2", "-3/2"]
)
def test_there_is_no_root_of_minus_infinity(power):
    net = Net(1, [1], "linear", init=lambda n_out, n_in: [[1.0]])
    for _ in range(6):
        powers = [power(net([x])) for x in (0.5, -math.inf, 2.0)]
        assert powers[0].data == pytest.approx(power(0.5), rel=1e-15)
        with pytest.raises(DomainError, match="is not a real number"):
            powers[1].data  # noqa: B018


def test_minus_infinity_has_no_root_as_a_base_either():
    net = Net(1, [1], "linear", init=lambda n_out, n_in: [[1.0]])
    powers = [(-math.inf) ** net([x]) for x in (-0.5, -2.0)]
    assert powers[1].data == 0.0
    with pytest.raises(DomainError, match="is not a real number"):
        powers[0].data  # noqa: B018


def test_a_net_of_floats_of_32_bits_waits_too():
    net = Net(2, [3, 1], dtype="float32")
    X = [[0.1, 0.2], [0.3, -0.4], [0.5, 0.6]]
    found = [net(x) for x in X]
    total = sum(found)
    assert [v.data for v in found] == pytest.approx(net.predict(X)[:, 0].tolist(), rel=1e-6)
    assert total.data == in_order([v.data for v in found])


# Batches --------------------------------------------------------------------------------------


def test_50_samples_and_all_that_follows_them_are_one_batch(batches):
    net = Net(1, [4, 1], activation="tanh")
    for epoch in range(1, 4):
        loss = 0
        for x in np.linspace(-1, 1, 50).tolist():
            loss += (net([x]) - x**2) ** 2
        net.zero_grad()
        loss.backward()
        net.step(0.01)
        assert batches == [50] * epoch


def test_a_recurrent_cell_over_20_sequences_of_5_is_5_batches(batches):
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


def test_layers_called_by_hand_and_nets_of_nets_are_a_batch_a_level(batches):
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


def test_two_nets_on_the_same_samples_are_two_batches(batches):
    one, two = Net(1, [3, 1]), Net(1, [2, 1])
    xs = [Value(x) for x in np.linspace(-1, 1, 20)]
    loss = sum((one([x]) - two([x])) ** 2 for x in xs)
    (3 * loss).backward()
    assert batches == [20, 20]
    assert all(x.grad for x in xs)


def test_a_read_in_the_loop_makes_batches_of_one_and_changes_no_number(batches):
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


def test_samples_whose_outputs_nobody_kept_are_not_worked_out(batches):
    net = Net(2, [3, 1])
    for i in range(100):
        (net([float(i), 1.0]) - 1) ** 2
    net.step(0.1)
    assert batches == []


def test_past_a_cap_what_waits_is_worked_out(batches):
    net = Net(1, [1])
    kept = [net([x]) for x in np.linspace(-1, 1, 20_000).tolist()]
    assert sum(batches) > 10_000
    total = sum(kept)
    assert total.data == in_order([v.data for v in kept])
    assert sum(batches) == 20_000


def test_many_batches_go_back_in_groups_no_larger_than_a_batch(monkeypatch):
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
                    assert outs[-1].data  # so that the first batches are of 2 and of 3
            rows.clear()
            (3 * sum(outs[:9] + outs[20:])).backward()
            walks.append(rows[:])
        found.append([*[x[0].grad for x in inputs], *[p.grad for p in net.params()]])
    forward, *back = walks[3]
    assert forward == 1
    assert sum(back) == 19
    assert max(back) <= 8
    assert len(back) < 6  # batches that there are
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_mistakes_come_from_the_call_that_made_them_and_leave_the_others_waiting(batches):
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
    assert batches == [1, 1]  # there were no others


# Sums -----------------------------------------------------------------------------------------


def terms_of_all_sizes(n=400):
    """Values that wait, and whose sum depends on the order."""
    net = Net(1, [3, 1], activation="tanh")
    return [net([x]) * 10.0 ** (i % 7) for i, x in enumerate(np.linspace(-2, 2, n).tolist())]


def in_a_loop(terms):
    total = 0
    for term in terms:
        total += term
    return total


@pytest.mark.parametrize(
    "add", [sum, in_a_loop, functools.partial(functools.reduce, operator.add), lambda vs: sum(vs[1:], vs[0])]
)
def test_a_sum_is_rounded_as_adding_one_by_one_rounds_it(add):
    terms = terms_of_all_sizes()
    total = add(terms)
    numbers = [v.data for v in terms]
    assert total.data == in_order(numbers)
    assert in_order(numbers) != in_order(numbers[::-1])  # so that another order would be seen


def test_every_step_of_a_running_sum_has_the_number_it_has_by_itself():
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


def test_interleaved_sums_are_rounded_each_by_itself():
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


def test_a_sum_that_forks_goes_on_in_both_directions():
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


# Many operations ------------------------------------------------------------------------------

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
def test_one_value_may_be_used_100_times_by_one_operation(use):
    found = []
    for net in twins(small_net):
        v, w = net([0.5, -1.0]), net([1.5, 2.0])
        made = [use(v, 0.5 + 0.01 * i) for i in range(100)]
        made += [use(w, 0.5 + 0.01 * i) for i in range(3)]
        total = sum(made[::2])
        (3 * total).backward()
        found.append([total.data, v.grad, w.grad, *[y.data for y in made], *[p.grad for p in net.params()]])
    assert found[0] == pytest.approx(found[1], rel=1e-11)


def test_a_chain_of_1000_operations_on_one_value_that_waits_agrees_with_the_oracle():
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


def test_a_chain_may_be_deeper_than_pythons_recursion_goes():
    net = Net(1, [1], activation="linear", init=lambda n_out, n_in: [[1.0]])
    x = Value(0.5)
    h = net([x])
    y = h
    for _ in range(5000):
        h = net([h])  # a level each
        y = y + 0.5  # a sum that goes on and on
    (3 * (h + y)).backward()
    assert (h.data, y.data, x.grad) == (0.5, 2500.5, 6.0)
    del h, y


# Errors that wait -----------------------------------------------------------------------------

DOMAINS = {
    "log": (lambda v: (-v).log(), DomainError),
    "sqrt": (lambda v: (-v).sqrt(), DomainError),
    "**": (lambda v: (-v) ** 0.5, DomainError),
    "** of two": (lambda v: (-v) ** v, DomainError),
    "exp": (lambda v: (v * 1e5).exp(), OverflowError),
    "/": (lambda v: v / (v * 0.0), ZeroDivisionError),
    "reflected /": (lambda v: 1 / (v * 0.0), ZeroDivisionError),
}


@pytest.mark.parametrize(("leave", "error"), DOMAINS.values(), ids=DOMAINS)
def test_an_error_that_waited_is_raised_by_whoever_needs_the_number_and_by_nobody_else(leave, error):
    ours, theirs = twins(lambda nn: nn.Net(1, [3, 1], activation="sigmoid"))
    found = []
    for net in (ours, theirs):
        v, w = net([0.5]), net([1.5])
        good = [v.exp(), w.log(), (v * w).sqrt()]
        if net is ours:
            bad = leave(v)
            after = [bad * 2, bad + w, w + bad, sum([w, bad, w]), bad.tanh(), bad - bad, bad * w, net([bad])]
        total = sum(good) + v.log()
        (3 * total).backward()
        found.append([*[y.data for y in good], total.data, v.grad, w.grad, *[p.grad for p in net.params()]])
    assert found[0] == pytest.approx(found[1], rel=1e-12)
    before = [p.grad for p in ours.params()]
    for y in [bad, *after, bad]:
        for look in (float, repr, lambda y: y < 1, lambda y: y.backward()):
            with pytest.raises(error):
                look(y)
    assert [p.grad for p in ours.params()] == before


def test_a_sum_has_its_numbers_up_to_the_first_that_has_none():
    net = Net(1, [3, 1], activation="sigmoid")
    terms = [net([x]) for x in (0.1, 0.2, 0.3, 0.4)]
    total, steps = 0, []
    for i, term in enumerate(terms):
        total += (-term).log() if i == 2 else term
        steps.append(total)
    assert steps[1].data == terms[0].data + terms[1].data
    for step in steps[2:]:
        with pytest.raises(DomainError):
            _ = step.data
    (3 * steps[1]).backward()
    assert [v.grad for v in terms] == [3, 3, 0, 0]


# Interrupts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("nth", [0, 1, 2])
@pytest.mark.parametrize(
    "look",
    [
        lambda net, loss: loss.data,
        lambda net, loss: loss.backward(),
        lambda net, loss: setattr(net.params()[0], "data", 5.0),
    ],
    ids=["data", "backward", "p.data ="],
)
def test_after_an_interrupt_in_the_middle_of_the_work_it_can_be_done_again(nth, look, monkeypatch):
    calls = []
    monkeypatch.setattr(rowwise, "MOST_PRODUCTS", 0)
    forward = samples.Samples.forward

    def interrupted(self, *args):
        calls.append(None)
        if len(calls) == nth + 1:
            raise KeyboardInterrupt
        return forward(self, *args)

    def program(net):
        x = net.x
        hs = [net.layers[0]([x, t]) for t in (0.5, 1.5, -2.0)]
        outs = [net.layers[1](h) for h in hs]
        loss = sum((y - 0.5) ** 2 for y in outs) + net([outs[0], outs[1] * x])
        return loss, [*outs, hs[0][0]]

    found = []
    for net, engine in zip(twins(small_net), (FACADE, ORACLE), strict=True):
        net.x = engine.Value(0.75)
        loss, inner = program(net)
        if engine is FACADE:
            monkeypatch.setattr(samples.Samples, "forward", interrupted)
            number = net.params()[0].data
            with pytest.raises(KeyboardInterrupt):
                look(net, loss)
            assert net.params()[0].data == number
        more, _ = program(net)
        (3 * (loss + more)).backward()
        found.append([loss.data, more.data, *[v.data for v in inner], *[v.grad for v in inner], net.x.grad])
        found[-1] += [p.grad for p in net.params()]
    assert len(calls) > nth + 1
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_a_level_that_was_full_is_worked_out_and_what_comes_later_is_right():
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


def test_threads_do_not_join_each_others_batches():
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


def test_what_an_ended_thread_left_waiting_is_worked_out_with_the_rest():
    net, kept = Net(1, [1]), []
    for _ in range(3):
        in_threads(lambda: kept.append(net([1.0])))
    float(net([0.5]))
    assert not pending.waiting()
    assert len({v.data for v in kept}) == 1


# Memory ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", ["nothing", "the first", "every 1000th"])
def test_predictions_that_are_dropped_take_no_memory(keep):
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
def test_operations_that_are_dropped_take_no_memory_though_their_operands_stay_and_wait(use):
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
    """Much is called for, and neither read nor kept; and something is an error."""
    outs = [net([x, 1.0])[0] for x in (0.1, 0.2, 0.3)]
    bad = sum(outs) + (-abs(outs[0])).log()
    with contextlib.suppress(DomainError):
        bad.backward()
    net([outs[0], outs[1]])[0] * outs[2]
    with contextlib.suppress(ShapeError):
        net([outs[0]])
    net.step(0.0)
    with contextlib.suppress(GradientError):
        outs[0].backward()


STEPS = [plain_step, recurrent_step, penalised_step, step_with_reads, step_without_end]


@pytest.mark.parametrize("step", STEPS)
def test_steps_leave_nothing_to_the_collector(step):
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
def test_nets_leave_nothing_to_the_collector(step, updated):
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


# Threads --------------------------------------------------------------------------------------


def in_threads(*jobs):
    """What the jobs give that are done at the same time, each in a thread."""
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


def test_threads_that_train_a_net_each_get_the_bits_they_get_alone():
    nets = [Net(2, [4, 1], activation="tanh") for _ in range(4)]
    alone = [trained(copy.deepcopy(net)) for net in nets]
    assert in_threads(*(functools.partial(trained, net) for net in nets)) == alone


def test_threads_that_loop_over_one_net_each_find_their_own_numbers():
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


def test_threads_that_predict_with_one_net_get_right_answers():
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
def test_threads_that_use_the_same_waiting_values_get_right_answers(use):
    for i in range(8):
        net = Net(1, [3, 1], activation="tanh")
        made = [net([x]) for x in np.linspace(-1, 1, 60).tolist()]
        jobs = [functools.partial(lambda vs, k: use(vs, k).data, made, k) for k in range(4)]
        found = in_threads(*jobs)
        plain = [ORACLE.Value(v.data) for v in made]
        assert found == pytest.approx([use(plain, k).data for k in range(4)], rel=1e-12), i


def test_a_thread_that_goes_back_through_a_net_does_not_disturb_one_that_predicts_with_it():
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
