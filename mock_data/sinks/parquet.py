"""A CRM as a folder of Parquet files: written to a hidden folder beside it, then put in place by one rename."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.errors import UserError

from ..schema import TABLES
from ..schema.render import arrow_schema
from . import MANIFEST, MANIFEST_COLUMNS, Sink, refuse_foreign

_MANIFEST_FILE = f"{MANIFEST}.json"


class ParquetSink(Sink):
    """Writes ``<folder>/<schema>/<table>/<piece>.parquet``.

    The folder is a link to a hidden one beside it, so that a new load replaces the old one in a single step.
    """

    def __init__(self, path: str, loader: str, settings: dict[str, object]) -> None:
        super().__init__(loader, settings)
        self.path = Path(path)
        self.pieces: Counter[str] = Counter()

    def _open(self) -> None:
        if self.path.exists():
            self._refuse_foreign()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            for old in self.path.parent.glob(f".{self.path.name}.loading-*"):
                shutil.rmtree(old, ignore_errors=True)  # left by a run that was killed
            self.folder = Path(tempfile.mkdtemp(prefix=f".{self.path.name}.loading-", dir=self.path.parent))
        except OSError as error:
            raise UserError(f"cannot write beside {self.path}: {error.strerror}") from None
        self.folder.chmod(0o755)
        for key, table in TABLES.items():
            (self.folder / table.schema / table.name).mkdir(parents=True)
            self._piece(key, arrow_schema(table).empty_table())

    def _refuse_foreign(self) -> None:
        """Raise unless the folder is empty, or a link to one that holds our load and nothing else."""
        if not self.path.is_dir():
            raise UserError(f"{self.path} is a file: nothing was touched; name a folder with --to")
        if not self.path.is_symlink():
            foreign = sorted(p.relative_to(self.path).as_posix() for p in self.path.rglob("*") if p.is_file())
            self._refuse(foreign or sorted(p.name for p in self.path.iterdir()))
            return
        manifest = self.path / _MANIFEST_FILE
        loader = json.loads(manifest.read_text())["loader"] if manifest.exists() else None
        inside = self.path.resolve()
        found = {p.relative_to(inside).parts for p in inside.rglob("*") if p.is_file() and p != inside / _MANIFEST_FILE}
        ours = {(t.schema, t.name) for t in TABLES.values()}
        self._refuse(sorted("/".join(p) for p in found if p[:-1] not in ours or not p[-1].endswith(".parquet")))
        refuse_foreign(str(self.path), {(p[0], p[1]) for p in found}, loader, self.loader)

    def _refuse(self, foreign: list[str]) -> None:
        if foreign:
            raise UserError(
                f"{self.path} holds {foreign[0]}, which this project did not make: "
                "nothing was touched; move it elsewhere, or name a new folder with --to"
            )

    def _write(self, table_key: str, data: pa.Table) -> None:
        self._piece(table_key, data)

    def _piece(self, table_key: str, data: pa.Table) -> None:
        """Write one file; number 0 is the empty one that carries the columns of a table without rows."""
        table = TABLES[table_key]
        file = self.folder / table.schema / table.name / f"{self.pieces[table_key]:05}.parquet"
        pq.write_table(data, file, compression="zstd", version="2.6")
        self.pieces[table_key] += 1

    def _publish(self) -> None:
        (self.folder / _MANIFEST_FILE).write_text(json.dumps(dict(zip(MANIFEST_COLUMNS, self.manifest(), strict=True))))
        old = self.path.resolve() if self.path.is_symlink() else None
        final = self.path.parent / f".{self.path.name}.{self.content_hash}"
        if old and final.resolve() == old and (final / _MANIFEST_FILE).exists():
            shutil.rmtree(self.folder)  # the same content is in place already
            return
        shutil.rmtree(final, ignore_errors=True)
        os.replace(self.folder, final)
        if self.path.is_dir() and not self.path.is_symlink():
            self.path.rmdir()  # an empty folder that the user made
        link = self.path.parent / f".{self.path.name}.link"
        link.unlink(missing_ok=True)
        link.symlink_to(final.name)
        os.replace(link, self.path)
        if old and old != final.resolve():
            shutil.rmtree(old, ignore_errors=True)

    def _discard(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def read(path: str) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Every declared table of the folder, in key order.

    Raises:
        UserError: there is no such folder.
    """
    folder = Path(path)
    if not (folder / _MANIFEST_FILE).exists():
        raise UserError(f"{folder} holds no CRM of ours: generate it first")
    for key, table in TABLES.items():
        for file in sorted((folder / table.schema / table.name).glob("*.parquet")):
            for batch in pq.ParquetFile(file).iter_batches():
                yield key, batch.cast(arrow_schema(table))
