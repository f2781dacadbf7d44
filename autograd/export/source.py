"""Python: a net as the text of a module that needs the standard library alone."""

import json
import math
from collections.abc import Iterator, Sequence
from pprint import pformat

from autograd.export.exportable import Exportable, ExportedLayer, layers_of, own_preprocessing, table_of
from autograd.export.source_parts import ACTIVATIONS, CLASSES, NET, NUMBERS, ROWS, TABLE
from autograd.files import MISSING, TableDescription
from autograd.text import count, quoted
from autograd.version import __version__

__all__ = ["to_source"]

WIDTH = 100  # of lines, but for those of a neuron's weights


def to_source(net: Exportable) -> str:
    """See `autograd.nn.Net.to_source`."""
    layers = layers_of(net, "to_source()")
    table = table_of(net, "to_source()")
    used = [ACTIVATIONS[name] for name in ACTIVATIONS if name in {layer.activation for layer in layers}]
    if table is None:
        own = own_preprocessing(net, "to_source()")
        about = f"takes {count(net.N[0], 'number')} and gives {net.N[-1]}"
        functions, constants = [ROWS], _constants_of_rows(net.N[0], own)
    else:
        about = f"predicts {quoted(table.target)} from {count(len(table.features), 'column')}"
        functions, constants = [CLASSES if table.classes else NUMBERS, TABLE], _constants_of_table(table)
    sizes = "-".join(map(str, net.N))
    head = f"A net {sizes} that {about}, by Python alone.\n\nWritten by array-autograd {__version__}."
    head = head.replace("\\", "\\\\").replace('"', '\\"')
    code = "\n".join(part.strip("\n") + "\n\n" for part in [*functions, NET, *used])
    data = "\n".join([*constants, *_lines_of_layers(layers)])
    return f'"""{head}\n"""\n\nimport math\n\n\n{code}\n{data}\n'


def _constants_of_rows(n_in: int, own: str | None) -> list[str]:
    lines = [f"N_INPUTS = {n_in}", ""]
    if own is not None:
        shown = pformat(json.loads(own), width=WIDTH, sort_dicts=False)
        lines += [
            "# Rows have to be prepared in this way before predict() gets them",
            f"PREPROCESSING = {shown}",
            "",
        ]
    return lines


def _constants_of_table(table: TableDescription) -> list[str]:
    """The columns and the target, as lines of Python."""
    lines = ["# Each column of numbers: what stands for a missing number, the mean, the standard deviation"]
    medians: Sequence[float | None] = table.median or [None] * len(table.mean)
    lines.append("NUMBERS = {")
    for name, *numbers in zip(table.numbers, medians, table.mean, table.spread, strict=True):
        lines.append(f"    {name!r}: ({', '.join(map(repr, numbers))}),")
    lines += ["}", f"MISSING = {pformat(MISSING, width=WIDTH)}", ""]
    lines += ["# Each column of text: the texts that the net knows", f"LEVELS = {_shown(table.levels)}", ""]
    if table.classes:
        return [*lines, f"CLASSES = {_shown(table.classes)}", ""]
    return [*lines, f"TARGET_MEAN = {table.target_mean!r}", f"TARGET_SPREAD = {table.target_spread!r}", ""]


def _shown(texts: object) -> str:
    return pformat(texts, width=WIDTH, sort_dicts=False, compact=True)


def _lines_of_layers(layers: list[ExportedLayer]) -> Iterator[str]:
    yield "# Each layer: its activation, and the weights and the bias of each of its neurons"
    yield "LAYERS = ["
    for weight, bias, activation in layers:
        yield f"    ({activation}, ["
        for row, b in zip(weight.tolist(), bias.tolist(), strict=True):
            yield f"        ([{', '.join(map(_literal, row))}], {_literal(b)}),"
        yield "    ]),"
    yield "]"


def _literal(x: float) -> str:
    return repr(x) if math.isfinite(x) else f'float("{x}")'
