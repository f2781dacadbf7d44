"""Where a number goes in the source, and what it is a part of."""

import pytest

from autograd import Tensor, Value
from autograd.diagnosis.flow import destinations
from autograd.diagnosis.taken import terms_of


@pytest.mark.parametrize(
    ("source", "meets"),
    [
        ("loss = READ\nloss.backward()", {"loss.backward"}),
        ("y = READ * 2", {"READ * 2"}),
        ("y = 2 - READ", {"2 - READ"}),
        ("y = READ\nz = w + y", {"w + y"}),
        ("ys = []\nys.append(READ)\nfor y in ys:\n    z = y * w", {"y * w"}),
        ("total += READ", {"total += READ"}),
        ("print(READ)\nlosses = f'{READ}'\nif READ > 2:\n    y = w * 2", set()),
        ("history[0] = READ\nz = w * history[0]", {"w * history[0]"}),
        ("def f():\n    return READ\nz = w * f()", {"w * f()"}),
        ("f = lambda: READ\nz = w * f()", {"w * f()"}),
        ("self.x = READ\nz = w * other.x", {"w * other.x"}),
        ("p.data = READ\nz = w * p.data", set()),
        ("z = w * np.exp(READ)", {"w * np.exp(READ)", "np.exp(READ)"}),
        ("z = w * Value(READ)", set()),
        ("z = w * Tensor(READ)", set()),
        ("z = w * tensor([READ, 1])", set()),
        ("z = w * (READ if c else 1)", {"w * (READ if c else 1)"}),
        ("z = [w * y for y in [READ]]", {"w * y"}),
        ("y = not READ\nz = w * y", set()),
    ],
)
def test_a_number_is_followed_through_the_source(source, meets, tmp_path):
    text = source.replace("READ", "v.data")
    file = tmp_path / "program.py"
    file.write_text(text)
    lines = text.splitlines()
    row = next(i for i, line in enumerate(lines) if "v.data" in line)
    start = lines[row].index("v.data")
    found = destinations(str(file), (row + 1, row + 1, start, start + len("v.data")))
    assert {lines[a - 1][c:d] for (a, _, c, d), _ in found} == {m.replace("READ", "v.data") for m in meets}


def test_the_terms_of_a_loss():
    a, b, c, d, e = (Value(i) for i in range(1, 6))
    terms = terms_of(2 * a - (b + 0) / 4 + 1 / c + d * e)
    assert [v in terms for v in (a, b, c, d, e)] == [True, True, False, False, False]


def test_the_terms_of_a_loss_of_tensors():
    a, b, c, d, e = (Tensor([float(i)], requires_grad=True) for i in range(1, 6))
    terms = terms_of((2 * a - b.mean() / 4 + 1 / c + d * e).sum()._node)
    assert [t._node in terms for t in (a, b, c, d, e)] == [True, True, False, False, False]


def test_source_that_is_too_deep_to_parse_is_not_followed(tmp_path):
    program = tmp_path / "deep.py"
    program.write_text("x = 1.0\n" + "y = " + "-" * 5000 + "x\n")
    assert destinations(str(program), (2, 2, 4, 5)) == frozenset()


def test_source_that_was_changed_is_read_anew(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("z = READ\n")
    assert destinations(str(program), (1, 1, 4, 8)) == frozenset()
    program.write_text("z = w * READ\n")
    assert destinations(str(program), (1, 1, 8, 12)) != frozenset()
