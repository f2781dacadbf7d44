"""`Tensor`: a NumPy array with reverse-mode gradients. The table `ROWS` holds its operations."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd.errors import GradientError, NotANumberError, ShapeError, UnsupportedError
from autograd.support import WATCHERS
from autograd.tensor.dispatch import IMPLEMENTED, dispatch, refuse_to_detach
from autograd.tensor.methods import ArrayMethods
from autograd.tensor.modes import mode
from autograd.tensor.real_numbers import KINDS, NUMBERS, is_masked, not_numbers, reals
from autograd.tensor.tape import Array, Leaf, TapeNode, backpropagate, use_counts
from autograd.tensor.trace import Traced

__all__ = ["ROWS", "Tensor", "array_of", "as_array", "plain", "tensor", "tensor_of"]

BASIC = (int, np.integer, slice)  # besides None and ..., the types of NumPy's basic indexing

ROWS: dict[str, Callable[..., "Tensor"]] = {}  # the primitives, by name


class Tensor(ArrayMethods):
    """An n-dimensional array with reverse-mode gradients.

    Broadcasting, indexing and dtypes are as in NumPy. NumPy's functions accept a Tensor:
    ``np.tanh(t)``, ``np.sum(t, axis=0)``. A function whose derivative is not implemented raises
    `UnsupportedError` instead of dropping the gradient.

    Args:
        data: a number, an array or nested lists of numbers; it is copied.
        requires_grad: whether ``backward`` adds the gradient of this Tensor to ``grad``.
        dtype: as in NumPy. Gradients need float64 or float32.

    Raises:
        NotANumberError: ``data`` holds something that is not a real number.
        GradientError: ``requires_grad`` is set and the dtype is neither float64 nor float32; or ``data``
            is or holds a Tensor with a gradient (use ``t.detach()``, or join several by ``np.stack``).

    >>> x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> (3 * x**2).sum().backward()
    >>> x.grad
    array([ 6., 12., 18.])
    >>> x.data -= 0.1 * x.grad
    >>> x.numpy().round(1), x.requires_grad, x.detach().requires_grad
    (array([0.4, 0.8, 1.2]), True, False)

    The methods are those of NumPy arrays, and some that nets need:

    >>> t = Tensor([[1.0, 4.0], [9.0, 16.0]])
    >>> t.shape, t.ndim, t.size, t.dtype, int(t.argmax()), t.argmin(axis=1).tolist()
    ((2, 2), 2, 4, dtype('float64'), 3, [0, 0])
    >>> [y.item() for y in (t.sum(), t.mean(), t.max(), t.min(), t.prod(), t.var())]
    [30.0, 7.5, 16.0, 1.0, 576.0, 32.25]
    >>> t.sqrt().tolist(), t.clip(max=5).tolist(), round(t.std().item(), 3)
    ([[1.0, 2.0], [3.0, 4.0]], [[1.0, 4.0], [5.0, 5.0]], 5.679)
    >>> t.T.tolist() == t.mT.tolist() == t.transpose().tolist() == t.swapaxes(0, 1).tolist()
    True
    >>> t.reshape(4, 1).shape, t.ravel().shape, t.dot([1.0, 0.0]).tolist(), t.astype("float32").dtype
    ((4, 1), (4,), [1.0, 9.0], dtype('float32'))
    >>> w = Tensor([2.0], requires_grad=True)
    >>> (w * w).backward()
    >>> w.zero_grad()
    >>> w.grad, w.is_leaf, (w * w).is_leaf
    (array([0.]), True, False)
    >>> x = Tensor([-1.0])
    >>> [round(y.item(), 3) for y in (x.exp(), x.sin(), x.cos(), x.tanh(), x.exp().log())]
    [0.368, -0.841, 0.54, -0.762, -1.0]
    >>> [round(y.item(), 3) for y in (x.sigmoid(), x.relu(), x.leaky_relu(), x.softplus(), x.gelu())]
    [0.269, 0.0, -0.01, 0.313, -0.159]
    """

    __slots__ = ("__weakref__", "_array", "_node", "_version")

    _array: Array
    _node: TapeNode | Leaf | None
    _version: int  # counts changes of a constant; other Tensors count in their node

    def __init__(self, data: Any, requires_grad: bool = False, dtype: npt.DTypeLike | None = None):
        if isinstance(data, Tensor) and data._node is not None:
            raise GradientError("Tensor() of a Tensor with a gradient would cut it off; use t.detach()")
        array = as_array(data, dtype, "Tensor()")
        if requires_grad and array.dtype not in (np.float64, np.float32):
            raise GradientError(
                f"Tensor(requires_grad=True) wants float64 or float32, got {array.dtype}; "
                "write 1.0 for 1, or give dtype=float"
            )
        self._array = array
        self._node = Leaf(array.shape, array.dtype) if requires_grad else None
        self._version = 0

    # Data, gradient and shape

    @property
    def data(self) -> Array:
        """The array itself, not a copy. Change it by assignment: ``t.data -= lr * t.grad``.

        After an assignment to the data of a result, `backward` through that result raises a GradientError.
        A write to elements, ``t.data[0] = 1``, is not detected, and a later `backward` may mix old and new
        values. So write to elements only between ``backward()`` and the next forward pass.
        """
        if mode.trace is None:
            return self._array
        data: Any = array_of(self)
        if isinstance(data, np.ndarray):  # a constant, which the recorded function must not change
            data = data.view()
            data.flags.writeable = False
        return data  # type: ignore[no-any-return]

    @data.setter
    def data(self, value: Any) -> None:
        if mode.trace is not None:
            raise UnsupportedError("a recorded function cannot assign to a Tensor's data, only compute")
        if value is self._array:  # an augmented assignment has changed the array in place
            (self._node or self)._version += 1
            if isinstance(self._node, TapeNode) and self._array.base is not None:
                for source in use_counts(self._node):  # the result may be a view of any of these
                    source._version += 1
            return
        array = as_array(value, self.dtype, "t.data")
        if array.shape != self.shape:
            raise ShapeError(f"data of a Tensor of shape {self.shape} set to shape {array.shape}")
        self._array = array
        if isinstance(self._node, TapeNode):
            self._node._version += 1

    @property
    def grad(self) -> Array | None:
        """The gradient that ``backward`` accumulates; None before, and for results of operations."""
        if not isinstance(self._node, Leaf):
            return None
        return self._node.grad if mode.trace is None else mode.trace.gradient(self._node)

    @grad.setter
    def grad(self, value: Any) -> None:
        if not isinstance(self._node, Leaf):
            raise GradientError("grad can be set only on a Tensor made with requires_grad=True")
        array = None if value is None else as_array(value, self.dtype, "t.grad")
        if array is not None and array.shape != self.shape:
            raise ShapeError(f"grad of a Tensor of shape {self.shape} set to shape {array.shape}")
        if mode.trace is not None:
            array_of(self)  # registers the leaf with the trace
            mode.trace.gradients[self._node] = array
        else:
            self._node.set_grad(array)

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to this Tensor."""
        return self._node is not None

    @property
    def is_leaf(self) -> bool:
        """Whether it was made with ``requires_grad``, so that `backward` accumulates its ``grad``."""
        return isinstance(self._node, Leaf)

    def zero_grad(self) -> None:
        """Set ``grad`` to 0, in its memory, if there is one; GradientError unless `is_leaf`."""
        if mode.trace is not None or self.grad is None:
            self.grad = None
        else:
            self.grad[...] = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self._array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype of the numbers."""
        return self._array.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._array.size

    @property
    def T(self) -> "Tensor":
        """The Tensor with all axes in reverse order."""
        return ROWS["transpose"](self, axes=None)

    @property
    def mT(self) -> "Tensor":
        """The Tensor with its last two axes exchanged."""
        return self.swapaxes(-1, -2)

    # Differentiation

    def backward(self, gradient: Any = None) -> None:
        """Compute the gradient of this Tensor with respect to every leaf, and add it to the leaf's ``grad``.

        Args:
            gradient: the gradient of the final result with respect to this Tensor, in this Tensor's shape.
                By default 1, which needs a Tensor of a single number.

        Raises:
            GradientError: this Tensor depends on no Tensor with ``requires_grad``; or it does not hold
                a single number and ``gradient`` is not given; or an array that the backward pass needs
                was changed after the forward pass.
            ShapeError: ``gradient`` has another shape.

        >>> x = Tensor([1.0, 2.0], requires_grad=True)
        >>> (x * x).backward([1.0, 10.0])
        >>> x.grad
        array([ 2., 40.])
        """
        root = self._root()
        found = backpropagate(root, self._seed(gradient))
        trace = mode.trace
        for watcher in WATCHERS if trace is None else ():
            watcher.on_tensor_backward(root, found)
        for leaf, g in found.items():
            assert isinstance(leaf, Leaf)
            if trace is None:
                leaf.accumulate(g)
            else:
                trace.accumulate(leaf, g)

    def _root(self) -> TapeNode | Leaf:
        if self._node is None:
            raise GradientError(
                "backward() from a Tensor that depends on none with requires_grad=True, or that was "
                "computed in no_grad()"
            )
        return self._node

    def _seed(self, gradient: Any) -> Array:
        if self.dtype.kind == "c":
            raise GradientError("backward() from complex numbers: take a real one, t.real or np.abs(t)")
        if gradient is None:
            if self.size != 1:
                raise GradientError(
                    f"backward() from a Tensor of shape {self.shape} has no single slope; reduce it "
                    "first, y.sum().backward(), or give the gradient of that shape that arrives"
                )
            return np.ones(self.shape, self.dtype)
        seed: Array = as_array(gradient, self.dtype, "backward()")
        if seed.shape != self.shape:
            raise ShapeError(f"backward() from shape {self.shape} got a gradient of shape {seed.shape}")
        return seed

    def detach(self) -> "Tensor":
        """Return a constant Tensor with a copy of the numbers."""
        return tensor_of(array_of(self).copy())

    def numpy(self) -> Array:
        """Return a copy of the numbers as an ndarray."""
        data: Array = array_of(self).copy()
        return data

    def item(self) -> float:
        """Return the only element as a Python number; ValueError if there is not exactly one."""
        return array_of(self).item()  # type: ignore[no-any-return]

    def tolist(self) -> Any:
        """Return the numbers as nested lists, or as a Python number if the Tensor has no axis."""
        return array_of(self).tolist()

    # NumPy's protocols

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **kwargs: Any) -> Any:
        if method != "__call__":
            raise UnsupportedError(f"numpy.{ufunc.__name__}.{method}() has no derivative for Tensors")
        row = IMPLEMENTED.get(ufunc)
        return row(*args) if row is not None and not kwargs else dispatch(ufunc, args, kwargs, plain)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> Any:
        return dispatch(function, args, kwargs, plain)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if self._node is not None:
            raise GradientError(
                "converting a Tensor with a gradient to an array would cut the gradient off without notice; "
                "join Tensors by np.stack or np.concatenate, or write t.numpy() or t.detach() if it is meant"
            )
        array: Array = np.array(self._array, dtype=dtype, copy=copy)
        return array

    # Arithmetic

    def __add__(self, other: Any) -> "Tensor":
        return ROWS["add"](self, other)

    def __radd__(self, other: Any) -> "Tensor":
        return ROWS["add"](other, self)

    def __sub__(self, other: Any) -> "Tensor":
        return ROWS["subtract"](self, other)

    def __rsub__(self, other: Any) -> "Tensor":
        return ROWS["subtract"](other, self)

    def __mul__(self, other: Any) -> "Tensor":
        return ROWS["multiply"](self, other)

    def __rmul__(self, other: Any) -> "Tensor":
        return ROWS["multiply"](other, self)

    def __truediv__(self, other: Any) -> "Tensor":
        return ROWS["divide"](self, other)

    def __rtruediv__(self, other: Any) -> "Tensor":
        return ROWS["divide"](other, self)

    def __pow__(self, other: Any) -> "Tensor":
        if other.__class__ in (int, float) and other == 2:
            return ROWS["square"](self)
        return ROWS["power"](self, other)

    def __rpow__(self, other: Any) -> "Tensor":
        return ROWS["power"](other, self)

    def __mod__(self, other: Any) -> "Tensor":
        return ROWS["remainder"](self, other)

    def __rmod__(self, other: Any) -> "Tensor":
        return ROWS["remainder"](other, self)

    def __matmul__(self, other: Any) -> "Tensor":
        return ROWS["matmul"](self, other)

    def __rmatmul__(self, other: Any) -> "Tensor":
        return ROWS["matmul"](other, self)

    def __neg__(self) -> "Tensor":
        return ROWS["negative"](self)

    def __pos__(self) -> "Tensor":
        return self

    def __abs__(self) -> "Tensor":
        return ROWS["absolute"](self)

    # Comparisons have no derivative and return plain arrays

    def __lt__(self, other: Any) -> Any:
        return np.less(self, other)

    def __le__(self, other: Any) -> Any:
        return np.less_equal(self, other)

    def __gt__(self, other: Any) -> Any:
        return np.greater(self, other)

    def __ge__(self, other: Any) -> Any:
        return np.greater_equal(self, other)

    def __eq__(self, other: Any) -> Any:
        return np.equal(self, other)

    def __ne__(self, other: Any) -> Any:
        return np.not_equal(self, other)

    __hash__ = object.__hash__

    # Functions, as methods

    def exp(self) -> "Tensor":
        """e to the power of each number."""
        return ROWS["exp"](self)

    def log(self) -> "Tensor":
        """The natural logarithm of each number; nan below 0."""
        return ROWS["log"](self)

    def sqrt(self) -> "Tensor":
        """The square root of each number; nan below 0."""
        return ROWS["sqrt"](self)

    def sin(self) -> "Tensor":
        """The sine of each number, in radians."""
        return ROWS["sin"](self)

    def cos(self) -> "Tensor":
        """The cosine of each number, in radians."""
        return ROWS["cos"](self)

    def tanh(self) -> "Tensor":
        """The hyperbolic tangent of each number."""
        return ROWS["tanh"](self)

    def sigmoid(self) -> "Tensor":
        """1 / (1 + exp(-x)) for each number x."""
        return ROWS["sigmoid"](self)

    def relu(self) -> "Tensor":
        """max(x, 0) for each number x; the slope at 0 is 0."""
        return ROWS["relu"](self)

    def leaky_relu(self) -> "Tensor":
        """x above 0, and x / 100 elsewhere."""
        return ROWS["leaky_relu"](self)

    def softplus(self) -> "Tensor":
        """log(1 + exp(x)), without overflow for any x."""
        return ROWS["softplus"](self)

    def gelu(self) -> "Tensor":
        """x · Φ(x), where Φ is the standard normal distribution function."""
        return self * ROWS["normal_cdf"](self)

    def clip(self, min: Any = None, max: Any = None) -> "Tensor":
        """Each number, limited to the range from ``min`` to ``max``; the slope is 1 on the limits too."""
        return np.clip(self, min, max)  # type: ignore[return-value]

    def sum(self, axis: Any = None, keepdims: bool = False) -> "Tensor":
        """The sum of all numbers, or along ``axis``, which is an int or several."""
        return ROWS["sum"](self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> "Tensor":
        """The mean of all numbers, or along ``axis``."""
        return ROWS["mean"](self, axis=axis, keepdims=keepdims)

    def prod(self, axis: Any = None, keepdims: bool = False) -> "Tensor":
        """The product of all numbers, or along ``axis``."""
        return ROWS["prod"](self, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> "Tensor":
        """The largest of all numbers, or along ``axis``; equal maxima share the gradient equally."""
        return ROWS["max"](self, axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> "Tensor":
        """The smallest of all numbers, or along ``axis``; equal minima share the gradient equally."""
        return ROWS["min"](self, axis=axis, keepdims=keepdims)

    def var(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> "Tensor":
        """The variance of all numbers, or along ``axis``; the divisor is their count minus ``ddof``."""
        return np.var(self, axis=axis, ddof=ddof, keepdims=keepdims)  # type: ignore[no-any-return]

    def std(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> "Tensor":
        """The standard deviation: the square root of `var`."""
        return np.std(self, axis=axis, ddof=ddof, keepdims=keepdims)  # type: ignore[no-any-return]

    def argmax(self, axis: Any = None) -> Any:
        """The index of the largest number, in C order, or the indices along ``axis``, as plain integers."""
        return np.argmax(self, axis)

    def argmin(self, axis: Any = None) -> Any:
        """The index of the smallest number, in C order, or the indices along ``axis``, as plain integers."""
        return np.argmin(self, axis)

    def reshape(self, *shape: Any) -> "Tensor":
        """The same numbers, in C order, in another shape; one length may be -1 and is inferred."""
        return ROWS["reshape"](self, shape=shape[0] if len(shape) == 1 else shape)

    def ravel(self) -> "Tensor":
        """The same numbers in one dimension."""
        return self.reshape(-1)

    def transpose(self, *axes: Any) -> "Tensor":
        """The Tensor with its axes in another order; in reverse order if none is given."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None
        return ROWS["transpose"](self, axes=order)

    def swapaxes(self, a: int, b: int) -> "Tensor":
        """The Tensor with axes ``a`` and ``b`` exchanged."""
        order = np.empty(range(self.ndim)).swapaxes(a, b).shape  # axis k has length k
        return ROWS["transpose"](self, axes=order)

    def astype(self, dtype: npt.DTypeLike) -> "Tensor":
        """The same numbers as another dtype; gradients flow through it if it is a float type."""
        wanted = np.dtype(dtype)
        if wanted.kind not in NUMBERS or (self.dtype.kind == "c" != wanted.kind):
            hint = "; take its real part, t.real" if self.dtype.kind == "c" else ""
            raise NotANumberError(
                f"astype() of a Tensor of {self.dtype} wants a dtype of such numbers, got {wanted}{hint}"
            )
        return ROWS["astype"](self, dtype=wanted)

    def dot(self, other: Any) -> "Tensor":
        """The product with ``other``, as defined by ``np.dot``."""
        return np.dot(self, other)  # type: ignore[no-any-return]

    # Container and number protocols

    def __getitem__(self, index: Any) -> "Tensor":
        parts = index if isinstance(index, tuple) else (index,)
        if not all(part is None or part is ... or isinstance(part, BASIC) for part in parts):
            # Advanced indexing: the backward pass needs the index as it is now, so arrays are copied
            parts = tuple(
                part if part is None or part is ... or isinstance(part, BASIC) else _copied_index(part)
                for part in parts
            )
        return ROWS["getitem"](self, index=parts)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise UnsupportedError(
            "a Tensor is not changed in place, since the tape holds its numbers; make a new one with "
            "np.where or np.concatenate, or assign to t.data"
        )

    def __len__(self) -> int:
        return len(self._array)

    def __iter__(self) -> Iterator["Tensor"]:
        return (self[i] for i in range(len(self)))

    def __float__(self) -> float:
        if self._node is not None:
            refuse_to_detach(sys._getframe(1), "float()")
        return float(array_of(self))

    def __complex__(self) -> complex:
        if self._node is not None:
            refuse_to_detach(sys._getframe(1), "complex()")
        return complex(array_of(self))

    def __int__(self) -> int:
        return int(array_of(self))

    def __bool__(self) -> bool:
        return bool(array_of(self))

    def __format__(self, spec: str) -> str:
        return format(self._array.item(), spec) if spec else repr(self)

    def __repr__(self) -> str:
        text = np.array2string(self._array, separator=", ", prefix="Tensor(")
        dtype = "" if self.dtype == np.float64 else f", dtype={self.dtype}"
        return f"Tensor({text}{dtype}{', requires_grad=True' if self.requires_grad else ''})"

    def __reduce__(self) -> Any:
        if isinstance(self._node, TapeNode):
            raise GradientError(
                "only Tensors that you made yourself can be copied or pickled; the tape behind a "
                "result stays here: use t.detach()"
            )
        return _rebuild, (self._array, self._node is not None, self.grad)


def _copied_index(part: Any) -> Any:
    """Return an array of indices as a copy."""
    part = array_of(part) if isinstance(part, Tensor) else part
    if is_masked(part):
        raise not_numbers("indexing", ["masked cells"])
    if isinstance(part, list) and not part:
        return np.array(part, np.intp)
    return part if isinstance(part, Traced) else np.array(part)


def as_array(value: Any, dtype: npt.DTypeLike | None, what: str) -> Any:
    """Return ``value`` as a new array of real numbers; ``what`` is the call that errors name."""
    value = array_of(value) if isinstance(value, Tensor) else value
    wants = f"{what} wants an array of real numbers"
    array: Any = value if isinstance(value, Traced) else np.array(reals(value, wants))
    if dtype is not None and np.dtype(dtype).kind not in KINDS:
        raise NotANumberError(f"{what} wants a dtype of real numbers, got {np.dtype(dtype)}")
    return array if dtype is None else array.astype(dtype)


def plain(x: Any) -> Any:
    """Return the array of a Tensor, and anything else as it is."""
    return array_of(x) if isinstance(x, Tensor) else x


def _rebuild(data: Array, requires_grad: bool, grad: Array | None) -> Tensor:
    tensor = Tensor(data, requires_grad)
    if grad is not None:
        tensor.grad = grad
    return tensor


def tensor(data: Any, dtype: npt.DTypeLike | None = None, requires_grad: bool = False) -> Tensor:
    """Return a `Tensor` of ``data``. The arguments are in PyTorch's order, the errors are those of `Tensor`.

    >>> tensor([1, 2], dtype="float32")
    Tensor([1., 2.], dtype=float32)
    """
    return Tensor(data, requires_grad, dtype)


def tensor_of(data: Array, node: TapeNode | Leaf | None = None) -> Tensor:
    """Return a Tensor of ``data`` and its node, None for a constant; nothing is copied or checked."""
    t = object.__new__(Tensor)
    t._array, t._node, t._version = data, node, 0
    return t


def array_of(t: "Tensor") -> Any:
    """Return the array of a Tensor; in a recording that of a leaf is traced, so replays read it anew."""
    if mode.trace is None or t._node is None or isinstance(t._array, Traced):
        return t._array
    if isinstance(t._node, Leaf):
        return mode.trace.leaf(t, t._node, t._array)
    raise UnsupportedError(
        f"a recorded function uses a Tensor of shape {t.shape} that was computed before it was called; "
        "compute that within the function, or give it t.detach(), a constant"
    )
