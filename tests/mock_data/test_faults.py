"""Every fault asked for is there and listed with what should stand in its place; nothing else is touched."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from mock_data.content_hash import content_hash
from mock_data.faults import FAULTS, inject, rates
from mock_data.generate import generate
from mock_data.schema import TABLES
from mock_data.simulation import tables
from mock_data.sinks import read_tables
from mock_data.world import World, end_of
from warehouse.errors import UserError

from .worlds import default_world

DAY = np.datetime64("2024-12-31")
WORLD = default_world(contacts=600, accounts=10, products=60)


@pytest.fixture(scope="module")
def right() -> dict[str, pa.RecordBatch]:
    shards = list(tables(WORLD, DAY))
    return shards[1]


def spoiled(right: dict[str, pa.RecordBatch], asked: dict[str, float]) -> dict[str, pa.RecordBatch]:
    return inject(right, asked, WORLD.seed, end_of(DAY))


def rows(batch: pa.RecordBatch) -> list[dict[str, object]]:
    return batch.to_pylist()


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_is_listed_and_undoing_the_list_gives_the_right_table(right, kind):
    wrong = spoiled(right, {kind: 0.05})
    fault = FAULTS[kind]
    key = f"crm.{fault.table}"
    listed = rows(wrong["truth.fault"])
    assert listed and {entry["kind"] for entry in listed} == {kind}
    assert {k for k in right if not wrong[k].equals(right[k])} == {key}
    before, after = rows(right[key]), rows(wrong[key])
    if fault.column is None:
        assert len(after) == len(before) + len(listed)
        assert after[: len(before)] == before
        assert [row["id"] for row in after[len(before) :]] == [entry["record_id"] for entry in listed]
        return
    column = TABLES[key].field(fault.column).name
    should = {entry["record_id"]: entry["true_value"] for entry in listed}
    touched = [row["id"] for row, old in zip(after, before, strict=True) if row != old]
    assert sorted(touched) == sorted(should)
    for row, old in zip(after, before, strict=True):
        assert {k: v for k, v in row.items() if k != column} == {k: v for k, v in old.items() if k != column}
        if row["id"] in should:
            assert (
                should[row["id"]] == pa.scalar(old[column], wrong[key].schema.field(column).type).cast("string").as_py()
            )


def test_rates_are_kept(right):
    orders = len(right["crm.order"])
    found = len(spoiled(right, {"late": 0.2})["truth.fault"])
    assert abs(found - 0.2 * orders) < 5 * (orders * 0.16) ** 0.5


def test_faults_do_not_move_each_other_and_share_no_value(right):
    every = rates("all")
    together = rows(spoiled(right, dict.fromkeys(every, 0.3))["truth.fault"])
    alone = [e for kind in every for e in rows(spoiled(right, {kind: 0.3})["truth.fault"])]
    first = {}  # whoever comes to a value first has it; rows that are added are nobody else's
    for entry in alone:
        first.setdefault((entry["record_id"], entry["column_name"] or entry["kind"]), entry)
    assert together == list(first.values())
    assert len(together) < len(alone)


def test_without_a_hit_nothing_changes(right):
    same = spoiled(right, dict.fromkeys(FAULTS, 0.0))
    assert {key: rows(batch) for key, batch in same.items()} == {key: rows(batch) for key, batch in right.items()}


def test_shards_of_one_file_have_the_same_types_hit_or_not(right, tmp_path, monkeypatch):
    kinds = ("missing", "orphan", "duplicate")
    none, some = (spoiled(right, dict.fromkeys(kinds, rate)) for rate in (0.0, 0.05))
    assert {key: batch.schema for key, batch in none.items()} == {key: some[key].schema for key in none}
    monkeypatch.setattr("mock_data.world.SHARD", 64)
    monkeypatch.setattr("mock_data.pieces._FEWEST_PIECES", 1)
    place = f"parquet:{tmp_path / 'crm'}"
    made = generate(replace(WORLD, faults=tuple((kind, 0.002) for kind in kinds)), DAY, place)
    assert content_hash(read_tables(place)) == made.content_hash


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "nosuch",
        "late=2",
        "late=-1",
        "late=often",
        "late=nan",
        "duplicate,,late",
        "late=0_1",
        "late=١",
        "late=inf",
        "late=",
        "late,late=0.5",
    ],
)
def test_a_wrong_request_is_one_line(asked):
    with pytest.raises(UserError, match="--faults"):
        rates(asked)


def test_requests():
    assert rates("late, orphan=0.5") == {"late": FAULTS["late"].rate, "orphan": 0.5}
    assert rates("late=.5,orphan=1e-3,missing=1,negative=0") == {
        "late": 0.5,
        "orphan": 1e-3,
        "missing": 1,
        "negative": 0,
    }
    assert rates("all").keys() == FAULTS.keys()


def test_a_world_with_faults_says_so(right):
    world: World = replace(WORLD, faults=(("late", 0.2),))
    wrong = list(tables(world, DAY))[1]
    assert wrong["truth.fault"].equals(spoiled(right, {"late": 0.2})["truth.fault"])
