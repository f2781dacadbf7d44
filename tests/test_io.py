"""Files: nets come back as they were, writing is all or nothing, reading runs nothing."""

import os
import pickle
import random
import zipfile

import numpy as np
import pytest

from autograd import io
from autograd.errors import FileFormatError, OptionError
from autograd.nn import MLP, Net


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_net_comes_back_as_it_was(tmp_path, dtype):
    random.seed(1)
    net = Net(3, [4, 2], "tanh", "linear", dtype=dtype)
    net.save(tmp_path / "net.npz")
    again = Net.load(tmp_path / "net.npz")
    assert repr(again) == repr(net)
    assert again.dtype == net.dtype
    np.testing.assert_array_equal(again.values, net.values)
    np.testing.assert_array_equal(again.predict([[1, 2, 3]]), net.predict([[1, 2, 3]]))


def test_the_name_is_kept_as_given_and_an_old_file_replaced(tmp_path):
    path = tmp_path / "model"
    path.write_text("old")
    MLP(2, [3, 1]).save(str(path))
    assert [p.name for p in tmp_path.iterdir()] == ["model"]
    assert Net.load(path).nparams() == 13


def test_a_link_is_followed_and_the_mode_of_a_file_kept(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "real").chmod(0o600)
    (tmp_path / "link").symlink_to("real")
    with io.atomic(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o600


def test_a_place_where_no_file_can_be_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    net = Net(1, [1])
    for place, named in ((".", "'.'"), ("none/net", "'none'"), ("pipe", "'pipe'"), ("", "''")):
        with pytest.raises(OSError, match=named):
            net.save(place)


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "kept.txt"
    path.write_bytes(b"old")

    def interrupted():
        with io.atomic(path) as file:
            file.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_net_with_a_function_as_activation_says_that_it_cannot_be_saved(tmp_path):
    with pytest.raises(OptionError, match="keep its state_dict"):
        Net(1, [1], lambda x: x * 2).save(tmp_path / "net.npz")
    assert list(tmp_path.iterdir()) == []


def saved(tmp_path):
    path = tmp_path / "net.npz"
    Net(2, [3, 1]).save(path)
    return path, path.read_bytes()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_an_error(tmp_path, share):
    path, content = saved(tmp_path)
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(FileFormatError, match=r"net\.npz: not a file that was saved here, or damaged"):
        Net.load(path)


def test_a_flipped_bit_is_an_error_or_changes_nothing(tmp_path, rng):
    path, content = saved(tmp_path)
    before = Net.load(path).values
    for place in rng.integers(0, len(content), 1000):
        damaged = bytearray(content)
        damaged[place] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            after = Net.load(path).values
        except FileFormatError:
            continue
        np.testing.assert_array_equal(after, before)


class Trap:
    def __reduce__(self):
        return exec, ("raise AssertionError('code in a file was run')",)


def test_a_file_of_another_kind_is_an_error_and_runs_no_code(tmp_path):
    path = tmp_path / "trap"
    for content in (pickle.dumps(Trap()), b"PK\x03\x04", b"", b"plain text"):
        path.write_bytes(content)
        with pytest.raises(FileFormatError):
            Net.load(path)
    with open(path, "wb") as file:
        np.savez(file, header=np.array([Trap()], dtype=object))
    with pytest.raises(FileFormatError):
        Net.load(path)
    with open(path, "wb") as file:
        np.savez(file, x=np.zeros(3))
    with pytest.raises(FileFormatError, match="no header of ours"):
        Net.load(path)


HEADER = {"sizes": [2, 1], "activations": ["tanh"], "dtype": "float64"}
ARRAYS = {"layers.0.weight": np.zeros((1, 2)), "layers.0.bias": np.zeros(1)}


@pytest.mark.parametrize(
    ("change", "arrays"),
    [
        ({"sizes": [2, -1]}, ARRAYS),
        ({"sizes": [2, 10**9]}, ARRAYS),
        ({"sizes": "ab"}, ARRAYS),
        ({"activations": []}, ARRAYS),
        ({"activations": ["no such"]}, ARRAYS),
        ({"dtype": "object"}, ARRAYS),
        ({}, {}),
        ({}, ARRAYS | {"layers.0.weight": np.zeros((1, 3))}),
        ({}, ARRAYS | {"layers.0.weight": np.array([["a", "b"]])}),
    ],
)
def test_a_header_that_makes_no_sense_is_an_error(tmp_path, change, arrays):
    io.write(tmp_path / "net.npz", arrays, {"net": HEADER | change})
    with pytest.raises(FileFormatError, match="not a net that was saved here"):
        Net.load(tmp_path / "net.npz")


def test_other_files_of_numpys_and_other_versions_are_told_apart(tmp_path, monkeypatch):
    path = tmp_path / "net.npz"
    with open(path, "wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(FileFormatError, match="it is no npz file"):
        Net.load(path)
    io.write(path, ARRAYS, {})
    with pytest.raises(FileFormatError, match="there is no net in this file"):
        Net.load(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("note.txt", "no array")
    with pytest.raises(FileFormatError, match="something else than arrays"):
        Net.load(path)
    monkeypatch.setattr(io, "FORMAT", "array-autograd 2")
    io.write(path, ARRAYS, {"net": HEADER})
    monkeypatch.undo()
    with pytest.raises(
        FileFormatError, match="its format is 'array-autograd 2', and 'array-autograd 1' is what"
    ):
        Net.load(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        Net.load(tmp_path / "nowhere.npz")
