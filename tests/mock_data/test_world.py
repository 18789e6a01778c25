"""What must hold in every world: determinism, as-of, continuation, integrity (design.md's properties 1, 2, 3 and 5)."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_data import ids, simulation
from mock_data import world as world_module
from mock_data import worlds as worlds_module
from mock_data.content_hash import content_hash
from mock_data.crm.orders import RETAIL, SUBSCRIPTION
from mock_data.crm.people import arrivals
from mock_data.encoding import encode
from mock_data.schema import CRM, TABLES
from mock_data.schema.declaration import FieldType
from mock_data.schema.render import arrow_schema
from mock_data.simulation import tables
from mock_data.world import World, end_of
from tests.examples import examples
from warehouse.errors import UserError

from .worlds import FIRST_INSTANT, Replay, days_open, default_world, frames, run, snapshot, worlds

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


@pytest.mark.parametrize("name", worlds_module.names())
def test_5_an_item_is_listed_at_what_the_price_book_says_when_it_is_ordered(name):
    """Articles, boxes of any plan and lines of deals; what a deal orders has the prices of its offer."""
    world = default_world(contacts=400, accounts=6, products=20, behaviour=worlds_module.load(name))
    until = world.opening + np.timedelta64(7 * 150, "D")
    rows = run(world, until)
    book = next(r for r in rows if r.table == "crm.pricebook_entry")
    rise = world.behaviour.price_rise
    changed = world.opening + np.timedelta64(7 * rise.week, "D") if rise else until
    early, late = (frames([book], at)["crm.pricebook_entry"].set_index("id").unit_price for at in (changed, until))
    assert (early < late).all() if rise else early.equals(late)
    crm = frames(rows, until)
    items = crm["crm.order_item"].merge(crm["crm.order"][["id", "type"]], left_on="order_id", right_on="id")
    retail, boxes = (items[items.type == kind] for kind in (RETAIL, SUBSCRIPTION))
    for lines in (retail, boxes, crm["crm.opportunity_line_item"]):
        entry = lines.pricebook_entry_id
        stands = np.where(lines.created < changed, early.loc[entry], late.loc[entry])
        assert len(lines) > 50 and np.array_equal(lines.list_price, stands)
    plans = crm["crm.product_2"].set_index("id").billing_period_c.iloc[world.products :]
    assert set(boxes.product_2_id) == set(plans.index) and (plans >= 0).all()


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


def test_contacts_are_the_arrivals_of_156_weeks_and_more_come_after_them():
    world = default_world(contacts=500, accounts=5, products=30)
    day = world.start + 7 * world_module.ARRIVAL_WEEKS
    short, asked_for, long = (consumers(world, as_of) for as_of in (day - 400, day - 1, day + 400))
    assert len(asked_for) == 500 and 0 < len(short) < 500 < len(long)
    for some, more in ((short, asked_for), (asked_for, long)):
        assert more["id"][: len(some)] == some["id"]
        assert more["created_date"][: len(some)] == some["created_date"]
    assert pc.min(long["created_date"][500:]).as_py() >= day.astype("datetime64[us]").astype(object)


def consumers(world: World, as_of: np.datetime64) -> pa.Table:
    """The contacts who do not work at a wholesale account."""
    contacts = whole(world, as_of)["crm.contact"]
    return contacts.filter(pa.array(~world.works_for_wholesaler(ids.decode(contacts["id"].combine_chunks()))))


@pytest.mark.parametrize("name", worlds_module.names())
def test_2_and_3_a_world_goes_on_after_the_arrival_weeks(name):
    """As-of and continuation of every world that the project has, from before the end of week 156 to long after it."""
    world = default_world(contacts=40, accounts=6, products=20, behaviour=worlds_module.load(name))
    before, between, after = (world.opening + np.timedelta64(7 * week, "D") for week in (150, 165, 220))
    longest, shorter = run(world, after), run(world, between)
    grown = Replay().apply(run(world, before), FIRST_INSTANT, before).apply(shorter, before, between)
    assert grown.tables == snapshot(shorter, between)
    assert Replay().apply(longest, FIRST_INSTANT, between).tables == grown.tables
    assert grown.apply(longest, between, after).tables == snapshot(longest, after)
    numbers = {int(row["id"]) for row in snapshot(longest, after)["crm.contact"].values()}
    numbers = {n for n in numbers if not world.works_for_wholesaler(np.array(n))}
    assert numbers == {*world.groups(after)[0][: world.contacts], *(n for n in numbers if n >= world.buyers)}
    assert len(numbers) > world.contacts + 10


@pytest.mark.parametrize("growth", [-0.5, 0.0, 0.35, 3.0])
@pytest.mark.parametrize("kind", ["contact", "walk-in"])
def test_people_come_after_the_arrival_weeks_at_the_rate_and_growth_of_then(growth, kind):
    """Every four weeks from week 100 to week 256, against the integral of an exponential, on a flat clock."""
    world = default_world(contacts=30_000)
    behaviour = replace(world.behaviour, seasonality=0.0, yearly_growth=growth, walk_ins=1.0)
    world = replace(world, behaviour=behaviour)
    until = world.opening + np.timedelta64(7 * 260, "D")
    season = world.season_clock(until)
    due = []
    for group in world.groups(until):
        who = np.arange(group.start, group.stop)
        if len(who) and not (world.is_wholesale(who[:1]) | world.works_for_wholesaler(who[:1])):
            due.append(arrivals(world, who, season).due[world.is_contact(who) == (kind == "contact")])
    day = (np.concatenate(due) - world.opening) / np.timedelta64(1, "D")
    edges = 7.0 * np.arange(100, 257, 4)
    drift = np.log1p(growth) / 365.25
    come = np.expm1(drift * edges) / np.expm1(drift * 7 * 156) if growth else edges / (7 * 156)
    expected = 30_000 * np.diff(come)
    counted, _ = np.histogram(day, edges)
    assert (np.abs(counted - expected) < 5 * np.sqrt(expected) + 0.002 * expected + 1).all()


def test_the_shop_has_heard_of_some_who_come_later():
    """Leads of contacts who arrive after the as-of date, some of whom had answered a campaign long before."""
    world = default_world(contacts=3_000, accounts=5, products=30)
    until = world.opening + np.timedelta64(7 * 165 + 3, "D")
    longer = until + np.timedelta64(300, "D")
    now, then = (frames(run(world, at), at) for at in (until, longer))
    for table in ("crm.lead", "crm.campaign_member"):
        known = then[table][then[table].created < until]
        assert set(now[table].id) == set(known.id)
    lead = then["crm.lead"].set_index("id").loc[now["crm.lead"].id]
    wait = (lead.converted_date - lead.created.to_numpy())[lead.converted_date >= until]
    assert len(wait) > 10 and wait.max() > np.timedelta64(21, "D")


def test_more_people_than_can_be_numbered_are_refused():
    world = default_world(contacts=100_000)
    world = replace(world, behaviour=replace(world.behaviour, yearly_growth=10.0))
    with pytest.raises(UserError, match=r"by 2099-12-31, this world would win more customers .*: choose an earlier"):
        world.shards(end_of(np.datetime64("2099-12-31")))


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


def test_a_table_is_encoded_alike_whoever_fills_it():
    world = default_world(contacts=300, accounts=20, products=50)
    until = world.opening + np.timedelta64(7 * 165, "D")
    types: dict[str, set[pa.Schema]] = {}
    for rows in run(world, until):
        encoded = encode(rows, until)
        types.setdefault(rows.table, set()).add(encoded.schema)
        for name, column in zip(encoded.schema.names, encoded.columns, strict=True):
            if pa.types.is_dictionary(column.type):  # written twice, a text makes the writer do without a dictionary
                assert len(column.dictionary.unique()) == len(column.dictionary), (rows.table, name)
    assert {table: schemas for table, schemas in types.items() if len(schemas) > 1} == {}
