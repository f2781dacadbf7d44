"""The command line: its options (`parser`), and a file for each of its commands."""

from autograd.cli.parser import main

__all__ = ["main"]
