"""One number for a whole CRM: equal on any engine, for any number of workers, when and only when the rows are equal.

Rows go in by key, columns as declared; times count to the second, money in integer cents. The hash of each column is
taken on its own, so that rows may come in pieces of any size.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .schema import TABLES
from .schema.declaration import Field, FieldType


class ContentHasher:
    """Takes tables in pieces, each table in key order, and tells the hash of all of them."""

    def __init__(self) -> None:
        self._columns: dict[tuple[str, str], tuple[hashlib.blake2b, hashlib.blake2b]] = {}

    def update(self, table_key: str, batch: pa.RecordBatch | pa.Table) -> None:
        """Add rows of the table `table_key`; their keys come after those already added."""
        if isinstance(batch, pa.Table):
            for piece in batch.combine_chunks().to_batches():
                self.update(table_key, piece)
            return
        if not len(batch):
            return
        for field in TABLES[table_key].fields:
            lengths, values = self._columns.setdefault(
                (table_key, field.name), (hashlib.blake2b(digest_size=16), hashlib.blake2b(digest_size=16))
            )
            length, value = _canonical(field, batch.column(field.name))
            lengths.update(length)
            values.update(value)

    def hexdigest(self) -> str:
        """32 hexadecimal digits for everything added so far; a table without rows counts as one that was not added."""
        whole = hashlib.blake2b(digest_size=16)
        for (table, column), parts in sorted(self._columns.items()):
            whole.update(f"{table}.{column}:".encode() + b":".join(p.digest() for p in parts))
        return whole.hexdigest()


def content_hash(tables: Iterable[tuple[str, pa.RecordBatch | pa.Table]]) -> str:
    """Hash of (table key, rows) pairs, each table's rows in key order."""
    hasher = ContentHasher()
    for key, batch in tables:
        hasher.update(key, batch)
    return hasher.hexdigest()


def _canonical(field: Field, column: pa.Array) -> tuple[bytes, bytes]:
    """A column as two byte strings that depend on its values alone: lengths (−1 for NULL) and contents."""
    is_null = column.is_null().to_numpy(zero_copy_only=False)
    match field.type:
        case FieldType.ID | FieldType.REFERENCE | FieldType.TEXT | FieldType.PICKLIST:
            text = column.cast(pa.string())
            length = pc.fill_null(pc.binary_length(text), -1).cast(pa.int32()).to_numpy(zero_copy_only=False)
            return length.tobytes(), _joined(text)
        case FieldType.MONEY | FieldType.PERCENT:
            # 128-bit decimals of scale 2 are integer cents already: the low half of each
            raw = np.frombuffer(column.buffers()[1], dtype="<i8").reshape(-1, 2)
            values = raw[column.offset : column.offset + len(column), 0]
        case FieldType.DATE:
            values = column.cast(pa.int32()).fill_null(0).to_numpy().astype("<i8")
        case FieldType.DATETIME:
            values = column.cast(pa.timestamp("us")).cast(pa.int64()).fill_null(0).to_numpy() // 1_000_000
        case FieldType.NUMBER:
            values = column.fill_null(0.0).to_numpy().view("<i8")
        case _:
            values = column.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return np.where(is_null, -1, 0).astype("<i4").tobytes(), np.where(is_null, 0, values).astype("<i8").tobytes()


def _joined(text: pa.StringArray) -> bytes:
    """All texts of a column one after the other."""
    if text.null_count:
        text = pc.fill_null(text, "")
    _, offsets, data = text.buffers()
    if data is None:
        return b""
    first, *_, last = np.frombuffer(offsets, dtype=np.int32)[text.offset : text.offset + len(text) + 1][[0, -1]]
    return memoryview(data)[first:last].tobytes()
