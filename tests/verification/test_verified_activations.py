"""verify() on layers with each activation, and with those of the user's."""

import pytest

from autograd import Layer, Tensor, Value, verify
from autograd.errors import ParityError
from autograd.nn import ACTIVATIONS, Activation

pytestmark = pytest.mark.usefixtures("small_batches")


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_verify_compares_the_output_and_the_gradients_of_a_layer_with_any_activation(
    activation, compared, scale_neurons
):
    layer = Layer(2, 1, activation)
    with verify():
        (layer([1, Value(-2)]) * 3).backward()
    assert compared["same"] == 1
    assert compared["close"] >= 1 + 2 + 6  # the output, an operation, and the gradients of all Values
    scale_neurons()
    with pytest.raises(ParityError, match=r"the data of layer\(\[1, Value\(-2\)\]\) is "), verify():
        (layer([1, Value(-2)]) * 3).backward()


@pytest.mark.parametrize(
    ("function", "operation"), [(Tensor.tanh, "tanh"), (Tensor.__neg__, "neg"), (Tensor.__abs__, "abs")]
)
def test_verify_compares_a_custom_activation_that_has_a_scalar_operation(function, operation, scale_neurons):
    layer = Layer(2, 1, Activation("mine", function, operation, kink=0.0))
    with verify():
        (layer([1, Value(-2)]) * 3).backward()
    scale_neurons()
    with pytest.raises(ParityError, match=r"the data of layer\(\[1, Value\(-2\)\]\) is "), verify():
        (layer([1, Value(-2)]) * 3).backward()
