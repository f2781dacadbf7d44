"""The demos: their results, with and without pictures."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autograd.pictures import demos
from autograd.scalar.engine import Value

ROOT = Path(__file__).parents[2]


def test_the_minimize_demo_follows_the_oracle():
    x, y = Value(7), Value(3)
    for _ in range(20_001):
        f = ((x - y) ** 3 + y.exp()).relu() + y
        seen = {"x": x.data, "y": y.data, "f": f.data}
        x.zero_grad()
        y.zero_grad()
        f.backward()
        x.data -= 0.001 * x.grad
        y.data -= 0.001 * y.grad
    assert demos.minimize() == {"steps": 20_001, **seen}


@pytest.fixture(scope="module")
def outcomes():
    """The results of the demos without a picture."""
    return {name: demo(seed=1) for name, demo in demos.DEMOS.items()}


def test_the_demos_learn(outcomes):
    assert outcomes["tiny"]["loss"] < 1e-3
    assert outcomes["sine"]["loss"] < 1e-3
    assert outcomes["moons"]["accuracy"] == 1
    assert outcomes["digits"]["accuracy"] > 0.95
    assert demos.tiny(seed=2)["loss"] not in (outcomes["tiny"]["loss"], demos.tiny(seed=3)["loss"])


def test_half_circles_gives_points_on_two_circles_that_overlap(rng):
    X, y = demos.half_circles(100, 0, rng)
    assert np.hypot(*X[y == 1].T) == pytest.approx(1)
    assert np.hypot(*(X[y == -1] - [1, 0.5]).T) == pytest.approx(1)
    assert X[y == 1][:, 1].min() > 0 > X[y == -1][:, 1].min()


@pytest.mark.parametrize("name", ["minimize", "tiny", "moons", "digits"])
def test_a_demo_with_a_picture_gives_the_result_of_one_without(name, short_films, outcomes, tmp_path):
    path = tmp_path / demos.PICTURES[name]
    outcome = demos.DEMOS[name](path, seed=1)
    assert outcome == outcomes[name] == json.loads(json.dumps(outcome))
    with Image.open(path) as image:
        assert getattr(image, "n_frames", 1) == (1 if name == "digits" else 3)


def test_the_film_of_the_minimize_demo_shows_early_steps_closely_and_ends_at_the_last(
    short_films, tmp_path, monkeypatch
):
    shown = []
    monkeypatch.setattr(demos, "show_descent", lambda left, right, way, steps: shown.append(len(way)))
    demos.minimize(tmp_path / "a.gif")
    assert shown[0] == 1
    assert 2 < shown[1] < 2000
    assert shown[2] == 20_001


def test_every_demo_has_a_default_picture_name():
    assert demos.DEMOS.keys() == demos.PICTURES.keys() == {"minimize", "tiny", "sine", "moons", "digits"}


def test_the_digits_demo_finds_its_data_beside_the_built_package(tmp_path, monkeypatch):
    table = demos.read_digits()
    assert table.shape == (1797, 65)
    assert set(table[:, -1]) == set(range(10))
    (tmp_path / "digits.csv.gz").write_bytes((ROOT / "examples" / "digits.csv.gz").read_bytes())
    monkeypatch.setattr(demos, "__file__", str(tmp_path / "demos.py"))
    assert (demos.read_digits() == table).all()
    assert '"examples/digits.csv.gz"' in (ROOT / "setup.py").read_text()
