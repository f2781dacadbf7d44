"""What a long training shows while it runs: a bar on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Iterator
from typing import TextIO

__all__ = ["track"]

WIDTH = 30  # of the bar, in characters
LINES = 10  # at most about so many plain lines in all


class Report:
    """What `track` yields: set ``text``, and it is shown beside the progress."""

    text = ""


def track(total: int, unit: str, wanted: bool | None, stream: TextIO | None = None) -> Iterator[Report]:
    """Yield a `Report` ``total`` times, showing how far it has come.

    On a terminal it is a bar, tqdm's if that is installed; elsewhere about ten plain lines.

    Args:
        total: how many times.
        unit: what is counted, such as "epoch".
        wanted: True, False, or None for only on a terminal.
        stream: where to; standard error by default.
    """
    stream = stream or sys.stderr
    terminal = stream.isatty()
    report = Report()
    if wanted is False or (wanted is None and not terminal):
        for _ in range(total):
            yield report
    elif not terminal:
        every = max(1, total // LINES)
        for i in range(1, total + 1):
            yield report
            if i % every == 0 or i == total:
                print(f"{unit} {i}/{total}  {report.text}".rstrip(), file=stream, flush=True)
    else:
        yield from _bar(total, unit, report, stream)


def _bar(total: int, unit: str, report: Report, stream: TextIO) -> Iterator[Report]:
    try:
        from tqdm import tqdm
    except ImportError:
        for i in range(1, total + 1):
            yield report
            filled = "█" * (WIDTH * i // total)
            stream.write(f"\r{unit} {i}/{total} |{filled:<{WIDTH}}| {report.text}\x1b[K")
            stream.flush()
        stream.write("\n")
        return
    with tqdm(total=total, unit=unit, file=stream) as bar:
        for _ in range(total):
            yield report
            bar.set_postfix_str(report.text, refresh=False)
            bar.update()
