"""Interrupted steps, trainings and file writes: the state is that before or after, never between."""

import contextlib
import random
import signal
import sys
from functools import partial

import numpy as np
import pytest
from disturbed import Disturbed, interrupt

from autograd import Value, optim, schedules
from autograd.errors import GradientError
from autograd.nn import Module, Net
from autograd.optim import Optimizer
from autograd.sklearn import NetClassifier, NetRegressor

# Python reports an interrupt in a __del__, or while a generator is freed, on stderr and goes on
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
X = np.linspace(-1, 1, 12)[:, None]
CURVE = np.sin(3 * X)
MADE = {
    "sgd": lambda target: optim.SGD(target, lr=0.1, momentum=0.9, nesterov=True),
    "adam": lambda target: optim.Adam(target, lr=schedules.cosine(0.1, 50)),
    "adamw": lambda target: optim.AdamW(target, lr=0.1),
    "rmsprop": lambda target: optim.RMSprop(target, lr=0.1),
}


def small():
    random.seed(1)
    return Net(1, [3, 1], "tanh", "linear")


class Error(BaseException):
    """What a custom signal handler may raise."""


def fail():
    raise Error


def state(opt):
    told = opt.state()
    return opt._vector.values.tobytes(), told["memory"].tobytes(), told["steps"], opt.last_lr


def places(call, most=150, fine=True):
    """Some of the events within a call."""
    counter = Disturbed(fine=fine)
    counter.run(call)
    return range(1, counter.count + 1, max(1, counter.count // most))


# Optimisers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("raises", [interrupt, fail])
@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("target", ["a net", "Values"])
def test_an_optimiser_step_interrupted_at_any_bytecode_is_complete_or_undone(kind, target, raises):
    net = small()
    values = [Value(0.5), Value(-1.0)]
    opt = MADE[kind](net if target == "a net" else values)

    def gradients():
        net.grads[:] = np.linspace(-1, 1, net.grads.size)
        for v in values:
            v.grad = 2 * v.data

    for _ in range(31):  # every 32nd step rounds very small memory to 0, and the next step is one
        gradients()
        opt.step()
    start = opt.state(), net.values.copy(), [v.data for v in values]

    def again():
        opt.load_state(start[0])
        net.values = start[1]
        for v, x in zip(values, start[2], strict=True):
            v.data = x
        opt._vector.sync()
        opt.last_lr = 0.0
        gradients()

    again()
    before = state(opt)
    opt.step()
    after = state(opt)
    seen = set()
    for at in (again(), places(opt.step))[1]:
        again()
        with contextlib.suppress(KeyboardInterrupt, Error):
            Disturbed(raises, at, fine=True).run(opt.step)
        opt._vector.sync()
        assert state(opt) in (before, after), at
        seen.add(state(opt) == after)
    assert False in seen


class Twice(Optimizer):
    """A custom optimiser, which changes all but the last number and then fails."""

    memories = 2

    def _update(self, lr, x, g, s, *memory):
        for own in memory:
            own += 1
        x[:-1] -= lr * g[:-1]
        raise ZeroDivisionError


def test_a_custom_optimiser_that_raises_changes_nothing_and_older_graphs_stay_right():
    net = small()
    opt = Twice(net, lr=0.1)
    loss = 3 * net([0.5])
    assert loss.data
    net.grads[:] = 1
    before = state(opt)
    with pytest.raises(ZeroDivisionError):
        opt.step()
    assert state(opt) == before
    net.zero_grad()
    loss.backward()
    found = net.grads.copy()
    net.zero_grad()
    (3 * net([0.5])).backward()
    assert found.tobytes() == net.grads.tobytes()


class Sum(Optimizer):
    """A custom optimiser, which writes three times."""

    memories = 1

    def _update(self, lr, x, g, s, memory):
        memory += g * g
        x -= lr * g
        x[:-1] -= lr * memory[:-1]


@pytest.mark.parametrize("target", ["a net", "Values"])
def test_a_step_of_a_custom_optimiser_interrupted_at_any_bytecode_is_complete_or_undone(target):
    net = small()
    values = [Value(0.5), Value(-1.0)]
    opt = Sum(net if target == "a net" else values, lr=0.1)
    start = opt.state(), net.values.copy(), [v.data for v in values]

    def again():
        opt.load_state(start[0])
        net.values = start[1]
        net.grads = np.linspace(-1, 1, net.grads.size)
        for v, x in zip(values, start[2], strict=True):
            v.data, v.grad = x, x
        opt.last_lr = 0.0

    def told():
        return net.values.tobytes(), [v.data for v in values], *map(str, opt.state().items())

    again()
    before = told()
    opt.step()
    after = told()
    assert before[0] != after[0] or before[1] != after[1]
    seen = set()
    for at in (again(), places(opt.step))[1]:
        again()
        with contextlib.suppress(Error):
            Disturbed(fail, at, fine=True).run(opt.step)
        assert told() in (before, after), at
        seen.add(told() == after)
    assert False in seen


class Line(Module):
    def __init__(self):
        self.all = [Value(float(i)) for i in range(5)]

    def params(self):
        return self.all


@pytest.mark.parametrize("make", [small, Line])
def test_a_step_of_a_module_interrupted_at_any_bytecode_is_complete_or_undone(make):
    module = make()
    before = [p.data for p in module.params()]
    for p in module.params():
        p.grad = 1.0
    after = [x - 0.25 for x in before]
    assert after != before
    seen = set()
    for at in places(lambda: module.step(0.25)):
        for p, x in zip(module.params(), before, strict=True):
            p.data = x
        with contextlib.suppress(Error):
            Disturbed(fail, at, fine=True).run(lambda: module.step(0.25))
        found = [p.data for p in module.params()]
        assert found in (before, after), at
        seen.add(found == after)
    assert False in seen


# Trainings ------------------------------------------------------------------------------------------


def trained(kind, watch=None, nets=None, **options):
    net = small()
    if nets is not None:
        nets.append(net)
    opt = MADE[kind](net)
    options = {"epochs": 9, "batch_size": 4, "seed": 1, "progress": False} | options
    return net.fit(X, CURVE, optimizer=opt, callbacks=[] if watch is None else [watch], **options)


def each_step(kind):
    """The weights before, and after each step and epoch, of a training that nothing disturbs."""
    found = []
    step = Optimizer.step

    def noted(self):
        found.append(self._vector.values.tobytes())
        step(self)
        found.append(self._vector.values.tobytes())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Optimizer, "step", noted)
        trained(kind)
    return found


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("raises", [interrupt, fail])
def test_a_training_interrupted_at_any_event_has_the_weights_of_a_complete_step(kind, raises):
    whole, nets, ended, disturbed = set(each_step(kind)), [], [], 0
    for at in places(lambda: trained(kind), most=120, fine=False):
        with contextlib.suppress(KeyboardInterrupt, Error):
            history = Disturbed(raises, at).run(partial(trained, kind, nets=nets))
            ended.append(history.interrupted or len(history.loss) == 9)
        assert all(net.values.tobytes() in whole for net in nets[-1:]), at
        disturbed += 1
    assert disturbed > len(ended)  # some of them ended by an exception
    assert all(ended)
    assert len({net.values.tobytes() for net in nets}) > 2


def is_within_fit(frame):
    while frame is not None:
        if frame.f_code is Net.fit.__code__:
            return True
        frame = frame.f_back
    return False


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers on this system")
@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("own", [False, True], ids=["Ctrl-C twice", "a handler of one's own"])
def test_signals_at_any_time_of_a_training_leave_the_weights_of_a_complete_step(kind, own, monkeypatch):
    monkeypatch.setattr(
        sys, "unraisablehook", lambda told: None
    )  # pytest's hook fails if a second signal comes while it runs
    whole, signals = set(each_step(kind)), []
    ended = {"interrupted": 0, "raised": 0, "whole": 0}

    def handler(number, frame):
        if is_within_fit(frame):
            if own:
                raise KeyboardInterrupt
            signals.append(1)
            if len(signals) == 1:
                signal.setitimer(signal.ITIMER_REAL, 5e-5)
            signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGALRM, handler)
    try:
        for k in range(60):
            net = small()
            signals.clear()
            opt = MADE[kind](net)
            signal.setitimer(signal.ITIMER_REAL, 2e-4 + 5e-5 * k)
            try:
                history = net.fit(X, CURVE, optimizer=opt, epochs=9, batch_size=4, seed=1, progress=False)
                ended["interrupted" if history.interrupted else "whole"] += 1
            except KeyboardInterrupt:
                ended["raised"] += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
            assert net.values.tobytes() in whole, k
        assert ended["interrupted"] + ended["raised"] > 5, ended
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        signal.signal(signal.SIGINT, signal.default_int_handler)


# Estimators -----------------------------------------------------------------------------------------


def described(model):
    net, online = model.net_, model._partial_optimizer
    generator = model._rng.get_state()[1].tobytes(), model._rng.get_state()[2:]
    return net.values.tobytes(), net.grads.tobytes(), *state(online), generator, model.loss_, model.n_iter_


@pytest.mark.parametrize("kind", [NetClassifier, NetRegressor])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_an_error_in_any_batch_of_partial_fit_of_an_estimator_changes_nothing(monkeypatch, kind, solver, at):
    generator = np.random.RandomState(1)
    y = (X[:, 0] > 0).astype(int) if kind is NetClassifier else CURVE[:, 0]
    options = {"classes": [0, 1]} if kind is NetClassifier else {}
    model = kind((3,), solver=solver, batch_size=4, random_state=generator).partial_fit(X, y, **options)
    before = described(model)
    own, calls = Net.partial_fit, []

    def failing(self, *args, **kwargs):
        calls.append(1)
        if len(calls) == at:
            raise Error
        return own(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Net, "partial_fit", failing)
        with pytest.raises(Error):
            model.partial_fit(X, y)
    assert described(model) == before
    model.partial_fit(X, y)
    assert described(model) != before


def test_an_error_in_a_warm_start_leaves_the_net_and_the_generator_unchanged(monkeypatch):
    generator = np.random.RandomState(1)
    model = NetRegressor((3,), max_iter=2, warm_start=True, random_state=generator, tol=0.0)
    with pytest.warns(Warning, match="max_iter"):
        model.fit(X, CURVE[:, 0])
    before = model.net_.values.tobytes(), model.net_.grads.tobytes(), generator.get_state()[1].tobytes()
    with monkeypatch.context() as patch:
        patch.setattr("autograd.sklearn.estimator.EarlyStopping.finish", fail)
        with pytest.raises(TypeError):
            model.fit(X, CURVE[:, 0])
    found = model.net_.values.tobytes(), model.net_.grads.tobytes(), generator.get_state()[1].tobytes()
    assert found == before


# Files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("raises", [interrupt, fail])
def test_save_interrupted_at_any_event_leaves_the_old_or_the_new_file(tmp_path, raises):
    path, other = tmp_path / "x.npz", small()
    other.values = other.values + 1
    small().save(path)
    old = path.read_bytes()
    other.save(tmp_path / "y.npz")
    new, seen = (tmp_path / "y.npz").read_bytes(), set()
    for at in places(lambda: other.save(path), most=60, fine=False):
        path.write_bytes(old)
        with contextlib.suppress(KeyboardInterrupt, Error):
            Disturbed(raises, at).run(lambda: other.save(path))
        assert path.read_bytes() in (old, new), at
        seen.add(path.read_bytes())
    assert seen == {old, new}


def test_the_lists_of_a_history_have_one_length_wherever_the_training_is_interrupted():
    x, histories = np.linspace(-1, 1, 8)[:, None], []
    options = {"validation": (x, x**2), "seed": 1, "progress": False, "callbacks": [histories.append]}

    def run(at):
        histories.clear()
        net = Net(1, [2, 1], "tanh", "linear")
        disturbed = Disturbed(interrupt, at, fine=True)
        with contextlib.suppress(KeyboardInterrupt):
            disturbed.run(lambda: net.fit(x, x**2, epochs=4, **options))
        return disturbed.count

    total, seen = run(-1), set()
    assert total > 1000
    for at in range(1, total, total // 120):
        run(at)
        for history in histories[:1]:
            lengths = {len(numbers) for numbers in (history.loss, history.val_loss, history.lr, history.time)}
            assert len(lengths) == 1, at
            seen |= lengths
    assert seen >= {1, 2, 3}


@pytest.mark.parametrize("how", ["load_state_dict", "values"])
def test_parameters_set_under_an_interrupt_are_all_old_or_all_new_and_older_graphs_raise(how):
    net, other = Net(2, [3, 1], "tanh"), Net(2, [3, 1], "tanh")
    state, values = other.state_dict(), other.values.copy()
    before = net.values.copy()

    def take():
        if how == "values":
            net.values = values
        else:
            net.load_state_dict(state)

    counter, seen = Disturbed(fine=True), set()
    counter.run(take)
    for at in range(1, counter.count + 1, max(1, counter.count // 150)):
        net.values = before
        out = net([0.5, -1.0])
        assert out.data
        with contextlib.suppress(KeyboardInterrupt):
            Disturbed(interrupt, at, fine=True).run(take)
        assert net.values.tobytes() in (before.tobytes(), values.tobytes()), at
        seen.add(net.values.tobytes())
        if net.values.tobytes() == values.tobytes():
            with pytest.raises(GradientError, match="changed"):
                out.backward()
    assert seen == {before.tobytes(), values.tobytes()}
