"""The code of README, docs and notebooks runs, and prints what its comments say.

The README's two commands are run by .ci/run.
"""

import ast
import contextlib
import importlib.util
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from notebooks import code_cells, run_cell
from registries import restored

from autograd import Value
from autograd.losses import LOSSES
from autograd.optim import OPTIMIZERS

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").rglob("*.md"))
NOTEBOOKS = sorted((ROOT / "docs").rglob("*.ipynb"))
FIGURES = sorted((ROOT / "docs" / "figures").glob("*.svg"))
WIDTH = 88  # characters of code that need no scrolling


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def expected(lines, statement):
    """The expected output of a statement: the comments beside it, beside each print in it, and below it."""
    first, stop = statement.lineno, statement.end_lineno
    inner = [line for line in lines[first - 1 : stop - 1] if "print(" in line]
    beside = [re.search(r"\s# (.*)$", line) for line in (*inner, lines[stop - 1])]
    below = []
    while stop < len(lines) and lines[stop].startswith("# "):
        below.append(lines[stop][2:])
        stop += 1
    return [found[1] for found in beside if found] + below


@pytest.fixture(autouse=True)
def what_pages_add():
    """Removes what a page adds to Value and to registries, and closes its pictures, after the page."""
    before = set(vars(Value))
    with restored():
        yield
    plt.close("all")
    for name in set(vars(Value)) - before:
        delattr(Value, name)


NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def same(printed, wanted):
    """The same text, with numbers that may differ as those of two processors' exp() do."""
    if NUMBER.sub("#", printed) != NUMBER.sub("#", wanted):
        return False
    pairs = zip(NUMBER.findall(printed), NUMBER.findall(wanted), strict=True)
    return all(float(p) == pytest.approx(float(w), rel=1e-12) for p, w in pairs)


def run(code, name):
    """Run the statements one by one, and compare the output of each with its comments."""
    lines = code.splitlines()
    names = {"__name__": "__documentation__"}
    for statement in ast.parse(code).body:
        wanted, error = expected(lines, statement), None
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            try:
                exec(compile(ast.Module([statement], []), name, "exec"), names)
            except Exception as raised:
                if type(raised).__name__ not in wanted:
                    raise
                error = type(raised).__name__
        assert [w for w in wanted if re.fullmatch(r"\w+Error", w)] == ([error] if error else []), wanted
        if printed.getvalue():
            assert same(printed.getvalue().rstrip("\n"), "\n".join(wanted)), printed.getvalue()


# The README's blocks stand alone; those of a page in docs are read one after the other
CASES = [(README, code) for code in blocks(README, "python")]
CASES += [(page, "\n".join(blocks(page, "python"))) for page in DOCS if blocks(page, "python")]


@pytest.mark.parametrize(("page", "code"), CASES, ids=lambda x: x.stem if isinstance(x, Path) else "")
def test_the_code_of_a_page_prints_what_its_comments_say(page, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(code, str(page))


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        ("print(1)  # 2", AssertionError),
        ("print(1.0000001)  # 1.0", AssertionError),
        ("for i in range(2):\n    print(i)  # 0\n# 2", AssertionError),
        ("1 / 1  # ZeroDivisionError", AssertionError),
        ("1 / 0", ZeroDivisionError),
        ("1 / 0  # ValueError", ZeroDivisionError),
    ],
)
def test_the_check_of_page_code_finds_code_that_prints_or_raises_something_else(code, trouble):
    with pytest.raises(trouble):
        run(code, "page")


@pytest.mark.parametrize("name", [*LOSSES, *OPTIMIZERS])
def test_the_page_on_training_names_every_loss_and_optimiser(name):
    assert f"`{name}`" in (ROOT / "docs" / "training.md").read_text()


def test_the_readme_begins_with_its_two_commands():
    commands = blocks(README, "sh")
    assert [c.count("\n") for c in commands[:2]] == [1, 1]
    assert "python -m autograd train examples/digits.csv.gz --target digit" in commands[0]
    assert commands[1].endswith("python -m pytest\n")


@pytest.mark.parametrize("page", [p for p in DOCS if blocks(p, "sh")], ids=lambda page: page.stem)
def test_the_shell_commands_of_a_page_exit_with_0(page, tmp_path):
    """All but those that install something, in order, in a folder that has the project's examples.

    The commands of the page of the command line are run by tests/cli/test_cli_usage.py.
    """
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    commands = [shlex.split(line) for line in "".join(blocks(page, "sh")).splitlines()]
    commands = [command for command in commands if command[:3] != ["python", "-m", "pip"]]
    assert commands
    assert {program for program, *_ in commands} == {"autograd" if page.stem == "command-line" else "python"}
    for program, *arguments in commands:
        if program == "python":
            subprocess.run([sys.executable, *arguments], cwd=tmp_path, env=environment, check=True)


# Notebooks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_prints_the_output_that_is_saved_in_it(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    names, prints = {"__name__": "__main__"}, []
    for i, (code, kept) in enumerate(code_cells(path)):
        prints.append(kept)
        printed = run_cell(code, f"{path}[{i}]", names)
        assert same(printed, kept), printed
    assert any(prints)


# Widths of code ----------------------------------------------------------------------------------


def code_of(page):
    """The Python of a page or notebook, in blocks."""
    if page.suffix == ".md":
        return blocks(page, "python")
    return [code for code, _ in code_cells(page)]


@pytest.mark.parametrize("page", [README, *DOCS, *NOTEBOOKS], ids=lambda page: page.stem)
def test_code_of_pages_and_notebooks_fits_into_88_columns(page):
    """Except for lines of printed output, which have the length that they have."""
    lines = [line for block in code_of(page) for line in block.splitlines()]
    assert [line for line in lines if len(line) > WIDTH and not line.startswith("# ")] == []


# Pictures ----------------------------------------------------------------------------------------


def words(picture):
    """The text in a picture, in order: with the numbers that it shows."""
    return re.findall(r"<text[^>]*>(.*?)</text>", picture.read_text(), re.DOTALL)


def test_the_committed_figures_show_the_text_that_their_code_draws(tmp_path):
    spec = importlib.util.spec_from_file_location("figures", ROOT / "docs" / "figures.py")
    figures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(figures)
    figures.main(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [p.name for p in FIGURES]
    for committed in FIGURES:
        assert len(words(committed)) > 5
        assert words(tmp_path / committed.name) == words(committed)


# Links -------------------------------------------------------------------------------------------


def test_every_link_of_the_documentation_within_the_project_has_a_target():
    links = [
        (page, target)
        for page in [README, *DOCS, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
        for target in re.findall(r"\]\(([^)#:]+)[)#]", page.read_text())
    ]
    assert len(links) > 20
    assert [(page.name, target) for page, target in links if not (page.parent / target).exists()] == []


def test_the_list_of_numpys_functions_has_those_that_tensors_differentiate():
    spec = importlib.util.spec_from_file_location("functions", ROOT / "docs" / "functions.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    page = (ROOT / "docs" / "functions.md").read_text()
    (head, *sections), (now_head, *now) = (
        re.split(r"^## ", p, flags=re.MULTILINE) for p in (page, made.page())
    )
    assert head != now_head or page == made.page()  # the head names the version of NumPy
    assert len(sections) == len(now) > len(made.MODULES)
    for written, expected in zip(sections, now, strict=True):
        both = {*re.findall(r"`(\w+)`", written)} & {
            *re.findall(r"`(\w+)`", expected)
        }  # NumPy may be another
        assert both
        for text in made.TEXTS.values():
            first, second = (
                both & {*re.findall(r"`(\w+)`", "".join(re.findall(re.escape(text) + r"\*\*(.*)", part)))}
                for part in (written, expected)
            )
            assert first == second, text
