"""What a command of the command line is."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Command"]


@dataclass(frozen=True)
class Command:
    """A command, of the name of the function that runs it.

    Attributes:
        run: takes the options, tells a person what it does and finds, and returns that as a dict too, which
            ``--json`` prints.
        description: what it does, for ``--help``; its first sentence for the list of commands.
        examples: for the end of ``--help``.
        add_arguments: adds its arguments to a parser.
        writes: whether with these options all that it is for goes into files, and nothing need be printed.
    """

    run: Callable[[argparse.Namespace], dict[str, Any]]
    description: str
    examples: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    writes: Callable[[argparse.Namespace], bool] = lambda options: False
