"""Fixtures that the tests of the command line share."""

import sys

import pytest
from written_tables import FLATS

from autograd.cli.parser import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def no_pictures(request, monkeypatch):
    """Disables matplotlib, which would take longer than the rest of most tests."""
    if "pictures" not in request.fixturenames:
        monkeypatch.setitem(sys.modules, "matplotlib.figure", None)


@pytest.fixture
def pictures():
    """Enables matplotlib, for tests of pictures."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model of flats, trained for a few epochs only."""
    path = tmp_path_factory.mktemp("model") / "flats.model.npz"
    assert main(["train", str(FLATS), "--epochs", "2", "--quiet", "--output", str(path)]) == 0
    return path
