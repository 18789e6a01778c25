"""Addresses of the warehouse, for every program that opens it, and one clear line where a server cannot be used."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Mapping
from contextlib import suppress
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
    """SQLAlchemy's engine on the warehouse, for reading; each connection is a new one, and none begins a transaction.

    A DuckDB file is attached under the name `warehouse`: of its own, one called marts.duckdb would hide its schema.
    A connection raises `UserError` where the file is missing or being written.
    """
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    if settings.target == "postgres":
        # a transaction left open would make dbt wait for the tables that it read
        return create_engine(postgres_url(settings), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    from duckdb import InvalidInputException

    engine = create_engine("duckdb:///:memory:", poolclass=NullPool)
    path = duckdb_path(settings)
    quoted = str(path).replace("'", "''")

    @event.listens_for(engine, "connect")
    def attach(connection: Any, _record: object) -> None:
        if not path.exists():
            connection.close()
            raise UserError(f"there is no warehouse at {path}: run `make demo` first")
        try:
            connection.execute(f"attach '{quoted}' as warehouse (type duckdb, read_only)")
        except Exception as error:
            connection.close()
            raise in_use(error, path, writes=False) or error from None
        connection.execute("use warehouse")
        # a query of two seconds or more would leave its progress among a cell's outputs; a Jupyter that cannot draw a
        # bar refuses to be told so
        with suppress(InvalidInputException):
            connection.execute("set enable_progress_bar = false")
        connection.execute("set TimeZone = 'UTC'")

    return engine


def in_use(error: Exception, path: Path, *, writes: bool) -> UserError | None:
    """One line for DuckDB's refusal to open a file that another program has open; None for any other error.

    Args:
        writes: whether the file was to be written, for which everybody else must have closed it; a reader minds
            only those who write.
    """
    if "Could not set lock on file" not in str(error):
        return None
    found = re.search(r"held in (?P<program>.+?) \(PID (?P<id>\d+)\)", str(error))
    who = f"{Path(found['program']).name} (process {found['id']})" if found else "another program"
    if writes:
        return UserError(f"{path} is open in {who}: close it there (a notebook, a DuckDB shell), then run this again")
    return UserError(f"{path} is being written by {who}: try again when it is done")


def check_duckdb(settings: Settings, *, writes: bool) -> None:
    """Raise `UserError`, naming the other program, unless the DuckDB file is missing or can be opened.

    Costs nothing where nobody has it open: DuckDB itself is asked only where its lock is taken.
    """
    path = duckdb_path(settings)
    try:
        with path.open("r+b" if writes else "rb") as file:
            fcntl.lockf(file, (fcntl.LOCK_EX if writes else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        import duckdb

        try:
            duckdb.connect(str(path), read_only=not writes).close()
        except duckdb.Error as error:
            if refusal := in_use(error, path, writes=writes):
                raise refusal from None
    except OSError:
        pass  # no file, or none that may be locked: whoever opens it says so


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
