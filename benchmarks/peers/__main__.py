"""This project's generator beside the peers, in one run on the same cores: ``python -m benchmarks.peers``.

Every round runs each generator once, one after the other, so that whatever else the machine does meets all alike.
Ratios are formed within a round. What is kept of each figure is the median of the rounds, the smallest and the largest.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from warehouse.errors import UserError

from ..measure import CORES, RESULTS, Run, keep, results_in, run_main, spread, timed
from ..output import Output, count
from . import ENVIRONMENT, OURS, PEERS, PEERS_PYTHON, REQUIREMENTS, Generator, versions

Measured = tuple[Run, Output]


def install() -> None:
    """Make the peers' environment; leave it as it is where nothing has changed.

    Raises:
        UserError: the package registry cannot be reached, or refuses.
    """
    stamp = ENVIRONMENT / REQUIREMENTS.name
    wanted = REQUIREMENTS.read_bytes()
    if stamp.exists() and stamp.read_bytes() == wanted:
        return
    print("installing the peers …", file=sys.stderr)
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    pip = [str(PEERS_PYTHON), "-m", "pip", "install", "-qq", "--require-hashes", "-r", str(REQUIREMENTS)]
    if subprocess.run(pip, check=False).returncode:
        raise UserError(f"the peers could not be installed from {REQUIREMENTS.name}, see above")
    stamp.write_bytes(wanted)


def measure(generator: Generator, contacts: int, cores: int) -> Measured:
    """Run a generator once in a folder of its own, which goes when its content has been counted."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return timed(generator.command(folder, contacts, cores), folder), count(folder)


def summary(generator: Generator, runs: list[Measured], ours: list[Measured]) -> dict[str, Any]:
    """One generator's row of the results. A megabyte is 10⁶ bytes.

    Args:
        generator: which.
        runs: its runs, one a round.
        ours: our runs of the same rounds.
    """

    def rate(amount: str, second: str) -> Callable[[Measured], float]:
        return lambda measured: getattr(measured[1], amount) / getattr(measured[0], second)

    def over(of_run: Callable[[Measured], float]) -> dict[str, float]:
        return spread([of_run(run) for run in runs])

    def ahead(of_run: Callable[[Measured], float]) -> dict[str, float]:
        return spread([of_run(us) / of_run(them) for us, them in zip(ours, runs, strict=True)])

    _, output = runs[0]
    pins = versions()
    return {
        "name": generator.name,
        "makes": generator.makes,
        "writes": generator.writes,
        "versions": {package: pins[package] for package in generator.packages},
        "rows": output.rows,
        "live_cells": output.cells,
        "bytes": output.bytes,
        "wall_seconds": over(lambda measured: measured[0].wall),
        "cpu_seconds": over(lambda measured: measured[0].cpu),
        "peak_megabytes": over(lambda measured: measured[0].tree),
        "cells_per_second": over(rate("cells", "wall")),
        "rows_per_second": over(rate("rows", "wall")),
        "rows_per_cpu_second": over(rate("rows", "cpu")),
        "cells_per_cpu_second": over(rate("cells", "cpu")),
        "bytes_per_cpu_second": over(rate("bytes", "cpu")),
        "cells_ahead": ahead(rate("cells", "cpu")),
        "bytes_ahead": ahead(rate("bytes", "cpu")),
    }


def shown(rows: list[dict[str, Any]], title: str) -> Table:
    """The results as a table for the terminal."""
    heads = ("generator", "rows", "wall s", "CPU s", "rows/CPU s", "live cells/s", "live cells/CPU s", "MB/CPU s",
             "peak MB", "ours ÷ its cells", "min–max")  # fmt: skip
    table = Table(*heads, title=title)
    for row in rows:
        median = {name: value["median"] for name, value in row.items() if isinstance(value, dict) and "median" in value}
        ahead = row["cells_ahead"]
        table.add_row(
            row["name"],
            f"{row['rows']:,}",
            f"{median['wall_seconds']:.1f}",
            f"{median['cpu_seconds']:.1f}",
            f"{median['rows_per_cpu_second']:,.0f}",
            f"{median['cells_per_second']:,.0f}",
            f"{median['cells_per_cpu_second']:,.0f}",
            f"{median['bytes_per_cpu_second'] / 1e6:,.2f}",
            f"{median['peak_megabytes']:,.0f}",
            f"{ahead['median']:,.3g}",
            f"{ahead['min']:,.3g}–{ahead['max']:,.3g}",
        )
    return table


def main(
    contacts: Annotated[int, typer.Option(min=1, help="Contacts that ours makes.")] = 1_000_000,
    rounds: Annotated[int, typer.Option(min=1, help="Times each generator is run.")] = 3,
    cores: Annotated[int, typer.Option(min=1, help="Workers or threads of those that can have several.")] = CORES,
    results: Annotated[Path, typer.Option(help="The file whose section `peers` is replaced.")] = RESULTS,
) -> None:
    """Measure every generator side by side; print a table and keep it."""
    results_in(results)  # what cannot be kept is not measured
    install()
    runs: dict[str, list[Measured]] = defaultdict(list)
    for number in range(1, rounds + 1):
        for generator in (OURS, *PEERS):
            print(f"round {number} of {rounds}: {generator.name}", file=sys.stderr)
            runs[generator.name].append(measure(generator, contacts, cores))
    rows = [summary(generator, runs[generator.name], runs[OURS.name]) for generator in (OURS, *PEERS)]
    keep("peers", {"contacts": contacts, "rounds": rounds, "cores": cores, "generators": rows}, results)
    Console(width=170).print(shown(rows, f"{contacts:,} contacts of ours, {cores} cores, median of {rounds} rounds"))


if __name__ == "__main__":
    run_main(main)
