"""Losses of Tensors and of Values, against formulas written another way, in 400-digit arithmetic."""

import mpmath
import numpy as np
import pytest
from scipy import special, stats

from autograd import Tensor, losses, record
from autograd.engine import Value
from autograd.errors import AutogradError, DataError, NotANumberError, OptionError, ShapeError
from autograd.losses import LOSSES, binary_cross_entropy, cross_entropy, hinge, huber, mae, mse
from autograd.tensor import gradients

mp = mpmath.mp.clone()
mp.dps = 400  # so that 1e300 + 1 differs from 1e300


# References: loops over plain numbers, one for each loss -------------------------------------------


def mean_over(one):
    """The mean of ``one(prediction, target)`` over all elements, in the arithmetic of its arguments."""

    def mean(predictions, targets):
        pairs = list(zip(np.ravel(predictions), np.ravel(targets), strict=True))
        return sum(one(p, t) for p, t in pairs) / len(pairs)

    return mean


def nll_of_rows(logits, labels):
    rows = [-mp.log(mp.exp(row[k]) / sum(map(mp.exp, row))) for row, k in zip(logits, labels, strict=True)]
    return sum(rows) / len(rows)


def quadratic_then_linear(p, t, delta=1):
    d = abs(p - t)
    return d * d / 2 if d <= delta else delta * d - mp.mpf(delta) ** 2 / 2


REFERENCES = {
    "mse": mean_over(lambda p, t: (p - t) ** 2),
    "mae": mean_over(lambda p, t: p - t if p > t else t - p),
    "huber": mean_over(quadratic_then_linear),
    "hinge": mean_over(lambda p, t: max(0, 1 - p if t > 0 else 1 + p)),
    "binary_cross_entropy": mean_over(
        lambda p, t: -mp.log(1 / (1 + mp.exp(-p)) if t else 1 / (1 + mp.exp(p)))
    ),
    "cross_entropy": nll_of_rows,
}
FINITE = "^weights must be finite and 0 or more, and not all of them 0$"
LOSS = {name: getattr(losses, name) for name in LOSSES}
every_loss = pytest.mark.parametrize("name", LOSSES)


def problem(name, rng, shape=(6, 3)):
    """Predictions of ``shape``, and targets as the loss wants them."""
    targets = {
        "hinge": lambda: rng.choice([-1, 1], shape),
        "binary_cross_entropy": lambda: rng.integers(0, 2, shape),
        "cross_entropy": lambda: rng.integers(0, shape[1], shape[0]),
    }
    return rng.normal(0, 2, shape), targets.get(name, lambda: rng.normal(0, 2, shape))()


def exact(predictions):
    return np.vectorize(mp.mpf, otypes=[object])(predictions)


def exact_gradient(reference, predictions, targets):
    step = mp.mpf(10) ** -50
    out = np.empty(predictions.shape)
    for place in np.ndindex(out.shape):
        ahead, behind = exact(predictions), exact(predictions)
        ahead[place] += step
        behind[place] -= step
        out[place] = (reference(ahead, targets) - reference(behind, targets)) / (2 * step)
    return out


# Values and gradients -----------------------------------------------------------------------------


def test_every_loss_has_a_reference():
    assert set(LOSSES) == set(REFERENCES)


@every_loss
def test_a_loss_and_its_gradient_are_those_of_its_formula(name, rng):
    predictions, targets = problem(name, rng)
    x = Tensor(predictions, requires_grad=True)
    loss = LOSS[name](x, targets)
    assert loss.shape == ()
    assert loss.item() == pytest.approx(float(REFERENCES[name](exact(predictions), targets)), rel=1e-13)
    (3 * loss).backward()
    expected = 3 * exact_gradient(REFERENCES[name], predictions, targets)
    np.testing.assert_allclose(x.grad, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("delta", [0.25, 1, 3.0])
def test_huber_is_quadratic_up_to_delta_and_linear_beyond(delta, rng):
    predictions, targets = problem("huber", rng)
    x = Tensor(predictions, requires_grad=True)
    loss = huber(x, targets, delta)
    assert loss.item() == pytest.approx(special.huber(delta, predictions - targets).mean(), rel=1e-13)
    loss.backward()
    slopes = np.clip(predictions - targets, -delta, delta) / predictions.size
    np.testing.assert_allclose(x.grad, slopes, rtol=1e-13)


@pytest.mark.parametrize("delta", [np.float32(1), np.int64(1)])
def test_delta_of_huber_may_be_a_numpy_number(delta):
    assert losses.huber(Tensor([2.0]), [1.0], delta).item() == 0.5


def test_cross_entropies_are_those_of_scipys_distributions(rng):
    logits, labels = problem("cross_entropy", rng)
    expected = -special.log_softmax(logits, axis=1)[np.arange(6), labels].mean()
    assert cross_entropy(Tensor(logits), labels).item() == pytest.approx(expected, rel=1e-13)
    logits, labels = problem("binary_cross_entropy", rng)
    expected = -stats.bernoulli(special.expit(logits)).logpmf(labels).mean()
    assert binary_cross_entropy(Tensor(logits), labels).item() == pytest.approx(expected, rel=1e-12)


def test_cross_entropy_of_two_classes_is_binary_cross_entropy(rng):
    logits, labels = problem("binary_cross_entropy", rng, (6, 1))
    two = Tensor(np.hstack([np.zeros((6, 1)), logits]))
    one = binary_cross_entropy(Tensor(logits), labels)
    assert cross_entropy(two, labels[:, 0]).item() == pytest.approx(one.item(), rel=1e-13)


@pytest.mark.parametrize("name", ["mse", "huber", "binary_cross_entropy", "cross_entropy"])
def test_a_curved_loss_has_right_second_derivatives(name, rng):
    predictions, targets = problem(name, rng)
    direction = rng.normal(size=predictions.shape)
    x = Tensor(predictions, requires_grad=True)
    (first,) = gradients(LOSS[name](x, targets), [x], create_graph=True)
    (first * direction).sum().backward()
    ahead, behind = (
        exact_gradient(REFERENCES[name], predictions + shift * direction, targets) for shift in (1e-5, -1e-5)
    )
    np.testing.assert_allclose(x.grad, (ahead - behind) / 2e-5, rtol=1e-7, atol=1e-9)


# Values -------------------------------------------------------------------------------------------


def with_values(predictions):
    """Values in place of numbers, in nested lists, and a function that gives their gradients."""
    table = [[Value(x) for x in row] for row in np.reshape(predictions, (len(predictions), -1)).tolist()]
    return table, lambda: np.array([[v.grad for v in row] for row in table])


def as_objects(table):
    return np.array(table, dtype=object)


# How predictions may come: rows and columns, and the form made of a list of lists of Values
FORMS = {
    "a Value": ((1, 1), lambda table: table[0][0]),
    "a list": ((6, 1), lambda table: [row[0] for row in table]),
    "a tuple": ((6, 1), lambda table: tuple(row[0] for row in table)),
    "an array": ((6, 1), lambda table: as_objects([row[0] for row in table])),
    "a list of lists of one": ((6, 1), lambda table: table),
    "a list of lists": ((6, 3), lambda table: table),
    "a tuple of tuples": ((6, 3), lambda table: tuple(map(tuple, table))),
    "a list of tuples": ((6, 3), lambda table: list(map(tuple, table))),
    "a table": ((6, 3), as_objects),
}
ZERO_SLOPE = ("a Value", "a list", "a tuple", "an array")


@every_loss
@pytest.mark.parametrize("form", FORMS)
def test_losses_of_values_in_any_container_give_the_numbers_of_losses_of_tensors(name, form, rng):
    shape, formed = FORMS[form]
    if name == "cross_entropy" and shape[1] == 1:
        shape = (1, 3) if form == "a Value" else (6, 3)  # a single Value has no rows
        formed = FORMS["a list of lists"][1]
    predictions, targets = problem(name, rng, shape)
    table, slopes = with_values(predictions)
    given = targets[:, 0] if form in ZERO_SLOPE and name != "cross_entropy" else targets
    loss = LOSS[name](formed(table), given)
    assert isinstance(loss, Value)
    assert loss.data == pytest.approx(float(REFERENCES[name](exact(predictions), targets)), rel=1e-13)
    (3 * loss).backward()
    x = Tensor(predictions, requires_grad=True)
    (3 * LOSS[name](x, targets)).backward()  # whose gradient is compared with the formula above
    np.testing.assert_allclose(slopes(), x.grad, rtol=1e-13, atol=1e-15)


@every_loss
def test_targets_of_values_come_as_lists_arrays_and_tensors(name, rng):
    predictions, targets = problem(name, rng)
    table, _ = with_values(predictions)
    expected = LOSS[name](table, targets).data
    for same in (targets.tolist(), Tensor(targets)):
        assert LOSS[name](table, same).data == expected


def test_numbers_among_the_predictions_of_values_are_constants():
    x = Value(1.0)
    loss = mse([[x, 5], [np.float64(2.0), np.int64(3)]], [[0, 0], [0, 0]])
    assert loss.data == (1 + 25 + 4 + 9) / 4
    loss.backward()
    assert x.grad == 0.5


@pytest.mark.parametrize("delta", [0.25, 1, 3.0])
def test_huber_of_values_is_linear_beyond_delta(delta, rng):
    predictions, targets = problem("huber", rng)
    table, slopes = with_values(predictions)
    loss = huber(table, targets, delta)
    assert loss.data == pytest.approx(special.huber(delta, predictions - targets).mean(), rel=1e-13)
    loss.backward()
    expected = np.clip(predictions - targets, -delta, delta) / predictions.size
    np.testing.assert_allclose(slopes(), expected, rtol=1e-13)


def test_a_loss_of_a_single_value_takes_a_single_target():
    assert losses.mse(Value(3.0), 1.0).data == 4.0


def test_a_loss_takes_a_list_of_arrays_of_values_as_a_list_of_rows():
    rows = [np.array([Value(1.0), Value(3.0)]), np.array([Value(1.0), Value(3.0)])]
    assert losses.mse(rows, np.ones((2, 2))).data == 2.0


# Weights ------------------------------------------------------------------------------------------


def weighted(name, weights):
    """The reference loss as a weighted mean: a weight for each element or, of cross_entropy, each row."""
    rows = name == "cross_entropy"

    def mean(predictions, targets):
        shares = np.broadcast_to(weights, np.shape(targets)).ravel().tolist()
        cells = list(predictions) if rows else [[p] for p in np.ravel(predictions)]
        each = [REFERENCES[name]([p], [t]) for p, t in zip(cells, np.ravel(targets).tolist(), strict=True)]
        return sum(w * e for w, e in zip(shares, each, strict=True)) / sum(shares)

    return mean


def check_both_engines(name, predictions, targets, weights, **options):
    """The loss and its gradient, of Tensors and of Values, are those of the weighted reference."""
    reference = weighted(name, weights)
    value = float(reference(exact(predictions), targets))
    gradient = 3 * exact_gradient(reference, predictions, targets)
    x = Tensor(predictions, requires_grad=True)
    table, slopes = with_values(predictions)
    of_tensor, of_values = LOSS[name](x, targets, **options), LOSS[name](table, targets, **options)
    assert (of_tensor.item(), of_values.data) == pytest.approx((value, value), rel=1e-13)
    for loss in (of_tensor, of_values):
        (3 * loss).backward()
    np.testing.assert_allclose(x.grad, gradient, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(slopes(), gradient, rtol=1e-12, atol=1e-14)


def down(weights, name):
    """Weights of rows, in a shape that broadcasts against the targets of the loss."""
    return weights if name == "cross_entropy" else np.reshape(weights, (-1, 1))


@every_loss
def test_sample_weight_makes_a_weighted_mean(name, rng):
    predictions, targets = problem(name, rng)
    weights = rng.uniform(0, 3, 6)
    check_both_engines(name, predictions, targets, down(weights, name), sample_weight=weights)


@every_loss
def test_sample_weights_of_the_same_ratio_give_the_same_loss(name, rng):
    predictions, targets = problem(name, rng)
    table, _ = with_values(predictions)
    weights = rng.uniform(0, 3, 6)
    for p in (Tensor(predictions), table):
        one, other = (float(LOSS[name](p, targets, sample_weight=w)) for w in (weights, 1e6 * weights))
        assert one == pytest.approx(other, rel=1e-13)
        same = float(LOSS[name](p, targets, sample_weight=[7.0] * 6))
        assert same == pytest.approx(float(LOSS[name](p, targets)), rel=1e-13)


@every_loss
def test_a_whole_sample_weight_counts_its_row_so_many_times_and_0_drops_it(name, rng):
    predictions, targets = problem(name, rng)
    weights = np.array([1, 0, 3, 2, 0, 1])
    x, y = Tensor(predictions, requires_grad=True), Tensor(predictions, requires_grad=True)
    table, slopes = with_values(predictions)
    rows = np.repeat(np.arange(6), weights)
    loss = LOSS[name](x, targets, sample_weight=weights)
    repeated = LOSS[name](y[rows], targets[rows])
    of_values = LOSS[name](table, targets, sample_weight=weights)
    assert (loss.item(), of_values.data) == pytest.approx((repeated.item(),) * 2, rel=1e-13)
    for out in (loss, repeated, of_values):
        (3 * out).backward()
    np.testing.assert_allclose(x.grad, y.grad, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(slopes(), y.grad, rtol=1e-12, atol=1e-15)
    assert (x.grad[[1, 4]] == 0).all()


@every_loss
def test_sample_weights_come_as_lists_arrays_and_tensors(name, rng):
    predictions, targets = problem(name, rng, (6, 3))
    table, _ = with_values(predictions)
    weights = np.array([1.0, 2.0, 3.0, 0.0, 0.5, 1.0])
    for p in (Tensor(predictions), table):
        expected = float(LOSS[name](p, targets, sample_weight=weights))
        for same in (weights.tolist(), tuple(weights), weights.astype("float32"), Tensor(weights)):
            assert float(LOSS[name](p, targets, sample_weight=same)) == pytest.approx(expected, rel=1e-14)


def test_sample_weights_weigh_rows_of_any_number_of_axes(rng):
    predictions, targets = rng.normal(size=(2, 4, 3, 2))
    weights = np.array([1.0, 2.0, 0.0, 5.0])
    rows = ((predictions - targets) ** 2).mean(axis=(1, 2))
    found = mse(Tensor(predictions), targets, sample_weight=weights).item()
    assert found == pytest.approx(np.average(rows, weights=weights), rel=1e-14)
    found = mse(Tensor(predictions[:, 0, 0]), targets[:, 0, 0], sample_weight=weights).item()
    rows = (predictions - targets)[:, 0, 0] ** 2
    assert found == pytest.approx(np.average(rows, weights=weights), rel=1e-14)


CLASSES = {"hinge": [-1, 1], "binary_cross_entropy": [0, 1], "cross_entropy": [0, 1, 2]}
with_labels = pytest.mark.parametrize("name", CLASSES)


@with_labels
def test_class_weight_makes_a_weighted_mean(name, rng):
    predictions, targets = problem(name, rng)
    by_class = [0.5, 4.0, 1.5][: len(CLASSES[name])]
    weights = np.select([targets == c for c in CLASSES[name]], by_class)
    check_both_engines(name, predictions, targets, weights, class_weight=by_class)
    expected = LOSS[name](Tensor(predictions), targets, class_weight=by_class).item()
    for same in (tuple(by_class), np.array(by_class), dict(zip(CLASSES[name], by_class, strict=True))):
        assert LOSS[name](Tensor(predictions), targets, class_weight=same).item() == expected


@with_labels
def test_a_class_missing_in_the_class_weight_dict_has_weight_1(name, rng):
    predictions, targets = problem(name, rng)
    weights = np.where(targets == 1, 4.0, 1.0)
    check_both_engines(name, predictions, targets, weights, class_weight={1: 4})


@with_labels
def test_a_class_of_weight_0_does_not_count_in_the_loss(name, rng):
    predictions, targets = problem(name, rng)
    weights = np.where(targets == 1, 0.0, 1.0)
    check_both_engines(name, predictions, targets, weights, class_weight={1: 0})


# scikit-learn 1.9.1: compute_class_weight("balanced", classes=np.unique(labels), y=labels)
BALANCED = {
    "hinge": ([1, -1, 1, 1, 1, -1, 1], [1.75, 0.7]),
    "binary_cross_entropy": ([1, 0, 1, 1, 1, 0, 1], [1.75, 0.7]),
    "cross_entropy": ([2, 0, 1, 0, 0, 2, 0, 1, 0, 2], [2 / 3, 5 / 3, 10 / 9]),
}


@with_labels
def test_balanced_weights_are_those_of_scikit_learn(name, rng):
    labels, by_class = BALANCED[name]
    targets = np.array(labels)
    shape = (len(labels), 3) if name == "cross_entropy" else (len(labels), 1)
    weights = np.select([targets == c for c in CLASSES[name]], by_class)
    targets = targets if name == "cross_entropy" else targets[:, None]
    weights = weights.reshape(targets.shape)
    check_both_engines(name, rng.normal(0, 2, shape), targets, weights, class_weight="balanced")


@with_labels
def test_balanced_weights_work_if_a_class_does_not_occur(name, rng):
    predictions, targets = problem(name, rng)
    targets = np.ones_like(targets)
    check_both_engines(name, predictions, targets, 1.0, class_weight="balanced")


@with_labels
def test_sample_weights_and_class_weights_are_multiplied(name, rng):
    predictions, targets = problem(name, rng)
    weights = rng.uniform(0, 3, 6)
    total = down(weights, name) * np.where(targets == 1, 4.0, 1.0)
    check_both_engines(
        name, predictions, targets, total, sample_weight=weights.tolist(), class_weight={1: 4.0}
    )


@every_loss
def test_a_recorded_loss_checks_and_applies_the_weights_and_labels_of_each_call(name, rng):
    predictions, targets = problem(name, rng)
    options = {"class_weight": "balanced"} if name in CLASSES else {}
    program = record(
        lambda p, t, w: LOSS[name](p, t, sample_weight=w, **options), predictions, targets, np.ones(6)
    )
    for _ in range(3):
        p, t = problem(name, rng)
        w = rng.uniform(0, 3, 6)
        assert program(p, t, w) == LOSS[name](Tensor(p), t, sample_weight=w, **options).item()
    with pytest.raises(DataError, match=FINITE):
        program(predictions, targets, -np.ones(6))
    if name in CLASSES:
        with pytest.raises(DataError, match=rf"^{name}\(\) wants labels"):
            program(predictions, np.full_like(targets, 3), np.ones(6))
    assert program(p, t, w) == LOSS[name](Tensor(p), t, sample_weight=w, **options).item()


def test_class_weight_of_numbers_can_be_recorded():
    program = record(
        lambda x, y: losses.cross_entropy(x, y, class_weight=[1, 2]), np.ones((3, 2)), np.array([0, 1, 1])
    )
    expected = losses.cross_entropy(Tensor(np.eye(3, 2)), [0, 1, 1], class_weight=[1, 2]).item()
    assert program(np.eye(3, 2), [0, 1, 1]) == expected


@pytest.mark.parametrize("options", [{"sample_weight": [1.0, 2.0]}, {"class_weight": [1, 2]}])
def test_sample_weights_do_not_change_the_dtype_of_the_loss(options):
    x = Tensor(np.ones((2, 2), "float32"))
    assert losses.cross_entropy(x, [0, 1], **options).dtype == "float32"


def test_a_loss_of_a_prediction_without_axes_refuses_sample_weights():
    with pytest.raises(AutogradError):
        losses.mse(Tensor(1.0), 2.0, sample_weight=[1.0])


# Kinks --------------------------------------------------------------------------------------------


def test_slopes_of_losses_at_their_kinks_are_pinned():
    for loss, prediction, target, slope in [
        (mae, 2.0, 2.0, 0),
        (hinge, 1.0, 1, 0),
        (huber, 3.0, 2.0, 1),
        (huber, 1.0, 2.0, -1),
        (huber, 2.0, 2.0, 0),
    ]:
        x, v = Tensor([prediction], requires_grad=True), Value(prediction)
        loss(x, [target]).backward()
        loss(v, [target]).backward()
        assert (x.grad, v.grad) == ([slope], slope)


# Huge numbers, without a warning -------------------------------------------------------------------


@pytest.mark.parametrize("size", [1e4, 1e300])
@pytest.mark.parametrize("label", [0, 1])
def test_binary_cross_entropy_of_huge_logits_is_exact(size, label):
    logits = np.array([[size], [-size], [0.0]])
    x = Tensor(logits, requires_grad=True)
    loss = binary_cross_entropy(x, [label] * 3)
    wrong = size + np.log(2)  # one logit is certain and right, one certain and wrong, one undecided
    assert loss.item() == pytest.approx(wrong / 3, rel=1e-15)
    loss.backward()
    assert (3 * x.grad[:, 0]).tolist() == pytest.approx([1 - label, -label, 0.5 - label], abs=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["binary_cross_entropy", "cross_entropy"])
def test_a_tiny_gradient_of_a_loss_is_0_and_never_subnormal(name, dtype):
    kind = np.finfo(dtype)
    sure = np.linspace(0, 1.1 * -np.log(float(kind.smallest_subnormal)), 500).astype(dtype)
    if name == "cross_entropy":
        logits, labels, sign = np.stack([sure, 0 * sure], axis=1), np.zeros(500, int), 1
    else:
        logits, labels, sign = sure[:, None], np.ones(500), -1
    t = Tensor(logits, requires_grad=True)
    LOSS[name](t, labels).backward()
    found = np.abs(t.grad[:, -1].astype(float))
    expected = np.array([float(mp.exp(-x) / (1 + mp.exp(-x)) / 500) for x in sure.astype(float)])
    assert (sign * t.grad[:, -1] >= 0).all()
    least = float(kind.tiny) * 2.0**39
    assert not ((found > 0) & (found < least)).any()
    assert (found[expected < least / 2] == 0).all()
    np.testing.assert_allclose(found, expected, rtol=400 * float(kind.eps), atol=2 * least)


@pytest.mark.parametrize("name", ["binary_cross_entropy", "cross_entropy"])
def test_a_loss_of_float16_predictions_has_a_gradient_of_float16_precision(name):
    x = Tensor([[3.0, -1.0]], requires_grad=True)
    LOSS[name](x.astype(np.float16), [[1, 0]] if name == "binary_cross_entropy" else [0]).backward()
    exact = Tensor(x.data, requires_grad=True)
    LOSS[name](exact, [[1, 0]] if name == "binary_cross_entropy" else [0]).backward()
    np.testing.assert_allclose(x.grad, exact.grad, rtol=5e-3)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "bool", "int64"])
@pytest.mark.parametrize("name", LOSSES)
def test_predictions_may_be_integers_of_any_dtype(name, dtype):
    predictions = np.array([[0, 1], [1, 0]]).astype(dtype)
    labels = [1, 0] if name == "cross_entropy" else [[1, 1], [1, 1]]
    assert LOSS[name](Tensor(predictions), labels).item() == LOSS[name](predictions * 1.0, labels).item()


@pytest.mark.parametrize("size", [1e4, 1e300])
def test_cross_entropy_of_huge_logits_is_exact(size):
    x = Tensor([[size, -size, 0.0], [size, size, -size]], requires_grad=True)
    right, wrong = cross_entropy(x[:1], [0]), cross_entropy(x[:1], [2])
    assert (right.item(), wrong.item()) == (0, size)
    wrong.backward()
    assert x.grad.tolist() == [[1, 0, -1], [0, 0, 0]]
    tie = cross_entropy(x[1:], [1])
    (slope,) = gradients(tie, [x])
    np.testing.assert_allclose(slope.data, [[0, 0, 0], [0.5, -0.5, 0]], atol=1e-11)
    assert tie.item() == pytest.approx(np.log(2), abs=size * 1e-15)


@pytest.mark.parametrize(
    ("loss", "target", "value", "slope"), [(mae, 0, 1e300, 1), (huber, 0, 1e300, 1), (hinge, -1, 1e300, 1)]
)
def test_linear_losses_take_huge_errors(loss, target, value, slope):
    x = Tensor([1e300], requires_grad=True)
    out = loss(x, [target])
    out.backward()
    assert (out.item(), x.grad.tolist()) == (pytest.approx(value, rel=1e-15), [slope])


# fmt: off
HUGE = [  # a loss, a row of predictions, its target, what comes out, and its slopes
    (mae,                  [1e308],            [0],  1e308,     [1]),
    (mae,                  [-1e308],           [0],  1e308,     [-1]),
    (huber,                [1e308],            [0],  1e308,     [1]),
    (huber,                [-1e308],           [0],  1e308,     [-1]),
    (hinge,                [1e308],            [-1], 1e308,     [1]),
    (hinge,                [1e308],            [1],  0,         [0]),
    (hinge,                [-1e308],           [1],  1e308,     [-1]),
    (binary_cross_entropy, [1e308],            [0],  1e308,     [1]),
    (binary_cross_entropy, [1e308],            [1],  0,         [0]),
    (binary_cross_entropy, [-1e308],           [0],  0,         [0]),
    (binary_cross_entropy, [-1e308],           [1],  1e308,     [-1]),
    (cross_entropy,        [1e308, 0, 0],      0,    0,         [0, 0, 0]),
    (cross_entropy,        [1e308, 0, 0],      1,    1e308,     [1, -1, 0]),
    (cross_entropy,        [-1e308, 0],        0,    1e308,     [-1, 1]),
    (cross_entropy,        [1e308, -1e308],    0,    0,         [0, 0]),
    (cross_entropy,        [1e308, 1e308, -1e308], 1, np.log(2), [0.5, -0.5, 0]),
    (cross_entropy,        [-1e308, -1e308],   0,    np.log(2), [-0.5, 0.5]),
    (mse,                  [1e153],            [0],  1e306,     [2e153]),
]
# fmt: on


@pytest.mark.parametrize(("loss", "row", "target", "value", "slopes"), HUGE)
def test_losses_of_the_largest_floats_give_no_warning(loss, row, target, value, slopes):
    x = Tensor([row], requires_grad=True)
    table, of_values = with_values([row])
    outs = loss(x, [target]), loss(table, [target])
    assert [float(out) for out in outs] == pytest.approx([value] * 2, rel=1e-15)
    for out in outs:
        out.backward()
    np.testing.assert_allclose(x.grad, [slopes], rtol=1e-15)
    np.testing.assert_allclose(of_values(), [slopes], rtol=1e-15)


def test_the_mean_of_huge_losses_does_not_overflow():
    assert float(losses.binary_cross_entropy(Tensor([1e308, 1e308]), [0, 0])) == 1e308


# Shapes and dtypes --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "cross_entropy"])
def test_targets_may_lack_a_last_axis_of_length_one(name, rng):
    predictions, targets = problem(name, rng, (5, 1))
    expected = LOSS[name](Tensor(predictions), targets).item()
    for flat in (targets[:, 0], targets[:, 0].tolist(), Tensor(targets[:, 0])):
        assert LOSS[name](Tensor(predictions), flat).item() == expected
    assert LOSS[name](Tensor(predictions[:, 0]), targets[:, 0]).item() == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "cross_entropy"])
@pytest.mark.parametrize(
    ("predictions", "targets"), [((5,), (5, 1)), ((5, 2), (5,)), ((5, 1), (1,)), ((5, 1), ()), ((5, 2), (2,))]
)
def test_targets_of_another_shape_are_refused_and_never_broadcast(name, predictions, targets):
    message = rf"^{name}\(\) wants targets of the predictions' shape .* got"
    with pytest.raises(ShapeError, match=message):
        LOSS[name](Tensor(np.ones(predictions)), np.ones(targets))


@every_loss
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_loss_keeps_the_dtype_of_the_predictions(name, dtype, rng):
    predictions, targets = problem(name, rng)
    x = Tensor(predictions, requires_grad=True, dtype=dtype)
    loss = LOSS[name](x, targets)
    loss.backward()
    assert (loss.dtype, x.grad.dtype) == (dtype, dtype)
    if dtype == "float32":
        assert loss.item() == pytest.approx(LOSS[name](Tensor(predictions), targets).item(), rel=1e-5)


def test_targets_are_not_rounded_to_the_dtype_of_integer_predictions():
    assert mse(Tensor([1, 2]), [1.5, 2.5]).item() == 0.25
    with pytest.raises(DataError, match=r"got 0\.5$"):
        binary_cross_entropy(Tensor([1, 2]), [0.5, 0])


@pytest.mark.parametrize("name", ["mse", "mae", "huber"])
def test_gradients_of_a_loss_reach_targets_that_are_tensors(name, rng):
    predictions, targets = problem(name, rng, (4, 1))
    x, y = Tensor(predictions, requires_grad=True), Tensor(targets[:, 0], requires_grad=True)
    LOSS[name](x, y).backward()
    assert y.grad.shape == (4,)
    np.testing.assert_allclose(y.grad, -x.grad[:, 0], rtol=1e-15)


# Errors -------------------------------------------------------------------------------------------

ZEROS = np.zeros((3, 2))
# fmt: off
MISTAKES = [
    (lambda x: huber(x, ZEROS, 0),      OptionError, r"^huber\(\) wants delta above 0, got 0$"),
    (lambda x: huber(x, ZEROS, -1.5),   OptionError, r"got -1\.5$"),
    (lambda x: huber(x, ZEROS, np.nan), OptionError, r"got nan$"),
    (lambda x: hinge(x, ZEROS),         DataError,   r"^hinge\(\) wants labels -1 or 1, got 0$"),
    (lambda x: hinge(x, ZEROS + np.nan), DataError,  r"^hinge\(\) wants labels -1 or 1, got nan"),
    (lambda x: binary_cross_entropy(x, ZEROS - 1),  DataError,
        r"^binary_cross_entropy\(\) wants labels 0 or 1, got -1"),
    (lambda x: binary_cross_entropy(x, ZEROS + .5), DataError, r"got 0\.5$"),
    (lambda x: cross_entropy(x, [0, 1, 2]),    DataError,
        r"^cross_entropy\(\) wants labels from 0 to 1, .* got some from 0 to 2$"),
    (lambda x: cross_entropy(x, [0, -1, 1]),   DataError, r"got some from -1 to 1$"),
    (lambda x: cross_entropy(x, [0.0, 1.0, 1.0]),    DataError,
        r"wants integer labels, got dtype float64; convert them by np\.array\(labels, int\)$"),
    (lambda x: cross_entropy(x, [True, False, True]), DataError, r"wants integer labels, got dtype bool; "),
    (lambda x: cross_entropy(x[:, :1], [0, 0, 0]),   ShapeError,
        r"^cross_entropy\(\) wants an output for each of 2 or more classes, got 1; .* binary_cross_entropy$"),
    (lambda x: cross_entropy(x, [0, 1]),       ShapeError,
        r"^cross_entropy\(\) wants logits of shape \(rows, classes\) .* got shapes \(3, 2\) and \(2,\)$"),
    (lambda x: cross_entropy(x, [[0], [1], [1]]), ShapeError, r"\(3, 2\) and \(3, 1\)$"),
    (lambda x: cross_entropy(x[0], [0, 1]),    ShapeError, r"\(2,\) and \(2,\)$"),
    (lambda x: cross_entropy(x, 1),            ShapeError, r"\(3, 2\) and \(\)$"),
    (lambda x: mse(x, "abc"),                  TypeError,  "real numbers"),
    (lambda x: mse(x, ["1", "2", "3"]),        NotANumberError,
        r"^mse\(target=\.\.\.\) wants an array of real numbers, got '1' \(str\)$"),
    (lambda x: mse(["1", "2"], [1, 2]),        NotANumberError, r"^mse\(prediction=\.\.\.\) wants an array"),
    (lambda x: hinge(x, ["1", "2", "3"]),      NotANumberError, r"^hinge\(labels=\.\.\.\) wants an array"),
    (lambda x: cross_entropy(x, ["a"] * 3),    NotANumberError, r"^cross_entropy\(labels=\.\.\.\) wants"),
    (lambda x: cross_entropy([["1", "2"]], [0]), NotANumberError, r"^cross_entropy\(logits=\.\.\.\) want"),
    (lambda x: mae(x, ZEROS, ["a"] * 3),       NotANumberError, r"^mae\(sample_weight=\.\.\.\) wants an arr"),
]
# fmt: on


@pytest.mark.parametrize(("call", "kind", "message"), MISTAKES, ids=[message for *_, message in MISTAKES])
def test_a_loss_names_bad_predictions_and_targets_in_its_error(call, kind, message):
    with pytest.raises(kind, match=message):
        call(Tensor(np.zeros((3, 2)), requires_grad=True))


def test_integer_labels_come_as_lists_arrays_and_tensors(rng):
    logits, labels = problem("cross_entropy", rng)
    expected = cross_entropy(Tensor(logits), labels).item()
    for same in (labels.tolist(), tuple(labels), labels.astype("uint8"), Tensor(labels)):
        assert cross_entropy(Tensor(logits), same).item() == expected


ONE, V = Value(1.0), [[Value(0.0), Value(0.0)] for _ in range(3)]
# fmt: off
MISTAKES_OF_VALUES = [
    (lambda: mse([[ONE], [ONE, ONE]], [1, 1]),     ShapeError, "^a loss wants the same number of outputs"),
    (lambda: mse([ONE, [ONE, ONE]], [1, 1]),       ShapeError, "^a loss wants the same number of outputs"),
    (lambda: mse([ONE, "two"], [1, 1]),            NotANumberError,
        r"^a loss wants Values, got 'two' \(str\) among them$"),
    (lambda: mse([[ONE, None]], [[1, 1]]),         NotANumberError, r"got None \(NoneType\) among them$"),
    (lambda: cross_entropy([[ONE, 1j]], [1]),      NotANumberError, r"got 1j \(complex\) among them$"),
    (lambda: mse([ONE, ONE], [1, 2, 3]),           ShapeError,
        r"^mse\(\) wants targets of the predictions' shape \(2, 1\), got \(3,\)$"),
    (lambda: mae(V, [1, 1, 1]),                    ShapeError, r"shape \(3, 2\), got \(3,\)$"),
    (lambda: huber(ONE, [1, 2]),                   ShapeError, r"shape \(1, 1\), got \(2,\)$"),
    (lambda: huber(V, ZEROS, 0),                   OptionError, r"^huber\(\) wants delta above 0, got 0$"),
    (lambda: hinge(V, ZEROS),                      DataError, "wants labels -1 or 1, got 0$"),
    (lambda: binary_cross_entropy(V, ZEROS + 0.5), DataError, r"wants labels 0 or 1, got 0\.5$"),
    (lambda: cross_entropy(V, [0, 1, 2]),          DataError, "got some from 0 to 2$"),
    (lambda: cross_entropy(V, [0.0, 1.0, 1.0]),    DataError, "wants integer labels, got dtype float64; "),
    (lambda: cross_entropy(V, [0, 1]),             ShapeError, r"got shapes \(3, 2\) and \(2,\)$"),
    (lambda: cross_entropy([ONE, ONE], [0]),       ShapeError, r"got shapes \(2, 1\) and \(1,\)$"),
    (lambda: mse(V, "abc"),                        NotANumberError, "wants an array of real numbers"),
]
# fmt: on


@pytest.mark.parametrize(("call", "kind", "message"), MISTAKES_OF_VALUES)
def test_a_loss_of_values_names_bad_predictions_and_targets_in_its_error(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


CLASSY = r"^class_weight must have a number for each of the classes \[0, 1\], got "
# fmt: off
BAD_WEIGHTS = [
    (mse,           {"sample_weight": [1, -1, 1]},       DataError, FINITE),
    (mae,           {"sample_weight": [1, np.nan, 1]},   DataError, FINITE),
    (huber,         {"sample_weight": [1, np.inf, 1]},   DataError, FINITE),
    (mse,           {"sample_weight": [0, 0, 0]},        DataError, FINITE),
    (cross_entropy, {"sample_weight": [0, 0, 0]},        DataError, FINITE),
    (cross_entropy, {"sample_weight": [1, 1]},           ShapeError,
        r"^sample_weight must hold a number for each of 3 rows, got shape \(2,\)$"),
    (mse,           {"sample_weight": [[1], [1], [1]]},  ShapeError, r"each of 3 rows, got shape \(3, 1\)$"),
    (mse,           {"sample_weight": 2.0},              ShapeError, r"each of 3 rows, got shape \(\)$"),
    (mse,           {"sample_weight": np.ones((3, 2))},  ShapeError, r"each of 3 rows, got shape \(3, 2\)$"),
    (mse,           {"sample_weight": ["a", "b", "c"]},  NotANumberError, "wants an array of real numbers"),
    (cross_entropy, {"class_weight": [1, -1]},           DataError, FINITE),
    (cross_entropy, {"class_weight": [np.nan, 1]},       DataError, FINITE),
    (cross_entropy, {"class_weight": [0, 0]},            DataError, FINITE),
    (cross_entropy, {"class_weight": {0: 0, 1: 0}},      DataError, FINITE),
    (cross_entropy, {"class_weight": [1, 2, 3]},         OptionError, CLASSY + r"\[1, 2, 3\]$"),
    (cross_entropy, {"class_weight": 5},                 OptionError, CLASSY + "5$"),
    (cross_entropy, {"class_weight": ["a", 1]},          OptionError, CLASSY + r"\['a', 1\]$"),
    (cross_entropy, {"class_weight": {1: "much"}},       OptionError, CLASSY + r"\[1\.0, 'much'\]$"),
    (cross_entropy, {"class_weight": {2: 1.0}},          OptionError,
        r"^class_weight names 2; the classes are \[0, 1\]$"),
    (cross_entropy, {"class_weight": {"one": 1.0}},      OptionError, "^class_weight names 'one'"),
    (cross_entropy, {"class_weight": "balance"},         OptionError,
        "^class_weight must be 'balanced', a dict or a list, got 'balance'$"),
]
# fmt: on


@pytest.mark.parametrize(("loss", "options", "kind", "message"), BAD_WEIGHTS)
def test_losses_of_tensors_and_values_name_bad_weights_in_their_errors(loss, options, kind, message):
    targets = [0, 1, 1] if loss is cross_entropy else ZEROS
    for predictions in (Tensor(ZEROS), V):
        with pytest.raises(kind, match=message):
            loss(predictions, targets, **options)


def test_class_weight_of_a_loss_with_two_classes_names_the_labels_that_it_takes():
    with pytest.raises(OptionError, match=r"^class_weight names 0; the classes are \[-1, 1\]$"):
        hinge(Tensor([1.0]), [1], class_weight={0: 2.0})
    with pytest.raises(OptionError, match=r"^class_weight names -1; the classes are \[0, 1\]$"):
        binary_cross_entropy(Tensor([1.0]), [1], class_weight={-1: 2.0})


@pytest.mark.parametrize("name", sorted(set(LOSSES) - set(CLASSES)))
def test_losses_without_labels_take_no_class_weight(name):
    with pytest.raises(TypeError, match="class_weight"):
        LOSS[name](Tensor([1.0]), [1], class_weight="balanced")


@pytest.mark.parametrize("dtype", ["i1", "u1", "<i2", ">i2", "<u4", ">i8", "u8"])
def test_labels_may_be_integers_of_any_dtype(dtype):
    logits = np.arange(12.0).reshape(4, 3)
    labels = np.array([2, 0, 1, 1])
    expected = cross_entropy(Tensor(logits), labels).item()
    assert cross_entropy(Tensor(logits), labels.astype(dtype)).item() == expected


@pytest.mark.parametrize(("label", "dtype"), [(-1, "i1"), (-1, "i8"), (-128, "i1"), (300, "i2")])
def test_a_label_out_of_range_is_refused_for_any_integer_dtype(label, dtype):
    with pytest.raises(DataError, match=rf"labels from 0 to 299.* from {min(label, 0)} to {max(label, 1)}$"):
        cross_entropy(Tensor(np.zeros((3, 300))), np.array([0, 1, label], dtype))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("weights", [{}, {"sample_weight": []}])
def test_every_loss_refuses_tensors_without_rows(loss, weights):
    wide = loss == "cross_entropy"
    target = np.zeros((0,) if wide else (0, 1), int if wide else float)
    with pytest.raises(DataError, match="is a mean over rows, and there are no rows"):
        LOSS[loss](Tensor(np.zeros((0, 2 if wide else 1))), target, **weights)


def test_mse_refuses_two_empty_lists():
    with pytest.raises(AutogradError):
        losses.mse([], [])
