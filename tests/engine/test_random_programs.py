"""Random programs: pending Values have the oracle's numbers, gradients and errors."""

import contextlib
import functools
import operator
import random

import numpy as np
import pytest
from both_engines import FACADE, ORACLE, as_list, near
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from random_programs import (
    AFTERWARDS,
    BINARY,
    CONSTANTS,
    CONTAINERS,
    FAILING,
    INPUTS,
    KINKED,
    LEAVES,
    LOSSES,
    MOST_ROWS,
    OPERANDS,
    PARAMETERS,
    PENALTIES,
    PLACES,
    REFERENCES,
    SAMPLES,
    SELDOM,
    SMALL,
    UNARY,
    WAYS_TO_STEP,
    Family,
    Pair,
    spread,
    tame,
)

import autograd
import autograd.engine
import autograd.nn
import autograd.scalar.engine
import autograd.scalar.nn
from autograd import no_grad, optim
from autograd.engine import Value, pending
from autograd.errors import AutogradError, GradientError, NotANumberError, ShapeError
from autograd.nn import Net, batch, rowwise, samples

pytestmark = pytest.mark.usefixtures("seeded")

LIVE = 80  # the largest number of results that are kept


class Machine(RuleBasedStateMachine):
    """Random programs in both engines, in which our results stay pending as long as possible."""

    eager = False  # whether our engine computes each operation at once

    @initialize(seed=st.integers(0, 2**32), tight=st.booleans(), small_batches=st.booleans())
    def begin(self, seed, tight, small_batches):
        self.undo = contextlib.ExitStack()
        patch = self.undo.enter_context(pytest.MonkeyPatch.context())
        if tight:  # reach the limits for pending work soon
            for module in (pending, batch, samples):
                for name, limit in LIMITS.items():
                    if hasattr(module, name):
                        patch.setattr(module, name, limit)
        if not small_batches:
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

    # Helpers of the rules

    def pick(self, operand):
        """The Pair or the number that an operand refers to."""
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
        """Add a new Pair, unless it is None, to the live results, and return it."""
        if made is not None:
            self.live.append(made)
            del self.live[:-LIVE]
        return made

    def make(self, operation, *operands, uses=frozenset(), may_fail=False):
        """Compute an operation in both engines; None if no result can be compared or used further."""
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
        """The outputs of both engines for a sample, whose container is overwritten after our call."""
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
        """Compare the parameters after a change, and note which layers may have changed."""
        for k in range(len(family.versions)) if layers is None else layers:
            family.versions[k] += 1
        for p, q in zip(family.ours.params(), family.theirs.params(), strict=True):
            assert near(p.data, q.data)
        family.copy_numbers()

    def compare_gradients(self, scale=1.0):
        """Compare all gradients that can be read; this needs no pending number."""
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
            if member[0] is self.mlp:  # where rounding may move a number over a kink
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
        """Make a gradient descent step of a module, if its parameters stay small."""
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
        """Call backward on a weighted sum of the pairs that have a gradient."""
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
        """Call backward in both engines and compare all gradients; a result without gradients is dropped."""
        stale = self.stale(pair)
        for _ in range(times):
            if pair.errors or stale - {self.own}:
                with pytest.raises((*pair.errors, *[GradientError] * bool(stale))):
                    pair.ours.backward()
            elif stale:  # a net on the tape needs only some of its old parameters
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
def test_any_program_of_values_gives_the_numbers_and_gradients_of_the_oracle_pending_or_eager(eager):
    machine = type("Machine", (Machine,), {"eager": eager})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=25 if eager else 120, stateful_step_count=30)
    )
