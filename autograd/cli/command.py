"""The description of a command of the command line."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Command"]


@dataclass(frozen=True)
class Command:
    """A command, which has the name of the function that runs it.

    Attributes:
        run: runs the command with the parsed options, prints its messages and returns its report, a dict
            that ``--json`` prints.
        description: what the command does, for ``--help``; the list of commands shows its first sentence.
        examples: the text at the end of ``--help``.
        add_arguments: adds the arguments of the command to a parser.
        writes: whether the command, with the given options, writes all its results into files, so that it
            can run with standard output closed.
    """

    run: Callable[[argparse.Namespace], dict[str, Any]]
    description: str
    examples: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    writes: Callable[[argparse.Namespace], bool] = lambda options: False
