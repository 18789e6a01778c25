"""Faults on demand: what goes wrong in a real landing, put into the mock one at stated rates and listed in the truth.

A fault is put in after the CRM is made, so that the world behind it is the same with and without. ``truth.fault`` names
every row and column touched and what should stand there: tests of data quality can be scored by what they find.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from warehouse.errors import UserError

from . import ids
from .draws import Integers, uniform
from .schema import TABLES
from .schema.render import arrow_schema

_NOWHERE = 1 << 60  # record numbers from here on belong to nobody
_COPIES = 1 << 59  # and from here on to second records of somebody


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    Attributes:
        meaning: what is wrong, in words for ``--help`` and the book.
        table: the object it is put into.
        column: the column that is wrong; None where the row as a whole is.
        rate: share of the rows, unless another is asked for.
        spoil: the column's values at the rows picked, made wrong; or, with no column, the rows to add.
    """

    meaning: str
    table: str
    column: str | None
    rate: float
    spoil: Callable[[pa.Table, np.datetime64], pa.Array | pa.ChunkedArray | pa.Table]


def _days(n: int) -> pa.Scalar:
    return pa.scalar(n * 86_400_000_000, pa.duration("us"))


def _with(table: pa.Table, **columns: pa.Array | pa.ChunkedArray) -> pa.Table:
    """The table with some columns replaced."""
    for name, values in columns.items():
        at = table.schema.get_field_index(name)
        table = table.set_column(at, table.schema.field(at), values)
    return table


def _copy_of(prefix: str, id_: pa.ChunkedArray) -> pa.Array:
    """Ids of second records."""
    return ids.encode(prefix, _COPIES + _number(id_))


def _older(rows: pa.Table, until: np.datetime64) -> pa.Table:
    """An order as it was when it was written, delivered a day after its newest state."""
    return _with(
        rows,
        status=pa.array(["Draft"] * len(rows)),
        activated_date=pa.nulls(len(rows), pa.timestamp("us")),
        last_modified_date=rows["created_date"],
        system_modstamp=rows["created_date"],
        _fivetran_synced=pc.add(rows["_fivetran_synced"], _days(1)),
    )


def _as_a_spreadsheet_shows(numbers: pa.ChunkedArray) -> pa.Array:
    """Long numbers in a narrow column: 09469426708904 is 9.5E+12."""
    digits = [number.lstrip("0") or "0" for number in numbers.to_pylist()]
    return pa.array([f"{float(number):.1E}" for number in digits], pa.string())


FAULTS: dict[str, Fault] = {
    "duplicate": Fault(
        "a contact is entered twice, under two ids",
        "contact",
        None,
        0.01,
        lambda rows, until: _with(rows, id=_copy_of("003", rows["id"])),
    ),
    "merged-contact": Fault(
        "a contact was entered twice and merged: the loser stays as a deleted row that names the winner",
        "contact",
        None,
        0.01,
        lambda rows, until: _with(
            rows,
            id=ids.encode("003", _COPIES // 2 + _number(rows["id"])),
            master_record_id=rows["id"],
            is_deleted=pa.array([True] * len(rows)),
        ),
    ),
    "re-delivered": Fault(
        "an order is delivered again, a day later, unchanged",
        "order",
        None,
        0.01,
        lambda rows, until: _with(rows, _fivetran_synced=pc.add(rows["_fivetran_synced"], _days(1))),
    ),
    "out-of-order": Fault("an older state of an order arrives after the newest one", "order", None, 0.01, _older),
    "orphan": Fault(
        "an order item names a product that does not exist",
        "order_item",
        "product_2_id",
        0.002,
        lambda rows, until: ids.encode("01t", _NOWHERE + _number(rows["id"])),
    ),
    "missing": Fault(
        "an order has lost its contact",
        "order",
        "bill_to_contact_id",
        0.005,
        lambda rows, until: pa.nulls(len(rows), pa.string()),
    ),
    "wrong-type": Fault(
        "an order number went through a spreadsheet",
        "order",
        "order_number",
        0.002,
        lambda rows, until: _as_a_spreadsheet_shows(rows["order_number"]),
    ),
    "negative": Fault(
        "a quantity has the wrong sign",
        "order_item",
        "quantity",
        0.002,
        lambda rows, until: pc.negate(rows["quantity"]),
    ),
    "currency": Fault(
        "a line's total is in cents",
        "order_item",
        "total_price",
        0.001,
        lambda rows, until: pc.multiply(rows["total_price"].cast(pa.decimal128(18, 2)), pa.scalar(100)),
    ),
    "timezone": Fault(
        "an activation was written in the shop's local time, five hours behind UTC",
        "order",
        "activated_date",
        0.01,
        lambda rows, until: pc.subtract(rows["activated_date"], pa.scalar(5 * 3_600_000_000, pa.duration("us"))),
    ),
    "future-dated": Fault(
        "an activation lies a year after the as-of date",
        "order",
        "activated_date",
        0.001,
        lambda rows, until: pc.if_else(
            pc.is_valid(rows["activated_date"]), pa.scalar(until.astype("datetime64[us]") + 365 * 86_400_000_000), None
        ),
    ),
    "late": Fault(
        "an order reaches the warehouse ten days after it changed",
        "order",
        "_fivetran_synced",
        0.01,
        lambda rows, until: pc.add(rows["_fivetran_synced"], _days(10)),
    ),
}


def rates(asked: str) -> dict[str, float]:
    """What ``--faults`` asks for: ``all``, or names with or without a rate, as in ``duplicate,orphan=0.01``.

    Raises:
        UserError: a name or a rate that cannot be; in one line.
    """
    if asked.strip() == "all":
        return {name: fault.rate for name, fault in FAULTS.items()}
    found: dict[str, float] = {}
    for part in asked.split(","):
        name, equals, rate = (p.strip() for p in part.partition("="))
        if name not in FAULTS:
            raise UserError(f"--faults: there is no fault {name!r}: use all, or some of {', '.join(FAULTS)}")
        if name in found:
            raise UserError(f"--faults: {name} is there twice: give it once")
        # float() alone would also read 0_1 as 1
        is_number = re.fullmatch(r"[0-9]*\.?[0-9]+([eE]-?[0-9]{1,3})?", rate)
        found[name] = FAULTS[name].rate if not equals else float(rate) if is_number else -1.0
        if not 0 <= found[name] <= 1:
            raise UserError(f"--faults: the rate of {name} is {rate!r}: it must be a number from 0 to 1")
    return found


def inject(
    tables: Mapping[str, pa.RecordBatch], asked: Mapping[str, float], seed: int, until: np.datetime64
) -> dict[str, pa.RecordBatch]:
    """The tables of one shard with faults put in, and ``truth.fault``.

    A row has at most one fault of a kind, drawn by its own id: shards and workers do not matter. A value that one kind
    has spoiled is left to it by the kinds after it.
    """
    touched = {f"crm.{FAULTS[kind].table}" for kind in asked}
    # plain whether hit or not: one file takes many shards, of the same types
    right = {key: _plain(key, batch) for key, batch in tables.items() if key in touched}
    spoiled = dict(right)
    taken = {(FAULTS[kind].table, FAULTS[kind].column): np.empty(0, dtype=np.intp) for kind in asked}
    listed: list[pa.RecordBatch] = []
    for kind, rate in asked.items():
        fault = FAULTS[kind]
        key = f"crm.{fault.table}"
        if key not in right:
            continue
        # drawn on the rows as they should be; put into the rows as other faults have left them
        hit = np.flatnonzero(uniform(seed, f"fault {kind}", _number(right[key]["id"])) < rate)
        if fault.column is not None:
            hit = hit[~right[key][fault.column].is_null().to_numpy()[hit]]
            hit = np.setdiff1d(hit, taken[fault.table, fault.column])
            taken[fault.table, fault.column] = np.union1d(hit, taken[fault.table, fault.column])
        if not len(hit):
            continue
        rows = right[key].take(pa.array(hit))
        wrong = fault.spoil(rows, until)
        now = spoiled[key]
        if fault.column is None:
            spoiled[key] = pa.concat_tables([now, wrong.cast(now.schema)])
            record, truth = wrong["id"], pa.nulls(len(rows), pa.string())
        else:
            declared = now.schema.field(fault.column).type
            both = pa.concat_arrays([_one(now[fault.column]), _one(wrong).cast(declared, safe=False)])
            which = np.arange(len(now))
            which[hit] = len(now) + np.arange(len(hit))
            spoiled[key] = _with(now, **{fault.column: both.take(pa.array(which))})
            record, truth = rows["id"], rows[fault.column].cast(pa.string())
        listed.append(_listing(kind, fault, record, truth))
    batches = {key: _batch(table) for key, table in spoiled.items()}
    if listed:
        batches["truth.fault"] = _batch(pa.Table.from_batches(listed))
    return dict(tables) | batches


def _listing(kind: str, fault: Fault, record: pa.ChunkedArray, truth: pa.Array | pa.ChunkedArray) -> pa.RecordBatch:
    n = len(record)
    record = _one(record)
    columns = {
        "fault_id": pc.binary_join_element_wise(kind, record, "-"),
        "kind": pa.array([kind] * n, pa.string()),
        "table_name": pa.array([fault.table] * n, pa.string()),
        "record_id": record,
        "column_name": pa.array([fault.column] * n, pa.string()),
        "true_value": _one(truth),
    }
    schema = arrow_schema(TABLES["truth.fault"])
    return pa.RecordBatch.from_arrays([columns[f.name].cast(f.type) for f in schema], schema=schema)


def _plain(key: str, batch: pa.RecordBatch) -> pa.Table:
    return pa.table(batch).cast(arrow_schema(TABLES[key]))


def _batch(table: pa.Table) -> pa.RecordBatch:
    """The whole table as one batch, one without rows too."""
    return pa.RecordBatch.from_arrays([_one(column) for column in table.columns], schema=table.schema)


def _one(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _number(id_: pa.ChunkedArray) -> Integers:
    """Record numbers."""
    return ids.decode(_one(id_))
