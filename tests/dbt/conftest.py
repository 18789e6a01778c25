"""The default world on both engines, as what reads it here connects to it."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import psycopg
import pytest

from warehouse.connect import postgres_dsn
from warehouse.settings import Settings


@pytest.fixture(scope="module")
def embedded(default_duckdb: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for reading only, to the DuckDB file of the default world."""
    with duckdb.connect(str(default_duckdb.warehouse_path), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def served(default_postgres: Settings) -> Iterator[psycopg.Connection]:
    """A connection to the default world on Postgres."""
    with psycopg.connect(postgres_dsn(default_postgres)) as connection:
        yield connection
