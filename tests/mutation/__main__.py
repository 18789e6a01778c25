"""Prints one line a break and ends with 1 where a break turned no test red: `python -m tests.mutation [MODEL ...]`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from warehouse.errors import run_command

from .breaks import BREAKS
from .runner import outcomes


def main(models: list[str]) -> int:
    """Run the breaks of the named models, or all; the exit status."""
    chosen = [broken for broken in BREAKS if not models or broken.model in models]
    if unknown := set(models) - {broken.model for broken in BREAKS}:
        print(f"error: no break for {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    missed = 0
    with tempfile.TemporaryDirectory(prefix="mutation_") as folder:
        for outcome in outcomes(Path(folder), chosen):
            missed += not outcome.caught
            verdict = f"error: {outcome.error}" if outcome.error else outcome.red or "NO TEST TURNED RED"
            broken = outcome.broken
            print(f"{broken.model:<22} {broken.what:<60} {outcome.seconds:5.1f} s  {verdict}", flush=True)
    print(f"{len(chosen)} breaks, {len(chosen) - missed} turned a test red, {missed} did not")
    return 1 if missed else 0


if __name__ == "__main__":
    run_command(main, sys.argv[1:])
