"""fit on batches that an iterable gives, and on arrays that are not copied: bits, errors, memory."""

import tracemalloc

import numpy as np
import pytest
from trainings import NUMBERS, ROWS, TARGETS, by_hand, same_bits, small_net

from autograd import losses
from autograd.errors import (
    DataError,
    OptionError,
    ShapeError,
    TrainingError,
    TrainingWarning,
)
from autograd.nn import Net
from autograd.optim import Adam

PARTS = [slice(0, 16), slice(16, 32), slice(32, 40)]
BATCHES = [(ROWS[part], NUMBERS[part]) for part in PARTS]


class Loader:
    """As PyTorch's data loaders are: __iter__ makes a new iterator."""

    def __iter__(self):
        return iter(BATCHES)


class Sequence:
    """Like a list, without __iter__."""

    def __len__(self):
        return len(BATCHES)

    def __getitem__(self, i):
        return BATCHES[i]


def generate():
    yield from BATCHES


SOURCES = {
    "list": lambda: BATCHES,
    "tuple": lambda: tuple(BATCHES),
    "loader": Loader,
    "sequence": Sequence,
    "function": lambda: generate,
    "lists": lambda: [(X.tolist(), y.tolist()) for X, y in BATCHES],
}


class InOrder:
    """A generator that draws the rows in their order."""

    def permutation(self, rows):
        return np.arange(rows)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("loss", ["mse", lambda p, y: losses.mse(p, y)], ids=["named", "own"])
def test_batches_of_an_iterable_give_the_bits_of_a_hand_written_loop(source, loss):
    net, twin = small_net(), small_net()
    told = net.fit(SOURCES[source](), loss=loss, lr=0.02, epochs=5)
    means = by_hand(twin, ROWS, NUMBERS, Adam(twin, lr=0.02), 5, 16, InOrder())
    same_bits(net, twin)
    assert told.loss == means


def test_a_generator_serves_for_one_epoch_and_is_refused_for_more():
    net, twin = small_net(), small_net()
    net.fit(generate(), epochs=1)
    twin.fit(BATCHES, epochs=1)
    same_bits(net, twin)
    with pytest.raises(
        OptionError, match=r"a generator, which gives its batches only once, and epochs=2; .*partial"
    ):
        net.fit(generate(), epochs=2)
    same_bits(net, twin)


def test_validation_callbacks_and_patience_go_with_batches():
    seen = []
    net = small_net()
    told = net.fit(
        BATCHES, epochs=50, validation=(ROWS[:9], NUMBERS[:9]), patience=3, callbacks=[seen.append]
    )
    assert len(seen) == len(told.val_loss) == len(told.loss)
    expected = losses.mse(net(ROWS[:9]), NUMBERS[:9]).item()
    assert told.val_loss[told.best] == pytest.approx(expected, rel=1e-12)


def test_the_weights_of_a_batch_are_its_third_part():
    draw = np.random.default_rng(2)
    weights = draw.uniform(0, 3, 40)
    labels = TARGETS["cross_entropy"]
    nets = small_net(), small_net()
    options = {"loss": "cross_entropy", "epochs": 3, "class_weight": {0: 2.0}}
    nets[0].fit([(ROWS[p], labels[p], weights[p]) for p in PARTS], **options)
    opt = Adam(nets[1])
    for _ in range(3):
        for p in PARTS:
            opt.zero_grad()
            loss = losses.cross_entropy(nets[1](ROWS[p]), labels[p], weights[p], {0: 2.0})
            loss.backward()
            opt.step()
    np.testing.assert_allclose(nets[0].values, nets[1].values, rtol=1e-12)


@pytest.mark.parametrize(
    ("batches", "options", "error", "message"),
    [
        (5, {}, OptionError, r"^fit\(\) without y wants an iterable of batches .*, got int$"),
        (ROWS[:, :2].tolist(), {}, DataError, "got rows of numbers; give y too$"),
        (ROWS, {}, DataError, r"^fit\(\) without y wants batches .*, got ndarray as batch 1$"),
        ([], {}, DataError, r"^fit\(\) wants at least one batch in each epoch, got none$"),
        ([(ROWS, NUMBERS), (ROWS,)], {}, DataError, r"got tuple as batch 2$"),
        (
            [BATCHES[0], (ROWS[:, :2], NUMBERS)],
            {},
            ShapeError,
            r"wants X of shape \(rows, 3\), got .* \(batch 2\)$",
        ),
        ([(ROWS, NUMBERS * np.nan)], {}, DataError, r"got nan in y at row 0, column 0 \(batch 1\)$"),
        ([(ROWS, [["a"] * 2] * 40)], {}, DataError, r"wants y to be numbers, got 'a' .*\(batch 1\)$"),
        (BATCHES, {"optimizer": "lbfgs"}, OptionError, "takes no optimizer='lbfgs', which needs all rows"),
        (BATCHES, {"sample_weight": [1]}, OptionError, "takes no sample_weight, which is a third part"),
        (BATCHES, {"validation": 0.5}, OptionError, r"takes no validation, unless it is \(X, y\)"),
        (BATCHES, {"checkpoint": "x.npz"}, OptionError, "takes no checkpoint, which compares the rows"),
        (BATCHES, {"class_weight": "balanced"}, OptionError, "takes no class_weight='balanced', which needs"),
    ],
)
def test_bad_batches_and_options_that_do_not_go_with_batches_are_errors(
    batches, options, error, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    net = small_net()
    before = net.values.copy()
    with pytest.raises(error, match=message):
        net.fit(batches, epochs=2, **options)
    assert (net.values == before).all() or len(batches) > 1  # the first batch may have been learned


def test_an_error_of_the_iterable_leaves_the_net_after_its_last_complete_step():
    def failing():
        yield BATCHES[0]
        raise OSError("the disk is gone")

    net, twin = small_net(), small_net()
    with pytest.raises(OSError, match="the disk is gone"):
        net.fit(failing, epochs=2)
    twin.fit(BATCHES[:1], epochs=1)
    same_bits(net, twin)


def test_a_loss_that_is_not_finite_names_the_batch():
    batches = [*BATCHES, (ROWS * 1e200, NUMBERS)]
    net = Net(3, [2], "linear")
    with pytest.raises(TrainingError, match="the loss became inf in epoch 1, batch 4,"):
        net.fit(batches, epochs=2)


def test_targets_out_of_reach_in_the_first_batch_are_told_of_at_the_line_of_the_call():
    y = np.full((16, 2), 0.5)
    y[0] = 3
    with pytest.warns(TrainingWarning, match="2 of 32 targets are out of reach") as told:
        Net(3, [2], "tanh").fit([(ROWS[:16], y)] * 3, epochs=2)
    assert [w.filename for w in told] == [__file__]


# Memory -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("options", [{}, {"validation": 0.25}, {"validation": 0.25, "patience": 2}], ids=str)
def test_fit_reads_rows_of_a_memmap_a_batch_at_a_time_and_copies_none(tmp_path, dtype, order, options):
    X = np.memmap(tmp_path / "X", dtype, "w+", shape=(60_000, 100), order=order)
    X[:] = np.random.default_rng(1).normal(size=X.shape)
    y = np.asarray(X[:, :1])
    net = Net(100, [4, 1], "tanh", "linear", dtype=dtype)
    net.fit(X[:256], y[:256], epochs=1)  # a Program takes its memory once
    tracemalloc.start()
    try:
        before = X.copy().nbytes  # what tracemalloc counts, for comparison
        assert tracemalloc.get_traced_memory()[1] > 0.9 * before
        tracemalloc.reset_peak()
        base = tracemalloc.get_traced_memory()[0]
        told = net.fit(X, y, epochs=2, batch_size=64, seed=1, **options)
        peak = tracemalloc.get_traced_memory()[1] - base
    finally:
        tracemalloc.stop()
    assert told.loss[1] < told.loss[0]
    assert peak < 0.25 * X.nbytes


def test_a_memmap_and_an_array_give_the_same_bits(tmp_path):
    X = np.memmap(tmp_path / "X", float, "w+", shape=ROWS.shape)
    X[:] = ROWS
    nets = small_net(), small_net()
    for net, rows in zip(nets, (X, ROWS), strict=True):
        net.fit(rows, NUMBERS, epochs=3, validation=0.2, seed=1)
    same_bits(*nets)
