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
    """Most tests do without matplotlib, which takes longer than all the rest of them."""
    if "pictures" not in request.fixturenames:
        monkeypatch.setitem(sys.modules, "matplotlib.figure", None)


@pytest.fixture
def pictures():
    """For tests that look at pictures."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model of flats, from so few epochs that it knows little."""
    path = tmp_path_factory.mktemp("model") / "flats.model.npz"
    assert main(["train", str(FLATS), "--epochs", "2", "--quiet", "--output", str(path)]) == 0
    return path
