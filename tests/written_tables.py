"""Tables that the tests of the command line write into files, and the models and examples that they use."""

from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
SAVED = ROOT / "tests" / "saved"

DIGITS = ROOT / "examples" / "digits.csv.gz"

FLATS = ROOT / "examples" / "flats.csv"


def lines(rows, header=None):
    text = "\n".join(",".join(map(str, row)) for row in rows) + "\n"
    return text if header is None else ",".join(header) + "\n" + text


def flowers(rng, n=60):
    """Rows of two classes that differ in one measurement."""
    rows = []
    for i in range(n):
        kind = "rose" if i % 2 else "tulip"
        rows.append([round(rng.normal(i % 2 * 4), 3), round(rng.normal(), 3), kind])
    return rows


def line_data(rng, whole):
    x = rng.uniform(-3, 3, 80)
    y = np.round(2 * x + 10) if whole else 2 * x + 10
    return lines(zip(x, y, strict=True), ["x", "y"])


SMALL = np.round(np.linspace(0.1, 9.7, 200), 3)


def table(names, *columns, rows=30):
    """Rows of random cells; each cell is one of the choices for its column."""
    draw = np.random.default_rng(len(columns))
    body = [[draw.choice(cells) for cells in columns] for _ in range(rows)]
    return lines(body, names)
