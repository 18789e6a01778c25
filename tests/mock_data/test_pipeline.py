"""Wholesale deals go as drawn, their money adds up at every instant, and their history tells what they were."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_data import ids, truth
from mock_data.behaviour import pipeline
from mock_data.behaviour.calendar import PUBLIC_HOLIDAYS
from mock_data.behaviour.local_time import ZONES, to_local, to_utc
from mock_data.behaviour.parameters import Behaviour, WholesaleParameters
from mock_data.behaviour.pipeline import MAX_DEALS, OPEN_STAGES, Deals, Zones, make_deals, working_days_later
from mock_data.crm.catalogue import make_catalogue
from mock_data.crm.homes import account_zone
from mock_data.crm.orders import TYPES
from mock_data.crm.people import (
    HEAD_OF_SALES,
    USER_ZONE,
    WHOLESALE_SALES,
    account_owner,
    people_of_wholesaler,
    size_of_orders,
)
from mock_data.pools import PLACES, Place
from mock_data.rows import Rows, as_of
from mock_data.schema import CRM
from mock_data.simulation import simulate
from mock_data.world import World, end_of
from tests.examples import examples

from .worlds import default_world, frames, run, worlds

AS_OF = np.datetime64("2025-12-31")
STANDARD_ERRORS = 5.0
STAGES = CRM["opportunity"].field("stage_name").picklist
WON = STAGES.index("Closed Won")
FORECAST_LABEL = {
    "Omitted": "Omitted", "Pipeline": "Pipeline", "BestCase": "Best Case", "MostLikely": "Most Likely",
    "Forecast": "Commit", "Closed": "Closed",
}  # fmt: skip
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
    zones = wholesaler % len(ZONES), USER_ZONE
    return make_deals(request.param, parameters, start, wholesaler, owner, WHOLESALE_SALES, end_of(AS_OF), *zones)


@dataclass(frozen=True)
class Selling:
    """A world that sells to forty wholesale accounts, and its CRM at the end of 2025: the tables' rows, and folded."""

    world: World
    rows: list[Rows]
    crm: dict[str, pd.DataFrame]


@pytest.fixture(scope="module", params=range(12))
def selling_world(request: pytest.FixtureRequest) -> Selling:
    behaviour = default_world().behaviour
    behaviour = replace(behaviour, wholesale=replace(behaviour.wholesale, share=0.8))
    world = default_world(seed=request.param, contacts=3, accounts=50, products=40, behaviour=behaviour)
    rows = run(world, end_of(AS_OF))
    return Selling(world, rows, frames(rows, end_of(AS_OF)))


def assert_office_hours(at: np.ndarray, *zones: np.ndarray, last: bool = False) -> np.ndarray:
    """Instants are between 9 and 17 on a weekday, on each clock, and on the same day; to 17 where it is the last."""
    days = []
    for zone in zones:
        local = to_local(at, zone)
        day = local.astype("datetime64[D]")
        hour = (local - day).astype(np.int64) / 3_600
        assert np.is_busday(day).all()
        assert ((hour >= 9) & ((hour <= 17) if last else (hour < 17))).all()
        days.append(day)
    assert all((day == days[0]).all() for day in days)
    return days[0]


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
    for at, on in zip([*deals.entered.T, deals.closed], [*deals.entered_on.T, deals.closed_on], strict=True):
        there = ~np.isnat(at)
        day = assert_office_hours(at[there], deals.zones.ours[there], deals.zones.theirs[there])
        assert (day == on[there]).all()
    assert len(np.unique(deals.zones.ours)) > 3 and len(np.unique(deals.zones.theirs)) == len(ZONES)


@pytest.mark.parametrize(("closes", "opens_at", "closes_at"), [(17, "12", "17"), (12, "12", "15"), (11, "12", "14")])
def test_offices_without_a_common_hour_work_when_the_account_does(monkeypatch, closes, opens_at, closes_at):
    """New York sells to Los Angeles, which is three hours behind; here on the New York clock."""
    monkeypatch.setattr(pipeline, "_OFFICE_HOURS", (9, closes))
    zone = np.array([ZONES.index("America/New_York")]), np.array([ZONES.index("America/Los_Angeles")])
    found = pipeline.office_hours(np.array(["2025-07-01"], dtype="datetime64[D]"), Zones(*zone))
    expected = np.array([f"2025-07-01T{hour}" for hour in (opens_at, closes_at)], dtype="datetime64[s]")
    assert np.array_equal(to_local(np.concatenate(found), zone[0]), expected)


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
        make_deals(1, *args, np.zeros(3, dtype=np.int64), USER_ZONE)


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
    told = ["stage_name", "amount", "probability", "expected_revenue", "close_date", "forecast_category"]
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
    opened_on = to_local(seconds(deals.created), USER_ZONE[deals.owner_id]).astype("datetime64[D]")
    assert (deals.close_date >= opened_on).all()
    assert ((deals.account_id >= world.shops) & (deals.account_id < world.accounts)).all()
    meetings, tasks = crm["crm.event"], crm["crm.task"]
    for what in (meetings, tasks):
        about = pd.Series(deals.index, index=ids.encode("006", deals.index.to_numpy()).to_pylist(), dtype=int)
        deal = deals.loc[about.loc[what.what_id]]
        assert (what.created.to_numpy() >= deal.created.to_numpy()).all()
        zone = USER_ZONE[what.owner_id]
        assert (what.activity_date >= to_local(seconds(what.created), zone).astype("datetime64[D]")).all()
        assert (what.account_id.to_numpy() == deal.account_id.to_numpy()).all()
        wholesaler, person = world.wholesaler_of(what.who_id.to_numpy(np.int64))
        assert (world.shops + wholesaler == what.account_id).all()
        assert ((person >= 0) & (person < people_of_wholesaler(world, wholesaler))).all()
    assert (meetings.start_date_time > meetings.created).all()
    assert (meetings.end_date_time > meetings.start_date_time).all()
    # no meeting about a deal that has ended
    ended = deals[deals.is_closed]
    about = pd.Series(ended.index, index=ids.encode("006", ended.index.to_numpy()).to_pylist(), dtype=int)
    held = meetings[meetings.what_id.isin(about.index)]
    assert (held.activity_date.to_numpy() <= ended.close_date.loc[about.loc[held.what_id]].to_numpy()).all()


@several
@given(wholesale_worlds, st.integers(0, 1_300), st.integers(0, 86_399))
def test_what_is_counted_about_a_deal_is_what_its_tasks_and_meetings_say(world, days, second):
    until = np.datetime64(world.start + days, "s") + second
    crm = standing(world, days, second)
    deals = crm["crm.opportunity"]
    of = pd.Index(ids.encode("006", deals.id.to_numpy(np.int64)).to_pylist())

    def of_deals(table: pd.DataFrame) -> np.ndarray:
        return of.isin(table.what_id)

    tasks, meetings = crm["crm.task"], crm["crm.event"]
    assert (tasks.is_closed == tasks.completed_date_time.notna()).all()
    todo, ahead = tasks[~tasks.is_closed], meetings[meetings.end_date_time >= until]
    assert (deals.has_open_activity == (of_deals(todo) | of_deals(ahead))).all()
    day_is_over = to_utc(seconds(todo.activity_date) + np.timedelta64(1, "D"), USER_ZONE[todo.owner_id])
    assert (deals.has_overdue_task == of_deals(todo[day_is_over < until])).all()
    past = pd.concat([tasks[tasks.is_closed], meetings[meetings.end_date_time < until]])
    last = past.groupby("what_id").activity_date.max().reindex(of)
    assert last.reset_index(drop=True).equals(deals.last_activity_date) or last.isna().all()
    assert np.array_equal(last.isna(), deals.last_activity_date.isna())
    assert (deals.has_opportunity_line_item == deals.id.isin(crm["crm.opportunity_line_item"].opportunity_id)).all()
    changed = crm["crm.opportunity_history"].groupby("opportunity_id").created.max()
    assert (deals.last_modified_date == changed.loc[deals.id].to_numpy()).all()
    assert (deals.last_viewed_date >= deals.last_modified_date).all()


@several
@given(wholesale_worlds, st.integers(0, 1_300))
def test_a_deal_says_what_its_stage_and_its_dates_say(world, days):
    deals = standing(world, days, 0)["crm.opportunity"]
    field = CRM["opportunity"].field
    values, labels = (np.array(field(name).picklist) for name in ("forecast_category", "forecast_category_name"))
    category = values[deals.forecast_category.to_numpy(int)]
    assert [FORECAST_LABEL[value] for value in category] == list(labels[deals.forecast_category_name.to_numpy(int)])
    expected = {
        "Prospecting": "Pipeline", "Qualification": "Pipeline", "Proposal": "BestCase", "Negotiation": "Forecast",
        "Closed Won": "Closed", "Closed Lost": "Omitted",
    }  # fmt: skip
    assert [expected[STAGES[stage]] for stage in deals.stage_name] == list(category)
    exactly = deals.amount * deals.probability  # in units of 1/10,000 cent
    assert (np.abs(2 * (deals.expected_revenue * 10_000 - exactly)) <= 10_000).all()
    halves = exactly % 10_000 == 5_000
    assert (deals.expected_revenue[halves] * 10_000 > exactly[halves]).all()
    assert (deals.fiscal_year == deals.close_date.dt.year).all()
    assert (deals.fiscal_quarter == deals.close_date.dt.quarter).all()
    assert list(deals.fiscal) == [f"{day.year} {day.quarter}" for day in deals.close_date]
    assert (deals.next_step.isna() == deals.is_closed).all()


# --- in the world of each seed ---------------------------------------------------------------------------------------


def seconds(column: pd.Series) -> np.ndarray:
    return column.to_numpy().astype("datetime64[s]")


def test_all_work_is_done_in_the_hours_of_both_offices(selling_world):
    world, crm = selling_world.world, selling_world.crm
    wholesale = crm["crm.order"][crm["crm.order"].type == TYPES.index("Wholesale")]
    deals = crm["crm.opportunity"].set_index("id")
    owner = crm["crm.opportunity_history"].opportunity_id.map(deals.owner_id)
    account = crm["crm.opportunity_history"].opportunity_id.map(deals.account_id)

    def zones(who: pd.Series, at_account: pd.Series) -> tuple[np.ndarray, np.ndarray]:
        return USER_ZONE[who.to_numpy(int)], account_zone(world, at_account.to_numpy(np.int64))

    assert_office_hours(seconds(crm["crm.opportunity_history"].created), *zones(owner, account))
    tasks, meetings = crm["crm.task"], crm["crm.event"]
    tasks = tasks[(tasks.account_id >= world.shops) & tasks.is_closed]
    assert_office_hours(seconds(tasks.completed_date_time), *zones(tasks.owner_id, tasks.account_id))
    both = zones(meetings.owner_id, meetings.account_id)
    assert (assert_office_hours(seconds(meetings.start_date_time), *both) == meetings.activity_date).all()
    assert (assert_office_hours(seconds(meetings.end_date_time), *both, last=True) == meetings.end_date).all()
    assert set(meetings.start_date_time.dt.minute) == {0, 30}
    minutes = (meetings.end_date_time - meetings.start_date_time).dt.total_seconds() / 60
    assert (minutes == meetings.duration_in_minutes).all() and set(minutes) == {30, 60, 90}
    # an order is placed where its account is; who took the deal works then
    of = (wholesale.id // 3 // 4_096 - world.customers) * MAX_DEALS + wholesale.id // 3 % 4_096 - 1
    assert_office_hours(seconds(wholesale.created), *zones(deals.owner_id.loc[of], wholesale.account_id))
    assert min(map(len, (tasks, meetings, wholesale))) > 100


def assert_nobody_is_in_two_meetings(meetings: pd.DataFrame) -> None:
    """Nor in two places on one day; deals that others own are talked over from afar."""
    by_owner = meetings.sort_values(["owner_id", "start_date_time"]).groupby("owner_id")
    previous_end = by_owner.end_date_time.shift()
    assert not (previous_end > meetings.start_date_time.loc[previous_end.index]).any()
    visits = meetings[meetings.location != "Video call"]
    assert (visits.groupby(["owner_id", "activity_date"]).account_id.nunique() == 1).all()
    assert 0.2 < len(visits) / len(meetings) < 0.8


def test_nobody_is_in_two_meetings_at_once(selling_world):
    world, meetings = selling_world.world, selling_world.crm["crm.event"]
    assert_nobody_is_in_two_meetings(meetings)
    elsewhere = account_owner(world, meetings.account_id.to_numpy(np.int64)) != meetings.owner_id
    assert (meetings.location[elsewhere] == "Video call").all() and elsewhere.any()


@pytest.mark.parametrize("weeks_between_deals", [2.5, 7.0])
def test_nobody_is_in_two_meetings_however_busy(weeks_between_deals):
    """With few accounts and with many, of which each may open a deal every other week."""
    for seed, accounts in enumerate((7, 100, 300)):
        world = default_world(seed=seed, contacts=1, accounts=accounts)
        wholesale = replace(world.behaviour.wholesale, weeks_between_deals=weeks_between_deals, share=0.6)
        world = replace(world, behaviour=replace(world.behaviour, wholesale=wholesale))
        meetings = standing(world, 1_000, 0)["crm.event"]
        assert len(meetings) > 30
        assert_nobody_is_in_two_meetings(meetings)


def test_people_at_wholesale_accounts(selling_world):
    world, crm = selling_world.world, selling_world.crm
    contacts = crm["crm.contact"]
    assert contacts.id.is_monotonic_increasing and contacts.id.is_unique
    people = contacts[contacts.account_id >= world.shops]
    wholesaler, person = world.wholesaler_of(people.id.to_numpy())
    assert (people.id >= world.groups(end_of(AS_OF))[4].start).all()
    assert (people.account_id == world.shops + wholesaler).all()
    known = people.groupby("account_id").size()
    assert len(known) == world.wholesalers and set(known) == {1, 2, 3}
    first = people[person == 0].set_index("account_id")
    assert len(first) == world.wholesalers and (first.reports_to_id == -1).all()
    others = people[person > 0]
    assert (others.reports_to_id.to_numpy() == first.id.loc[others.account_id].to_numpy()).all()
    assert people[["name", "title", "department", "email", "mailing_street"]].notna().all(axis=None)
    assert people.email.is_unique and people.email.str.fullmatch(r"[a-z]+\.[a-z]+@[a-z]+\.example\.com").all()
    assert (people.groupby("account_id").email.agg(lambda emails: emails.str.split("@").str[1].nunique()) == 1).all()
    accounts = crm["crm.account"].set_index("id").loc[people.account_id]
    for column in ("city", "state", "postal_code", "country"):
        assert (people[f"mailing_{column}"].to_numpy() == accounts[f"billing_{column}"].to_numpy()).all()
    assert (people.owner_id.to_numpy() == accounts.owner_id.to_numpy()).all()
    assert (people.created == world.opening).all() and (people.lead_source == -1).all()
    # nothing is theirs, and no truth is told of them
    for table, column in (("order", "bill_to_contact_id"), ("return_order", "contact_id"), ("case", "contact_id"),
                          ("subscription_c", "contact_c")):  # fmt: skip
        assert not crm[f"crm.{table}"][column].isin(people.id).any()
    for table, frame in crm.items():
        if table.startswith("truth.") and "contact_id" in frame:
            assert not frame.contact_id.isin(people.id).any()


def test_the_last_dates_of_people_at_accounts_are_those_of_their_tasks_and_meetings(selling_world):
    crm, until = selling_world.crm, end_of(AS_OF)
    people = crm["crm.contact"][crm["crm.contact"].account_id >= selling_world.world.shops].set_index("id")
    meetings, tasks = crm["crm.event"], crm["crm.task"]
    held = meetings[meetings.end_date_time < until].assign(over=meetings.end_date_time)
    past = pd.concat([held, tasks[tasks.is_closed].assign(over=tasks.completed_date_time)])
    past = past[past.who_id.isin(people.index)].groupby("who_id")
    assert len(past) > 30 and min(held.who_id.isin(people.index).sum(), len(tasks)) > 100
    for column, source in (("last_activity_date", "activity_date"), ("last_viewed_date", "over"),
                           ("last_referenced_date", "over")):  # fmt: skip
        expected = past[source].max().reindex(people.index)
        assert np.array_equal(seconds(people[column]), seconds(expected), equal_nan=True)


def test_the_wholesale_accounts_are_no_new_numbers_to_anybody_else(selling_world):
    """Without them, everybody has the same numbers: the people at accounts come behind all buyers."""
    world = selling_world.world
    groups = world.groups(end_of(AS_OF))
    assert all(before.stop <= after.start for before, after in pairwise(groups))
    assert not any(world.works_for_wholesaler(np.array([group.start, group.stop - 1])).any() for group in groups[:4])
    assert world.works_for_wholesaler(np.array(groups[4])).all()
    for other in (world.is_contact, world.is_wholesale):
        assert not other(np.array(groups[4])).any()


def test_the_seller_whose_office_is_nearest_looks_after_an_account(selling_world):
    """By great circles, which the code does not draw."""
    offices = [PLACES[[place.city for place in PLACES].index(city)] for city in
               ("New York", "Chicago", "Denver", "Los Angeles", "Atlanta")]  # fmt: skip
    users = selling_world.crm["crm.user"].set_index("id")
    assert list(users.city.loc[WHOLESALE_SALES]) == [office.city for office in offices]
    assert set(users.city.drop([0, *WHOLESALE_SALES])) == {"New York"}
    accounts = selling_world.crm["crm.account"].iloc[selling_world.world.shops :]
    for city, owner in zip(accounts.billing_city, accounts.owner_id, strict=True):
        here = PLACES[[place.city for place in PLACES].index(city)]
        assert owner == WHOLESALE_SALES[np.argmin([kilometres(here, office) for office in offices])]
    number = accounts.id.to_numpy()
    assert np.array_equal(account_owner(selling_world.world, number), accounts.owner_id)
    assert np.array_equal(account_owner(selling_world.world, number[5:7]), accounts.owner_id[5:7])


def kilometres(one: Place, other: Place) -> float:
    """Along a great circle (the haversine formula)."""
    lat, lon, lat_2, lon_2 = np.radians([one.latitude, one.longitude, other.latitude, other.longitude])
    h = np.sin((lat_2 - lat) / 2) ** 2 + np.cos(lat) * np.cos(lat_2) * np.sin((lon_2 - lon) / 2) ** 2
    return float(12_742 * np.arcsin(np.sqrt(h)))


def test_users_create_what_users_create(selling_world):
    crm = selling_world.crm
    for table in ("opportunity", "task", "event"):
        frame = crm[f"crm.{table}"]
        assert (frame.created_by_id == frame.owner_id).all() and (frame.last_modified_by_id == frame.owner_id).all()
    owner = crm["crm.opportunity"].set_index("id").owner_id
    for table in ("opportunity_line_item", "opportunity_history"):
        frame = crm[f"crm.{table}"]
        for column in ("created_by_id", "last_modified_by_id"):
            assert (frame[column].to_numpy() == owner.loc[frame.opportunity_id].to_numpy()).all()
    orders = crm["crm.order"].set_index("id")
    sold = orders[orders.type == TYPES.index("Wholesale")]
    of = (sold.index // 3 // 4_096 - selling_world.world.customers) * MAX_DEALS + sold.index // 3 % 4_096 - 1
    lines = crm["crm.order_item"]
    lines = lines[lines.order_id.isin(sold.index)]
    assert np.array_equal(sold.owner_id, owner.loc[of]) and len(sold) > 30
    for column in ("created_by_id", "last_modified_by_id"):
        assert np.array_equal(sold[column], sold.owner_id)
        assert np.array_equal(lines[column], sold.owner_id.loc[lines.order_id])
    assert (orders.owner_id[orders.type != TYPES.index("Wholesale")] == 0).all()
    for table in ("account", "product_2"):
        frame = crm[f"crm.{table}"]
        assert (frame.created_by_id == HEAD_OF_SALES).all() and (frame.last_modified_by_id == HEAD_OF_SALES).all()


def test_the_first_deal_of_an_account_is_new_business(selling_world):
    """And every later one, until one has been won; from then on, all are existing business."""
    crm = selling_world.crm
    deals, history = crm["crm.opportunity"], crm["crm.opportunity_history"]
    new = CRM["opportunity"].field("type").picklist.index("New Business")
    assert (deals.sort_values("created").groupby("account_id").type.first() == new).all()
    won = history[history.stage_name == WON].set_index("opportunity_id").created
    first_won = won.groupby(deals.set_index("id").account_id.loc[won.index]).min()
    bought_before = (first_won.reindex(deals.account_id).to_numpy() < deals.created.to_numpy()).astype(bool)
    assert np.array_equal(deals.type != new, bought_before)
    assert 0.2 < bought_before.mean() < 0.95


def test_a_deal_was_worth_its_lines_at_every_moment_of_its_history(selling_world):
    lines = next(r for r in selling_world.rows if r.table == "crm.opportunity_line_item")
    history = selling_world.crm["crm.opportunity_history"]
    rng = np.random.default_rng(1)
    told = history.iloc[np.sort(rng.choice(len(history), 80, replace=False))]
    with_lines = 0
    for deal, at, amount in zip(told.opportunity_id, seconds(told.created), told.amount, strict=True):
        _, _, then = as_of(lines, at + np.timedelta64(1, "s"))
        own = then["opportunity_id"] == deal
        with_lines += own.any()
        assert not own.any() or then["total_price"][own].sum() == amount
    assert 20 < with_lines < 80


def test_names_of_deals_and_lines(selling_world):
    crm = selling_world.crm
    deals, lines = crm["crm.opportunity"], crm["crm.opportunity_line_item"]
    assert deals.groupby("account_id").name.nunique().eq(deals.groupby("account_id").size()).all()
    accounts = crm["crm.account"].set_index("id").name
    for name, account in zip(deals.name, deals.account_id, strict=True):
        assert name.startswith(f"{accounts[account]}, ")
    products = crm["crm.product_2"].set_index("id").loc[lines.product_2_id]
    deal = deals.set_index("id").name.loc[lines.opportunity_id].to_numpy()
    assert (lines.name.to_numpy() == deal + " " + products.name.to_numpy()).all()
    assert (lines.product_code.to_numpy() == products.product_code.to_numpy()).all()
    assert (lines.groupby("opportunity_id").sort_order.max() == lines.groupby("opportunity_id").size()).all()
    record_type = deals.record_type_id.unique()
    assert len(record_type) == 1 and record_type[0].startswith("012") and len(record_type[0]) == 18


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


def test_pieces_are_due_three_weeks_after_the_close_planned_or_made(selling_world):
    """At every moment of a deal, but for one that is lost: its pieces stay due when they were."""
    lines = next(r for r in selling_world.rows if r.table == "crm.opportunity_line_item")
    history = selling_world.crm["crm.opportunity_history"]
    told = history[history.stage_name.isin([STAGES.index("Proposal"), STAGES.index("Negotiation"), WON])]
    rng = np.random.default_rng(2)
    told = told.iloc[np.sort(rng.choice(len(told), 60, replace=False))]
    for deal, at, close_date in zip(told.opportunity_id, seconds(told.created), told.close_date, strict=True):
        _, _, then = as_of(lines, at + np.timedelta64(1, "s"))
        due = then["service_date"][then["opportunity_id"] == deal]
        apart = np.busday_count(np.datetime64(close_date, "D"), due, holidays=PUBLIC_HOLIDAYS)
        assert (apart == 15).all() and len(due)
    assert set(told.stage_name) == {2, 3, WON}


def test_the_pieces_of_a_won_deal_are_due_after_its_order(selling_world):
    crm = selling_world.crm
    offered, orders = crm["crm.opportunity_line_item"], crm["crm.order"]
    orders = orders[orders.type == TYPES.index("Wholesale")]
    of = (orders.id // 3 // 4_096 - selling_world.world.customers) * MAX_DEALS + orders.id // 3 % 4_096 - 1
    due = offered[offered.opportunity_id.isin(of)].groupby("opportunity_id").service_date
    assert (due.min().loc[of].to_numpy() > orders.created.to_numpy()).all()
    # and are brought in one or two parcels: nobody agrees on instalments
    assert not offered[["has_schedule", "has_quantity_schedule", "has_revenue_schedule"]].any(axis=None)


def test_little_is_left_to_do_for_a_deal_that_has_closed(selling_world):
    """What is, was forgotten: a task in two hundred. No activity is due after the close."""
    crm = selling_world.crm
    deals, tasks = crm["crm.opportunity"], crm["crm.task"]
    closed = deals[deals.is_closed]
    assert not (closed.last_activity_date > closed.close_date).any()
    of = pd.Series(closed.close_date.to_numpy(), ids.encode("006", closed.id.to_numpy(np.int64)).to_pylist())
    tasks = tasks[tasks.what_id.isin(of.index)]
    assert (tasks.activity_date.to_numpy() <= of.loc[tasks.what_id].to_numpy()).all()
    assert_mean((~tasks.is_closed).to_numpy(), np.full(len(tasks), 0.005))
    assert closed.has_open_activity.mean() < 0.06 and (closed.has_overdue_task == closed.has_open_activity).all()
    # while deals are open, some tasks are overdue
    assert deals[~deals.is_closed].has_overdue_task.any()


def test_large_accounts_order_more(selling_world):
    """By a power of 0.4 of their employees, and as many pieces a line on average as said."""
    crm = selling_world.crm
    lines, deals = crm["crm.opportunity_line_item"], crm["crm.opportunity"].set_index("id")
    employees = crm["crm.account"].set_index("id").number_of_employees.loc[deals.account_id.loc[lines.opportunity_id]]
    assert lines.quantity.min() == 10
    many = lines.quantity.groupby(employees.to_numpy()).mean()[lambda mean: mean > 20]  # the floor is felt below
    slope = np.polyfit(np.log(many.index), np.log(many), 1)[0]
    assert slope == pytest.approx(0.4, abs=0.15)
    assert np.corrcoef(np.log(employees), np.log(lines.total_price))[0, 1] > 0.3


def test_accounts_order_on_average_as_much_as_said():
    world = default_world(accounts=30_000)
    size = size_of_orders(world, np.arange(world.shops, world.accounts))
    assert size.mean() == pytest.approx(1, abs=0.04) and size.max() > 8 * size.min()


def standing(world: World, days: int, second: int) -> dict[str, pd.DataFrame]:
    """The CRM at some second of a day."""
    until = np.datetime64(world.start + days, "s") + second
    return frames(simulate(world, make_catalogue(world), np.arange(world.customers, world.buyers), until), until)
