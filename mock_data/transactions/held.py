"""What a place holds already: the manifest that a load left there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def manifest(url: str) -> tuple[str, dict[str, Any]] | None:
    """Which loader filled the CRM at `url` (a sink's address), and with what settings; None where no manifest is.

    Raises:
        UserError: the place is there and cannot be opened, or may not be read.
    """
    from mock_data.sinks import MANIFEST

    kind, _, rest = url.partition(":")
    row: tuple[Any, ...] | None = None
    if kind == "duckdb" and Path(path := rest.removeprefix("//")).exists():
        import duckdb

        from mock_data.sinks.duckdb import connect as open_file

        with open_file(Path(path), read_only=True) as connection:
            try:
                row = connection.execute(f"select loader, settings from crm.{MANIFEST}").fetchone()
            except duckdb.CatalogException:
                row = None
    elif kind in ("postgres", "postgresql"):
        from mock_data.sinks.postgres import connect, refusals

        with connect(url) as session, refusals(), session.cursor() as cursor:
            cursor.execute(f"select to_regclass('crm.{MANIFEST}') is not null")
            found = cursor.fetchone()
            if found and found[0]:
                cursor.execute(f"select loader, settings from crm.{MANIFEST}")
                row = cursor.fetchone()
    elif kind == "parquet":
        file = Path(rest.removeprefix("//")) / f"{MANIFEST}.json"
        if file.exists():
            held = json.loads(file.read_text())
            row = (held["loader"], held["settings"])
    return (str(row[0]), json.loads(row[1])) if row else None


def shown(url: str) -> str:
    """An address to show: without user and password."""
    if not url.startswith("postgres"):
        return url
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
