"""The comparison with other libraries in benchmarks/."""

import subprocess
import sys

from written_tables import ROOT


def test_the_comparison_benchmark_runs_without_other_libraries(tmp_path):
    """One net and one round: the ways that need only this library agree, and the results are written."""
    command = [sys.executable, str(ROOT / "benchmarks" / "compare.py"), "--small", "--rounds", "1"]
    done = subprocess.run(
        [*command, "--seconds", "0.001", "--output", str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "1-20-20-1, 50 rows" in done.stdout
    assert "NumPy by hand" in (tmp_path / "RESULTS.md").read_text()
    assert (tmp_path / "results.svg").read_text().startswith("<?xml")
