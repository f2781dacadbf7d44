"""How the contestants compare: ratios of medians, measured interleaved in one run.

$ python benchmarks/ratios.py
"""

import gc
import platform
import statistics
import time

import numpy as np
from problems import PROBLEMS

ROUNDS = 15
SECONDS = 0.05  # that a contestant runs for in a round, at least, once it runs at all


def seconds(run):
    """Of one call, on average over enough of them to be measured."""
    start = time.perf_counter()
    calls = 0
    while (elapsed := time.perf_counter() - start) < SECONDS:
        run()
        calls += 1
    return elapsed / calls


def main():
    print(f"Python {platform.python_version()}, NumPy {np.__version__}; medians of {ROUNDS} rounds")
    for problem, contestants in PROBLEMS.items():
        runs = {name: make() for name, make in contestants.items()}
        answers = {name: [run(), run()] for name, run in runs.items()}
        reference = next(iter(answers.values()))
        for name, answer in answers.items():
            assert np.allclose(answer, reference, rtol=1e-9, atol=0), f"{problem}: {name} disagrees"
        times = {name: [] for name in runs}
        for _ in range(ROUNDS):
            for name, run in runs.items():
                gc.collect()
                times[name].append(seconds(run))
        medians = {name: statistics.median(t) for name, t in times.items()}
        ours, own = next(iter(medians.items()))
        print(f"\n{problem}")
        for name, median in medians.items():
            print(f"  {name:24} {median * 1e6:12.1f} µs   {median / own:8.2f} times {ours}")


if __name__ == "__main__":
    main()
