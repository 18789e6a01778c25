"""Addresses of the warehouse, for every program that opens it, and one clear line where a server cannot be used."""

from pathlib import Path
from urllib.parse import quote

from .errors import UserError
from .settings import Settings


def duckdb_path(settings: Settings) -> Path:
    """The DuckDB file, absolute, so that it is the same from every folder."""
    return settings.warehouse_path


def postgres_dsn(settings: Settings) -> str:
    """The address `postgresql://user:password@host:port/database`, every part quoted. Holds the password.

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
    return f"postgresql://{login}@{where}:{settings.postgres_port}/{quote(database, safe='')}"


def postgres_url(settings: Settings) -> str:
    """The same address for SQLAlchemy, which wants to know the driver."""
    return postgres_dsn(settings).replace("postgresql://", "postgresql+psycopg://", 1)


def sqlalchemy_url(settings: Settings) -> str:
    """SQLAlchemy's address of the warehouse on the target engine. Holds the password where there is one."""
    return postgres_url(settings) if settings.target == "postgres" else f"duckdb:///{duckdb_path(settings)}"


def check_postgres(settings: Settings, timeout_seconds: int = 5) -> None:
    """Raise `UserError` unless the configured server lets this user in and create schemas in the database."""
    import psycopg

    where = f"Postgres at {settings.postgres_host}:{settings.postgres_port}"
    try:
        with psycopg.connect(postgres_dsn(settings), connect_timeout=timeout_seconds) as connection:
            row = connection.execute("select has_database_privilege(current_database(), 'CREATE')").fetchone()
    except psycopg.OperationalError as error:
        raise UserError(_reason(str(error), where, settings)) from None
    if row is None or not row[0]:
        raise UserError(
            f"{where}: user {settings.postgres_user} may not create schemas in database {settings.postgres_db}: "
            "grant CREATE on it, or use another POSTGRES_USER"
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
