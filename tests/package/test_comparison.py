"""The comparison with other libraries in benchmarks/."""

import subprocess
import sys

from written_tables import ROOT


def test_the_comparison_runs_without_any_peer(tmp_path):
    """One net, one round: what needs no more than this library agrees, and is written down."""
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
