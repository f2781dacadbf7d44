"""Output of the commands: encodings, closed streams, full disks, long names, and inputs that stay intact."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from written_tables import FLATS, ROOT, SMALL, table

from autograd.cli.parser import main

# Standard output and standard error ---------------------------------------------------------------


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_full_disk_under_standard_output_is_an_error_and_a_closed_pipe_is_not(folder, options, trained):
    command = [sys.executable, "-m", "autograd", "predict", str(trained), str(FLATS), *options]
    running = {
        "stderr": subprocess.PIPE,
        "text": True,
        "cwd": ROOT,
        "env": {**os.environ, "PYTHONUNBUFFERED": ""},
    }
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, **running)
    assert done.returncode == 2
    assert done.stderr.endswith("error: No space left on device (writing the output)\n")
    assert re.search("Exception|Traceback", done.stderr) is None
    if not options:
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(command, stdout=writer, **running)
        os.close(writer)
        assert done.returncode == 0
        assert re.search("error: |Exception|Traceback", done.stderr) is None


LABELS = table(["a", "b"], SMALL, ["あ", "い"])


def use(folder, command, encoding=None, **options):
    """Run a command in a shell whose output encoding lacks most labels."""
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "LC_ALL": "C",
    }
    env |= {"PYTHONIOENCODING": encoding} if encoding else {}
    command = f"{shlex.quote(sys.executable)} -m autograd {command}"
    return subprocess.run(command, shell=True, cwd=folder, env=env, capture_output=True, **options)


@pytest.mark.parametrize("options", ["", " --proba"])
def test_predict_writes_labels_unchanged_or_refuses_an_encoding_that_lacks_them(folder, options):
    Path("t.csv").write_text(LABELS, "utf-8")
    assert use(folder, "train t.csv --quiet --epochs 1").returncode == 0
    done = use(folder, f"predict t.model.npz t.csv{options}", "cp1252")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == (
        "error: the output is in cp1252, which has no way to write '\\u3042'; set PYTHONIOENCODING=utf-8, or "
        "give --output a file\n"
    )
    expected = use(folder, f"predict t.model.npz t.csv{options}", "utf-8").stdout
    assert expected.count("い".encode()) > 5
    plain = "import locale, sys; print(sys.stdout.encoding)"
    assert (
        b"utf"
        not in subprocess.run(
            [sys.executable, "-c", plain],
            env={"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"},
            capture_output=True,
        ).stdout.lower()
    )
    assert use(folder, f"predict t.model.npz t.csv{options}").stdout == expected


def test_reports_escape_characters_that_the_encoding_of_the_output_lacks(folder):
    Path("t.csv").write_text(LABELS, "utf-8")
    assert use(folder, "train t.csv --quiet --epochs 1").returncode == 0
    done = use(folder, "evaluate t.model.npz t.csv", "cp1252")
    assert done.returncode == 0
    assert b"\\u3042" in done.stdout
    assert b"?" not in done.stdout


def test_a_closed_standard_output_is_an_error_and_a_closed_standard_error_is_not(folder):
    Path("t.csv").write_text(LABELS, "utf-8")
    assert use(folder, "train t.csv --quiet --epochs 1").returncode == 0
    for command in ("predict t.model.npz t.csv", "evaluate t.model.npz t.csv", "info t.model.npz"):
        done = use(folder, f"{command} >&-")
        assert (done.returncode, done.stderr) == (
            2,
            b"error: the output is closed; >/dev/null throws it away\n",
        )
    whole, part = use(folder, "predict t.model.npz t.csv"), use(folder, "predict t.model.npz t.csv 2>&-")
    assert (part.returncode, part.stdout) == (0, whole.stdout)
    done = use(folder, "predict t.model.npz t.csv --output answers.csv >&-")
    assert (done.returncode, done.stderr[:9]) == (0, b"30 rows: ")
    assert len(Path("answers.csv").read_text("utf-8").splitlines()) == 1 + whole.stdout.count(b"\n")
    assert use(folder, "train t.csv --epochs 1 --output u.npz >&-").returncode == 0
    assert Path("u.npz").exists()


def test_reports_shorten_long_names(folder, capsys):
    names = [f"{'x' * 3000}{i}" for i in range(40)]
    columns = [SMALL] * 39 + [["y" * 2000, "z" * 2000]]
    Path("t.csv").write_text(table(names, *columns))
    for options in (["--target", "x" * 3000], ["--target", names[-1], "--hidden", "2", "--epochs", "1"]):
        main(["train", "t.csv", *options])
    main(["evaluate", "t.model.npz", "t.csv"])
    main(["info", "t.model.npz"])
    Path("u.csv").write_text(table(["a", "b"], SMALL, SMALL))
    main(["predict", "t.model.npz", "u.csv"])
    told = capsys.readouterr()
    assert "accuracy" in told.out
    assert "lacks what the model was trained on" in told.err
    assert max(map(len, (told.out + told.err).split("\n"))) < 3000


# Files -----------------------------------------------------------------------------------------


def link(kind, source, name):
    if kind == "the same":
        return source
    (os.symlink if kind == "a symlink" else os.link)(source, name)
    return name


@pytest.mark.parametrize("kind", ["the same", "a symlink", "a hard link"])
@pytest.mark.parametrize("written", ["model", "picture", "predictions", "drawing"])
def test_commands_refuse_to_write_an_output_over_an_input(folder, capsys, pictures, kind, written):
    content = table(["a", "b"], SMALL, ["x", "y"])
    Path("t.csv").write_text(content)
    assert main(["train", "t.csv", "--quiet", "--epochs", "1", "--output", "m.npz"]) == 0
    capsys.readouterr()
    if written == "picture":
        Path("b.training.png").write_text(content)
        link(kind, "b.training.png", "c.training.png")
        command = ["train", "b.training.png", "--output", "b.npz" if kind == "the same" else "c.npz"]
    elif written == "model":
        command = ["train", "t.csv", "--output", link(kind, "t.csv", "t.npz")]
    elif written == "predictions":
        command = ["predict", "m.npz", "t.csv", "--output", link(kind, "t.csv", "answers.csv")]
    else:
        Path("t.png").write_text(content)
        command = ["evaluate", "m.npz", "t.png", "--picture", link(kind, "t.png", "answers.png")]
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert main(command) == 2
    assert "is the input itself; give the output another name" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_full_disk_is_an_error_that_names_the_file(folder, capsys, monkeypatch):
    Path("t.csv").write_text(table(["a", "b"], SMALL, ["x", "y"]))

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert main(["train", "t.csv", "--quiet", "--epochs", "1"]) == 2
    assert capsys.readouterr().err == f"error: No space left on device: '{folder}/t.model.npz'\n"
    assert [path.name for path in folder.iterdir()] == ["t.csv"]


@pytest.mark.parametrize("cells", [("1e308", "-1e308"), ("1e-310", "0"), ("1.5e300", "1e300")])
def test_train_and_evaluate_draw_numbers_as_large_or_as_small_as_there_are(folder, pictures, capsys, cells):
    Path("t.csv").write_text("a,b\n" + "".join(f"{i},{cells[i % 2]}\n" for i in range(40)))
    assert main(["train", "t.csv", "--epochs", "2", "--regression", "--quiet"]) == 0
    assert main(["evaluate", "t.model.npz", "t.csv", "--picture", "x.png"]) == 0
    assert Path("t.training.png").stat().st_size > 5000
    assert Path("x.png").stat().st_size > 5000
    assert "Warning" not in capsys.readouterr().err
