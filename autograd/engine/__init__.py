"""The scalar engine: Values that compute with Python floats, made for speed.

It has the names and the semantics of the oracle, ``autograd.scalar.engine``, and for scalar expressions the
same results to the bit. Read the oracle first. In this folder start with `value`: each operation makes a
node. Its formula, which is in `operations`, computes the number at once. If an operand is pending, the node
is pending too, and `pending` computes it when a number is needed.

>>> x = Value(3)
>>> y = x * x + 2 * x
>>> y.backward()
>>> y, x.grad
(Value(15.0, grad=1.0), 8.0)
"""

from autograd.engine.batch_stats import Stats, stats
from autograd.engine.node import COMPILED
from autograd.engine.numbers import as_number, number
from autograd.engine.operations import BINARY, UNARY, place_of
from autograd.engine.pending import Failure, Observer, is_pending, number_of, observe, settle, unobserve
from autograd.engine.value import Value, operands, operation_of
from autograd.engine.vector import Vector
from autograd.engine.walk import is_running

__all__ = ["Value"]
