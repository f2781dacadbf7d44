"""What no export takes: activations and classes of the user's own, and damaged descriptions of tables."""

import pytest
from exports import ACTIVATIONS, table_net
from registries import restored

from autograd import Net, Tensor, Value
from autograd.errors import OptionError, UnsupportedError
from autograd.export import exportable
from autograd.nn import activations, register_activation

EXPORTS = {
    "to_onnx": lambda net, folder: net.to_onnx(folder / "net.onnx"),
    "to_source": lambda net, folder: net.to_source(),
    "to_torch": lambda net, folder: net.to_torch(),
}
every_export = pytest.mark.parametrize("name", EXPORTS)


def swish(x):
    return x * x.sigmoid()


def test_every_built_in_activation_is_exported_and_tested():
    assert {*exportable.ACTIVATIONS} == {*activations.BUILT_IN} == {*ACTIVATIONS}


@every_export
@pytest.mark.parametrize("activation", [swish, "registered", Tensor.tanh])
def test_an_activation_of_the_users_own_is_refused_by_its_name_and_layer(tmp_path, name, activation):
    with restored():
        register_activation("registered", swish)
        net = Net(2, [3, 1], "tanh", activation)
        with pytest.raises(OptionError) as error:
            EXPORTS[name](net, tmp_path)
    told = getattr(activation, "__name__", activation)
    known = "sigmoid, tanh, relu, leaky_relu, softplus, gelu, linear"
    assert str(error.value) == (
        f"{name}() wants activations among {known}, and layers[1] has {told!r}, one of yours, which no other "
        "program knows; train the net with one of these"
    )
    assert list(tmp_path.iterdir()) == []


class Doubled(Net):
    def __call__(self, x):
        return super().__call__(x) * 2


class Forward(Net):
    def forward(self, x):
        return x


class More(Net):
    def params(self):
        return [*super().params(), self.extra]

    extra = Value(1)


@every_export
@pytest.mark.parametrize(("kind", "what"), [(Doubled, "computes"), (Forward, "computes"), (More, "lists")])
def test_a_class_that_computes_in_a_way_of_its_own_is_refused(tmp_path, name, kind, what):
    with pytest.raises(
        UnsupportedError, match=rf"{name}\(\) exports layers alone, and {kind.__name__} {what}"
    ):
        EXPORTS[name](kind(2, [1]), tmp_path)


@pytest.mark.parametrize("name", ["to_onnx", "to_source"])
@pytest.mark.parametrize("change", [{"mean": []}, {"classes": ["a", "b"]}, {"median": None}, {"odd": 1}])
def test_a_table_that_does_not_fit_its_net_is_refused(tmp_path, name, change):
    net = table_net(["a", "b"], "y")
    net.preprocessing |= change
    with pytest.raises(OptionError, match=rf"^{name}\(\) cannot export the net's preprocessing: its table"):
        EXPORTS[name](net, tmp_path)
