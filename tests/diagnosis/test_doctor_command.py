"""The doctor of `fit`, of the command line and of the environment."""

import contextlib
import io
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd import Net
from autograd.diagnosis import doctor, session

ROOT = Path(__file__).parents[2]


def test_fit_reports_what_the_doctor_finds_and_gives_the_same_weights(capsys):
    X = np.random.default_rng(0).uniform(500, 900, (40, 1))
    weights = []
    for watched in (False, True):
        random.seed(1)
        net = Net(1, [4, 1], "leaky_relu", "linear")
        history = net.fit(X, X / 700, epochs=5, seed=1, doctor=watched)
        weights.append((net.values.tolist(), net.grads.tolist(), history.loss))
        assert ("inputs are far from the size of 1" in capsys.readouterr().err) is watched
    assert weights[0] == weights[1]


def test_fit_is_watched_within_a_block_too():
    random.seed(1)
    net = Net(1, [4, 1], "relu", "linear")
    for neuron in net.layers[0].neurons:
        neuron.b = -50.0
    x = np.linspace(-1, 1, 40)
    with contextlib.redirect_stderr(io.StringIO()), doctor() as findings:
        net.fit(x, x**2, epochs=5, seed=1)
    assert [finding.mistake for finding in findings] == ["dead_units"]
    assert "4 of 4 relu units (100 %)" in findings[0].details


def command(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        check=False,
    )


def test_the_command_reports_and_tells_by_its_exit_code():
    program = ROOT / "tests" / "diagnosis" / "programs" / "wrong" / "not_zeroed_values.py"
    done = command("-m", "autograd", "doctor", str(program))
    assert done.returncode == 3
    assert f"{program}:11: the gradients were not set to 0 between two steps" in done.stderr
    done = command("-m", "autograd", "doctor", "--json", str(program))
    (found,) = json.loads(done.stdout)["findings"]
    assert (found["mistake"], found["line"], found["count"]) == ("not_zeroed", 11, 19)


def test_the_command_passes_arguments_and_exit_codes_on(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import sys\nprint(sys.argv[1:])\nsys.exit(int(sys.argv[1]))\n")
    for code in (0, 7):
        done = command("-m", "autograd", "doctor", str(program), str(code), "--json")
        assert (done.returncode, done.stdout) == (code, f"['{code}', '--json']\n")


def test_the_command_tells_of_a_file_that_is_not_there():
    done = command("-m", "autograd", "doctor", "nowhere.py")
    assert done.returncode == 2
    assert done.stderr == "error: doctor wants a file with a Python program, and there is no nowhere.py\n"


def test_the_environment_variable_watches_a_whole_program():
    program = ROOT / "tests" / "diagnosis" / "programs" / "wrong" / "number_taken_plain_loss.py"
    done = command(str(program), AUTOGRAD_DOCTOR="1")
    assert "AttributeError" in done.stderr
    assert "a number is taken out of the graph here" in done.stderr
    assert command(str(program), AUTOGRAD_DOCTOR="0").stderr.count("doctor:") == 0


@pytest.mark.parametrize(
    "line", [["python", "-m", "autograd", "train", "a.csv"], ["python", "/bin/autograd", "train", "a.csv"]]
)
def test_the_environment_variable_leaves_the_commands_alone(line, monkeypatch):
    monkeypatch.setattr(sys, "orig_argv", line)
    monkeypatch.setattr(sys, "argv", ["/bin/autograd" if "-m" not in line else "-m"])
    session.watch_program()
    try:
        assert session.Current.session is None
    finally:
        if session.Current.session is not None:
            session.Current.session.stop()


def test_a_forked_process_does_not_report_for_its_parent(tmp_path):
    program = tmp_path / "forks.py"
    program.write_text(
        "import os, sys\n"
        "from autograd import Value\n"
        "x = Value(3.0)\n"
        "for _ in range(4):\n"
        "    (x * x).backward()\n"
        "    x.data -= 0.01 * x.grad\n"
        "child = os.fork()\n"
        "if child:\n"
        "    os.waitpid(child, 0)\n"
        "sys.exit(0)\n"
    )
    assert command(str(program), AUTOGRAD_DOCTOR="1").stderr.count("doctor: 1 finding") == 1


@pytest.mark.parametrize("error", ["KeyError('mine')", "autograd.errors.DataError('mine')"])
def test_an_error_of_the_program_is_shown_as_python_shows_it(error, tmp_path):
    program = tmp_path / "raises.py"
    program.write_text(f"import autograd.errors\nraise {error}\n")
    plain = command(str(program))
    done = command("-m", "autograd", "doctor", str(program))
    assert (done.returncode, done.stderr) == (1, plain.stderr)
