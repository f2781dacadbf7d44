"""Python's own ``dict``, ``list``, ``tuple``, ``isinstance`` and ``type``.

HIPS/autograd has forms of its own of these, which know its boxes. Here arguments that are varied stay lists,
tuples and dicts, with Tensors in them, so Python's serve.

>>> from autograd import grad
>>> from autograd.builtins import dict, isinstance, list, tuple
>>> grad(lambda x: sum(list((x, 2 * x))))(1.0)
np.float64(3.0)
"""

from builtins import dict, isinstance, list, tuple, type  # noqa: A004, UP029

__all__ = ["dict", "isinstance", "list", "tuple", "type"]
