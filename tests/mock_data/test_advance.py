"""Going on to a later day gives the CRM of one longer run, on every engine, and going on twice changes nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mock_data import advance as module
from mock_data import sinks
from mock_data.advance import advance
from mock_data.content_hash import content_hash
from mock_data.generate import generate
from mock_data.sinks import open_sink, read_tables
from warehouse.connect import postgres_dsn
from warehouse.errors import UserError
from warehouse.scratch import scratch_database

from .worlds import default_world

FIRST, THEN, LAST = (np.datetime64(day) for day in ("2024-03-14", "2024-03-15", "2024-09-02"))
WORLD = default_world(contacts=300, accounts=12, products=60)
DATABASES = ["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=[*DATABASES, "parquet"])
def place(request: pytest.FixtureRequest, tmp_path: Path):
    if request.param == "postgres":
        with scratch_database(request.getfixturevalue("server")) as settings:
            yield postgres_dsn(settings)
    else:
        yield f"{request.param}:{tmp_path / 'crm'}"


def test_days_that_are_added_give_the_longer_run(place, tmp_path):
    once = generate(WORLD, LAST, f"duckdb:{tmp_path / 'once.duckdb'}")
    generate(WORLD, FIRST, place)
    for day in (THEN, LAST):
        done = advance(place, day)
        assert done is not None
        assert content_hash(read_tables(place)) == done.content_hash, "the place holds what it says"
    assert done == once


def test_what_changes_without_anybody_is_written_too(tmp_path):
    """A task falls due overnight: of its deal, only the modstamp tells."""
    behaviour = WORLD.behaviour
    behaviour = replace(behaviour, wholesale=replace(behaviour.wholesale, share=0.9))
    world = replace(WORLD, contacts=1, accounts=60, behaviour=behaviour)
    place, day = f"duckdb:{tmp_path / 'crm.duckdb'}", np.timedelta64(1, "D")
    generate(world, FIRST, place)
    for to in (THEN, THEN + 4 * day, THEN + 5 * day):
        done = advance(place, to)
        assert done is not None and content_hash(read_tables(place)) == done.content_hash


def test_going_on_twice_changes_nothing(place):
    generate(WORLD, FIRST, place)
    done = advance(place, THEN)
    assert done is not None and advance(place, THEN) is None
    assert content_hash(read_tables(place)) == done.content_hash


def test_what_cannot_be_advanced_is_one_line_and_stays(tmp_path):
    place = f"duckdb:{tmp_path / 'crm.duckdb'}"
    with pytest.raises(UserError, match="holds no CRM"):
        advance(place, LAST)
    made = generate(WORLD, THEN, place)
    with pytest.raises(UserError, match="does not go back"):
        advance(place, FIRST)
    assert content_hash(read_tables(place)) == made.content_hash


def test_a_crm_of_other_code_is_refused_and_stays(tmp_path):
    place = f"duckdb:{tmp_path / 'crm.duckdb'}"
    settings = WORLD.as_dict() | {"as_of": str(FIRST)}
    with open_sink(place, loader="mock_data", settings=settings):
        pass  # a manifest that promises more than there is
    before = content_hash(read_tables(place))
    with pytest.raises(UserError, match="another version"):
        advance(place, LAST)
    assert content_hash(read_tables(place)) == before


@pytest.mark.parametrize("place", DATABASES, indirect=True)  # Parquet is written anew: test_sinks.py breaks that off
def test_a_run_that_dies_leaves_the_old_day_whole(place, monkeypatch):
    made = generate(WORLD, FIRST, place)

    def dies(world, day, shard):
        tables = shards(world, day, shard)
        if "truth.deal" in tables and day == LAST:  # the last shard's: everything else has been written
            raise RuntimeError("the power went")
        return tables

    shards = module.tables_of_shard
    monkeypatch.setattr(module, "tables_of_shard", dies)
    monkeypatch.setattr(sinks, "_AT_ONCE", 0)  # nothing is held back
    with pytest.raises(RuntimeError):
        advance(place, LAST)
    assert content_hash(read_tables(place)) == made.content_hash
