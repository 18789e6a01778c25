"""Addresses survive any password, and every way in which a server can be shut gives one clear line."""

import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from mock_data.generate import generate
from mock_data.world import World
from warehouse.connect import (
    SCHEMAS,
    SESSION,
    check_postgres,
    postgres_dsn,
    postgres_url,
    reading_engine,
    sqlalchemy_url,
)
from warehouse.errors import UserError
from warehouse.scratch import scratch_database
from warehouse.settings import PROJECT_ROOT, Settings, load_settings

WORDS = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=0x24F, exclude_categories=["Cc"]), min_size=1)


@given(user=WORDS, password=WORDS, database=WORDS)
def test_addresses_keep_every_character(user: str, password: str, database: str) -> None:
    settings = load_settings(
        env_file=None, postgres_host="::1", postgres_user=user, postgres_password=password, postgres_db=database
    )
    parts = conninfo_to_dict(postgres_dsn(settings))
    assert (parts["user"], parts["password"], parts["dbname"], parts["host"]) == (user, password, database, "::1")
    url = make_url(postgres_url(settings))
    assert (url.drivername, url.username, url.password) == ("postgresql+psycopg", user, password)


def test_missing_values_are_named() -> None:
    nothing = {"postgres_host": "h", "postgres_user": None, "postgres_db": None}
    with pytest.raises(UserError, match="POSTGRES_USER, POSTGRES_DB not set"):
        postgres_dsn(load_settings(env_file=None).model_copy(update=nothing))


def test_duckdb_address_opens_the_file(tmp_warehouse: Path) -> None:
    settings = load_settings(env_file=None, target="duckdb", warehouse_path=tmp_warehouse)
    with create_engine(sqlalchemy_url(settings)).begin() as connection:
        connection.execute(text("create table t (i int)"))
    assert tmp_warehouse.exists()


def test_postgres_address_opens_the_database(postgres: Settings) -> None:
    check_postgres(postgres)
    with create_engine(sqlalchemy_url(postgres)).connect() as connection:
        assert connection.execute(text("select current_database()")).scalar() == postgres.postgres_db


def refusal(settings: Settings) -> str:
    with pytest.raises(UserError) as caught:
        check_postgres(settings, timeout_seconds=2)
    line = str(caught.value)
    assert "\n" not in line
    password = settings.postgres_password.get_secret_value() if settings.postgres_password else ""
    assert not password or password not in line
    return line


def test_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        settings = load_settings(
            env_file=None,
            postgres_host="127.0.0.1",
            postgres_port=port,
            postgres_user="u",
            postgres_password="a-secret",
            postgres_db="d",
        )
        line = refusal(settings)
    assert line.startswith(f"Postgres at 127.0.0.1:{port} cannot be reached (") and "POSTGRES_HOST" in line


def test_unknown_host(postgres: Settings) -> None:
    line = refusal(postgres.model_copy(update={"postgres_host": "no-such-host.invalid"}))
    assert "no-such-host.invalid" in line and "cannot be reached" in line


def test_wrong_password(postgres: Settings) -> None:
    line = refusal(postgres.model_copy(update={"postgres_password": SecretStr("not-the-password")}))
    assert f"refuses user {postgres.postgres_user}" in line and "POSTGRES_PASSWORD" in line


def test_missing_database(postgres: Settings) -> None:
    line = refusal(postgres.model_copy(update={"postgres_db": "there_is_none"}))
    assert "has no database there_is_none" in line and "POSTGRES_DB" in line


def test_user_who_may_not_create(postgres: Settings) -> None:
    with psycopg.connect(postgres_dsn(postgres), autocommit=True) as connection:
        connection.execute("create role reader login password 'reader-password'")
        try:
            reader = {"postgres_user": "reader", "postgres_password": SecretStr("reader-password")}
            line = refusal(postgres.model_copy(update=reader))
        finally:
            connection.execute("drop role reader")
    assert "user reader may not create schemas" in line


# What a session says of itself -----------------------------------------------------------------------------------

SHELL = {
    "PGTZ": "America/New_York",
    "PGDATESTYLE": "German",
    "PGCLIENTENCODING": "LATIN1",
    "PGOPTIONS": "-c TimeZone=Asia/Tokyo -c extra_float_digits=-15 -c work_mem=7MB",
    "PGHOSTADDR": "192.0.2.1",
    "PGGEQO": "off",
}
SAID = {**SESSION, "DateStyle": "ISO, YMD", "client_encoding": "UTF8"}


@pytest.fixture
def odd(postgres: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A database that answers in other ways than usual, and a shell that asks for others still."""
    ways = {
        "TimeZone": "'America/New_York'",
        "DateStyle": "'SQL, DMY'",
        "IntervalStyle": "iso_8601",
        "extra_float_digits": "-5",
        "search_path": "nowhere",
        "client_encoding": "LATIN1",
        "standard_conforming_strings": "off",
        "transform_null_equals": "on",
        "max_parallel_workers_per_gather": "2",
    }
    with psycopg.connect(postgres_dsn(postgres), autocommit=True) as connection:
        for name, value in ways.items():
            connection.execute(f"alter database {postgres.postgres_db} set {name} = {value}")
    for name, value in SHELL.items():
        monkeypatch.setenv(name, value)
    yield postgres
    with psycopg.connect(postgres_dsn(postgres), autocommit=True) as connection:
        connection.execute(f"alter database {postgres.postgres_db} reset all")


def test_every_connection_says_all_it_relies_on(odd: Settings) -> None:
    from mock_data.sinks.postgres import connected

    def shown(ask: Callable[[str], Any]) -> dict[str, str]:
        return {name: str(ask(f"select current_setting('{name}')")) for name in SAID}

    with psycopg.connect(postgres_dsn(odd)) as connection:
        assert shown(lambda query: connection.execute(query).fetchone()[0]) == SAID
        assert connection.execute("show work_mem").fetchone() == ("7MB",), "what PGOPTIONS says of other things holds"
    with connected(postgres_dsn(odd)) as adbc, adbc.cursor() as cursor:
        assert shown(lambda query: [cursor.execute(query), cursor.fetchone()[0]][1]) == SAID
    with reading_engine(odd).connect() as alchemy:
        assert shown(lambda query: alchemy.execute(text(query)).scalar()) == SAID


def test_commands_get_the_same_session(odd: Settings) -> None:
    """What `python -m warehouse run` starts, which libpq's own variables reach: dbt, psql."""
    code = f"""
import os, psycopg2
names = {{name: os.environ["POSTGRES_" + name.upper()] for name in ("host", "port", "user", "password")}}
cursor = psycopg2.connect(**names, dbname=os.environ["POSTGRES_DB"]).cursor()
for name in {list(SAID)}:
    cursor.execute(f"select current_setting('{{name}}')")
    print(cursor.fetchone()[0])
"""
    environment = {**os.environ, **odd.environment(), **SHELL, "TARGET": "postgres"}
    command = [sys.executable, "-m", "warehouse", "run", "--", "python", "-c", code]
    done = subprocess.run(command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.splitlines() == list(SAID.values()), done.stderr


def test_the_project_s_own_server_is_reached_whatever_the_shell_says() -> None:
    other = {"PGSSLMODE": "require", "PGSERVICE": "none", "PGREQUIREAUTH": "gss", "PGTARGETSESSIONATTRS": "standby"}
    settings = load_settings(env_file=None, target="postgres", postgres_host=None)
    environment = {**os.environ, **settings.environment(), **SHELL, **other, "POSTGRES_HOST": ""}
    code = "import json, os; print(json.dumps({n: v for n, v in os.environ.items() if n.startswith('PG')}))"
    command = [sys.executable, "-m", "warehouse", "run", "--", "python", "-c", code]
    done = subprocess.run(command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout).keys() == {"PGOPTIONS", "PGCLIENTENCODING"}


def test_the_shell_s_encryption_holds_for_a_configured_server(
    postgres: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSSLMODE", "require")
    assert "SSL" in refusal(postgres)


@pytest.mark.parametrize("name", ["warehouse", "memory", "crm", "marts", "a'b", "a b.c"])
def test_a_duckdb_file_of_any_name_is_read_in_utc(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    file = tmp_path / f"{name}.duckdb"
    with duckdb.connect() as connection:
        quoted = str(file).replace("'", "''")
        connection.execute(
            f"attach '{quoted}' as made; create schema made.marts; create table made.marts.t as select 7 as i"
        )
    settings = load_settings(env_file=None, target="duckdb", warehouse_path=file)
    with reading_engine(settings).connect() as connection:
        assert connection.execute(text("select i, current_setting('TimeZone') from marts.t")).one() == (7, "UTC")
        # it would be stored in a chapter, of a query that is slow on a busy machine
        assert connection.execute(text("select current_setting('enable_progress_bar')")).scalar_one() is False
        with pytest.raises(DBAPIError, match="read-only"):
            connection.execute(text("create table marts.u (i int)"))


# What a user may do ----------------------------------------------------------------------------------------------


@pytest.fixture
def poor(server: Settings) -> Iterator[tuple[Settings, psycopg.Connection]]:
    """A user who may connect to an empty database and no more, and an administrator's connection to it."""
    name, password = "poor_" + secrets.token_hex(4), secrets.token_hex(8)
    with scratch_database(server) as empty, psycopg.connect(postgres_dsn(empty), autocommit=True) as connection:
        connection.execute(f"create role {name} login password '{password}'")
        yield empty.model_copy(update={"postgres_user": name, "postgres_password": SecretStr(password)}), connection
        connection.execute(f"drop owned by {name} cascade")
        connection.execute(f"drop role {name}")


def test_ready_made_schemas_are_enough(poor: tuple[Settings, psycopg.Connection]) -> None:
    settings, administrator = poor
    user = settings.postgres_user
    line = refusal(settings)
    assert f"user {user} may not create schemas" in line and f"which lacks {', '.join(SCHEMAS)}:" in line
    for schema in SCHEMAS[1:]:
        administrator.execute(f"create schema {schema} authorization {user}")
    assert f"which lacks {SCHEMAS[0]}:" in refusal(settings)
    administrator.execute(f"create schema {SCHEMAS[0]}")
    assert f"may not use and create in schema {SCHEMAS[0]} of database" in refusal(settings)
    administrator.execute(f"grant usage, create on schema {SCHEMAS[0]} to {user}")
    check_postgres(settings)


def test_a_crm_is_loaded_into_ready_made_schemas(poor: tuple[Settings, psycopg.Connection]) -> None:
    """Twice, with a view on it that lives on."""
    settings, administrator = poor
    for schema in ("crm", "truth"):
        administrator.execute(f"create schema {schema} authorization {settings.postgres_user}")
    small = load_settings(
        env_file=None, number_contacts_to_create=40, number_accounts_to_create=3, number_products_to_create=10
    )
    for _ in range(2):
        generate(World.from_settings(small), np.datetime64("2023-03-31"), postgres_dsn(settings))
        administrator.execute("create or replace view public.people as select count(*) as people from crm.contact")
    assert administrator.execute("select people from public.people").fetchone()[0] > 0  # type: ignore[index]
    administrator.execute("drop view public.people")
