"""dbt replaces what this project built and nothing else: a foreign table is refused before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from tests.conftest import default_settings, on_server
from tests.running import dbt as run_dbt
from warehouse.connect import postgres_dsn
from warehouse.settings import Settings

Query = Callable[[str], list[tuple[Any, ...]]]
REFUSED = "already holds {}, which this project did not build: nothing was touched"
BUILT = "select table_name from information_schema.tables where table_schema = 'marts' order by table_name"


@pytest.fixture(params=["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Settings, Query]]:
    """Settings of a warehouse with nothing in the models' schemas, and a way to run SQL in it."""
    if request.param == "duckdb":
        settings = default_settings(target="duckdb", warehouse_path=tmp_path / "warehouse.duckdb")
    else:
        settings = on_server(request.getfixturevalue("postgres"))

    def query(statement: str) -> list[tuple[Any, ...]]:
        if settings.target == "duckdb":
            with duckdb.connect(str(settings.warehouse_path)) as file:
                return file.execute(statement).fetchall()
        with psycopg.connect(postgres_dsn(settings), autocommit=True) as server:
            cursor = server.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    query("create schema marts")
    yield settings, query
    query("drop schema marts cascade")
    query("drop schema if exists intermediate cascade")


@pytest.fixture
def dbt(warehouse: tuple[Settings, Query], tmp_path: Path) -> Callable[..., str]:
    """Runs dbt in that warehouse; "" where it went well, else what it printed."""

    def run(*command: str) -> str:
        done = run_dbt(warehouse[0], tmp_path / "dbt", *command)
        return "" if done.status == 0 else done.printed or "failed"

    return run


@pytest.mark.slow
def test_only_what_we_built_is_replaced(warehouse: tuple[Settings, Query], dbt: Callable[..., str]) -> None:
    _, query = warehouse
    segments = ("build", "--select", "rfm_segment_rules", "rfm_segments")

    # a schema that somebody else works in is not built into, whatever their tables are called
    query("create table marts.budget as select 1 as theirs")
    assert REFUSED.format("marts.budget") in dbt(*segments)
    query("drop table marts.budget")

    query("create table marts.rfm_segments as select 1 as theirs")
    assert REFUSED.format("marts.rfm_segments") in dbt("run", "--select", "rfm_segments")
    assert query("select theirs from marts.rfm_segments") == [(1,)]
    # what builds nothing, or builds elsewhere, is no danger to it
    assert dbt("compile", "--select", "rfm_segments", "--no-introspect") == ""
    query("drop table marts.rfm_segments")

    # a seed replaces nobody's table either
    query("create schema if not exists intermediate")
    query("create table intermediate.rfm_segment_rules as select 1 as theirs")
    assert REFUSED.format("intermediate.rfm_segment_rules") in dbt("seed")
    query("drop table intermediate.rfm_segment_rules")

    # ours is built, and built again; a table of the reader's own beside it is left alone
    assert dbt(*segments) == ""
    query("create table marts.budget as select 1 as theirs")
    assert dbt("build", "--select", "rfm_segments") == ""
    assert query(BUILT) == [("budget",), ("rfm_segments",)]

    # a view under the name of a model is refused even among ours
    query("create view marts.repeat_rate as select 1 as theirs")
    assert REFUSED.format("marts.repeat_rate") in dbt("run")
    assert query(BUILT) == [("budget",), ("repeat_rate",), ("rfm_segments",)]
