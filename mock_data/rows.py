"""Rows that change: a table's rows as they were created, and the updates that later overwrite them.

Every builder of the CRM returns :class:`Rows`. :func:`as_of` folds them into the table as it stands at an instant,
which is all the CRM shows; :func:`changes` lists what happened between two instants, which is what the CRM forgets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Seconds: TypeAlias = NDArray[np.datetime64]  # datetime64[s], UTC; NaT is "never" or NULL
NEVER = np.datetime64("NaT", "s")  # the time of what does not happen
Values: TypeAlias = NDArray[Any] | pa.Array
Columns: TypeAlias = Mapping[str, Values]


@dataclass(frozen=True)
class Update:
    """One kind of later change: when it happens (NaT: never), and what the columns hold from then on.

    Attributes:
        at: shape (m,), when.
        columns: shape (m,) each.
        rows: shape (m,), positions of the rows that change; None where element i changes row i. A row that changes
            several times stands there as often, in the order of time.
    """

    at: Seconds
    columns: Columns
    rows: NDArray[np.intp] | None = None


@dataclass(frozen=True)
class Rows:
    """All rows that one table will ever have, in key order, before any of them is written as text.

    Attributes:
        table: key into :data:`mock_data.schema.TABLES`.
        created: shape (n,), when each row came into being; NaT for one that never does.
        columns: what each row held when it was created, in the raw form that :mod:`mock_data.encoding` reads.
        updates: later changes; those that overwrite the same column in the order in which they happen to a row.
    """

    table: str
    created: Seconds
    columns: Columns
    updates: tuple[Update, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.created)


@dataclass(frozen=True)
class Change:
    """What happened to some rows of a table: created (``operation`` "create", all columns) or updated."""

    operation: str
    rows: NDArray[np.intp]
    at: Seconds
    columns: Columns


def unless(never: NDArray[np.bool_], at: Seconds) -> Seconds:
    """The times of what happens; NaT, which the CRM of no instant includes, for what `never` does. Shape (n,) each."""
    return np.where(never, NEVER, at)


def take(values: Values, where: NDArray[Any]) -> Values:
    """The rows of a column at `where` (a mask or positions)."""
    if isinstance(values, np.ndarray):
        return values[where]
    return values.filter(pa.array(where)) if where.dtype == bool else values.take(pa.array(where))


def as_of(rows: Rows, until: np.datetime64) -> tuple[Seconds, Seconds, dict[str, Values]]:
    """The table as it stands just before `until`: overwritten in place, not filtered.

    Returns:
        created and last-modified times and the columns, of the rows that exist by then.
    """
    columns = dict(rows.columns)
    modified = rows.created
    for update in rows.updates:
        happened = update.at < until  # NaT compares false
        if update.rows is None:
            modified = np.where(happened & (update.at > modified), update.at, modified)
            for name, new in update.columns.items():
                columns[name] = np.where(happened, new, columns[name])
            continue
        hit = update.rows[happened]
        modified = modified.copy()
        np.maximum.at(modified, hit, update.at[happened])
        for name, new in update.columns.items():
            overwritten = np.array(columns[name])
            overwritten[hit] = new[happened]  # of several values for one row, the last one stays
            columns[name] = overwritten
    exists = rows.created < until
    if exists.all():
        return rows.created, modified, columns
    return rows.created[exists], modified[exists], {name: take(v, exists) for name, v in columns.items()}


def changes(rows: Rows, since: np.datetime64, until: np.datetime64) -> Iterator[Change]:
    """Every change from `since` up to, not including, `until`: creations first, then each kind of update in order."""
    born = np.flatnonzero((rows.created >= since) & (rows.created < until))
    yield Change("create", born, rows.created[born], {name: take(v, born) for name, v in rows.columns.items()})
    for update in rows.updates:
        hit = np.flatnonzero((update.at >= since) & (update.at < until))
        rows_hit = hit if update.rows is None else update.rows[hit]
        yield Change("update", rows_hit, update.at[hit], {name: take(v, hit) for name, v in update.columns.items()})
