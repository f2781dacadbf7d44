"""docs/architecture.md: the functions in its call paths exist, and are called in that order."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
WAYS = dict(re.findall(r"^## (The way of .*?)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))

TRACER = """
import os, sys
import autograd
package, called = os.path.dirname(autograd.__file__), {}
def note(frame, event, arg):
    if event == "call" and frame.f_code.co_filename.startswith(package):
        file = os.path.relpath(frame.f_code.co_filename, os.path.dirname(package)).replace(os.sep, "/")
        called.setdefault((file, frame.f_code.co_qualname))
code = compile(sys.stdin.read(), "the page", "exec")
sys.setprofile(note)
try:
    exec(code, {"__name__": "__page__"})
finally:
    sys.setprofile(None)
print("called")
for file, name in called:
    print(file, name)
"""


def called(code):
    """The functions of the package that a program calls, as (file, name), in the order of first calls."""
    ran = subprocess.run(
        [sys.executable, "-c", TRACER],
        input=code,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "AUTOGRAD_PURE": "1"},  # compiled functions tell no tracer that they are called
    )
    lines = ran.stdout.split("called\n", 1)[1].splitlines()
    return [tuple(line.split(" ", 1)) for line in lines]


def place(functions, file, name):
    """The index of a function, or of one that it defines, among the functions that were called."""
    for i, (own, qualified) in enumerate(functions):
        if own == file and (
            qualified == name or qualified.startswith((f"{name}.<locals>", f"{name}.__init__"))
        ):
            return i
    raise AssertionError(f"{name} of {file} is not called")


def test_the_architecture_page_describes_three_call_paths():
    assert [title.removeprefix("The way of ") for title in WAYS] == [
        "a scalar",
        "a sample",
        "a training step",
    ]


@pytest.mark.parametrize("title", WAYS)
def test_a_call_path_calls_its_functions_in_the_order_of_the_architecture_page(title):
    text = WAYS[title]
    (code,) = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    functions = called(code)
    steps = re.findall(r"^\d+\. (.*)$", text, re.MULTILINE)
    assert [int(n) for n in re.findall(r"^(\d+)\. ", text, re.MULTILINE)] == [*range(1, len(steps) + 1)]
    passed = [re.findall(r"\[`([\w.]+)`\]\(\.\./(autograd/\S+?)\)", step) for step in steps]
    assert all(passed)
    places = [place(functions, file, name) for step in passed for name, file in step]
    assert places == sorted(places), [functions[i] for i in places]
    assert len(places) > 6


def test_the_check_of_call_paths_finds_a_function_that_is_not_called():
    functions = called("from autograd import Value\nValue(2).exp()\n")
    assert place(functions, "autograd/engine/value.py", "Value.__init__") == 0
    with pytest.raises(AssertionError, match="is not called"):
        place(functions, "autograd/engine/walk.py", "walk")
