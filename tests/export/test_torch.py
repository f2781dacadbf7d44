"""`Net.to_torch` and `Net.from_torch`: the same numbers and slopes in PyTorch, and the same bits back."""

import doctest
import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from exports import ACTIVATIONS, random_net

from autograd import MLP, Net, Tensor
from autograd.errors import MissingExtraError, OptionError, ShapeError, UnsupportedError

PAGE = Path(__file__).parents[2] / "docs" / "export.md"
HERE = importlib.util.find_spec("torch") is not None
if HERE:
    import torch
    from torch import nn

with_torch = pytest.mark.skipif(not HERE, reason="PyTorch is not installed; .ci/run tests it by itself")
every_net = pytest.mark.parametrize(
    ("activation", "dtype"), [(name, dtype) for name in ACTIVATIONS for dtype in ("float64", "float32")]
)


def test_without_pytorch_the_way_out_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    for name, call in {"to_torch": Net(1, [1]).to_torch, "from_torch": lambda: Net.from_torch([])}.items():
        with pytest.raises(MissingExtraError, match=rf"{name}\(\) needs PyTorch, .*: pip install torch$"):
            call()


def test_a_class_with_an_init_of_its_own_is_sent_to_net():
    class Own(Net):
        def __init__(self):
            super().__init__(1, [1])

    with pytest.raises(
        UnsupportedError, match=r"Own\.from_torch\(\) cannot call .* take Net\.from_torch\(\)"
    ):
        Own.from_torch(None)


@with_torch
@every_net
def test_a_net_comes_back_from_pytorch_bit_for_bit(rng, activation, dtype):
    for _ in range(3):
        net = random_net(rng, activation, dtype, output_activation=str(rng.choice(ACTIVATIONS)))
        again = Net.from_torch(net.to_torch())
        assert (again.N, again.activations, again.dtype) == (net.N, net.activations, net.dtype)
        assert again.values.tobytes() == net.values.tobytes()


@with_torch
@every_net
def test_pytorch_computes_the_outputs_and_in_float64_the_gradients(rng, activation, dtype):
    net = random_net(rng, activation, dtype)
    module = net.to_torch()
    X, Y = (rng.normal(size=(20, n)).astype(dtype) for n in (net.n_in, net.n_out))
    assert {p.dtype for p in module.parameters()} == {getattr(torch, dtype)}
    np.testing.assert_allclose(
        module(torch.from_numpy(X)).detach().numpy(),
        net.predict(X),
        rtol=0,
        atol=1e-6 if "32" in dtype else 1e-13,
    )
    if dtype == "float64":
        loss = 3 * nn.functional.mse_loss(module(torch.from_numpy(X)), torch.from_numpy(Y))
        loss.backward()
        ours = 3 * ((net(Tensor(X)) - Y) ** 2).mean()
        ours.backward()
        assert ours.item() == pytest.approx(loss.item(), rel=1e-12)
        linears = [m for m in module if isinstance(m, nn.Linear)]
        found = [np.column_stack((m.weight.grad, m.bias.grad)).reshape(-1) for m in linears]
        np.testing.assert_allclose(net.grads, np.concatenate(found), rtol=1e-10, atol=1e-13)


@with_torch
def test_weights_are_copies_either_way_and_no_random_number_is_drawn(rng):
    net = random_net(rng, "tanh")
    before, state = net.values.copy(), torch.get_rng_state()
    module = net.to_torch()
    assert torch.equal(torch.get_rng_state(), state)
    again = Net.from_torch(module)
    with torch.no_grad():
        module[0].weight.add_(1)
    assert all(p.requires_grad for p in module.parameters())
    assert (again.values == before).all()
    assert (net.values == before).all()
    again.values = again.values + 1
    with torch.no_grad():
        module[0].weight.sub_(1)
    assert np.allclose(Net.from_torch(module).values, before)


@with_torch
def test_a_net_of_pytorch_computes_the_same_here(rng):
    module = nn.Sequential(
        nn.Identity(),
        nn.Linear(3, 4, bias=False),
        nn.Sequential(nn.LeakyReLU(0.01, inplace=True), nn.Sequential(nn.Linear(4, 6))),
        nn.Linear(6, 5),
        nn.Identity(),
        nn.GELU(),
        nn.Linear(5, 2),
        nn.Softplus(),
    ).double()
    net = Net.from_torch(module)
    assert (net.N, net.activations) == ([3, 4, 6, 5, 2], ["leaky_relu", "linear", "gelu", "softplus"])
    assert not net.layers[0].bias.any()
    X = rng.normal(size=(30, 3))
    np.testing.assert_allclose(net.predict(X), module(torch.from_numpy(X)).detach(), rtol=1e-12)
    net.fit(X, X[:, :2] ** 2, epochs=2, seed=0)  # it is a net like any other
    ours = MLP.from_torch(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)))
    assert (type(ours), ours.dtype) == (MLP, np.float32)
    with pytest.raises(OptionError, match=r"tanh, are not an MLP's; use Net$"):
        MLP.from_torch(nn.Sequential(nn.Linear(2, 3), nn.Tanh()))


def hooked():
    linear = nn.Linear(2, 2)
    linear.register_forward_hook(lambda *args: None)
    return linear


def odd_modules():
    """Modules that no Net is like, with the error and the beginning of what it says."""
    linear, shared = nn.Linear(2, 2), nn.Linear(2, 2)
    known = "knows Linear, Sigmoid, Tanh, ReLU, LeakyReLU, Softplus, GELU, Identity, Sequential, and layer"
    # fmt: off
    return [
        (linear, UnsupportedError, "wants a torch.nn.Sequential, got Linear"),
        (None, UnsupportedError, "wants a torch.nn.Sequential, got NoneType"),
        ([], OptionError, "wants a Linear among the layers, got none"),
        ([nn.Identity()], OptionError, "wants a Linear among the layers, got none"),
        ([linear, nn.Dropout(0.5)], UnsupportedError, f"{known} [1], Dropout(p=0.5, inplace=False) is none"),
        ([nn.Sequential(nn.Conv1d(1, 2, 3))], UnsupportedError, f"{known} [0][0], Conv1d(1, 2, kernel_size"),
        ([nn.LazyLinear(3)], UnsupportedError, f"{known} [0], LazyLinear"),
        ([nn.TransformerEncoderLayer(4, 2)], UnsupportedError, f"{known} [0], TransformerEncoderLayer"),
        ([linear, nn.LeakyReLU(0.2)], OptionError, "wants LeakyReLU with negative_slope=0.01, which leaky_r"),
        ([linear, nn.GELU("tanh")], OptionError, "wants GELU with approximate='none', which gelu is here"),
        ([linear, nn.Softplus(2)], OptionError, "wants Softplus with beta=1.0, which softplus is here, got"),
        ([linear, nn.Softplus(1, 9)], OptionError, "wants Softplus with threshold=20.0, which softplus is"),
        ([nn.Tanh(), linear], OptionError, "wants a Linear before each activation, and none is just before"),
        ([linear, nn.Tanh(), nn.ReLU()], OptionError, "wants a Linear before each activation, and none"),
        ([linear, nn.Linear(2, 1).double()], OptionError, "wants one dtype for all layers, got float32 and"),
        ([nn.Linear(2, 1).half()], OptionError, "wants float64 or float32, got torch.float16 in layer [0]"),
        ([nn.Linear(2, 1, device="meta")], OptionError, "wants weights that have numbers, and layer [0]"),
        ([linear, nn.Linear(3, 1)], ShapeError, "wants each Linear to take what the one before gives; "),
        ([nn.Linear(2, 0)], ShapeError, "wants 1 input and 1 output or more of each Linear, got layer [0]"),
        ([shared, nn.Tanh(), shared], UnsupportedError, "cannot share weights, and layer [2], Linear(in_f"),
        ([hooked()], UnsupportedError, "cannot translate hooks, and layer [0], Linear(in_features=2"),
    ]
    # fmt: on


@with_torch
@pytest.mark.filterwarnings("ignore:Lazy modules:UserWarning", "ignore:Initializing zero-element:UserWarning")
def test_what_no_net_is_like_is_refused_with_its_place_and_the_reason():
    for modules, kind, message in odd_modules():
        module = nn.Sequential(*modules) if isinstance(modules, list) else modules
        with pytest.raises(kind, match="^" + re.escape(f"from_torch() {message}")) as error:
            Net.from_torch(module)
        assert type(error.value) is kind


@with_torch
def test_the_examples_of_the_page_on_exports_run():
    blocks = re.findall(r"^```pycon\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "export.md", str(PAGE), 0)
    assert doctest.DocTestRunner().run(test).attempted > 5
    assert doctest.DocTestRunner().run(test).failed == 0
