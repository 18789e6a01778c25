"""What must hold in every world: determinism, as-of, continuation, integrity (design.md's properties 1, 2, 3 and 5)."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_data import simulation
from mock_data import world as world_module
from mock_data.content_hash import content_hash
from mock_data.schema import CRM, TABLES
from mock_data.schema.declaration import FieldType
from mock_data.schema.render import arrow_schema
from mock_data.simulation import tables
from mock_data.world import World, end_of
from tests.examples import examples

from .worlds import FIRST_INSTANT, Replay, days_open, default_world, run, snapshot, worlds

several = examples(25)


def whole(world: World, as_of: np.datetime64) -> dict[str, pa.Table]:
    """Every table of a world in one piece."""
    pieces: dict[str, list[pa.RecordBatch]] = {}
    for shard in tables(world, as_of):
        for key, batch in shard.items():
            pieces.setdefault(key, []).append(batch.cast(arrow_schema(TABLES[key])))
    return {key: pa.Table.from_batches(batches).combine_chunks() for key, batches in pieces.items()}


def frame(table: pa.Table) -> pd.DataFrame:
    """The same for pandas, which wants every text of a dictionary to be there once only."""
    coded = [pa.types.is_dictionary(column.type) for column in table.columns]
    columns = [c.cast(pa.string()) if is_coded else c for c, is_coded in zip(table.columns, coded, strict=True)]
    return pa.table(columns, table.schema.names).to_pandas()


@several
@given(worlds, days_open, st.integers(1, 70))
def test_1_the_shards_do_not_matter(world, days, shard_size):
    as_of = world.start + days
    expected = content_hash((key, table) for key, table in whole(world, as_of).items())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world_module, "SHARD", shard_size)
        assert content_hash((key, table) for key, table in whole(world, as_of).items()) == expected


@several
@given(worlds, st.integers(200, 1_300))
def test_1_another_seed_is_another_world(world, days):
    as_of = world.start + days
    other = replace(world, seed=world.seed ^ 1)
    assert content_hash(whole(world, as_of).items()) != content_hash(whole(other, as_of).items())


@several
@given(worlds, days_open, st.integers(0, 400))
def test_2_as_of_is_the_fold_of_a_longer_run(world, days, more):
    until = end_of(world.start + days)
    longer = run(world, until + np.timedelta64(more, "D"))
    assert snapshot(run(world, until), until) == Replay().apply(longer, FIRST_INSTANT, until).tables


@several
@given(worlds, days_open, st.integers(0, 86_399), st.integers(1, 400))
def test_3_going_on_is_running_once(world, days, second, more):
    """Stop in the middle of a day, add what happens later, and get the world of one longer run."""
    stop = (world.start + days).astype("datetime64[s]") + np.timedelta64(second, "s")
    until = stop + np.timedelta64(more * 80_000, "s")
    longer = run(world, until)
    crm = Replay().apply(run(world, stop), FIRST_INSTANT, stop).apply(longer, stop, until)
    assert crm.tables == snapshot(longer, until)


@several
@given(worlds, days_open)
def test_5_every_reference_resolves(world, days):
    crm = whole(world, world.start + days)
    keys = {name: crm[f"crm.{name}"]["id"] for name in CRM if f"crm.{name}" in crm}
    for key, table in crm.items():
        for field in TABLES[key].fields:
            if field.type is not FieldType.REFERENCE:
                continue
            used = pc.drop_null(table[field.name].combine_chunks())
            known = pa.concat_arrays(
                [keys[name].combine_chunks() for name in field.references if name in keys]
                or [pa.array([], pa.string())]
            )
            missing = used.filter(pc.invert(pc.is_in(used, known)))
            assert not len(missing), f"{key}.{field.name}: {missing[0]}"


@several
@given(worlds, days_open)
def test_5_money_adds_up(world, days):
    crm = whole(world, world.start + days)
    items = frame(crm["crm.order_item"])
    orders = frame(crm["crm.order"]).set_index("id")
    assert (items.total_price == items.quantity * items.unit_price).all()
    assert (items.unit_price <= items.list_price).all()
    assert (items.unit_price > 0).all()
    assert (items.groupby("order_id").total_price.sum() == orders.total_amount).all()
    assert (items.groupby("order_id").tax_c.sum() == orders.total_tax_amount).all()
    assert set(orders.index) == set(items.order_id)

    parcels = frame(crm["crm.shipment"]).set_index("id")
    sent = frame(crm["crm.shipment_item"])
    assert (sent.groupby("shipment_id").quantity.sum() == parcels.total_items_quantity).all()

    lines = frame(crm["crm.return_order_line_item"]).merge(items, left_on="order_item_id", right_on="id")
    assert (lines.quantity_returned <= lines.quantity).all()
    paid = lines[lines.refund_amount_c.notna()]
    assert (paid.refund_amount_c == paid.quantity_returned * paid.unit_price).all()
    closed = frame(crm["crm.return_order"]).set_index("id")
    closed = closed[closed.status == "Closed"]
    assert (paid.groupby("return_order_id").refund_amount_c.sum() == closed.total_amount).all()
    if "crm.opportunity" in crm:  # no wholesale accounts, no deals
        offered = frame(crm["crm.opportunity_line_item"])
        assert (offered.total_price * 100 == offered.quantity * offered.unit_price * (100 - offered.discount)).all()
        offered = offered.groupby("opportunity_id").total_price.sum()
        assert (offered == frame(crm["crm.opportunity"]).set_index("id").amount.loc[offered.index]).all()

    shelves = frame(crm["crm.product_category"]).set_index("id").number_of_products
    assert shelves.sum() == world.products + len(world.plans)


@several
@given(worlds, days_open)
def test_5_nothing_happens_before_its_cause(world, days):
    until = end_of(world.start + days)
    crm = {key: frame(table) for key, table in whole(world, world.start + days).items()}
    for key, table in crm.items():
        if key.startswith("crm."):
            assert (table.created_date >= world.opening).all()
            assert (table.created_date <= table.last_modified_date).all()
            assert (table.last_modified_date < until).all()
            assert (table._fivetran_synced > table.last_modified_date).all()
    orders = crm["crm.order"].set_index("id")
    contacts = crm["crm.contact"].set_index("id")
    named = orders[orders.bill_to_contact_id.notna()]
    assert (contacts.created_date.loc[named.bill_to_contact_id].to_numpy() <= named.created_date.to_numpy()).all()
    assert (orders.activated_date.dropna() >= orders.created_date[orders.activated_date.notna()]).all()
    assert orders.activated_date.isna().equals(orders.status == "Draft")
    parcels = crm["crm.shipment"].set_index("id")
    assert (parcels.created_date >= orders.activated_date.loc[parcels.order_id].to_numpy()).all()
    assert (parcels.actual_delivery_date.dropna() >= parcels.created_date[parcels.actual_delivery_date.notna()]).all()
    assert (orders.status.loc[parcels.order_id] == "Activated").all()
    back = crm["crm.return_order"].merge(parcels.groupby("order_id").actual_delivery_date.max(), on="order_id")
    assert len(back) == len(crm["crm.return_order"])
    assert (back.created_date > back.actual_delivery_date).all()
    refunds = crm["crm.return_order_line_item"]
    assert (refunds.processed_date_c.dropna() > refunds.created_date[refunds.processed_date_c.notna()]).all()


def test_contacts_are_the_arrivals_of_156_weeks_whatever_the_as_of_date():
    world = default_world(contacts=500, accounts=5, products=30)
    day = world.start + 7 * world_module.ARRIVAL_WEEKS
    short, long = (whole(world, as_of)["crm.contact"] for as_of in (day - 400, day + 400))
    assert len(long) == 500
    assert 0 < len(short) < 500
    assert long["id"][: len(short)] == short["id"]
    assert long["created_date"][: len(short)] == short["created_date"]


def test_switching_one_behaviour_off_moves_no_other_draw():
    world = default_world(contacts=400, accounts=5, products=50)
    calm = replace(world, behaviour=replace(world.behaviour, abandoned=0.0, cancelled=0.0))
    day = np.datetime64("2025-06-30")
    with_them, without = (frame(whole(w, day)["crm.order"]).set_index("id") for w in (world, calm))
    gone = with_them.index.difference(without.index)
    assert len(gone) > 0 and with_them.status.loc[gone].isin(["Draft", "Cancelled", "Activated"]).all()
    assert with_them.loc[without.index].equals(without)


def test_simulating_nobody_and_no_time_gives_empty_tables_with_their_columns():
    world = default_world(contacts=1, accounts=1, products=1)
    for key, table in whole(world, world.start).items():
        assert table.schema.names == [f.name for f in TABLES[key].fields]
    assert simulation.tables_of_shard(world, world.start, 0)["crm.order"].num_rows <= 1
