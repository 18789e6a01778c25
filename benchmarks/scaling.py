"""How time and memory grow with the number of contacts, and what workers bring: ``python -m benchmarks.scaling``.

Every size is generated to Parquet with each number of workers, round after round, so that runs to be compared follow
one another.
"""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from .measure import CORES, RESULTS, Run, keep, results_in, run_main, spread
from .output import Output
from .peers import OURS
from .peers.__main__ import measure

START_UP = 100_000  # contacts; below, much of the time is the start, and growth says little


def exponent(seconds: Mapping[int, float]) -> float | None:
    """The b of time ∝ sizeᵇ, by least squares on logarithms.

    Args:
        seconds: size to time; sizes below ``START_UP`` are left out.

    Returns:
        None where fewer than two sizes are left.
    """
    points = [(math.log(size), math.log(time)) for size, time in seconds.items() if size >= START_UP]
    if len(points) < 2:
        return None
    x0, y0 = (sum(values) / len(points) for values in zip(*points, strict=True))
    return sum((x - x0) * (y - y0) for x, y in points) / sum((x - x0) ** 2 for x, _ in points)


def main(
    sizes: Annotated[list[int] | None, typer.Option("--size", min=1, help="Contacts; give it several times.")] = None,
    workers: Annotated[list[int] | None, typer.Option("--workers", min=1, help="Workers; several times too.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Times each size is generated.")] = 3,
    patience: Annotated[float, typer.Option(help="Seconds after which a size is not run again.")] = 600,
    results: Annotated[Path, typer.Option(help="The file whose section `scaling` is replaced.")] = RESULTS,
) -> None:
    """Measure every size with every number of workers; print a table and keep it."""
    results_in(results)  # what cannot be kept is not measured
    sizes = sorted(sizes or [10_000, 100_000, 1_000_000])
    workers = sorted(workers or {1, CORES})
    runs: dict[tuple[int, int], list[tuple[Run, Output]]] = defaultdict(list)
    for number in range(1, rounds + 1):
        for size in sizes:
            if sum(run.wall for n in workers for run, _ in runs[size, n]) > patience:
                continue
            for n in workers:
                print(f"round {number} of {rounds}: {size:,} contacts, workers: {n}", file=sys.stderr)
                runs[size, n].append(measure(OURS, size, n))
    rows = [_row(size, n, runs[size, n], runs[size, workers[0]]) for size in sizes for n in workers]
    exponents = {}
    for n in workers:
        found = exponent({row["contacts"]: row["wall_seconds"]["median"] for row in rows if row["workers"] == n})
        if found is not None:
            exponents[str(n)] = round(found, 3)
    content = {"runs": rows, "time_exponent": exponents, "exponent_from_contacts": START_UP, "rounds": rounds}
    keep("scaling", content, results)
    Console(width=150).print(_shown(rows))
    for name, power in exponents.items():
        print(f"time grows with contacts to the power {power}, workers: {name}")


def _row(size: int, workers: int, runs: list[tuple[Run, Output]], fewest: list[tuple[Run, Output]]) -> dict[str, Any]:
    _, output = runs[0]
    return {
        "contacts": size,
        "workers": workers,
        "runs": len(runs),
        "rows": output.rows,
        "live_cells": output.cells,
        "bytes": output.bytes,
        "wall_seconds": spread([run.wall for run, _ in runs]),
        "cpu_seconds": spread([run.cpu for run, _ in runs]),
        "rows_per_second": spread([output.rows / run.wall for run, _ in runs]),
        "cells_per_second": spread([output.cells / run.wall for run, _ in runs]),
        "cells_per_cpu_second": spread([output.cells / run.cpu for run, _ in runs]),
        "peak_process_megabytes": spread([run.process for run, _ in runs]),
        "peak_megabytes": spread([run.tree for run, _ in runs]),
        "speed_up": spread([one.wall / run.wall for (one, _), (run, _) in zip(fewest, runs, strict=True)]),
    }


def _shown(rows: list[dict[str, Any]]) -> Table:
    heads = ("contacts", "workers", "rows", "MB", "wall s", "CPU s", "rows/s", "live cells/s", "live cells/CPU s",
             "peak MB, one process", "all", "speed-up")  # fmt: skip
    table = Table(*heads, title="from settings to Parquet, medians")
    for row in rows:
        median = {name: value["median"] for name, value in row.items() if isinstance(value, dict)}
        table.add_row(
            f"{row['contacts']:,}",
            str(row["workers"]),
            f"{row['rows']:,}",
            f"{row['bytes'] / 1e6:,.0f}",
            f"{median['wall_seconds']:,.1f}",
            f"{median['cpu_seconds']:,.1f}",
            f"{median['rows_per_second']:,.0f}",
            f"{median['cells_per_second']:,.0f}",
            f"{median['cells_per_cpu_second']:,.0f}",
            f"{median['peak_process_megabytes']:,.0f}",
            f"{median['peak_megabytes']:,.0f}",
            f"{median['speed_up']:.2f}",
        )
    return table


if __name__ == "__main__":
    run_main(main)
