"""Wholesale deals go as drawn, their money adds up at every instant, and their history tells what they were."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_data import ids, truth
from mock_data.behaviour.parameters import Behaviour, WholesaleParameters
from mock_data.behaviour.pipeline import MAX_DEALS, OPEN_STAGES, Deals, make_deals, working_days_later
from mock_data.crm.catalogue import make_catalogue
from mock_data.crm.orders import TYPES
from mock_data.crm.people import WHOLESALE_SALES
from mock_data.schema import CRM
from mock_data.simulation import simulate
from mock_data.world import World, end_of
from tests.examples import examples

from .worlds import default_world, frames, worlds

AS_OF = np.datetime64("2025-12-31")
STANDARD_ERRORS = 5.0
STAGES = CRM["opportunity"].field("stage_name").picklist
WON = STAGES.index("Closed Won")
several = examples(25)


def selling(world: World) -> World:
    """The same world with two accounts at least, of which most buy for resale, and often."""
    behaviour = replace(world.behaviour, wholesale=WholesaleParameters(share=0.9, weeks_between_deals=4.0))
    return replace(world, contacts=1, accounts=world.accounts + 1, behaviour=behaviour)


wholesale_worlds = worlds.map(selling)


def assert_mean(happened: np.ndarray, chance: np.ndarray) -> None:
    """The share of independent events agrees with the mean of their chances."""
    error = np.sqrt((chance * (1 - chance)).sum()) / len(chance)
    assert abs(happened.mean() - chance.mean()) <= STANDARD_ERRORS * error


@pytest.fixture(scope="module", params=range(12))
def deals(request: pytest.FixtureRequest) -> Deals:
    """The deals that 1,000 accounts open in three years."""
    wholesaler = np.arange(1_000)
    owner = WHOLESALE_SALES[wholesaler % len(WHOLESALE_SALES)]
    parameters, start = WholesaleParameters(), np.datetime64("2023-01-01")
    return make_deals(request.param, parameters, start, wholesaler, owner, WHOLESALE_SALES, end_of(AS_OF))


def test_deals_open_as_often_as_said(deals):
    """A Poisson number for each account, whose rates are Gamma with shape 3."""
    mean = 1_096 / 7 / WholesaleParameters().weeks_between_deals
    error = np.sqrt(1_000 * (mean + mean**2 / 3))
    assert abs(len(deals.deal) - 1_000 * mean) <= STANDARD_ERRORS * error
    of_account = np.bincount(deals.wholesaler, minlength=1_000)
    assert of_account.var() == pytest.approx(mean + mean**2 / 3, rel=0.35)


@pytest.mark.parametrize("stage", range(OPEN_STAGES))
def test_win_rate_by_stage_reached(deals, stage):
    came = deals.last_stage >= stage
    assert_mean(deals.won[came], truth.chance_to_win(deals.win_probability[came], stage))


def test_win_rate_by_owner(deals):
    drawn = []
    for user in WHOLESALE_SALES:
        mine = deals.owner == user
        assert_mean(deals.won[mine], deals.win_probability[mine])
        drawn.append(deals.win_probability[mine].mean())
    assert len(drawn) == 5 and max(drawn) - min(drawn) > 0.02


def test_a_deal_in_the_middle_of_the_range_is_won_as_often_as_said(deals):
    """Half of the deals have a better chance than `win`, but for the owners' part in it."""
    assert np.median(deals.win_probability) == pytest.approx(WholesaleParameters().win, abs=0.1)


def test_how_long_a_deal_stands_says_nothing_about_how_it_ends(deals):
    negotiated = deals.last_stage == OPEN_STAGES - 1
    stood = deals.days_in_stage[negotiated][:, 0]
    won = deals.won[negotiated]
    error = stood.std() * np.sqrt(1 / won.sum() + 1 / (~won).sum())
    assert abs(stood[won].mean() - stood[~won].mean()) <= STANDARD_ERRORS * error


def test_the_sales_team_works_on_weekdays_in_office_hours(deals):
    for at in (*deals.entered.T, deals.closed):
        at = at[~np.isnat(at)]
        assert np.is_busday(at.astype("datetime64[D]")).all()
        hour = (at - at.astype("datetime64[D]")).astype(np.int64) / 3_600
        assert ((hour >= 9) & (hour < 17)).all()


def test_working_days_skip_the_weekend():
    friday, saturday, monday = (np.datetime64(day) for day in ("2025-01-03", "2025-01-04", "2025-01-06"))
    assert working_days_later(np.array([friday, saturday, monday]), np.array([1, 0, 0])).tolist() == [monday.item()] * 3


def test_stages_come_one_after_the_other(deals):
    before = deals.entered[:, 0]
    for stage in range(1, OPEN_STAGES):
        at = deals.entered[:, stage]
        assert np.array_equal(np.isnat(at), deals.last_stage < stage)
        assert (np.isnat(at) | (at.astype("datetime64[D]") > before.astype("datetime64[D]"))).all()
        before = np.fmax(before, at)
    assert (deals.closed > before).all()
    assert (np.diff(deals.deal) > 0).all()


def test_too_many_deals_for_the_record_numbers_are_refused():
    often = WholesaleParameters(weeks_between_deals=0.05)
    args = (often, np.datetime64("2023-01-01"), np.arange(3), WHOLESALE_SALES[:3], WHOLESALE_SALES, end_of(AS_OF))
    with pytest.raises(OverflowError, match=str(MAX_DEALS)):
        make_deals(1, *args)


def test_the_default_world_has_deals_that_close_now_and_deals_that_are_open():
    for seed in range(12):
        world = default_world(seed=seed, contacts=1)
        until = end_of(AS_OF)
        crm = frames(simulate(world, make_catalogue(world), np.arange(1, world.buyers), until), until)
        deals = crm["crm.opportunity"]
        closed = deals[deals.is_closed].close_date
        assert 250 < len(deals) < 600
        assert (closed >= np.datetime64("2025-10-01")).sum() >= 5
        assert (closed >= np.datetime64("2025-12-01")).any()
        assert (~deals.is_closed).sum() >= 5


# --- at every instant, in every world -------------------------------------------------------------------------------


@several
@given(wholesale_worlds, st.integers(0, 1_300), st.integers(0, 86_399))
def test_lines_add_up_to_their_deal(world, days, second):
    crm = standing(world, days, second)
    deals, lines = crm["crm.opportunity"].set_index("id"), crm["crm.opportunity_line_item"]
    assert (lines.total_price * 10_000 == lines.quantity * lines.unit_price * (10_000 - lines.discount)).all()
    total = lines.groupby("opportunity_id").total_price.sum()
    assert (deals.amount.loc[total.index] == total).all()
    reached = crm["crm.opportunity_history"].groupby("opportunity_id").stage_name.agg(set)
    proposed = [deal for deal, stages in reached.items() if STAGES.index("Proposal") in stages]
    assert sorted(total.index) == proposed
    assert (deals.amount > 0).all()


@several
@given(wholesale_worlds, st.integers(0, 1_300), st.integers(0, 86_399))
def test_history_tells_what_the_deal_is(world, days, second):
    crm = standing(world, days, second)
    deals, history = crm["crm.opportunity"].set_index("id"), crm["crm.opportunity_history"]
    assert history.id.is_monotonic_increasing and history.id.is_unique
    by_deal = history.sort_values(["opportunity_id", "created", "id"]).groupby("opportunity_id")
    told = ["stage_name", "amount", "probability", "close_date"]
    pd.testing.assert_frame_equal(by_deal[told].last(), deals[told], check_names=False)
    assert (by_deal.created.first() == deals.created).all()
    # every row changes the stage or the amount
    same = by_deal[["stage_name", "amount"]].shift() == history[["stage_name", "amount"]]
    assert not same.all(axis=1).any()


@several
@given(wholesale_worlds, st.integers(0, 1_300), st.integers(0, 86_399))
def test_a_won_deal_becomes_one_order_of_its_amount(world, days, second):
    crm = standing(world, days, second)
    deals, orders, items = crm["crm.opportunity"], crm["crm.order"], crm["crm.order_item"]
    orders = orders[orders.type == TYPES.index("Wholesale")]
    # the order of an account's deal number d is its order number d + 1
    buyer, number = np.divmod(orders.id // 3, 4_096)
    of = (buyer - world.customers) * MAX_DEALS + number - 1
    assert of.is_unique
    deal = deals.set_index("id").loc[of]
    assert (deal.stage_name == WON).all()
    assert (deal.amount.to_numpy() == orders.total_amount.to_numpy()).all()
    assert (deal.account_id.to_numpy() == orders.account_id.to_numpy()).all()
    assert (orders.created.dt.date > deal.close_date.dt.date.to_numpy()).all()
    assert (orders.bill_to_contact_id == -1).all()
    assert (items.groupby("order_id").total_price.sum() == orders.set_index("id").total_amount).all()
    # line by line: both tables are in the order of deals
    offered = crm["crm.opportunity_line_item"]
    offered = offered[offered.opportunity_id.isin(of)]
    for column in ("product_2_id", "quantity", "list_price", "discount", "total_price"):
        assert (offered[column].to_numpy() == items[column].to_numpy()).all()
    # a month after its end, every won deal has become an order
    end = np.datetime64(world.start + days, "s") + second
    long_ago = deals[(deals.stage_name == WON) & (deals.close_date < end - np.timedelta64(30, "D"))]
    assert set(long_ago.id) <= set(of)


@several
@given(wholesale_worlds, st.integers(0, 1_300), st.integers(0, 86_399))
def test_nothing_happens_to_a_deal_before_its_cause(world, days, second):
    crm = standing(world, days, second)
    deals = crm["crm.opportunity"].set_index("id")
    assert (deals.is_closed == (deals.stage_name >= OPEN_STAGES)).all()
    assert (deals.is_won == (deals.stage_name == WON)).all()
    assert (deals.close_date >= deals.created.dt.normalize()).all()
    assert ((deals.account_id >= world.shops) & (deals.account_id < world.accounts)).all()
    meetings, tasks = crm["crm.event"], crm["crm.task"]
    for what in (meetings, tasks):
        about = pd.Series(deals.index, index=ids.encode("006", deals.index.to_numpy()).to_pylist(), dtype=int)
        deal = deals.loc[about.loc[what.what_id]]
        assert (what.created.to_numpy() >= deal.created.to_numpy()).all()
        assert (what.activity_date >= what.created.dt.normalize()).all()
        assert (what.account_id.to_numpy() == deal.account_id.to_numpy()).all()
        assert (what.who_id == -1).all()
    assert (meetings.start_date_time > meetings.created).all()
    assert (meetings.end_date_time > meetings.start_date_time).all()
    assert (meetings.start_date_time.dt.normalize() == meetings.activity_date).all()
    # no meeting about a deal that has ended
    ended = deals[deals.is_closed]
    about = pd.Series(ended.index, index=ids.encode("006", ended.index.to_numpy()).to_pylist(), dtype=int)
    held = meetings[meetings.what_id.isin(about.index)]
    assert (held.activity_date.to_numpy() <= ended.close_date.loc[about.loc[held.what_id]].to_numpy()).all()


def test_a_deal_is_existing_business_once_the_account_has_bought():
    world = selling(default_world(accounts=40))
    until = end_of(AS_OF)
    deals = frames(simulate(world, make_catalogue(world), np.arange(1, world.buyers), until), until)["crm.opportunity"]
    first_won = deals[deals.is_won].groupby("account_id").close_date.min().reindex(deals.account_id).to_numpy()
    bought_before = first_won < deals.created.dt.normalize().to_numpy()
    existing = deals.type == CRM["opportunity"].field("type").picklist.index("Existing Business")
    same_day = first_won == deals.created.dt.normalize().to_numpy()
    assert (existing == bought_before)[~same_day].all() and 0.05 < (~existing).mean() < 0.95


def test_deals_name_an_event_that_ran_shortly_before():
    world = selling(default_world(accounts=100))
    until = end_of(AS_OF)

    def opportunities(behaviour: Behaviour) -> pd.DataFrame:
        w = replace(world, behaviour=behaviour)
        return frames(simulate(w, make_catalogue(w), np.arange(1, w.buyers), until), until)["crm.opportunity"]

    deals = opportunities(world.behaviour)
    through = deals.campaign_id >= 0
    assert 0.02 < through.mean() < 0.2
    assert set(deals.created[through].dt.month) <= {5, 6, 7}
    no_fair = tuple(replace(c, runs=c.runs and c.type != "Event") for c in world.behaviour.campaigns)
    without = opportunities(replace(world.behaviour, campaigns=no_fair))
    assert (without.campaign_id == -1).all()
    kept = deals.columns.difference(["campaign_id", "lead_source"])
    pd.testing.assert_frame_equal(without[kept], deals[kept])


def standing(world: World, days: int, second: int) -> dict[str, pd.DataFrame]:
    """The CRM at some second of a day."""
    until = np.datetime64(world.start + days, "s") + second
    return frames(simulate(world, make_catalogue(world), np.arange(world.customers, world.buyers), until), until)
