"""Small worlds for tests, and a CRM replayed change by change without the code under test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from mock_data.crm.catalogue import make_catalogue
from mock_data.rows import Rows, as_of, changes
from mock_data.schema import TABLES
from mock_data.simulation import shared_rows, simulate
from mock_data.world import World
from warehouse.settings import Settings


def default_world(**changes: object) -> World:
    """The world of the default settings, whatever the environment says, with some fields changed."""
    return replace(World.from_settings(Settings.model_construct()), **changes)  # type: ignore[arg-type]


FIRST_INSTANT = np.datetime64("1900-01-01T00:00:00")

worlds = st.builds(
    World,
    seed=st.integers(0, 2**63 - 1),
    start=st.dates(np.datetime64("1980-01-01").astype(object), np.datetime64("2060-12-31").astype(object)).map(
        lambda day: np.datetime64(day, "D")
    ),
    accounts=st.integers(1, 12),
    contacts=st.integers(1, 60),
    products=st.integers(1, 40),
)
days_open = st.integers(0, 1_300)


def run(world: World, until: np.datetime64) -> list[Rows]:
    """All that a small world will ever have before `until`: the shared tables, then those of each group of buyers."""
    catalogue = make_catalogue(world)
    rows = shared_rows(world, catalogue)
    for group in world.groups(until):
        rows += simulate(world, catalogue, np.arange(group.start, group.stop), until)
    return rows


Row = dict[str, object]
Snapshot = dict[str, dict[object, Row]]


@dataclass
class Replay:
    """A CRM rebuilt row by row from its changes, each applied on its own, in the order of time."""

    tables: Snapshot = field(default_factory=dict)

    def apply(self, rows: Iterable[Rows], since: np.datetime64, until: np.datetime64) -> Replay:
        events = []
        for table in rows:
            for place, change in enumerate(changes(table, since, until)):
                keys = table.columns[_key(table)]
                for i, position in enumerate(change.rows):
                    values = {name: _plain(column[i]) for name, column in change.columns.items()}
                    events.append((change.at[i], place, table.table, change.operation, _plain(keys[position]), values))
        for at, _, table, operation, key, values in sorted(events, key=lambda e: e[:2]):
            there = self.tables.setdefault(table, {})
            if operation == "create":
                assert key not in there, f"{table} {key} created twice"
                there[key] = {"created": _plain(at)}
            there[key] |= values | {"modified": _plain(at)}
        return self


def snapshot(rows: Iterable[Rows], until: np.datetime64) -> Snapshot:
    """The same CRM as the code under test folds it."""
    tables: Snapshot = {}
    for table in rows:
        created, modified, columns = as_of(table, until)
        keys = columns[_key(table)]
        for i in range(len(created)):
            row = {name: _plain(column[i]) for name, column in columns.items()}
            tables.setdefault(table.table, {})[_plain(keys[i])] = row | {
                "created": _plain(created[i]),
                "modified": _plain(modified[i]),
            }
    return tables


def frames(rows: Iterable[Rows], until: np.datetime64) -> dict[str, pd.DataFrame]:
    """Every table just before `until` as it stands before it is encoded: record numbers, positions, cents."""
    found: dict[str, list[pd.DataFrame]] = {}
    for table in rows:
        created, _, columns = as_of(table, until)
        plain = {name: np.asarray(values) for name, values in columns.items()}
        found.setdefault(table.table, []).append(pd.DataFrame({"created": created, **plain}))
    return {table: pd.concat(parts, ignore_index=True) for table, parts in found.items()}


def _key(table: Rows) -> str:
    return TABLES[table.table].key


def _plain(value: object) -> object:
    """A value that equals itself, NULL included."""
    return str(value)
