"""The optional extension: scalars, and the tape, compiled from their own source where there is a compiler.

``AUTOGRAD_PURE=1`` leaves it out; so does a machine on which it cannot be built.
"""

import os
import shutil
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

ENGINE = ["operations", "storage", "pending", "walk", "numbers", "value"]  # and node.c
TENSOR = ["containers", "linearization", "primitive", "tape"]
COMPILED = [
    *(f"engine/{name}" for name in ENGINE),
    *(f"tensor/{name}" for name in TENSOR),
    *("nn/parameters", "nn/rowwise", "nn/batch", "nn/samples"),
]
LOOPS = ["optim/updates"]  # over arrays
FLAGS = [] if os.name == "nt" else ["-O2", "-ffp-contract=off"]  # a fused multiply-add would change bits
# What lets the compiler take several elements at a time, with the same bits
VECTORS = [] if os.name == "nt" else ["-O3", "-fno-math-errno", "-fno-trapping-math"]
DIRECTIVES = {
    "language_level": 3,
    "annotation_typing": False,  # the types for C are those of the .pxd files
    "auto_pickle": False,
    "binding": False,  # methods that look at whose they are called with
    "boundscheck": False,
    "cdivision": True,
    "cpow": True,
    "initializedcheck": False,
}


def extensions():
    if os.environ.get("AUTOGRAD_PURE", "") not in ("", "0"):
        return []
    from Cython.Build import cythonize

    own = [
        Extension(
            f"autograd/{name}".replace("/", "."), [f"autograd/{name}.py"], include_dirs=["autograd/engine"]
        )
        for name in [*COMPILED, *LOOPS]
    ]
    node = Extension("autograd.engine.node", ["autograd/engine/node.c"], depends=["autograd/engine/node.h"])
    made = [node, *cythonize(own, compiler_directives=DIRECTIVES, build_dir="build", force=True)]
    for extension in made:
        loops = extension.name.replace(".", "/").removeprefix("autograd/") in LOOPS
        extension.extra_compile_args = [*FLAGS, *(VECTORS if loops else [])]
        extension.optional = True
    return made


class AllOrNothing(build_ext):
    """Builds on all cores, and leaves no part of the extension where another part could not be built."""

    def finalize_options(self):
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def build_extensions(self):
        files = [Path(self.get_ext_fullpath(extension.name)) for extension in self.extensions]
        for file in files:
            file.unlink(missing_ok=True)
        super().build_extensions()
        self.whole = all(file.exists() for file in files)
        for file in () if self.whole else files:
            file.unlink(missing_ok=True)

    def copy_extensions_to_source(self):
        if self.whole:
            super().copy_extensions_to_source()
        else:  # nor of an earlier build
            for extension in self.extensions:
                Path(self.get_ext_fullpath(extension.name)).unlink(missing_ok=True)


class WithDigits(build_py):
    """Puts the table of the demos, which lies among the examples, beside the modules."""

    def run(self):
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "autograd" / "pictures" / "digits.csv.gz"
            shutil.copyfile("examples/digits.csv.gz", target)


setup(ext_modules=extensions(), cmdclass={"build_ext": AllOrNothing, "build_py": WithDigits})
