"""The package as a whole: its subpackages, the cost of importing it, its public interface."""

import ast
import doctest
import importlib
import inspect
import itertools
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import tomllib
import types
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import autograd

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "autograd"
REFERENCE = sorted((ROOT / "docs" / "reference").glob("*.md"))

# A subpackage imports only from those above it, and its modules have no circular imports
ROOMS = [
    ["text", "version"],
    ["errors"],
    ["support"],
    ["scalar", "tensor"],
    ["builtins", "engine", "extend", "files", "metrics", "numpy", "test_util"],
    ["export", "losses", "schedules", "scipy", "plot"],
    ["diagnosis", "optim"],
    ["misc", "training"],
    ["nn"],
    ["gradient_check", "pictures", "tables", "verification"],
    ["demos", "film", "play", "sklearn"],
    [""],
    ["cli"],
    ["__main__"],
]
FLOOR = {name: floor for floor, names in enumerate(ROOMS) for name in names}
FILES = sorted(PACKAGE.rglob("*.py"))


def module_of(path):
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".")


MODULES = {module_of(path): path for path in FILES}


def room_of(module):
    return module.partition(".")[0]


def imported(path):
    """The modules that a file imports from, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "autograd":
            base = node.module.partition(".")[2]
            for alias in node.names:
                name = f"{base}.{alias.name}".lstrip(".")
                yield name if name in MODULES else base
        elif isinstance(node, ast.Import):
            yield from (a.name.partition(".")[2] for a in node.names if a.name.split(".")[0] == "autograd")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_subpackages_listed_above_its_own(module):
    own = room_of(module)
    others = {room_of(name) for name in imported(MODULES[module])} - {own}
    assert [name for name in others if FLOOR[name] >= FLOOR[own]] == []


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_from_another_subpackage_by_its_name_alone(module):
    """Not from a module in it. Only `nn` and `engine` share C types, which are declared by module."""
    own = room_of(module)
    inner = {name for name in imported(MODULES[module]) if "." in name and room_of(name) != own}
    shared = {"engine"} if own == "nn" else {"scalar"} if own == "verification" else set()
    assert {name for name in inner if room_of(name) not in shared} == set()


@pytest.mark.parametrize("room", FLOOR)
def test_the_modules_of_a_subpackage_have_no_circular_imports(room):
    own = {module for module in MODULES if room_of(module) == room}
    order = TopologicalSorter({m: {n for n in imported(MODULES[m]) if n in own and n != m} for m in own})
    assert set(order.static_order()) == own


def test_no_chain_of_imports_between_subpackages_is_longer_than_twelve():
    above = {room: set() for room in FLOOR}
    for module, path in MODULES.items():
        above[room_of(module)] |= {room_of(name) for name in imported(path)} - {room_of(module)}
    longest = {}
    for room in TopologicalSorter(above).static_order():
        longest[room] = 1 + max((longest[other] for other in above[room]), default=0)
    assert max(longest.values()) <= 12


def test_no_file_is_longer_than_600_lines():
    long = {module: n for module, path in MODULES.items() if (n := len(path.read_text().splitlines())) > 600}
    assert long == {}


def test_no_function_is_longer_than_60_lines_of_code():
    long = {}
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                told = node.body[0].end_lineno - node.body[0].lineno + 1 if ast.get_docstring(node) else 0
                if (lines := node.end_lineno - node.lineno + 1 - told) > 60:
                    long[f"{module}.{node.name}"] = lines
    assert long == {}


def test_the_oracle_imports_the_standard_library_only():
    modules = set()
    for path in PACKAGE.glob("scalar/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                modules.add(node.module)
            elif isinstance(node, ast.Import):
                modules.update(alias.name for alias in node.names)
    assert {m for m in modules if m.split(".")[0] not in sys.stdlib_module_names} == {
        "autograd.scalar.engine"
    }


def test_only_the_module_of_verify_imports_the_oracle():
    users = {room_of(module) for module, path in MODULES.items() if "scalar" in map(room_of, imported(path))}
    assert users == {"scalar", "verification"}


def run(code, **options):
    return subprocess.run(
        [sys.executable, "-W", "always", "-c", code], capture_output=True, text=True, check=True, **options
    )


def test_importing_autograd_imports_few_modules_beyond_those_of_numpy():
    code = (
        "import sys, numpy; before = set(sys.modules); import autograd; "
        "print(*sorted(set(sys.modules) - before))"
    )
    new = run(code, cwd=ROOT).stdout.split()
    assert [m for m in new if m.split(".")[0] in ("scipy", "matplotlib", "tqdm")] == []
    others = [m for m in new if m.split(".")[0] != "autograd"]
    assert len(others) <= 24, others
    assert len(new) - len(others) <= 76, new


def test_scipy_is_imported_when_it_is_first_needed():
    code = (
        "import sys, autograd; net = autograd.Net(1, [1], 'gelu'); "
        "print('scipy' in sys.modules); net([[1.0]]); print('scipy' in sys.modules)"
    )
    assert run(code, cwd=ROOT).stdout.split() == ["False", "True"]


def test_importing_autograd_warns_if_files_of_hips_autograd_lie_in_the_package(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "autograd", ignore=shutil.ignore_patterns("__pycache__"))
    assert "HIPS" not in run("import autograd", cwd=tmp_path).stderr
    (tmp_path / "autograd" / "differential_operators.py").write_text("")
    warned = run("import autograd", cwd=tmp_path).stderr
    assert "HIPS/autograd is installed under the import name autograd too" in warned
    assert "pip uninstall -y autograd array-autograd, and then" in warned


def test_the_project_depends_on_numpy_and_scipy_only():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert [d.split(">")[0] for d in project["dependencies"]] == ["numpy", "scipy"]
    assert project["name"] == "array-autograd"
    assert {"plot", "progress", "test", "dev"} <= project["optional-dependencies"].keys()


def test_the_package_is_marked_as_typed_and_its_version_is_in_the_changelog():
    assert (PACKAGE / "py.typed").exists()
    assert f"## {autograd.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_names_of_the_public_interface_can_be_imported():
    from autograd import Tensor, losses, no_grad, optim, tensor
    from autograd.engine import Value
    from autograd.nn import MLP, Layer, Module, Net, Neuron

    assert autograd.Value is Value
    assert issubclass(MLP, Net)
    assert all(issubclass(kind, Module) for kind in (Layer, Net, Neuron))
    assert isinstance(tensor([1.0]), Tensor)
    assert callable(no_grad)
    assert callable(losses.mse)
    assert issubclass(optim.SGD, optim.Optimizer)


METHODS = (types.FunctionType, staticmethod, classmethod, property, cached_property)
# Methods of a net that only `fit` and files call, which the reference leaves out
INNER = {
    "all_in_vector",
    "architecture",
    "bounds",
    "functions",
    "infer_shapes",
    "named",
    "runs_layers",
    "penalty",
    "mark_gradient_changed",
    "through",
}
INNER |= {"as_function", "class_counts", "class_table", "classes", "each_value"}  # and of a loss
INNER |= {"mean", "targets", "unweighted", "weights"}
# Their examples, in docs/export.md, need PyTorch, and are run by tests/export/test_torch.py
INNER |= {"from_torch", "to_torch"}


def methods(kind):
    """The public methods and properties that a class defines, with their docstrings, inherited or not."""
    for name, method in vars(kind).items():
        if not name.startswith("_") and isinstance(method, METHODS):
            yield name, inspect.getdoc(getattr(kind, name)) or ""


def offered():
    """The public classes and functions of all modules, those in ``__all__``, each with its module."""
    for info in pkgutil.walk_packages(autograd.__path__, "autograd."):
        if info.name == "autograd.__main__":
            continue
        module = importlib.import_module(info.name)
        for name in getattr(module, "__all__", ()):
            thing = getattr(module, name)
            own = str(getattr(thing, "__module__", "")).startswith("autograd")  # not NumPy's or SciPy's
            if own and (inspect.isclass(thing) or inspect.isfunction(thing)):
                yield module, name, thing


def in_reference():
    """The classes and functions that pages of the reference show: those of modules, or by themselves."""
    named = [re.findall(r"^::: (\S+)", page.read_text(), re.MULTILINE) for page in REFERENCE]
    for path in itertools.chain(*named):
        found = pkgutil.resolve_name(path)
        names = [f"{path}.{name}" for name in found.__all__] if inspect.ismodule(found) else [path]
        for name in names:
            thing = pkgutil.resolve_name(name)
            if inspect.isclass(thing) or inspect.isfunction(thing):
                yield importlib.import_module(thing.__module__), name, thing


def examples(docstring):
    return "\n".join(re.findall(r"^ *(?:>>>|\.\.\.) (.*)", docstring or "", re.MULTILINE))


def test_every_public_class_function_and_method_has_a_docstring():
    bare = [name for _, name, thing in offered() if not thing.__doc__]
    assert len([*offered()]) > 50
    for _, kind, thing in offered():
        if inspect.isclass(thing):
            told = re.findall(r"^ *(\w+): ", (thing.__doc__ or "").partition("Attributes:")[2], re.MULTILINE)
            bare += [f"{kind}.{name}" for name, doc in methods(thing) if not doc and name not in told]
    assert bare == []


def test_every_public_name_of_the_package_is_in_the_reference():
    shown = {thing for _, _, thing in in_reference()}
    things = [getattr(autograd, name) for name in autograd.__all__]
    assert len(shown) > 50
    assert [thing for thing in things if not inspect.ismodule(thing) and thing not in shown] == []


@pytest.mark.parametrize(("module", "thing"), [pytest.param(m, t, id=n) for m, n, t in in_reference()])
def test_everything_in_the_reference_has_an_example_in_a_docstring(module, thing):
    """Each of its methods has an example too: in its own docstring, or in that of its class or module."""
    assert examples(thing.__doc__)
    if inspect.isclass(thing):
        docs = [inspect.getdoc(method) for kind in thing.__mro__ for method in (kind, *vars(kind).values())]
        told = examples("\n".join(filter(None, [module.__doc__, *docs])))
        names = {name for name, _ in methods(thing)} - INNER
        assert [name for name in sorted(names) if not re.search(rf"\.{name}\b", told)] == []


# Compiled and uncompiled modules --------------------------------------------------------------


COMPILED = sorted(module for module, path in MODULES.items() if path.with_suffix(".pxd").exists())


@pytest.mark.parametrize("name", COMPILED)
def test_examples_in_docstrings_of_compiled_modules_run(name):
    """pytest runs the docstrings of Python files only, so those of compiled modules are run here."""
    module = importlib.import_module(f"autograd.{name}")
    found = doctest.testmod(module)
    assert found.failed == 0
    assert (found.attempted > 0) is (">>> " in MODULES[name].read_text())


def test_the_modules_of_the_engine_are_all_compiled_or_none_of_them_is():
    files = {name: importlib.import_module(f"autograd.{name}").__file__ for name in COMPILED}
    assert {not file.endswith(".py") for file in files.values()} == {autograd.compiled}


@pytest.mark.parametrize(("setting", "plain"), [("1", True), ("0", False), ("", False)])
def test_the_environment_variable_autograd_pure_selects_the_uncompiled_engine(setting, plain):
    code = "import autograd; print(autograd.compiled, autograd.Value(2) * 3)"
    ran = run(code, cwd=ROOT, env={**os.environ, "AUTOGRAD_PURE": setting})
    built = any(PACKAGE.glob("engine/value.*.so")) or any(PACKAGE.glob("engine/value.*.pyd"))
    assert ran.stdout.split()[0] == str(built and not plain)
    assert "Value(6.0, grad=0.0)" in ran.stdout
