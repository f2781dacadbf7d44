"""What a long training shows while it runs: a bar on a terminal or in a notebook, else plain lines."""

import sys
from collections.abc import Iterator
from typing import Any, TextIO

__all__ = ["track"]

WIDTH = 30  # of the bar, in characters
LINES = 10  # at most about so many plain lines in all


class Report:
    """What `track` yields: set ``text``, and it is shown beside the progress."""

    text = ""


def track(
    total: int, unit: str, wanted: bool | None, stream: TextIO | None = None, done: int = 0
) -> Iterator[Report]:
    """Yield a `Report` ``total`` times, less those that are ``done``, showing how far it has come.

    On a terminal it is a bar, tqdm's if that is installed, and so in a notebook if tqdm is installed
    there; elsewhere about ten plain lines.

    Args:
        total: how many times.
        unit: what is counted, such as "epoch".
        wanted: True, False, or None for only on a terminal or in a notebook.
        stream: where to; standard error by default.
        done: how many of them were done before.
    """
    stream = stream or sys.stderr
    terminal = stream.isatty()
    report = Report()
    notebook = _notebook_bar()
    if wanted is False or (wanted is None and not terminal and notebook is None):
        for _ in range(done, total):
            yield report
    elif notebook is not None:
        yield from _shown(notebook(total=total, unit=unit, initial=done), report)
    elif not terminal:
        every = max(1, total // LINES)
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
        for i in range(done + 1, total + 1):
            yield report
            filled = "█" * (WIDTH * i // total)
            stream.write(f"\r{unit} {i}/{total} |{filled:<{WIDTH}}| {report.text}\x1b[K")
            stream.flush()
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
    """tqdm's bar for notebooks, if this runs in one that can show it; else None."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None or "IPKernelApp" not in getattr(shell, "config", {}):
        return None
    try:
        import ipywidgets  # noqa: F401 - without it tqdm's bar for notebooks cannot be shown
        from tqdm.notebook import tqdm
    except ImportError:
        return None
    return tqdm
