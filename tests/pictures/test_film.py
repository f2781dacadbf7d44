"""Films: frames of evenly spaced epochs, and a file that is written only when it is complete."""

import itertools
import math
import random
import stat
import sys

import numpy as np
import pytest
from matplotlib.animation import FFMpegWriter
from PIL import Image, ImageSequence

from autograd.engine import Value
from autograd.errors import (
    MissingExtraError,
    NotANumberError,
    OptionError,
    ShapeError,
    TrainingError,
    UnknownNameError,
)
from autograd.nn import Net
from autograd.pictures import animation as film


def frames(path):
    with Image.open(path) as image:
        return [(np.asarray(f.convert("RGB")), f.info["duration"]) for f in ImageSequence.Iterator(image)]


def bar(axes, height):
    """Draws a bar whose height can be measured in the picture."""
    axes.bar([0], [height], width=1, color="black")
    axes.set(xlim=(-0.5, 0.5), ylim=(0, 1))


def blackness(still):
    return float((still < 100).all(axis=-1).mean())


def test_a_gif_has_a_frame_for_each_added_state_loops_and_holds_its_last_frame(tmp_path):
    with film.Film(tmp_path / "bar.gif", bar) as made:
        for height in (0.1, 0.4, 0.7, 1.0):
            made.add(height)
    shown = frames(tmp_path / "bar.gif")
    assert [duration for _, duration in shown] == [80, 80, 80, 1660]
    heights = np.array([blackness(still) for still, _ in shown])
    assert heights == pytest.approx(heights[-1] * np.array([0.1, 0.4, 0.7, 1.0]), abs=0.02)
    with Image.open(tmp_path / "bar.gif") as image:
        assert image.info["loop"] == 0


def test_each_frame_of_a_film_is_drawn_on_empty_axes_at_the_same_place(tmp_path):
    def both(left, right, i):
        bar(left, 1 - i / 4)
        right.plot([0, i], "o", color=f"C{i}")
        right.set(xlim=(-1, 2), ylim=(-1, 5 * 10**i), xlabel="label", ylabel="label", title=f"frame {i}")

    with film.Film(tmp_path / "a.gif", both, panels=2) as made:
        for i in range(4):
            made.add(i)
    shown = [still for still, _ in frames(tmp_path / "a.gif")]
    assert [blackness(a) > blackness(b) for a, b in itertools.pairwise(shown)] == [True] * 3
    moved = np.abs(shown[0].astype(int) - shown[3]).max(axis=-1) > 60
    below = shown[0].shape[0] * 9 // 10
    assert not moved[below:].any()  # where the labels and numbers of the axes are


@pytest.mark.parametrize("n", [1, 2, 5, 8, 9, 100, 1000])
def test_a_film_keeps_evenly_spaced_frames_up_to_its_limit_and_the_last_one(n, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(film.Film, "_stills", lambda self, noted: drawn.extend(noted) or [])
    monkeypatch.setitem(film.WRITERS, ".gif", lambda path, stills: None)
    with film.Film(tmp_path / "a.gif", bar, frames=8) as made:
        for i in range(n):
            made.add(i)
            assert len(made._noted) <= 8
    shown = [i for (i,) in drawn]
    assert len(shown) == n if n <= 8 else 4 <= len(shown) <= 8
    assert (shown[0], shown[-1]) == (0, n - 1)
    assert len(set(np.diff(shown[:-1]))) <= 1


def test_a_film_of_fit_shows_in_each_frame_the_net_of_that_epoch(tmp_path, monkeypatch):
    random.seed(1)
    net = Net(1, [6, 1], "tanh", "linear")
    x = np.linspace(-1, 1, 20)
    states, titles, lines = [], [], []
    with film.curve(net, x, x**2, tmp_path / "fit.gif", frames=4) as made:
        show = made._frame

        def frame(axes, *what):
            show(axes, *what)
            titles.append(axes.get_title())
            lines.append(axes.lines[1].get_data())

        made.draw = frame
        history = net.fit(
            x,
            x**2,
            epochs=9,
            seed=1,
            callbacks=[made, lambda h: states.append(net.predict(np.linspace(-1, 1, 5)))],
        )
        after = net.values.copy()
    assert titles == [f"epoch {i}, loss {history.loss[i - 1]:.4g}" for i in (1, 5, 9)]
    for i, (across, along) in zip((0, 4, 8), lines, strict=True):
        assert np.interp(np.linspace(-1, 1, 5), across, along) == pytest.approx(states[i][:, 0], abs=1e-3)
    assert (net.values == after).all()
    assert len(frames(tmp_path / "fit.gif")) == 3


def test_a_film_of_a_loop_takes_losses_as_numbers_and_values(tmp_path):
    net = Net(2, [3, 1], "tanh")
    titles = []
    X, y = [[0, 0], [1, 1]], [-1, 1]
    with film.decision(net, X, y, tmp_path / "loop.gif", classes=["no", "yes"]) as made:
        show = made._frame
        made.draw = lambda axes, *what: (show(axes, *what), titles.append(axes.get_title()))
        made()
        made(0.5)
        loss = sum((net(x) - yi) ** 2 for x, yi in zip(X, y, strict=True))
        made(loss)
        made(Value(1234567))
        net.values = 7.0
        with pytest.raises(NotANumberError, match="a film wants a real number"):
            made("loss")
    assert (net.values == 7).all()
    assert titles == [
        "epoch 1",
        "epoch 2, loss 0.5",
        f"epoch 3, loss {loss.data:.4g}",
        "epoch 4, loss 1.235e+06",
    ]


def test_no_part_of_a_film_frame_is_cut_off(tmp_path):
    net = Net(2, [3, 4], "tanh", "linear")
    made = film.decision(net, [[0, 0], [1e6, 1]], [0, 3], tmp_path / "a.gif", classes=["long name " * 9] * 4)
    made(math.pi)
    for still in made._stills(made._noted):
        edges = [still[0], still[-1], still[:, 0], still[:, -1]]
        assert all((edge == 255).all() for edge in edges)
    assert made._picture.axes[0].get_position().width > 0.3


def test_a_film_refuses_bad_input_before_the_training(tmp_path, monkeypatch):
    with pytest.raises(
        UnknownNameError, match=r"unknown kind of film '\.avi': the known ones are \.gif, \.mp4"
    ):
        film.Film(tmp_path / "a.avi", bar)
    with pytest.raises(FileNotFoundError):
        film.Film(tmp_path / "nowhere" / "a.gif", bar)
    with pytest.raises(OptionError, match="frames must be a whole number of 1 or more"):
        film.Film(tmp_path / "a.gif", bar, frames=0)
    with pytest.raises(ShapeError, match=r"film\.curve\(\) wants a net of 1 input, got 2"):
        film.curve(Net(2, [1]), [[1, 2]], [1], tmp_path / "a.gif")
    with pytest.raises(ShapeError, match=r"film\.decision\(\) wants a net of 1 or 2 inputs"):
        film.decision(Net(3, [1]), [[1, 2, 3]], [1], tmp_path / "a.gif")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"pip install '\.\[plot\]'"):
        film.Film(tmp_path / "a.gif", bar)


def test_a_film_that_ends_with_an_error_or_has_no_frame_writes_no_file(tmp_path):
    path = tmp_path / "a.gif"
    path.write_bytes(b"before")
    with pytest.raises(ZeroDivisionError), film.Film(path, bar) as made:
        made.add(1 / 0)
    with pytest.raises(TrainingError, match="without a frame"), film.Film(path, bar):
        pass
    with pytest.raises(TypeError), film.Film(path, bar) as made:
        made.add("more", "than a bar takes")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_an_mp4_film_without_ffmpeg_is_an_error_that_recommends_a_gif(tmp_path, monkeypatch):
    monkeypatch.setattr(FFMpegWriter, "isAvailable", classmethod(lambda cls: False))
    with pytest.raises(MissingExtraError, match=r"needs the program ffmpeg.*\.gif needs nothing"):
        film.Film(tmp_path / "a.mp4", bar)


def test_an_mp4_film_is_what_ffmpeg_makes_of_the_frames(tmp_path, monkeypatch):
    ffmpeg = tmp_path / "ffmpeg"
    ffmpeg.write_text(
        f"#!{sys.executable}\nimport sys\n"
        "open(sys.argv[-1], 'wb').write(sys.stdin.buffer.read())\n"
        f"open({str(tmp_path / 'said')!r}, 'w').write(' '.join(sys.argv))\n"
    )
    ffmpeg.chmod(ffmpeg.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setitem(__import__("matplotlib").rcParams, "animation.ffmpeg_path", str(ffmpeg))
    with film.Film(tmp_path / "a.mp4", bar) as made:
        made.add(0.2)
        made.add(0.8)
    said = (tmp_path / "said").read_text().split()
    width, height = map(int, said[said.index("-s") + 1].split("x"))
    assert width % 2 == height % 2 == 0
    raw = np.frombuffer((tmp_path / "a.mp4").read_bytes(), np.uint8).reshape(-1, height, width, 4)
    assert len(raw) == 1 + film.HELD
    assert blackness(raw[0, ..., :3]) == pytest.approx(blackness(raw[1, ..., :3]) / 4, abs=0.02)
    assert (raw[1:] == raw[1]).all()


def test_a_gif_film_takes_less_than_12_kb_a_frame(tmp_path):
    random.seed(1)
    net = Net(2, [8, 1], "tanh")
    X = np.random.default_rng(1).uniform(-1, 1, (50, 2))
    y = np.sign(X[:, 0] * X[:, 1])
    with film.decision(net, X, y, tmp_path / "a.gif", frames=6) as made:
        net.fit(X, y, epochs=6, lr=0.05, seed=1, callbacks=made)
    assert len(frames(tmp_path / "a.gif")) == 6
    assert (tmp_path / "a.gif").stat().st_size < 6 * 12_000
