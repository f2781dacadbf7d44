"""The scalar engine: Values whose arithmetic stays in Python floats, made for speed.

It has the names, the semantics and, for scalar expressions, the very bits of the oracle,
``autograd.scalar.engine``, which is the one to read first. Here `value` comes first: an operation makes a
node, which its row of `operations` fills at once or, if an operand waits, when a number is needed (`graph`).

>>> x = Value(3)
>>> y = x * x + 2 * x
>>> y.backward()
>>> y, x.grad
(Value(15.0, grad=1.0), 8.0)
"""

from autograd.engine.value import Value

__all__ = ["Value"]
