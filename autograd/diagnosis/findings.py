"""What the doctor finds: the mistakes that it knows, and a report of those that a program makes."""

import linecache
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograd.support import Place
from autograd.text import count

__all__ = ["MISTAKES", "Finding", "Findings", "Record"]

# For each mistake, what a report calls it, and two lines of code that mend it; {line} is the line itself
# fmt: off
MISTAKES: dict[str, tuple[str, tuple[str, str]]] = {
    "backward_twice": (
        "backward() went through the same graph twice",
        ("loss = ...  # compute it anew before each backward(), inside the loop", "loss.backward()")),
    "dead_units": (
        "relu units are dead: 0 for every row, so that their weights no longer change",
        ('net = Net(..., activation="leaky_relu")  # keeps a slope below 0',
         "optimizer = Adam(net, lr=...)  # a smaller lr, and inputs of about -1 to 1, kill fewer")),
    "diverges": (
        "the loss grows",
        ("lr = 0.1 * lr  # steps are too long where the loss grows", "net.step(lr)")),
    "early_reads": (
        "a number is read inside the loop, so that the samples are computed one by one",
        ("outs = [net(x) for x in X]  # all calls first, so that they form one batch",
         "numbers = [out.data for out in outs]  # then the numbers")),
    "misfit": (
        "an activation or a loss does not fit what it is given",
        ('net = Net(..., output_activation="linear")  # for a loss that takes logits',
         'net = Net(..., activation="tanh")  # hidden layers bend, so not "linear"')),
    "never_changes": (
        "parameters get a gradient and never change",
        ("optimizer = Adam(net)  # all parameters of the net, or all in the list",
         "optimizer.step()")),
    "not_finite": (
        "an infinity or nan is made of finite numbers",
        ("x = x + 1e-12  # keep away from where the result or its slope is infinite",
         "loss = losses.cross_entropy(logits, labels)  # or use a function that takes care of it")),
    "not_zeroed": (
        "the gradients were not set to 0 between two steps, so each step moves along the sum of all so far",
        ("net.zero_grad()  # or optimizer.zero_grad()", "{line}")),
    "number_taken": (
        "a number is taken out of the graph here and used in it again, so that its gradient is lost",
        ("y = v.exp()  # stay with Values: v itself, its methods, np.exp(v), np.array(values, dtype=object)",
         "y = Value(v.data)  # or, if the gradient is not wanted, say so by a Value of its own")),
    "oscillates": (
        "the loss swings: each step undoes the one before",
        ("lr = 0.3 * lr  # steps across the valley and back are too long", "net.step(lr)")),
    "out_of_reach": (
        "targets lie beyond what the net can answer",
        ('net = Net(..., output_activation="linear")  # answers any number',
         "y = (y - low) / (high - low)  # or bring the targets into its range")),
    "saturated_units": (
        "units are saturated: their slope is nearly 0 for all rows, so that their weights hardly change",
        ("X = (X - X.mean(axis=0)) / X.std(axis=0)  # inputs of about -1 to 1",
         'net = Net(..., init="xavier")  # and smaller weights')),
    "stands_still": (
        "the loss stands still though its gradient is not small",
        ("lr = 10 * lr  # the steps are too short to be seen", "net.step(lr)")),
    "step_without_backward": (
        "a step was made without gradients",
        ("loss.backward()  # first, in each turn of the loop, and after zero_grad()", "{line}")),
    "unreached": (
        "backward() does not reach parameters that are to be trained",
        ("loss = (net(x) - y) ** 2  # made of Values or Tensors all the way",
         "loss.backward()")),
    "unscaled_inputs": (
        "inputs are far from the size of 1",
        ("X = (X - X.mean(axis=0)) / X.std(axis=0)", "net.fit(X, y)  # and the same for what is predicted")),
}
# fmt: on


@dataclass
class Finding:
    """A mistake of a program.

    Attributes:
        mistake: its name, one of `MISTAKES`.
        file, line: where it was made.
        source: the text of that line, or "" where it is not known.
        count: how often it was seen there.
        details: what was seen there, a sentence or more; of several times the first.

    >>> finding = Finding("not_zeroed", "train.py", 11, "loss.backward()", "What was seen.", 19)
    >>> finding.remedy
    ['net.zero_grad()  # or optimizer.zero_grad()', 'loss.backward()']
    >>> print(finding)
    train.py:11: the gradients were not set to 0 between two steps, so each ... so far, 19 times
        loss.backward()
      What was seen.
      To mend it:
        net.zero_grad()  # or optimizer.zero_grad()
        loss.backward()
    """

    mistake: str
    file: str
    line: int
    source: str
    details: str
    count: int = 1

    @property
    def remedy(self) -> list[str]:
        """Two lines of code that mend it; the names in them are examples."""
        return [text.format(line=self.source or "loss.backward()") for text in MISTAKES[self.mistake][1]]

    def __str__(self) -> str:
        times = f", {self.count} times" if self.count > 1 else ""
        lines = [f"{self.file}:{self.line}: {MISTAKES[self.mistake][0]}{times}"]
        if self.source:
            lines.append(f"    {self.source}")
        lines += [f"  {self.details}", "  To mend it:", *(f"    {text}" for text in self.remedy)]
        return "\n".join(lines)


class Findings(Sequence[Finding]):
    """The findings of the doctor, in the order in which they were made; ``print`` shows the report.

    Attributes:
        error: an error of the doctor's own, after which it no longer looked; None if there was none.

    >>> from autograd import Value
    >>> from autograd.diagnosis import doctor
    >>> with doctor() as findings:
    ...     (Value(2.0) ** 2).backward()
    >>> print(findings)
    doctor: nothing found
    """

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.found: dict[tuple[str, str, int], Finding] = {}  # by mistake, file and line

    def __len__(self) -> int:
        return len(self.found)

    def __getitem__(self, i: Any) -> Any:
        return list(self.found.values())[i]

    def __str__(self) -> str:
        lines = [f"doctor: {count(len(self), 'finding')}" if self.found else "doctor: nothing found"]
        if self.error is not None:
            lines.append(
                f"doctor: an error of its own ended its look before the program's end: {self.error!r}"
            )
        return "\n".join([*lines, *map(str, self)])

    __repr__ = __str__


class Record(Findings):
    """Findings that are being made."""

    def add(self, mistake: str, place: Place, details: str, times: int = 1) -> None:
        """Note a mistake at a place; one that was found there before is counted."""
        self.add_line(mistake, place.file, place.line, details, times)

    def add_line(self, mistake: str, file: str, line: int, details: str, times: int = 1) -> None:
        """Note a mistake in a line of a file."""
        key = mistake, file, line
        if key in self.found:
            self.found[key].count += times
        else:
            linecache.checkcache(file)
            source = linecache.getline(file, line).strip()
            self.found[key] = Finding(mistake, file, line, source, details, times)
