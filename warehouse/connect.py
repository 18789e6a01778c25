"""Addresses of the warehouse, for every program that opens it, and one clear line where a server cannot be used."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .errors import UserError
from .settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

# of the CRM, of what only the simulator knows, and of the models
SCHEMAS = ("crm", "truth", "staging", "intermediate", "marts")
# What every session on Postgres says of itself, whatever the server, the database, the user's role or the shell says.
SESSION = {
    "TimeZone": "UTC",
    "DateStyle": "ISO,YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "standard_conforming_strings": "on",
    "transform_null_equals": "off",
    "search_path": "public",
    # parallel workers would add floating-point numbers in a different order each time
    "max_parallel_workers_per_gather": "0",
}
# The shell's variables that would say otherwise: libpq sends the first three after an address's options, and the server
# believes what comes last; the fourth would lead elsewhere than POSTGRES_HOST.
_OVERRIDING = ("PGTZ", "PGDATESTYLE", "PGGEQO", "PGHOSTADDR")


def duckdb_path(settings: Settings) -> Path:
    """The DuckDB file, absolute, so that it is the same from every folder."""
    return settings.warehouse_path


def postgres_dsn(settings: Settings) -> str:
    """The address `postgresql://user:password@host:port/database?…`, every part quoted. Holds the password.

    What follows the question mark is :func:`session`'s.

    Raises `UserError` naming the values that are not set.
    """
    parts = {name: getattr(settings, name) for name in ("postgres_host", "postgres_user", "postgres_db")}
    missing = [name.upper() for name, value in parts.items() if not value]
    if missing:
        raise UserError(
            f"{', '.join(missing)} not set: set them in the environment or in .env, or let "
            "`python -m warehouse run -- COMMAND` start the project's own Postgres for COMMAND"
        )
    host, user, database = parts.values()
    password = settings.postgres_password.get_secret_value() if settings.postgres_password else ""
    login = quote(user, safe="") + (":" + quote(password, safe="") if password else "")
    where = f"[{host}]" if ":" in host else host
    address = f"postgresql://{login}@{where}:{settings.postgres_port}/{quote(database, safe='')}"
    return address + "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in session().items())


def session(given: Mapping[str, object] | None = None) -> dict[str, str]:
    """libpq's parameters that make a session answer alike everywhere: `SESSION` and the encoding.

    The shell's variables that would win over them are taken out of this process's environment. Its other PG… variables
    (PGSSLMODE, PGSSLROOTCERT, PGPASSFILE, PGCONNECT_TIMEOUT …) stay, and PGOPTIONS is obeyed where it says nothing of
    the above, such as `-c role=…`.

    Args:
        given: parameters that the address has already; its options come before ours, which win.
    """
    for name in _OVERRIDING:
        os.environ.pop(name, None)
    ours = " ".join(f"-c {name}={value}" for name, value in SESSION.items())
    before = str((given or {}).get("options") or os.environ.get("PGOPTIONS") or "")
    return {"options": f"{before.removesuffix(ours).strip()} {ours}".strip(), "client_encoding": "UTF8"}


def session_environment() -> dict[str, str]:
    """The same as variables of the environment, which libpq reads where an address says nothing."""
    parameters = session()
    return {"PGOPTIONS": parameters["options"], "PGCLIENTENCODING": parameters["client_encoding"]}


def postgres_url(settings: Settings) -> str:
    """The same address for SQLAlchemy, which wants to know the driver."""
    return postgres_dsn(settings).replace("postgresql://", "postgresql+psycopg://", 1)


def sqlalchemy_url(settings: Settings) -> str:
    """SQLAlchemy's address of the warehouse on the target engine. Holds the password where there is one."""
    return postgres_url(settings) if settings.target == "postgres" else f"duckdb:///{duckdb_path(settings)}"


def reading_engine(settings: Settings) -> Engine:
    """SQLAlchemy's engine on the warehouse, for reading; each connection is a new one.

    A DuckDB file is attached under the name `warehouse`: of its own, one called marts.duckdb would hide its schema.
    """
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    if settings.target == "postgres":
        return create_engine(postgres_url(settings), poolclass=NullPool)
    engine = create_engine("duckdb:///:memory:", poolclass=NullPool)
    quoted = str(duckdb_path(settings)).replace("'", "''")

    @event.listens_for(engine, "connect")
    def attach(connection: Any, _record: object) -> None:
        connection.execute(f"attach '{quoted}' as warehouse (type duckdb, read_only)")
        connection.execute("use warehouse")
        connection.execute("set TimeZone = 'UTC'")

    return engine


def check_postgres(settings: Settings, timeout_seconds: int = 5) -> None:
    """Raise `UserError` unless the configured server lets this user in and has, or lets it make, the schemas."""
    import psycopg

    where = f"Postgres at {settings.postgres_host}:{settings.postgres_port}"
    rights = """
        select
            has_database_privilege(current_database(), 'CREATE') as may_create,
            array(
                select wanted.name
                from unnest(%s::text[]) as wanted (name)
                left join pg_namespace as n on n.nspname = wanted.name
                where n.oid is null
            ) as missing,
            array(
                select n.nspname::text
                from pg_namespace as n
                where n.nspname = any(%s::text[])
                    and not (has_schema_privilege(n.oid, 'CREATE') and has_schema_privilege(n.oid, 'USAGE'))
            ) as closed
    """
    try:
        with psycopg.connect(postgres_dsn(settings), connect_timeout=timeout_seconds) as connection:
            row = connection.execute(rights, [list(SCHEMAS), list(SCHEMAS)]).fetchone()
    except psycopg.OperationalError as error:
        raise UserError(_reason(str(error), where, settings)) from None
    may_create, missing, closed = row or (False, list(SCHEMAS), [])
    user, database = settings.postgres_user, settings.postgres_db
    if missing and not may_create:
        raise UserError(
            f"{where}: user {user} may not create schemas in database {database}, which lacks {', '.join(missing)}: "
            f"let an administrator grant CREATE on the database, or create schema … authorization {user} for each"
        )
    if closed:
        raise UserError(
            f"{where}: user {user} may not use and create in schema {', '.join(closed)} of database {database}: "
            f"let an administrator grant usage, create on schema {', '.join(closed)} to {user}"
        )


def _reason(said: str, where: str, settings: Settings) -> str:
    """One line for a refused connection. `said` is the server's or the network's own text, which has no password."""
    lines = said.strip().splitlines() or ["no reason given"]
    if "password authentication failed" in said or "no password supplied" in said:
        return f"{where} refuses user {settings.postgres_user}: check POSTGRES_USER and POSTGRES_PASSWORD"
    if f'database "{settings.postgres_db}" does not exist' in said:
        return f"{where} has no database {settings.postgres_db}: create it, or check POSTGRES_DB"
    if "FATAL" in said:
        fatal = next(line for line in lines if "FATAL" in line).partition("FATAL:")[2].strip()
        return f"{where} refuses the connection ({fatal}): check the POSTGRES_ values"
    network = lines[0].rpartition("failed: ")[2]
    return f"{where} cannot be reached ({network}): check POSTGRES_HOST and POSTGRES_PORT, and that the server runs"
