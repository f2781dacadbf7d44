"""The registries of the package, restored after a test has added to them."""

from contextlib import contextmanager

from autograd.cli.parser import COMMANDS
from autograd.files.containers import CONTAINERS
from autograd.losses import LOSSES
from autograd.nn import ACTIVATIONS, INITS
from autograd.optim import OPTIMIZERS
from autograd.tensor.core import ROWS
from autograd.tensor.dispatch import IMPLEMENTED, LATER

DICTS = (LOSSES, ACTIVATIONS, INITS, OPTIMIZERS, ROWS, IMPLEMENTED)
LISTS = (CONTAINERS, COMMANDS)


@contextmanager
def restored():
    """A context within which registries may be changed; at its end they are restored."""
    for add_rows in LATER:  # which are not a test's own
        add_rows()
    dicts, lists = [dict(known) for known in DICTS], [list(known) for known in LISTS]
    try:
        yield
    finally:
        for known, before in zip(DICTS, dicts, strict=True):
            known.clear()
            known.update(before)
        for known, before in zip(LISTS, lists, strict=True):
            known[:] = before
