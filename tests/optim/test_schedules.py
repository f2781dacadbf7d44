"""Learning rate schedules: PyTorch's rates, the steps after their end, and errors."""

import copy
import math
import pickle
import random

import numpy as np
import pytest

from autograd import schedules
from autograd.engine import Value
from autograd.errors import NotANumberError, OptionError
from autograd.nn import Net
from autograd.optim import SGD
from autograd.schedules import Plateau, cosine, one_cycle, step_decay, warm_up

# What PyTorch 2.13.0 says for each step, in float64, recorded once with S = torch.optim.lr_scheduler by
#   opt = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.8); s = S...(opt, ...)
#   for _ in range(n): rates.append(opt.param_groups[0]["lr"]); opt.step(); s.step()
# fmt: off
PYTORCH = {
    # S.StepLR(opt, 3, 0.3)
    "step decay": (step_decay(0.8, every=3, factor=0.3),
        [0.8, 0.8, 0.8, 0.24, 0.24, 0.24, 0.072, 0.072, 0.072, 0.0216]),
    # S.CosineAnnealingLR(opt, 8, eta_min=0.01), and (opt, 1)
    "cosine": (cosine(0.8, steps=8, end=0.01),
        [0.8, 0.7699324153419583, 0.6843071785686863, 0.5561599557842105, 0.405, 0.25384004421578954,
         0.12569282143131374, 0.04006758465804174, 0.01]),
    "cosine of one step": (cosine(0.8, steps=1), [0.8, 0.0]),
    # S.LinearLR(opt, start_factor=1 / 5, total_iters=4)
    "warm-up": (warm_up(0.8, steps=4), [0.16, 0.32, 0.48, 0.64, 0.8, 0.8, 0.8]),
    # S.SequentialLR(opt, [that, S.CosineAnnealingLR(opt, 6)], [4])
    "warm-up, then cosine": (warm_up(cosine(0.8, steps=6), steps=4),
        [0.16, 0.32, 0.48, 0.64, 0.8, 0.7464101615137756, 0.6, 0.4, 0.2, 0.05358983848622452, 0.0]),
    # S.OneCycleLR(opt, 0.8, total_steps=12, cycle_momentum=False), whose other defaults are ours
    "one cycle": (one_cycle(0.8, steps=12),
        [0.032, 0.2798317233756664, 0.703428127297703, 0.7955323483607295, 0.7464103758731294,
         0.6493965231598104, 0.5179031981560827, 0.37010968213358003, 0.22644879856695938,
         0.10678202415106448, 0.02765358994031618, 3.2e-06]),
    # the same with total_steps=10, pct_start=0.9, div_factor=10, final_div_factor=100
    "one cycle with a late peak": (one_cycle(0.8, steps=10, rise=0.9, start=10, end=100),
        [0.08, 0.10740336829593677, 0.18544155877284285, 0.30223396434856764, 0.44, 0.5777660356514323,
         0.6945584412271572, 0.7725966317040632, 0.8, 0.0008]),
    # total_steps=10, pct_start=0.15: the peak lies between the first and the second step
    "one cycle with an early peak": (one_cycle(0.8, steps=10, rise=0.15),
        [0.032, 0.7931892671166013, 0.7400870939444285, 0.6410544903362845, 0.5094663581680491,
         0.3630944038440544, 0.221706970870754, 0.10439921552600397, 0.027014200193824767, 3.2e-06]),
    # total_steps=10, pct_start=0.999
    "one cycle that only rises": (one_cycle(0.8, steps=10, rise=0.999),
        [0.032, 0.05520905616820615, 0.12203070233835067, 0.22438750445202316, 0.3499065210016493,
         0.4834149503972384, 0.6087742268222737, 0.7108308581530346, 0.7772481876765343, 3.2e-06]),
    # total_steps=3, pct_start=0.5, div_factor=4, final_div_factor=10
    "one cycle of three steps": (one_cycle(0.8, steps=3, rise=0.5, start=4, end=10), [0.2, 0.605, 0.02]),
}
# fmt: on


@pytest.mark.parametrize("name", PYTORCH)
def test_a_schedule_gives_the_learning_rates_of_the_one_in_pytorch(name):
    schedule, rates = PYTORCH[name]
    assert [schedule(step) for step in range(len(rates))] == pytest.approx(rates, rel=1e-11, abs=1e-16)


@pytest.mark.parametrize("name", PYTORCH)
def test_a_schedule_is_a_function_of_the_step_alone(name):
    schedule, rates = PYTORCH[name]
    steps = range(len(rates))
    assert [schedule(step) for step in reversed(steps)] == [schedule(step) for step in steps][::-1]


def test_schedules_keep_their_last_learning_rate_after_their_last_step():
    for schedule, last in [
        (cosine(0.8, steps=8, end=0.01), 0.01),
        (cosine(0.8, steps=1), 0),
        (one_cycle(0.8, steps=10, start=10, end=100), 0.0008),
        (one_cycle(0.8, steps=1), 0.8 / 25 / 1e4),
        (warm_up(0.8, steps=4), 0.8),
        (warm_up(cosine(0.8, steps=6), steps=4), 0),
    ]:
        assert [schedule(step) for step in (10, 11, 1000, 10**9)] == pytest.approx([last] * 4, rel=1e-12)
    assert step_decay(0.8, every=3)(10**9) == 0


def test_a_step_decay_by_1_keeps_the_learning_rate_and_by_0_sets_it_to_0():
    assert [step_decay(0.8, every=2, factor=1)(step) for step in (0, 5, 1000)] == [0.8] * 3
    assert [step_decay(0.8, every=2, factor=0)(step) for step in (0, 1, 2, 7)] == [0.8, 0.8, 0, 0]


def test_a_warm_up_can_be_followed_by_any_function_of_the_step():
    schedule = warm_up(lambda step: 10 - step, steps=1)
    assert [schedule(step) for step in range(4)] == [5, 10, 9, 8]
    twice = warm_up(warm_up(0.6, steps=2), steps=1)
    assert [twice(step) for step in range(5)] == pytest.approx([0.1, 0.2, 0.4, 0.6, 0.6])


@pytest.mark.parametrize("rise", [1e-300, 1e-9, 0.05, 0.1, 0.5, 0.9, 1 - 1e-9, math.nextafter(1, 0)])
@pytest.mark.parametrize("steps", [1, 2, 3, 10, 1024])
def test_one_cycle_has_one_peak_and_stays_within_its_bounds_wherever_the_peak_is(steps, rise):
    schedule = one_cycle(0.8, steps=steps, rise=rise)
    rates = [schedule(step) for step in range(steps + 3)]
    low, last = 0.8 / 25, 0.8 / 25 / 1e4
    assert all(last * (1 - 1e-9) <= rate <= 0.8 for rate in rates)
    assert rates[steps - 1 :] == pytest.approx([last] * 4, rel=1e-9)
    if rise * steps > 1:  # a rise needs a step before the peak
        assert rates[0] == pytest.approx(low, rel=1e-9)
    top = rates.index(max(rates))
    assert abs(top - max(rise * steps - 1, 0)) <= 1
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)


# Plateau ------------------------------------------------------------------------------------------

# Losses, and the learning rates that PyTorch 2.13.0 has after each of them, recorded once by
#   opt = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.8)
#   s = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=.5, patience=2, threshold=1e-3, min_lr=.05)
#   for loss in LOSSES: s.step(loss); rates.append(opt.param_groups[0]["lr"])
# and the same with (factor=.3, patience=1, threshold=.1), with (factor=.1, patience=0) and with factor=.1
# fmt: off
LOSSES = [3.0, 2.0, 2.1, 2.05, 1.9, 1.8999, 1.8998, 1.9, 1.895, 1.9, 1.9, 1.89499, 1.9, 2.0, 1.7] + [1.8] * 11
PLATEAUS = [
    ({"factor": 0.5, "patience": 2, "threshold": 1e-3, "lowest": 0.05},
        [0.8] * 7 + [0.4] * 4 + [0.2] * 6 + [0.1] * 3 + [0.05] * 6),
    ({"factor": 0.3, "patience": 1, "threshold": 0.1},
        [0.8] * 3 + [0.24] * 2 + [0.072] * 2 + [0.0216] * 2 + [0.00648] * 2 + [0.001944] * 2 + [0.0005832] * 3
        + [0.00017496] * 2 + [5.2488e-05] * 2 + [1.57464e-05] * 2 + [4.72392e-06] * 2 + [1.417176e-06] * 2),
    ({"factor": 0.1, "patience": 0},  # PyTorch stops at 1e-8
        [0.8] * 2 + [0.08] + [0.008] * 2 + [0.0008] * 2 + [8e-05] * 2 + [8e-06, 8e-07, 8e-08, 8e-09]),
    ({"factor": 0.1}, [0.8] * 25 + [0.08]),
]
# fmt: on


@pytest.mark.parametrize(("options", "rates"), PLATEAUS, ids=[str(options) for options, _ in PLATEAUS])
def test_a_plateau_reduces_the_learning_rate_when_that_of_pytorch_does(options, rates):
    lr = Plateau(0.8, **options)
    found = []
    for loss in LOSSES[: len(rates)]:
        lr.observe(loss)
        found.append(lr(12345))
    assert found == pytest.approx(rates, rel=1e-9)


def test_a_plateau_counts_a_falling_loss_below_zero_as_progress():
    lr = Plateau(0.8, patience=0, threshold=0.1)
    for loss in (2.0, 0.0, -1.0, -1.2, -1.5):
        lr.observe(loss)
        assert lr(0) == 0.8
    lr.observe(-1.6)  # less than a tenth below -1.5
    assert lr(0) == pytest.approx(0.08)


def test_a_plateau_counts_nan_and_infinity_as_no_progress():
    lr = Plateau(0.8, patience=1)
    for loss in (2.0, math.nan, 1.0, math.inf):
        lr.observe(loss)
        assert lr(0) == 0.8
    lr.observe(math.nan)
    assert lr(0) == pytest.approx(0.08)


def test_an_optimiser_in_a_hand_written_loop_follows_a_plateau_that_observes_the_losses():
    x = Value(1.0)
    lr = Plateau(0.5, patience=0, factor=0.5)
    opt = SGD([x], lr=lr)
    for loss, rate in [(1.0, 0.5), (2.0, 0.25), (0.5, 0.25), (0.5, 0.125)]:
        lr.observe(loss)
        x.grad, before = 1.0, x.data
        opt.step()
        assert (x.data, opt.last_lr) == (before - rate, rate)


def test_a_plateau_never_raises_the_learning_rate():
    lr = Plateau(0.01, patience=0, lowest=0.1)
    for _ in range(3):
        lr.observe(1.0)
    assert lr(0) == 0.01


# Errors -------------------------------------------------------------------------------------------

# fmt: off
MISTAKES = [
    (lambda: step_decay(-0.1, 10),            "lr must be at least 0 and finite, got -0.1"),
    (lambda: step_decay(math.nan, 10),        "lr must be at least 0 and finite, got nan"),
    (lambda: step_decay(math.inf, 10),        "lr must be at least 0 and finite, got inf"),
    (lambda: step_decay(0.1, 0),              "every must be a whole number of 1 or more, got 0"),
    (lambda: step_decay(0.1, 2.5),            "every must be a whole number of 1 or more, got 2.5"),
    (lambda: step_decay(0.1, 10, -1),         "factor must be at least 0 and finite, got -1"),
    (lambda: cosine(0.1, 0),                  "steps must be a whole number of 1 or more, got 0"),
    (lambda: cosine(0.1, 10, end=-1),         "end must be at least 0 and finite, got -1"),
    (lambda: warm_up(-1, 10),                 "lr must be at least 0 and finite, got -1"),
    (lambda: warm_up(0.1, -3),                "steps must be a whole number of 1 or more, got -3"),
    (lambda: one_cycle(-1, 10),               "peak must be at least 0 and finite, got -1"),
    (lambda: one_cycle(1, True),              "steps must be a whole number of 1 or more, got True"),
    (lambda: one_cycle(1, 10, rise=0),        "rise must lie between 0 and 1, got 0"),
    (lambda: one_cycle(1, 10, rise=1),        "rise must lie between 0 and 1, got 1"),
    (lambda: one_cycle(1, 10, rise=math.nan), "rise must lie between 0 and 1, got nan"),
    (lambda: one_cycle(1, 10, start=0.5),     "start must be at least 1 and finite, got 0.5"),
    (lambda: one_cycle(1, 10, end=0),         "end must be at least 1 and finite, got 0"),
    (lambda: Plateau(-1),                     "lr must be at least 0 and finite, got -1"),
    (lambda: Plateau(1, factor=0),            "factor must lie between 0 and 1, got 0"),
    (lambda: Plateau(1, factor=1),            "factor must lie between 0 and 1, got 1"),
    (lambda: Plateau(1, patience=-1),         "patience must be "),
    (lambda: Plateau(1, patience=math.nan),   "patience must be "),
    (lambda: Plateau(1, threshold=-1),        "threshold must be at least 0 and finite, got -1"),
    (lambda: Plateau(1, lowest=-1),           "lowest must be at least 0 and finite, got -1"),
]
# fmt: on


@pytest.mark.parametrize(("call", "message"), MISTAKES, ids=[message for _, message in MISTAKES])
def test_a_schedule_option_out_of_its_range_is_named_in_the_error(call, message):
    with pytest.raises(OptionError) as caught:
        call()
    assert str(caught.value).startswith(message)


NO_NUMBERS = [lambda: step_decay(None, 10), lambda: cosine([0.1], 10), lambda: Plateau("fast")]


@pytest.mark.parametrize("call", NO_NUMBERS)
def test_a_schedule_option_that_is_no_number_is_named_in_the_error(call):
    with pytest.raises(NotANumberError, match=r"^lr wants a real number, got (None|\[0\.1\]|'fast') "):
        call()


def test_a_schedule_refuses_text_as_a_learning_rate():
    with pytest.raises(NotANumberError):
        step_decay("0.1", every=3)


def test_a_plateau_refuses_a_patience_that_is_no_whole_number():
    with pytest.raises(OptionError):
        Plateau(0.1, patience=1.5)


@pytest.mark.parametrize("call", [lambda: one_cycle(1, 10, rise="a"), lambda: Plateau(1, factor="a")])
def test_a_schedule_refuses_text_as_a_share(call):
    with pytest.raises(NotANumberError):
        call()


def test_a_plateau_whose_first_loss_is_nan_takes_the_next_loss_as_its_best():
    lr = Plateau(0.1, patience=0)
    for loss in (float("nan"), 1.0, 0.5, 0.25):
        lr.observe(loss)
    assert (lr(0), lr.best) == (0.1, 0.25)
    lr.observe(0.25)
    assert lr(0) == pytest.approx(0.01)


MADE = {
    "step_decay": lambda x: schedules.step_decay(x, 10),
    "cosine": lambda x: schedules.cosine(x, 10),
    "warm_up": lambda x: schedules.warm_up(x, 10),
    "warm_up of another": lambda x: schedules.warm_up(schedules.cosine(x, 10), 10),
    "warm_up of a plateau": lambda x: schedules.warm_up(schedules.Plateau(x), 10),
    "one_cycle": lambda x: schedules.one_cycle(x, 10),
    "plateau": lambda x: schedules.Plateau(x),
}


@pytest.mark.parametrize("kind", MADE)
def test_schedules_that_were_made_by_the_same_call_are_equal(kind):
    made = MADE[kind]
    assert made(0.1) == made(0.1)
    assert hash(made(0.1)) == hash(made(0.1))
    assert made(0.1) != made(0.2)
    assert all(made(0.1) != other(0.1) for name, other in MADE.items() if name != kind)


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_of_a_schedule_is_equal_and_goes_its_own_way(kind, copied):
    one = MADE[kind](0.1)
    other = copied(one)
    assert other == one
    if hasattr(other, "observe"):
        for _ in range(20):
            other.observe(1.0)
        assert other(100) < one(100)
    else:
        assert [other(step) for step in range(20)] == [one(step) for step in range(20)]


@pytest.mark.parametrize("kind", MADE)
def test_partial_fit_goes_on_with_a_schedule_that_was_made_again_by_the_same_call(kind):
    random.seed(1)
    nets = [Net(1, [3, 1], "tanh", "linear") for _ in range(2)]
    nets[1].values = nets[0].values
    kept = MADE[kind](0.1)
    for _ in range(15):
        for net, lr in zip(nets, (kept, MADE[kind](0.1)), strict=True):
            net.partial_fit([0.0, 1.0], [1.0, 2.0], lr=lr)
    np.testing.assert_array_equal(nets[0].values, nets[1].values)
