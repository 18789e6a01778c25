"""From a log's values to CRM rows: one order of one item a row, one contact a customer.

The CRM asks for more than a log knows. What is unknown is NULL, the product's cost and so every margin among it. Where
a column must be filled, one stand-in row serves all: an account that took every order, a product that every order was
for, and what these refer to.

Record numbers, and so ids, are arithmetic: an order's and its item's from the file's sha256 and the row's line, a
contact's from the sha256 of the file's and the customer's value together (the value alone could be guessed back from
its hash). Two equal lines are therefore two orders, and equal values one customer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Protocol

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mock_data import encoding
from mock_data.rows import Rows, Values
from mock_data.schema import TABLES
from mock_data.schema.declaration import FieldType
from warehouse.errors import UserError

MAX_LINE = 2**32  # an order's number: 31 bits of the file's hash, then 32 of its line
_BATCH = 250_000
_ONE = np.zeros(1, dtype=np.int64)  # the record number of each stand-in row


class Sink(Protocol):
    """Where rows go: what :func:`mock_data.sinks.open_sink` gives."""

    def write(self, table_key: str, data: pa.RecordBatch) -> None: ...


def order_numbers(sha256: str, lines: NDArray[np.int64]) -> NDArray[np.int64]:
    """Record numbers of the orders on `lines` of the file with that hash, shape (n,), below 2⁶³."""
    return np.int64((int(sha256[:8], 16) >> 1) << 32) + lines


def write(connection: duckdb.DuckDBPyConnection, sink: Sink, sha256: str, as_of: dt.date) -> None:
    """Write the landed rows of table `parsed` (see :mod:`.parse`) as CRM rows.

    Args:
        sha256: the file's, in hexadecimal.
        as_of: the last day of the log; the rows count as loaded when it ends.

    Raises:
        UserError: two customers' values have one hash, or the file is too long or its amounts too large to hold.
    """
    first_at, last_line, total = connection.execute(
        "select min(bought_at), max(line), sum(amount) from parsed where reason is null"
    ).fetchone() or (None, 0, 0)
    if last_line >= MAX_LINE:
        raise UserError(f"the file has more than {MAX_LINE - 1} lines: split it")
    if total >= 10**16:
        raise UserError("the amounts add up to more than the warehouse can hold in a sum (16 digits before the point)")
    until = np.datetime64(as_of) + np.timedelta64(1, "D")
    for rows in (
        *_stand_ins(np.array([first_at], dtype="datetime64[us]")),
        _contacts(connection, sha256),
    ):
        sink.write(rows.table, _encode(rows, until))
    for rows in _orders(connection, sha256):
        sink.write(rows.table, _encode(rows, until))


def _encode(rows: Rows, until: np.datetime64) -> pa.RecordBatch:
    """As :func:`mock_data.encoding.encode`; landed when the as-of day ends, and unknown columns NULL."""
    columns = {"_fivetran_synced": np.full(len(rows), until), **rows.columns}
    return encoding.encode(Rows(rows.table, rows.created, columns), until)


def _rows(table: str, at: NDArray[np.datetime64], columns: dict[str, Values]) -> Rows:
    """Rows created at `at`, owned by the one user, with flags that nobody set false."""
    n = len(at)
    usual: dict[str, Values] = {
        f.name: np.zeros(n, dtype=bool) for f in TABLES[table].fields if f.type is FieldType.BOOLEAN
    }
    if any(f.name == "owner_id" for f in TABLES[table].fields):
        usual["owner_id"] = np.zeros(n, dtype=np.int64)
    return Rows(table, at.astype("datetime64[s]"), usual | columns)


def _text(*values: str) -> pa.Array:
    return pa.array(values, pa.string())


def _picked(table: str, column: str, value: str, n: int) -> NDArray[np.int64]:
    """`value`'s position in the column's picklist, n times."""
    return np.full(n, TABLES[table].field(column).picklist.index(value), dtype=np.int64)


def _stand_ins(at: NDArray[np.datetime64]) -> Iterator[Rows]:
    """The rows that every order refers to, one a table, there from the first transaction on; `at` has shape (1,)."""
    true = np.ones(1, dtype=bool)
    yield _rows(
        "crm.user",
        at,
        {
            "id": _ONE,
            "username": _text("import"),
            "name": _text("Transaction import"),
            "is_active": true,
        },
    )
    yield _rows(
        "crm.account",
        at,
        {
            "id": _ONE,
            "name": _text("Imported transactions"),
            "account_number": _text("1"),
            "type": _picked("crm.account", "type", "Retail", 1),
        },
    )
    yield _rows(
        "crm.product_category",
        at,
        {"id": _ONE, "name": _text("Imported"), "number_of_products": _ONE + 1},
    )
    yield _rows(
        "crm.product_2",
        at,
        {
            "id": _ONE,
            "name": _text("Imported purchase"),
            "product_code": _text("IMPORTED"),
            "is_active": true,
            "product_category_id": _ONE,
        },
    )
    yield _rows(
        "crm.pricebook_2",
        at,
        {"id": _ONE, "name": _text("Imported"), "is_standard": true, "is_active": true},
    )
    yield _rows(
        "crm.pricebook_entry",
        at,
        {
            "id": _ONE,
            "pricebook_2_id": _ONE,
            "product_2_id": _ONE,
            "unit_price": _ONE,
            "is_active": true,
        },
    )


def _customer_number(sha256: str) -> str:
    """SQL: a record number from a customer's value, the first 60 bits of a hash."""
    return f"('0x' || left(sha256('{sha256}' || customer), 15))::bigint"


def _contacts(connection: duckdb.DuckDBPyConnection, sha256: str) -> Rows:
    """One contact a customer, there since the first transaction; the log's value is the family name."""
    found = connection.execute(
        f"""select {_customer_number(sha256)} as number, customer, min(bought_at) as bought_at
            from parsed where reason is null group by customer order by number"""
    ).to_arrow_table()
    numbers = found["number"].to_numpy()
    if len(numbers) > 1 and not np.diff(numbers).all():
        raise UserError("two customers of the log have the same hash: rename one of them")
    at = found["bought_at"].to_numpy()
    return _rows(
        "crm.contact",
        at,
        {
            "id": numbers,
            "account_id": np.zeros(len(numbers), dtype=np.int64),
            "last_name": found["customer"].combine_chunks(),
        },
    )


def _orders(connection: duckdb.DuckDBPyConnection, sha256: str) -> Iterator[Rows]:
    """Orders and their items, a batch at a time, in the file's order."""
    reader = connection.execute(
        f"""select line, {_customer_number(sha256)} as contact, bought_at, amount, quantity
            from parsed where reason is null order by line"""
    ).to_arrow_reader(_BATCH)
    for batch in reader:
        n = batch.num_rows
        if not n:
            continue
        line, contact, quantity = (batch[c].to_numpy() for c in ("line", "contact", "quantity"))
        cents = _cents(batch["amount"])
        at = batch["bought_at"].to_numpy()
        number = order_numbers(sha256, line)
        zero = np.zeros(n, dtype=np.int64)
        yield _rows(
            "crm.order",
            at,
            {
                "id": number,
                "account_id": zero,
                "bill_to_contact_id": contact,
                "order_number": pa.array(line).cast(pa.string()),
                "effective_date": at.astype("datetime64[D]"),
                "activated_date": at,
                "status": _picked("crm.order", "status", "Activated", n),
                "type": _picked("crm.order", "type", "Retail", n),
                "total_amount": cents,
                "pricebook_2_id": zero,
            },
        )
        # the log knows the total only; the price of one piece is the total shared out, to the cent
        each = (2 * cents + quantity) // (2 * quantity)
        yield _rows(
            "crm.order_item",
            at,
            {
                "id": number,
                "order_id": number,
                "pricebook_entry_id": zero,
                "product_2_id": zero,
                "quantity": quantity,
                "unit_price": each,
                "list_price": each,
                "total_price": cents,
            },
        )


def _cents(amounts: pa.Array) -> NDArray[np.int64]:
    """Decimals of scale 2 as integers: the low half of each 128-bit number, which holds all of it."""
    wide = np.frombuffer(amounts.buffers()[1], dtype="<i8")
    return wide[2 * amounts.offset : 2 * (amounts.offset + len(amounts)) : 2]
