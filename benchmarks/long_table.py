"""Train on a long CSV file by the command line, and print how long that took and how much memory.

$ python benchmarks/long_table.py            # 500 MB
$ python benchmarks/long_table.py --megabytes 50 --epochs 3

There are three kinds of table, each of a few thousand rows that are repeated: ``numbers`` of about
eight digits, ``digits`` of one or two, as images have them, and ``mixed``, with text and missing cells.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROWS = 20_000


def numbers(rng):
    x = rng.normal(size=(ROWS, 19))
    return [[f"{c:.6f}" for c in row] + [f"{row @ np.arange(19):.6f}"] for row in x]


def digits(rng):
    x = rng.integers(0, 17, (ROWS, 64))
    return [[*map(str, row), str(row[:10].sum() % 10)] for row in x]


def mixed(rng):
    x, town = rng.normal(size=(ROWS, 12)), rng.integers(0, 80, ROWS)
    cells = [[f"{c:.4f}" if rng.random() > 0.01 else "" for c in row] for row in x]
    ends = zip(x[:, 0], town, strict=True)
    return [[*c, f"town {t}", "yes" if a > t / 80 else "no"] for c, (a, t) in zip(cells, ends, strict=True)]


def write(path, rows, size):
    """A CSV file of these rows, over and over."""
    body = "\n".join(map(",".join, rows)) + "\n"
    with open(path, "w") as file:
        file.write(",".join(f"c{i}" for i in range(len(rows[0]))) + "\n")
        for _ in range(-(-size // len(body))):
            file.write(body)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--megabytes", type=int, default=500)
    options.add_argument("--epochs", default="1")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for kind in (numbers, digits, mixed):
            path = Path(folder, f"{kind.__name__}.csv")
            write(path, kind(np.random.default_rng(0)), given.megabytes * 10**6)
            begun = time.perf_counter()
            command = [sys.executable, "-m", "autograd", "train", str(path), "--epochs", given.epochs]
            subprocess.run([*command, "--output", f"{folder}/model.npz"], check=True)
            seconds = time.perf_counter() - begun
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3  # the largest until now
            size = path.stat().st_size / 1e6
            print(f"{kind.__name__}: {size:.0f} MB, {seconds:.0f} s, {peak:.0f} MB of memory")
            path.unlink()


if __name__ == "__main__":
    main()
