"""Validation rows and patience of fit."""

import numpy as np
import pytest
from trainings import NUMBERS, ROWS, SCRIPT, TARGETS, by_hand, same_bits, scripted, small_net

from autograd import losses
from autograd.errors import (
    DataError,
)
from autograd.losses import LOSSES
from autograd.nn import Net
from autograd.optim import SGD, Adam

# Validation ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("share", [0.25, 0.01])
def test_a_validation_share_is_drawn_at_random_held_out_and_gives_a_loss_after_each_epoch(loss, share):
    net, twin, y = small_net(), small_net(), TARGETS[loss]
    held, kept = np.split(np.random.default_rng(5).permutation(40), [max(1, int(share * 40))])
    found = []

    def look(history):
        found.append(LOSSES[loss](net(ROWS[held]), y[held]).item())

    told = net.fit(
        ROWS, y, loss=loss, lr=0.02, epochs=3, batch_size=7, validation=share, seed=5, callbacks=[look]
    )
    assert told.val_loss == pytest.approx(found, rel=1e-12)
    rng = np.random.default_rng(5)
    rng.permutation(40)
    means = by_hand(twin, ROWS[kept], y[kept], Adam(twin, lr=0.02), 3, 7, rng, loss)
    same_bits(net, twin)
    assert told.loss == means


@pytest.mark.parametrize("rows", [1, 10, 1024, 1025, 2500])
@pytest.mark.parametrize("form", [tuple, list])
def test_a_validation_pair_gives_a_loss_after_each_epoch_and_is_not_learned(rows, form):
    net, twin = small_net(), small_net()
    X = np.random.default_rng(3).uniform(-1, 1, (rows, 3))
    pair = form([X, np.cos(X[:, :2])])
    found = []

    def look(history):
        found.append(np.mean((net.predict(X) - pair[1]) ** 2))

    told = net.fit(ROWS, NUMBERS, epochs=2, validation=pair, seed=5, alpha=0.1, callbacks=[look])
    assert told.val_loss == pytest.approx(found, rel=1e-12)  # without the penalty
    twins = twin.fit(ROWS, NUMBERS, epochs=2, seed=5, alpha=0.1)
    same_bits(net, twin)
    assert (told.loss, twins.val_loss) == (twins.loss, [])


def test_val_loss_is_the_weighted_mean_over_the_validation_rows():
    weights, net = np.arange(40) + 1.0, small_net()
    told = net.fit(
        ROWS, NUMBERS, lr=0.0, epochs=1, validation=0.25, sample_weight=weights, seed=3, batch_size=99
    )
    held, kept = np.split(np.random.default_rng(3).permutation(40), [10])
    for rows, found in ((held, told.val_loss), (kept, told.loss)):
        expected = losses.mse(net(ROWS[rows]), NUMBERS[rows], sample_weight=weights[rows]).item()
        assert found == pytest.approx([expected], rel=1e-12)


@pytest.mark.parametrize("learned", [True, False])
def test_a_validation_split_with_only_sample_weights_of_0_on_one_side_is_refused(learned):
    weights = np.full(40, 1.0 * learned)
    weights[np.random.default_rng(0).permutation(40)[:10]] = 1.0 - learned
    with pytest.raises(DataError):
        small_net().fit(ROWS, NUMBERS, sample_weight=weights, validation=0.25, seed=0, epochs=2)


# Patience --------------------------------------------------------------------------------------


@pytest.mark.parametrize("watched", ["training", "validation"])
@pytest.mark.parametrize(
    ("patience", "epochs", "ran", "best"),
    [(1, 9, 3, 1), (2, 9, 6, 3), (3, 9, 7, 3), (4, 9, 9, 8), (9, 9, 9, 8), (9, 6, 6, 3), (1, 1, 1, 0)],
)
def test_patience_ends_the_training_and_restores_the_weights_of_the_best_epoch(
    watched, patience, epochs, ran, best
):
    net = small_net()
    opt = SGD(net, lr=0.05, momentum=0.9)
    kept = []

    def keep(history):
        kept.append((net.values.copy(), opt.state()["memory"]))

    told = net.fit(
        ROWS,
        NUMBERS,
        loss=scripted(SCRIPT)[watched],
        optimizer=opt,
        epochs=epochs,
        batch_size=40,
        patience=patience,
        validation=(ROWS, NUMBERS) if watched == "validation" else None,
        callbacks=[keep],
        seed=0,
    )
    found = told.loss if watched == "training" else told.val_loss
    assert found == pytest.approx(SCRIPT[:ran], rel=1e-12)
    assert told.best == best
    np.testing.assert_array_equal(net.values, kept[best][0])
    np.testing.assert_array_equal(opt.state()["memory"], kept[best][1])
    assert opt.state()["steps"] == best + 1


def test_fit_without_patience_keeps_the_last_weights():
    net = small_net()
    told = net.fit(
        ROWS, NUMBERS, loss=scripted(SCRIPT)["training"], optimizer="sgd", epochs=3, batch_size=40, seed=0
    )
    twin = small_net()
    twin.fit(ROWS, NUMBERS, optimizer="sgd", epochs=3, batch_size=40, seed=0)
    np.testing.assert_allclose(net.values, twin.values, rtol=1e-12)
    assert told.best is None


@pytest.mark.parametrize("weights", ["balanced", {0: 3.0}, [1.0, 5.0]], ids=str)
@pytest.mark.parametrize("given", [False, True])
def test_other_validation_rows_count_with_the_weights_of_their_classes_and_their_own(weights, given):
    draw = np.random.default_rng(3)
    X, y = ROWS, (draw.random(40) < 0.2).astype(int)
    others, labels, own = (
        draw.normal(size=(9, 3)),
        np.array([0, 0, 1, 0, 1, 1, 1, 1, 1]),
        draw.uniform(1, 2, 9),
    )
    net = small_net()
    validation = (others, labels, own) if given else (others, labels)
    told = net.fit(X, y, loss="cross_entropy", class_weight=weights, validation=validation, epochs=1, seed=0)
    if weights == "balanced":  # of the training rows, which are what it is meant to balance
        table = 40 / (2 * np.bincount(y))
    else:
        table = np.array([weights[0], 1.0] if isinstance(weights, dict) else weights)
    total = table[labels] * (own if given else 1)
    outputs = net.predict(others)
    each = np.log(np.exp(outputs).sum(axis=1)) - outputs[np.arange(9), labels]
    assert told.val_loss == [pytest.approx((total * each).sum() / total.sum(), rel=1e-9)]


def test_patience_without_validation_rows_watches_the_loss_with_the_penalty():
    """A weight that grows, as the loss falls, may make both together worse."""
    net = Net(1, [1], "linear", init=lambda n_out, n_in: [[0.0]])
    told = net.fit([1.0], [3.0], optimizer="sgd", lr=0.1, alpha=50.0, epochs=60, patience=2, seed=0)
    together = np.add(told.loss, told.penalty)
    assert told.best == together.argmin()
    assert together.argmin() != np.argmin(told.loss)
    assert len(told.loss) < 60
