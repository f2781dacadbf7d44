"""The command line itself: usage, misspelt commands, --help, --version, and Ctrl-C during imports."""

import contextlib
import io as io_
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from written_tables import ROOT, line_data

import autograd
import autograd.scalar.engine
from autograd import plot
from autograd.cli.parser import main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "\n    demo      "),  # the list of commands
        (["fly"], "unknown command 'fly'"),
        (["train"], "the following arguments are required: FILE"),
        (["train", "f.csv", "more.csv"], "autograd train: error: unrecognized arguments: more.csv"),
        (["train", "f.csv", "--epochs", "0"], "--epochs: wants a whole number of 1 or more, got '0'"),
        (["train", "f.csv", "--seed", "-1"], "--seed: wants a whole number of 0 or more, got '-1'"),
        (["train", "f.csv", "--lr", "nan"], "--lr: wants a number above 0, got 'nan'"),
        (["train", "f.csv", "--lr", "0"], "--lr: wants a number above 0, got '0'"),
        (["train", "f.csv", "--hidden", "8,"], "--hidden: wants sizes such as 128 or 64,32, got '8,'"),
        (["train", "f.csv", "--hidden", "16x8"], "--hidden: wants sizes such as 128 or 64,32, got '16x8'"),
        (["train", "f.csv", "--hidden", "8,0"], "--hidden: wants sizes such as 128 or 64,32, got '8,0'"),
        (["train", "f.csv", "--held-out", "1"], "wants a share from 0 to below 1, such as 0.2, got '1'"),
    ],
)
def test_an_unknown_command_gives_the_usage_and_exit_code_2(capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    told = capsys.readouterr().err
    assert "usage: python -m autograd" in told
    assert message in told


def test_a_command_that_cannot_be_parsed_writes_no_json_and_the_help_says_so(capsys):
    with pytest.raises(SystemExit):
        main(["train", "f.csv", "--json", "--epochs", "ten"])
    assert capsys.readouterr().out == ""
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "but for a wrong command,\n  which gets its usage" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian", "f.csv"], "unknown command 'trian': the known ones are train, predict, "),
        (["trian", "f.csv"], "did you mean 'train'?"),
        (["--verison"], "unknown option '--verison': the known ones are -h, --help, --version; "),
        (["train", "f.csv", "--epcohs", "5"], "unknown option '--epcohs': the known ones are -h, --help, "),
        (["train", "f.csv", "--epcohs", "5"], "did you mean '--epochs'?"),
        (["train", "f.csv", "-epochs", "5"], "unknown option '-epochs'"),
        (["train", "f.csv", "--epcohs=5"], "unknown option '--epcohs'"),
        (["evaluate", "--picure", "p.png", "m.npz"], "did you mean '--picture'?"),
        (["demo", "--sed", "3", "sine"], "did you mean '--seed'?"),
        (["demo", "minimise"], "unknown demo 'minimise': the known ones are minimize, tiny, "),
        (["demo", "minimise"], "did you mean 'minimize'?"),
    ],
)
def test_a_misspelt_command_or_option_is_an_error_that_suggests_the_right_one(capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    told = capsys.readouterr().err
    assert message in told
    assert "usage: python -m autograd" in told


def test_abbreviations_negative_values_and_names_after_two_dashes_are_not_taken_for_misspelt_options(
    folder, capsys
):
    Path("f.csv").write_text(line_data(np.random.default_rng(0), whole=False))
    assert main(["train", "--epoch", "1", "--lr=0.01", "--quiet", "--", "f.csv"]) == 0
    with pytest.raises(SystemExit):
        main(["train", "f.csv", "--seed", "-1"])
    assert "wants a whole number of 0 or more, got '-1'" in capsys.readouterr().err
    assert main(["info", "--", "--epcohs"]) == 2
    assert "--epcohs: there is no such model" in capsys.readouterr().err


def test_python_m_autograd_is_the_command_line(folder):
    done = subprocess.run(
        [sys.executable, "-m", "autograd", "train", "none.csv"],
        capture_output=True,
        text=True,
        env={**__import__("os").environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: none.csv: there is no such file; give the path of a table\n"


def test_the_header_of_pytest_and_the_version_option_name_the_engine(capsys):
    from autograd.cli.parser import parser

    with pytest.raises(SystemExit):
        parser().parse_args(["--version"])
    engine = "compiled" if autograd.compiled else "plain"
    assert f"({engine} scalars)" in capsys.readouterr().out


@pytest.mark.parametrize("module", ["numpy", "autograd.nn", "autograd.cli.parser", "autograd.cli.train"])
@pytest.mark.parametrize("script", [True, False])
def test_ctrl_c_during_the_imports_ends_the_command_line_silently(folder, module, script):
    (folder / "sitecustomize.py").write_text(
        "import signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name == {module!r}:\n"
        "            signal.raise_signal(signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    entry = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]["autograd"]
    place, _, function = entry.partition(":")
    (folder / "autograd").write_text(f"import sys\nfrom {place} import {function}\nsys.exit({function}())\n")
    done = subprocess.run(
        [sys.executable, *(["autograd"] if script else ["-m", "autograd"]), "info", "none.npz"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"},
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def examples_of(*command):
    """The commands that a --help shows."""
    told = io_.StringIO()
    with contextlib.redirect_stdout(told), pytest.raises(SystemExit) as stop:
        main([*command, "--help"])
    assert stop.value.code == 0
    start = "  " + " ".join(["python -m autograd", *command]) + " "
    found = [line for line in told.getvalue().splitlines() if line.startswith(start)]
    return [shlex.split(line.removeprefix("  python -m autograd")) for line in found]


def test_the_examples_of_every_help_and_of_the_command_line_page_run(
    folder, capsys, pictures, short_films, monkeypatch
):
    monkeypatch.setattr(plot, "save", lambda picture, path: Path(path).touch())  # drawing takes long
    (folder / "examples").symlink_to(ROOT / "examples")
    page = (ROOT / "docs" / "command-line.md").read_text()
    shown = re.findall(r"^(?:python -m )?autograd (.*)$", page, re.MULTILINE)
    found = [*examples_of("train"), *(shlex.split(line) for line in shown), *examples_of()]
    for command in ("predict", "evaluate", "info", "export", "demo"):
        found += examples_of(command)
    assert len(found) >= 20
    for command in found:
        assert main(command) == 0, command
    capsys.readouterr()
