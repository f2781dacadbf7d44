"""A fixture that the tests of training share."""

import signal

import pytest


@pytest.fixture
def ctrl_c():
    """Python's default handler of Ctrl-C; a process in the background starts with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
