"""The operation that made the first infinity or nan out of finite numbers.

Such an operation is only noted: in ``np.where(x > 0, np.log(x), 0)`` an infinity does no harm. It is reported
once a loss or a gradient that comes from it is infinite or nan.
"""

import math
from collections.abc import Container
from typing import Any

import numpy as np

from autograd.diagnosis.findings import Record
from autograd.engine import BINARY, operation_of
from autograd.support import Place, here
from autograd.tensor import TapeNode

__all__ = ["Infinities"]

MOST = 64  # operations noted between two backward passes


class Infinities:
    """Keeps the operations noted since the latest backward pass."""

    def __init__(self, findings: Record) -> None:
        self.findings = findings
        self.noted: list[tuple[Any, Place, str]] = []
        self.reported = False

    def on_operation(self, v: Any, x: float, y: float, place: Place) -> None:
        """Look at an operation on the numbers ``x`` and ``y`` whose result or slope is not finite."""
        binary = operation_of(v) in BINARY
        if len(self.noted) < MOST and math.isfinite(x) and (not binary or math.isfinite(y)):
            operands = f"{x:.6g} and {y:.6g}" if binary else f"{x:.6g}"
            result = f"{v._number:.6g}"
            if math.isfinite(v._number):
                result += " with an infinite slope"
            self.noted.append((v, place, f"{operation_of(v)} of {operands} is {result}."))

    def on_call(self, node: TapeNode) -> None:
        """Look at a call that the tape has recorded."""
        out = node.out
        if len(self.noted) >= MOST or out.dtype.kind != "f":
            return
        finite = np.isfinite(out)
        if finite.all() and not (node.rule.name in ("sqrt", "root", "power") and (out == 0).any()):
            return
        arrays = [np.asarray(a) for a in node.args if isinstance(a, np.ndarray | float | int)]
        if all(np.isfinite(a).all() for a in arrays):
            spans = " and ".join(
                f"{a:.6g}" if a.ndim == 0 else f"numbers from {a.min():.6g} to {a.max():.6g}"
                for a in arrays
                if a.size
            )
            bad = "an infinite slope at 0" if finite.all() else f"{np.count_nonzero(~finite)} infinite or nan"
            self.noted.append((node, here(), f"{node.rule.name} of {spans} has {bad}, of {out.size}."))

    def blame(self, graph: Container[Any]) -> None:
        """Report the first of the operations noted that is part of a graph whose gradients are not finite."""
        if not self.reported:
            for node, place, text in self.noted:
                if node in graph:
                    self.findings.add("not_finite", place, text)
                    self.reported = True
                    break
