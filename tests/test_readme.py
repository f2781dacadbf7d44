"""The README's code runs and prints what it says; its two commands are run by .ci/run."""

import ast
import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def expected(lines, start, stop):
    """The comments beside and below a statement that ends on line ``stop``, counted from 1."""
    beside = re.search(r"\s# (.*)$", lines[stop - 1])
    below = []
    while stop < len(lines) and lines[stop].startswith("# "):
        below.append(lines[stop][2:])
        stop += 1
    return ([beside[1]] if beside else []) + below


NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def same(printed, wanted):
    """The same text, with numbers that may differ as those of two processors' exp() do."""
    if NUMBER.sub("#", printed) != NUMBER.sub("#", wanted):
        return False
    pairs = zip(NUMBER.findall(printed), NUMBER.findall(wanted), strict=True)
    return all(float(p) == pytest.approx(float(w), rel=1e-12) for p, w in pairs)


# The README's blocks stand alone; those of a page in docs are read one after the other
CASES = [(PAGES[0], code) for code in blocks(PAGES[0], "python")]
CASES += [(page, "\n".join(blocks(page, "python"))) for page in PAGES[1:]]


@pytest.mark.parametrize(("page", "code"), CASES, ids=lambda x: x.stem if isinstance(x, Path) else "")
def test_the_code_prints_what_the_comments_say(page, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = code.splitlines()
    names = {"__name__": "__readme__"}
    for statement in ast.parse(code).body:
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(ast.Module([statement], []), str(page), "exec"), names)
        except Exception as error:
            if type(error).__name__ not in expected(lines, statement.lineno, statement.end_lineno):
                raise
            continue
        if printed.getvalue():
            wanted = expected(lines, statement.lineno, statement.end_lineno)
            assert same(printed.getvalue().rstrip("\n"), "\n".join(wanted)), printed.getvalue()


def test_the_readme_begins_with_the_two_commands():
    commands = blocks(ROOT / "README.md", "sh")
    assert [c.count("\n") for c in commands[:2]] == [1, 1]
    assert "python -m autograd train examples/digits.csv.gz --target digit" in commands[0]
    assert commands[1].endswith("python -m pytest\n")


def test_every_link_within_the_project_leads_somewhere():
    for page in [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), (page.name, target)
