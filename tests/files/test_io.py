"""Files: nets are loaded as saved, in both kinds and from all formats, and writes are atomic."""

import copy
import fcntl
import os
import pickle
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd
from autograd.errors import FileFormatError, MissingExtraError, OptionError
from autograd.files import io
from autograd.files.atomic import atomic_write, check_place
from autograd.nn import MLP, Net

SAVED = Path(__file__).parents[1] / "saved"
SUFFIXES = ("npz", "safetensors")
SCALES = {"mean": [0.1, 2.0], "names": ["a", "é"], "nested": {"none": None, "yes": True}}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_saved_net_is_loaded_with_the_same_bits(tmp_path, dtype, suffix):
    random.seed(1)
    net = Net(3, [4, 2], "tanh", "linear", dtype=dtype)
    net.values[:3] = np.nan, -0.0, np.inf
    net.save(tmp_path / f"net.{suffix}")
    again = Net.load(tmp_path / f"net.{suffix}")
    assert repr(again) == repr(net)
    assert again.architecture() == net.architecture()
    assert (again.dtype, again.preprocessing) == (net.dtype, None)
    assert again.values.tobytes() == net.values.tobytes()
    again.values = 0.5
    again.fit([[1, 2, 3]], [[0, 1]], epochs=1)  # its arrays are independent of the first net


# Values computed by hand from the weights, which are eighths and sixteenths
EIGHTHS, SIXTEENTHS = np.arange(13) / 8 - 0.75, np.arange(9) / 16 - 0.25


@pytest.mark.parametrize(
    ("name", "values", "activations", "preprocessing"),
    [
        ("format-1.npz", EIGHTHS, ["tanh", "linear"], None),
        ("format-1-table.npz", SIXTEENTHS, ["linear"], ("kind", ["a", "b", "c"], [0.5, 0.25])),
        ("format-2.npz", EIGHTHS, ["tanh", "linear"], {"mean": [3.5, 2.25], "names": ["a", "b"]}),
        ("format-2.safetensors", SIXTEENTHS, ["linear"], None),
    ],
)
def test_load_reads_every_earlier_file_format(name, values, activations, preprocessing):
    net = Net.load(SAVED / name)
    assert net.values.tobytes() == values.astype(net.dtype).tobytes()
    assert net.dtype == ("float64" if values is EIGHTHS else "float32")
    assert net.architecture()["activations"] == activations
    if isinstance(preprocessing, tuple):  # a model of the command line
        table = net.preprocessing
        assert (table["target"], table["classes"], table["spread"]) == preprocessing
    else:
        assert net.preprocessing == preprocessing
    x, y = 0.5, -1.0
    if values is EIGHTHS:
        hidden = [np.tanh(w * x + v * y + b) for w, v, b in values[:9].reshape(3, 3)]
        outputs = [values[9:12] @ hidden + values[12]]
    else:
        outputs = [w * x + v * y + b for w, v, b in values.reshape(3, 3)]
    np.testing.assert_allclose(net.predict([[x, y]])[0], outputs, rtol=1e-12)


def test_each_saved_file_of_an_earlier_format_is_read_by_a_test():
    assert {p.name for p in SAVED.iterdir()} == {
        *("format-1.npz", "format-1-table.npz", "format-2.npz", "format-2.safetensors"),
        *("format-1-flowers.npz", "format-1-line.npz"),  # the command line uses them in test_cli
        "format-2-checkpoint.npz",  # test_checkpoint resumes from it
    }


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_header_of_a_file_names_the_version_that_wrote_it_and_its_content(tmp_path, suffix):
    net = Net(2, [3, 1], "tanh", "linear", dtype="float32")
    net.save(tmp_path / f"net.{suffix}", preprocessing=SCALES)
    assert io.read_header(tmp_path / f"net.{suffix}") == {
        "format": "array-autograd 2",
        "version": autograd.__version__,
        "net": {"sizes": [2, 3, 1], "activations": ["tanh", "linear"], "dtype": "float32"},
        "preprocessing": SCALES,
    }


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_preprocessing_stays_with_a_net_in_files_and_copies(tmp_path, suffix):
    path, net = tmp_path / f"net.{suffix}", Net(2, [1])
    assert net.preprocessing is None
    net.save(path, preprocessing=SCALES)
    assert net.preprocessing == SCALES
    again = Net.load(path)
    again.save(path)
    for other in (again, Net.load(path), copy.deepcopy(net), pickle.loads(pickle.dumps(net)), copy.copy(net)):
        assert other.preprocessing == SCALES
    again.preprocessing = None
    again.save(path)
    assert Net.load(path).preprocessing is None


def test_preprocessing_that_is_changed_after_saving_is_not_changed_in_the_net(tmp_path):
    net, scales = Net(2, [1]), {"mean": [1.0, 2.0]}
    net.save(tmp_path / "net.npz", preprocessing=scales)
    scales["mean"][0] = 7.0
    assert net.preprocessing == Net.load(tmp_path / "net.npz").preprocessing == {"mean": [1.0, 2.0]}


CIRCLE = {}
CIRCLE["self"] = CIRCLE


@pytest.mark.parametrize(
    "wrong",
    [
        *(
            {"x": x}
            for x in ((1, 2), {3: 4}, np.zeros(2), float("nan"), float("inf"), {1}, b"x", "x" * (1 << 22))
        ),
        *(CIRCLE, {1: 2}, [1], "text", Net),
    ],
    ids=lambda wrong: str(wrong)[:20],
)
def test_save_refuses_preprocessing_that_json_cannot_hold_and_changes_nothing(tmp_path, wrong):
    net = Net(2, [1])
    net.preprocessing = SCALES
    with pytest.raises(
        OptionError, match=r"JSON's types|wants preprocessing to be a dict|a header has at most"
    ):
        net.save(tmp_path / "net.npz", preprocessing=wrong)
    assert net.preprocessing == SCALES
    assert list(tmp_path.iterdir()) == []


def test_save_refuses_an_array_as_preprocessing_with_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(OptionError, match=r"type ndarray is not JSON serializable; use \.tolist\(\)$"):
        Net(2, [1]).save(tmp_path / "net.npz", preprocessing={"mean": np.zeros(2)})
    with pytest.raises(OptionError, match=r"type set is not JSON serializable$"):
        Net(2, [1]).save(tmp_path / "net.npz", preprocessing={"mean": {1}})


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_load_takes_the_kind_of_a_file_from_its_first_bytes_not_from_its_name(tmp_path, suffix):
    net = Net(2, [1])
    net.save(tmp_path / f"net.{suffix}")
    for name in ("net", "net.safetensors", "net.npz"):
        (tmp_path / f"net.{suffix}").rename(tmp_path / name)
        np.testing.assert_array_equal(Net.load(tmp_path / name).values, net.values)
        suffix = name.partition(".")[2] or name
        (tmp_path / name).rename(tmp_path / f"net.{suffix}")


def test_numpy_and_safetensors_read_the_arrays_of_a_saved_net(tmp_path):
    import safetensors.numpy

    net = Net(2, [3, 1], dtype="float32")
    net.save(tmp_path / "net.NPZ")
    net.save(tmp_path / "net.SafeTensors")
    with np.load(tmp_path / "net.NPZ", allow_pickle=False) as arrays:
        numpys = {name: arrays[name] for name in arrays.files if name != "header"}
    for others in (numpys, safetensors.numpy.load_file(tmp_path / "net.SafeTensors")):
        assert others.keys() == net.state_dict().keys()
        for name, array in net.state_dict().items():
            np.testing.assert_array_equal(others[name], array)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_arrays_in_any_memory_layout_are_written_and_read_unchanged(tmp_path, suffix):
    table = np.arange(12.0).reshape(3, 4)
    arrays = {"turned": table.T, "part": table[::2, 1:], "swapped": table.astype(">f8"), "none": table[:0]}
    arrays["bytes"] = np.frombuffer(b"x", np.uint8)
    io.write(tmp_path / f"x.{suffix}", arrays, {})
    found = io.read(tmp_path / f"x.{suffix}")[0]
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array, strict=name != "swapped")


def test_a_safetensors_file_without_the_package_is_an_error_that_names_the_extra(tmp_path, monkeypatch):
    net = Net(2, [1])
    net.save(tmp_path / "net.safetensors")
    before = (tmp_path / "net.safetensors").read_bytes()
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    command = r"a safetensors file needs an optional dependency; .*: pip install '\.\[safetensors\]'"
    for call in (net.save, Net.load, check_place):
        with pytest.raises(MissingExtraError, match=command):
            call(tmp_path / "net.safetensors")
    assert (tmp_path / "net.safetensors").read_bytes() == before
    net.save(tmp_path / "net.npz")
    assert Net.load(tmp_path / "net.npz").N == [2, 1]


def test_save_keeps_the_given_file_name_and_replaces_an_old_file(tmp_path):
    path = tmp_path / "model"
    path.write_text("old")
    MLP(2, [3, 1]).save(str(path))
    assert [p.name for p in tmp_path.iterdir()] == ["model"]
    assert Net.load(path).nparams() == 13


def test_atomic_write_follows_a_link_and_keeps_the_mode_of_the_file(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "real").chmod(0o600)
    (tmp_path / "link").symlink_to("real")
    with atomic_write(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o600


def test_save_names_a_path_where_no_file_can_be_in_its_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    net = Net(1, [1])
    places = [
        (".", "that is a folder: '.'"),
        ("none/net", "'none'"),
        ("pipe", "'pipe'"),
        ("", "the file name is empty: ''"),
        ("/proc/x", "'/proc'"),
    ]
    for place, named in places:
        for call in (net.save, check_place):
            with pytest.raises(OSError, match=named + "$"):
                call(place)


def test_a_failed_atomic_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "kept.txt"
    path.write_bytes(b"old")

    def interrupted():
        with atomic_write(path) as file:
            file.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_saving_a_net_with_a_custom_activation_is_an_error_that_recommends_its_state_dict(tmp_path):
    with pytest.raises(OptionError, match="keep its state_dict"):
        Net(1, [1], lambda x: x * 2).save(tmp_path / "net.npz")
    assert list(tmp_path.iterdir()) == []


def test_loading_a_file_of_a_later_version_is_an_error_that_names_the_version(tmp_path, monkeypatch):
    path = tmp_path / "net.npz"
    monkeypatch.setattr(io, "FORMAT", "array-autograd 3")
    monkeypatch.setattr(io, "__version__", "9.1")
    Net(2, [1]).save(path)
    monkeypatch.undo()
    told = r"its format is 'array-autograd 3', of array-autograd 9\.1; this is .*, which reads 'array"
    for read in (Net.load, io.read_header):
        with pytest.raises(FileFormatError, match=told):
            read(path)


def test_loading_a_file_without_a_net_is_an_error_that_says_so(tmp_path):
    io.write(tmp_path / "x.npz", {"x": np.zeros(1)}, {})
    with pytest.raises(FileFormatError, match=r"x\.npz: there is no net in this file$"):
        Net.load(tmp_path / "x.npz")


def test_a_file_with_more_arrays_than_load_accepts_is_not_written(tmp_path):
    arrays = {f"layers.{k}.weight": np.zeros(1) for k in range(io.MOST_ARRAYS)}
    io.write(tmp_path / "x.npz", arrays, {})
    assert io.read(tmp_path / "x.npz")[0].keys() == arrays.keys()
    with pytest.raises(OptionError, match="a file has at most 10000 arrays, got 10001"):
        io.write(tmp_path / "x.npz", arrays | {"one more": np.zeros(1)}, {})


def test_the_next_write_of_a_file_removes_what_a_killed_process_has_left(tmp_path):
    code = f"""
import os, signal
from autograd.files import io
from autograd.files.atomic import atomic_write, check_place
with atomic_write({str(tmp_path / "x.npz")!r}) as file:
    file.write(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    for _ in range(2):  # the second removes what the first has left
        subprocess.run([sys.executable, "-c", code], cwd=Path(autograd.__file__).parent.parent)
        (left,) = tmp_path.iterdir()
        assert left.name.startswith(".saving-")
    Net(1, [1]).save(tmp_path / "y.npz")
    assert left.exists()  # it belongs to the write of another file
    Net(1, [1]).save(tmp_path / "x.npz")
    assert {p.name for p in tmp_path.iterdir()} == {"x.npz", "y.npz"}


def test_two_simultaneous_writes_of_one_file_do_not_disturb_each_other(tmp_path):
    path = tmp_path / "x"
    with atomic_write(path) as first:
        with atomic_write(path) as second:
            first.write(b"first")
            second.write(b"second")
        assert path.read_bytes() == b"second"
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_temporary_file_that_another_process_removes_is_created_again(tmp_path, monkeypatch):
    """Another process may remove the file between its creation and its lock."""
    lock, taken = fcntl.flock, []

    def late(file, how):
        if not taken and how == fcntl.LOCK_EX:
            taken.extend(tmp_path.iterdir())
            taken[0].unlink()
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with atomic_write(tmp_path / "x") as file:
        file.write(b"whole")
    assert len(taken) == 1
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"whole"]


def test_loading_a_missing_file_is_an_error_that_names_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        Net.load(tmp_path / "nowhere.npz")


class Named(MLP):
    """An MLP without its own __init__."""


class Own(Net):
    def __init__(self, hidden):
        super().__init__(2, [hidden, 1])
        self.hidden = hidden


@pytest.mark.parametrize("kind", [Net, MLP, Named])
def test_load_returns_an_instance_of_the_class_on_which_it_is_called(tmp_path, kind):
    net = MLP(2, [3, 1])
    net.save(tmp_path / "x.npz")
    again = kind.load(tmp_path / "x.npz")
    assert type(again) is kind
    assert again.values.tobytes() == net.values.tobytes()
    assert again([1, 2]).data == net([1, 2]).data


def test_load_on_a_class_with_other_arguments_is_an_error_that_says_so(tmp_path):
    path = tmp_path / "x.npz"
    Own(3).save(path)
    with pytest.raises(
        OptionError, match=r"makes an instance of Own with the arguments after the path.*'hidden'"
    ):
        Own.load(path)
    own = Own.load(path, 3)
    assert type(own) is Own
    np.testing.assert_array_equal(own.values, Net.load(path).values)
    with pytest.raises(OptionError, match=r"Own.load\(\) wants .*\[2, 4, 1\].*, the file has .*\[2, 3, 1\]"):
        Own.load(path, 4)
    with pytest.raises(OptionError, match=r"^Net.load\(\) wants the path alone"):
        Net.load(path, 3)
    assert type(Net.load(path)) is Net
    with pytest.raises(ValueError, match=r"sigmoid, sigmoid, are not an MLP's; use Net"):
        MLP.load(path)


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o000])
def test_a_new_file_has_the_mode_of_the_umask_and_the_umask_never_changes(tmp_path, monkeypatch, umask):
    path = tmp_path / "x.npz"
    before = os.umask(umask)
    try:
        with monkeypatch.context() as patch:
            patch.delattr(os, "umask")
            Net(1, [3, 1]).save(path)
            assert path.stat().st_mode & 0o777 == 0o666 & ~umask
            path.chmod(0o640)
            Net(1, [3, 1]).save(path)
        assert path.stat().st_mode & 0o777 == 0o640
    finally:
        os.umask(before)


def test_an_interrupt_just_after_the_rename_of_a_file_is_passed_on(tmp_path, monkeypatch):
    replace = os.replace

    def interrupted(*args):
        replace(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt), atomic_write(tmp_path / "x") as file:
        file.write(b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_bytes() == b"whole"
