"""The command demo, and kinds of pictures."""

import json
from pathlib import Path

import pytest

from autograd.cli.parser import main
from autograd.nn import Net
from autograd.pictures import demos


def test_the_demo_command_reports_its_result_and_writes_a_film(folder, capsys, pictures, short_films):
    assert main(["demo", "tiny", "--seed", "2", "--output", "t.gif"]) == 0
    told = capsys.readouterr().out.splitlines()
    found = demos.tiny(seed=2)
    assert told == [f"tiny: epochs 100, loss {found['loss']:.6g}", "saved a film: t.gif"]
    assert Path("t.gif").read_bytes().startswith(b"GIF89a")
    assert main(["demo", "tiny", "--seed", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"demo": "tiny", "picture": "tiny.gif", **found}
    assert main(["demo", "tiny", "--output", "none/t.gif"]) == 2
    assert capsys.readouterr().err == "error: there is no such folder: 'none'\n"
    assert main(["demo", "tiny", "--output", "t.bmp"]) == 2
    assert "'.bmp'" in capsys.readouterr().err


def test_the_demo_command_runs_without_matplotlib_and_says_what_to_install(folder, capsys):
    assert main(["demo", "tiny", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["picture"] is None
    assert "no picture: a picture needs an optional dependency; in the folder" in told.err
    assert main(["demo", "tiny", "--output", "t.gif"]) == 2
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            ["demo", "digits", "--output", "d.gif"],
            "kind of picture '.gif': the known ones are .png, .svg, .pdf, ",
        ),
        (["demo", "digits", "--output", "d"], "unknown kind of picture ''"),
        (["demo", "sine", "--output", "s.png"], "unknown kind of film '.png': the known ones are .gif, .mp4"),
        (["evaluate", "none.npz", "f.csv", "--picture", "p.csv"], "unknown kind of picture '.csv'"),
    ],
)
def test_the_demo_command_refuses_a_bad_picture_name_before_it_computes(
    folder, capsys, monkeypatch, pictures, command, message
):
    for name in ("fit", "__call__"):
        monkeypatch.setattr(Net, name, lambda *_, **__: pytest.fail("it works already"))
    assert main(command) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert (told.err.count("\n"), told.out, list(folder.iterdir())) == (1, "", [])
