"""How long each stage takes, its rows a second and its memory: ``python -m benchmarks.stages``.

Each stage is a process of its own, run several times; the table gives the median and the range of its wall-clock time,
its CPU time and the peak memory of its largest process. Nothing here is a test: machines differ.
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from warehouse.connect import postgres_dsn
from warehouse.settings import PROJECT_ROOT

from .measure import Run, run_main, scratch_postgres, timed


def rows_said(run: Run) -> int | None:
    """How many rows a command said that it made; None where it said nothing of rows."""
    found = re.search(r"([\d,]+) rows", run.said)
    return int(found[1].replace(",", "")) if found else None


def main(
    contacts: Annotated[int, typer.Option(help="Customers in the mock CRM.")] = 10_000,
    runs: Annotated[int, typer.Option(min=1, help="Times each stage is run.")] = 5,
    postgres: Annotated[bool, typer.Option(help="Postgres too, on the configured server or the project's own.")] = True,
) -> None:
    """Time every stage from settings to marts and print a table."""
    table = Table(
        "stage", "wall s (min–max)", "CPU s", "rows/s", "peak MB", title=f"{contacts:,} contacts, median of {runs}"
    )

    def measure(name: str, command: list[str], folder: Path = PROJECT_ROOT, **environment: str) -> None:
        done = [timed(command, folder, environment) for _ in range(runs)]
        wall = statistics.median(r.wall for r in done)
        span = f"{wall:.2f} ({min(r.wall for r in done):.2f}–{max(r.wall for r in done):.2f})"
        rows = rows_said(done[0])
        speed = f"{rows / wall:,.0f}" if rows else ""
        cpu, memory = (statistics.median(getattr(r, what) for r in done) for what in ("cpu", "process"))
        table.add_row(name, span, f"{cpu:.2f}", speed, f"{memory:,.0f}")

    generate = [sys.executable, "-m", "mock_data", "generate", "--contacts", str(contacts), "--to"]
    dbt = [str(Path(sys.executable).parent / "dbt"), "build", "--quiet"]
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/warehouse.duckdb"
        measure("generate → Parquet", [*generate, f"parquet:{folder}/crm"])
        measure("generate → DuckDB", [*generate, f"duckdb:{file}"])
        scratch = {"DBT_TARGET_PATH": f"{folder}/target", "DBT_LOG_PATH": f"{folder}/logs", "WAREHOUSE_PATH": file}
        measure("dbt build, DuckDB", [*dbt, "--target", "duckdb"], PROJECT_ROOT / "dbt", **scratch)
        if postgres:
            with scratch_postgres() as settings:
                measure("generate → Postgres", [*generate, postgres_dsn(settings)])
                measure(
                    "dbt build, Postgres",
                    [*dbt, "--target", "postgres"],
                    PROJECT_ROOT / "dbt",
                    **(settings.environment() | scratch),
                )
    Console(width=100).print(table)


if __name__ == "__main__":
    run_main(main)
