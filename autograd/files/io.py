"""Reading and writing files: named arrays, and a header that describes them. No code in a file is ever run.

The name of a file chooses its kind when it is written: safetensors if the name ends in .safetensors,
NumPy's npz otherwise. Its first bytes tell the kind when it is read. Modules for files and archives
are imported when they are needed, to keep ``import autograd`` quick.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from autograd.errors import FileFormatError, OptionError
from autograd.files.atomic import atomic_write
from autograd.tensor import Array
from autograd.version import __version__

__all__ = ["read", "read_header", "write"]

FORMAT = "array-autograd 2"
READABLE = ("array-autograd 1", FORMAT)
LONGEST_HEADER = 1 << 22  # bytes of JSON, enough for a table with 60,000 columns
MOST_ARRAYS = 10_000  # enough for 5,000 layers


def write(path: Any, arrays: Mapping[str, Array], header: Mapping[str, Any]) -> None:
    """Write ``arrays``, and the ``header`` that describes them in JSON's types, into one file.

    Raises:
        OptionError: the header holds other types, or the header or the number of arrays is too large.
        OSError, MissingExtraError: as `check_place`.
    """
    import json

    from autograd.files.containers import store

    header = {**header, "format": FORMAT, "version": __version__}
    try:
        text = json.dumps(header, allow_nan=False).encode()
        same = json.loads(text) == header
    except (TypeError, ValueError, RecursionError) as error:
        hint = "; use .tolist()" if "ndarray" in str(error) else ""
        raise OptionError(f"{path}: the header must consist of JSON's types: {error}{hint}") from None
    if not same:
        raise OptionError(
            f"{path}: the header must consist of JSON's types: dicts with text as keys, lists, text, "
            "numbers, True, False and None; other types, such as tuples, would be read as one of these"
        )
    if len(arrays) > MOST_ARRAYS:
        raise OptionError(f"{path}: a file has at most {MOST_ARRAYS} arrays, got {len(arrays)}")
    if len(text) > LONGEST_HEADER:
        raise OptionError(f"{path}: a header has at most {LONGEST_HEADER} bytes, got {len(text)}")
    with atomic_write(path) as file:
        store(file, path, arrays, text)


def read(path: Any) -> tuple[dict[str, Array], dict[str, Any]]:
    """The arrays and the header that `write`, of this or an earlier version, wrote.

    The arrays may be read-only. A file that is refused never takes more memory than it has bytes, whatever
    it holds; only its header, at most 4 MiB of JSON, may take more.

    Raises:
        FileFormatError: the file is of another kind, or damaged.
        FileNotFoundError: there is no such file.
        MissingExtraError: it is a safetensors file, and that package is not installed.
    """
    with _opened(path) as parts:
        header = _parsed(next(parts)[1])
        arrays = dict(parts)
    return arrays, _checked(header, path)


def read_header(path: Any) -> dict[str, Any]:
    """The header of a file, without its arrays, in JSON's types.

    Errors are those of `read`, but damage to the arrays is not detected.

    >>> import tempfile
    >>> from autograd.nn import Net
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Net(2, [3, 1], "tanh").save(f"{folder}/net.npz")
    ...     read_header(f"{folder}/net.npz")["net"]["sizes"]
    [2, 3, 1]
    """
    with _opened(path) as parts:
        header = _parsed(next(parts)[1])
    return _checked(header, path)


@contextmanager
def _opened(path: Any) -> Iterator[Iterator[tuple[str, Array]]]:
    from autograd.files.container import DAMAGE
    from autograd.files.containers import contents

    with open(path, "rb") as file:
        try:
            with closing(contents(file)) as parts:
                yield parts
        except DAMAGE as error:
            why = str(error) or "it ends too early"
            raise FileFormatError(
                f"{path}: not a file written by array-autograd, or damaged: {why}"
            ) from None


def _parsed(text: Array) -> dict[str, Any]:
    import json

    if text.size > LONGEST_HEADER:
        raise ValueError(f"its header must have at most {LONGEST_HEADER} bytes, and has {text.size}")

    def refuse(constant: str) -> Any:
        raise ValueError(f"its header holds {constant}, which is not a number in JSON")

    header = json.loads(str(text.data, "utf-8"), parse_constant=refuse)
    if not isinstance(header, dict) or not isinstance(header.get("format"), str):
        raise ValueError("its header was not written by array-autograd")
    return header


def _checked(header: dict[str, Any], path: Any) -> dict[str, Any]:
    if header["format"] not in READABLE:
        raise FileFormatError(
            f"{path}: its format is {header['format']!r}, of array-autograd {header.get('version')}; "
            f"this is {__version__}, which reads {' and '.join(map(repr, READABLE))}"
        )
    return header
