"""The command line, as ``python -m autograd`` and as the script ``autograd``."""

import sys


def main() -> int:
    """Run a command, and return its exit code.

    The import is inside, so that Ctrl-C during it gives the exit code 130 and no traceback.
    """
    try:
        from autograd.cli import main as run

        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
