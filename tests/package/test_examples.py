"""The examples: short programs, one for each feature, that run anywhere and print what they promise."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
TOLD = {
    "batching": r"1 batch of 50; .*\n.* 50 early reads at \S+batching.py:17\n.* 50 batches of 1$",
    "checkpoint": r"^beginning(.*\n?)+mean squared error 0\.000\d$",
    "curvature": r"gradient \d\.\de-(09|[1-9]\d)\nminimum at \[1\. 1\. 1\.\]$",
    "decision": r"^wrote spiral\.gif, spiral\.png and confusion\.png$",
    "digits": r"rightly 97\.\d%$",
    "digits_three_ways": r"^(.*at most (0e\+00|\de-1[3-9]) from the first way's\n?){3}$",
    "graph": r"^wrote neuron\.(svg|dot: .*)\nwrote loss\.(svg|dot: .*)\nwrote inside\.(svg|dot: .*)$",
    "keep": r"^(degrees\.(npz|safetensors): 0 and 37 °C are 32\.0 and 98\.6 °F\n?){2}$",
    "line": r"descent +1\.9900 x \+ 1\.0400\n.* +1\.9900 x \+ 1\.0400$",
    "minimize": r"y = -9\.825$",
    "online": r"portion +1 .* [12]\.\d+\n(.*\n)+portion 1000 .* 0\.00\d\d$",
    "pipeline": r"^alpha 10\.0: 96\.\d% ± \d\.\d% of 569 rows right$",
    "record": r"^Program of step: 13 calls(.*\n)+mean squared error 0\.00\d+$",
    "schedules": r"ended after \d\d epochs with a loss of [1-6]\.\de-04$",
    "several_processes": r"^processes: 1, held-out digits read rightly: 9[78]\.\d%$",
    "sine": r"error 0\.00\d\d$",
    "verify": r"and no difference\nfound: verify\(\): the data of net\(\[x, 1 - x\]\) is .* verify.py:11",
    "weights": r"found: 50%.*\n(.*\n)+.*\n  rare rows found: 90%.*\n  length of the weights: 1\.\d\d$",
}


def test_every_example_has_an_expected_output_in_this_file():
    assert sorted(TOLD) == [path.stem for path in EXAMPLES]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_in_any_folder_and_prints_its_expected_output(path, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(path))
    told = capsys.readouterr().out.strip()
    assert re.search(TOLD[path.stem], told), told
    written = re.findall(r"\b\w+\.(?:npz|safetensors|gif|png|svg|dot)\b", told)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(written)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_has_at_most_30_lines_and_is_shown_on_the_examples_pages(path):
    if path.stem not in ("digits", "digits_three_ways"):
        assert len(path.read_text().splitlines()) <= 30
    assert f"`{path.name}`" in (ROOT / "examples" / "README.md").read_text()
    assert f'--8<-- "examples/{path.name}"' in (ROOT / "docs" / "examples.md").read_text()
