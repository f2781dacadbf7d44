"""Progress of fit: a bar on a terminal or in a notebook, plain lines elsewhere if wanted."""

import io
import sys
from types import ModuleType, SimpleNamespace
from typing import ClassVar

import pytest
from trainings import CURVE, NUMBERS, ROWS, X, curve_net, small_net

from autograd.support import progress


def test_progress_is_shown_in_plain_lines_if_wanted_and_not_at_all_otherwise_without_a_terminal(capsys):
    curve_net().fit(X, CURVE, epochs=20, progress=True)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[0].startswith("epoch 2/20  loss ")
    assert lines[-1].startswith("epoch 20/20  loss ")
    curve_net().fit(X, CURVE, epochs=20)
    curve_net().fit(X, CURVE, epochs=20, progress=False)
    assert capsys.readouterr().err == ""


class Terminal:
    def __init__(self):
        self.text = ""

    def isatty(self):
        return True

    def write(self, text):
        self.text += text

    def flush(self):
        pass


@pytest.mark.parametrize("with_tqdm", [True, False])
def test_progress_is_shown_as_a_bar_on_a_terminal(monkeypatch, with_tqdm):
    if not with_tqdm:
        monkeypatch.setitem(__import__("sys").modules, "tqdm", None)
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    curve_net().fit(X, CURVE, epochs=5)
    assert "5/5" in terminal.text
    assert "loss " in terminal.text
    assert ("█" in terminal.text) is not with_tqdm  # tqdm draws in ASCII if the stream has no encoding


# Notebooks -------------------------------------------------------------------------------------


class Bar:
    """Stands in for tqdm's bar in a notebook."""

    made: ClassVar = []

    def __init__(self, total, unit, initial):
        self.total, self.unit, self.n, self.done, self.texts, self.closed = total, unit, initial, 0, [], False
        self.made.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.closed = True

    def set_postfix_str(self, text, refresh):
        self.texts.append(text)

    def update(self):
        self.done += 1


@pytest.fixture
def notebook(monkeypatch):
    """Makes the test run as if in a notebook that can show tqdm's bar."""
    shell = SimpleNamespace(config={"IPKernelApp": {}})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "ipywidgets", ModuleType("ipywidgets"))
    monkeypatch.setitem(sys.modules, "tqdm.notebook", SimpleNamespace(tqdm=Bar))
    monkeypatch.setattr(Bar, "made", [])
    return shell


@pytest.mark.parametrize("progress", [None, True])
def test_progress_is_shown_as_a_bar_in_a_notebook(notebook, progress, capsys):
    told = small_net().fit(ROWS, NUMBERS, epochs=3, validation=0.2, progress=progress)
    (bar,) = Bar.made
    assert (bar.total, bar.unit, bar.done, bar.closed) == (3, "epoch", 3, True)
    assert bar.texts == [
        f"loss {a:.4g}, val_loss {b:.4g}" for a, b in zip(told.loss, told.val_loss, strict=True)
    ]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("end", ["callback", "patience", "error", "interrupt"])
def test_the_progress_bar_is_closed_however_the_training_ends(notebook, end):
    def callback(history):
        if end == "error":
            raise KeyError("mine")
        if end == "interrupt":
            raise KeyboardInterrupt
        return end == "callback"

    lr = 0.0 if end == "patience" else 0.1

    def train():
        return small_net().fit(ROWS, NUMBERS, lr=lr, epochs=30, batch_size=40, patience=1, callbacks=callback)

    if end == "error":
        with pytest.raises(KeyError, match="mine"):
            train()
    else:
        history = train()
        assert history.interrupted is (end == "interrupt")
        assert len(history.loss) == (2 if end == "patience" else 1)
    (bar,) = Bar.made
    assert bar.closed
    assert bar.done < 30


@pytest.mark.parametrize("missing", ["ipywidgets", "tqdm.notebook", "a kernel", "a shell"])
def test_progress_in_a_notebook_that_can_show_no_bar_is_shown_in_plain_lines_if_wanted(
    notebook, missing, monkeypatch, capsys
):
    if missing == "a kernel":
        notebook.config = {}  # IPython on a terminal
    elif missing == "a shell":
        monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    else:
        monkeypatch.setitem(sys.modules, missing, None)
    small_net().fit(ROWS, NUMBERS, epochs=2)
    assert capsys.readouterr().err == ""
    small_net().fit(ROWS, NUMBERS, epochs=2, progress=True)
    assert [line[:10] for line in capsys.readouterr().err.splitlines()] == ["epoch 1/2 ", "epoch 2/2 "]
    assert Bar.made == []


def test_progress_false_shows_nothing_in_a_notebook(notebook, capsys):
    small_net().fit(ROWS, NUMBERS, epochs=2, progress=False)
    assert (Bar.made, capsys.readouterr().err) == ([], "")


@pytest.mark.parametrize("total", [1, 7, 10, 11, 19, 20, 25, 99, 100, 101, 1000])
def test_progress_takes_at_most_ten_lines_without_a_terminal(total):
    stream = io.StringIO()
    assert len(list(progress.track(total, "epoch", True, stream))) == total
    lines = stream.getvalue().splitlines()
    assert len(lines) <= progress.LINES
    assert lines[-1] == f"epoch {total}/{total}"


def test_a_progress_bar_of_a_training_that_ends_early_ends_its_line(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tqdm", None)
    stream = io.StringIO()
    stream.isatty = lambda: True
    for i, _ in enumerate(progress.track(10, "epoch", True, stream)):
        if i == 2:
            break
    assert stream.getvalue().endswith("\n")
