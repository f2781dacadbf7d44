"""The History that fit returns: losses, learning rates, times, and its picture."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from trainings import CURVE, NUMBERS, ROWS, SCRIPT, X, by_hand, curve_net, same_bits, scripted, small_net

from autograd import schedules
from autograd.errors import (
    MissingExtraError,
)
from autograd.optim import SGD
from autograd.training import History, loop

# Learning rates -----------------------------------------------------------------------------------


def test_history_lr_holds_the_learning_rate_of_the_last_step_of_each_epoch():
    net, twin, asked = small_net(), small_net(), []

    def lr(step):
        asked.append(step)
        return 0.1 / (1 + step)

    told = net.fit(ROWS, NUMBERS, optimizer="sgd", lr=lr, epochs=4, batch_size=16, seed=5)
    assert asked == list(range(12))
    assert told.lr == [0.1 / 3, 0.1 / 6, 0.1 / 9, 0.1 / 12]
    by_hand(twin, ROWS, NUMBERS, SGD(twin, lr=lr), 4, 16, np.random.default_rng(5))
    same_bits(net, twin)
    schedule = schedules.one_cycle(0.1, steps=12)
    told = net.fit(ROWS, NUMBERS, optimizer="sgd", lr=schedule, epochs=4, batch_size=16)
    assert told.lr == [schedule(step) for step in (2, 5, 8, 11)]


def test_history_lr_holds_a_constant_learning_rate_for_each_epoch():
    assert small_net().fit(ROWS, NUMBERS, lr=0.25, epochs=2).lr == [0.25] * 2
    assert small_net().fit(ROWS, NUMBERS, epochs=2).lr == [1e-3] * 2  # Adam's own
    net = small_net()
    assert net.fit(ROWS, NUMBERS, optimizer=SGD(net, lr=0.5), epochs=2).lr == [0.5] * 2


# What torch.optim.lr_scheduler.ReduceLROnPlateau(factor=0.5, patience=1) of PyTorch 2.13.0 makes of lr=0.8
# after each loss of SCRIPT
REDUCED = [0.8, 0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.4]


@pytest.mark.parametrize("watched", ["training", "validation"])
@pytest.mark.parametrize("given", ["lr", "optimizer"])
def test_a_plateau_observes_the_loss_of_each_epoch_of_fit(watched, given):
    net = small_net()
    lr = schedules.Plateau(0.8, factor=0.5, patience=1)
    told = net.fit(
        ROWS,
        NUMBERS,
        loss=scripted(SCRIPT)[watched],
        **({"lr": lr, "optimizer": "sgd"} if given == "lr" else {"optimizer": SGD(net, lr=lr)}),
        epochs=9,
        batch_size=40,
        validation=(ROWS, NUMBERS) if watched == "validation" else None,
    )
    assert told.lr == pytest.approx([0.8] + REDUCED[:-1])  # each reduction shows an epoch later
    assert lr(0) == pytest.approx(REDUCED[-1])


def test_a_plateau_within_a_warm_up_reduces_the_learning_rate():
    lr = schedules.warm_up(schedules.Plateau(0.01, patience=0, threshold=100), steps=2)
    rates = small_net().fit(ROWS, NUMBERS, epochs=10, lr=lr).lr
    assert rates[-1] < 0.01


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_plateau_within_nested_warm_ups_observes_the_losses(depth):
    plateau = schedule = schedules.Plateau(0.5, factor=0.5, patience=0, threshold=0.9)
    for _ in range(depth):
        schedule = schedules.warm_up(schedule, 2)
    curve_net().fit(X, CURVE, epochs=8, batch_size=40, lr=schedule, seed=1)
    assert plateau.lr < 0.1
    assert schedule(100) == plateau.lr


# Times -----------------------------------------------------------------------------------------


def test_history_time_holds_seconds_from_the_start_of_the_training(monkeypatch):
    clock = itertools.count(100.0, 0.25)
    monkeypatch.setattr(loop, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    assert small_net().fit(ROWS, NUMBERS, epochs=4).time == [0.25, 0.5, 0.75, 1.0]


def test_history_time_never_decreases():
    times = small_net().fit(ROWS, NUMBERS, epochs=10).time
    assert times == sorted(times)
    assert times[0] >= 0


# Pictures --------------------------------------------------------------------------------------


def test_history_plot_draws_the_loss_and_writes_a_file(tmp_path):
    history = curve_net().fit(X, CURVE, epochs=5)
    figure = history.plot(tmp_path / "loss.png")
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")
    (axes,) = figure.axes
    assert list(axes.lines[0].get_ydata()) == history.loss


def test_history_plot_without_matplotlib_is_an_error_that_names_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"pip install '\.\[plot\]'"):
        History([1.0]).plot()


def test_history_plot_draws_training_and_validation_loss():
    told = small_net().fit(ROWS, NUMBERS, epochs=5, validation=0.2)
    (axes,) = told.plot().axes
    assert [list(line.get_ydata()) for line in axes.lines] == [told.loss, told.val_loss]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["training rows", "validation rows"]
