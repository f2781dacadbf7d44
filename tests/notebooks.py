"""Notebooks run as Jupyter runs them, cell by cell, without Jupyter."""

import contextlib
import io
import json
import linecache

import matplotlib

matplotlib.use("Agg")  # pictures, but no windows


def code_cells(path):
    """The code of each cell of code of a notebook, with what is saved as its printed output."""
    for cell in json.loads(path.read_text())["cells"]:
        if cell["cell_type"] == "code":
            saved = [out["text"] for out in cell["outputs"] if out["output_type"] == "stream"]
            yield "".join(cell["source"]), "".join("".join(text) for text in saved)


def run_cell(code, name, names):
    """What a cell prints; its lines are known by ``name``, as those of Jupyter's cells are."""
    linecache.cache[name] = len(code), None, code.splitlines(keepends=True), name
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, name, "exec"), names)
    return printed.getvalue()
