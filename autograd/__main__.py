"""The command line, as ``python -m autograd`` and as the script ``autograd``."""

import sys


def main() -> int:
    """Run a command, and give back the exit code; Ctrl-C ends the imports as quietly as the work."""
    try:
        from autograd.cli.parser import main as run

        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
