"""Inputs on disk or in blocks: memory maps as arrays, blocks in random order, in bounded memory."""

import subprocess
import sys
import threading
import time

import dask.array
import numpy as np
import pytest
import zarr
from trainings import NUMBERS, ROWS, curve_net, same_bits, small_net

from autograd.errors import DataError, OptionError, ShapeError
from autograd.nn import Layer, Module
from autograd.training import inputs, reading


class Chunked:
    """An array that is read in chunks, as those of h5py are, and notes what was read, and by which thread."""

    def __init__(self, array, rows, before=lambda start: None):
        self.array, self.before = array, before
        self.shape, self.dtype = array.shape, array.dtype
        self.chunks = (rows, *array.shape[1:])
        self.reads = []

    def __getitem__(self, rows):
        self.before(rows.start)
        self.reads.append((rows.start, rows.stop, threading.current_thread().name))
        return self.array[rows]


@pytest.fixture
def small_blocks(monkeypatch):
    """Chunks are not put together."""
    monkeypatch.setattr(inputs, "BLOCK_BYTES", 1)


def memory_map(path, array):
    mapped = np.memmap(path, array.dtype, "w+", shape=array.shape)
    mapped[:] = array
    return mapped


@pytest.mark.parametrize("piece", [None, 1, 400, 1 << 20])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"validation": 0.2},
        {"sample_weight": np.linspace(0.1, 2, 40)},
        {"batch_size": 40},
        {"optimizer": "lbfgs"},
        {"loss": lambda p, y: ((p - y) ** 2).mean()},
    ],
    ids=lambda options: "".join(options) or "plain",
)
def test_a_memory_map_trains_as_an_array_bit_for_bit(options, piece, tmp_path, monkeypatch):
    if piece is not None:  # else a map is too small to be read ahead
        monkeypatch.setattr(reading, "PIECE_BYTES", piece)
        monkeypatch.setattr(reading, "machine_memory", lambda: 0)
    options = {"epochs": 3, "batch_size": 7, "seed": 2} | options
    net, twin = small_net(), small_net()
    told = net.fit(memory_map(tmp_path / "X", ROWS), memory_map(tmp_path / "y", NUMBERS), **options)
    expected = twin.fit(ROWS, NUMBERS, **options)
    same_bits(net, twin)
    assert (told.loss, told.val_loss) == (expected.loss, expected.val_loss)


def test_a_map_is_read_ahead_by_another_thread_if_it_is_larger_than_half_of_the_memory(tmp_path, monkeypatch):
    threads = []
    taken = reading._taken

    def watched(data, rows):
        threads.append(threading.current_thread().name)
        return taken(data, rows)

    monkeypatch.setattr(reading, "_taken", watched)
    X = memory_map(tmp_path / "X", ROWS)
    small_net().fit(X, NUMBERS, epochs=1, batch_size=8)
    assert threads == []
    monkeypatch.setattr(reading, "machine_memory", lambda: 2 * ROWS.nbytes - 1)
    small_net().fit(X, NUMBERS, epochs=1, batch_size=8)
    assert set(threads) == {"autograd-reading_0"}
    threads.clear()
    small_net().fit(np.array(X), NUMBERS, epochs=1, batch_size=8)
    assert threads == []


def kinds(folder, X, rows):
    """The same inputs as arrays of libraries that read in chunks."""
    stored = zarr.create_array(store=str(folder / "X.zarr"), shape=X.shape, chunks=(rows, 2), dtype=X.dtype)
    stored[:] = X
    return {
        "zarr": stored,
        "dask": dask.array.from_array(X, chunks=(rows, 2)),
        "unequal": dask.array.from_array(X, chunks=((1, 25, 2, 12), 3)),
        "chunks": Chunked(X, rows),
    }


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("kind", ["zarr", "dask", "unequal", "chunks"])
def test_an_epoch_has_each_row_once_block_after_block_in_a_random_order(kind, tmp_path):
    X = kinds(tmp_path, ROWS, 9)[kind]
    batches = []

    def loss(p, y):
        batches.append(y[:, 0].astype(int).tolist())
        return (p * 0).sum()

    numbered = np.column_stack([np.arange(40.0)] * 2)
    small_net().fit(X, numbered, loss=loss, epochs=4, batch_size=6, seed=1)
    epochs = [batches[k : k + 7] for k in range(0, 28, 7)]
    orders = [[row for batch in epoch for row in batch] for epoch in epochs]
    edges = inputs.BlockedInputs(X, 3, "float64", "fit()").edges
    if kind != "unequal":
        assert edges == [0, 9, 18, 27, 36, 40]
    for epoch, order in zip(epochs, orders, strict=True):
        assert [len(batch) for batch in epoch] == [6] * 6 + [4]
        assert sorted(order) == list(range(40))
        blocks = np.searchsorted(edges, order, side="right")
        assert (np.diff(blocks) != 0).sum() == len(edges) - 2  # one block is left for good before the next
    assert len({tuple(order) for order in orders}) == 4
    assert any((ones := [row for row in order if row >= edges[-2]]) != sorted(ones) for order in orders)
    assert len({order[0] // 9 for order in orders}) > 1


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("weights", [None, np.linspace(0.1, 2, 40)], ids=["equal", "weighted"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_blocks_train_as_the_same_batches_do(dtype, weights, tmp_path):
    numbers = np.random.default_rng(3).permutation(40).astype(float)
    seen = []

    def loss(p, y):
        seen.append(y[:, 0].astype(int))
        return (p * 0).sum()

    X = dask.array.from_array(ROWS, chunks=(9, 3))
    options = {"epochs": 2, "batch_size": 6, "seed": 1}
    small_net().fit(X, np.column_stack([np.arange(40.0)] * 2), loss=loss, **options)
    net, twin = small_net(dtype=dtype), small_net(dtype=dtype)
    y = dask.array.from_array(NUMBERS * numbers[:, None], chunks=(7, 2))
    told = net.fit(X, y, sample_weight=weights, optimizer="sgd", lr=0.01, **options)
    scaled = np.ones(40) if weights is None else weights / weights.mean()
    losses = []
    for rows in seen:
        error = twin(ROWS[rows]) - np.asarray(y)[rows]
        value = (error**2 * scaled[rows, None].astype(dtype)).mean()
        twin.zero_grad()
        value.backward()
        twin.step(0.01)
        losses.append(value.item() * len(rows))
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(net.values, twin.values, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(told.loss, [sum(losses[:7]) / 40, sum(losses[7:]) / 40], rtol=tolerance)


@pytest.mark.usefixtures("small_blocks")
def test_validation_rows_in_blocks_and_one_input_count_as_arrays_do():
    X, y = ROWS[:, 0], NUMBERS[:, :1]
    blocked = dask.array.from_array(X, chunks=7)
    net, twin = curve_net(), curve_net()
    told = net.fit(X, y, validation=(blocked, y), epochs=3, seed=1)
    expected = twin.fit(X, y, validation=(X, y), epochs=3, seed=1)
    assert told.val_loss == expected.val_loss
    net.fit(blocked, y, epochs=2, seed=1)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("rows", [0, 1, 40, 3000])
def test_predict_reads_blocks_once_and_gives_what_it_gives_for_the_array(rows):
    X = np.random.default_rng(1).uniform(-1, 1, (rows, 3))
    blocked = Chunked(X, 700)
    np.testing.assert_array_equal(small_net().predict(blocked), small_net().predict(X))
    assert [r[0] for r in blocked.reads] == list(range(0, rows, 700))
    with pytest.raises(ShapeError, match=r"^predict\(\) wants X of shape \(rows, 3\), got \(40, 2\)"):
        small_net().predict(Chunked(ROWS[:, :2], 700))
    with pytest.raises(DataError, match="nan in X at row 33, column 1"):
        small_net().predict(Chunked(bad_rows(33, np.nan), 9))


@pytest.mark.usefixtures("small_blocks")
def test_a_module_of_ones_own_trains_on_blocks():
    class Small(Module):
        def __init__(self):
            self.layer = Layer(3, 2, "tanh")

        def __call__(self, X):
            return self.layer(X)

        def params(self):
            return self.layer.params()

    told = Small().fit(Chunked(ROWS, 9), np.tanh(NUMBERS), epochs=30, lr=0.05, seed=1)
    assert told.loss[-1] < told.loss[0] / 2


@pytest.mark.usefixtures("small_blocks")
def test_a_checkpoint_with_blocks_resumes_bit_for_bit_and_knows_other_rows(tmp_path):
    options = {"batch_size": 6, "seed": 1, "validation": (Chunked(ROWS[:7], 3), NUMBERS[:7])}
    net, twin, path = small_net(), small_net(), tmp_path / "kept.npz"
    net.fit(Chunked(ROWS, 9), NUMBERS, epochs=5, **options)
    twin.fit(Chunked(ROWS, 9), NUMBERS, epochs=2, checkpoint=path, **options)
    twin = small_net()
    twin.fit(Chunked(ROWS, 9), NUMBERS, epochs=5, checkpoint=path, **options)
    same_bits(net, twin)
    with pytest.raises(OptionError, match="X of the rows: then 40 rows"):
        twin.fit(Chunked(ROWS * 2, 9), NUMBERS, epochs=6, checkpoint=path, **options)


@pytest.mark.usefixtures("small_blocks")
def test_the_next_block_is_read_by_another_thread_while_this_one_is_trained_on():
    read_blocks, steps = threading.Semaphore(0), []
    main = threading.current_thread().name

    def before(start):
        if threading.current_thread().name != main:
            read_blocks.release()

    def lr(step):
        if step == 0:  # the first batch of the first block is at work
            assert read_blocks.acquire(timeout=10)
            assert read_blocks.acquire(timeout=10), "no block was read while the first was at work"
        steps.append(step)
        return 0.1

    X = Chunked(ROWS, 8, before)
    net = small_net()
    net.fit(X, NUMBERS, epochs=1, batch_size=4, lr=lr, optimizer="sgd", seed=1)
    assert steps == list(range(10))
    checked, read = X.reads[:5], X.reads[5:]
    assert [r[:2] for r in checked] == [(k, k + 8) for k in range(0, 40, 8)]
    assert sorted(r[:2] for r in read) == [r[:2] for r in checked]
    assert all(name.startswith("autograd-reading") for *_, name in read)


@pytest.mark.usefixtures("small_blocks")
def test_an_error_while_reading_is_raised_and_leaves_complete_steps_and_no_thread():
    reads = []

    def before(start):
        reads.append(start)
        if len(reads) == 5 + 5 + 3:  # checked, the first epoch, the third block of the second
            raise OSError("the disk is gone")

    net, twin, steps = small_net(), small_net(), []
    options = {"batch_size": 4, "optimizer": "sgd", "seed": 1}

    def lr(step):
        steps.append(step)
        return 0.1

    with pytest.raises(OSError, match="the disk is gone"):
        net.fit(Chunked(ROWS, 8, before), NUMBERS, epochs=3, lr=lr, **options)
    assert 10 <= len(steps) <= 14
    twin.fit(
        Chunked(ROWS, 8), NUMBERS, epochs=2, lr=lambda step: 0.1 if step < len(steps) else 0.0, **options
    )
    np.testing.assert_array_equal(net.values, twin.values)
    deadline = time.monotonic() + 10
    while any(t.name.startswith("autograd-reading") for t in threading.enumerate()):
        assert time.monotonic() < deadline


class Contiguous:
    """An array with chunks of None, as h5py has them where a dataset lies in one piece."""

    chunks = None
    shape, dtype = ROWS.shape, ROWS.dtype

    def __array__(self, dtype=None, copy=None):
        return ROWS


def test_inputs_without_chunks_are_read_as_a_whole():
    net, twin = small_net(), small_net()
    options = {"epochs": 2, "seed": 1, "validation": 0.2}
    net.fit(Contiguous(), NUMBERS, **options)
    twin.fit(ROWS, NUMBERS, **options)
    same_bits(net, twin)


def bad_rows(row, number):
    X = ROWS.copy()
    X[row, 1] = number
    return X


REFUSED = {
    "nan": (Chunked(bad_rows(33, np.nan), 9), {}, DataError, r"got nan in X at row 33, column 1$"),
    "too large": (
        Chunked(bad_rows(33, 1e60), 9),
        {"dtype": "float32"},
        DataError,
        "got a number in X that is too large for float32",
    ),
    "columns": (Chunked(ROWS[:, :2], 9), {}, ShapeError, r"X of shape \(rows, 3\), got \(40, 2\)$"),
    "rows": (Chunked(ROWS[:30], 9), {}, ShapeError, "a target in y for each of 30 rows"),
    "none": (Chunked(ROWS[:0], 9), {}, DataError, "at least one row of X, got none"),
    "share": (
        Chunked(ROWS, 9),
        {"validation": 0.2},
        OptionError,
        r"validation=0.2 would read single rows of X, .* in blocks; give rows as validation=\(X, y\)",
    ),
    "lbfgs": (
        Chunked(ROWS, 9),
        {"optimizer": "lbfgs"},
        OptionError,
        "^lbfgs needs all rows at once, and X is",
    ),
    "text": (Chunked(ROWS.astype(str), 9), {}, DataError, "fit.. wants X to be numbers, got "),
}


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("name", REFUSED)
def test_fit_refuses_blocks_that_it_cannot_train_on_and_changes_nothing(name):
    X, options, error, text = REFUSED[name]
    options = dict(options)
    net = small_net(dtype=options.pop("dtype", "float64"))
    before = net.values.copy()
    with pytest.raises(error, match=text):
        net.fit(X, NUMBERS, **options)
    np.testing.assert_array_equal(net.values, before)


def test_fit_refuses_a_dask_array_of_unknown_length():
    X = dask.array.from_array(ROWS, chunks=(9, 3))
    with pytest.raises(ShapeError, match=r"X of a known shape, got \(nan, 3\): X\.compute_chunk_sizes\(\)"):
        small_net().fit(X[X[:, 0] > 0], NUMBERS)


LIMITED = """
import random, resource, sys, threading
import numpy as np
from autograd.nn import Net
from autograd.training import reading

kind, path = sys.argv[1:]
rows = 400_000
if kind == "dask":
    import dask, dask.array
    dask.config.set(scheduler="synchronous")
net = Net(200, [8, 2], "relu", "linear", dtype="float32")
y = np.arange(rows) % 2
part = np.zeros((3000, 200), np.float32)
options = {"loss": "cross_entropy", "epochs": 1, "batch_size": 512, "seed": 1}
net.fit(part, y[:3000], **options)
reading.machine_memory = lambda: 0
X = np.memmap(path, "float32", "r", shape=(rows, 200))
if kind == "dask":
    X = dask.array.from_array(X, chunks=(20_000, 200))
    net.fit(X[:30_000], y[:30_000], **options)
with open("/proc/self/status") as status:
    used = next(int(line.split()[1]) for line in status if line.startswith("VmData")) * 1024
more = 64_000_000 if kind == "array" else 160_000_000
resource.setrlimit(resource.RLIMIT_DATA, (used + more, used + more))
if kind == "array":
    X = np.array(X)
history = net.fit(X, y, **options)
print(len(history.loss))
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the limit counts only memory of its own on Linux"
)
@pytest.mark.parametrize("kind", ["memory map", "dask", "array"])
def test_data_of_320_mb_are_trained_on_within_160_mb(kind, tmp_path):
    """The array, which needs them all, shows that the limit is one."""
    path = tmp_path / "rows"
    with path.open("wb") as file:
        file.truncate(400_000 * 200 * 4)  # zeros, which take no place on the disk
    done = subprocess.run([sys.executable, "-c", LIMITED, kind, str(path)], capture_output=True, text=True)
    if kind == "array":
        assert "MemoryError" in done.stderr
    else:
        assert done.stdout == "1\n", done.stderr
