"""Optimisers: trajectories against PyTorch's, on modules and on Values, and their errors."""

import importlib.util
import math
import random
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from optimisers import KINDS

import autograd
from autograd import Tensor, record
from autograd.engine import Value
from autograd.errors import AutogradError, NotANumberError, OptionError, UnsupportedError
from autograd.losses import mse
from autograd.nn import Layer, Module, Net
from autograd.optim import LBFGS, OPTIMIZERS, SGD, Adam, AdamW, Optimizer, RMSprop, clip_gradient, rules
from autograd.optim.optimizer import FLUSH_EVERY

every_kind = pytest.mark.parametrize("name", KINDS)

# A layer [W | b] after 50 steps of PyTorch 2.13.0's optimisers in float64, with the options above (its
# LambdaLR where lr is a function), recorded once by
#   X = torch.tensor([[math.sin(i + 1), math.cos(2 * i), 1.0] for i in range(5)])
#   Y = torch.tensor([[0.5 * math.cos(i), 0.3 * math.sin(3 * i)] for i in range(5)])
#   m = torch.tensor([[0.5, -0.3, 0.0], [0.8, 0.2, 0.0]], requires_grad=True); opt = torch.optim...([m], ...)
#   for _ in range(50):
#       opt.zero_grad(); ((torch.tanh(X @ m.T) - Y) ** 2).mean().backward(); opt.step()
#   print(m.flatten().tolist())
# fmt: off
PYTORCH = {
    "sgd":
        [0.4863083604009136, 0.1118863171906752, -0.10392708430695317,
         0.039954973905073195, 0.08806258988787165, -0.030787563573372985],
    "sgd decay":
        [0.39353698662109626, 0.07995374890917822, -0.07890718087864695,
         0.030963435070202026, 0.06869432902174007, -0.02473404530957963],
    "momentum":
        [0.4641642207298774, 0.12357812495639312, -0.10001543647474943,
         0.0362336362214096, 0.08257535731899804, -0.03357452328170428],
    "momentum decay":
        [0.3941743814942257, 0.0814866357264912, -0.07946381187507041,
         0.029964984311991256, 0.06710273899413231, -0.02426320763469562],
    "nesterov":
        [0.4881252344163133, 0.1190874425698661, -0.1061166636230487,
         0.03670340449992948, 0.08199187192973634, -0.029072508889331737],
    "nesterov decay":
        [0.39417392670445794, 0.08148604511634307, -0.07946356149667066,
         0.029964957760167797, 0.06710277310253555, -0.024263220170887802],
    "adam":
        [0.48627821367354945, -0.2503963745976016, -0.04002124118334583,
         0.7501478541040876, 0.2471458444123523, -0.03644628979346575],
    "adam fast":
        [0.5007991284900756, 0.14356966816028968, -0.11327309184999783,
         0.07506125859703001, 0.10521219668154469, -0.0337439078483015],
    "adam betas eps":
        [0.49270591107509015, 0.12076152126937195, -0.10759073676945764,
         0.033191426115080545, 0.0820230920294277, -0.028987132532680152],
    "adam no mean":
        [0.5151206422675356, 0.15283479551690293, -0.07923319476178818,
         0.0353941471378426, 0.10746529818878245, -0.004423289530382214],
    "adam decay":
        [0.39507469907609183, 0.10291390148954922, -0.08153185759842912,
         0.07707472400723321, 0.07009425056723334, -0.02722885649042787],
    "adamw":
        [0.4862302930637593, -0.2502605975430645, -0.04002121861179632,
         0.7497602379166167, 0.24702557865027602, -0.03647285978523162],
    "adamw decay":
        [0.49063823741745993, 0.11691127111246427, -0.1065704160936911,
         0.03251101935998791, 0.08062043775913637, -0.02856611909850386],
    "rmsprop":
        [0.49233669900311267, 0.12061475786228132, -0.10750583223806019,
         0.043720323396746245, 0.08605839151324828, -0.021689663273054174],
    "rmsprop alpha eps":
        [0.4920234066214829, 0.1202782938880288, -0.1073500368213685,
         0.03659929446219015, 0.0826410917769806, -0.029212291247164502],
    "momentum lr":
        [0.4806212363656937, 0.1120589568728732, -0.10383723162458666,
         0.018509347292630575, 0.10219206825333454, -0.03460091783565107],
    "adam lr":
        [0.47154398022343774, -0.08297764439126955, -0.07166303399427448,
         0.5771643687944122, 0.2982334854227924, -0.04186930328348034],
    "adamw lr":
        [0.49488837167444366, 0.13213865493036814, -0.1094906738372755,
         0.018668404894316544, 0.08620453497344507, -0.028761040184466746],
}
# fmt: on
ROWS = [[math.sin(i + 1), math.cos(2 * i)] for i in range(5)]
TARGETS = [[0.5 * math.cos(i), 0.3 * math.sin(3 * i)] for i in range(5)]
START = [[0.5, -0.3, 0.0], [0.8, 0.2, 0.0]]


LAYERS = {  # numbers of parameters, of which a few are left over by loops over 2, 4, 8 or 16 at a time
    "one": [1, 1],
    "some": [4, 6, 3],
    "many": [30, 50, 7],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sizes", LAYERS.values(), ids=LAYERS)
def test_a_compiled_step_has_the_bits_of_the_calls_of_numpy(kind, dtype, sizes, monkeypatch):
    draw = np.random.default_rng(1)
    nets = [Net(sizes[0], sizes[1:], dtype=dtype) for _ in range(2)]
    nets[1].values = nets[0].values
    optimizers = [KINDS[kind](net) for net in nets]
    for step in range(40):  # numbers are flushed at the 32nd
        gradient = draw.normal(size=nets[0].nparams()) * 10.0 ** draw.integers(-30, 3)
        gradient[draw.random(gradient.size) < 0.2] = 0
        for net, opt, compiled in zip(nets, optimizers, (autograd.compiled, False), strict=True):
            monkeypatch.setattr(rules, "COMPILED", compiled)
            net.grads = gradient
            opt.step()
        np.testing.assert_array_equal(nets[0].values, nets[1].values, err_msg=f"step {step}")
        memories = [opt.state()["memory"] for opt in optimizers]
        np.testing.assert_array_equal(*memories, err_msg=f"step {step}")


@pytest.mark.parametrize("kind", sorted(set(KINDS)))
def test_the_loops_of_steps_compute_the_same_uncompiled(kind, monkeypatch):
    """Their source is Python too, so it can be read and run without a compiler."""
    spec = importlib.util.spec_from_file_location(
        "plain_updates", Path(rules.__file__).with_name("updates.py")
    )
    plain = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plain)
    nets = [Net(3, [4, 1]) for _ in range(2)]
    nets[1].values = nets[0].values
    optimizers = [KINDS[kind](net) for net in nets]
    for _ in range(3):
        for net, opt, compiled in zip(nets, optimizers, (True, False), strict=True):
            monkeypatch.setattr(rules, "COMPILED", compiled)
            monkeypatch.setattr(rules, "updates", plain)
            net.grads = np.linspace(-1, 1, 21)
            opt.step()
    np.testing.assert_array_equal(nets[0].values, nets[1].values)


def layer(**options):
    return Layer(2, 2, "tanh", init=lambda n_out, n_in: np.array(START)[:, :-1], **options)


def layer_loss(m):
    return mse(m(np.array(ROWS)), TARGETS)


def values():
    return [Value(x) for row in START for x in row]


def values_loss(p):
    first, second = p[:3], p[3:]
    out = [[(a * x + b * y + c).tanh() for a, b, c in (first, second)] for x, y in ROWS]
    return mse(out, TARGETS)


def go(target, loss, opt, steps):
    for _ in range(steps):
        opt.zero_grad()
        loss(target).backward()
        opt.step()


@every_kind
def test_the_trajectory_of_a_layer_is_that_of_pytorch(name):
    m = layer()
    go(m, layer_loss, KINDS[name](m), 50)
    assert m.values.tolist() == pytest.approx(PYTORCH[name], rel=1e-9)


@every_kind
def test_the_trajectory_of_a_list_of_values_is_that_of_pytorch(name):
    p = values()
    go(p, values_loss, KINDS[name](p), 50)
    assert [v.data for v in p] == pytest.approx(PYTORCH[name], rel=1e-9)


@every_kind
def test_float32_parameters_stay_float32_and_near_the_others(name):
    m = layer(dtype="float32")
    go(m, layer_loss, KINDS[name](m), 50)
    assert m.values.dtype == np.float32
    assert m.values.tolist() == pytest.approx(PYTORCH[name], abs=1e-5)


def sample_loss(net):
    return 3 * (net([0.5, -1.0]) - 0.3) ** 2


@every_kind
def test_an_optimiser_updates_a_net_and_the_list_of_its_parameters_alike(name):
    random.seed(7)
    net = Net(2, [3, 1], "tanh")
    random.seed(7)
    twin = Net(2, [3, 1], "tanh")
    by_net, by_list = KINDS[name](net), KINDS[name](twin.params())
    for model, opt in ((net, by_net), (twin, by_list)):
        go(model, sample_loss, opt, 10)
    np.testing.assert_array_equal(net.values, twin.values)


def test_an_optimiser_takes_a_custom_module_as_its_target():
    class Line(Module):
        def __init__(self):
            self.slope = Value(0)
            self.layer = Layer(1, 1, "linear", init=lambda n_out, n_in: [[2.0]])

        def parameters(self):
            return [self.slope, *self.layer.params()]

    line = Line()
    opt = SGD(line, lr=0.5)
    (line.slope * 3 + line.layer([2.0])).backward()
    opt.step()
    assert [p.data for p in line.parameters()] == [-1.5, 1.0, -0.5]
    opt.zero_grad()
    assert [p.grad for p in line.parameters()] == [0, 0, 0]


def test_an_optimiser_step_starts_from_parameters_that_were_assigned_since_the_last_step():
    x, m = Value(4.0), layer()
    by_value, by_layer = SGD([x], lr=0.5), SGD(m, lr=0.5)
    for start in (4.0, -2.0):
        x.data, x.grad = start, 3.0
        by_value.step()
        m.neurons[1].b, m.params()[5].grad = start, 3.0
        by_layer.step()
        assert (x.data, m.bias[1]) == (start - 1.5, start - 1.5)


def test_an_optimiser_step_makes_backward_through_older_graphs_an_error():
    m = layer()
    old = layer_loss(m)
    m.grads[:] = 1.0
    SGD(m).step()
    with pytest.raises(RuntimeError, match="has been changed since"):
        old.backward()


# Learning rates -----------------------------------------------------------------------------------


def test_a_learning_rate_function_is_called_once_a_step_with_the_number_of_earlier_steps():
    x, asked = Value(1.0), []

    def lr(step):
        asked.append(step)
        return np.float32(0.5) if step % 2 else 1

    opt = SGD([x], lr=lr)
    assert math.isnan(opt.last_lr)
    rates = []
    for _ in range(4):
        x.grad = 1.0
        opt.step()
        rates.append(opt.last_lr)
    assert (asked, rates, x.data) == ([0, 1, 2, 3], [1.0, 0.5, 1.0, 0.5], -2.0)


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (-1, OptionError, r"^lr\(step\) must be at least 0 and below inf, got -1$"),
        (math.nan, OptionError, r"^lr\(step\) must be .* got nan$"),
        (math.inf, OptionError, r"^lr\(step\) must be .* got inf$"),
        (None, NotANumberError, r"^lr\(step\) wants a real number, got None"),
    ],
)
def test_a_learning_rate_function_with_a_bad_result_is_an_error_and_no_step_is_made(answer, kind, message):
    x = Value(1.0)
    x.grad = 1.0
    opt = Adam([x], lr=lambda step: answer)
    with pytest.raises(kind, match=message):
        opt.step()
    assert (x.data, opt.state()["steps"], opt.state()["memory"].tolist()) == (1.0, 0, [[0.0], [0.0]])


# Memory -------------------------------------------------------------------------------------------


@every_kind
def test_an_optimiser_with_a_loaded_state_continues_bit_for_bit(name):
    m = layer()
    opt = KINDS[name](m)
    go(m, layer_loss, opt, 7)
    state, parameters = opt.state(), m.values.copy()
    go(m, layer_loss, opt, 8)

    other = layer()
    again = KINDS[name](other)
    go(other, layer_loss, again, 3)  # which load_state has to undo
    for _ in range(2):
        other.values[:] = parameters
        other.mark_changed()
        again.load_state(state)
        go(other, layer_loss, again, 8)
        np.testing.assert_array_equal(other.values, m.values)


@every_kind
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_optimiser_step_allocates_no_array(name, dtype):
    m = Layer(100, 100, dtype=dtype)
    m.grads[:] = 1.0
    opt = KINDS[name](m)
    opt.step()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(FLUSH_EVERY):
        opt.step()
    clip_gradient(m, 1.0)
    after, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert max(after, peak) - before < m.values.nbytes / 10


FORGETFUL = {  # optimisers that keep nine tenths of their memory at each step
    "momentum": lambda t: SGD(t, momentum=0.9),
    "nesterov": lambda t: SGD(t, momentum=0.9, nesterov=True),
    "adam": lambda t: Adam(t, betas=(0.9, 0.9)),
    "adamw": lambda t: AdamW(t, betas=(0.9, 0.9)),
    "rmsprop": lambda t: RMSprop(t, alpha=0.9),
}


@pytest.mark.parametrize(("dtype", "steps"), [("float32", 1000), ("float64", 7200)])
@pytest.mark.parametrize("name", FORGETFUL)
def test_optimiser_memory_of_a_gradient_that_stays_0_decays_to_0_and_is_never_subnormal(name, dtype, steps):
    m = Layer(3, 2, dtype=dtype)
    opt = FORGETFUL[name](m)
    gradients = np.array([1.0, -2.0, 1e-10, 0.0, 3.0, -4.0, 1e-30, 0.5], dtype)
    tiny = np.finfo(dtype).tiny
    for step in range(steps):
        m.grads[:] = gradients if step == 0 else 0.0
        m.grads[-1] = 0.5  # this one stays
        opt.step()
        if step % 8 == 0:
            memory = np.abs(opt.state()["memory"])
            assert not ((memory > 0) & (memory < tiny)).any()
    assert not memory[:, :-1].any()
    assert memory[:, -1].all()
    assert np.isfinite(m.values).all()


@pytest.mark.parametrize(("dtype", "steps"), [("float32", 1000), ("float64", 7200)])
def test_a_parameter_under_weight_decay_ends_as_0_and_is_never_subnormal(dtype, steps):
    m = Layer(2, 2, dtype=dtype)
    m.values[:] = [1.0, -2.0, 0.5, 1e-30, -3.0, 4.0]
    opt = SGD(m, lr=0.1, weight_decay=1 - 1e-9)  # nine tenths are left at each step
    for _ in range(steps):
        opt.step()
        assert not ((m.values != 0) & (np.abs(m.values) < np.finfo(dtype).tiny)).any()
    assert not m.values.any()


@pytest.mark.parametrize(("dtype", "small"), [("float32", 3e-17), ("float32", 1e-25), ("float64", 1e-151)])
@pytest.mark.parametrize("later", [0.0, 1.0])
@pytest.mark.parametrize("eps", [0.0, 1e-46, 1e-30])
@pytest.mark.parametrize("kind", [Adam, AdamW, RMSprop])
def test_an_optimiser_with_a_tiny_eps_makes_no_large_step_for_a_tiny_gradient(kind, eps, later, dtype, small):
    m = Layer(1, 1, dtype=dtype)
    m.values[:] = 1.0
    opt = kind(m, lr=1e-3, eps=eps, **({"weight_decay": 0} if kind is AdamW else {}))
    for step in range(100):
        before = m.values.copy()
        m.grads[:] = small if step == 0 else later * small
        opt.step()
        assert np.abs(m.values - before).max() <= 0.012  # RMSprop begins with lr / sqrt(1 - alpha)


@pytest.mark.parametrize("kind", [Adam, AdamW, RMSprop])
def test_an_optimiser_without_eps_keeps_a_parameter_whose_gradient_is_0(kind):
    x, y = Value(2.0), Value(3.0)
    opt = kind([x, y], lr=0.25, eps=0, **({"weight_decay": 0} if kind is AdamW else {}))
    y.grad = 4.0
    opt.step()
    assert x.data == 2.0
    assert y.data < 3.0


def test_an_optimiser_state_is_a_copy():
    m = layer()
    opt = Adam(m)
    go(m, layer_loss, opt, 2)
    state = opt.state()
    kept = state["memory"].copy()
    go(m, layer_loss, opt, 2)
    np.testing.assert_array_equal(state["memory"], kept)
    opt.load_state(state)
    go(m, layer_loss, opt, 2)
    np.testing.assert_array_equal(state["memory"], kept)
    assert state["steps"] == 2


# Custom optimisers --------------------------------------------------------------------------------


class Averaged(Optimizer):
    """Steps along the mean of all gradients so far."""

    memories = 1

    def _update(self, lr, x, g, s, total):
        total += g
        np.multiply(total, lr / self._steps, out=s)
        x -= s


def test_a_custom_optimiser_needs_only_its_update_method():
    p = values()
    m = layer()
    by_list, by_layer = Averaged(p, 0.1), Averaged(m, lambda step: 0.1)
    gradients = []
    x = np.ravel(START)
    for _ in range(5):
        for target, loss, opt in ((p, values_loss, by_list), (m, layer_loss, by_layer)):
            go(target, loss, opt, 1)
        gradients.append(m.grads.copy())
        x = x - 0.1 * np.mean(gradients, axis=0)
        np.testing.assert_allclose(m.values, x, rtol=1e-13)
        np.testing.assert_allclose([v.data for v in p], x, rtol=1e-13)
    state = by_layer.state()
    assert (state["steps"], state["memory"].shape) == (5, (1, 6))
    with pytest.raises(NotImplementedError):
        Optimizer(m, 0.1).step()


def test_fit_trains_with_a_custom_optimiser():
    net = Net(2, [2], "tanh")
    net.values[:] = np.ravel(START)
    net.mark_changed()
    m = layer()
    net.fit(ROWS, TARGETS, optimizer=Averaged(net, 0.1), epochs=5, batch_size=5, seed=0)
    go(m, layer_loss, Averaged(m, 0.1), 5)
    np.testing.assert_allclose(net.values, m.values, rtol=1e-13)  # rows in another order


def test_an_optimiser_step_within_a_recorded_function_is_refused_and_changes_nothing():
    m = layer()
    opt = Adam(m)

    def step(x):
        loss = mse(m(x), TARGETS)
        m.zero_grad()
        loss.backward()
        opt.step()
        return loss

    with pytest.raises(UnsupportedError, match=r"^an optimiser's step\(\) .* after the Program$"):
        record(step, np.array(ROWS))
    assert m.values.tolist() == np.ravel(START).tolist()
    assert opt.state()["steps"] == 0
    go(m, layer_loss, opt, 50)  # and the optimiser can be used as before
    assert m.values.tolist() == pytest.approx(PYTORCH["adam"], rel=1e-9)


def test_clip_gradient_within_a_recorded_function_is_refused_and_changes_nothing():
    m = layer()
    m.grads[:] = 1.0

    def clipped(x):
        clip_gradient(m, 0.5)
        return x

    with pytest.raises(UnsupportedError, match=r"^clip_gradient\(\) .* after the Program$"):
        record(clipped, np.array(ROWS))
    assert m.grads.tolist() == [1.0] * 6


def test_steps_after_a_recorded_loss_give_the_weights_of_steps_after_the_function_itself():
    m, twin = layer(), layer()

    def loss(x):
        loss = mse(m(x), TARGETS)
        m.zero_grad()
        loss.backward()
        return loss

    program, opt = record(loss, np.array(ROWS)), Adam(m)
    for _ in range(20):
        program(np.array(ROWS))
        opt.step()
    go(twin, layer_loss, Adam(twin), 20)
    np.testing.assert_array_equal(m.values, twin.values)


# Clipping -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [0.01, 1.0, 4.9, 5.1, 1e9])
@pytest.mark.parametrize("kind", ["layer", "layer32", "values"])
def test_clip_gradient_scales_a_gradient_longer_than_the_limit_to_the_limit(kind, limit):
    g = np.array([1.0, -2.0, 0.0, 2.0, 4.0, 0.0])  # of length 5
    target = values() if kind == "values" else layer(dtype="float32" if kind == "layer32" else "float64")
    parameters = target if kind == "values" else target.params()
    for v, x in zip(parameters, g.tolist(), strict=True):
        v.grad = x
    assert clip_gradient(target, limit) == pytest.approx(5.0, rel=1e-15)
    expected = g * min(1, limit / 5)
    close = {"rel": 1e-6 if kind == "layer32" else 1e-14}
    assert [v.grad for v in parameters] == pytest.approx(expected.tolist(), **close)
    if limit > 5:
        assert [v.grad for v in parameters] == g.tolist()
    assert [v.data for v in parameters] == pytest.approx(np.ravel(START).tolist(), rel=1e-6)


@np.errstate(over="ignore")
def test_clip_gradient_scales_gradients_whose_squares_overflow():
    p = values()
    for v, x in zip(p, [3e200, -4e200, 0, 0, 0, 1e-200], strict=True):
        v.grad = x
    assert clip_gradient(p, 10.0) == pytest.approx(5e200, rel=1e-15)
    assert [v.grad for v in p[:5]] == pytest.approx([6, -8, 0, 0, 0], rel=1e-14)
    m = layer(dtype="float32")
    m.grads[:] = 1e30
    assert clip_gradient(m, 1.0) == pytest.approx(math.sqrt(6) * 1e30, rel=1e-6)
    np.testing.assert_allclose(m.grads, 1 / math.sqrt(6), rtol=1e-6)


@np.errstate(over="ignore", invalid="ignore")
@pytest.mark.parametrize("size", [math.inf, -math.inf, math.nan])
def test_clip_gradient_returns_the_norm_of_a_gradient_that_is_not_finite_and_leaves_it_unchanged(size):
    p = values()
    for i, v in enumerate(p):
        v.grad = size if i == 3 else 2.0
    assert clip_gradient(p, 1.0) == pytest.approx(abs(size), nan_ok=True)
    assert [v.grad for v in p] == pytest.approx([2.0, 2.0, 2.0, size, 2.0, 2.0], nan_ok=True)


@pytest.mark.parametrize(
    ("limit", "kind", "message"),
    [
        (0, OptionError, r"^clip_gradient\(\) wants a limit above 0, got 0\.0$"),
        (-1, OptionError, r"wants a limit above 0, got -1\.0$"),
        (math.nan, OptionError, r"wants a limit above 0, got nan$"),
        ("short", NotANumberError, r"^clip_gradient\(\) wants a real number, got 'short' \(str\)$"),
    ],
)
def test_clip_gradient_wants_a_limit_above_0(limit, kind, message):
    p = values()
    with pytest.raises(kind, match=message):
        clip_gradient(p, limit)


def test_clip_gradient_of_huge_gradients_gives_no_warning():
    x = Value(1.0)
    x.grad = 1e200
    assert clip_gradient([x], 1.0) == 1e200


def test_clip_gradient_returns_a_norm_above_0_for_tiny_gradients():
    x = Value(1.0)
    x.grad = 1e-200
    assert clip_gradient([x], 1.0) == 1e-200


# L-BFGS -------------------------------------------------------------------------------------------


def rosenbrock(x, y):
    return (1 - x) ** 2 + 10 * (y - x**2) ** 2


def test_lbfgs_finds_the_minimum_of_the_rosenbrock_function():
    x, y = Value(-1.2), Value(1)
    opt = LBFGS([x, y], max_iter=100)

    def closure():
        loss = rosenbrock(x, y)
        opt.zero_grad()
        loss.backward()
        return loss

    assert opt.step(closure) < 1e-10
    assert (x.data, y.data) == pytest.approx((1, 1), abs=1e-4)
    with pytest.raises(OptionError, match="wants a closure"):
        opt.step()


def test_lbfgs_finds_the_least_squares_fit_of_a_linear_layer(rng):
    X, y = rng.normal(size=(30, 3)), rng.normal(size=(30, 2))
    m = Layer(3, 2, "linear")
    opt = LBFGS(m, max_iter=200)

    def closure():
        loss = mse(m(X), y)
        opt.zero_grad()
        loss.backward()
        return loss

    losses = [opt.step(closure) for _ in range(2)]
    assert losses[1] <= losses[0]
    table = np.hstack([X, np.ones((30, 1))])
    best = np.linalg.lstsq(table, y, rcond=None)[0]
    assert losses[1] == pytest.approx(np.mean((table @ best - y) ** 2), rel=1e-9)
    np.testing.assert_allclose(m.values.reshape(2, 4), best.T, atol=1e-4)


def test_an_error_in_the_closure_of_lbfgs_leaves_the_parameters_unchanged():
    x = Value(3)
    opt = LBFGS([x])
    calls = []

    def closure():
        calls.append(x.data)
        if len(calls) == 3:
            raise KeyError("mine")
        loss = x**4
        opt.zero_grad()
        loss.backward()
        return loss

    with pytest.raises(KeyError, match="mine"):
        opt.step(closure)
    assert calls[-1] != 3
    assert x.data == 3


# Errors -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (SGD, {"lr": -0.1}, r"^lr must be at least 0 and below inf, got -0\.1$"),
        (SGD, {"lr": float("nan")}, "^lr must be .* got nan$"),
        (SGD, {"lr": float("inf")}, "^lr must be .* got inf$"),
        (SGD, {"momentum": 1.0}, r"^momentum must be at least 0 and below 1, got 1\.0$"),
        (SGD, {"momentum": -0.5}, r"^momentum must be at least 0 and below 1, got -0\.5$"),
        (SGD, {"nesterov": True}, "^nesterov=True wants a momentum above 0$"),
        (SGD, {"weight_decay": -1}, "^weight_decay must be at least 0 and below inf, got -1$"),
        (Adam, {"lr": -1}, "^lr must be"),
        (Adam, {"betas": (1.0, 0.9)}, r"^betas\[0\] must be at least 0 and below 1, got 1\.0$"),
        (Adam, {"betas": (0.9, 1.0)}, r"^betas\[1\] must be at least 0 and below 1, got 1\.0$"),
        (Adam, {"betas": (-0.1, 0.9)}, r"^betas\[0\] must be"),
        (Adam, {"eps": -1e-8}, "^eps must be at least 0 and below inf, got -1e-08$"),
        (Adam, {"weight_decay": -1}, "^weight_decay must be"),
        (AdamW, {"betas": (0.9, float("nan"))}, r"^betas\[1\] must be .* got nan$"),
        (AdamW, {"weight_decay": float("inf")}, "^weight_decay must be .* got inf$"),
        (RMSprop, {"alpha": -0.1}, r"^alpha must be at least 0 and below 1, got -0\.1$"),
        (RMSprop, {"alpha": 1}, "^alpha must be at least 0 and below 1, got 1$"),
        (RMSprop, {"eps": -1}, "^eps must be"),
        (LBFGS, {"max_iter": 0}, "^max_iter must be a whole number of 1 or more, got 0$"),
        (LBFGS, {"history": 2.5}, r"^history must be a whole number of 1 or more, got 2\.5$"),
    ],
)
def test_an_optimiser_option_out_of_its_range_is_named_in_the_error(kind, options, message):
    with pytest.raises(OptionError, match=message):
        kind([Value(1)], **options)


@pytest.mark.parametrize(
    ("target", "got"),
    [
        (None, "NoneType"),
        ([], "list of nothing"),
        ([1.0], "list of float"),
        ([Value(1), 1.0, "x"], "list of Value, float, str"),
        ("net", "str"),
    ],
)
def test_an_optimiser_refuses_a_target_without_parameters(target, got):
    for call in (SGD, lambda target: clip_gradient(target, 1.0)):
        with pytest.raises(
            NotANumberError, match=f"wants a module, or a list of Values and Tensors, got {got}$"
        ):
            call(target)


@pytest.mark.parametrize(
    ("tensor", "got"),
    [
        (Tensor([1.0, 2.0]), r"number 1, of shape \(2,\), is a constant"),
        (Tensor([1.0], requires_grad=True) * 2, r"number 1, of shape \(1,\), is computed"),
    ],
)
def test_an_optimiser_refuses_tensors_that_gather_no_gradient(tensor, got):
    for call in (SGD, lambda target: clip_gradient(target, 1.0)):
        with pytest.raises(NotANumberError, match=f"wants Tensors made with requires_grad=True, and {got}$"):
            call([Value(1.0), tensor])


@pytest.mark.parametrize("lr", ["fast", None, [0.1]])
def test_an_optimiser_refuses_a_learning_rate_that_is_no_number(lr):
    for kind in set(OPTIMIZERS.values()) - {LBFGS}:
        with pytest.raises(NotANumberError, match=r"^lr wants a real number"):
            kind([Value(1)], lr=lr)


@pytest.mark.parametrize(
    ("kind", "options", "name"),
    [
        (SGD, {"momentum": "much"}, "momentum"),
        (Adam, {"betas": ("a", 0.9)}, r"betas\[0\]"),
        (Adam, {"eps": None}, "eps"),
        (AdamW, {"weight_decay": "x"}, "weight_decay"),
        (RMSprop, {"alpha": "x"}, "alpha"),
    ],
)
def test_an_optimiser_refuses_other_options_that_are_no_numbers(kind, options, name):
    with pytest.raises(NotANumberError, match=f"^{name} wants a real number, got"):
        kind([Value(1)], **options)


@pytest.mark.parametrize("betas", [(0.9,), 0.9])
def test_an_optimiser_refuses_betas_that_are_no_pair(betas):
    with pytest.raises(AutogradError):
        Adam([Value(1.0)], betas=betas)


@pytest.mark.parametrize("kind", [Adam, SGD])
def test_load_state_refuses_the_state_of_another_kind_of_optimiser(kind):
    x = Value(1.0)
    with pytest.raises(AutogradError):
        kind([x]).load_state(SGD([x], momentum=0.9).state())
