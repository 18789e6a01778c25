"""From the simulator's numbers to Arrow: each column is written as its declared type says.

Raw forms: ids and references are record numbers (−1 is NULL); picklists are positions in the declared list (−1 is
NULL); money is integer cents and percents integer hundredths (``NULL_INTEGER`` is NULL); dates are datetime64[D] and
datetimes datetime64[s] (NaT is NULL); text is an Arrow array already, or one of a pool's positions with the pool.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from . import ids
from .rows import Rows, Seconds, Values, as_of
from .schema import CRM, TABLES
from .schema.declaration import Field, FieldType, Object
from .schema.render import arrow_schema, arrow_type

NULL_INTEGER = np.iinfo(np.int64).min
SYNC_INTERVAL = np.timedelta64(15, "m")  # the loader runs each quarter of an hour
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
    return pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(table))


def _system_fields(created: Seconds, modified: Seconds) -> dict[str, Values]:
    n = len(created)
    # the next run of the loader after the change: a function of event time alone
    synced = (modified.astype("datetime64[m]") - np.datetime64(0, "m")) // SYNC_INTERVAL + 1
    return {
        "created_date": created,
        "last_modified_date": modified,
        "system_modstamp": modified,
        "created_by_id": np.full(n, INTEGRATION_USER),
        "last_modified_by_id": np.full(n, INTEGRATION_USER),
        "is_deleted": np.zeros(n, dtype=bool),
        "_fivetran_synced": (np.datetime64(0, "m") + synced * SYNC_INTERVAL).astype("datetime64[s]"),
    }


def _encode_field(table: Object, field: Field, columns: dict[str, Values], n: int) -> pa.Array:
    if field.name not in columns:
        if field.required:
            raise KeyError(f"{table.name}.{field.name} is required and was not filled")
        return pa.nulls(n, arrow_type(field))
    values = columns[field.name]
    if isinstance(values, pa.Array):
        return values
    match field.type:
        case FieldType.ID:
            return ids.encode(table.prefix, values)
        case FieldType.REFERENCE:
            return ids.encode(CRM[field.references[0]].prefix, values)
        case FieldType.PICKLIST:
            return from_pool(pa.array(field.picklist), values)
        case FieldType.MONEY | FieldType.PERCENT:
            return decimals(values, arrow_type(field))
        case FieldType.INTEGER:
            null = values == NULL_INTEGER
            return pa.array(values, pa.int64(), mask=null if null.any() else None)
        case FieldType.DATETIME:
            return pa.array(values.astype("datetime64[us]"), pa.timestamp("us"))
        case _:
            return pa.array(values, arrow_type(field))


def from_pool(pool: pa.StringArray, positions: NDArray[np.integer]) -> pa.StringArray:
    """The pool's texts at `positions`; a negative position is NULL."""
    null = positions < 0
    return pool.take(pa.array(positions, mask=null if null.any() else None))


def decimals(hundredths: NDArray[np.int64], to: pa.DataType) -> pa.Array:
    """Integer hundredths as 128-bit decimals of scale 2: the same integers, sign-extended."""
    null = hundredths == NULL_INTEGER
    wide = np.empty((len(hundredths), 2), dtype="<i8")
    wide[:, 0] = np.where(null, 0, hundredths)
    wide[:, 1] = wide[:, 0] >> 63
    validity = pa.array(~null).buffers()[1] if null.any() else None
    return pa.Array.from_buffers(to, len(hundredths), [validity, pa.py_buffer(wide)], int(null.sum()))
