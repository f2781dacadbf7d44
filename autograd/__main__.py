"""The command line, as ``python -m autograd``."""

import sys

from autograd.cli import main

if __name__ == "__main__":
    sys.exit(main())
