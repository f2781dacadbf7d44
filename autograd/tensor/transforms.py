"""Transforms: functions of functions that return derivatives, nested to any depth.

They are called as in HIPS/autograd: ``grad(f)(x)``. The function gets Tensors for the arguments that are
varied, and anything else as it is. Arguments may be numbers, arrays, and nested lists, tuples and dicts of
them; derivatives come back in the same structure. Where Tensors are given, Tensors come back, and so within
another transform.
"""

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from autograd.errors import GradientError, OptionError, OutputError, UnsupportedError
from autograd.tensor.containers import leaves_of, rebuilt
from autograd.tensor.core import Tensor, tensor_of
from autograd.tensor.linearization import Linearization, name_of
from autograd.tensor.mapped import Level, Mapped, NotMappableError, closed, revealed
from autograd.tensor.modes import ModeContext, mode
from autograd.tensor.primitive import Primitive, apply
from autograd.tensor.tape import backpropagate, bare

__all__ = [
    "checkpoint",
    "deriv",
    "egrad",
    "elementwise_grad",
    "grad",
    "grad_and_aux",
    "grad_named",
    "gradients",
    "hessian",
    "hessian_tensor_product",
    "hessian_vector_product",
    "holomorphic_grad",
    "hvp",
    "jacobian",
    "jvp",
    "make_ggnvp",
    "make_hvp",
    "make_jvp",
    "make_jvp_reversemode",
    "make_vjp",
    "multigrad_dict",
    "tensor_jacobian_product",
    "value_and_grad",
    "vector_jacobian_product",
    "vjp",
]

Function: TypeAlias = Callable[..., Any]
AT_ONCE = 2**22  # numbers of an array: 32 MB of float64
ArgNum: TypeAlias = int | Sequence[int]


def transform(name: str, rule: Callable[..., Any], function: Function, argnum: ArgNum) -> Function:
    """``rule(point)`` as a function of the arguments of ``function``, which `Linearization` is a point of."""

    def derivative(*args: Any, **kwargs: Any) -> Any:
        return rule(Linearization(f"{name}()", function, args, kwargs, argnum))

    return named(derivative, name, function)


def named(derivative: Function, name: str, function: Function) -> Function:
    """``derivative`` with a name that tells what it was made of, and the signature of ``function``."""
    derivative.__name__ = derivative.__qualname__ = f"{name}_of_{name_of(function)}"
    derivative.__wrapped__ = function  # type: ignore[attr-defined]  # for inspect.signature()
    derivative.is_derivative = True  # type: ignore[attr-defined]  # for `Linearization`
    return derivative


def ones(value: Any) -> Any:
    """Ones in the shape and dtype of a Tensor."""
    return np.ones(value.shape, value.dtype)


def grad(function: Function, argnum: ArgNum = 0) -> Function:
    """The gradient of a function that returns one number, as a function of the same arguments.

    Args:
        function: any function that computes with NumPy's functions, operators, nets and losses.
        argnum: which argument it is differentiated by, counted from 0; a tuple of several gives a tuple.

    Returns:
        A function of the same arguments that returns the gradient, in the structure of the argument.

    Raises:
        OutputError: called, the function returned no single real number.
        NotANumberError: the argument holds integers, or no numbers.
        OptionError: the function is called with too few arguments for ``argnum``.

    >>> grad(np.tanh)(0.0), grad(grad(np.sin))(0.5) == -np.sin(0.5)
    (np.float64(1.0), np.True_)
    >>> grad(lambda x, y: np.sum(x * y), (0, 1))(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    (array([3., 4.]), array([1., 2.]))
    >>> grad(lambda p: p["slope"] * 3 + p["height"][0])({"slope": 1.0, "height": [2.0]})
    {'slope': np.float64(3.0), 'height': [np.float64(1.0)]}
    """
    return transform("grad", lambda at: at.pull(ones(at.only_output(single=True))), function, argnum)


def value_and_grad(function: Function, argnum: ArgNum = 0) -> Function:
    """As `grad`, but the result is a pair: the value of the function, and the gradient.

    >>> value_and_grad(lambda x: x**3)(2.0)
    (np.float64(8.0), np.float64(12.0))
    """
    return transform(
        "value_and_grad",
        lambda at: (at.returned(at.value), at.pull(ones(at.only_output(single=True)))),
        function,
        argnum,
    )


def grad_and_aux(function: Function, argnum: ArgNum = 0) -> Function:
    """As `grad`, for a function that returns a pair (number, anything); the result is (gradient, anything).

    >>> grad_and_aux(lambda x: (x**2, {"twice": 2 * x}))(3.0)
    (np.float64(6.0), {'twice': np.float64(6.0)})
    """

    def rule(at: Linearization) -> Any:
        if not isinstance(at.value, tuple) or len(at.value) != 2:
            raise OutputError(
                f"grad_and_aux() wants a function that returns a pair, the number and something else, and "
                f"{name_of(at.function)} returned {type(at.value).__name__}"
            )
        at.value, aux = at.value
        return at.pull(ones(at.only_output(single=True))), at.returned(aux)

    return transform("grad_and_aux", rule, function, argnum)


def elementwise_grad(function: Function, argnum: ArgNum = 0) -> Function:
    """The gradient of the sum of what the function returns.

    It is the derivative, number by number, of a function that works number by number, as `egrad` of
    ``np.tanh`` does. In general it is the sum of the rows of the `jacobian`.

    >>> elementwise_grad(np.square)(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    return transform("elementwise_grad", lambda at: at.pull(ones(at.only_output())), function, argnum)


egrad = elementwise_grad


def holomorphic_grad(function: Function, argnum: ArgNum = 0) -> Function:
    """The complex derivative f'(z) of a holomorphic function that returns one number.

    Of a function that is not holomorphic it is the gradient of the real part.

    >>> holomorphic_grad(lambda z: z**3)(1 + 2j)  # 3 z²
    np.complex128(-9+12j)
    """
    return transform(
        "holomorphic_grad",
        lambda at: at.pull(ones(at.only_output(single=True, real=False))),
        function,
        argnum,
    )


def deriv(function: Function, argnum: ArgNum = 0) -> Function:
    """The derivative of a function of one number, in the shape of its value, by forward mode.

    For an array as the argument it is the change of the value if all of its numbers grow alike.

    >>> deriv(lambda t: np.stack([np.cos(t), np.sin(t)]))(0.0)
    array([0., 1.])
    """

    def rule(at: Linearization) -> Any:
        return at.push(rebuilt(at.structure, [np.ones(x.shape) for x in at.inputs]))

    return transform("deriv", rule, function, argnum)


def jacobian(function: Function, argnum: ArgNum = 0) -> Function:
    """All first derivatives: the axes of the result, then those of the argument.

    If the result or the argument is a list, tuple or dict, so is the Jacobian: the structure of the result,
    and in it that of the argument. Forward mode is taken if the argument has fewer numbers than the
    result, reverse mode otherwise.

    The value or the argument may be complex, but not both: then take the Jacobian of each of its parts,
    `numpy.real` and `numpy.imag`. By a complex argument z the derivative of a real number is the w for which
    it changes by the real part of w dz, as in `grad`.

    Raises:
        OutputError: called, the function returned something that is no number and no array, or complex
            numbers for complex ones. Other errors are those of `grad`.

    >>> jacobian(lambda x: np.stack([x[0] * x[1], x[1] ** 2]))(np.array([2.0, 3.0]))
    array([[3., 2.],
           [0., 6.]])
    """
    return transform("jacobian", _jacobian, function, argnum)


def _jacobian(at: Linearization) -> Any:
    outs = [at.as_tensor(out) for out in at.outputs]
    n_in, n_out = sum(x.size for x in at.inputs), sum(out.size for out in outs)
    from_complex, to_complex = (any(x.dtype.kind == "c" for x in side) for side in (at.inputs, outs))
    if from_complex and to_complex:
        raise OutputError(
            f"{at.call} wants real numbers as the argument or as the result of {name_of(at.function)}, and "
            "both are complex; take the Jacobian of np.real and of np.imag of the result"
        )
    forward = to_complex or (n_in < n_out and at.goes_forward and not from_complex)
    near, far = (at.inputs, outs) if forward else (outs, at.inputs)
    blocks = [
        [
            np.moveaxis(change, 0, -1).reshape((*y.shape, *x.shape))
            if forward
            else change.reshape((*x.shape, *y.shape))
            for change, y in zip(changes_for_units(at, near, k, forward), far, strict=True)
        ]
        for k, x in enumerate(near)
    ]
    rows = list(zip(*blocks, strict=True)) if forward else blocks  # by result, then by argument
    if not rows or not rows[0]:
        rows = [[] for _ in outs]
    return rebuilt(at.value, [rebuilt(at.structure, list(row)) for row in rows])


def changes_for_units(at: Linearization, near: Sequence[Tensor], k: int, forward: bool) -> list[Any]:
    """For each unit vector of ``near[k]``, along a first axis, the change of each leaf of the other side.

    They are computed together, as `vmap` would, but for parts that would take more memory than `AT_ONCE`.
    """
    x = near[k]

    def changes(units: Any) -> list[Any]:
        seeds = [units if i == k else np.zeros(y.shape, y.dtype) for i, y in enumerate(near)]
        if forward:
            return leaves_of(at.push(rebuilt(at.structure, seeds)))
        return leaves_of(at.pull(rebuilt(at.value, seeds), warned=k == 0))

    def together(units: Any) -> list[Any]:
        level = Level(len(units))
        try:
            found = [revealed(c, level) for c in changes(closed(units, (level,)))]
        except NotMappableError:  # from a formula of the user's own
            return [np.stack(parts) for parts in zip(*map(changes, units), strict=True)]
        keep = at.tensors or mode.trace is not None
        return [t if keep or isinstance(t, Mapped) or t._node is not None else t.numpy() for t in found]

    if x.size < 2:
        return [np.reshape(c, (1, *np.shape(c)))[: x.size] for c in changes(np.ones(x.shape, x.dtype))]
    size = min(max(AT_ONCE // max(at.largest, 1), 1), x.size)
    parts = [
        together(np.eye(min(size, x.size - i), x.size, i, x.dtype).reshape((-1, *x.shape)))
        for i in range(0, x.size, size)
    ]
    return [np.concatenate(part) if len(part) > 1 else part[0] for part in zip(*parts, strict=True)]


def hessian(function: Function, argnum: ArgNum = 0) -> Function:
    """All second derivatives: the axes of the result, then twice those of the argument.

    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([2.0, 3.0]))
    array([[6., 4.],
           [4., 0.]])
    """
    return named(jacobian(jacobian(function, argnum), argnum), "hessian", function)


def make_vjp(function: Function, argnum: ArgNum = 0) -> Function:
    """The vector-Jacobian product: as a function of the arguments, a pair of a function and the value.

    The function takes the gradient by the value, in the value's structure, and returns that by the argument.

    >>> pull, value = make_vjp(lambda x: x**2)(np.array([1.0, 2.0]))
    >>> pull(np.array([1.0, 10.0])), value
    (array([ 2., 40.]), array([1., 4.]))
    """
    return transform("make_vjp", lambda at: (at.pull, at.returned(at.value)), function, argnum)


def make_jvp(function: Function, argnum: ArgNum = 0) -> Function:
    """The Jacobian-vector product: as a function of the arguments, a function of a change of the argument.

    That function returns the value, and the change of the value.

    >>> push = make_jvp(lambda x: x**2)(np.array([1.0, 2.0]))
    >>> push(np.array([1.0, 10.0]))
    (array([1., 4.]), array([ 2., 40.]))
    """
    return transform("make_jvp", lambda at: lambda v: (at.returned(at.value), at.push(v)), function, argnum)


vjp, jvp = make_vjp, make_jvp


def make_jvp_reversemode(function: Function, argnum: ArgNum = 0) -> Function:
    """As `make_jvp`, by reverse mode twice; the function that it makes returns the change alone.

    >>> make_jvp_reversemode(lambda x: x**2)(np.array([1.0, 2.0]))(np.array([1.0, 10.0]))
    array([ 2., 40.])
    """

    def rule(at: Linearization) -> Any:
        start = rebuilt(at.value, [np.zeros(np.shape(out)) for out in at.outputs])
        pull, _ = make_vjp(partial(at.pull, warned=False))(start)
        return pull

    return transform("make_jvp_reversemode", rule, function, argnum)


def make_hvp(function: Function, argnum: ArgNum = 0) -> Function:
    """The Hessian-vector product: as a function of the arguments, a pair of a function and the gradient.

    The function takes a vector in the structure of the argument. It may be called many times; what does not
    depend on the vector is computed once.

    >>> times, gradient = make_hvp(lambda x: np.sum(x**3))(np.array([1.0, 2.0]))
    >>> times(np.array([1.0, 1.0])), gradient
    (array([ 6., 12.]), array([ 3., 12.]))
    """
    return named(make_vjp(grad(function, argnum), argnum), "make_hvp", function)


def hessian_tensor_product(function: Function, argnum: ArgNum = 0) -> Function:
    """The product of the Hessian and a last argument, which has the shape of the argument.

    >>> hessian_vector_product(lambda x: np.sum(x**3))(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    gradient = grad(function, argnum)

    def product(*args: Any, **kwargs: Any) -> Any:
        *rest, vector = args
        return Linearization("hessian_tensor_product()", gradient, rest, kwargs, argnum).push(vector)

    return named(product, "hessian_tensor_product", function)


hvp = hessian_vector_product = hessian_tensor_product


def tensor_jacobian_product(function: Function, argnum: ArgNum = 0) -> Function:
    """The product of a last argument, which has the shape of the value, and the Jacobian.

    >>> vector_jacobian_product(lambda x: x**2)(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([ 2., 40.])
    """

    def product(*args: Any, **kwargs: Any) -> Any:
        *rest, vector = args
        return Linearization("tensor_jacobian_product()", function, rest, kwargs, argnum).pull(vector)

    return named(product, "tensor_jacobian_product", function)


vector_jacobian_product = tensor_jacobian_product


def _half_of_squares(y: Any) -> Any:
    return 0.5 * np.sum(y**2)


def make_ggnvp(function: Function, g: Function = _half_of_squares, f_argnum: ArgNum = 0) -> Function:
    """The product of a vector and the generalised Gauss-Newton matrix of ``g(function(...))``.

    That is the transposed Jacobian of ``function``, times the Hessian of ``g``, times the Jacobian: the
    Hessian without the curvature of ``function`` (Schraudolph, "Fast curvature matrix-vector products for
    second-order gradient descent", 2002).

    >>> make_ggnvp(lambda x: x**2)(np.array([1.0, 2.0]))(np.array([1.0, 1.0]))  # J^T J v, J = diag(2 x)
    array([ 4., 16.])
    """

    def rule(at: Linearization) -> Any:
        times_hessian, _ = make_hvp(g)(at.returned(at.value))
        return lambda v: at.pull(times_hessian(at.push(v)))

    return transform("make_ggnvp", rule, function, f_argnum)


def multigrad_dict(function: Function) -> Function:
    """As `grad`, by all arguments at once: the result is a dict with the gradient for each by its name.

    >>> multigrad_dict(lambda x, y=2.0: x * y)(3.0)
    {'x': np.float64(2.0), 'y': np.float64(3.0)}
    """
    signature = inspect.signature(function)

    def derivative(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()

        def of_dict(arguments: dict[str, Any]) -> Any:
            again = inspect.BoundArguments(signature, dict(arguments))
            return function(*again.args, **again.kwargs)

        return grad(of_dict)(dict(bound.arguments))

    return named(derivative, "multigrad_dict", function)


def grad_named(function: Function, argname: str) -> Function:
    """As `grad`, by the argument of this name.

    >>> grad_named(lambda x, y: x * y**2, "y")(3.0, 2.0)
    np.float64(12.0)
    """
    names = list(inspect.signature(function).parameters)
    if argname not in names:
        raise OptionError(
            f"grad_named() wants the name of an argument of {name_of(function)}, one of "
            f"{', '.join(names)}, got {argname!r}"
        )
    return grad(function, names.index(argname))


def checkpoint(function: Function) -> Function:
    """The same function, which keeps no intermediate results for the backward pass, but computes them again.

    It saves memory where a function of a few arrays makes many large ones (Chen et al., "Training deep nets
    with sublinear memory cost", 2016). The function takes Tensors and arrays as positional arguments, and
    returns one Tensor. It may use no other Tensors that want a gradient, nor the parameters of a net.

    >>> @checkpoint
    ... def deep(x):
    ...     for _ in range(100):
    ...         x = np.sin(x)
    ...     return x
    >>> grad(deep)(1.0) == grad(deep.__wrapped__)(1.0)
    np.True_
    """

    def forward(*args: Any, **kwargs: Any) -> Any:
        with ModeContext("taping", mode.taping or True):  # to see what else it depends on
            out = function(*map(tensor_of, args), **kwargs)
        if not isinstance(out, Tensor):
            raise OutputError(
                f"checkpoint() wants a function that returns one Tensor, and {name_of(function)} returned "
                f"{type(out).__name__}"
            )
        if out._node is not None:
            raise UnsupportedError(
                f"checkpoint() wants a function of its positional arguments alone, and {name_of(function)} "
                "uses a Tensor, or a parameter of a net, besides them, whose gradient would be lost; make it "
                "an argument"
            )
        return out._array

    def slope(i: int, g: Any, out: Any, *args: Any, **kwargs: Any) -> Any:
        at = Linearization("checkpoint()", function, args, kwargs, i)
        found = at.pull(g, warned=False)
        return found if isinstance(g, Tensor) or not isinstance(found, Tensor) else found._array

    row = Primitive(forward, (), slope, name_of(function))

    def recomputed(*args: Any, **kwargs: Any) -> Any:
        if any(isinstance(a, Tensor) for a in args):
            return apply(row, [a if isinstance(a, Tensor) else np.asarray(a) for a in args], kwargs)
        return function(*args, **kwargs)

    recomputed.__name__ = recomputed.__qualname__ = name_of(function)
    recomputed.__wrapped__ = function  # type: ignore[attr-defined]  # for inspect.signature()
    return recomputed


def gradients(
    output: Tensor, inputs: Sequence[Tensor], gradient: Any = None, *, create_graph: bool = False
) -> list[Tensor]:
    """Return the gradients of ``output`` with respect to each of ``inputs``; no ``grad`` is changed.

    Args:
        output: a Tensor.
        inputs: leaves, or results of operations; 0 is the gradient of one that ``output`` does not depend on.
        gradient: the gradient of the final result with respect to ``output``, in its shape. By default 1,
            which needs an output of a single number.
        create_graph: record the backward pass too, so that the results can be differentiated again.

    Raises:
        GradientError: as for `Tensor.backward`, or an input is a constant: made without ``requires_grad``.

    >>> x = Tensor([2.0], requires_grad=True)
    >>> (first,) = gradients(x**3, [x], create_graph=True)
    >>> (second,) = gradients(first, [x])
    >>> first.item(), second.item()  # 3x² and 6x
    (12.0, 12.0)
    """
    lift: Callable[..., Any] = tensor_of if create_graph else bare
    seed = output._seed(gradient)
    nodes = []
    for i, x in enumerate(inputs):
        if x._node is None:
            raise GradientError(
                f"gradients() wants Tensors with a gradient, and inputs[{i}] is a constant; make it with "
                "requires_grad=True"
            )
        nodes.append(x._node)
    found: dict[Any, Any] = {}
    if output._node is not None:
        found = backpropagate(output._node, tensor_of(seed) if create_graph else seed, nodes, lift)
    results: list[Tensor] = []
    taken = {memory_of(t._array) for t in (output, *inputs)}
    for node in nodes:
        g = found.get(node, np.zeros(node.shape, node.dtype))
        g = g if isinstance(g, Tensor) else tensor_of(g)
        memory = memory_of(g._array)
        if memory in taken:  # a change of one result must not change another one
            g = tensor_of(g._array.copy(), g._node)
        taken.add(memory)
        results.append(g)
    return results


def memory_of(array: Any) -> int:
    """Return what identifies the memory that an array, or a traced one, lies in."""
    while isinstance(getattr(array, "base", None), np.ndarray):
        array = array.base
    return id(array)
