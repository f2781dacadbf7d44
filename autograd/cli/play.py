"""The command ``play``: a page on which one watches a small net learn."""

import argparse
import os
import threading
from typing import Any

from autograd.cli.arguments import number_where
from autograd.cli.command import Command
from autograd.cli.report import tell
from autograd.errors import OptionError

__all__ = ["COMMAND", "play"]

PORT = 8421
DESCRIPTION = "Show a page on which a small net learns, live."
EXAMPLES = """\
examples:
  %(prog)s
  %(prog)s --port 0 --no-browser
      at any free port, without opening a browser

The page is served by this machine to this machine, at 127.0.0.1. Ctrl-C ends it.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of play."""
    parser.add_argument(
        "--port",
        metavar="N",
        type=port_number,
        default=PORT,
        help=f"the port of the page ({PORT}), or 0 for any that is free",
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address only")
    parser.set_defaults(quiet=False)


def port_number(text: str) -> int:
    """A port from text."""
    return int(number_where(lambda x: x in range(65536), "a port from 0 to 65535")(text))


def play(options: argparse.Namespace) -> dict[str, Any]:
    """Serve the page until Ctrl-C."""
    import webbrowser  # these here, since other commands do without them

    from autograd.play import Server

    try:
        server = Server(options.port)
    except OSError as error:
        raise OptionError(
            f"port {options.port} of this machine cannot be had: {os.strerror(error.errno or 0)}; "
            "choose another by --port, or --port 0 for any that is free"
        ) from None
    with server:
        tell(options, f"the playground is at {server.address}; Ctrl-C ends it")
        if not options.no_browser:  # by a thread, since a browser of the terminal comes back only at its end
            threading.Thread(target=webbrowser.open, args=(server.address,), daemon=True).start()
        server.serve_forever()
    return {"address": server.address}


COMMAND = Command(play, DESCRIPTION, EXAMPLES, add_arguments)
