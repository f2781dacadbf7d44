"""Awkward points of functions, and the values and slopes that PyTorch gives there.

The answers stand in pytorch.json; `python tests/awkward.py`, with a Python that has PyTorch, writes
it again. `test_awkward` compares the array engine with them.
"""

import json
import math
from pathlib import Path

ANSWERS = Path(__file__).parent / "pytorch.json"
INF, NAN = math.inf, math.nan
TINY, HUGE = 1e-300, 1e300
ONE = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, TINY, -TINY, HUGE, -HUGE, 800.0, -800.0, INF, -INF, NAN]
TWO = [
    *([x, y] for x in (0.0, 1.0, -1.0, INF, NAN) for y in (0.0, 1.0, -1.0, INF, NAN)),
    *([2.0, 0.5], [-2.0, 0.5], [-2.0, 3.0], [0.0, 0.5], [0.0, -1.0], [-INF, 1.0], [HUGE, HUGE], [TINY, TINY]),
]
MANY = [
    [0.0, 0.0],
    [2.0, 2.0, 2.0],
    [1.0, 2.0, 4.0],
    [3.0, 3.0, 1.0],
    [0.0, 2.0, 0.0],
    [INF, 1.0],
    [-INF, 1.0],
    [NAN, 1.0],
    [1e150, -1e150],
    [1e-200, 2e-200],
    [700.0, -700.0],
]
# By PyTorch's name, with our name if it differs
UNARY = {
    **dict.fromkeys(("exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan")),
    **{"asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh"},
    **{"atanh": "arctanh", "abs": "absolute", "sigmoid": "sigmoid", "relu": "relu", "softplus": "softplus"},
    **dict.fromkeys(("sinh", "cosh", "tanh", "sign", "square", "reciprocal", "floor", "ceil", "trunc")),
    "leaky_relu": "leaky_relu",
    "round": "rint",
}
BINARY = {
    **{
        "maximum": None,
        "minimum": None,
        "hypot": None,
        "atan2": "arctan2",
        "pow": "power",
        "mul": "multiply",
    },
    **{"div": "divide", "logaddexp": None, "add": None, "sub": "subtract"},
}
REDUCTIONS = ("sum", "mean", "prod", "amax", "amin", "std", "var", "norm", "logsumexp", "softmax")


def record():
    """Write the answers of PyTorch to a file."""
    import torch

    def slopes(function, *numbers):
        tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in numbers]
        out = function(*tensors)
        out.sum().backward() if out.requires_grad else None
        grads = [torch.zeros_like(t) if t.grad is None else t.grad for t in tensors]
        return [out.tolist(), [g.tolist() for g in grads]]

    reductions = {
        "std": lambda t: torch.std(t, correction=0),
        "var": lambda t: torch.var(t, correction=0),
        "norm": torch.linalg.norm,
        "logsumexp": lambda t: torch.logsumexp(t, 0),
        "softmax": lambda t: torch.softmax(t, 0),
    }
    found = {"version": torch.__version__}
    for name in UNARY:
        function = getattr(torch, name, None) or getattr(torch.nn.functional, name)
        found[name] = [slopes(function, x) for x in ONE]
    for name in BINARY:
        found[name] = [slopes(getattr(torch, name), *pair) for pair in TWO]
    for name in REDUCTIONS:
        found[name] = [slopes(reductions.get(name) or getattr(torch, name), x) for x in MANY]
    ANSWERS.write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    record()
