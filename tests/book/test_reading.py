"""An open chapter lets others write: its connection is closed while no cell runs, and opens again by itself."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import psycopg
import pytest
from jupyter_client.manager import start_new_kernel

from book.reading import IDLE_SECONDS
from tests.running import environment_of
from warehouse.connect import postgres_dsn
from warehouse.settings import PROJECT_ROOT, Settings, load_settings

ROWS = "create schema marts; create table marts.t as select * from generate_series(1, 3) as s (i)"
Run = Callable[[str], str]


@pytest.fixture
def kernel(request: pytest.FixtureRequest) -> Iterator[Callable[[Settings], Run]]:
    """Starts a chapter's kernel on a warehouse; what that returns runs a cell and returns all that the cell shows."""
    started = []

    def start(settings: Settings) -> Run:
        manager, client = start_new_kernel(
            env=environment_of(settings, PYTHONPATH=str(PROJECT_ROOT)),
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
        )
        started.append((manager, client))

        def run(code: str) -> str:
            shown = []

            def take(message: dict) -> None:  # type: ignore[type-arg]
                content = message["content"]
                shown.append(content.get("text") or content.get("data", {}).get("text/plain", ""))
                shown.extend(content.get("traceback", []))

            client.execute_interactive(code, output_hook=take, timeout=60)
            return "\n".join(filter(None, shown))

        assert run("from book.notebook import *\nconnect()") == ""
        return run

    yield start
    for manager, client in started:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.fixture
def filled(tmp_warehouse: Path) -> Settings:
    """Settings of a DuckDB file with one small table."""
    with duckdb.connect(str(tmp_warehouse)) as connection:
        connection.execute(ROWS)
    return load_settings(env_file=None, target="duckdb", warehouse_path=tmp_warehouse)


def test_dbt_and_others_write_beside_an_open_chapter(
    filled: Settings, kernel: Callable[[Settings], Run], tmp_path: Path
) -> None:
    run = kernel(filled)
    program = script(tmp_path)
    assert run("first = %sql select i from marts.t\nsecond = %sql select i + 1 as i from marts.t") == ""
    time.sleep(IDLE_SECONDS + 0.5)
    assert warehouse(filled, f"run -- {program} run") == (0, "")
    with duckdb.connect(str(filled.warehouse_path)) as writer:
        writer.execute("insert into marts.t values (4)")
        # a result has its rows, whatever comes after it; a query that comes too early is one line
        assert run("[row.i for row in first], [row.i for row in second]") == "([1, 2, 3], [2, 3, 4])"
        for cell in ("%sql select 1", "connect()"):
            assert run(cell).startswith(f"error: {filled.warehouse_path} is being written by python")
            assert run(cell).endswith(": try again when it is done") and "\n" not in run(cell)
    assert run("%sql select count(*) as n from marts.t").split() == ["n", "4"]
    assert run("rows = %sql select i from marts.t\nint(rows.DataFrame().i.sum())") == "10"
    filled.warehouse_path.rename(tmp_path / "elsewhere.duckdb")
    time.sleep(IDLE_SECONDS + 0.5)
    assert "there is no warehouse at" in run("%sql select 1") and "make demo" in run("%sql select 1")


@pytest.mark.postgres
def test_an_open_chapter_holds_nothing_on_postgres(postgres: Settings, kernel: Callable[[Settings], Run]) -> None:
    with psycopg.connect(postgres_dsn(postgres), autocommit=True) as owner:
        owner.execute(ROWS.encode())
        run = kernel(postgres)
        others = b"select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        assert run("%sql select count(*) as n from marts.t").split() == ["n", "3"]
        owner.execute("set lock_timeout = '100ms'")
        owner.execute("alter table marts.t rename to u")  # what dbt does, just after the cell
        time.sleep(IDLE_SECONDS + 0.5)
        assert owner.execute(others).fetchall() == []
        assert run("%sql select count(*) as n from marts.u").split() == ["n", "3"]
        owner.execute("alter table marts.u rename to t")  # nor does one that opened anew


HOLD = """
import sys, duckdb
held = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reads")
print(flush=True)
input()
"""


@pytest.fixture(params=["reads", "writes"])
def holder(request: pytest.FixtureRequest, filled: Settings) -> Iterator[tuple[str, int]]:
    """Another program that has the file open: what it does, and its process id."""
    command = [sys.executable, "-c", HOLD, str(filled.warehouse_path), request.param]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield request.param, process.pid
        process.kill()


def test_who_has_the_warehouse_open_is_named(filled: Settings, holder: tuple[str, int], tmp_path: Path) -> None:
    does, pid = holder
    program = script(tmp_path)
    path = filled.warehouse_path
    for module, command in (("warehouse", f"run -- {program} run"), ("mock_data", "generate --contacts 40")):
        status, line = python_module(filled, module, command)
        assert (status, line.count("\n")) == (1, 1)
        assert line.startswith(f"error: {path} is open in python")
        assert f"(process {pid}): close it there (a notebook, a DuckDB shell), then run this again" in line
    # who reads is in the way of nobody who reads, and nobody of a command that opens nothing
    assert warehouse(filled, f"run -- {program} --quiet parse") == (0, "")
    status, line = warehouse(filled, f"run -- {program} test", WAREHOUSE_ACCESS="read_only")
    if does == "reads":
        assert (status, line) == (0, "")
    else:
        assert (status, line.count("\n")) == (1, 1)
        assert line.startswith(f"error: {path} is being written by python") and f"(process {pid})" in line


def script(folder: Path) -> Path:
    """A program called dbt that does nothing."""
    program = folder / "dbt"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


def python_module(settings: Settings, module: str, command: str, **environment: str) -> tuple[int, str]:
    """Run ``python -m module command``; returns its exit status and what it printed on standard error."""
    done = subprocess.run(
        [sys.executable, "-m", module, *command.split()],
        cwd=PROJECT_ROOT,
        env=environment_of(settings, **environment),
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stderr


def warehouse(settings: Settings, command: str, **environment: str) -> tuple[int, str]:
    return python_module(settings, "warehouse", command, **environment)
