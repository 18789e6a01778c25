"""Where a CRM goes: a DuckDB file, a Postgres database or a folder of Parquet. All or nothing, whoever dies.

>>> with open_sink("duckdb:data/warehouse.duckdb", loader="mock_data", settings={}) as sink:
...     sink.write("crm.account", accounts)

What is written is published when the block ends without an exception, in one transaction or one rename; until then, and
after any failure, what was there before stays whole.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

import pyarrow as pa

from warehouse.errors import UserError

from ..content_hash import ContentHasher
from ..schema import TABLES

MANIFEST = "load_manifest"  # the table, in schema crm, that marks a CRM as ours
MANIFEST_COLUMNS = ("loader", "settings", "content_hash")
OUR_SCHEMAS = ("crm", "truth", "staging", "intermediate", "marts")


class Sink(AbstractContextManager["Sink"], ABC):
    """A place that tables are written to, all or nothing.

    Attributes:
        loader: what fills it: "mock_data", or another loader's name.
        settings: what the load was asked for; kept in the manifest.
        content_hash: of what was written; known once the block has ended.
        rows: how many were written.
    """

    def __init__(self, loader: str, settings: dict[str, object]) -> None:
        self.loader = loader
        self.settings = settings
        self.content_hash = ""
        self.rows = 0
        self._hasher = ContentHasher()

    def write(self, table_key: str, data: pa.RecordBatch | pa.Table) -> None:
        """Add rows to a table ("crm.order"), columns as declared; each table's rows come in key order."""
        if table_key not in TABLES:
            raise KeyError(f"{table_key} is not declared")
        self._hasher.update(table_key, data)
        self.rows += len(data)
        if len(data):
            self._write(table_key, pa.table(data) if isinstance(data, pa.RecordBatch) else data)

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
                self._publish()
            except BaseException:
                self._discard()
                raise
        else:
            self._discard()

    @abstractmethod
    def _open(self) -> None:
        """Check that the place is ours or empty, before anything in it is touched; then make room for the tables."""

    @abstractmethod
    def _write(self, table_key: str, data: pa.Table) -> None: ...

    @abstractmethod
    def _publish(self) -> None: ...

    @abstractmethod
    def _discard(self) -> None: ...


def open_sink(url: str, *, loader: str, settings: dict[str, object]) -> Sink:
    """The sink that `url` names: ``duckdb:PATH``, ``postgresql://…`` or ``parquet:FOLDER``.

    Raises:
        UserError: the address is none of these.
    """
    kind, _, rest = url.partition(":")
    match kind:
        case "duckdb" if rest:
            from .duckdb import DuckDBSink

            return DuckDBSink(rest.removeprefix("//"), loader, settings)
        case "postgresql" | "postgres" if rest.startswith("//"):
            from .postgres import PostgresSink

            return PostgresSink(url, loader, settings)
        case "parquet" if rest:
            from .parquet import ParquetSink

            return ParquetSink(rest.removeprefix("//"), loader, settings)
    raise UserError(
        f"cannot write to {_shown(url)}: use duckdb:PATH, postgresql://USER@HOST/DATABASE or parquet:FOLDER"
    )


def read_tables(url: str) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Every declared table found at `url`, in pieces, each table in key order.

    Raises:
        UserError: nothing can be read there.
    """
    kind, _, rest = url.partition(":")
    if kind == "duckdb":
        from .duckdb import read

        return read(rest.removeprefix("//"))
    if kind in ("postgresql", "postgres"):
        from .postgres import read as read_postgres

        return read_postgres(url)
    if kind == "parquet":
        from .parquet import read as read_parquet

        return read_parquet(rest.removeprefix("//"))
    raise UserError(f"cannot read {_shown(url)}: use duckdb:PATH, postgresql://USER@HOST/DATABASE or parquet:FOLDER")


def refuse_foreign(where: str, found: set[tuple[str, str]], loader_found: str | None, loader: str) -> None:
    """Raise unless the schemas we write to are empty or were filled by the same loader.

    Args:
        where: the place, for the message.
        found: (schema, table) pairs that are there.
        loader_found: who filled the CRM that is there; None where nothing says so.
    """
    ours = {pair for pair in found if pair[0] in OUR_SCHEMAS}
    if not ours:
        return
    if loader_found is None:
        schema, table = min(ours)
        raise UserError(
            f"{where} already holds {schema}.{table}, which this project did not make: "
            "nothing was touched; use another database, or empty that schema yourself"
        )
    if loader_found != loader:
        raise UserError(
            f"{where} holds a CRM filled by {loader_found}, not by {loader}: "
            "nothing was touched; name another place with --to"
        )
    unknown = sorted(
        f"{s}.{t}" for s, t in ours if s in ("crm", "truth") and f"{s}.{t}" not in {*TABLES, f"crm.{MANIFEST}"}
    )
    if unknown:
        raise UserError(
            f"{where} holds {', '.join(unknown)}, which this project did not make: "
            "nothing was touched; move it to another schema"
        )


def _shown(url: str) -> str:
    """What an address may say of itself in a message: all of it where no password can be in it, else its kind."""
    kind, colon, _ = url.partition(":")
    return f"{kind}:…" if colon else url
