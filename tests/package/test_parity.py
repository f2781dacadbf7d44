"""Both engines on the same programs: random expressions to the bit, random nets to 1e-12."""

import math
import operator
import random
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd.engine
import autograd.nn
import autograd.scalar.engine
import autograd.scalar.nn
from autograd import Tensor

ORACLE = SimpleNamespace(Value=autograd.scalar.engine.Value, nn=autograd.scalar.nn)
FACADE = SimpleNamespace(Value=autograd.engine.Value, nn=autograd.nn)

# Expressions ----------------------------------------------------------------------------------

BINARY = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
METHODS = ["exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "relu", "leaky_relu", "softplus", "gelu"]
UNARY = [operator.neg, operator.pos, abs, *map(operator.methodcaller, METHODS)]
KINDS = [float, np.float64, np.float32, np.array]
FLOATS = st.one_of(st.floats(-4, 4), st.sampled_from([0.0, -0.0, 0.5, 1.0, -1.0, 2.0, 1000.0, -1000.0]))
CONSTANTS = st.one_of(
    st.builds(lambda kind, x: kind(x), st.sampled_from(KINDS), FLOATS),
    st.builds(lambda kind, n: kind(n), st.sampled_from([int, np.int64, np.int8, bool]), st.integers(-3, 3)),
)
PLACES = st.integers(0, 10**6)  # of what was computed so far, modulo how much that is
STEPS = st.one_of(
    st.tuples(st.sampled_from(UNARY), PLACES),
    st.tuples(st.sampled_from(BINARY), PLACES, PLACES),
    st.tuples(st.sampled_from(BINARY), PLACES, CONSTANTS.map(lambda c: [c])),
    st.tuples(st.sampled_from(BINARY), CONSTANTS.map(lambda c: [c]), PLACES),
)


def run(Value, leaves, steps):
    """All Values of a program, in order, and the error that ended it, if one did."""
    made = [Value(x) for x in leaves]
    for op, *operands in steps:
        try:
            made.append(op(*(o[0] if isinstance(o, list) else made[o % len(made)] for o in operands)))
        except ArithmeticError as error:
            return made, error
        except ValueError as error:
            return made, error
    return made, None


def bits(xs):
    """Floats as text, so that == compares their bits, except for those of nan."""
    return [x.hex() for x in xs]


def gradient_bits(xs):
    """The same for gradients, where 0.0 and -0.0 are one: a sum of slopes may start from either."""
    return bits(x + 0.0 for x in xs)


def check(leaves, steps, last):
    """Both engines agree on a program: its numbers, its error, and the gradients of 3 * its last result."""
    with np.errstate(all="ignore"):  # NumPy, which the oracle leaves its scalars to, warns of infinities
        theirs, their_error = run(ORACLE.Value, leaves, steps)
    ours, our_error = run(FACADE.Value, leaves, steps)
    assert bits(v.data for v in ours) == bits(v.data for v in theirs)
    assert isinstance(our_error, type(their_error))  # if neither raises, both are None
    for _ in range(2):  # the second backward() doubles the leaves
        for made in (theirs, ours):
            (made[-1] * 3 + made[last % len(made)]).backward()
        assert gradient_bits(v.grad for v in ours) == gradient_bits(v.grad for v in theirs)


@settings(max_examples=1500)
@given(st.lists(FLOATS, min_size=1, max_size=4), st.lists(STEPS, min_size=1, max_size=14), PLACES)
def test_any_expression_gives_the_numbers_gradients_and_errors_of_the_oracle_to_the_bit(leaves, steps, last):
    check(leaves, steps, last)


CORNERS = [0.0, -0.0, 0.5, 1.0, -1.0, -2.0, 1.5, 400.5, 5e-324, 1e-200, -1e300, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("op", BINARY)
@pytest.mark.parametrize("x", CORNERS)
def test_operators_agree_with_the_oracle_at_extreme_floats(x, op):
    for y in CORNERS:
        check([x, y], [(op, 0, 1)], 0)
        check([x], [(op, 0, [y])], 0)
        check([y], [(op, [x], 0)], 0)


@pytest.mark.parametrize("x", CORNERS)
def test_functions_agree_with_the_oracle_at_extreme_floats(x):
    for op in UNARY:
        check([x], [(op, 0)], 0)


def test_a_zero_gradient_has_the_sign_and_the_repr_of_the_oracle():
    shown = []
    for Value in (ORACLE.Value, FACADE.Value):
        inner = Value(2) + 1
        (inner * 0.0 * -3).backward()
        shown.append(repr(inner))
    assert shown[0] == shown[1]


@settings(max_examples=300)
@given(st.lists(FLOATS, min_size=1, max_size=4), st.lists(STEPS, min_size=1, max_size=14))
def test_values_in_any_expression_compare_as_the_oracles_do(leaves, steps):
    with np.errstate(all="ignore"):
        (theirs, _), (ours, _) = (run(e.Value, leaves, steps) for e in (ORACLE, FACADE))
    for op in (operator.lt, operator.le, operator.gt, operator.ge):
        assert [op(a, ours[-1]) for a in ours] == [op(a, theirs[-1]) for a in theirs]
        assert [op(a, np.float64(1)) for a in ours] == [op(a, np.float64(1)) for a in theirs]
        assert [op(1, a) for a in ours] == [op(1, a) for a in theirs]


# Nets -----------------------------------------------------------------------------------------

ACTIVATIONS = st.sampled_from(list(ORACLE.nn.ACTIVATIONS) + [lambda v: v.tanh() * 2 + v])
ARCHITECTURES = st.fixed_dictionaries(
    {
        "N_in": st.integers(1, 4),
        "N_outs": st.lists(st.integers(1, 5), min_size=1, max_size=4),
        "activation": ACTIVATIONS,
        "output_activation": st.none() | ACTIVATIONS,
        "init": st.sampled_from(list(ORACLE.nn.INITS)),
    }
)
SEEDS = st.integers(0, 2**32)


def twins(seed, **architecture):
    """The net of each engine, of the same seed."""
    nets = []
    for engine in (ORACLE, FACADE):
        random.seed(seed)
        nets.append(engine.nn.Net(**architecture))
    return nets


def as_list(out):
    return list(out) if isinstance(out, list) else [out]


def close(ours, theirs):
    """Agreement to 1e-12 of the size of the vector.

    The size counts as 1e-3 at least: a saturated slope, such as 1 - y², is good to an ulp of 1 only.
    """
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    return np.abs(ours - theirs).max() <= 1e-12 * max(np.abs(theirs).max(), 1e-3)


@given(ARCHITECTURES, SEEDS)
def test_a_net_draws_the_weights_of_the_oracle_and_leaves_random_in_the_same_state(arch, seed):
    random.seed(seed)
    random.gauss(0, 1)  # leaves a second number in random's state
    before = random.getstate()
    theirs, their_state = ORACLE.nn.Net(**arch), random.getstate()
    random.setstate(before)
    ours, our_state = FACADE.nn.Net(**arch), random.getstate()
    assert bits(p.data for p in ours.params()) == bits(p.data for p in theirs.params())
    assert our_state == their_state
    assert random.random() == (random.setstate(their_state), random.random())[1]


def test_a_large_net_draws_the_weights_of_the_oracle():
    theirs, ours = twins(1, N_in=40, N_outs=[50, 3])  # more than the 624 words of the generator's state
    assert [p.data for p in ours.params()] == [p.data for p in theirs.params()]
    assert repr(ours) == repr(theirs)


@settings(max_examples=300)
@given(ARCHITECTURES, SEEDS, st.sampled_from(["numbers", "Values", "results", "mixed", "one Value"]))
def test_any_net_on_samples_one_by_one_agrees_with_the_oracle(arch, seed, kind):
    draw = np.random.default_rng(seed)
    n = arch["N_in"]
    rows, weights = draw.uniform(-1, 1, (3, n)), draw.uniform(-1, 1, (3, arch["N_outs"][-1]))
    rows[0] = 0  # with biases of 0, all of the net is at its kinks
    found = []
    for engine, net in zip((ORACLE, FACADE), twins(seed, **arch), strict=True):
        leaves = [[engine.Value(x) for x in row] for row in rows]
        total, outputs, inner = 0, [], []
        for row, vs, ws in zip(rows, leaves, weights, strict=True):
            results = [(v * v).sin() for v in vs]
            samples = {
                "numbers": row,
                "Values": vs,
                "results": results,
                "mixed": [(x, v, r)[i % 3] for i, (x, v, r) in enumerate(zip(row, vs, results, strict=True))],
                "one Value": [vs[0]] * n,
            }
            out = as_list(net(samples[kind]))
            outputs += out
            inner += results
            total = total + sum(w * y for w, y in zip(ws, out, strict=True)) * vs[-1]
        (3 * total + sum(p * p for p in net.params())).backward()
        values = [v for vs in leaves for v in vs]
        found.append(
            [[y.data for y in outputs]]
            + [[v.grad for v in group] for group in (net.params(), values, outputs, inner)]
        )
        net.step(0.1)
        found[-1].append([p.data for p in net.params()])
    for theirs, ours in zip(*found, strict=True):
        assert close(ours, theirs)


@given(ARCHITECTURES, SEEDS, st.sampled_from(["array", "list", "tuples", "Tensor"]))
def test_any_net_on_a_batch_agrees_with_the_oracle_on_its_samples(arch, seed, kind):
    draw = np.random.default_rng(seed)
    rows, weights = draw.uniform(-1, 1, (5, arch["N_in"])), draw.uniform(-1, 1, (5, arch["N_outs"][-1]))
    rows[0] = 0
    oracle, net = twins(seed, **arch)

    leaves = [[ORACLE.Value(x) for x in row] for row in rows]
    outputs = [as_list(oracle(row)) for row in leaves]
    (
        3 * sum(w * y for ws, ys in zip(weights, outputs, strict=True) for w, y in zip(ws, ys, strict=True))
    ).backward()

    X = Tensor(rows, requires_grad=True)
    batch = {"array": rows, "list": rows.tolist(), "tuples": tuple(map(tuple, rows.tolist())), "Tensor": X}
    out = net(batch[kind])
    assert (type(out), out.shape) == (Tensor, (5, arch["N_outs"][-1]))
    (3 * out * weights).sum().backward()
    assert close(out.data, [[y.data for y in ys] for ys in outputs])
    assert close(net.predict(rows), out.data)
    assert close([p.grad for p in net.params()], [p.grad for p in oracle.params()])
    if kind == "Tensor":
        assert close(X.grad, [[v.grad for v in row] for row in leaves])


# Training -------------------------------------------------------------------------------------


def follows(train):
    """Run ``train`` on both engines and compare all the losses and weights it returns, to 1e-9."""
    theirs, ours = (train(engine) for engine in (ORACLE, FACADE))
    for a, b in zip(ours, theirs, strict=True):
        assert a == pytest.approx(b, rel=1e-9, abs=1e-9 * max(map(abs, b)))
    losses = ours[0]
    assert losses[-1] < losses[0] / 2  # it did learn


def test_the_sine_demo_sample_by_sample_follows_the_oracle():
    def train(engine):
        random.seed(1)
        net = engine.nn.Net(1, [20, 20, 1], activation="tanh", output_activation="linear")
        xs = np.linspace(-math.pi, math.pi, 12)
        losses = []
        for _ in range(50):
            loss = sum((net([x]) - np.sin(x)) ** 2 for x in xs) / len(xs)
            net.zero_grad()
            loss.backward()
            net.step(0.01)
            losses.append(loss.data)
        return losses, [p.data for p in net.params()]

    follows(train)


def test_micrograds_demo_with_hinge_loss_and_regularisation_follows_the_oracle():
    draw = np.random.default_rng(7)
    angles = draw.uniform(0, math.pi, 20)
    X = np.c_[np.cos(angles), np.sin(angles)] * np.where(np.arange(20) < 10, 1, -1)[:, None]
    y = np.where(np.arange(20) < 10, 1, -1)

    def train(engine):
        random.seed(1337)
        model = engine.nn.MLP(2, [8, 8, 1])
        history, accuracies = [], []
        for k in range(20):
            inputs = [list(map(engine.Value, row)) for row in X]
            scores = list(map(model, inputs))
            losses = [(1 + -yi * score).relu() for yi, score in zip(y, scores, strict=True)]
            data_loss = sum(losses) * (1.0 / len(losses))
            total = data_loss + 1e-4 * sum(p * p for p in model.parameters())
            accuracies.append(sum((yi > 0) == (s.data > 0) for yi, s in zip(y, scores, strict=True)))
            model.zero_grad()
            total.backward()
            for p in model.parameters():
                p.data -= (0.2 - 0.18 * k / 100) * p.grad
            history.append(total.data)
        return history, accuracies, [p.data for p in model.parameters()]

    follows(train)
