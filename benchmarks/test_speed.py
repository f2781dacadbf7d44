"""Each contestant of each problem: its answer is checked, then it is timed.

Under the tests the answers are checked only. To time: python -m pytest benchmarks --benchmark-enable
"""

import pytest
from problems import PROBLEMS

CASES = [(problem, name) for problem, contestants in PROBLEMS.items() for name in contestants]


@pytest.mark.parametrize(("problem", "name"), CASES)
def test_speed(benchmark, problem, name):
    contestants = PROBLEMS[problem]
    reference = next(c for n, c in contestants.items() if n.startswith("bare"))()
    run = contestants[name]()
    for _ in range(2):  # the second answer shows that the first update was right
        assert run() == pytest.approx(reference(), rel=1e-9)
    benchmark.group = problem
    benchmark.extra_info["contestant"] = name
    benchmark(run)
