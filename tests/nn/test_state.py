"""The state of modules of Tensors, Values and layers: names, dicts, files, and errors that change nothing."""

import numpy as np
import pytest

from autograd import Tensor, Value
from autograd.errors import (
    FileFormatError,
    GradientError,
    NotANumberError,
    OptionError,
    ShapeError,
    UnsupportedError,
)
from autograd.nn import Layer, Module, Net, Neuron


class Block(Module):
    def __init__(self, width):
        self.inner = Layer(width, width, "tanh", dtype="float32")
        self.scale = Tensor(np.ones(width), requires_grad=True)

    def params(self):
        return [*self.inner.params(), self.scale]


class Model(Module):
    """Parameters in attributes, lists, dicts and other modules, one of them in two places."""

    def __init__(self, width=3):
        self.name = "no parameter"
        self.blocks = [Block(width), Block(width)]
        self.heads = {"mean": Neuron(width), "pair": (Value(1.0), Tensor([[2.0]], requires_grad=True))}
        self.tied = self.blocks[0].scale
        self.net = Net(width, [2, 1])
        self.last_loss = Value(7.0)
        self.itself = self

    def params(self):
        mean, (v, t) = self.heads.values()
        return [*self.blocks[0].params(), *self.blocks[1].params(), *mean.params(), v, t, *self.net.params()]


NAMES = {
    "blocks.0.inner.weight": (3, 3),
    "blocks.0.inner.bias": (3,),
    "blocks.0.scale": (3,),
    "blocks.1.inner.weight": (3, 3),
    "blocks.1.inner.bias": (3,),
    "blocks.1.scale": (3,),
    "heads.mean.weight": (1, 3),
    "heads.mean.bias": (1,),
    "heads.pair.0": (1,),
    "heads.pair.1": (1, 1),
    "net.layers.0.weight": (2, 3),
    "net.layers.0.bias": (2,),
    "net.layers.1.weight": (1, 2),
    "net.layers.1.bias": (1,),
}


def numbers(module):
    return [p.data.tolist() if isinstance(p, Tensor) else p.data for p in module.params()]


def test_the_state_of_a_module_has_the_names_of_its_attributes_in_their_order():
    model = Model()
    state = model.state_dict()
    assert {name: a.shape for name, a in state.items()} == NAMES
    assert list(state) == list(NAMES)
    assert sum(a.size for a in state.values()) == model.nparams()
    assert state["blocks.0.inner.weight"].dtype == np.float32
    state["blocks.0.scale"][:] = 5  # a copy
    assert model.tied.data.tolist() == [1.0, 1.0, 1.0]


def test_load_state_dict_writes_all_parameters_in_their_memory():
    model, twin = Model(), Model()
    memory = twin.tied.data
    loss = (twin.tied * twin.tied).sum()
    twin.load_state_dict({name: a * 2 for name, a in model.state_dict().items()})
    assert twin.tied.data is memory
    for name, a in twin.state_dict().items():
        np.testing.assert_array_equal(a, 2 * model.state_dict()[name])
    with pytest.raises(GradientError, match="has been changed since"):
        loss.backward()


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_a_module_is_saved_and_loaded_by_its_class(tmp_path, suffix):
    path = tmp_path / f"model.{suffix}"
    model = Model(width=4)
    model.save(path)
    again = Model.load(path, width=4)
    assert type(again) is Model
    assert numbers(again) == numbers(model)
    for kind, arguments in ((Layer, (3, 2)), (Neuron, (5,))):
        module = kind(*arguments, dtype="float32")
        module.save(path)
        again = kind.load(path, *arguments, dtype="float32")
        np.testing.assert_array_equal(again.values, module.values)
        assert again.dtype == np.float32


def test_a_file_of_another_class_or_with_other_arguments_is_an_error(tmp_path):
    Model().save(path := tmp_path / "model.npz")
    with pytest.raises(FileFormatError, match=r"Block.load\(\) wants a Block, and there is a Model$"):
        Block.load(path, 3)
    with pytest.raises(
        ShapeError, match=r"blocks.0.inner.weight of shape \(4, 4\), as this Model has it, got"
    ):
        Model.load(path, width=4)
    with pytest.raises(
        OptionError, match=r"the arguments after the path, .*unexpected keyword argument 'wide'"
    ):
        Model.load(path, wide=4)
    with pytest.raises(FileFormatError, match="there is no net in this file"):
        Net.load(path)
    Net(1, [1]).save(path)
    with pytest.raises(FileFormatError, match=r"wants a Model, and there is no such module$"):
        Model.load(path)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"more": np.zeros(1)}, ShapeError, "not part of this Model: more$"),
        ({"blocks.0.scale": np.zeros(2)}, ShapeError, r"blocks.0.scale of shape \(3,\), .* got \(2,\)"),
        (
            {"net.layers.1.bias": ["a"]},
            NotANumberError,
            "net.layers.1.bias to be an array of numbers, got 'a'",
        ),
    ],
)
def test_a_bad_state_is_an_error_and_changes_nothing(change, error, message):
    model = Model()
    before = numbers(model)
    with pytest.raises(error, match=message):
        model.load_state_dict({name: a + 1 for name, a in model.state_dict().items()} | change)
    with pytest.raises(ShapeError, match=r"missing: blocks\.0\.inner\.bias, "):
        model.load_state_dict({})
    with pytest.raises(NotANumberError, match="wants a dict of arrays, got list"):
        model.load_state_dict([])
    assert numbers(model) == before


def test_a_write_that_fails_half_way_is_undone(monkeypatch):
    model = Model()
    before = numbers(model)
    state = {name: a + 1 for name, a in model.state_dict().items()}
    write, calls = Net._write_arrays, []

    def failing(self, arrays):
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt
        write(self, arrays)

    monkeypatch.setattr(Net, "_write_arrays", failing)
    with pytest.raises(KeyboardInterrupt):
        model.load_state_dict(state)
    assert numbers(model) == before


def test_parameters_that_no_attribute_holds_are_an_error():
    class Hidden(Module):
        def __init__(self):
            self.a, b = Value(1.0), Value(2.0)
            self.params = lambda: [self.a, b]

    with pytest.raises(
        UnsupportedError, match=r"^1 of the parameters that params\(\) of this Hidden lists are in no"
    ):
        Hidden().state_dict()


def test_loading_with_other_activations_or_another_dtype_is_an_error(tmp_path):
    Layer(3, 2, "tanh").save(path := tmp_path / "layer.npz")
    assert Layer.load(path, 3, 2, "tanh").weight.shape == (2, 3)
    for arguments, options in (((3, 2), {}), ((3, 2, "tanh"), {"dtype": "float32"})):
        with pytest.raises(OptionError, match=r"Layer.load\(\) makes .*, the file has .*tanh.*float64"):
            Layer.load(path, *arguments, **options)
