"""Losses, against formulas written another way and, where numbers are huge, against 400-digit arithmetic."""

import mpmath
import numpy as np
import pytest
from scipy import special, stats

from autograd import Tensor
from autograd.errors import DataError, OptionError, ShapeError
from autograd.losses import LOSSES, binary_cross_entropy, cross_entropy, hinge, huber, mae, mse
from autograd.tensor import gradients

mp = mpmath.mp.clone()
mp.dps = 400  # 1e300 + 1 is a number of its own


# References: loops over plain numbers, one for each loss -------------------------------------------


def mean_over(one):
    """The mean of ``one(prediction, target)`` over all elements, in the arithmetic of its arguments."""

    def mean(predictions, targets):
        pairs = list(zip(np.ravel(predictions), np.ravel(targets), strict=True))
        return sum(one(p, t) for p, t in pairs) / len(pairs)

    return mean


def surprise(logits, labels):
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
    "cross_entropy": surprise,
}
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
def test_value_and_gradient_are_those_of_the_formula(name, rng):
    predictions, targets = problem(name, rng)
    x = Tensor(predictions, requires_grad=True)
    loss = LOSSES[name](x, targets)
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


def test_cross_entropies_are_those_of_scipys_distributions(rng):
    logits, labels = problem("cross_entropy", rng)
    expected = -special.log_softmax(logits, axis=1)[np.arange(6), labels].mean()
    assert cross_entropy(Tensor(logits), labels).item() == pytest.approx(expected, rel=1e-13)
    logits, labels = problem("binary_cross_entropy", rng)
    expected = -stats.bernoulli(special.expit(logits)).logpmf(labels).mean()
    assert binary_cross_entropy(Tensor(logits), labels).item() == pytest.approx(expected, rel=1e-12)


def test_two_classes_are_the_binary_case(rng):
    logits, labels = problem("binary_cross_entropy", rng, (6, 1))
    two = Tensor(np.hstack([np.zeros((6, 1)), logits]))
    one = binary_cross_entropy(Tensor(logits), labels)
    assert cross_entropy(two, labels[:, 0]).item() == pytest.approx(one.item(), rel=1e-13)


@pytest.mark.parametrize("name", ["mse", "huber", "binary_cross_entropy", "cross_entropy"])
def test_a_curved_loss_can_be_differentiated_twice(name, rng):
    predictions, targets = problem(name, rng)
    direction = rng.normal(size=predictions.shape)
    x = Tensor(predictions, requires_grad=True)
    (first,) = gradients(LOSSES[name](x, targets), [x], create_graph=True)
    (first * direction).sum().backward()
    ahead, behind = (
        exact_gradient(REFERENCES[name], predictions + shift * direction, targets) for shift in (1e-5, -1e-5)
    )
    np.testing.assert_allclose(x.grad, (ahead - behind) / 2e-5, rtol=1e-7, atol=1e-9)


# Kinks --------------------------------------------------------------------------------------------


def test_slopes_at_the_kinks_are_pinned():
    for loss, prediction, target, slope in [
        (mae, 2.0, 2.0, 0),
        (hinge, 1.0, 1, 0),
        (huber, 3.0, 2.0, 1),
        (huber, 1.0, 2.0, -1),
        (huber, 2.0, 2.0, 0),
    ]:
        x = Tensor([prediction], requires_grad=True)
        loss(x, [target]).backward()
        assert x.grad == [slope]


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


# Shapes and dtypes --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "cross_entropy"])
def test_targets_may_lack_a_last_axis_of_length_one(name, rng):
    predictions, targets = problem(name, rng, (5, 1))
    expected = LOSSES[name](Tensor(predictions), targets).item()
    for flat in (targets[:, 0], targets[:, 0].tolist(), Tensor(targets[:, 0])):
        assert LOSSES[name](Tensor(predictions), flat).item() == expected
    assert LOSSES[name](Tensor(predictions[:, 0]), targets[:, 0]).item() == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "cross_entropy"])
@pytest.mark.parametrize(
    ("predictions", "targets"), [((5,), (5, 1)), ((5, 2), (5,)), ((5, 1), (1,)), ((5, 1), ()), ((5, 2), (2,))]
)
def test_targets_of_another_shape_are_refused_and_never_broadcast(name, predictions, targets):
    message = rf"^{name}\(\) wants targets of the predictions' shape .* got"
    with pytest.raises(ShapeError, match=message):
        LOSSES[name](Tensor(np.ones(predictions)), np.ones(targets))


@every_loss
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_loss_keeps_the_dtype_of_the_predictions(name, dtype, rng):
    predictions, targets = problem(name, rng)
    x = Tensor(predictions, requires_grad=True, dtype=dtype)
    loss = LOSSES[name](x, targets)
    loss.backward()
    assert (loss.dtype, x.grad.dtype) == (dtype, dtype)
    if dtype == "float32":
        assert loss.item() == pytest.approx(LOSSES[name](Tensor(predictions), targets).item(), rel=1e-5)


def test_targets_are_not_rounded_to_the_dtype_of_integer_predictions():
    assert mse(Tensor([1, 2]), [1.5, 2.5]).item() == 0.25
    with pytest.raises(DataError, match=r"got 0\.5$"):
        binary_cross_entropy(Tensor([1, 2]), [0.5, 0])


@pytest.mark.parametrize("name", ["mse", "mae", "huber"])
def test_gradients_flow_into_targets_too(name, rng):
    predictions, targets = problem(name, rng, (4, 1))
    x, y = Tensor(predictions, requires_grad=True), Tensor(targets[:, 0], requires_grad=True)
    LOSSES[name](x, y).backward()
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
    (lambda x: cross_entropy(x, [0.0, 1.0, 1.0]),    DataError, r"wants integer labels, got dtype float64$"),
    (lambda x: cross_entropy(x, [True, False, True]), DataError, r"wants integer labels, got dtype bool$"),
    (lambda x: cross_entropy(x, [0, 1]),       ShapeError,
        r"^cross_entropy\(\) wants logits of shape \(rows, classes\) .* got shapes \(3, 2\) and \(2,\)$"),
    (lambda x: cross_entropy(x, [[0], [1], [1]]), ShapeError, r"\(3, 2\) and \(3, 1\)$"),
    (lambda x: cross_entropy(x[0], [0, 1]),    ShapeError, r"\(2,\) and \(2,\)$"),
    (lambda x: cross_entropy(x, 1),            ShapeError, r"\(3, 2\) and \(\)$"),
    (lambda x: mse(x, "abc"),                  TypeError,  "real numbers"),
]
# fmt: on


@pytest.mark.parametrize(("call", "kind", "message"), MISTAKES, ids=[message for *_, message in MISTAKES])
def test_mistakes_are_named(call, kind, message):
    with pytest.raises(kind, match=message):
        call(Tensor(np.zeros((3, 2)), requires_grad=True))


def test_integer_labels_come_as_lists_arrays_and_tensors(rng):
    logits, labels = problem("cross_entropy", rng)
    expected = cross_entropy(Tensor(logits), labels).item()
    for same in (labels.tolist(), tuple(labels), labels.astype("uint8"), Tensor(labels)):
        assert cross_entropy(Tensor(logits), same).item() == expected
