"""From the simulator's numbers to Arrow: each column is written as its declared type says.

Raw forms: ids and references are record numbers (−1 is NULL); picklists are positions in the declared list (−1 is
NULL); money is integer cents and percents integer hundredths (``NULL_INTEGER`` is NULL); dates are datetime64[D] and
datetimes datetime64[s] (NaT is NULL); text is an Arrow array already, or one of a pool's positions with the pool.

Picklists and references become dictionary arrays, each text once and a position for each row, and decimals 64-bit
integers: whoever hashes or writes them pays for the few texts instead of the many rows. References to rows that few
others refer to stay texts. What is read back has the types of :func:`.schema.render.arrow_schema`, and a batch can be
cast to them.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from . import ids
from .rows import Rows, Seconds, Values, as_of
from .schema import CRM, TABLES
from .schema.declaration import Field, FieldType, Object
from .schema.render import arrow_type

NULL_INTEGER = np.iinfo(np.int64).min
SYNC_SECONDS = 15 * 60  # the loader runs each quarter of an hour
# what has a row or two that refer to it: a dictionary of their ids would cost more than the ids
_SELDOM_REPEATED = {"order", "order_item", "shipment", "return_order"}
INTEGRATION_USER = 0  # the process that writes what customers do


def encode(rows: Rows, until: np.datetime64) -> pa.RecordBatch:
    """The table as it stands just before `until`, with the system fields filled in, columns as declared.

    Raises:
        KeyError: a required column was not given.
    """
    table = TABLES[rows.table]
    created, modified, columns = as_of(rows, until)
    if table.schema == "crm":
        columns = _system_fields(created, modified) | columns
    n = len(created)
    arrays = [_encode_field(table, f, columns, n) for f in table.fields]
    schema = [pa.field(f.name, a.type, nullable=not f.required) for f, a in zip(table.fields, arrays, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(schema))


def _system_fields(created: Seconds, modified: Seconds) -> dict[str, Values]:
    n = len(created)
    last_modified = _datetimes(modified)
    by_integration = _one_id("user", INTEGRATION_USER, n)
    # the next run of the loader after the change: a function of event time alone
    synced = (modified.view(np.int64) // SYNC_SECONDS + 1) * SYNC_SECONDS
    return {
        "created_date": last_modified if modified is created else _datetimes(created),
        "last_modified_date": last_modified,
        "system_modstamp": last_modified,
        "created_by_id": by_integration,
        "last_modified_by_id": by_integration,
        "is_deleted": np.zeros(n, dtype=bool),
        "_fivetran_synced": synced.view("datetime64[s]"),
    }


def _encode_field(table: Object, field: Field, columns: dict[str, Values], n: int) -> pa.Array:
    if field.name not in columns:
        if field.required:
            raise KeyError(f"{table.name}.{field.name} is required and was not filled")
        if field.type is FieldType.PICKLIST or (field.type is FieldType.REFERENCE and not _seldom_repeated(field)):
            return pa.DictionaryArray.from_arrays(pa.nulls(n, pa.int32()), pa.array([], pa.string()))
        return pa.nulls(n, arrow_type(field))
    values = columns[field.name]
    if isinstance(values, pa.Array):
        return values
    match field.type:
        case FieldType.ID:
            return ids.encode(table.prefix, values)
        case FieldType.REFERENCE:
            prefix = CRM[field.references[0]].prefix
            return ids.encode(prefix, values) if _seldom_repeated(field) else _references(prefix, values)
        case FieldType.PICKLIST:
            return pooled(pa.array(field.picklist), values)
        case FieldType.MONEY | FieldType.PERCENT:
            return decimals(values, arrow_type(field).precision)
        case FieldType.INTEGER:
            null = values == NULL_INTEGER
            return pa.array(values, pa.int64(), mask=null if null.any() else None)
        case FieldType.DATETIME:
            return _datetimes(values)
        case _:
            return pa.array(values, arrow_type(field))


def _seldom_repeated(reference: Field) -> bool:
    return reference.references[0] in _SELDOM_REPEATED


def from_pool(pool: pa.StringArray, positions: NDArray[np.integer]) -> pa.StringArray:
    """The pool's texts at `positions`, to be worked on further; a negative position is NULL."""
    null = positions < 0
    return pool.take(pa.array(positions, mask=null if null.any() else None))


def pooled(pool: pa.StringArray, positions: NDArray[np.integer]) -> pa.DictionaryArray:
    """The same as a column: the pool, which has no text twice, once, and the positions."""
    null = positions < 0
    indices = pa.array(positions.astype(np.int32), mask=null if null.any() else None)
    return pa.DictionaryArray.from_arrays(indices, pool, safe=False)


def decimals(hundredths: NDArray[np.int64], precision: int) -> pa.Array:
    """Integer hundredths as 64-bit decimals of scale 2: the same integers."""
    null = hundredths == NULL_INTEGER
    values = pa.array(hundredths, pa.int64(), mask=null if null.any() else None)
    return pa.Array.from_buffers(pa.decimal64(precision, 2), len(values), values.buffers(), values.null_count)


def _references(prefix: str, numbers: NDArray[np.int64]) -> pa.DictionaryArray:
    """Ids of other rows, each written once: of all numbers in their range where that is small, else of those there."""
    null = numbers < 0 if len(numbers) and numbers.min() < 0 else None
    there = numbers if null is None else numbers[~null]
    least, most = (int(there.min()), int(there.max())) if len(there) else (0, -1)
    if most - least < len(there):
        known, indices = np.arange(least, most + 1), numbers - least
    else:
        known, of_there = _distinct(there)
        indices = np.zeros(len(numbers), dtype=np.int64)
        indices[slice(None) if null is None else ~null] = of_there
    positions = pa.array(indices.astype(np.int32), mask=null)
    return pa.DictionaryArray.from_arrays(positions, ids.encode(prefix, known), safe=False)


def _distinct(numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The different numbers among at least one, and where each of them is; without sorting where they rise already.

    The lines of an order stand together, in the order of their orders: so do most references.
    """
    begins = np.empty(len(numbers), dtype=bool)
    begins[0] = True
    np.not_equal(numbers[1:], numbers[:-1], out=begins[1:])
    runs = numbers[begins]
    if (runs[1:] > runs[:-1]).all():
        return runs, np.cumsum(begins) - 1
    known, indices = np.unique(numbers, return_inverse=True)
    return known, indices


def _one_id(table: str, number: int, n: int) -> pa.DictionaryArray:
    """The same reference in all of `n` rows."""
    one = ids.encode(CRM[table].prefix, np.array([number]))
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, dtype=np.int32)), one, safe=False)


def _datetimes(values: NDArray[np.datetime64]) -> pa.Array:
    """Times as Arrow's microseconds; NaT is NULL."""
    if values.dtype != "datetime64[s]":
        return pa.array(values.astype("datetime64[us]"), pa.timestamp("us"))
    seconds = values.view(np.int64)
    null = np.isnat(values)
    return pa.array(seconds * 1_000_000, pa.timestamp("us"), mask=null if null.any() else None)
