"""Which engine is tested: pytest's header says so."""

import sys
from pathlib import Path

import autograd


def pytest_report_header(config):
    engine = "compiled" if autograd.compiled else "plain"
    return f"array-autograd {autograd.__version__}: scalars are {engine}"


# What is compiled has its doctests in tests/package/test_package.py: pytest wants a file of Python
collect_ignore = [
    f"{name.replace('.', '/')}.py"
    for name, module in sys.modules.items()
    if name.startswith("autograd.") and Path(module.__file__ or "").suffix not in ("", ".py")
]
