"""A CRM as a folder of Parquet files: written to a hidden folder beside it, then put in place by one rename."""

from __future__ import annotations

import errno
import filecmp
import glob
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.errors import UserError, uninterrupted

from ..content_hash import ContentHasher
from ..schema import TABLES
from ..schema.declaration import Object
from ..schema.render import arrow_schema
from . import MANIFEST, MANIFEST_COLUMNS, Manifest, Sink, damaged, parse_manifest, refuse_foreign, refuse_incomplete

_MANIFEST_FILE = f"{MANIFEST}.json"


class ParquetSink(Sink):
    """Writes ``<folder>/<schema>/<table>/<piece>.parquet``.

    The folder is a link to a hidden one beside it, so that a new load replaces the old one in a single step.
    """

    size = 1.0

    def __init__(self, path: str, loader: str, settings: dict[str, object]) -> None:
        super().__init__(loader, settings)
        self.path = Path(path)
        self.waiting = self.path.with_name(f".{self.path.name}")
        self.files: TableFiles | None = None
        self.folder: Path | None = None

    def _open(self) -> None:
        self._refuse_foreign()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot write beside {self.path}: {error.strerror}") from None
        for old in self.path.parent.glob(f".{glob.escape(self.path.name)}.loading-????????"):
            shutil.rmtree(old, ignore_errors=True)  # left by a run that was killed

    def _refuse_foreign(self) -> None:
        """Raise unless nothing or an empty folder is there, or our own link to a folder that holds our load only."""
        if not os.path.lexists(self.path):
            return
        if self.path.is_symlink():
            # a load's folder is named after its content, which is what tells our link from a user's
            if not re.fullmatch(rf"\.{re.escape(self.path.name)}\.[0-9a-f]{{32}}", os.readlink(self.path)):
                raise UserError(
                    f"{self.path} is a link that this project did not make: nothing was touched; "
                    "name the folder behind it, or another one, with --to"
                )
            if self.path.exists():
                self._refuse(_foreign_inside(self.path))
                found = {(p.parent.parent.name, p.parent.name) for p in self.path.glob("*/*/*.parquet")}
                refuse_foreign(str(self.path), found, manifest(self.path), self.loader)
            return
        if not self.path.is_dir():
            raise UserError(f"{self.path} is a file: nothing was touched; name a folder with --to")
        self._refuse(_first_inside(self.path))

    def _refuse(self, foreign: Path | None) -> None:
        if foreign:
            raise UserError(
                f"{self.path} holds {foreign.relative_to(self.path)}, which this project did not make: "
                "nothing was touched; move it elsewhere, or name a new folder with --to"
            )

    def _write(self, table_key: str, data: pa.Table) -> None:
        with _one_line(self.path):
            self._new_files().write(table_key, data)

    def _new_files(self) -> TableFiles:
        """Files of our own, for rows that come one batch after the other."""
        if self.files is None:
            try:
                self.folder = Path(tempfile.mkdtemp(prefix=f".{self.path.name}.loading-", dir=self.path.parent))
            except OSError as error:
                raise UserError(f"cannot write beside {self.path}: {error.strerror}") from None
            self.files = TableFiles(self.folder, 0)
        return self.files

    def _load(self, folder: Path) -> None:
        self.folder = folder

    def _publish(self) -> None:
        self._refuse_foreign()  # it may have come since
        with _one_line(self.path):
            self._put_in_place()

    def _put_in_place(self) -> None:
        if self.folder is None or self.files:
            with self._new_files() as files:
                files.write_empty()
        assert self.folder is not None
        self.folder.chmod(0o755)
        held = dict(zip(MANIFEST_COLUMNS, self.manifest(), strict=True)) | {"files": _files(self.folder)}
        (self.folder / _MANIFEST_FILE).write_text(json.dumps(held))
        old = self.path.resolve() if self.path.is_symlink() else None
        final = self.path.parent / f".{self.path.name}.{self.content_hash}"
        if old and final.resolve() == old and _holds_the_same(final, self.folder):
            self.published = True  # the same content is in place already
            shutil.rmtree(self.folder)
            return
        shutil.rmtree(final, ignore_errors=True)
        os.replace(self.folder, final)
        if self.path.is_dir() and not self.path.is_symlink():
            self.path.rmdir()  # an empty folder that the user made
        link = self.path.parent / f".{self.path.name}.link"
        link.unlink(missing_ok=True)
        link.symlink_to(final.name)
        with uninterrupted():
            os.replace(link, self.path)
            self.published = True
        if old and old != final.resolve():
            shutil.rmtree(old, ignore_errors=True)

    def _discard(self) -> None:
        if self.files and self.folder:
            with suppress(OSError):
                self.files.__exit__(None, None, None)
            shutil.rmtree(self.folder, ignore_errors=True)


def _holds_the_same(folder: Path, other: Path) -> bool:
    """Whether two folders hold the same files, byte for byte: a damaged one does not hold what it was loaded with."""
    names = {file.relative_to(other) for file in other.rglob("*") if file.is_file()}
    if names != {file.relative_to(folder) for file in folder.rglob("*") if file.is_file()}:
        return False
    return all(filecmp.cmp(folder / name, other / name, shallow=False) for name in names)


class TableFiles(AbstractContextManager["TableFiles"]):
    """One file a table, ``<folder>/<schema>/<table>/<number>.parquet``, one row group for each batch of rows.

    Closed when the block ends; after an exception the files are not whole, and are for the caller to remove.
    """

    def __init__(self, folder: Path, number: int) -> None:
        self.folder = folder
        self.number = number
        self.writers: dict[str, pq.ParquetWriter] = {}

    def write(self, table_key: str, data: pa.RecordBatch | pa.Table) -> None:
        """Add rows to the file of the table `table_key`."""
        if table_key not in self.writers:
            table = TABLES[table_key]
            folder = self.folder / table.schema / table.name
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / f"{self.number:05}.parquet"
            self.writers[table_key] = pq.ParquetWriter(file, data.schema, **_options(data.schema))
        if len(data):
            whole = pa.table(data) if isinstance(data, pa.RecordBatch) else data
            self.writers[table_key].write_table(whole, row_group_size=len(data))

    def write_empty(self) -> None:
        """Give the tables that have had no rows a file that carries their columns."""
        for key, table in TABLES.items():
            if key not in self.writers:
                self.write(key, arrow_schema(table).empty_table())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failed: OSError | None = None
        for writer in self.writers.values():
            try:
                writer.close()
            except OSError as problem:
                writer.is_open = False  # or it would be closed once more, and say so, when it is collected
                failed = failed or problem
        if failed and error is None:
            raise failed


@contextmanager
def _one_line(path: Path) -> Iterator[None]:
    """Turn a disk that is full, or another reason of the system, into one line."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC or "No space left" in str(error):  # Arrow has the number in its words only
            raise UserError(f"the disk of {path} is full: nothing was changed; make room there") from None
        raise UserError(f"cannot write {path}: {error.strerror or error}: nothing was changed") from None


def _options(schema: pa.Schema) -> dict[str, Any]:
    """How columns are written: what costs least to make, among encodings that every reader knows.

    Ids and datetimes are left plain: here zstd makes them as small as delta encodings would, in half the time.
    """
    encoding = {f.name: e for f in schema if (e := _encoding(f.type))}
    return {
        "version": "2.6",
        "compression": "zstd",
        "compression_level": 1,
        "use_dictionary": [f.name for f in schema if pa.types.is_dictionary(f.type)] or False,
        "column_encoding": encoding or None,
        "dictionary_pagesize_limit": 1 << 30,  # a reference is never written out, however many there are
        "store_decimal_as_integer": True,
        "store_schema": False,  # a reader sees texts, not our dictionaries
        "write_statistics": [f.name for f in schema if pa.types.is_temporal(f.type)] or False,
        "write_batch_size": 1 << 14,
    }


def _encoding(kind: pa.DataType) -> str | None:
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_date(kind):
        return "DELTA_BINARY_PACKED"
    return "BYTE_STREAM_SPLIT" if pa.types.is_floating(kind) else None


def manifest(folder: Path) -> Manifest | None:
    """Who filled the CRM in a folder, and with what settings; None where nothing says so."""
    file = folder / _MANIFEST_FILE
    if not file.is_file():
        return None
    try:
        row = json.loads(file.read_text(encoding="utf-8"))
        return parse_manifest(str(folder), row["loader"], row["settings"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise UserError(damaged(str(folder))) from None


def _files(folder: Path) -> list[str]:
    """Every Parquet file of a load's folder, as the manifest lists it."""
    return sorted(str(file.relative_to(folder)) for file in folder.glob("*/*/*.parquet"))


def _foreign_inside(folder: Path) -> Path | None:
    """The first thing in a load's folder that its manifest does not list; a foreign folder is not looked into."""
    try:
        listed = json.loads((folder / _MANIFEST_FILE).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise UserError(damaged(str(folder))) from None
    ours = {Path(_MANIFEST_FILE), *map(Path, listed)}
    folders = {parent for file in ours for parent in file.parents}
    inside = [folder]
    while inside:
        for path in sorted(inside.pop().iterdir(), reverse=True):
            name = path.relative_to(folder)
            if name in folders and _is_plain(path, Path.is_dir):
                inside.append(path)
            elif name not in ours or not _is_plain(path, Path.is_file):
                return path
    return None


def _is_plain(path: Path, kind: Callable[[Path], bool]) -> bool:
    """Whether a path is of a kind itself, and no link to one."""
    return kind(path) and not path.is_symlink()


def _first_inside(folder: Path) -> Path | None:
    """One thing that a folder holds, a file where the way to one is short; None where it is empty."""
    first = min(folder.iterdir(), default=None)
    while first and _is_plain(first, Path.is_dir) and (inside := min(first.iterdir(), default=None)):
        first = inside
    return first


def batches(folder: Path, table: Object) -> Iterator[pa.RecordBatch]:
    """The rows of one table in a folder's files, in the declared types."""
    for file in sorted((folder / table.schema / table.name).glob("*.parquet")):
        with pq.ParquetFile(file) as opened:
            for batch in opened.iter_batches():
                yield batch.cast(arrow_schema(table))


def read(path: str) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Every declared table of the folder, in key order.

    Raises:
        UserError: there is no such folder, or it does not hold what it was loaded with.
    """
    if manifest(Path(path)) is None:
        raise UserError(f"{path} holds no CRM of ours: generate it first")
    refuse_incomplete(path, {(file.parent.parent.name, file.parent.name) for file in Path(path).glob("*/*/*.parquet")})
    hasher = ContentHasher()
    try:
        for key, table in TABLES.items():
            for batch in batches(Path(path), table):
                hasher.update(key, batch)
                yield key, batch
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"the CRM in {path} is damaged ({str(error).splitlines()[0]}): generate it again") from None
    held = json.loads((Path(path) / _MANIFEST_FILE).read_text(encoding="utf-8")).get("content_hash")
    if held not in (None, hasher.hexdigest()):
        raise UserError(f"the CRM in {path} lacks rows, or holds others than it was loaded with: generate it again")
