"""A function at a point: its value, and the linear maps from changes of arguments to changes of the value."""

import math
import operator
import warnings
from collections.abc import Callable, Sequence
from functools import cached_property
from numbers import Number
from typing import Any

import numpy as np

from autograd.errors import GradientWarning, NotANumberError, OptionError, OutputError, ShapeError
from autograd.tensor.containers import leaves_of, rebuilt
from autograd.tensor.core import ROWS, Tensor, array_of, tensor_of
from autograd.tensor.mapped import Levels, Mapped, closed, levels_of, opened
from autograd.tensor.modes import DIFFERENTIATING, ModeContext, mode, on_the_tape
from autograd.tensor.real_numbers import DIFFERENTIABLE, KINDS, NUMBERS
from autograd.tensor.tape import Leaf, TapeNode, backpropagate, bare, push_forward, together, use_counts
from autograd.tensor.trace import Traced, mapped, outside

ARRAYS = (Tensor, np.ndarray, np.generic)
FLOATS = (float, complex)
SEQUENCES = (tuple, list)

__all__ = ["Linearization", "name_of", "plain"]


def name_of(function: Any) -> str:
    """The name of a function, for messages."""
    return getattr(function, "__name__", None) or type(function).__name__


def plain(x: Any) -> Any:
    """A copy of the array of a Tensor, as a number if it has no axes; anything else as it is."""
    if not isinstance(x, Tensor):
        return x
    if isinstance(x, Mapped):
        return x.detach()
    array: Any = array_of(x)
    return tensor_of(array) if mode.trace is not None else array.copy()[()]


def chosen(args: Sequence[Any], argnum: Any, call: str) -> Any:
    """The argument with number ``argnum``, or the tuple of those with several numbers."""
    numbers = argnum if isinstance(argnum, SEQUENCES) else (argnum,)
    for number in numbers:
        try:
            in_range = -len(args) <= operator.index(number) < len(args)
        except TypeError:
            raise OptionError(
                f"{call} wants argnum to be the number of an argument, from 0, or a tuple of such, "
                f"got {argnum!r}"
            ) from None
        if not in_range:
            raise OptionError(
                f"{call} got argnum={argnum!r}, and the function was called with "
                f"{len(args)} argument{'s' * (len(args) != 1)}, counted from 0"
            )
    found = tuple(args[number] for number in numbers)
    return found if isinstance(argnum, SEQUENCES) else found[0]


def variable(x: Any, call: str, levels: Levels) -> Tensor:
    """A Tensor with the numbers of ``x``, with a node of its own for one transform.

    Within `vmap` it is one of many samples. Each has numbers of its own, though ``x`` may be one for all.
    """
    t = opened(constant(x, call), levels)
    if t._node is not None:
        t = ROWS["alias"](t)
    else:
        array = np.array(t._array) if levels and not isinstance(t._array, Traced) else t._array
        t = tensor_of(array, Leaf(t.shape, t.dtype))
    own: Tensor = closed(t, levels)
    return own


def constant(x: Any, call: str) -> Tensor:
    """A Tensor with the numbers of ``x``, which may be one; NotANumberError if they are no floats."""
    if isinstance(x, Traced):  # the array of a Tensor, within a recorded backward pass
        return tensor_of(x)  # type: ignore[arg-type]  # it stands for an array
    if isinstance(x, ARRAYS):
        varies = x.dtype.kind in DIFFERENTIABLE and not isinstance(x, np.ma.MaskedArray)
    else:
        varies = isinstance(x, FLOATS)
    if not varies:
        raise _not_floats(x, call)
    if isinstance(x, Tensor):
        return x
    array: Any = np.array(x)
    if array.dtype not in (np.float64, np.float32, np.complex128, np.complex64):
        raise NotANumberError(
            f"{call} differentiates by float64, float32, complex128 and complex64, got {array.dtype}"
        )
    return tensor_of(array)


def _not_floats(x: Any, call: str) -> NotANumberError:
    hint = ""
    if isinstance(x, ARRAYS):
        what = "a Tensor" if isinstance(x, Tensor) else "an array" if np.ndim(x) else "a number"
        got = f"{what} of dtype {x.dtype}"
    else:
        got = f"{type(x).__name__} {x!r:.60}"
    if isinstance(x, int) or (isinstance(x, ARRAYS) and x.dtype.kind in KINDS):
        hint = "; write 1.0 for 1, or x.astype(float)"
    elif hasattr(x, "backward"):
        hint = "; call its backward()"
    return NotANumberError(f"{call} differentiates by floats and arrays of floats, got {got}{hint}")


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of an array, a Tensor or a number."""
    return x.shape if isinstance(x, ARRAYS) else np.shape(x)


class Linearization:
    """A function at a point: its value, and how that changes with some of the arguments.

    Args:
        call: the transform that errors name, such as "grad()".
        function: what is differentiated; it is called once, with Tensors for these arguments.
        args: all positional arguments.
        kwargs: the keyword arguments.
        argnum: which argument is varied, or a tuple of several. Each may be a number, an array, a Tensor,
            or nested lists, tuples and dicts of them.

    Attributes:
        value: what the function returned, with Tensors in it.
        outputs: the Tensors and numbers in it.

    Raises:
        NotANumberError: an argument that is varied holds no floats.
        OptionError: there is no argument of that number.
    """

    def __init__(
        self, call: str, function: Callable[..., Any], args: Sequence[Any], kwargs: Any, argnum: Any = 0
    ) -> None:
        self.call, self.function = call, function
        self.structure = chosen(args, argnum, call)
        given = leaves_of(self.structure)
        self.tensors = any(isinstance(x, Tensor) for x in given)
        self.within = bool(mode.taping == DIFFERENTIATING)  # whether another transform calls this one
        self.levels = levels_of(given, mode.levels)  # of the vmap() around
        with ModeContext("taping", DIFFERENTIATING):
            self.inputs = [variable(x, call, self.levels) for x in given]
            varied = rebuilt(self.structure, self.inputs)
            full = list(args)
            several = isinstance(argnum, SEQUENCES)
            for number, x in zip(argnum, varied, strict=True) if several else [(argnum, varied)]:
                full[number] = x
            self.value = function(*full, **kwargs)
        self.nodes: list[Any] = [x._node for x in self.inputs]

    @property
    def outputs(self) -> list[Any]:
        return leaves_of(self.value)

    def only_output(self, single: bool = False, real: bool = True) -> Tensor:
        """The one Tensor that the function returned; a constant number as a Tensor.

        Args:
            single: whether it has to hold just one number.
            real: whether its numbers have to be real.

        Raises:
            OutputError: the function returned something else.
        """
        value = self.value
        if single and isinstance(value, Tensor | np.ndarray) and value.size != 1:
            kind, ways = (
                ("real number", ", or use elementwise_grad() or jacobian()") if real else ("number", "")
            )
            raise OutputError(
                f"{self.call} wants a function that returns one {kind}, and {name_of(self.function)} "
                f"returned shape {value.shape}; sum it{ways}"
            )
        out = self.as_tensor(value)
        if real and out.dtype.kind == "c":
            raise OutputError(
                f"{self.call} wants a function that returns real numbers, and {name_of(self.function)} "
                "returned complex ones; take np.real or np.abs of them, or call holomorphic_grad() if the "
                "function is holomorphic"
            )
        return out

    def as_tensor(self, value: Any) -> Tensor:
        """``value``, which the function returned, as a Tensor; OutputError if it holds no numbers."""
        if not isinstance(value, Tensor):
            array = np.asarray(value if isinstance(value, np.ndarray | Number) else None)
            if array.dtype.kind not in NUMBERS:
                raise OutputError(
                    f"{self.call} wants a function that returns a number or an array, and "
                    f"{name_of(self.function)} returned {type(value).__name__}"
                )
            if array.dtype.kind in KINDS:
                array = array.astype(np.finfo(self.inputs[0].dtype).dtype if self.inputs else float)
            value = tensor_of(array)
        out: Tensor = value
        return out

    @cached_property
    def _roots(self) -> list[Any]:
        """The nodes of the outputs that are on the tape."""
        return [out._node for out in self.outputs if isinstance(out, Tensor) and out._node is not None]

    @cached_property
    def largest(self) -> int:
        """The size of the largest array that the calls between the arguments and the value take or return."""
        nodes = use_counts(together(self._roots)) if self._roots else ()
        calls = [(node.out, *node.args) for node in nodes if isinstance(node, TapeNode)]
        return max((math.prod(shape_of(a)) for call in calls for a in call if a is not None), default=1)

    @property
    def goes_forward(self) -> bool:
        """Whether all calls between the arguments and the value are suited to forward mode."""
        nodes = use_counts(together(self._roots)) if self._roots else ()
        return not any(isinstance(node, TapeNode) and node.rule.backward_only for node in nodes)

    @cached_property
    def _recorded(self) -> bool:
        """Whether derivatives have to be differentiable in turn, as they depend on other variables too."""
        return bool((self.within or self.tensors) and self._roots) and self._leads_outside(
            together(self._roots)
        )

    def _leads_outside(self, root: TapeNode | Leaf) -> bool:
        """Whether a node depends on other variables than the arguments."""
        own = set(self.nodes)
        return any(isinstance(node, Leaf) and node not in own for node in use_counts(root))

    def _finished(self, g: Any, like: Tensor) -> Any:
        """A derivative as it is returned: an array or a number; a Tensor if Tensors were given."""
        if g is None:
            g = np.zeros((*(level.size for level in self.levels), *like.shape), like.dtype)
        if isinstance(g, Tensor):
            return closed(g, self.levels)
        if isinstance(g, Traced):
            return closed(tensor_of(g), self.levels)  # type: ignore[arg-type]  # as above
        own = np.array(g)  # it may be a view of something that others hold
        if self.tensors or self.levels or mode.trace is not None:
            return closed(tensor_of(own), self.levels)
        return own[()]

    def pull(self, gradient: Any, warned: bool = True) -> Any:
        """The gradient by the arguments, in their structure, given the ``gradient`` by the value, in its own.

        A `GradientWarning` tells if the value does not depend on the arguments, unless ``warned`` is False.
        """
        outputs, seeds = self.outputs, leaves_of(gradient)
        if len(outputs) != len(seeds):
            raise ShapeError(
                f"{self.call} wants a gradient for each of {len(outputs)} results, got {len(seeds)}"
            )
        pairs: list[tuple[Any, Any]] = []
        for out, seed in zip(outputs, seeds, strict=True):
            if shape_of(out) != shape_of(seed):
                raise ShapeError(
                    f"{self.call} wants a gradient of the result's shape {shape_of(out)}, got "
                    f"{shape_of(seed)}"
                )
            if isinstance(out, Tensor) and out._node is not None:
                pairs.append((out, seed))
        recorded = self._recorded or any(
            isinstance(seed, Tensor) and seed._node is not None for _, seed in pairs
        )
        found: dict[Any, Any] = {}
        if pairs:
            lift: Any = tensor_of if recorded else bare
            given = [self._seed(out, seed, recorded) for out, seed in pairs]
            roots = [out._node for out, _ in pairs]
            several = len(pairs) > 1
            with on_the_tape():
                found = backpropagate(
                    together(roots) if several else roots[0], given if several else given[0], self.nodes, lift
                )
        if warned and self.nodes and not any(node in found for node in self.nodes):
            self._warn()
        return rebuilt(
            self.structure,
            [self._finished(found.get(n), x) for n, x in zip(self.nodes, self.inputs, strict=True)],
        )

    def _seed(self, out: Tensor, seed: Any, recorded: bool) -> Any:
        seed = opened(seed, self.levels)
        if isinstance(seed, Tensor):
            seed = seed if recorded or isinstance(seed, Mapped) else array_of(seed)
        else:
            seed = tensor_of(np.array(seed)) if recorded else np.array(seed)
        if seed.dtype.kind == "c" and out.dtype.kind != "c":
            raise NotANumberError(
                f"{self.call} wants real numbers for those of {out.dtype}, got {seed.dtype}"
            )
        return seed if seed.dtype == out.dtype else seed.astype(out.dtype)

    def push(self, tangent: Any) -> Any:
        """The change of the value, in its structure, for a small change of the arguments, in theirs."""
        given = leaves_of(tangent)
        if len(given) != len(self.inputs):
            raise ShapeError(
                f"{self.call} wants a tangent for each of {len(self.inputs)} arguments, got {len(given)}"
            )
        for x, v in zip(self.inputs, given, strict=True):
            if shape_of(v) != x.shape:
                raise ShapeError(
                    f"{self.call} wants a tangent of the argument's shape {x.shape}, got {shape_of(v)}"
                )
        outputs = self.outputs
        recorded = self._recorded or any(isinstance(v, Tensor) and v._node is not None for v in given)
        tangents = {
            node: self._seed(x, v, recorded)
            for node, x, v in zip(self.nodes, self.inputs, given, strict=True)
        }
        if self._roots:
            with on_the_tape():
                push_forward(together(self._roots), tangents, tensor_of if recorded else bare)
        results = []
        for out in outputs:
            node = out._node if isinstance(out, Tensor) else None
            like = out if isinstance(out, Tensor) else tensor_of(np.zeros(np.shape(out)))
            results.append(self._finished(tangents.get(node) if node is not None else None, like))
        return rebuilt(self.value, results)

    def returned(self, value: Any) -> Any:
        """``value``, which the function computed, for the caller.

        Tensors that depend on other variables than the arguments stay as they are, for a transform outside.
        Others are constants: Tensors if Tensors were given, and arrays otherwise.
        """

        def as_given(x: Any) -> Any:
            if not isinstance(x, Tensor):
                return x
            node = x._node if self.tensors or self.within else None
            if node is not None and self._leads_outside(node):
                return x
            return x.detach() if self.tensors else plain(x)

        return mapped(as_given, value)

    def _warn(self) -> None:
        if getattr(self.function, "is_derivative", False):  # a derivative that is constant is no mistake
            return
        warnings.warn(
            f"{self.call}: what {name_of(self.function)} returned does not depend on the argument, so its "
            "derivative is 0",
            GradientWarning,
            stacklevel=outside(),
        )
