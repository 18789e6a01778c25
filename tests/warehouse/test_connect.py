"""Addresses survive any password, and every way in which a server can be shut gives one clear line."""

import socket
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr
from sqlalchemy import create_engine, make_url, text

from warehouse.connect import check_postgres, postgres_dsn, postgres_url, sqlalchemy_url
from warehouse.errors import UserError
from warehouse.settings import Settings, load_settings

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
