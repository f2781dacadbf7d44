"""The command ``demo``: the demos of the original library, and some more."""

import argparse
from pathlib import Path
from typing import Any

from autograd import plot
from autograd.cli.arguments import whole_number
from autograd.cli.command import Command
from autograd.cli.report import tell
from autograd.errors import MissingExtraError
from autograd.files import check_place
from autograd.pictures import DEMOS, PICTURES, WRITERS

__all__ = ["COMMAND", "demo"]

DESCRIPTION = "Run a demo, and film it."
EXAMPLES = """\
examples:
  %(prog)s sine
      writes sine.gif
  %(prog)s moons --seed 3 --output m.gif
      other points and other weights; a name in .mp4 needs ffmpeg
  %(prog)s digits --json

minimize, tiny and sine are the demos of the original, a sample at a time; moons
is micrograd's; digits trains on batches. All but digits, which ends in a picture
of what was read wrongly, end in a film.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of demo."""
    parser.add_argument("name", metavar="DEMO", choices=list(DEMOS), help=", ".join(DEMOS))
    parser.add_argument(
        "--seed", metavar="N", type=whole_number(0), default=0, help="of all that is drawn (0)"
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="the film, .gif or .mp4 (DEMO.gif), or, of digits, the picture, "
        ".png, .svg, .pdf or .jpg (digits.png)",
    )
    parser.set_defaults(quiet=False)


def demo(options: argparse.Namespace) -> dict[str, Any]:
    """Run a demo, and print its results and the path of its film or picture."""
    path = options.output or PICTURES[options.name]
    check_place(path)
    try:
        plot.figure(1)
    except MissingExtraError as error:
        if options.output:
            raise
        tell(options, f"no picture: {error}")
        path = None
    results = DEMOS[options.name](path, seed=options.seed)
    tell(options, f"{options.name}: " + ", ".join(f"{name} {x:.6g}" for name, x in results.items()))
    if path:
        kind = "a film" if Path(path).suffix.lower() in WRITERS else "a picture"
        tell(options, f"saved {kind}: {path}")
    return {"demo": options.name, "picture": path, **results}


COMMAND = Command(demo, DESCRIPTION, EXAMPLES, add_arguments, writes=lambda options: True)
