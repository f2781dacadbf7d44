"""A server of the playground, in a thread of its own."""

import threading

import pytest

from autograd.play import Server


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()
