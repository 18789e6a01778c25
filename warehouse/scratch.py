"""A Postgres database for a while: what tests and benchmarks load goes where nothing else is, and leaves no trace."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from .connect import postgres_dsn
from .settings import Settings


def create_scratch(server: Settings, template: str = "template0") -> Settings:
    """Settings of a new database on that server, empty or a copy of `template`. Text sorts by code point, as in DuckDB.

    Raises:
        psycopg.Error: the server cannot be reached, lets the user make no database, or somebody works in `template`.
    """
    name = f"scratch_{secrets.token_hex(6)}"
    elsewhere = server.model_copy(update={"postgres_db": "postgres"}) if template == server.postgres_db else server
    with psycopg.connect(postgres_dsn(elsewhere), autocommit=True) as connection:
        command = sql.SQL("create database {} template {} encoding 'UTF8' locale 'C'")
        connection.execute(command.format(sql.Identifier(name), sql.Identifier(template)))
    return server.model_copy(update={"postgres_db": name})


def drop_scratch(server: Settings, scratch: Settings) -> None:
    """Drop what `create_scratch` made on that server, whoever is connected to it."""
    with psycopg.connect(postgres_dsn(server), autocommit=True) as connection:
        command = sql.SQL("drop database {} with (force)")
        connection.execute(command.format(sql.Identifier(str(scratch.postgres_db))))


@contextmanager
def scratch_database(server: Settings) -> Iterator[Settings]:
    """Settings of a new, empty database on that server, dropped afterwards; see `create_scratch`."""
    settings = create_scratch(server)
    try:
        yield settings
    finally:
        drop_scratch(server, settings)
