"""Write the list of NumPy's and SciPy's functions, and of what Tensors do with each, into functions.md.

$ python docs/functions.py
"""

from pathlib import Path

import numpy as np
from scipy import special

import autograd.scipy.integrate
import autograd.scipy.linalg
import autograd.scipy.signal
import autograd.scipy.stats
from autograd.tensor.dispatch import IMPLEMENTED, LATER, WITHOUT_SLOPE
from autograd.tensor.primitive import Primitive

PAGE = Path(__file__).parent / "functions.md"
MODULES = {"numpy": np, "numpy.linalg": np.linalg, "numpy.fft": np.fft, "scipy.special": special}

# Functions without a derivative by nature: they make arrays out of nothing, compare, count, look at types
# and memory, read, write and print, work on whole numbers, sets, bits, dates and indices, or in place
BY_NATURE = """
apply_along_axis apply_over_axes arange array array2string asanyarray asarray asarray_chkfinite
ascontiguousarray asfortranarray asmatrix astype bartlett base_repr binary_repr bitwise_and bitwise_count
bitwise_invert bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor blackman bmat
broadcast_shapes busday_count busday_offset can_cast common_type copyto datetime_as_string datetime_data
diag_indices diag_indices_from einsum_path empty eye fftfreq fill_diagonal format_float_positional
format_float_scientific frexp from_dlpack frombuffer fromfile fromfunction fromiter frompyfunc fromregex
fromstring full full_like gcd genfromtxt get_include get_printoptions getbufsize geterr geterrcall hamming
hanning histogram2d histogram_bin_edges histogramdd identity indices info intersect1d invert is_busday
isdtype isfortran isnat isscalar issubdtype iterable ix_ kaiser lcm left_shift load loadtxt mask_indices
min_scalar_type mintypecode nested_iters nextafter ones packbits place printoptions promote_types put
put_along_axis putmask ravel_multi_index require rfftfreq right_shift save savetxt savez savez_compressed
set_printoptions setbufsize setdiff1d seterr seterrcall setxor1d show_config show_runtime spacing test tri
tril_indices tril_indices_from triu_indices triu_indices_from typename union1d unique unique_all
unique_counts unique_inverse unique_values unpackbits unravel_index zeros
""".split()  # noqa: SIM905


def functions(module):
    """The functions that a module offers, by name; for SciPy's special functions its ufuncs."""
    for name in sorted(set(module.__all__)):
        found = getattr(module, name)
        if isinstance(found, np.ufunc) or (
            module is not special and callable(found) and not isinstance(found, type)
        ):
            yield name, found


def kind(name, function):
    """What Tensors do with a function: one of the keys of `TEXTS`."""
    row = IMPLEMENTED.get(function)
    if isinstance(row, Primitive) and not any(row.slopes):
        return "zero"
    if row is not None:
        return "derivative"
    if function in WITHOUT_SLOPE:
        return "plain"
    return "other" if name in BY_NATURE else "missing"


TEXTS = {
    "derivative": "With derivatives of any order",
    "zero": "With the derivative 0, since they are steps",
    "plain": "Without a derivative by nature: they take Tensors, and return plain arrays and numbers",
    "other": "Without a derivative by nature, and not for Tensors; `t.numpy()` is an array",
    "missing": "Without one here; a Tensor raises an `UnsupportedError`",
}


def page():
    for add_rows in LATER:
        add_rows()
    lines = [
        "# NumPy's functions on Tensors",
        "",
        "Made by `docs/functions.py` from the tables that Tensors themselves use, for NumPy "
        f"{'.'.join(np.__version__.split('.')[:2])}. Where an option of a function has no derivative, the "
        "error names the option.",
    ]
    for title, module in MODULES.items():
        found = {key: [] for key in TEXTS}
        for name, function in functions(module):
            found[kind(name, function)].append(name)
        lines += ["", f"## {title}"]
        for key, names in found.items():
            if names:
                lines += ["", f"**{TEXTS[key]}** ({len(names)}): {', '.join(f'`{name}`' for name in names)}."]
    for module in (autograd.scipy.linalg, autograd.scipy.signal, autograd.scipy.integrate):
        title = module.__name__.removeprefix("autograd.")
        names = [f"`{name}`" for name in sorted(set(module.__all__)) if name in vars(module)]
        lines += [
            *("", f"## {title}", ""),
            f"**{TEXTS['derivative']}, as `autograd.{title}`** ({len(names)}): {', '.join(names)}. "
            "Others there are SciPy's own, and take no Tensors.",
        ]
    names = [f"`{name}`" for name in autograd.scipy.stats.__all__]
    lines += [
        *("", "## scipy.stats", ""),
        f"**{TEXTS['derivative']}, as `autograd.scipy.stats`**: the densities and distribution functions of "
        f"{', '.join(names)}.",
    ]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page())
