"""fit of a Module of the user's own: it is trained as a net with the same layers."""

import signal

import numpy as np
import pytest
from trainings import NUMBERS, ROWS, Scaled, small_net

from autograd import Tensor, Value
from autograd.errors import (
    CheckpointWarning,
    NotANumberError,
    OptionError,
    ShapeError,
    TrainingError,
    UnsupportedError,
)
from autograd.nn import Layer, Module, Net
from autograd.optim import Adam, vector_of


class Wrapped(Module):
    """A module that computes what its net does."""

    def __init__(self, net):
        self.net = net

    def __call__(self, x):
        return self.net(x)

    def params(self):
        return self.net.params()


class Affine(Module):
    """x W + b, of Tensors; without ``b`` and with a vector W it gives one number for each row."""

    def __init__(self, W, b=None, dtype="float64"):
        self.W = Tensor(np.array(W, dtype), requires_grad=True)
        self.b = None if b is None else Tensor(np.array(b, dtype), requires_grad=True)

    def __call__(self, x):
        return x @ self.W if self.b is None else x @ self.W + self.b

    def params(self):
        return [self.W] if self.b is None else [self.W, self.b]


WEIGHTED = np.linspace(0, 2, len(ROWS))
CASES = {
    "one batch": {"batch_size": 1000},
    "batches": {"batch_size": 7},
    "held-out rows and patience": {"validation": 0.25, "patience": 3, "lr": 0.3},
    "other rows": {"validation": (ROWS[:9], NUMBERS[:9])},
    "weights": {"sample_weight": WEIGHTED},
    "a penalty and a clip": {"alpha": 0.3, "clip": 0.2},
    "lbfgs": {"optimizer": "lbfgs", "alpha": 0.01},
    "momentum": {"optimizer": "rmsprop", "lr": 0.01, "loss": "huber"},
    "a loss of one's own": {"loss": lambda p, y: ((p - y) ** 2).mean() * 3},
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("options", CASES.values(), ids=list(CASES))
def test_a_module_is_trained_as_a_net_with_its_layers(options, dtype):
    net, inner = small_net(dtype=dtype), small_net(dtype=dtype)
    options = {"epochs": 12, "seed": 4, **options}
    told, own = net.fit(ROWS, NUMBERS, **options), Wrapped(inner).fit(ROWS, NUMBERS, **options)
    rtol = 1e-10 if dtype == "float64" else 2e-3
    np.testing.assert_allclose(inner.values, net.values, rtol=rtol, atol=rtol)
    for name in ("loss", "penalty", "val_loss", "lr"):
        assert getattr(own, name) == pytest.approx(getattr(told, name), rel=rtol)
    assert own.best == told.best


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_tensors_follow_the_gradient_of_penalised_least_squares(dtype):
    rng = np.random.default_rng(1)
    X, y, W, b = (rng.normal(size=shape).astype(dtype) for shape in ((50, 3), (50, 2), (3, 2), (2,)))
    module = Affine(W, b, dtype)
    told = module.fit(X, y, optimizer="sgd", lr=0.1, epochs=5, batch_size=50, alpha=0.4)
    for loss, penalty in zip(told.loss, told.penalty, strict=True):
        error = X @ W + b - y
        assert loss == pytest.approx((error**2).mean(), rel=1e-5)
        assert penalty == pytest.approx(0.2 * (W**2).sum(), rel=1e-5)
        W = W - 0.1 * (X.T @ error * 2 / error.size + 0.4 * W)
        b = b - 0.1 * error.sum(0) * 2 / error.size
    np.testing.assert_allclose(module.W.data, W, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(module.b.data, b, rtol=1e-5, atol=1e-6)
    assert module.W.dtype == dtype


def test_one_number_for_each_row_counts_as_one_output():
    X = np.random.default_rng(1).normal(size=(60, 3))
    module = Affine([0.0, 0.0, 0.0])
    module.fit(X, X @ [1, -2, 3], optimizer="lbfgs", epochs=30)
    np.testing.assert_allclose(module.W.data, [1, -2, 3], atol=1e-4)


def test_a_subclass_of_net_with_a_parameter_of_its_own_is_trained_by_its_call():
    net = Scaled()
    before = net.scale.item(), net.layers[0].weight.copy()
    X = np.random.default_rng(1).normal(size=(40, 2))
    told = net.fit(X, 9 * np.tanh(X[:, 0] + X[:, 1]), epochs=300, lr=0.03)
    assert told.loss[-1] < 0.05 * told.loss[0]
    assert net.scale.item() != before[0]
    assert (net.layers[0].weight != before[1]).all()


@pytest.mark.parametrize("method", ["__call__", "forward"])
def test_a_net_that_overrides_its_call_is_trained_and_predicts_by_it(method):
    kind = type("Doubled", (Net,), {method: lambda self, x: 2 * getattr(Net, method)(self, x)})
    net = kind(1, [1], "linear", init=lambda n_out, n_in: [[0.0]])
    X = np.arange(2000.0) / 2000
    net.fit(X, 6 * X + 2, optimizer="lbfgs", epochs=30)
    assert net.values == pytest.approx([3, 1], abs=1e-4)
    np.testing.assert_allclose(net.predict(X), 6 * X[:, None] + 2, atol=1e-3)
    with pytest.raises(UnsupportedError, match=r"this Doubled has .* a __call__ or forward of its own"):
        net.partial_fit(X, X)


def test_a_layer_is_trained_and_refuses_what_a_net_refuses():
    layer = Layer(1, 1, "linear")
    layer.fit(np.arange(9.0) / 9, 3 * np.arange(9.0) / 9 - 2, optimizer="lbfgs", epochs=30)
    assert [p.data for p in layer.params()] == pytest.approx([3, -2], abs=1e-4)
    with pytest.raises(OptionError, match=r"takes logits.* which ends in sigmoid, are between 0 and 1"):
        Layer(2, 3).fit(ROWS[:, :2], np.arange(len(ROWS)) % 3, loss="cross_entropy")


def test_batches_may_come_from_an_iterable_and_X_may_be_any_table():
    whole, own = small_net(), small_net()
    batches = [(ROWS[:20], NUMBERS[:20]), (ROWS[20:].tolist(), NUMBERS[20:].tolist())]
    told = whole.fit(batches, epochs=3)
    assert Wrapped(own).fit(batches, epochs=3).loss == pytest.approx(told.loss, rel=1e-12)
    np.testing.assert_allclose(own.values, whole.values, rtol=1e-10)
    with pytest.raises(ShapeError, match=r"wants X of shape \(rows, 3\), got \(9, 2\) \(batch 2\)"):
        Wrapped(own).fit([(ROWS, NUMBERS), (ROWS[:9, :2], NUMBERS[:9])], epochs=1)


def test_an_optimizer_that_was_made_for_the_module_is_taken_and_another_is_refused():
    module, net = Wrapped(small_net()), small_net()
    opt = Adam(module, lr=0.02)
    module.fit(ROWS, NUMBERS, optimizer=opt, epochs=3, seed=1)
    net.fit(ROWS, NUMBERS, lr=0.02, epochs=3, seed=1)
    np.testing.assert_allclose(module.net.values, net.values, rtol=1e-10)
    with pytest.raises(OptionError, match="made for other parameters"):
        module.fit(ROWS, NUMBERS, optimizer=Adam(module.net))


def test_layers_of_a_module_go_to_an_optimiser_as_arrays():
    class Residual(Module):
        def __init__(self):
            self.layers, self.scale = [Layer(2, 2), Layer(2, 2)], Tensor([1.0, 2.0], requires_grad=True)
            self.shift, self.frozen = Value(0.5), Layer(2, 2)

        def params(self):
            return [self.shift, *self.layers[1].params(), self.scale, *self.layers[0].params(), self.shift]

    module = Residual()
    vector = vector_of(module)
    assert [part for _, part in vector.parts] == [
        [module.shift], module.layers[1], module.scale, module.layers[0],
    ]  # fmt: skip
    for k, p in enumerate(module.params()[:-1]):
        p.grad = Tensor([50.0, 60.0]) if isinstance(p, Tensor) else float(k)
    vector.sync()
    assert vector.grads.tolist() == [0, 1, 2, 3, 4, 5, 6, 50, 60, 8, 9, 10, 11, 12, 13]
    values = vector.values.copy()
    vector.values += 1
    vector.mark_changed()
    assert [p.data for p in module.layers[1].params()] == (values[1:7] + 1).tolist()
    assert module.scale.tolist() == [2, 3]
    assert module.shift.data == 1.5
    vector.go_back()
    vector.sync()
    assert vector.values.tolist() == values.tolist()


@pytest.mark.filterwarnings("ignore:.* cannot be compared")
def test_a_checkpoint_resumes_the_training_of_a_module_bit_for_bit(tmp_path):
    whole, half, again = (Wrapped(small_net(seed)) for seed in (1, 1, 2))
    told = whole.fit(ROWS, NUMBERS, epochs=9, seed=3, batch_size=16)
    half.fit(ROWS, NUMBERS, epochs=4, seed=3, batch_size=16, checkpoint=tmp_path / "x.npz")
    resumed = again.fit(ROWS, NUMBERS, epochs=9, seed=3, batch_size=16, checkpoint=tmp_path / "x.npz")
    assert resumed.loss == told.loss
    assert again.net.values.tobytes() == whole.net.values.tobytes()
    with pytest.warns(CheckpointWarning, match="Wrapped.__call__"):
        whole.fit(ROWS, NUMBERS, epochs=9, seed=3, batch_size=16, checkpoint=tmp_path / "x.npz")


def test_after_a_loss_that_is_not_finite_the_module_has_its_last_good_weights_and_gradient():
    module, twin, X, y = Affine([[0.1]], [0.0]), Affine([[0.1]], [0.0]), np.arange(9.0), np.ones(9)
    options = {"optimizer": "sgd", "batch_size": 3, "seed": 1}
    twin.fit(X, y, **options, epochs=11, lr=0.01)  # after these 33 steps a copy is made
    before = twin.W.item(), twin.b.item(), twin.W.grad.item(), twin.b.grad.item()
    with pytest.raises(TrainingError, match="has its last good weights again"):
        module.fit(X, y, **options, epochs=50, lr=lambda step: 0.01 if step < 36 else 1e200)
    assert (module.W.item(), module.b.item(), module.W.grad.item(), module.b.grad.item()) == before


def test_ctrl_c_ends_the_training_of_a_module_after_a_complete_step(ctrl_c):
    module, twin, seen = Affine([[0.1]], [0.0]), Affine([[0.1]], [0.0]), []

    class Counted(Affine):
        def __call__(self, x):
            seen.append(1)
            if len(seen) == 5:
                signal.raise_signal(signal.SIGINT)
            return super().__call__(x)

    module.__class__ = Counted
    told = module.fit(np.arange(9.0) / 9, np.arange(9.0), epochs=50)
    assert (told.interrupted, len(told.loss)) == (True, 3)  # the first call told the number of outputs
    twin.fit(np.arange(9.0) / 9, np.arange(9.0), epochs=4)
    assert module.W.item() == twin.W.item()


class Line(Module):
    def __init__(self):
        self.slope = Value(2)

    def __call__(self, x):
        return self.slope * x

    def params(self):
        return [self.slope]


class Total(Affine):
    def __call__(self, x):
        return super().__call__(x).sum()


class Changing(Affine):
    def __call__(self, x):
        return super().__call__(x)[:, : 2 if len(x) < 9 else 1]


class Listed(Affine):
    def __call__(self, x):
        return super().__call__(x).tolist()


EYE = np.eye(3)


@pytest.mark.parametrize(
    ("module", "options", "error", "message"),
    [
        (
            Total(EYE),
            {},
            ShapeError,
            r"fit\(\) calls Total with a Tensor of shape \(2, 3\), and wants a Tensor of shape "
            r"\(2, outputs\) from it, got shape \(\)",
        ),
        (Changing(EYE), {}, ShapeError, r"wants a Tensor of shape \(32, 2\) .* got shape \(32, 1\)"),
        (Listed(EYE), {}, ShapeError, r"\(2, outputs\) from it, got list"),
        (
            Affine(EYE[0]),
            {"y": NUMBERS[:, 0], "alpha": 0.1},
            OptionError,
            "alpha=0.1, .* this Affine has none",
        ),
        (Affine(EYE), {"y": NUMBERS[:, 0]}, ShapeError, r"mse\(\) wants targets"),
        (Affine(EYE), {"X": ROWS[:, :2]}, ShapeError, r"matmul\(\) of shapes \(2, 2\) and \(3, 3\)"),
        (Affine(EYE), {"X": np.zeros((4, 3, 2))}, ShapeError, r"\(rows, inputs\), got \(4, 3, 2\)"),
        (Line(), {}, NotANumberError, "in an expression with Values"),
        (Module(), {}, NotANumberError, "an optimiser wants a module, .* got Module of nothing"),
    ],
)
def test_fit_of_a_module_names_what_is_wrong_and_changes_nothing(module, options, error, message):
    kept = [p.data.copy() if isinstance(p, Tensor) else p.data for p in module.params()]
    with pytest.raises(error, match=message):
        module.fit(options.pop("X", ROWS), options.pop("y", NUMBERS), epochs=2, **options)
    for p, before in zip(module.params(), kept, strict=True):
        assert np.array_equal(p.data, before)
