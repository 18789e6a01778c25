"""Cases follow what goes wrong, as often as said, and drive away whom they are drawn to drive away, and nobody else."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_data import ids, truth
from mock_data import worlds as named_worlds
from mock_data.behaviour.local_time import ZONES, to_local
from mock_data.behaviour.parameters import ServiceParameters
from mock_data.behaviour.purchases import Customers, draw_rates, purchase
from mock_data.crm.catalogue import make_catalogue
from mock_data.crm.fulfilment import Parcels, Returns, carried_out, make_parcels, make_returns
from mock_data.crm.orders import BOUGHT, TYPES, Orders, make_orders
from mock_data.crm.people import SERVICE, arrivals, bounces_at
from mock_data.crm.service import LATE, QUESTION, RETURN, Cases, case_rows, make_cases
from mock_data.schema import CRM, TRUTH
from mock_data.simulation import simulate
from mock_data.world import World, end_of
from tests.examples import examples

from .worlds import default_world, frames, worlds

AS_OF = np.datetime64("2025-12-31")
CONTACTS = 6_000
STANDARD_ERRORS = 5.0
RETAIL = TYPES.index("Retail")
STATUS = CRM["case"].field("status").picklist
PRIORITIES = CRM["case"].field("priority").picklist
CASE = TRUTH["purchaser"].field("dropout_cause").picklist.index("Case")
several = examples(25)


def one_off(seed: int) -> World:
    """The default world without what else makes people buy: the membership box and the mailings."""
    world = default_world(seed=seed, contacts=CONTACTS)
    return replace(world, behaviour=replace(world.behaviour, subscriptions=None, mailings=()))


def assert_mean(happened: np.ndarray, chance: np.ndarray) -> None:
    """The share of independent events agrees with the mean of their chances."""
    error = np.sqrt((chance * (1 - chance)).sum()) / len(chance)
    assert abs(happened.mean() - chance.mean()) <= STANDARD_ERRORS * error


@dataclass
class History:
    """One world's orders and what went wrong with them, before any case has driven anybody away."""

    world: World
    dropout: np.ndarray
    rate: np.ndarray
    dropout_at: np.ndarray
    orders: Orders
    parcels: Parcels
    returns: Returns
    cases: Cases
    bounces: np.ndarray

    def share(self, order: np.ndarray, kind: int) -> np.ndarray:
        """Which of some orders have a case of a kind."""
        return np.isin(order, self.cases.order[self.cases.kind == kind])


@pytest.fixture(scope="module", params=range(12))
def history(request: pytest.FixtureRequest) -> History:
    world = one_off(request.param)
    catalogue, until = make_catalogue(world), end_of(AS_OF)
    clock, contact = world.season_clock(until), np.arange(world.contacts)
    rate, dropout = draw_rates(world.seed, contact, world.behaviour.purchases)
    arrived = arrivals(world, contact, clock)
    customers = Customers(contact, rate, dropout, arrived.first_purchase)
    bought, dropout_at = purchase(world.seed, customers, clock, until, arrived.homes.when(clock))
    orders = make_orders(world, catalogue, arrived.homes, bought)
    parcels = make_parcels(world, orders)
    returns = make_returns(world, orders, parcels, catalogue)
    cases = make_cases(world, orders, parcels, returns)
    asks = orders.customer[cases.order]
    bounces = bounces_at(world, asks, arrived.at[asks])
    return History(world, dropout, rate, dropout_at, orders, parcels, returns, cases, bounces)


def test_cases_are_as_frequent_as_said(history):
    h, service = history, history.world.behaviour.service
    late = np.unique(h.parcels.order[h.parcels.late])
    quiet = np.setdiff1d(np.flatnonzero(h.orders.outcome == BOUGHT), np.concatenate([late, h.returns.order]))
    assert_mean(h.share(late, LATE), np.full(len(late), service.case_after_late))
    assert_mean(h.share(h.returns.order, RETURN), np.full(len(h.returns.order), service.case_after_return))
    assert_mean(h.share(quiet, QUESTION), np.full(len(quiet), service.question))
    assert not h.share(np.concatenate([late, h.returns.order]), QUESTION).any()
    travels = ~carried_out(h.world, h.orders)[h.parcels.order]
    assert_mean(h.parcels.late[travels], np.full(travels.sum(), service.late))
    assert 0.3 < travels.mean() < 0.9 and not h.parcels.late[~travels].any()
    assert len(h.cases.case) == len(np.unique(h.cases.case))
    assert (np.diff(h.cases.case) > 0).all()


def test_cases_are_opened_after_what_went_wrong(history):
    h = history
    opened = h.cases.opened
    about_late, about_return = (h.cases.kind == kind for kind in (LATE, RETURN))
    late = pd.Series(h.parcels.arrived[h.parcels.late]).groupby(h.parcels.order[h.parcels.late]).max()
    promised = pd.Series(h.parcels.promised[h.parcels.late]).groupby(h.parcels.order[h.parcels.late]).min()
    order = h.cases.order[about_late]
    assert (opened[about_late].astype("datetime64[D]") > promised.loc[order].to_numpy()).all()
    assert (opened[about_late] < late.loc[order].to_numpy()).all()
    of = np.searchsorted(h.returns.order, h.cases.order[about_return])
    assert (opened[about_return] > h.returns.submitted[of]).all()
    refunded = h.returns.processed[of] < opened[about_return]
    assert 0.1 < refunded.mean() < 0.9  # before the refund and after it
    assert (opened > h.orders.activated[h.cases.order]).all()
    # by the calendar on the service desk's wall, too
    assert (desk_day(opened[about_late]) > promised.loc[order].to_numpy()).all()


def desk_day(at: np.ndarray) -> np.ndarray:
    """The day of each instant on the service desk's calendar, in New York; all are in its hours."""
    local = to_local(at, ZONES.index("America/New_York"))
    hour = (local - local.astype("datetime64[D]")).astype(np.int64) / 3_600
    assert ((hour >= 8) & (hour < 20)).all()
    return local.astype("datetime64[D]")


def test_the_service_desk_works_from_eight_to_eight_in_new_york(history):
    h = history
    cases, tasks = case_rows(h.world, h.orders, h.cases, h.bounces)
    taken_up, escalated, closed = (update.at for update in cases.updates)
    escalates = ~np.isnat(escalated)
    assert escalates.any() and not escalates.all()
    assert (np.unique((desk_day(cases.created).astype(np.int64) + 3) % 7) == np.arange(7)).all()  # every weekday
    for at in (taken_up, escalated[escalates], closed):
        desk_day(at)
    assert (cases.created < taken_up).all() and (taken_up < closed).all()
    assert (taken_up < escalated)[escalates].all() and (escalated < closed)[escalates].all()
    assert (tasks.columns["activity_date"] == desk_day(cases.created) + 1).all()
    number = np.asarray(cases.columns["case_number"]).astype(np.int64)
    assert (np.diff(cases.created[np.argsort(number)]) >= np.timedelta64(0, "s")).all()
    assert len(np.unique(number)) == len(number) > 500
    # what is raised by day is opened some hours apart at most, and nothing turns round
    assert (np.abs(h.cases.opened - h.cases.raised) <= np.timedelta64(9, "h")).all()
    raised, opened = np.sort(h.cases.raised), h.cases.opened[np.argsort(h.cases.raised, kind="stable")]
    assert (np.diff(opened) >= np.timedelta64(0, "s")).all() and len(np.unique(raised)) > 0.9 * len(raised)


# what customers say, and how the case is then to be typed; said of a membership box or not, before or after it comes
DEFECTS = {"seam", "colour", "not the amount"}
QUESTIONS = {"Which size", "invoice", "discount", "delivery address", "one more", "gift receipt"}
WEAR = ("seam", "colour", "Which size", "does not fit")


@pytest.fixture(scope="module", params=range(12))
def with_boxes(request: pytest.FixtureRequest) -> dict[str, pd.DataFrame]:
    """A CRM with members, in which many ask, and much is late."""
    world = default_world(seed=request.param, contacts=1_500)
    service = replace(world.behaviour.service, question=0.3, late=0.3, case_after_late=0.8)
    world, until = replace(world, behaviour=replace(world.behaviour, service=service)), end_of(AS_OF)
    return frames(simulate(world, make_catalogue(world), np.arange(world.customers), until), until)


def test_type_and_subject_of_a_case_are_those_of_what_the_customer_says(with_boxes):
    cases = with_boxes["crm.case"]
    kinds = np.array(CRM["case"].field("type").picklist)[cases.type.to_numpy(int)]
    asked = cases[cases.id % 4 == QUESTION]
    for said in DEFECTS | QUESTIONS:
        those = asked.description.str.contains(said)
        assert those.any()
        expected = "Problem" if said in DEFECTS else "Question"
        assert set(kinds[asked.index[those]]) == {expected}
        assert (asked.subject[those].str.startswith("Question") == (expected == "Question")).all()
    assert set(kinds[cases.id % 4 == LATE]) == {"Problem"}
    reasons = np.array(CRM["case"].field("reason").picklist)[asked.reason.to_numpy(int)]
    assert set(reasons) == {"Product", "Billing", "Other"}
    assert (cases.groupby("description").subject.nunique() == 1).all()


def test_what_customers_say_can_be_said_of_their_orders(with_boxes):
    crm = with_boxes
    cases, orders, items = crm["crm.case"], crm["crm.order"].set_index("id"), crm["crm.order_item"]
    order, said = orders.loc[cases.id // 4], cases.description.str.contains
    is_box = order.type.to_numpy() == TYPES.index("Subscription")
    assert is_box.any() and not (is_box & said("|".join(WEAR))).any()
    discounted = items[items.discount > 0].order_id.unique()
    assert np.isin(cases.id[said("discount")] // 4, discounted).all()
    parcels = crm["crm.shipment"].groupby("order_id")
    arrived = parcels.actual_delivery_date.max().reindex(order.index).to_numpy()
    sent = parcels.created.min().reindex(order.index).to_numpy()
    worn = said("seam|colour").to_numpy()
    assert (cases.created[worn].to_numpy() > arrived[worn]).all()
    changes = said("delivery address|one more").to_numpy()
    assert not (cases.created[changes].to_numpy() > sent[changes]).any()
    refunds = crm["crm.return_order_line_item"].groupby("return_order_id").processed_date_c.min()
    waits = cases[said("on its way back|posted")]
    assert len(waits) > 3 and not (refunds.reindex(waits.id // 4).to_numpy() < waits.created.to_numpy()).any()
    # a late parcel's case is settled once it has come
    settled = (cases.is_closed & (cases.id % 4 == LATE)).to_numpy()
    assert settled.sum() > 50 and (cases.closed_date[settled].to_numpy() > arrived[settled]).all()


def test_a_case_comes_in_by_what_reaches_us(with_boxes):
    cases, contacts = (
        with_boxes["crm.case"],
        with_boxes["crm.contact"].set_index("id").loc[with_boxes["crm.case"].contact_id],
    )
    origin = np.array(CRM["case"].field("origin").picklist)[cases.origin.to_numpy(int)]
    silent = contacts[["phone", "mobile_phone"]].isna().all(axis=1).to_numpy()
    bounced = contacts.email_bounced_date.to_numpy() < cases.created.to_numpy()
    assert silent.any() and bounced.any()
    assert not (silent & (origin == "Phone")).any() and not (bounced & (origin == "Email")).any()
    neither = ~silent & ~bounced
    for name, share in (("Email", 0.5), ("Phone", 0.3), ("Web", 0.2)):
        assert_mean(origin[neither] == name, np.full(neither.sum(), share))


def test_a_case_drives_away_as_often_as_said(history):
    h = history
    leaves = h.world.behaviour.service.leaves_after_case
    assert_mean(~np.isnat(h.cases.drives_away_at), np.full(len(h.cases.case), leaves))
    left = ~np.isnat(h.cases.drives_away_at)
    assert (h.cases.drives_away_at[left] == h.cases.opened[left]).all()


def test_leaving_after_the_first_purchase(history):
    """Of one's own accord or because of the purchase's cases: 1 − (1−p)(1−ℓ)^cases."""
    h = history
    first = np.flatnonzero((h.orders.outcome == BOUGHT) & (h.orders.order // 3 % 4_096 == 1))
    who = h.orders.customer[first]
    cases = np.bincount(h.cases.order, minlength=len(h.orders.order))[first]
    driven = np.bincount(h.cases.order[~np.isnat(h.cases.drives_away_at)], minlength=len(h.orders.order))[first] > 0
    left = driven | (h.dropout_at[who] == h.orders.created[first])
    leaves = h.world.behaviour.service.leaves_after_case
    chance = truth.dropout_after_purchase(h.dropout[who], cases, leaves)
    assert_mean(left, chance)
    assert_mean(left[cases > 0], chance[cases > 0])
    assert_mean(left[cases == 0], h.dropout[who][cases == 0])


@pytest.fixture(scope="module", params=range(12))
def paired(request: pytest.FixtureRequest) -> tuple[World, dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """A world, its CRM, and the CRM of the same world in which cases drive nobody away."""
    world = one_off(request.param)
    calm = replace(world, behaviour=named_worlds.without(world.behaviour, "cases"))
    until = end_of(AS_OF)
    both = (frames(simulate(w, make_catalogue(w), np.arange(w.customers), until), until) for w in (world, calm))
    return world, *both


@pytest.mark.parametrize("weeks", [8, 26, 52])
def test_who_buys_again_after_a_case(paired, weeks):
    """Of the active, (1−ℓ)(1−e^(−λw)) buy again within w weeks; 1−e^(−λw) where cases drive nobody away."""
    world, crm, calm = paired
    window = np.timedelta64(7 * weeks, "D")
    buyers = calm["truth.purchaser"].set_index("contact_id")
    cases = calm["crm.case"].sort_values("created").drop_duplicates("contact_id").set_index("contact_id")
    cases = cases[cases.created + window < end_of(AS_OF)]
    active = ~(buyers.dropout_at.loc[cases.index] <= cases.created)
    cases = cases[active]
    rate = buyers.purchase_rate.loc[cases.index].to_numpy()
    clock, opened = world.season_clock(end_of(AS_OF)), cases.created.to_numpy().astype("datetime64[s]")
    passed = clock.to_clock(opened + window) - clock.to_clock(opened)
    for run, leaves in ((crm, world.behaviour.service.leaves_after_case), (calm, 0.0)):
        orders = run["crm.order"]
        orders = orders[(orders.id % 3 == BOUGHT) & orders.bill_to_contact_id.isin(cases.index)]
        opened_at = cases.created.loc[orders.bill_to_contact_id].to_numpy()
        later = orders[(orders.created > opened_at) & (orders.created <= opened_at + window)]
        again = cases.index.isin(later.bill_to_contact_id)
        assert_mean(again, truth.repeat_rate_after_case(rate, passed, leaves))


@pytest.mark.parametrize("table", ["crm.order", "crm.order_item", "crm.return_order", "crm.case", "crm.contact"])
def test_cases_change_nothing_but_what_comes_after_a_customer_has_left(paired, table):
    """The world without them, up to each customer's leaving, is the world with them."""
    _, crm, calm = paired
    left = crm["truth.purchaser"].query("dropout_cause == @CASE").set_index("contact_id").dropout_at
    orders = calm["crm.order"].set_index("id")
    gone = orders.index[orders.created > orders.bill_to_contact_id.map(left)]
    assert len(gone) > 100
    of_order = {"crm.order": "id", "crm.order_item": "order_id", "crm.return_order": "order_id"}
    expected = calm[table]
    if table in of_order:
        expected = expected[~expected[of_order[table]].isin(gone)]
    elif table == "crm.case":
        expected = expected[~(expected.id // 4).isin(gone)]
    found = crm[table]
    if table == "crm.contact":
        # what came after the leaving had tasks too, whose last dates stand on the contact
        last, those = ["last_activity_date", "last_viewed_date", "last_referenced_date"], found.id.isin(left.index)
        assert not found.loc[those, last].equals(expected.loc[those, last])
        pd.testing.assert_frame_equal(found.loc[~those, last], expected.loc[~those, last])
        found, expected = found.drop(columns=last), expected.drop(columns=last)
    pd.testing.assert_frame_equal(found, expected.reset_index(drop=True))


def test_the_truth_names_those_whom_cases_drove_away(paired):
    _, crm, calm = paired
    buyers, same = (run["truth.purchaser"].set_index("contact_id") for run in (crm, calm))
    left = buyers[buyers.dropout_cause == CASE]
    assert (same.dropout_cause != CASE).all()
    # each on the day of a case of theirs, while still a customer
    opened = crm["crm.case"].groupby("contact_id").created.agg(set)
    assert all(at in opened[contact] for contact, at in left.dropout_at.items())
    assert not (same.dropout_at.loc[left.index] < left.dropout_at).any()
    latent = ["purchase_rate", "dropout_probability", "spend_scale", "first_purchase_at"]
    pd.testing.assert_frame_equal(buyers[latent], same[latent])


def test_the_membership_goes_on_whatever_the_cases():
    """A case about a box drives nobody away, and whom another case drives away still gets the boxes."""
    world = trouble(default_world(contacts=1_500))
    calm = replace(world, behaviour=named_worlds.without(world.behaviour, "cases"))
    until = end_of(AS_OF)
    crm, same = (frames(simulate(w, make_catalogue(w), np.arange(w.customers), until), until) for w in (world, calm))
    boxes, expected = (run["crm.order"][run["crm.order"].type != RETAIL].reset_index(drop=True) for run in (crm, same))
    pd.testing.assert_frame_equal(boxes, expected)
    about_boxes = crm["crm.case"][(crm["crm.case"].id // 4).isin(boxes.id)]
    left = crm["truth.purchaser"][crm["truth.purchaser"].dropout_cause == CASE]
    assert len(about_boxes) > 100 and len(left) > 100
    assert not left.dropout_at.isin(about_boxes.created).any()


# --- at every instant, in every world -------------------------------------------------------------------------------


def trouble(world: World) -> World:
    """The same world, in which everything goes wrong."""
    service = ServiceParameters(late=0.5, case_after_late=0.9, case_after_return=0.9, question=0.3)
    return replace(world, behaviour=replace(world.behaviour, service=service))


@several
@given(worlds.map(trouble), st.integers(0, 1_300), st.integers(0, 86_399))
def test_a_case_is_opened_worked_on_and_settled(world, days, second):
    until = np.datetime64(world.start + days, "s") + second
    crm = frames(simulate(world, make_catalogue(world), np.arange(world.customers), until), until)
    cases, orders = crm["crm.case"], crm["crm.order"].set_index("id")
    assert (cases.is_closed == (cases.status == STATUS.index("Closed"))).all()
    assert (cases.is_closed == cases.closed_date.notna()).all()
    assert (cases.closed_date.dropna() > cases.created[cases.is_closed]).all()
    assert cases.owner_id.isin(SERVICE).all()
    for rows in (cases, crm["crm.task"]):
        assert (rows.created_by_id == rows.owner_id).all() and (rows.last_modified_by_id == rows.owner_id).all()
    # numbers as if counted: all of one length, rising with the time of opening
    assert cases.case_number.str.fullmatch("[0-9]+").all() and cases.case_number.str.len().nunique() <= 1
    assert cases.case_number.is_unique
    assert cases.sort_values("case_number").created.is_monotonic_increasing
    assert (cases.is_escalated <= (cases.priority == PRIORITIES.index("High"))).all()
    assert (cases.is_escalated[cases.status == STATUS.index("Escalated")]).all()
    assert cases[["subject", "description"]].notna().all(axis=None)
    order = orders.loc[cases.id // 4]
    assert (cases.contact_id.to_numpy() == order.bill_to_contact_id.to_numpy()).all()
    assert (cases.contact_id >= 0).all()  # nobody answers a walk-in
    assert (cases.account_id.to_numpy() == order.account_id.to_numpy()).all()
    assert (cases.created.to_numpy() > order.activated_date.to_numpy()).all()
    # one task each, done when the case is closed
    tasks = crm["crm.task"]
    assert (tasks.id == cases.id).all() and (tasks.created == cases.created).all()
    assert tasks.what_id.tolist() == ids.encode("500", cases.id.to_numpy(np.int64)).to_pylist()
    assert (tasks.who_id == cases.contact_id).all()
    completed = CRM["task"].field("status").picklist.index("Completed")
    assert ((tasks.status == completed) == cases.is_closed).all()
    assert (tasks.is_closed == cases.is_closed).all()
    assert tasks.completed_date_time.equals(cases.closed_date)
