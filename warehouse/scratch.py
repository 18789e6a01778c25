"""A Postgres database for a while: what tests and benchmarks load goes where nothing else is, and leaves no trace."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from .connect import postgres_dsn
from .settings import Settings


@contextmanager
def scratch_database(server: Settings) -> Iterator[Settings]:
    """Settings of a new, empty database on that server, dropped afterwards. Text sorts by code point, as in DuckDB.

    Raises:
        psycopg.Error: the server cannot be reached, or lets the user make no database.
    """
    name = f"scratch_{secrets.token_hex(6)}"
    database = sql.Identifier(name)
    with psycopg.connect(postgres_dsn(server), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} template template0 encoding 'UTF8' locale 'C'").format(database))
    try:
        yield server.model_copy(update={"postgres_db": name})
    finally:
        with psycopg.connect(postgres_dsn(server), autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(database))
