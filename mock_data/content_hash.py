"""One number for a whole CRM: equal on any engine, for any number of workers, when and only when the rows are equal.

Each value is one 64-bit word that depends on it alone, however it is stored; a row is the sum of its words, each times
its column's key; a table is the sum of its rows, each mixed twice over, so 128 bits. Sums do not care for order: rows
may come in pieces of any size, in any order, and be added up by several workers. It tells equal from changed content;
it is no proof against somebody who wants to deceive.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .schema import TABLES
from .schema.declaration import Field, FieldType

Words: TypeAlias = NDArray[np.uint64]
Sums: TypeAlias = dict[str, tuple[int, int, int]]  # table key: rows, and the two sums of their words modulo 2⁶⁴

_NULL = np.array([0x9E3779B97F4A7C15], dtype=np.uint64)
_BYTES_KEPT = np.array([(1 << 8 * n) - 1 for n in range(9)], dtype=np.uint64)  # of a word whose text ends in it


class ContentHasher:
    """Takes rows in pieces and tells the hash of all of them."""

    def __init__(self, sums: Mapping[str, Iterable[int]] | None = None) -> None:
        self.sums: Sums = {}
        if sums:
            self.add(sums)

    @property
    def rows(self) -> int:
        """How many rows were added so far."""
        return sum(rows for rows, _, _ in self.sums.values())

    def update(self, table_key: str, batch: pa.RecordBatch | pa.Table) -> None:
        """Add rows of the table `table_key`, columns as declared."""
        if isinstance(batch, pa.Table):
            for piece in batch.to_batches():
                self.update(table_key, piece)
            return
        if not len(batch):
            return
        row = np.zeros(len(batch), dtype=np.uint64)
        for field in TABLES[table_key].fields:
            key = _key(f"{table_key}.{field.name}")
            _add_words(row, field, batch.column(field.name), key)
        self.add({table_key: (len(batch), int(_mixed(row).sum()), int(_mixed(row + _NULL).sum()))})

    def add(self, sums: Mapping[str, Iterable[int]]) -> None:
        """Add what another hasher took: its `sums`."""
        for table, more in sums.items():
            rows, *words = (a + b for a, b in zip(self.sums.get(table, (0, 0, 0)), more, strict=True))
            self.sums[table] = (rows, words[0] % 2**64, words[1] % 2**64)

    def hexdigest(self) -> str:
        """32 hexadecimal digits for everything added so far; a table without rows counts as one that was not added."""
        whole = hashlib.blake2b(digest_size=16)
        for table, sums in sorted(self.sums.items()):
            whole.update(f"{table}:{sums};".encode())
        return whole.hexdigest()


def content_hash(tables: Iterable[tuple[str, pa.RecordBatch | pa.Table]]) -> str:
    """Hash of (table key, rows) pairs."""
    hasher = ContentHasher()
    for key, batch in tables:
        hasher.update(key, batch)
    return hasher.hexdigest()


@lru_cache(maxsize=4096)
def _key(name: str) -> Words:
    """An odd number for a column, or for a place in a text, shape (1,): arrays overflow silently, as is meant here."""
    return np.frombuffer(hashlib.blake2b(name.encode(), digest_size=8).digest(), dtype=np.uint64) | np.uint64(1)


def _add_words(row: Words, field: Field, column: pa.Array, key: Words) -> None:
    """Add key × word of each value of a column to `row`, shape (n,); a dictionary's texts are worked out once each."""
    if column.null_count == len(column):
        row += _NULL * key
    elif isinstance(column, pa.DictionaryArray):
        words = _words(field, column.dictionary) * key
        positions = column.indices
        if column.null_count:
            words = np.append(words, _NULL * key)
            positions = positions.fill_null(len(words) - 1)
        # a constant, as many system fields are, needs no look-up
        row += words if len(words) == 1 else words[positions.to_numpy()]
    else:
        words = _words(field, column)
        words *= key
        row += words


def _words(field: Field, column: pa.Array) -> Words:
    """A word for each value of a column, shape (n,), free to be written on."""
    match field.type:
        case FieldType.ID | FieldType.REFERENCE | FieldType.TEXT | FieldType.PICKLIST:
            words = _text_words(column.cast(pa.string()))
        case FieldType.MONEY | FieldType.PERCENT:
            # 64-bit decimals of scale 2 are integer cents already
            cents = column.cast(pa.decimal64(18, 2))
            words = np.frombuffer(cents.buffers()[1], dtype=np.uint64)[cents.offset : cents.offset + len(cents)].copy()
        case FieldType.NUMBER:
            words = _mixed(_plain(column, pa.float64()).view(np.uint64))
        case FieldType.DATE:
            words = _plain(column, pa.int32()).astype(np.int64).view(np.uint64)
        case FieldType.DATETIME:
            words = _plain(column.cast(pa.timestamp("us")), pa.int64()).view(np.uint64).copy()
        case _:
            words = _plain(column, pa.int64()).view(np.uint64).copy()
    if column.null_count:
        words[column.is_null().to_numpy(zero_copy_only=False)] = _NULL
    return words


def _plain(column: pa.Array, kind: pa.DataType) -> NDArray[np.int64]:
    """A column without NULLs, as numbers."""
    values = column.cast(kind)
    return (values.fill_null(0) if values.null_count else values).to_numpy()


def _text_words(text: pa.StringArray) -> Words:
    """A word for each text: its length and its bytes, eight at a time, each times a key for the place, added up."""
    n = len(text)
    if not n or text.buffers()[2] is None:
        return np.zeros(n, dtype=np.uint64)
    _, offsets, data = text.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[text.offset : text.offset + n + 1]
    starts, length = ends[:-1].astype(np.int64), np.diff(ends).astype(np.int64)
    # every eight bytes in a row as one word, wherever they begin
    padded = np.zeros(ends[-1] + 8, dtype=np.uint8)
    padded[:-8] = np.frombuffer(data, dtype=np.uint8)[: ends[-1]]
    windows: Words = np.ndarray(ends[-1] + 1, dtype=np.uint64, buffer=padded, strides=(1,))
    shortest, longest = int(length.min()), int(length.max())
    words = length.view(np.uint64) * _key("length")
    going_on = np.arange(n)  # texts that have bytes at this place: one long text among many costs its own length only
    for place in range(0, longest, 8):
        key = _key(f"bytes from {place}")
        if shortest == longest:  # ids: they stand at even distances
            piece = windows[starts[0] + place :: longest][:n] & _BYTES_KEPT[min(longest - place, 8)]
            words += _folded(piece) * key
            continue
        if place >= shortest:
            going_on = going_on[length[going_on] > place]
        some = slice(None) if place < shortest else going_on
        piece = windows[starts[some] + place]
        if place + 8 > shortest:
            piece &= _BYTES_KEPT[np.minimum(length[some] - place, 8)]
        words[some] += _folded(piece) * key
    return words


def _folded(words: Words) -> Words:
    """Each word with its upper half laid over the lower, so that a change up there is not lost to a multiplication."""
    return words ^ (words >> np.uint64(32))


def _mixed(words: Words) -> Words:
    """Each word as another that shares nothing with it to the eye: the finaliser of SplitMix64, as in `draws`."""
    mixed = words ^ (words >> np.uint64(30))
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed
