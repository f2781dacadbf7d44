"""Reductions that are recorded, with all the arguments that NumPy's take."""

import subprocess
import sys

import numpy as np
import pytest

from autograd import Tensor, record
from autograd.errors import UnsupportedError
from autograd.tensor import gradients

CALLS = {
    "sum where": lambda x: np.sum(x, where=np.array([True, False, True])),
    "sum where traced": lambda x: np.sum(x, axis=0, where=x > 2),
    "sum initial": lambda x: np.sum(x, initial=5.0),
    "sum by position": lambda x: x.sum(0, None, None, True),
    "sum by name": lambda x: np.sum(a=x, axis=0),
    "prod dtype": lambda x: np.prod(x, 1, np.float32),
    "max by position": lambda x: np.max(x, 0, None, True),
    "max initial": lambda x: np.max(x, 0, keepdims=True, initial=3.0),
    "max where": lambda x: np.max(x, 1, initial=-1.0, where=x < 4),
    "min": lambda x: x.min(1),
    "any where": lambda x: np.any(x > 3, 0, where=np.array([[True], [False]])),
    "all": lambda x: np.all(x > -1, 1),
    "add.reduce": lambda x: np.add.reduce(x),
    "maximum.reduce": lambda x: np.maximum.reduce(x, 1, None, None, True),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_recorded_reduction_takes_the_arguments_of_numpys(name):
    call, x = CALLS[name], np.arange(6.0).reshape(2, 3)
    program = record(lambda t: call(t.data), x)
    for other in (x, x[::-1] + 1, 5 - x):
        expected = call(other)
        found = program(other)
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype


@pytest.mark.parametrize("call", [np.sum, np.max, np.add.reduce])
def test_a_recorded_reduction_into_an_array_is_refused(call):
    with pytest.raises(UnsupportedError, match="out="):
        record(lambda t: call(t.data, axis=0, out=np.empty(3)), np.ones((2, 3)))


@pytest.mark.parametrize("create_graph", [False, True])
def test_equal_gradients_of_several_inputs_are_separate_arrays(create_graph):
    x, y = (Tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    z = x + y
    gx, gy, gz = gradients(z, [x, y, z], [1.0, 1.0], create_graph=create_graph)
    gx.data *= 5
    assert (gx.tolist(), gy.tolist(), gz.tolist(), x.tolist()) == (
        [5.0, 5.0],
        [1.0, 1.0],
        [1.0, 1.0],
        [1.0, 2.0],
    )


def test_a_program_lists_the_same_calls_in_each_process():
    code = (
        "import numpy as np; from autograd import Tensor, record\n"
        "w = [Tensor(np.full(2, float(i)), requires_grad=True) for i in range(6)]\n"
        "def f(x):\n"
        "    y = sum((x * a).tanh().sum() for a in w)\n"
        "    y.backward()\n"
        "    return y\n"
        "print(record(f, [1.0, 2.0]))"
    )
    runs = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout for _ in range(4)
    }
    assert len(runs) == 1
