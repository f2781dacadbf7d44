"""The progress of a long computation: a bar on a terminal or in a notebook, plain lines elsewhere."""

import sys
from collections.abc import Iterator
from typing import Any, TextIO

__all__ = ["track"]

WIDTH = 30  # characters of the bar
LINES = 10  # plain lines in all, about


class Report:
    """What `track` yields.

    Attributes:
        shown: whether the progress is shown.
        text: what is shown beside it; the caller sets it.
    """

    text = ""

    def __init__(self, shown: bool = False) -> None:
        self.shown = shown


def track(
    total: int, unit: str, wanted: bool | None, stream: TextIO | None = None, done: int = 0
) -> Iterator[Report]:
    """Yield a `Report` for each of the ``total - done`` steps to come, and show the progress.

    On a terminal the progress is a bar, by tqdm if that is installed. In a notebook it is a bar if tqdm is
    installed there. Elsewhere it is about ten plain lines.

    Args:
        total: the number of steps.
        unit: the name of a step, such as "epoch".
        wanted: whether to show the progress; None shows it on a terminal or in a notebook only.
        stream: where to write; standard error by default.
        done: the number of steps that were done before.
    """
    stream = stream or sys.stderr
    terminal = stream.isatty()
    notebook = _notebook_bar()
    report = Report(bool(terminal or notebook is not None if wanted is None else wanted))
    if not report.shown:
        for _ in range(done, total):
            yield report
    elif notebook is not None:
        yield from _shown(notebook(total=total, unit=unit, initial=done), report)
    elif not terminal:
        every = -(-total // LINES)
        for i in range(done + 1, total + 1):
            yield report
            if i % every == 0 or i == total:
                print(f"{unit} {i}/{total}  {report.text}".rstrip(), file=stream, flush=True)
    else:
        yield from _bar(total, unit, report, stream, done)


def _bar(total: int, unit: str, report: Report, stream: TextIO, done: int) -> Iterator[Report]:
    try:
        from tqdm import tqdm
    except ImportError:
        try:
            for i in range(done + 1, total + 1):
                yield report
                filled = "█" * (WIDTH * i // total)
                stream.write(f"\r{unit} {i}/{total} |{filled:<{WIDTH}}| {report.text}\x1b[K")
                stream.flush()
        finally:  # of a training that ends early too
            stream.write("\n")
        return
    yield from _shown(tqdm(total=total, unit=unit, file=stream, initial=done), report)


def _shown(bar: Any, report: Report) -> Iterator[Report]:
    with bar:
        for _ in range(bar.n, bar.total):
            yield report
            bar.set_postfix_str(report.text, refresh=False)
            bar.update()


def _notebook_bar() -> Any:
    """The class of tqdm's bar for notebooks, if this runs in a notebook that can show it; else None."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None or "IPKernelApp" not in getattr(shell, "config", {}):
        return None
    try:
        import ipywidgets  # noqa: F401 - without it tqdm's bar for notebooks cannot be shown
        from tqdm.notebook import tqdm
    except ImportError:
        return None
    return tqdm
