"""Where and when people buy, over seeds: in their own places, in a counter's hours, and nowhere once they have left."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mock_data.behaviour.calendar import CLOSING_DAYS
from mock_data.behaviour.parameters import OpeningHours
from mock_data.crm.homes import CHANNELS
from mock_data.crm.orders import RETAIL, SUBSCRIPTION, TYPES, WHOLESALE
from mock_data.pools import PLACES
from mock_data.world import World, end_of

from .worlds import default_world, frames, run

SEEDS = range(12)
UNTIL = end_of(np.datetime64("2024-06-30"))
CITY = {place.city: place for place in PLACES}
HOURS = {"store": (10, 20), "online": (0, 24), "mall": (10, 21)}


def a_world(seed: int, **changes: object) -> World:
    given: dict[str, object] = {"contacts": 500, "accounts": 40, "products": 60, "start": np.datetime64("2022-10-01")}
    return default_world(seed=seed, **(given | changes))


def tables(world: World) -> dict[str, pd.DataFrame]:
    return frames(run(world, UNTIL), UNTIL)


@pytest.fixture(scope="module", params=SEEDS, ids=str)
def crm(request: pytest.FixtureRequest) -> dict[str, pd.DataFrame]:
    return tables(a_world(request.param))


def local(at: pd.Series, city: pd.Series) -> pd.Series:
    """What the clocks of cities show at instants, by pandas' own time zones."""
    zone = city.map(lambda name: CITY[name].time_zone)
    return at.groupby(zone, group_keys=False).transform(
        lambda some: some.dt.tz_localize("UTC").dt.tz_convert(zone[some.index[0]]).dt.tz_localize(None)
    )


def hour(at: pd.Series) -> pd.Series:
    return (at - at.dt.normalize()).dt.total_seconds() / 3_600


def orders(crm: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Orders with their account's channel and city, and their customer's city."""
    accounts = crm["crm.account"].set_index("id")
    contacts = crm["crm.contact"].set_index("id")
    found = crm["crm.order"].copy()
    found["city"] = accounts.billing_city.reindex(found.account_id).to_numpy()
    source = accounts.account_source.reindex(found.account_id)
    found["channel"] = [CHANNELS[i] if 0 <= i < 3 else "none" for i in source]
    found["lives_in"] = contacts.mailing_city.reindex(found.bill_to_contact_id).to_numpy()
    return found


def assert_open(sold: pd.DataFrame, hours: dict[str, tuple[float, float]]) -> None:
    for channel, (opens, closes) in hours.items():
        if channel == "online":
            continue
        some = sold[sold.channel == channel]
        assert len(some)
        for at in ("created", "activated_date"):
            clock = hour(local(some[at].dropna(), some.city[some[at].notna()]))
            assert clock.between(opens, closes, inclusive="left").all()


def test_counters_sell_in_their_own_hours(crm):
    sold = orders(crm)
    assert_open(sold[sold.type == RETAIL], HOURS)


def test_counters_are_closed_on_holidays_and_receipts_have_their_day(crm):
    sold = orders(crm)
    retail = sold[(sold.type == RETAIL) & (sold.channel != "online")]
    day = local(retail.created, retail.city).dt.normalize()
    assert not day.isin(CLOSING_DAYS).any()
    assert (pd.to_datetime(retail.effective_date) == day).all()
    lines = crm["crm.order_item"]
    assert (lines.service_date.to_numpy() == sold.set_index("id").effective_date.loc[lines.order_id].to_numpy()).all()


def test_what_has_no_size_is_never_too_small(crm):
    shelf = crm["crm.product_category"].set_index("id").name
    items = crm["crm.order_item"].set_index("id").product_2_id
    back = crm["crm.return_order_line_item"]
    name = shelf.loc[crm["crm.product_2"].set_index("id").product_category_id.loc[items.loc[back.order_item_id]]]
    without = name.to_numpy() == "Accessories"
    reason = back.reason_for_return.to_numpy()
    assert without.any() and not np.isin(reason[without], [0, 1]).any() and {0, 1} < set(reason[~without])


def test_opening_hours_are_the_worlds():
    hours = {"store": (7.5, 9.0), "online": (18, 24), "mall": (0, 24)}
    world = a_world(5)
    opening = tuple(OpeningHours(channel=c, opens=a, closes=b) for c, (a, b) in hours.items())
    sold = orders(tables(replace(world, behaviour=replace(world.behaviour, opening_hours=opening))))
    retail = sold[(sold.type == RETAIL)]
    assert_open(retail, hours)
    online = retail[(retail.channel == "online") & retail.lives_in.notna()]
    assert (hour(local(online.created, online.lives_in)) >= 18).all()


def test_people_sleep_and_have_busy_hours(crm):
    sold = orders(crm)
    online = sold[(sold.type == RETAIL) & (sold.channel == "online") & sold.lives_in.notna()]
    clock = hour(local(online.created, online.lives_in))
    assert (clock < 6).mean() < 0.08 < 0.18 < clock.between(18, 22).mean()


def test_people_buy_where_they_live(crm):
    sold = orders(crm)
    at_counter = sold[(sold.channel != "online") & sold.lives_in.notna() & (sold.type == RETAIL)]
    assert (at_counter.city == at_counter.lives_in).mean() > 0.85
    zone = [at_counter[city].map(lambda name: CITY[name].time_zone) for city in ("city", "lives_in")]
    assert (zone[0] == zone[1]).all()


def test_nobody_buys_in_two_places_on_one_day(crm):
    sold = orders(crm)
    mine = sold[(sold.type == RETAIL) & sold.lives_in.notna()].copy()
    mine["day"] = local(mine.created, mine.lives_in).dt.normalize()
    assert (mine.groupby(["bill_to_contact_id", "day"]).account_id.nunique() == 1).all()


def test_order_numbers_rise_with_time_and_are_never_given_twice(crm):
    numbered = crm["crm.order"].sort_values("order_number")
    assert numbered.order_number.is_unique and numbered.created.is_monotonic_increasing
    assert numbered.order_number.str.fullmatch(r"[0-9]{12}").all()


def test_tax_is_that_of_the_state_that_the_goods_go_to_and_none_for_resale(crm):
    percent = {tax.state: tax.percent for tax in a_world(0).behaviour.sales_tax}
    headers = orders(crm).set_index("id")
    lines = crm["crm.order_item"]
    of = headers.loc[lines.order_id]
    goes_to = of.lives_in.fillna(of.city).map(lambda city: CITY[city].state)
    rate = np.where(of.type == WHOLESALE, 0.0, goes_to.map(percent))
    assert np.allclose(lines.tax_c, np.floor(lines.total_price * rate / 100 + 0.5), atol=1)
    assert (headers.total_tax_amount == lines.groupby("order_id").tax_c.sum()).all()
    assert set(headers.type) == set(range(len(TYPES)))


def test_nothing_arrives_before_it_can_and_parcels_travel_by_day(crm):
    headers = orders(crm).set_index("id")
    parcels = crm["crm.shipment"]
    of = headers.loc[parcels.order_id].set_axis(parcels.index)
    assert (parcels.created - of.activated_date >= pd.Timedelta(seconds=60)).all()
    there = parcels.actual_delivery_date.notna()
    assert (parcels.actual_delivery_date - parcels.created)[there].min() > pd.Timedelta(0)
    carried = parcels.ship_to_address == -1
    assert (of.bill_to_contact_id[carried & (of.channel == "online")] == -1).all()
    over_counter = of.channel.isin(["store", "mall"]) & of.bill_to_contact_id.ge(0)
    assert 0.8 < carried[over_counter].mean() < 1
    assert ((parcels.actual_delivery_date - of.activated_date)[carried & there] < pd.Timedelta(minutes=15)).all()
    sent = there & ~carried
    day = local(parcels.actual_delivery_date[sent], of.lives_in.fillna(of.city)[sent]).dt.normalize()
    assert not day.isin(CLOSING_DAYS).any()
    goes_to = of.lives_in.fillna(of.city)
    assert hour(local(parcels.actual_delivery_date[sent], goes_to[sent])).between(9, 20).all()
    assert (parcels.created[sent] > of.activated_date[sent] + pd.Timedelta(hours=3)).all()
    late = parcels.actual_delivery_date[sent].dt.normalize() > pd.to_datetime(parcels.expected_delivery_date[sent])
    assert 0.01 < late.mean() < 0.15


def test_what_is_brought_back_to_a_counter_is_while_it_is_open(crm):
    headers = orders(crm).set_index("id")
    returns = crm["crm.return_order"]
    of = headers.loc[returns.order_id].set_axis(returns.index)
    in_store = returns.shipment_type == 2
    assert in_store.any() and (of.channel[in_store] != "online").all()
    clock = hour(local(returns.created[in_store], of.lives_in.fillna(of.city)[in_store]))
    assert clock.between(10, 21).all()
    took = pd.to_datetime(crm["crm.return_order_line_item"].groupby("return_order_id").processed_date_c.max())
    took = took.reindex(returns.id).to_numpy() - returns.created
    assert (took[in_store].dropna() < pd.Timedelta(minutes=3)).all() and (
        took[~in_store].dropna() > pd.Timedelta("1D")
    ).all()
    due = (
        pd.to_datetime(returns.expected_arrival_date)
        - local(returns.created, of.lives_in.fillna(of.city)).dt.normalize()
    )
    assert (due == returns.shipment_type.map({0: pd.Timedelta("4D"), 1: pd.Timedelta("2D"), 2: pd.Timedelta(0)})).all()
    assert in_store[of.bill_to_contact_id == -1].all()
    arrived = crm["crm.shipment"].groupby("order_id").actual_delivery_date.max()
    assert (returns.created.to_numpy() > arrived.loc[returns.order_id].to_numpy()).all()


def test_who_has_left_for_good_orders_nothing_more(crm):
    left = crm["truth.purchaser"].set_index("contact_id").dropout_at
    some = crm["crm.order"].query("type != @SUBSCRIPTION")
    when = pd.to_datetime(left.reindex(some.bill_to_contact_id)).to_numpy()
    assert (~(some.created.to_numpy() > when)).all()
    assert left.notna().any() and SUBSCRIPTION != RETAIL


@pytest.mark.parametrize("accounts", [1, 2, 3])
def test_a_shop_with_hardly_a_counter_sells_all_the_same(accounts):
    crm = tables(a_world(2, accounts=accounts))
    sold = orders(crm)
    assert len(sold[sold.type == RETAIL]) > 100
    if accounts == 1:
        assert set(sold.channel) == {"online"}
