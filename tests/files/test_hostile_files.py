"""Damaged, foreign and malicious files: a clear error, no code is run, and no memory is taken."""

import io as streams
import json
import pickle
import random
import re
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from autograd.errors import FileFormatError, UnknownNameError
from autograd.files import io
from autograd.nn import Net

SUFFIXES = ("npz", "safetensors")
SPARE = 1 << 18  # bytes beside a file's own that Python's parsers may take to find out what it is


class Trap:
    """Its pickle reports if it is ever loaded."""

    def __reduce__(self):
        return exec, ("raise AssertionError('code in a file was run')",)


def what(net):
    """The content of a file: the architecture and the bytes of the parameters of its net."""
    return net.architecture(), net.preprocessing, net.values.tobytes()


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """Two nets in each kind of file: what they hold, by the bytes of the file."""
    folder, found = tmp_path_factory.mktemp("originals"), {}
    for suffix in SUFFIXES:
        for dtype in ("float64", "float32"):
            random.seed(suffix + dtype)
            net = Net(2, [3, 1], "tanh", "linear", dtype=dtype)
            net.save(folder / f"net.{suffix}", preprocessing={"mean": [3.5, 2.25], "names": ["a", "b"]})
            found[(folder / f"net.{suffix}").read_bytes()] = what(net)
    return found


# Ways of damaging: each takes bytes and a random.Random, and `two` another file's bytes as well


def flipped(content, draw):
    content = bytearray(content)
    for _ in range(draw.choice((1, 1, 1, 2, 5))):
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    return content


def truncated(content, draw):
    return content[: draw.randrange(len(content))]


def cut_out(content, draw):
    start = draw.randrange(len(content))
    return content[:start] + content[start + draw.randint(1, 64) :]


def doubled(content, draw):
    start = draw.randrange(len(content))
    stop = start + draw.randint(1, 200)
    return content[:stop] + content[start:stop] + content[stop:]


def overwritten(content, draw):
    start, count = draw.randrange(len(content)), draw.randint(1, 32)
    new = draw.choice((b"\0" * count, b"\xff" * count, draw.randbytes(count)))
    return content[:start] + new + content[start + count :]


def inserted(content, draw):
    start = draw.randrange(len(content))
    return content[:start] + draw.randbytes(draw.randint(1, 32)) + content[start:]


def huge_field(content, draw):
    """A huge or negative number where a length may be, such as after a signature."""
    width, high = draw.choice(((2, "<H"), (4, "<I"), (8, "<Q")))
    places = [i for sign in (b"PK", b"NUMPY", b"header", b"{") for i in found(content, sign)] + [0]
    place = min(draw.choice(places) + draw.randrange(50), len(content) - width)
    top = 256**width - 1
    new = struct.pack(high, draw.choice((top, top >> 1, (top >> 1) + 1, top - draw.randrange(99), 10**4)))
    return content[:place] + new + content[place + width :]


def huge_digits(content, draw):
    """A huge or negative number in place of digits in the text of a header."""
    place = draw.choice([i for i, c in enumerate(content) if chr(c).isdigit()])
    new = draw.choice((b"-1", b"999999999999", b"1e999", b"NaN", b"9" * 5000, b"[", b'"', b"-", b"0"))
    return content[:place] + new + content[place + draw.choice((1, len(new))) :]


def joined(content, draw, other):
    """The first part of one file and the last part of another."""
    place = draw.choice((len(content) // 2, draw.randrange(len(content))))
    return content[:place] + other[place + draw.choice((0, len(other) - len(content))) :]


def behind(content, draw, other):
    return draw.choice((content + other, pickle.dumps(Trap()) + content, content + pickle.dumps(Trap())))


def found(content, sign):
    places, start = [], content.find(sign)
    while start >= 0:
        places.append(start)
        start = content.find(sign, start + 1)
    return places


WAYS = [flipped, truncated, cut_out, doubled, overwritten, inserted, huge_field, huge_digits, joined, behind]


def test_each_of_10000_damaged_files_is_an_error_or_the_net_that_was_saved(originals, tmp_path):
    draw, path, refused, clear = random.Random(20260301), tmp_path / "net", 0, True
    path.touch()
    files = list(originals)
    tracemalloc.start()
    try:
        for k in range(10_000):
            way, content, other = WAYS[k % len(WAYS)], draw.choice(files), draw.choice(files)
            damaged = way(content, draw, other) if way in (joined, behind) else way(content, draw)
            with open(path, "r+b") as file:  # some file systems flush what replaces a whole file
                file.write(damaged)
                file.truncate()
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            try:
                net = Net.load(path)
            except FileFormatError as error:
                refused += 1
                taken = tracemalloc.get_traced_memory()[1] - before
                assert taken < len(damaged) + SPARE, (way, taken)
                clear = clear and str(error).startswith(f"{path}: ")
            else:
                assert what(net) in (originals[content], originals[other]), (k, way)
    finally:
        tracemalloc.stop()
    assert clear
    assert 8_000 < refused < 10_000  # some mutations change nothing that is read, such as a date


# Files made by hand, one for each thing that could be tried ---------------------------------------

ARRAYS = {"layers.0.weight": np.zeros((1, 2)), "layers.0.bias": np.zeros(1)}
NET = {"sizes": [2, 1], "activations": ["tanh"], "dtype": "float64"}


def npy(array, **options):
    stream = streams.BytesIO()
    np.lib.format.write_array(stream, array, **options)
    return stream.getvalue()


def text(header):
    return header if isinstance(header, bytes) else json.dumps(header).encode()


def zipped(members, compression=zipfile.ZIP_STORED):
    """A zip file of members by name, or by their ZipInfo."""
    stream = streams.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def npz(header=None, **members):
    """An npz file like those of ours, but for what is given."""
    header = {"format": io.FORMAT, "net": NET} if header is None else header
    named = {"header": npy(np.frombuffer(text(header), np.uint8))}
    named |= {name: npy(array) for name, array in ARRAYS.items()} | members
    return zipped({f"{name}.npy": content for name, content in named.items()})


def npy_saying(said, content=b"\0" * 16):
    said = said.encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(said)) + said + content


def weight(said):
    return npz(**{"layers.0.weight": npy_saying(said)})


def link(name, target):
    member = zipfile.ZipInfo(name)
    member.create_system, member.external_attr = 3, 0o120777 << 16
    return zipped({"header.npy": npy(np.frombuffer(text({"format": io.FORMAT}), np.uint8)), member: target})


def directory(entries, name=b"x.npy"):
    """A zip file that lists one array so many times."""
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0) + name
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, *[0] * 7, len(name), *[0] * 6) + name
    size = len(entry) * entries
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, *[min(entries, 65535)] * 2, size, len(local), 0)
    return local + entry * entries + end


def overlapping():
    """A thousand arrays that are the same megabyte of the file."""
    content = npz(x=npy(np.zeros(1 << 17)))
    start, end = content.index(b"PK\1\2"), content.index(b"PK\5\6")
    last = content[content.rindex(b"PK\1\2") : end]
    more = b"".join(last.replace(b"x.npy", b"%05d.npy" % i).replace(b"\5\0", b"\11\0", 1) for i in range(999))
    size = end - start + len(more)
    return content[:end] + more + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1003, 1003, size, start, 0)


def zip64_end(content):
    end = content.index(b"PK\5\6")
    return content[:end] + b"PK\6\7".ljust(20, b"\0") + content[end:]


def tensors(infos, body=b"", length=None, **metadata):
    said = text(infos if isinstance(infos, bytes) else {"__metadata__": metadata, **infos})
    return struct.pack("<Q", len(said) if length is None else length) + said + body


def tensor(dtype="F64", shape=(1,), offsets=(0, 8)):
    return {"x": {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}}


ITS_OWN_WORDS = "deserializing header"  # errors that the safetensors package finds have its own messages
BOMB = npy(np.zeros(1 << 20))
GOOD = "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }"
SAYS = {
    "a million million numbers": "(1000000, 1000000)",
    "fewer numbers": "(1, 1)",
    "more digits than fit": f"({'9' * 40}, 0)",
    "two shapes": "(1 2)",
}
UNREAD = {
    "a negative shape": GOOD.replace("(1, 2)", "(-1, -2)"),
    "objects": GOOD.replace("<f8", "|O"),
    "whole numbers": GOOD.replace("<f8", "<i8"),
    "fields": GOOD.replace("'<f8'", "[('a', '<f8')]"),
    "the other order": GOOD.replace("False", "True"),
    "code": GOOD.replace("(1, 2)", "(exec('raise AssertionError'), 2)"),
    "nesting": GOOD.replace("(1, 2)", "(" * 60 + "1" + ")" * 60),
    "long digits": GOOD.replace("1, 2", "1" * 60_000),
}

CASES = {
    "nothing": (b"", "it is empty"),
    "text": (b"plain text", "neither an npz nor a safetensors file"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "neither an npz nor"),
    "an npy file": (npy(np.zeros(3)), "neither an npz nor"),
    "a pickle": (pickle.dumps(Trap()), "looks like a pickle, which could run code and is never read"),
    "an old pickle": (pickle.dumps(Trap(), 0), "neither an npz nor"),
    "the start of a zip file": (b"PK\3\4", "its end is missing"),
    "a zip file and then a pickle": (npz() + pickle.dumps(Trap()), "its end is missing"),
    "a zip file with a comment": (npz()[:-2] + b"\x01\0x", "its end is missing"),
    "other arrays": (zipped({"x.npy": npy(np.zeros(3))}), "it has no header written by array-autograd"),
    "no arrays": (zipped({"note.txt": "hello"}), "'note.txt' in it is not the name of an array"),
    "a pickle in an npz file": (npz(x=pickle.dumps(Trap())), "'x.npy' in it is not an array of float64"),
    "an array of objects": (
        npz(x=npy(np.array([Trap()], object))),
        "'x.npy' in it is not an array of float64",
    ),
    "a header of objects": (npz(header=npy(np.array([Trap()], object))), "codec"),
    "a later kind of npy": (
        npz(x=npy(np.zeros(3), version=(2, 0))),
        "'x.npy' in it is not an array of float64",
    ),
    "a link": (link("x.npy", "/etc/passwd"), "'x.npy' in it is not an array of float64"),
    "a bomb": (zipped({"x.npy": BOMB}, zipfile.ZIP_DEFLATED), "'x.npy' in it is compressed"),
    "a bomb that hides": (
        zipped({"x.npy": BOMB}, zipfile.ZIP_DEFLATED).replace(b"\x08\0\0\0!\0", b"\0\0\0\0!\0"),
        "'x.npy' in it is compressed",
    ),
    "arrays in one another": (
        overlapping(),
        "it says that its arrays have [0-9]{10} bytes, but the file has only [0-9]{7}",
    ),
    "a directory of thirty thousand": (directory(30_000), "it lists more arrays than array-autograd writes"),
    "a directory of the same name": (directory(3), "two arrays in it have the same name"),
    "an end for four gigabytes": (zip64_end(npz()), "it lists more arrays than array-autograd writes"),
    "a password": (npz().replace(b"PK\1\2\x14\3\x14\0\0", b"PK\1\2\x14\3\x14\0\1"), "encrypted"),
    "a length of nothing": (tensors({}, length=0), ITS_OWN_WORDS),
    "a length of all there can be": (
        tensors({}, length=2**64 - 1),
        "says that its header has 18446744073709551615",
    ),
    "a length just over the file": (
        tensors({}, length=100),
        "it says that its header has 100 bytes, but the file has 28",
    ),
    "no header of ours": (tensors(tensor(), b"\0" * 8), "it has no header written by array-autograd"),
    "metadata of another kind": (tensors({}, format="pt"), "it has no header written by array-autograd"),
    "no checksum": (tensors({}, header="{}"), "'header' in it does not have its checksum"),
    "a negative size": (tensors(tensor(shape=[-1]), b"\0" * 8), ITS_OWN_WORDS),
    "a size beyond all": (tensors(tensor(shape=[2**62, 4]), b"\0" * 8), ITS_OWN_WORDS),
    "numbers that are not there": (tensors(tensor(offsets=[0, 10**12]), b"\0" * 8), ITS_OWN_WORDS),
    "a hole": (tensors(tensor(offsets=[8, 16]), b"\0" * 16), ITS_OWN_WORDS),
    "bytes at the end": (tensors(tensor(), b"\0" * 9), ITS_OWN_WORDS),
    "deep nesting": (tensors(b'{"a":' * 100_000), ITS_OWN_WORDS),
    "lists in lists": (npz(header=b"[" * 100_000), "recursion"),
    "a header that is too long": (
        npz(header=b" " * ((1 << 22) + 1)),
        "its header must have at most 4194304 bytes, and has 4194305",
    ),
    "a header with nan": (
        npz(header={"format": io.FORMAT, "net": float("nan")}),
        "its header holds NaN, which is not a number in JSON",
    ),
    "a header that is no dict": (npz(header=[io.FORMAT]), "its header was not written by array-autograd"),
    "a header with too many digits": (npz(header=b'{"format": ' + b"1" * 5000 + b"}"), "digits"),
    "a header in no text": (npz(header=b"\xff\xfe\xfd"), "codec"),
    "a format that is no text": (npz(header={"format": 2}), "its header was not written by array-autograd"),
    **{
        f"a folder by {name!r}": (zipped({name: npy(np.zeros(3))}), "is not the name of an array")
        for name in (
            "../x.npy",
            "/tmp/x.npy",
            "a/x.npy",
            "..\\x.npy",
            "C:\\x.npy",
            "C:x.npy",
            "x.npy/",
            "é.npy",
        )
    },
    **{
        said: (weight(GOOD.replace("(1, 2)", shape)), "should have shape|invalid literal")
        for said, shape in SAYS.items()
    },
    **{
        said: (weight(whole), "'layers.0.weight.npy' in it is not an array of float64")
        for said, whole in UNREAD.items()
    },
}


@pytest.mark.parametrize("case", CASES)
def test_a_malicious_file_is_a_clear_error_and_takes_no_memory(case, tmp_path):
    content, message = CASES[case]
    path = tmp_path / "net.npz"
    path.write_bytes(content)
    with pytest.raises(FileFormatError):
        Net.load(path)  # imports what it needs
    tracemalloc.start()
    try:
        with pytest.raises(
            FileFormatError,
            match=rf"net\.npz: not a file written by array-autograd, or damaged: .*({message})",
        ):
            Net.load(path)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert taken < len(content) + SPARE
    assert list(tmp_path.iterdir()) == [path]


def test_the_handmade_files_without_their_malicious_part_are_read(tmp_path):
    (tmp_path / "net").write_bytes(npz())
    assert Net.load(tmp_path / "net").N == [2, 1]
    (tmp_path / "net").write_bytes(weight(GOOD))
    assert Net.load(tmp_path / "net").N == [2, 1]


LAYER = "its layer 0 is not"
COUNTS = "do not agree"


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("header", "message"),
    [
        *(
            (net, "its architecture has no list of '(sizes|activations)'")
            for net in (None, 5, "net", [], {}, {"sizes": [2, 1]})
        ),
        *(
            (NET | {"sizes": n}, "a size must be a whole number")
            for n in ([2, -1], [2, 1.0], ["2", "1"], [2, True])
        ),
        *((NET | {"sizes": n}, "no list of 'sizes'") for n in (None, 2, "ab")),
        *((NET | {"sizes": n}, LAYER) for n in ([2, 10**9], [10**9, 1], [1, 2], [2, 10**400])),
        *((NET | {"sizes": n}, COUNTS) for n in ([], [2], [2, 1, 1], [1] * 100_000)),
        (NET | {"sizes": [1] * 10_001, "activations": ["tanh"] * 10_000}, COUNTS),
        (NET | {"activations": []}, COUNTS),
        *(
            (NET | {"dtype": d}, "dtype must be|no str of 'dtype'")
            for d in ("object", "float16", None, 8, ["float64"], {}, [["a", "b"]])
        ),
        (NET | {"dtype": "float32"}, LAYER),
    ],
)
def test_a_header_that_contradicts_the_arrays_is_an_error_and_takes_no_memory(
    tmp_path, suffix, header, message
):
    path = tmp_path / f"net.{suffix}"
    io.write(path, ARRAYS, {"net": header})
    tracemalloc.start()
    try:
        with pytest.raises(FileFormatError, match=rf"not a net that was saved here: .*{message}"):
            Net.load(path)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (
        taken < 12 * path.stat().st_size + SPARE
    )  # 8 bytes of a list for "1," and twice that while it grows


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", ["no such", ["tanh"], None])
def test_a_net_whose_activation_is_not_known_names_it_when_loaded(tmp_path, suffix, name):
    path = tmp_path / f"net.{suffix}"
    io.write(path, ARRAYS, {"net": NET | {"activations": [name]}})
    message = (
        rf"^\S+: the activation ['\"]{re.escape(str(name))}['\"] of this net is not known; before loading"
    )
    with pytest.raises(UnknownNameError, match=message):
        Net.load(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "change",
    [
        {"layers.0.weight": np.zeros((1, 3))},
        {"layers.0.weight": np.zeros((1, 2), np.float32)},
        {"layers.0.weight": np.zeros((1, 2), np.uint8)},
        {"layers.0.bias": np.zeros((1, 1))},
        {"layers.0.bias": None, "other": np.zeros(1)},
        {"other": np.zeros(1)},
    ],
)
def test_arrays_that_contradict_the_header_are_an_error(tmp_path, suffix, change):
    arrays = {name: array for name, array in (ARRAYS | change).items() if array is not None}
    io.write(tmp_path / f"net.{suffix}", arrays, {"net": NET})
    with pytest.raises(FileFormatError, match="not a net that was saved here: "):
        Net.load(tmp_path / f"net.{suffix}")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_loading_a_large_file_takes_no_more_memory_than_its_size(tmp_path, suffix):
    path = tmp_path / f"net.{suffix}"
    io.write(path, {"a": np.ones(1 << 18), "b": np.ones((1 << 10, 1 << 8))}, {})
    io.read_header(path)  # imports what it needs
    size = path.stat().st_size
    for read, most in ((io.read, size), (io.read_header, 0)):
        tracemalloc.start()
        try:
            read(path)
            assert tracemalloc.get_traced_memory()[1] < most + SPARE
        finally:
            tracemalloc.stop()
