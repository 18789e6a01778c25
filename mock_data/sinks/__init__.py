"""Where a CRM goes: a DuckDB file, a Postgres database or a folder of Parquet. All or nothing, whoever dies.

>>> with open_sink("duckdb:data/warehouse.duckdb", loader="mock_data", settings={}) as sink:
...     sink.write("crm.account", accounts)

What is written is published when the block ends without an exception, in one transaction or one rename; until then, and
after any failure, what was there before stays whole.
"""

from __future__ import annotations

import json
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

import pyarrow as pa

from warehouse.connect import SCHEMAS
from warehouse.errors import UserError
from warehouse.settings import is_taken_by_duckdb

from ..content_hash import ContentHasher, Sums
from ..schema import TABLES

MANIFEST = "load_manifest"  # the table, in schema crm, that marks a CRM as ours
MANIFEST_COLUMNS = ("loader", "settings", "content_hash")
IN_PLACE, UNCHANGED = "the data is in place", "nothing was changed"
_AT_ONCE = 64 << 20  # bytes of Arrow that an engine is handed at a time: it starts anew for every table it is given
_LONGEST_NAME = 180  # bytes: hidden files beside it have longer names, and most disks end at 255
_KINDS = "use duckdb:PATH, postgresql://USER@HOST/DATABASE or parquet:FOLDER"

Manifest = tuple[str, dict[str, Any]]  # who loaded a CRM, and with what settings


class Sink(AbstractContextManager["Sink"], ABC):
    """A place that tables are written to, all or nothing.

    Attributes:
        loader: what fills it: "mock_data", or another loader's name.
        settings: what the load was asked for; kept in the manifest.
        keep: keep the rows that are there; a row that is written takes the place of the one with its key.
        held_hash: hash of the content that was there; known inside the block where rows are kept.
        content_hash: of what was written; known once the block has ended.
        published: what was written is in place.
        waiting: where files that wait to be loaded here belong, as the beginning of a path on the right disk.
        size: bytes on that disk for a byte of Parquet, while it is loaded.
    """

    waiting: Path
    size: ClassVar[float]

    def __init__(self, loader: str, settings: dict[str, object], keep: bool = False) -> None:
        self.loader = loader
        self.settings = settings
        self.keep = keep
        self.held_hash = ""
        self.content_hash = ""
        self.published = False
        self._hasher = ContentHasher()
        self._held_back: dict[str, list[pa.Table]] = {}

    @property
    def rows(self) -> int:
        """How many were written."""
        return self._hasher.rows

    def write(self, table_key: str, data: pa.RecordBatch | pa.Table, changed: pa.BooleanArray | None = None) -> None:
        """Add rows to a table ("crm.order"), columns as declared.

        Args:
            changed: shape (n,), which of the rows are not there yet as they are; None for all of them.
        """
        if table_key not in TABLES:
            raise KeyError(f"{table_key} is not declared")
        self._hasher.update(table_key, data)
        if changed is not None:
            data = data.filter(changed)
        if len(data):
            held_back = self._held_back.setdefault(table_key, [])
            held_back.append(pa.table(data) if isinstance(data, pa.RecordBatch) else data)
            if sum(table.nbytes for table in held_back) >= _AT_ONCE:
                self._write_out(table_key)

    def _write_out(self, table_key: str) -> None:
        self._write(table_key, pa.concat_tables(self._held_back.pop(table_key)))

    def load(self, folder: Path, sums: Sums) -> None:
        """Add all rows of the Parquet files ``<folder>/<schema>/<table>/*.parquet``; every table has one.

        Args:
            sums: their :attr:`ContentHasher.sums`.
        """
        self._hasher.add(sums)
        self._load(folder)

    def settle(self) -> None:
        """Put right, after the block, what a disk too full for it has left undone; the content is in either way."""

    def manifest(self) -> tuple[str, str, str]:
        """The manifest's one row: see ``MANIFEST_COLUMNS``."""
        return self.loader, json.dumps(self.settings, sort_keys=True), self.content_hash

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.content_hash = self._hasher.hexdigest()
            try:
                for table_key in list(self._held_back):
                    self._write_out(table_key)
                self._publish()
            except BaseException as failure:
                self._give_up(failure)
                raise
        else:
            self._give_up(error)

    def _give_up(self, failure: BaseException | None) -> None:
        """Undo what is not in place, and let the exception say which it is."""
        if failure is not None:
            failure.add_note(IN_PLACE if self.published else UNCHANGED)
        self._discard()

    @abstractmethod
    def _open(self) -> None:
        """Check that the place is ours or empty, before anything in it is touched; then make room for the tables."""

    @abstractmethod
    def _write(self, table_key: str, data: pa.Table) -> None: ...

    @abstractmethod
    def _load(self, folder: Path) -> None: ...

    @abstractmethod
    def _publish(self) -> None: ...

    @abstractmethod
    def _discard(self) -> None: ...


def open_sink(url: str, *, loader: str, settings: dict[str, object], keep: bool = False) -> Sink:
    """The sink that `url` names: ``duckdb:PATH``, ``postgresql://…`` or ``parquet:FOLDER``.

    Args:
        keep: see :attr:`Sink.keep`; a folder of Parquet cannot.

    Raises:
        UserError: the address is none of these, or see :func:`target_of`.
    """
    match target_of(url):
        case "duckdb", path:
            from .duckdb import DuckDBSink

            return DuckDBSink(path, loader, settings, keep)
        case "postgresql", _:
            from .postgres import PostgresSink

            return PostgresSink(url, loader, settings, keep)
        case "parquet", path:
            from .parquet import ParquetSink

            return ParquetSink(path, loader, settings)
    raise UserError(f"cannot write to {shown(url)}: {_KINDS}")


def read_tables(url: str) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Every declared table found at `url`, in pieces, each table in key order.

    Raises:
        UserError: nothing can be read there.
    """
    match place_of(url):
        case "duckdb", path:
            from . import duckdb

            return duckdb.read(path)
        case "postgresql", _:
            from . import postgres

            return postgres.read(url)
        case "parquet", path:
            from . import parquet

            return parquet.read(path)
    raise UserError(f"cannot read {shown(url)}: {_KINDS}")


def manifest_at(url: str) -> Manifest | None:
    """Which loader filled the CRM at `url`, and with what settings; None where no manifest is.

    Raises:
        UserError: the place is there and cannot be opened, or may not be read.
    """
    match place_of(url):
        case "duckdb", path:
            from . import duckdb

            if not Path(path).exists():
                return None
            with duckdb.opened(Path(path)) as connection:
                return duckdb.manifest(connection)
        case "postgresql", _:
            from . import postgres

            with postgres.connected(url) as session, postgres.refusals(), session.cursor() as cursor:
                return postgres.manifest(cursor)
        case "parquet", path:
            from . import parquet

            return parquet.manifest(Path(path))
    return None


def shown(url: str) -> str:
    """What an address may say of itself in a message: never a user or a password."""
    kind, colon, rest = url.partition(":")
    if kind in ("duckdb", "parquet"):
        return url
    try:
        parts = urlsplit(url if kind.startswith("postgres") and rest.startswith("//") else "")
        return f"{kind}://{parts.hostname}{parts.path}" if parts.hostname else f"{kind}:…" if colon else url
    except ValueError:
        return f"{kind}:…"


def place_of(url: str) -> tuple[str, str] | None:
    """What an address names: "duckdb" or "parquet" and a path, "postgresql" and the address, or None: nothing.

    Raises:
        UserError: there can be no such path on this machine.
    """
    kind, _, rest = url.partition(":")
    path = rest.removeprefix("//")
    match kind:
        case "duckdb" | "parquet" if path.strip():
            return kind, str(local_path(path, kind))
        case "postgresql" | "postgres" if rest.startswith("//"):
            return "postgresql", url
    return None


def target_of(url: str) -> tuple[str, str] | None:
    """As :func:`place_of`, for something that is to be made there.

    Raises:
        UserError: besides, no file or folder can be made under that name, or hidden ones beside it.
    """
    place = place_of(url)
    if place and place[0] != "postgresql":
        name = Path(place[1]).name
        if name in ("", ".."):
            raise UserError(f"{shown(url)} names no file or folder of its own: give a name, as in {place[0]}:data/crm")
        if (length := len(os.fsencode(name))) > _LONGEST_NAME:
            raise UserError(f"the name {name[:20]}… has {length} bytes: it may have {_LONGEST_NAME}")
        if place[0] == "duckdb" and is_taken_by_duckdb(Path(name)):
            raise UserError(f"{name} is a name that DuckDB has taken, and dbt could not use the file: give another one")
    return place


def local_path(text: str, what: str) -> Path:
    """The path that a user wrote, ``~`` and ``~user`` resolved.

    Args:
        what: what the path is for, in the message.

    Raises:
        UserError: it is the address of another machine or of no file at all, or its home folder is not known.
    """
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/|:memory:", text):
        raise UserError(f"{what}: {text} is not a path on this machine: give one")
    try:
        text.encode()  # neither DuckDB nor Arrow takes other names
        if "\0" in text:
            raise ValueError
        return Path(text).expanduser()
    except ValueError:
        raise UserError(f"{what}: {text!r} is not a path in UTF-8: rename it") from None
    except RuntimeError:
        raise UserError(f"{what}: the home folder of {text.split('/')[0]} is not known: give the whole path") from None


@contextmanager
def no_new_folders(*paths: Path) -> Iterator[None]:
    """After a failure, remove the folders above `paths` that were not there before, unless something is in them."""
    new = [folder for path in paths for folder in path.absolute().parents if not os.path.lexists(folder)]
    try:
        yield
    except BaseException:
        for folder in new:
            with suppress(OSError):
                folder.rmdir()
        raise


def parse_manifest(where: str, loader: object, settings: object) -> Manifest:
    """A manifest's columns as they were read.

    Args:
        where: the place, for the message.

    Raises:
        UserError: no loader of ours wrote them.
    """
    try:
        values = json.loads(settings) if isinstance(settings, str) else None
    except (ValueError, RecursionError):
        values = None
    if not isinstance(loader, str) or not isinstance(values, dict):
        raise UserError(damaged(where))
    return loader, values


def damaged(where: str) -> str:
    """What to say where a manifest is there and cannot be read."""
    return (
        f"the manifest of the CRM in {where} is damaged: nothing was touched; "
        "name another place, or delete that CRM yourself and make it again"
    )


def refuse_added(where: str, columns: Iterable[tuple[str, str, str]], others: Iterable[tuple[str, str, str]]) -> None:
    """Raise where something was added to tables of ours that would be lost with them.

    Args:
        where: the place, for the message.
        columns: (schema, table, column) of everything that is there.
        others: (schema, table, name) of indexes, triggers and the like that are not ours.
    """
    declared = {(t.schema, t.name, f.name) for t in TABLES.values() for f in t.fields}
    tables = {(schema, table) for schema, table, _ in declared}
    added = {column for column in columns if column[:2] in tables} - declared
    if found := sorted(added) or sorted(other for other in others if other[:2] in tables):
        schema, table, name = found[0]
        raise UserError(
            f"{where} holds {name} on {schema}.{table}, which this version of the project did not make: "
            "nothing was touched; drop it there, or name another place with --to"
        )


def refuse_foreign(where: str, found: set[tuple[str, str]], held: Manifest | None, loader: str) -> None:
    """Raise unless the schemas we write to are empty or were filled by the same loader.

    Args:
        where: the place, for the message.
        found: (schema, table) pairs that are there.
        held: the manifest that is there; None where none is.
    """
    ours = {pair for pair in found if pair[0] in SCHEMAS}
    if not ours:
        return
    if held is None:
        schema, table = min(ours)
        raise UserError(
            f"{where} already holds {schema}.{table}, which this project did not make: "
            "nothing was touched; use another database, or empty that schema yourself"
        )
    if held[0] != loader:
        raise UserError(
            f"{where} holds a CRM filled by {held[0]}, not by {loader}: nothing was touched; "
            "name another place with --to"
        )
    unknown = sorted(
        f"{s}.{t}" for s, t in ours if s in ("crm", "truth") and f"{s}.{t}" not in {*TABLES, f"crm.{MANIFEST}"}
    )
    if unknown:
        raise UserError(
            f"{where} holds {', '.join(unknown)}, which this project did not make: "
            "nothing was touched; move it to another schema"
        )


def refuse_incomplete(where: str, found: set[tuple[str, str]]) -> None:
    """Raise unless every declared table is there.

    Args:
        where: the place, for the message.
        found: (schema, table) pairs that are there.
    """
    missing = [key for key, table in TABLES.items() if (table.schema, table.name) not in found]
    if len(missing) == len(TABLES):
        raise UserError(f"{where} holds no CRM of ours: generate it first")
    if missing:
        raise UserError(f"{where} lacks {', '.join(missing)}: it is no whole CRM; generate it again")
