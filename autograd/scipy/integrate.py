"""``scipy.integrate``: `odeint`, differentiated by the adjoint method, and SciPy's own other functions."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate as own

from autograd.errors import GradientError, OptionError
from autograd.extend import defvjp, primitive
from autograd.tensor import Linearization, Tensor, flatten, leaves_of, rebuilt

__all__ = own.__all__

Right = Callable[..., Any]  # the right side of an equation: of y, t and further arguments
Options = tuple[tuple[str, Any], ...]
UNSUPPORTED = {"full_output", "Dfun", "col_deriv", "ml", "mu", "printmessg", "tcrit"}


def odeint(func: Right, y0: Any, t: Any, args: tuple[Any, ...] = (), **options: Any) -> Any:
    """SciPy's ``odeint``: the solutions y(t) of dy/dt = func(y, t, *args), with y(t[0]) = y0.

    They can be differentiated by ``y0``, ``t`` and ``args``, which may hold nested lists, tuples and dicts.
    The gradient is found by integrating another equation backward in time
    (Pontryagin et al., 1962; Chen et al., "Neural ordinary differential equations", 2018), with the same
    ``options``.

    Raises:
        GradientError: ``func`` uses a Tensor that it does not get by ``args``, whose gradient would be lost.
        OptionError: an option that changes what is returned, or is a Jacobian.

    >>> from autograd import grad
    >>> decay = lambda y, t, rate: -rate * y
    >>> final = lambda rate: odeint(decay, np.array([2.0]), np.array([0.0, 1.0]), (rate,))[-1, 0]
    >>> f"{final(0.5):.5f} {2 * np.exp(-0.5):.5f} {grad(final)(0.5):.5f}"
    '1.21306 1.21306 -1.21306'
    """
    args = args if isinstance(args, tuple) else (args,)
    leaves = leaves_of(args)
    if not any(isinstance(x, Tensor) for x in (y0, t, *leaves)):
        return own.odeint(func, y0, t, args, **options)
    if unknown := sorted(options.keys() & UNSUPPORTED):
        raise OptionError(f"odeint() that is differentiated does not take {', '.join(unknown)}=")
    if np.ndim(y0) > 1 or any(np.ndim(options.get(name, 0)) for name in ("rtol", "atol")):
        raise OptionError(
            "odeint() that is differentiated wants one axis of y0, and a number as rtol and atol"
        )
    if options.pop("tfirst", False):
        return odeint(lambda y, t, *args: func(t, y, *args), y0, t, args, **options)
    varied = [i for i, x in enumerate(leaves) if isinstance(x, Tensor)]
    parameters, unflatten = flatten([leaves[i] for i in varied])

    def right(y: Any, t: Any, parameters: Any) -> Any:
        full = list(leaves)
        for i, x in zip(varied, unflatten(parameters), strict=True):
            full[i] = x
        found = func(y, t, *rebuilt(args, full))
        return np.reshape(np.stack(found) if isinstance(found, list | tuple) else found, -1)

    packed = np.concatenate([np.reshape(x, -1) for x in (y0, t, parameters)])
    return _path(packed, right, np.size(y0), np.size(t), tuple(options.items()))


@primitive
def _path(packed: Any, right: Right, n: int, steps: int, options: Options) -> Any:
    """The solution at some times; y(0), these times and the parameters stand in one row."""
    start, times, parameters = packed[:n], packed[n : n + steps], packed[n + steps :]

    def slope(y: Any, t: Any) -> Any:
        found = right(y, t, parameters)
        if isinstance(found, Tensor) and found.requires_grad:
            raise GradientError(
                "odeint(): func uses a Tensor whose gradient would be lost; give it to func by args="
            )
        return found.numpy() if isinstance(found, Tensor) else found

    return own.odeint(slope, start, times, **dict(options))


_path.name = "odeint"


def _path_slope(
    ans: Any, packed: Any, right: Right, n: int, steps: int, options: Options
) -> Callable[[Any], Any]:
    times, parameters = packed[n : n + steps], packed[n + steps :]

    def backward(state: Any, t: Any, parameters: Any) -> Any:
        """The slopes of y, and of the gradients by y and by the parameters of what comes later."""
        at = Linearization("odeint()", right, (state[:n], t, parameters), {}, (0, 2))
        of_y, of_parameters = at.pull(-state[n : 2 * n], warned=False)
        return np.concatenate([at.returned(at.value), of_y, of_parameters])

    def pull(g: Any) -> Any:
        of_y, of_parameters, of_times = g[-1], 0.0 * parameters, []
        for i in range(steps - 1, 0, -1):
            of_times.append(np.sum(right(ans[i], times[i], parameters) * g[i]))
            state = np.concatenate(
                [ans[i], of_y, of_parameters, times[i : i + 1], times[i - 1 : i], parameters]
            )
            state = _path(state, backward, 2 * n + np.size(parameters), 2, options)[-1]
            of_y, of_parameters = state[n : 2 * n] + g[i - 1], state[2 * n :]
        of_times.append(-np.sum(right(ans[0], times[0], parameters) * (of_y - g[0])))
        return np.concatenate([of_y, np.stack(of_times[::-1]), of_parameters])

    return pull


defvjp(_path, _path_slope)


def __getattr__(name: str) -> Any:
    return getattr(own, name)
