"""Prints one line a break and ends with 1 where a break turned no test red: `python -m tests.mutation [MODEL ...]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from warehouse.errors import run_command

from .breaks import BREAKS, share
from .runner import outcomes, prepare


def main(arguments: list[str]) -> int:
    """Run the breaks of the named models, or all; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("models", nargs="*", help="KPI models (default: all)")
    parser.add_argument("--share", default="1/1", help="of the chosen breaks only this share, such as 1/2 or 2/2")
    parser.add_argument("--base", type=Path, help="the folder of a small world that was prepared before")
    options = parser.parse_args(arguments)
    if unknown := set(options.models) - {broken.model for broken in BREAKS}:
        parser.error(f"no break for {', '.join(sorted(unknown))}")
    chosen = share([broken for broken in BREAKS if not options.models or broken.model in options.models], options.share)
    missed = 0
    with ExitStack() as folders:
        base = options.base or Path(folders.enter_context(tempfile.TemporaryDirectory(prefix="mutation_base_")))
        if not options.base:
            prepare(base)
        folder = Path(folders.enter_context(tempfile.TemporaryDirectory(prefix="mutation_")))
        for outcome in outcomes(base, folder, chosen):
            missed += not outcome.caught
            verdict = f"error: {outcome.error}" if outcome.error else outcome.red or "NO TEST TURNED RED"
            broken = outcome.broken
            print(f"{broken.model:<22} {broken.what:<60} {outcome.seconds:5.1f} s  {verdict}", flush=True)
    print(f"{len(chosen)} breaks, {len(chosen) - missed} turned a test red, {missed} did not")
    return 1 if missed else 0


if __name__ == "__main__":
    run_command(main, sys.argv[1:])
