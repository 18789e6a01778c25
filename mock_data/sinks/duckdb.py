"""A CRM in a DuckDB file: everything in one transaction, so that a killed run leaves the old file's contents whole."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from warehouse.connect import in_use
from warehouse.errors import UserError, uninterrupted

from ..schema import TABLES
from ..schema.declaration import Object
from ..schema.render import arrow_schema, create_table, qualified_name
from . import (
    MANIFEST,
    MANIFEST_COLUMNS,
    Manifest,
    Sink,
    damaged,
    parse_manifest,
    refuse_added,
    refuse_foreign,
    refuse_incomplete,
)

_TABLES = "select table_schema, table_name from information_schema.tables where table_catalog = current_database()"
# what DuckDB raises where a file is not what it wrote
_DAMAGE = (duckdb.IOException, duckdb.FatalException, duckdb.InternalException, duckdb.SerializationException)

_HEADERS = 3 * 4096  # bytes that every DuckDB file begins with


class DuckDBSink(Sink):
    """Writes schemas ``crm`` and ``truth`` of the DuckDB file at `path`; its other schemas are left alone."""

    size = 3.0  # the file of Parquet, and the database

    def __init__(self, path: str, loader: str, settings: dict[str, object], keep: bool = False) -> None:
        super().__init__(loader, settings, keep)
        self.path = Path(path)
        self.waiting = self.path.with_name(f".{self.path.name}")

    def _open(self) -> None:
        self.is_new = not self.path.exists()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot make the folder {self.path.parent}: {error.strerror}") from None
        try:
            self.connection = connect(self.path)
        except BaseException:
            # a file without its headers is what a full disk leaves; a whole one is another program's of this moment
            if self.path.is_file() and self.path.stat().st_size < _HEADERS:
                self._remove_new()
            raise
        try:
            with _one_line(self.path):
                refuse_foreign(str(self.path), *self._found(), self.loader)
                refuse_added(str(self.path), *self._columns_and_indexes())
                self._make_room()
        except BaseException:
            self._discard()
            raise

    def _make_room(self) -> None:
        self.connection.execute("begin transaction")
        if self.keep:
            row = self.connection.execute(f"select content_hash from crm.{MANIFEST}").fetchone()
            self.held_hash = row[0] if row else ""
            return
        with _one_line(self.path):
            for schema in {table.schema for table in TABLES.values()}:
                self.connection.execute(f"create schema if not exists {schema}")
            for table in TABLES.values():
                # table by table: whatever else is in the schema is somebody's
                self.connection.execute(f"drop table if exists {qualified_name(table)}")
                self.connection.execute(create_table(table, "duckdb"))

    def _found(self) -> tuple[set[tuple[str, str]], Manifest | None]:
        return set(self.connection.execute(_TABLES).fetchall()), manifest(self.connection)

    def _columns_and_indexes(self) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
        columns = (
            "select table_schema, table_name, column_name from information_schema.columns "
            "where table_catalog = current_database()"
        )
        indexes = "select schema_name, table_name, index_name from duckdb_indexes() where database_name = 'warehouse'"
        lost = [] if self.keep else self.connection.execute(indexes).fetchall()
        return self.connection.execute(columns).fetchall(), lost

    def _write(self, table_key: str, data: pa.Table) -> None:
        table = TABLES[table_key]
        self.connection.register("incoming", data)
        if self.keep:
            keys = f"select {table.key} from incoming"
            self.connection.execute(f"delete from {qualified_name(table)} where {table.key} in ({keys})")
        self._insert(table, "incoming")
        self.connection.unregister("incoming")

    def _load(self, folder: Path) -> None:
        for table in TABLES.values():
            here = glob.escape(str(folder / table.schema / table.name)).replace("'", "''")
            self._insert(table, f"read_parquet('{here}/*.parquet')")

    def _insert(self, table: Object, source: str) -> None:
        columns = ", ".join(f.name for f in table.fields)
        with _one_line(self.path):
            self.connection.execute(f"insert into {qualified_name(table)} ({columns}) select {columns} from {source}")

    def _publish(self) -> None:
        columns = ", ".join(f"{c} varchar" for c in MANIFEST_COLUMNS)
        with _one_line(self.path):
            self.connection.execute(f"create or replace table crm.{MANIFEST} ({columns})")
            self.connection.execute(f"insert into crm.{MANIFEST} values (?, ?, ?)", self.manifest())
            with uninterrupted():
                self.connection.execute("commit")
                self.published = True
        self.connection.close()

    def settle(self) -> None:
        if Path(f"{self.path}.wal").exists():
            with suppress(duckdb.Error, UserError), connect(self.path) as connection:
                connection.execute("checkpoint")

    def _discard(self) -> None:
        close(self.connection)  # an open transaction is rolled back
        if not self.published:
            self._remove_new()

    def _remove_new(self) -> None:
        """Remove a file that this load has begun, which may lie behind a link, and what DuckDB keeps beside it."""
        if self.is_new:
            made = Path(os.path.realpath(self.path))
            for file in (made, Path(f"{made}.wal")):
                if file.is_file() and not file.is_symlink():
                    file.unlink()


def connect(path: Path, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open the file at `path`, under a catalogue name of our own: a file called crm.duckdb would hide its schema crm.

    Raises:
        UserError: somebody else has it open, or it is no DuckDB file.
    """
    if "?" in str(path.absolute()):
        raise UserError(f"cannot open {path}: DuckDB takes what follows a question mark for an option: rename it")
    if path.exists() and not path.is_file():
        raise UserError(f"cannot open {path} as a DuckDB file: it is a folder, a pipe or a device")
    try:
        connection = duckdb.connect()
        quoted = str(path.absolute()).replace("'", "''")  # a relative path might be taken for another address
        connection.execute(f"attach '{quoted}' as warehouse (type duckdb{', read_only' if read_only else ''})")
        connection.execute("use warehouse")
        return connection
    except duckdb.Error as error:
        if refusal := in_use(error, path, writes=not read_only):
            raise refusal from None
        raise UserError(f"cannot open {path} as a DuckDB file: {str(error).splitlines()[0]}") from None


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file at `path` for reading, see :func:`connect`."""
    connection = connect(path, read_only=True)
    try:
        yield connection
    finally:
        close(connection)


def close(connection: duckdb.DuckDBPyConnection) -> None:
    """Close a connection, whatever it is at: without the first line, what Ctrl-C has ended would be waited for."""
    connection.interrupt()
    connection.close()


@contextmanager
def _one_line(path: Path) -> Iterator[None]:
    """Turn a disk that is full or a damaged file into one line; whoever closes the connection rolls back."""
    try:
        yield
    except duckdb.Error as error:
        if "No space left" in str(error):
            raise UserError(f"the disk of {path} is full: nothing was changed; make room there") from None
        reason = str(error).splitlines()[0]
        if isinstance(error, _DAMAGE):
            raise UserError(f"{path} cannot be used as a DuckDB file ({reason}): restore it, or delete it") from None
        raise UserError(f"DuckDB refuses {path}: {reason}: nothing was changed") from None


def manifest(connection: duckdb.DuckDBPyConnection) -> Manifest | None:
    """Who filled the CRM in an open file, and with what settings; None where nothing says so."""
    try:
        row = connection.execute(f"select loader, settings from crm.{MANIFEST}").fetchone()
    except duckdb.CatalogException:
        return None
    except duckdb.BinderException:
        raise UserError(damaged(_file_of(connection))) from None
    return parse_manifest(_file_of(connection), *row) if row else None


def _file_of(connection: duckdb.DuckDBPyConnection) -> str:
    row = connection.execute("select path from duckdb_databases() where database_name = current_database()").fetchone()
    return str(row[0]) if row else "the database"


def read(path: str) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Every declared table of the file, in key order.

    Raises:
        UserError: there is no such file, it is damaged, or a table is missing.
    """
    if not Path(path).exists():
        raise UserError(f"there is no file {path}: generate it first")
    with opened(Path(path)) as connection, _one_line(Path(path)):
        refuse_incomplete(path, set(connection.execute(_TABLES).fetchall()))
        for key, table in TABLES.items():
            columns = ", ".join(f.name for f in table.fields)
            result = connection.execute(f"select {columns} from {qualified_name(table)} order by {table.key}")
            for batch in result.to_arrow_reader(1 << 17):
                yield key, batch.cast(arrow_schema(table))
