"""A fixture that the tests of training share."""

import signal

import pytest


@pytest.fixture
def ctrl_c():
    """Ctrl-C as Python has it; a run in the background starts with one that does nothing."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
