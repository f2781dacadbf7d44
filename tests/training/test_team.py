"""`fit(comm=...)`: trainings that processes share by MPI equal those of one process with all rows."""

import importlib.util
import os
import pickle
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from shared_training import CASES, NUMBERS, ROWS, WEIGHTS, data_of, net_of, options_of, parts
from trainings import OPTIONS, small_net

from autograd import Tensor
from autograd.errors import OptionError
from autograd.losses import LOSSES
from autograd.optim import OPTIMIZERS, clip_gradient

HERE = Path(__file__).parent
with_mpi = pytest.mark.skipif(
    importlib.util.find_spec("mpi4py") is None, reason="mpi4py is not installed; the extra mpi installs it"
)
every_size = pytest.mark.parametrize("ranks", [1, 2, 3, 4])


def started(ranks, case, folder, *arguments):
    """A job of so many processes."""
    mpiexec = Path(sys.executable).parent / "mpiexec"
    paths = os.pathsep.join([str(HERE.parents[1]), str(HERE.parent)])
    command = [str(mpiexec), "-n", str(ranks), sys.executable, "-m", "mpi4py"]
    return subprocess.Popen(
        [*command, str(HERE / "shared_training.py"), case, str(folder), *arguments],
        env={**os.environ, "PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def shared(ranks, case, folder, *arguments):
    """What each rank has found, and what was printed."""
    job = started(ranks, case, folder, *arguments)
    try:
        printed, _ = job.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        os.killpg(job.pid, signal.SIGKILL)
        raise
    assert job.returncode == 0, printed
    return [pickle.loads((folder / f"{rank}.pickle").read_bytes()) for rank in range(ranks)], printed


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    """A function that runs a case once for each number of ranks."""
    found = {}

    def run(case, ranks):
        if (case, ranks) not in found:
            found[case, ranks] = shared(ranks, case, tmp_path_factory.mktemp(case))[0]
        return found[case, ranks]

    return run


class Orders:
    """The order of the rows of each rank in each epoch, as `Team` draws it."""

    def __init__(self, seed, ranks):
        self.common, self.ranks = np.random.default_rng(seed), parts(ranks)
        self.keys()

    def keys(self):
        if len(self.ranks) == 1:
            return [self.common]
        key = int(self.common.integers(2**63))
        return [np.random.default_rng([key, rank]) for rank in range(len(self.ranks))]

    def batches(self, size):
        """The rows of each joint batch of an epoch."""
        orders = [
            own[rng.permutation(len(own))] if size < len(own) else own
            for rng, own in zip(self.keys(), self.ranks, strict=True)
        ]
        for first in range(0, max(map(len, orders)), size):
            yield np.concatenate([order[first : first + size] for order in orders])


def weights_of(options, y):
    """The weight of each row, with a mean of 1."""
    weights = options.get("sample_weight", np.ones(len(y)))
    classes = options.get("class_weight")
    if classes == "balanced":
        counts = np.bincount(y, minlength=2)
        weights = weights * (len(y) / (2 * counts))[y]
    elif classes is not None:
        weights = weights * np.array([classes[0], classes[1]])[y]
    return weights / weights.mean()


def by_hand(name, ranks):
    """The training of one process with all rows, on the batches that the ranks make together."""
    X, y = data_of(name)
    options = options_of(name)
    net = net_of(name, 1)
    X, y = X.astype(net.values.dtype), y.astype(net.values.dtype) if y.dtype.kind == "f" else y
    kind, lr = options.get("optimizer", "adam"), options.get("lr")
    opt = (
        OPTIONS[kind](net) if "optimizer" in options else OPTIMIZERS[kind](net, **({"lr": lr} if lr else {}))
    )
    loss, weights = options.get("loss", "mse"), weights_of(options, y).astype(net.values.dtype)
    orders, told, lowest, best = Orders(options["seed"], ranks), ([], [], [], []), np.inf, None
    keep = None

    def value_of(rows, X=X, y=y, weights=weights):
        p = net(Tensor(X[rows]))
        if callable(loss):
            return loss(p, y[rows])
        each = LOSSES[loss].each(p, Tensor(y[rows]))
        return (each * weights[rows].reshape((-1,) + (1,) * (each.ndim - 1))).mean()

    def gradient(rows):
        value, penalty = value_of(rows), net.penalty(options.get("alpha", 0.0)) if options.get("alpha") else 0
        net.zero_grad()
        (value + penalty).backward()
        return value, penalty

    for epoch in range(options["epochs"]):
        sums = np.zeros(3)
        if kind == "lbfgs":
            value = opt.step(lambda: gradient(np.arange(len(X)))[0])
            sums += 1, value, 0
        else:
            for rows in orders.batches(options["batch_size"]):
                value, penalty = gradient(rows)
                sums += len(rows) * np.array([1, value.item(), getattr(penalty, "data", 0)])
                if "clip" in options:
                    clip_gradient(net, options["clip"])
                opt.step()
        told[0].append(sums[1] / sums[0])
        told[1].append(sums[2] / sums[0])
        told[3].append(opt.last_lr)
        if "validation" in options:
            V, v, *w = options["validation"]
            w = w[0] / w[0].mean() if w else np.ones(len(V))
            told[2].append(value_of(slice(None), V, v, w).item())
            if told[2][-1] < lowest:
                lowest, best, keep = told[2][-1], epoch, net.values.copy()
            elif epoch - best >= options["patience"]:
                break
    return (net.values if keep is None else keep), told, best


@with_mpi
@every_size
@pytest.mark.parametrize("name", CASES)
def test_processes_with_parts_of_the_rows_train_as_one_with_all(name, ranks, jobs):
    found = [result[name] for result in jobs("equal", ranks)]
    values, told, best = by_hand(name, ranks)
    tolerance = 1e-5 if name == "float32" else 1e-10
    for one in found:
        np.testing.assert_array_equal(one["values"], found[0]["values"])
        np.testing.assert_allclose(one["values"], values, rtol=tolerance, atol=tolerance)
        assert one["best"] == best
        assert one["told"] == found[0]["told"]
        for mine, other in zip(one["told"], told, strict=True):
            np.testing.assert_allclose(mine, other, rtol=tolerance)


@with_mpi
def test_one_process_with_a_communicator_trains_as_without_bit_for_bit(jobs):
    (found,) = jobs("equal", 1)
    for name in CASES:
        net, (X, y), options = net_of(name, 1), data_of(name), options_of(name)
        if options.get("optimizer") in OPTIONS:
            options["optimizer"] = OPTIONS[options["optimizer"]](net)
        history = net.fit(X, y, **options)
        np.testing.assert_array_equal(found[name]["values"], net.values, err_msg=name)
        assert found[name]["told"] == (history.loss, history.penalty, history.val_loss, history.lr), name


@with_mpi
@every_size
@pytest.mark.parametrize("weighted", [False, True])
def test_batches_from_iterables_are_joined_and_ranks_may_have_fewer(weighted, ranks, jobs):
    own = [[p[k : k + 4] for k in range(0, len(p), 4)] for p in parts(ranks)]
    joint = [np.concatenate([o[k] for o in own if k < len(o)]) for k in range(max(map(len, own)))]
    batches = [(ROWS[rows], NUMBERS[rows], *([WEIGHTS[rows]] if weighted else [])) for rows in joint]
    net = small_net(1)
    history = net.fit(batches, epochs=3, optimizer="sgd", lr=0.1)
    for found in jobs("streams", ranks):
        result = found["weighted" if weighted else "plain"]
        np.testing.assert_allclose(result["values"], net.values, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(result["told"][0], history.loss, rtol=1e-10)


SAID = {  # the type and the text of the error on the rank that fails, and on the others
    "nan in the data": (
        "DataError",
        "got nan in X at row 7, column 1",
        "DataError",
        r"column 1 \(on rank 1\)",
    ),
    "no rows": ("DataError", "one row of X, got none", "DataError", r"got none \(on rank 1\)"),
    "loss": (
        "TrainingError",
        "the loss became inf in epoch 1, batch ",
        "TrainingError",
        "the loss became inf",
    ),
    "callback": ("ZeroDivisionError", "", "RankError", "rank 1 has ended .*: ZeroDivisionError: division by"),
    "learning rate": ("ZeroDivisionError", "", "RankError", "rank 1 has ended .*: ZeroDivisionError: "),
    "stream": ("LookupError", "the disk is gone", "RankError", "rank 1 has ended .*: LookupError: the disk"),
    "empty stream": ("DataError", "one batch in each epoch, got none", "DataError", r"\(on rank 1\)"),
    "a weight": ("TrainingError", "a weight became inf", "TrainingError", "a weight became inf"),
    "a local error": ("OwnError", "mine", "RankError", "rank 1 has ended .*: OwnError: mine"),
    "own loss": ("ZeroDivisionError", "", "RankError", "rank 1 has ended .*: ZeroDivisionError: "),
    "file": ("RankError", "rank 0 has ended .*: FileNotFoundError: ", "FileNotFoundError", "no such folder"),
}
DIFFERENT = {
    "sizes": r"sizes: \[3, 5, 2\] on rank 0, \[3, 4, 2\] on rank 1",
    "dtype": "got dtype: float64 on rank 0, float32 on rank 1$",
    "activation": "got activations: tanh, linear on rank 0, relu, linear on rank 1$",
    "seed": "got seed: 4 on rank 0, 5 on rank 1$",
    "optimizer": r"optimizer: Adam\(.*\) on rank 0, SGD\(.*\) on rank 1",
    "options": "alpha: 0.0 on rank 0, 0.1 on rank 1; epochs: 3 on rank 0, 4 on rank 1",
    "validation": r"got validation: 0.2 on rank 0, \(X, y\) on rank 1$",
    "weights of validation": r"got validation: \(X, y\) on rank 0, \(X, y, sample_weight\) on rank 1$",
    "weights of validation of batches": r"got validation: \(X, y\) on rank 0, \(X, y, sample_weight\) on",
}


@with_mpi
@pytest.mark.parametrize("ranks", [2, 3])
@pytest.mark.parametrize("name", SAID)
def test_an_error_on_one_rank_ends_the_training_of_all(name, ranks, jobs):
    *others, failed = [found[name] for found in jobs("errors", ranks)]
    kind, text, other_kind, other_text = (t.replace("rank 1", f"rank {ranks - 1}") for t in SAID[name])
    for (told, _), expected in [(failed, (kind, text)), (others[0], (other_kind, other_text))]:
        assert told is not None
        assert told[0] == expected[0]
        assert re.search(expected[1], told[1]), told
    if name != "learning rate":  # which ends a step on one rank, while the others complete it
        assert np.isfinite(failed[1]).all()
        for _, values in others:
            np.testing.assert_array_equal(values, failed[1])


@with_mpi
@pytest.mark.parametrize("name", DIFFERENT)
def test_ranks_that_were_started_differently_are_told_before_the_training(name, jobs):
    found = [one[name] for one in jobs("errors", 2)]
    for kind, text in (error for error, _ in found):
        assert kind == "OptionError"
        assert re.search(r"^fit\(comm=\.\.\.\) wants the same on all ranks, got ", text)
        assert re.search(DIFFERENT[name], text), text
    if name == "seed":
        np.testing.assert_array_equal(found[0][1], small_net().values)


@with_mpi
@pytest.mark.parametrize("ranks", [2, 3])
def test_after_an_error_the_same_processes_can_train(ranks, jobs):
    for name in ("all right", "generators"):
        assert [found[name][0] for found in jobs("errors", ranks)] == [None] * ranks


@with_mpi
@pytest.mark.parametrize("ranks", [2, 3])
def test_one_rank_ends_the_training_of_all_after_the_same_step(ranks, jobs):
    found = jobs("endings", ranks)
    ends = {"callback": (2, False), "ctrl-c twice": (2, True), "ctrl-c while waiting": (1, True)}
    for name, (epochs, cut) in {**ends, "plateau": (5, False)}.items():
        for one in found:
            assert (len(one[name]["told"][0]), one[name]["cut"]) == (epochs, cut)
            np.testing.assert_array_equal(one[name]["values"], found[0][name]["values"])
    for name, steps in (("ctrl-c in a step", 12), ("ctrl-c in the last step", 40)):
        for one, counted in (result[name] for result in found):
            assert one["cut"]
            assert counted == steps
            np.testing.assert_array_equal(one["values"], found[0][name][0]["values"])


@with_mpi
def test_a_checkpoint_resumes_bit_for_bit_and_with_another_number_of_ranks(tmp_path):
    (straight,) = {one["values"].tobytes() for one in shared(2, "resumed", folder(tmp_path, "a"), "6")[0]}
    begun = folder(tmp_path, "b")
    half, _ = shared(2, "resumed", begun, "3")
    kept = (begun / "kept.npz").read_bytes()
    (again,) = {one["values"].tobytes() for one in shared(2, "resumed", begun, "6")[0]}
    assert again == straight
    for ranks in (1, 3, 4):
        (begun / "kept.npz").write_bytes(kept)
        found, _ = shared(ranks, "resumed", begun, "6")
        for one in found:
            assert one["told"][0][:3] == half[0]["told"][0]
            assert len(one["told"][0]) == 6
            np.testing.assert_array_equal(one["values"], found[0]["values"])
    (begun / "kept.npz").unlink()
    shared(1, "resumed", begun, "3")
    found, _ = shared(2, "resumed", begun, "6")  # one process began it
    assert [len(one["told"][0]) for one in found] == [6, 6]


@with_mpi
def test_a_checkpoint_of_other_rows_is_refused_on_all_ranks(tmp_path, monkeypatch):
    shared(2, "resumed", tmp_path, "3")
    found, _ = shared(2, "resumed", tmp_path, "6", "share")
    for text in found:
        assert re.search(
            r"is the checkpoint of another training: the validation rows, in any order: then", text
        )
    assert re.search(r"\(on rank 0\)$", found[1])


@with_mpi
@pytest.mark.parametrize("how", ["killed", "exit", "late"])
def test_the_end_of_one_process_ends_the_job_with_a_message(how, tmp_path):
    job = started(3, "killed", tmp_path, how)
    try:
        printed, _ = job.communicate(timeout=30)
    finally:
        if job.poll() is None:
            os.killpg(job.pid, signal.SIGKILL)
    assert job.returncode != 0
    message = {"late": "my rows are not there", "exit": "processes: SystemExit: 3"}.get(
        how, "BAD TERMINATION"
    )
    assert message in printed


@with_mpi
def test_only_the_first_rank_shows_the_progress(tmp_path):
    found, printed = shared(2, "shown", tmp_path)
    assert printed.splitlines() == [
        f"epoch {k + 1}/2  loss {loss:.4g}" for k, loss in enumerate(found[0]["told"][0])
    ]


@with_mpi
def test_the_example_trains_in_two_processes_by_the_command_of_the_documentation(tmp_path):
    page = (HERE.parents[1] / "docs" / "scaling.md").read_text()
    command = re.search(r"^mpiexec -n 2 (python -m mpi4py examples/several_processes\.py)$", page, re.M)
    ranks = Path(sys.executable).parent / "mpiexec", "-n", "2"
    done = subprocess.run(
        [*map(str, ranks), sys.executable, *command[1].split()[1:]],
        cwd=HERE.parents[1],
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert re.fullmatch(r"processes: 2, held-out digits read rightly: 9[78]\.\d%\n", done.stdout), done


@pytest.mark.parametrize("comm", [1, "world", object()])
def test_fit_refuses_what_is_no_communicator(comm):
    net = small_net()
    with pytest.raises(
        OptionError, match=r"^fit\(\) wants a communicator of mpi4py as comm, such as MPI.COMM_WORLD, got "
    ):
        net.fit(ROWS, NUMBERS, comm=comm)
    np.testing.assert_array_equal(net.values, small_net().values)


def folder(path, name):
    (path / name).mkdir()
    return path / name
