"""How long each stage takes, its rows a second and its memory: ``python -m benchmarks.stages``.

Each stage is a process of its own, run several times; the table gives the median and the range of its wall-clock time,
its CPU time and its peak memory as the operating system accounts for them. Nothing here is a test: machines differ.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from warehouse.connect import postgres_dsn
from warehouse.local_postgres import serving
from warehouse.settings import PROJECT_ROOT, load_settings


@dataclass(frozen=True)
class Run:
    """One run of a command: seconds, seconds of CPU, megabytes of its largest process, rows that it said it made."""

    wall: float
    cpu: float
    memory: float
    rows: int | None


def timed(command: list[str], folder: Path, environment: dict[str, str]) -> Run:
    """Run `command` once.

    Raises:
        SystemExit: it failed; what it printed is shown.
    """
    with tempfile.TemporaryFile() as output:
        begin = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read().decode()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{said[-3000:]}")
    rows = re.search(r"([\d,]+) rows", said)
    unit = 1024**2 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in kilobytes elsewhere
    return Run(
        wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit, int(rows[1].replace(",", "")) if rows else None
    )


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
        done = [timed(command, folder, {**os.environ, **environment}) for _ in range(runs)]
        wall = statistics.median(r.wall for r in done)
        span = f"{wall:.2f} ({min(r.wall for r in done):.2f}–{max(r.wall for r in done):.2f})"
        rows = done[0].rows
        speed = f"{rows / wall:,.0f}" if rows else ""
        cpu, memory = (statistics.median(getattr(r, what) for r in done) for what in ("cpu", "memory"))
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
            with serving(load_settings(target="postgres")) as settings:
                measure("generate → Postgres", [*generate, postgres_dsn(settings)])
                measure(
                    "dbt build, Postgres",
                    [*dbt, "--target", "postgres"],
                    PROJECT_ROOT / "dbt",
                    **settings.environment(),
                    **scratch,
                )
    Console(width=100).print(table)


if __name__ == "__main__":
    typer.run(main)
