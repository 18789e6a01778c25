"""A CRM in Postgres: Arrow goes in through binary COPY, everything in one transaction."""

from __future__ import annotations

import hashlib
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pyarrow as pa
from adbc_driver_manager import Error as DriverError
from adbc_driver_manager import dbapi as driver
from adbc_driver_postgresql import dbapi
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from warehouse.connect import SCHEMAS, session
from warehouse.errors import UserError, note, uninterrupted
from warehouse.settings import PROJECT_ROOT

from ..encoding import NULL_INTEGER, decimals
from ..schema import TABLES
from ..schema.declaration import FieldType, Object
from ..schema.render import arrow_schema, create_table, primary_key, qualified_name, sql_type
from . import (
    MANIFEST,
    MANIFEST_COLUMNS,
    Manifest,
    Sink,
    damaged,
    parquet,
    parse_manifest,
    refuse_added,
    refuse_foreign,
    refuse_incomplete,
    shown,
)

_CONNECT_SECONDS = 5
_SPOOLS = PROJECT_ROOT / "data"
_LOST = "the connection to Postgres was lost ({reason}): nothing was changed; run it again"
_LOST_WORDS = ("server closed the connection", "terminating connection", "no connection to the server", "SSL SYSCALL",
               "could not receive data", "could not send data", "Connection reset")  # fmt: skip
# the driver takes Ctrl-C for itself: it cancels the statement, and where that returns no rows it says nothing, so that
# what is not there would be committed. This is what it does on Windows: Python's own handler runs after the call
setattr(driver, "_blocking_call", lambda function, arguments, options, cancel: function(*arguments, **options))  # noqa: B010
_WRITTEN = tuple(dict.fromkeys(table.schema for table in TABLES.values()))


class PostgresSink(Sink):
    """Writes schemas ``crm`` and ``truth`` of the database at `url`.

    Tables that already have the declared columns are emptied and filled again, so that views on them live on.
    """

    size = 1.0

    def __init__(self, url: str, loader: str, settings: dict[str, object], keep: bool = False) -> None:
        super().__init__(loader, settings, keep)
        self.url = url
        # the server's own disk is not ours to put files on; without the port, which changes where the server is ours
        place = hashlib.blake2b(shown(url).encode(), digest_size=4).hexdigest()
        self.waiting = PROJECT_ROOT / "data" / f".postgres-{place}"
        self.spools: dict[str, _Spool] = {}
        self.folder: Path | None = None
        self.raised: BaseException | None = None

    def _open(self) -> None:
        # what the load will do to make room is tried and taken back, so that it is refused before any row is made;
        # meanwhile nothing is held: neither a lock, nor a transaction, nor a connection that could be lost
        with connected(self.url) as connection, refusals(), connection.cursor() as cursor:
            self._begin(cursor)

    def _begin(self, cursor: dbapi.Cursor) -> None:
        """Check that the place is ours or empty, and make room."""
        found = _tables(cursor)
        refuse_foreign(_database(cursor), set(found), manifest(cursor), self.loader)
        columns = [(*table, name) for table, columns in found.items() for name, _ in columns if name]
        replaced = set() if self.keep else {t for t in found if not _has_declared_columns(t, found)}
        refuse_added(_database(cursor), columns, (a for a in _attached(cursor) if a[:2] in replaced))
        if not self.keep:
            self._make_room(cursor, found)
            return
        cursor.execute(f"select content_hash from crm.{MANIFEST}")
        row = cursor.fetchone()
        held = str(row[0]) if row else ""
        if self.held_hash not in ("", held):
            raise UserError(f"{_database(cursor)} was loaded anew meanwhile: nothing was changed; run it again")
        self.held_hash = held
        cursor.execute(f"truncate crm.{MANIFEST}")

    def _make_room(self, cursor: dbapi.Cursor, found: dict[tuple[str, str], list[tuple[str, str]]]) -> None:
        cursor.execute("select nspname::text from pg_namespace")
        there = {name for (name,) in cursor.fetchall()}
        for schema in _WRITTEN:
            if schema not in there:  # "if not exists" wants the right to create even where it does
                cursor.execute(f"create schema {schema}")
        for table in TABLES.values():
            existing = found.get((table.schema, table.name))
            if _has_declared_columns((table.schema, table.name), found):
                cursor.execute(f"alter table {qualified_name(table)} drop constraint if exists {_key_name(table)}")
                cursor.execute(f"truncate {qualified_name(table)}")
                continue
            if existing is not None:  # an older declaration of ours; refused where somebody's view is built on it
                cursor.execute(f"drop table {qualified_name(table)}")
            cursor.execute(create_table(table, "postgres"))
        columns = ", ".join(f"{c} text" for c in MANIFEST_COLUMNS)
        cursor.execute(f"create table if not exists crm.{MANIFEST} ({columns})")
        cursor.execute(f"truncate crm.{MANIFEST}")

    def _write(self, table_key: str, data: pa.Table) -> None:
        plain = data.cast(arrow_schema(TABLES[table_key]))  # the driver has no dictionaries and no small decimals
        if table_key not in self.spools:
            self.spools[table_key] = _Spool(plain.schema)
        self.spools[table_key].write(plain)

    def _load(self, folder: Path) -> None:
        self.folder = folder

    def _publish(self) -> None:
        with connected(self.url) as connection:
            with self._refusals(), connection.cursor() as cursor:
                self._begin(cursor)
                for key, rows in self._rows():
                    if self.keep:
                        _replace(cursor, TABLES[key], rows)
                    else:
                        cursor.adbc_ingest(TABLES[key].name, rows, mode="append", db_schema_name=TABLES[key].schema)
                if not self.keep and not self.settings.get("faults"):  # rows delivered twice have no key
                    for table in TABLES.values():
                        cursor.execute(primary_key(table))
                cursor.execute(f"insert into crm.{MANIFEST} values ($1, $2, $3)", self.manifest())
            with uninterrupted():
                is_alive = self._commit(connection)
            if not is_alive:
                return
            try:
                connection.adbc_connection.set_autocommit(True)
                with connection.cursor() as cursor:
                    for table in TABLES.values():
                        cursor.execute(f"analyze {qualified_name(table)}")
            except DriverError as error:
                note(f"the data is in place, but Postgres lacks its statistics ({_reason(error)}): run ANALYZE there")

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """As :func:`refusals`; of what is raised while the driver reads our rows, it keeps the text alone."""
        try:
            with refusals():
                yield
        except UserError:
            if self.raised is None:
                raise
            raise self.raised from None

    def _rows(self) -> Iterator[tuple[str, pa.RecordBatchReader]]:
        """What was written or is to be loaded, table by table."""
        for key, spool in self.spools.items():
            with spool.read() as rows:
                yield key, rows
        for key, table in TABLES.items() if self.folder else ():
            assert self.folder is not None
            yield key, pa.RecordBatchReader.from_batches(arrow_schema(table), self._batches(self.folder, table))

    def _batches(self, folder: Path, table: Object) -> Iterator[pa.RecordBatch]:
        try:
            yield from parquet.batches(folder, table)
        except BaseException as error:
            self.raised = error
            raise

    def _commit(self, connection: dbapi.Connection) -> bool:
        """Commit; False where the connection is lost meanwhile, and a new one tells that the server has done so.

        Raises:
            UserError: it has not, or cannot be asked.
        """
        try:
            connection.commit()
        except DriverError as error:
            if not _is_lost(error):
                raise UserError(f"Postgres refuses: {_reason(error)}: nothing was changed") from None
            try:
                with connected(self.url) as again, refusals(), again.cursor() as cursor:
                    done = _manifest_row(cursor) == self.manifest()
            except UserError as silence:
                raise UserError(
                    "the connection to Postgres was lost at the commit, and whether the data is in place cannot be "
                    f"asked ({silence}): compare with `python -m mock_data hash` when the server is back"
                ) from None
            if not done:
                raise UserError(_LOST.format(reason=_reason(error))) from None
            self.published = True
            note("the connection to Postgres was lost after the commit: the data is in place")
            return False
        self.published = True
        return True

    def _discard(self) -> None:
        for spool in self.spools.values():
            spool.file.close()


class _Spool:
    """Rows of one table that wait for the load, in a file without a name: it is gone whenever this process is."""

    def __init__(self, schema: pa.Schema) -> None:
        _SPOOLS.mkdir(parents=True, exist_ok=True)
        self.file = tempfile.TemporaryFile(dir=_SPOOLS)  # noqa: SIM115  open until the load
        self.writer = pa.ipc.new_stream(self.file, schema, options=pa.ipc.IpcWriteOptions(compression="zstd"))

    def write(self, rows: pa.Table) -> None:
        """Add rows."""
        self.writer.write_table(rows)

    def read(self) -> pa.RecordBatchReader:
        """All rows; nothing can be added any more."""
        self.writer.close()
        self.file.seek(0)
        return pa.ipc.open_stream(self.file)


def _replace(cursor: dbapi.Cursor, table: Object, rows: pa.RecordBatchReader) -> None:
    """Add rows to a table; each takes the place of the one with its key."""
    name = qualified_name(table)
    cursor.execute(f"create temporary table incoming (like {name}) on commit drop")
    cursor.adbc_ingest("incoming", rows, mode="append", temporary=True)
    cursor.execute(f"delete from {name} using incoming where {name}.{table.key} = incoming.{table.key}")
    cursor.execute(f"insert into {name} select * from incoming")
    cursor.execute("drop table incoming")


def connect(url: str) -> dbapi.Connection:
    """A connection in a transaction.

    Raises:
        UserError: the address is not one, or the server cannot be reached or refuses the user.
    """
    try:
        # psycopg reads addresses as libpq does, and says what is wrong before anything is sent
        options = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise UserError(
            "the Postgres address cannot be read: write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, "
            "with % and other special characters of user and password percent-encoded"
        ) from None
    if not options.keys() & {"dbname", "service"}:
        raise UserError(f"the address {shown(url)} names no database: write postgresql://USER@HOST/DATABASE")
    try:
        return dbapi.connect(make_conninfo(url, **{"connect_timeout": _CONNECT_SECONDS, **options, **session(options)}))
    except DriverError as error:
        raise UserError(f"cannot connect to Postgres: {_reason(error)}") from None


@contextmanager
def connected(url: str) -> Iterator[dbapi.Connection]:
    """A connection as of :func:`connect`, closed at the end; what is not committed then is undone."""
    connection = connect(url)
    try:
        yield connection
    finally:
        with suppress(DriverError):  # it may be lost, and with it what was not committed
            connection.close()


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what the server refuses, and a connection that is lost, into one line."""
    try:
        yield
    except DriverError as error:
        if "canceling statement due to user request" in str(error):  # that is how the driver takes Ctrl-C
            signal.raise_signal(signal.SIGINT)
        if _is_lost(error):
            raise UserError(_LOST.format(reason=_reason(error))) from None
        raise UserError(f"Postgres refuses: {_reason(error)}: nothing was changed") from None


def _is_lost(error: DriverError) -> bool:
    """Whether the connection is gone: the server says so as it ends it, or the driver finds nobody there."""
    text = str(error)
    return (error.sqlstate or "").startswith(("08", "57P", "25P03")) or any(words in text for words in _LOST_WORDS)


def _reason(error: Exception) -> str:
    """The server's own words, on one line; they never hold the password of an address that could be read."""
    text = str(error)
    for mark in ("Failed to connect: ", "ERROR: ", "FATAL: ", "Failed to execute query: ", "Failed to prepare query: "):
        text = text.partition(mark)[2] or text
    for advice in ("server closed the connection unexpectedly", "This probably means the server", "Query was: "):
        text = text.partition(advice)[0] or text
    return " ".join(text.split()).removesuffix(".")


def _tables(cursor: dbapi.Cursor) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Tables and views in our schemas, with their columns' names and types in order."""
    names = ", ".join(f"'{schema}'" for schema in SCHEMAS)
    cursor.execute(
        f"""
        select n.nspname, c.relname, a.attname::text, format_type(a.atttypid, a.atttypmod)
        from pg_class as c
        inner join pg_namespace as n on n.oid = c.relnamespace
        left join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where n.nspname in ({names}) and c.relkind in ('r', 'v', 'm', 'p', 'f')
        order by 1, 2, a.attnum
        """
    )
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for schema, table, column, kind in cursor.fetchall():
        found.setdefault((schema, table), []).append((column, kind))
    return found


def manifest(cursor: dbapi.Cursor) -> Manifest | None:
    """Who filled the CRM of a database, and with what settings; None where nothing says so."""
    row = _manifest_row(cursor)
    return parse_manifest(_database(cursor), *row[:2]) if row else None


def _manifest_row(cursor: dbapi.Cursor) -> tuple[str, ...] | None:
    cursor.execute(f"select to_regclass('crm.{MANIFEST}') is not null")
    if cursor.fetchone() != (True,):
        return None
    try:
        cursor.execute(f"select {', '.join(MANIFEST_COLUMNS)} from crm.{MANIFEST}")
        return cursor.fetchone()
    except DriverError as error:
        if "does not exist" not in str(error):  # a column
            raise
        raise UserError(damaged("the database")) from None


def _has_declared_columns(key: tuple[str, str], found: dict[tuple[str, str], list[tuple[str, str]]]) -> bool:
    """Whether the table (schema, name) is there as it is declared now."""
    table = TABLES.get(".".join(key))
    wanted = [(f.name, _catalogue_type(sql_type(f, "postgres"))) for f in table.fields] if table else None
    return found.get(key) == wanted


def _attached(cursor: dbapi.Cursor) -> list[tuple[str, str, str]]:
    """(schema, table, name) of what goes with a table that is dropped and is none of ours: all but the primary key."""
    cursor.execute(
        """
        with attached as (
            select conrelid as table_id, conname::text as name from pg_constraint where contype in ('c', 'f', 'u', 'x')
            union
            select i.indrelid, c.relname::text
            from pg_index as i
            inner join pg_class as c on i.indexrelid = c.oid
            where not i.indisprimary
            union
            select tgrelid, tgname::text from pg_trigger where not tgisinternal
        )

        select s.nspname::text, t.relname::text, a.name
        from attached as a
        inner join pg_class as t on a.table_id = t.oid
        inner join pg_namespace as s on t.relnamespace = s.oid
        where s.nspname in ('crm', 'truth')
        """
    )
    return [(str(s), str(t), str(name)) for s, t, name in cursor.fetchall()]


def _database(cursor: dbapi.Cursor) -> str:
    cursor.execute("select 'database ' || current_database()")
    row = cursor.fetchone()
    return str(row[0]) if row else "the database"


def _catalogue_type(declared: str) -> str:
    """A declared type as the server's catalogue spells it."""
    return {"timestamp": "timestamp without time zone"}.get(
        declared, declared.replace("varchar(", "character varying(")
    )


def _key_name(table: Object) -> str:
    return f'"{table.name}_pkey"'


def read(url: str) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Every declared table of the database, in key order.

    Raises:
        UserError: the server cannot be reached or refuses the user, or a table is missing.
    """
    with connected(url) as connection, refusals(), connection.cursor() as cursor:
        refuse_incomplete(_database(cursor), set(_tables(cursor)))
        for key, table in TABLES.items():
            # the driver has no decimals to read with: cents travel as integers
            columns = ", ".join(
                f"cast({f.name} * 100 as bigint) as {f.name}" if _is_decimal(f.type) else f.name for f in table.fields
            )
            cursor.execute(f'select {columns} from {qualified_name(table)} order by {table.key} collate "C"')
            for batch in cursor.fetch_record_batch():
                yield key, _declared(table, batch)


def _is_decimal(kind: FieldType) -> bool:
    return kind in (FieldType.MONEY, FieldType.PERCENT)


def _declared(table: Object, batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch as read, in the declared types."""
    schema = arrow_schema(table)
    arrays = []
    for f, want in zip(table.fields, schema, strict=True):
        array = batch.column(f.name)
        if _is_decimal(f.type):
            cents = array.fill_null(NULL_INTEGER).to_numpy(zero_copy_only=False)
            arrays.append(decimals(cents, want.type.precision).cast(want.type))
        else:
            arrays.append(array.cast(want.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
