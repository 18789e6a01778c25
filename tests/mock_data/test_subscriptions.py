"""Subscribers: their histories are possible, the CRM and the boxes follow them, and their moments are the model's."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_data import truth
from mock_data.behaviour.local_time import AWAKE, ZONES, to_local
from mock_data.behaviour.parameters import MONTHS, Plan, PriceRise, SubscriptionParameters
from mock_data.behaviour.subscriptions import (
    CANCELLED,
    DOWNGRADED,
    ERASED,
    PAUSED,
    PAYMENT_FAILED,
    PAYMENT_RECOVERED,
    PRICE_CHANGED,
    QUANTITY_CHANGED,
    RENEWED,
    RESUMED,
    SCHEDULED,
    STARTED,
    STATUS,
    TRIAL_CONVERTED,
    TRIAL_ENDED,
    UNPAID,
    UPGRADED,
    WITHDRAWN,
    Memberships,
)
from mock_data.crm.catalogue import make_catalogue
from mock_data.crm.orders import FIRST_BOX, Boxes
from mock_data.crm.people import arrivals
from mock_data.crm.subscriptions import make_boxes, make_subscriptions, subscription_rows
from mock_data.rows import Rows, as_of
from mock_data.schema import TRUTH
from mock_data.simulation import tables_of_shard
from mock_data.world import World, end_of
from tests.examples import examples

from .worlds import FIRST_INSTANT, Replay, days_open, default_world, snapshot, worlds

AS_OF = end_of(np.datetime64("2025-12-31"))
STANDARD_ERRORS = 5.0
EVENTS = TRUTH["subscription_event"].field("event").picklist
REASONS = TRUTH["subscription_event"].field("cancel_reason_c").picklist
DAY = np.timedelta64(1, "D")
several = examples(25)

share = st.one_of(st.just(0.0), st.just(1.0), st.floats(0, 1))
# every rate from never to always, so that whatever can come together does
wild = st.builds(
    SubscriptionParameters,
    subscribes=st.just(1.0),
    weeks_to_subscribe=st.floats(0.5, 20),
    second=share,
    trial=share,
    trial_days=st.integers(1, 90),
    converts=share,
    introductory=share,
    introductory_percent=st.integers(1, 90),
    upgrade=st.floats(0, 0.5),
    downgrade=st.floats(0, 0.5),
    more=st.floats(0, 0.5),
    fewer=st.floats(0, 0.5),
    same_day=share,
    pause=share,
    payment_fails=share,
    dunning_days=st.integers(2, 25),
    churn_unpaid=share,
    churn_at_once=share,
    erased=share,
    withdrawn=share,
    reactivates=share,
    weeks_to_reactivate=st.floats(0.5, 20),
    next_day=share,
)
rises = st.one_of(
    st.none(),
    st.builds(PriceRise, week=st.integers(0, 160), percent=st.integers(1, 40), foregone=st.just(0.0), cancels=share),
)


@st.composite
def wild_worlds(draw: st.DrawFn) -> World:
    world = draw(worlds)
    behaviour = replace(world.behaviour, subscriptions=draw(wild), price_rise=draw(rises))
    return replace(world, behaviour=behaviour)


def zone_of(contact: np.ndarray) -> np.ndarray:
    """A time zone for each contact: every one has some."""
    return contact % len(ZONES)


def subscribed(world: World, until: np.datetime64) -> Memberships:
    """All subscriptions of a small world."""
    contact = np.arange(world.contacts)
    at = arrivals(world, contact, world.season_clock(until)).at
    return make_subscriptions(world, make_catalogue(world), contact, at, zone_of(contact), until)


def rows_of(world: World, until: np.datetime64) -> list[Rows]:
    return subscription_rows(world, subscribed(world, until))


def boxes_of(world: World, members: Memberships) -> Boxes:
    boxes = make_boxes(world, make_catalogue(world), members)
    none = np.empty(0, dtype=np.int64)
    return boxes or Boxes(none, none, none.view("datetime64[s]"), *[none] * 7)


@dataclass
class Step:
    """One event, in plain values."""

    at: np.datetime64
    kind: int
    status: str
    plan: int
    quantity: int
    unit: int
    discount: int
    period_end: np.datetime64
    requested: np.datetime64
    reason: int
    paused_until: np.datetime64


def histories(members: Memberships) -> dict[int, list[Step]]:
    """Each subscription's events, by position."""
    e = members.events
    found: dict[int, list[Step]] = defaultdict(list)
    for i, of in enumerate(e.of.tolist()):
        found[of].append(
            Step(
                e.at[i], int(e.kind[i]), STATUS[e.status[i]], int(e.plan[i]), int(e.quantity[i]), int(e.unit_cents[i]),
                int(e.discount_cents[i]), e.period_end[i], e.requested[i], int(e.reason[i]), e.paused_until[i],
            )
        )  # fmt: skip
    return found


def months_later(first: np.datetime64, months: int) -> np.datetime64:
    """The same day of the month so many months later, or that month's last day."""
    month = first.astype("datetime64[M]")
    into = first - month.astype("datetime64[s]")
    late = (month + months).astype("datetime64[D]")
    last = (month + months + 1).astype("datetime64[D]") - DAY
    day = min(late + into.astype("timedelta64[D]"), last)
    return day.astype("datetime64[s]") + into % np.timedelta64(86_400, "s")


@pytest.fixture(scope="module")
def world() -> World:
    return default_world(contacts=3_000)


@pytest.fixture(scope="module")
def members(world: World) -> Memberships:
    return subscribed(world, AS_OF)


@pytest.fixture(scope="module")
def whole() -> Memberships:
    """The book's own world."""
    return subscribed(default_world(), AS_OF)


# --- what may follow what -------------------------------------------------------------------------------------------

SERVED = ("active",)
BEFORE = {  # the statuses in which each event may come
    TRIAL_CONVERTED: ("trial",),
    TRIAL_ENDED: ("trial",),
    RENEWED: SERVED,
    PRICE_CHANGED: SERVED,
    UPGRADED: SERVED,
    DOWNGRADED: SERVED,
    QUANTITY_CHANGED: SERVED,
    PAUSED: SERVED,
    RESUMED: ("paused",),
    PAYMENT_FAILED: SERVED,
    PAYMENT_RECOVERED: ("past_due",),
    UNPAID: ("past_due",),
    SCHEDULED: SERVED,
    WITHDRAWN: SERVED,
    CANCELLED: ("active", "paused", "unpaid"),
    ERASED: ("cancelled",),
}
AFTER = {
    ERASED: "cancelled",
    TRIAL_ENDED: "cancelled",
    PAUSED: "paused",
    PAYMENT_FAILED: "past_due",
    UNPAID: "unpaid",
    CANCELLED: "cancelled",
}


def check(history: list[Step], parameters: SubscriptionParameters, periods: list[int]) -> None:
    """One subscription's history is one that could be."""
    start = history[0]
    assert start.kind == STARTED and start.quantity == 1
    assert start.status in ("active", "trial")
    for before, now in pairwise(history):
        assert before.at <= now.at
        assert before.status in BEFORE[now.kind], (EVENTS[now.kind], before.status)
        assert now.status == AFTER.get(now.kind, "active")
        if now.kind == ERASED:
            assert before.kind == CANCELLED and before.requested == before.at  # left at once
            assert DAY <= now.at - before.at <= 30 * DAY
            assert str(now) == str(replace(before, at=now.at, kind=ERASED))
            continue
        scheduled = not np.isnat(before.requested)
        assert now.kind in (WITHDRAWN, CANCELLED) if scheduled else now.kind != WITHDRAWN
        # what an event is not about stays as it was
        switched = now.kind in (UPGRADED, DOWNGRADED)
        assert (now.plan != before.plan) == switched
        assert (now.quantity != before.quantity) == (now.kind == QUANTITY_CHANGED)
        if not switched:
            changed = (now.unit, now.discount) != (before.unit, before.discount)
            assert changed == (now.kind == PRICE_CHANGED)
        if now.kind not in (TRIAL_CONVERTED, RENEWED, PAYMENT_RECOVERED, PAUSED):
            assert str(now.period_end) == str(before.period_end)
        if now.kind in (TRIAL_CONVERTED, RENEWED, PAUSED, PAYMENT_RECOVERED) and before.status != "trial":
            assert now.period_end > before.period_end
        if now.kind in (RENEWED, PAYMENT_FAILED, PRICE_CHANGED):
            assert now.at == before.period_end
        elif before.status == "active" and now.kind != CANCELLED:
            assert now.at < before.period_end
        if now.kind == PAUSED:
            assert now.at < now.paused_until < now.period_end
        if now.kind == RESUMED:
            assert now.at == before.paused_until
        if before.status == "paused" and now.kind == CANCELLED:
            assert now.at < before.paused_until
        if now.kind == CANCELLED and scheduled:
            assert now.at == before.period_end and now.requested == before.requested
        if now.kind == UNPAID:
            assert now.at == before.at + np.timedelta64(parameters.dunning_days, "D")
        if now.kind == PAYMENT_RECOVERED:
            assert now.at < before.at + np.timedelta64(parameters.dunning_days, "D")
        if now.kind in (SCHEDULED, CANCELLED):
            assert (REASONS[now.reason] == "Payment failed") == (before.status == "unpaid")
        else:
            assert np.isnat(now.requested) and now.reason == -1
        if now.kind == SCHEDULED or (now.kind == CANCELLED and before.status in ("active", "paused") and not scheduled):
            assert now.requested == now.at
        assert np.isnat(now.paused_until) == (now.kind != PAUSED)
        assert periods[now.plan] == periods[before.plan]
    served = [step for step in history if step.kind != ERASED]
    for step in served[:-1]:
        assert step.status != "cancelled"
    for step in history:
        assert 0 <= step.discount < step.unit


@several
@given(wild_worlds(), days_open)
def test_histories_are_possible(world, days):
    until = end_of(world.start + days)
    members = subscribed(world, until)
    periods = [MONTHS[plan.billing_period] for plan in world.plans]
    found = histories(members)
    assert sorted(found) == list(range(len(members.subscribers.started)))  # each has its start
    for of, history in found.items():
        check(history, world.behaviour.subscriptions, periods)
        assert history[0].at == members.subscribers.started[of]
        assert history[-1].at < until
    e = members.events
    assert [int(n) for n in e.sequence] == [i + 1 for of in sorted(found) for i in range(len(found[of]))]


@examples(15)
@given(wild_worlds(), days_open, st.integers(0, 86_399), st.integers(0, 400))
def test_a_longer_run_gives_the_same_past(world, days, second, more):
    """Properties 2 and 3, where everything that can happen does."""
    stop = (world.start + days).astype("datetime64[s]") + np.timedelta64(second, "s")
    until = stop + np.timedelta64(more, "D")
    short, longer = rows_of(world, stop), rows_of(world, until)
    assert snapshot(short, stop) == Replay().apply(longer, FIRST_INSTANT, stop).tables
    assert Replay().apply(short, FIRST_INSTANT, stop).apply(longer, stop, until).tables == snapshot(longer, until)
    then, now = (boxes_of(w, subscribed(w, t)) for w, t in ((world, stop), (world, until)))
    known = now.at < stop
    assert all(np.array_equal(getattr(then, name), getattr(now, name)[known]) for name in vars(then))


@several
@given(wild_worlds(), days_open, st.integers(0, 1_300))
def test_the_row_is_what_the_last_event_left(world, days, earlier):
    until = end_of(world.start + days)
    rows = {r.table: r for r in rows_of(world, until)}
    then = until - np.timedelta64(min(earlier, days), "D")
    _, modified, row = as_of(rows["crm.subscription_c"], then)
    happened, _, event = as_of(rows["truth.subscription_event"], then)
    last = np.searchsorted(event["subscription_id"], row["id"], side="right") - 1
    assert np.array_equal(event["subscription_id"][last], row["id"])
    assert np.array_equal(modified, happened[last])
    for name in set(row) & set(event):
        assert np.array_equal(row[name].astype(str), event[name][last].astype(str)), name


@several
@given(wild_worlds(), days_open)
def test_an_erasure_changes_nothing_but_the_mark(world, days):
    until = end_of(world.start + days)
    terms = world.behaviour.subscriptions
    nobody, all_who_can = (
        replace(world, behaviour=replace(world.behaviour, subscriptions=replace(terms, erased=share)))
        for share in (0.0, 1.0)
    )
    (kept, *_), (marked, _, log) = (rows_of(w, until) for w in (nobody, all_who_can))
    _, _, row = as_of(kept, until)
    _, _, now = as_of(marked, until)
    assert not row["is_deleted"].any()
    for name in set(row) - {"is_deleted"}:
        assert np.array_equal(row[name].astype(str), now[name].astype(str)), name
    _, _, events = as_of(log, until)
    erased = events["event"] == ERASED
    assert np.array_equal(events["is_deleted"], erased)
    assert set(now["id"][now["is_deleted"]]) == set(events["subscription_id"][erased])
    long_ago = row["ended_at_c"] < until - 30 * DAY  # who left at once is erased by now
    at_once = (row["cancel_requested_at_c"] == row["ended_at_c"]) & long_ago
    assert now["is_deleted"][at_once].all() and not now["is_deleted"][np.isnat(row["ended_at_c"])].any()


# --- boxes ----------------------------------------------------------------------------------------------------------


@several
@given(wild_worlds(), days_open)
def test_a_box_each_month_of_service(world, days):
    """On the day of the month on which the first period was paid, if the subscription is active or past due then."""
    until = end_of(world.start + days)
    members = subscribed(world, until)
    s, boxes = members.subscribers, boxes_of(world, members)
    sent: dict[int, list[tuple[str, int, int]]] = defaultdict(list)
    for i, subscription in enumerate(boxes.subscription.tolist()):
        sent[subscription].append((str(boxes.at[i]), int(boxes.plan[i]), int(boxes.quantity[i])))
    for of, history in histories(members).items():
        due = []
        paid = s.paid_since[of]
        for k in range(0 if np.isnat(paid) else 1_400 // 28):
            at = months_later(paid, k)
            state = [step for step in history if step.at <= at]
            if at < until and state[-1].status in ("active", "past_due"):
                due.append((str(at), world.products + state[-1].plan, state[-1].quantity))
        assert sent[int(s.subscription[of])] == due


@several
@given(wild_worlds(), days_open)
def test_boxes_add_up_to_what_is_paid(world, days):
    until = end_of(world.start + days)
    members = subscribed(world, until)
    boxes = boxes_of(world, members)
    found = histories(members)
    of = np.searchsorted(members.subscribers.subscription, boxes.subscription)
    month = boxes.number - FIRST_BOX - boxes.subscription % 4 * 128
    paid: dict[tuple[int, int], list[int]] = defaultdict(list)
    for i in range(len(of)):
        months = MONTHS[world.plans[boxes.plan[i] - world.products].billing_period]
        state = [step for step in found[of[i]] if step.at <= boxes.at[i]][-1]
        paid[of[i], month[i] // months].append(i)
        assert boxes.discount[i] == (world.behaviour.subscriptions.introductory_percent if state.discount else 0)
    for mine in paid.values():
        plan = boxes.plan[mine]
        months = MONTHS[world.plans[plan[0] - world.products].billing_period]
        states = [[step for step in found[of[i]] if step.at <= boxes.at[i]][-1] for i in mine]
        one_price = len({(state.unit, state.discount) for state in states}) == 1
        if len(mine) == months and one_price:
            assert boxes.unit_cents[mine].sum() == states[0].unit - states[0].discount
    assert (boxes.unit_cents > 0).all() and (boxes.unit_cents <= boxes.list_cents).all()
    assert np.array_equal(boxes.first < 0, month == 0)
    assert np.array_equal(boxes.customer, boxes.subscription // 4)
    assert (np.diff(boxes.subscription * 128 + month) > 0).all()


# --- what must be there to be counted -------------------------------------------------------------------------------


SEEDS = range(12)


@pytest.fixture(scope="module", params=SEEDS, ids=str)
def keen(request: pytest.FixtureRequest) -> tuple[World, Memberships]:
    """Whoever has a subscription takes another, changes plans often, and comes back after leaving."""
    world = default_world(seed=request.param, contacts=2_000)
    terms = replace(world.behaviour.subscriptions, second=0.9, reactivates=0.9, upgrade=0.1, downgrade=0.1)
    world = replace(world, behaviour=replace(world.behaviour, subscriptions=terms))
    return world, subscribed(world, AS_OF)


def test_nobody_holds_one_plan_twice_at_once(keen):
    *_, log = subscription_rows(*keen)
    _, _, event = as_of(log, AS_OF)
    subscription, begins, plan = (event[name] for name in ("subscription_id", "happened_at", "product_2_c"))
    ends = np.where(np.append(subscription[1:] == subscription[:-1], False), np.append(begins[1:], AS_OF), AS_OF)
    held = (event["ended_at_c"] != event["ended_at_c"]) & (begins < ends)  # NaT: not ended
    contact = subscription // 4

    def overlap(*same: np.ndarray) -> np.ndarray:
        """Stretches of two subscriptions, of those that have all of `same` in common, that overlap."""
        order = np.flatnonzero(held)[np.lexsort((begins[held], *(values[held] for values in same)))]
        one, next_ = order[:-1], order[1:]
        alike = np.all([values[one] == values[next_] for values in same], axis=0)
        return alike & (ends[one] > begins[next_]) & (subscription[one] != subscription[next_])

    assert overlap(contact).sum() > 100
    assert not overlap(plan, contact).any()


def test_hazards_are_the_plans_whichever_subscription_it_is(keen):
    """Beside the first, plans of another period are taken by their shares; each has its own Beta of hazards."""
    world, members = keen
    s = members.subscribers
    period = np.array([MONTHS[plan.billing_period] for plan in world.plans])
    share = np.array([plan.share for plan in world.plans])
    number = s.subscription % 4
    of_first = period[s.plan][np.searchsorted(s.subscription, s.subscription - number)]
    assert ((period[s.plan] == of_first) == (number != 1)).all()
    for months in set(period):
        others = (number == 1) & (of_first == months)
        allowed = period != months
        for i in np.flatnonzero(allowed):
            near(s.plan[others] == i, share[i] / share[allowed].sum())
    later = number > 0
    for i, terms in enumerate(world.plans):
        a, b = terms.alpha, terms.beta
        mine = s.hazard[later & (s.plan == i)]
        spread = np.sqrt(a * b / (a + b + 1)) / (a + b)
        assert abs(mine.mean() - a / (a + b)) < STANDARD_ERRORS * spread / np.sqrt(len(mine))


def test_customers_subscribe_and_change_their_minds_while_they_are_awake(keen):
    _, members = keen
    s, e = members.subscribers, members.events
    assert np.array_equal(s.zone, zone_of(s.subscription // 4))

    def hour(at: np.ndarray, zone: np.ndarray) -> np.ndarray:
        local = to_local(at, zone)
        return (local - local.astype("datetime64[D]")) / np.timedelta64(1, "h")

    number = s.subscription % 4
    before = np.where(number == 3, 2, 0)  # the one that it follows
    followed = np.searchsorted(s.subscription, s.subscription - number + before)
    next_day = (number >= 2) & (s.started == s.ended[followed] + DAY)
    cause = np.where(number == 1, s.paid_since[followed], s.ended[followed])
    assert (s.started > cause)[number > 0].all()
    started = hour(s.started, s.zone)[~next_day]
    assert ((started >= AWAKE[0]) & (started <= AWAKE[1])).all()
    # what a month's end or a pause's cuts short may be an hour or so off; the season moves clocks by one more
    customers = np.isin(e.kind, (SCHEDULED, PAUSED, UPGRADED, DOWNGRADED, QUANTITY_CHANGED, WITHDRAWN))
    at = hour(e.at, s.zone[e.of])[customers]
    asleep = (at < AWAKE[0]) | (at > AWAKE[1])
    assert asleep.mean() < 0.01


def test_with_one_billing_period_on_offer_nobody_has_two():
    world = default_world(contacts=500)
    plans = tuple(plan for plan in world.plans if plan.billing_period == "quarterly")
    terms = replace(world.behaviour.subscriptions, plans=plans, second=1.0)
    world = replace(world, behaviour=replace(world.behaviour, subscriptions=terms))
    numbers = Counter(subscribed(world, AS_OF).subscribers.subscription % 4)
    assert numbers[0] > 50 and numbers[2] > 0 and numbers[1] == 0


def test_every_event_occurs(members):
    assert set(members.events.kind.tolist()) == set(range(len(EVENTS)))


def test_what_the_edge_cases_need_is_in_the_books_world(whole):
    """kpis.md §6, 3 to 14."""
    s, e = whole.subscribers, whole.events
    contact = s.subscription // 4
    assert Counter(s.subscription % 4).keys() == {0, 1, 2, 3}
    same = (contact[1:] == contact[:-1]) & ((s.started[1:] < s.ended[:-1]) | np.isnat(s.ended[:-1]))
    assert same.sum() > 20  # two at a time
    back = (s.started[2:] == s.ended[:-2] + DAY) & (s.subscription[2:] == s.subscription[:-2] + 2)
    back_at_once = (s.started[1:] == s.ended[:-1] + DAY) & (contact[1:] == contact[:-1])
    assert back.sum() + back_at_once.sum() > 0  # back the next day
    undone = (e.of[1:] == e.of[:-1]) & (e.kind[1:] == DOWNGRADED) & (e.kind[:-1] == UPGRADED)
    undone &= e.at[1:].astype("datetime64[D]") == e.at[:-1].astype("datetime64[D]")
    assert undone.sum() > 0
    first = np.searchsorted(e.of, e.of)
    up_and_down = np.flatnonzero(undone) + 1
    assert np.array_equal(e.unit_cents[up_and_down], e.unit_cents[up_and_down - 2])
    assert (first[up_and_down] <= up_and_down - 2).all()
    status = np.array(STATUS)[e.status]
    assert (e.kind == ERASED).sum() >= 3
    ended_paused = (e.kind[1:] == CANCELLED) & (status[:-1] == "paused")
    assert ended_paused.sum() > 3
    one_month = (s.started.astype("datetime64[M]") == s.ended.astype("datetime64[M]")) & ~np.isnat(s.paid_since)
    assert one_month.sum() > 0
    months = np.array([MONTHS[plan.billing_period] for plan in default_world().plans])[s.plan]
    assert set(months.tolist()) == {1, 3, 12}
    clamped = e.period_end[~np.isnat(e.period_end)].astype("datetime64[D]")
    assert (clamped == np.datetime64("2024-02-29")).any()
    for final in ("trial", "active", "past_due", "unpaid", "paused", "cancelled"):
        assert (status[np.append(e.of[1:] != e.of[:-1], True)] == final).any(), final  # as things stand


def test_what_is_taken_back_the_same_day_comes_to_nothing(world):
    always = replace(world.behaviour.subscriptions, upgrade=0.1, downgrade=0.1, same_day=1.0)
    world = replace(world, behaviour=replace(world.behaviour, subscriptions=always))
    for history in histories(subscribed(world, AS_OF)).values():
        switches = [i for i, step in enumerate(history) if step.kind in (UPGRADED, DOWNGRADED)]
        for there, back in zip(switches[::2], switches[1::2], strict=False):
            assert history[there].at.astype("datetime64[D]") == history[back].at.astype("datetime64[D]")
            before, after = history[there - 1], history[back]
            assert (after.plan, after.unit, after.discount) == (before.plan, before.unit, before.discount)


def test_who_never_comes_never_subscribes():
    world = default_world(contacts=200)
    at = np.full(200, np.datetime64("NaT"), "datetime64[s]")
    members = make_subscriptions(world, make_catalogue(world), np.arange(200), at, zone_of(np.arange(200)), AS_OF)
    assert len(members.subscribers.started) == len(members.events.of) == len(members.months.of) == 0
    assert make_boxes(world, make_catalogue(world), members) is None


def test_a_shop_without_the_box_has_the_tables_and_no_rows():
    world = default_world(contacts=300, accounts=5, products=30)
    world = replace(world, behaviour=replace(world.behaviour, subscriptions=None))
    batches = tables_of_shard(world, np.datetime64("2025-12-31"), 0)
    for key in ("crm.subscription_c", "truth.subscription_event", "truth.subscriber"):
        assert batches[key].num_rows == 0


# --- moments --------------------------------------------------------------------------------------------------------

N = 20_000


def one_plan(seed: int, alpha: float, beta: float, period: str = "monthly", **changes: object) -> Memberships:
    """Subscribers to one plan, all from the first day of ten years."""
    plan = Plan(name="Box", billing_period=period, unit_price=30, share=1, alpha=alpha, beta=beta)  # type: ignore[arg-type]
    parameters = SubscriptionParameters(
        plans=(plan,), subscribes=1, weeks_to_subscribe=0.01, second=0, reactivates=0, **{"trial": 0.0, **changes}
    )  # type: ignore[arg-type]
    world = default_world(seed=seed, contacts=N)
    world = replace(world, behaviour=replace(world.behaviour, subscriptions=parameters))
    at = np.full(N, world.opening)
    until = world.opening + 3_000 * DAY
    return make_subscriptions(world, make_catalogue(world), np.arange(N), at, zone_of(np.arange(N)), until)


@pytest.mark.parametrize("seed", SEEDS)
def test_renewals_are_sbg(seed):
    """As they come, pauses, failed payments and early leavers included: the share that makes t renewals is S(t)."""
    alpha, beta = ((0.668, 3.806), (0.704, 1.182), (0.8, 6.5))[seed % 3]
    members = one_plan(seed, alpha, beta, pause=0.1, churn_at_once=0.4, payment_fails=0.2)
    s, months = members.subscribers, members.months
    assert abs(s.hazard.mean() / (alpha / (alpha + beta)) - 1) < 0.06
    lost = np.bincount(months.month[months.over], minlength=100)  # renewals not made, by number
    came = np.bincount(months.month, minlength=100)
    due = came[1:61]
    survival = np.cumprod(1 - lost[1:61] / due)
    t = np.arange(1, 61)
    expected = truth.sbg_survival(alpha, beta, t)
    assert abs(lost[1] / due[0] / (alpha / (alpha + beta)) - 1) < 0.06
    assert abs(survival[23] / expected[23] - 1) < 0.07
    error = np.sqrt(expected * (1 - expected) / N)
    assert (np.abs(survival - expected) <= STANDARD_ERRORS * error).all()
    value = (30 * 0.5 * 0.995 ** np.arange(60) * np.append(1, survival[:59])).sum()
    assert abs(value / truth.subscriber_value(alpha, beta, 1, 30 * 0.5, 0.995) - 1) < 0.05


@pytest.mark.parametrize("period", ["quarterly", "annual"])
def test_longer_periods_are_sbg_at_each_renewal(period):
    months, members = MONTHS[period], one_plan(7, 0.9, 2.4, period)
    m = members.months
    renewal = m.month // months
    due = m.month % months == 0
    assert not m.over[~due].any()
    survival = 1 - np.bincount(renewal[m.over])[1:5] / np.bincount(renewal[due])[1:5]
    expected = truth.sbg_survival(0.9, 2.4, np.arange(5))
    assert np.cumprod(survival) == pytest.approx(expected[1:], rel=0.05)


def near(happened: np.ndarray, chance: float) -> None:
    """The share of independent events agrees with their chance."""
    error = np.sqrt(chance * (1 - chance) / len(happened))
    assert abs(happened.mean() - chance) <= STANDARD_ERRORS * error


@pytest.mark.parametrize("seed", SEEDS)
def test_shares_are_the_parameters(seed):
    members = one_plan(seed, 0.8, 6.5, trial=0.4)
    s, e, m, p = members.subscribers, members.events, members.months, SubscriptionParameters()
    trial = ~np.isnat(s.trial_end)
    near(trial, p.trial)
    near(~np.isnat(s.paid_since[trial]), p.converts)
    assert (e.kind == TRIAL_CONVERTED).sum() == (trial & ~np.isnat(s.paid_since)).sum()
    near(s.introductory, p.introductory)
    paid = np.flatnonzero(~np.isnat(s.paid_since))
    left = paid[np.isin(paid, m.of[m.over])]
    unpaid = np.zeros(len(s.started), dtype=bool)
    unpaid[e.of[e.kind == UNPAID]] = True
    near(unpaid[left], p.churn_unpaid)
    made = np.isin(e.kind, (RENEWED, PAYMENT_RECOVERED))
    near(e.kind[made] == PAYMENT_RECOVERED, p.payment_fails)
    paused_in_january = np.isin(paid, e.of[(e.kind == PAUSED) & (e.at < s.paid_since[e.of] + 31 * DAY)])
    near(paused_in_january, p.pause * (1 - p.withdrawn))  # both in one month: the cancellation taken back goes before


def test_a_price_rise_reaches_subscribers_at_their_next_renewal():
    base = default_world(contacts=6_000)
    often = replace(base.behaviour.subscriptions, upgrade=0.1, downgrade=0.1, same_day=0.5)
    base = replace(base, behaviour=replace(base.behaviour, subscriptions=often))
    rise = PriceRise(week=105, percent=9)
    day = base.opening + 7 * 105 * DAY
    dear, dear_and_resented = (
        replace(base, behaviour=replace(base.behaviour, price_rise=r)) for r in (rise, replace(rise, cancels=0.5))
    )
    calm, risen, resented = (subscribed(world, AS_OF) for world in (base, dear, dear_and_resented))
    e, was = risen.events, calm.events
    for name in vars(e):  # nothing is different before that day
        assert np.array_equal(getattr(e, name)[e.at < day].astype(str), getattr(was, name)[was.at < day].astype(str))
    catalogue = make_catalogue(dear)
    old, new = (cents[0, catalogue.articles :][e.plan] for cents in (catalogue.list_cents, catalogue.dearer_cents))
    assert (e.unit_cents[e.at < day] == old[e.at < day]).all()
    billed = np.isin(e.kind, (STARTED, RENEWED, PAYMENT_FAILED)) & (e.at >= day)
    assert (e.unit_cents[billed] == new[billed]).all()
    kept = ~np.isin(e.kind, (STARTED, RENEWED, PAYMENT_FAILED, PRICE_CHANGED, UPGRADED, DOWNGRADED))
    assert (e.unit_cents[kept] == e.unit_cents[np.flatnonzero(kept) - 1]).all()
    switched = np.isin(e.kind, (UPGRADED, DOWNGRADED))
    back = switched & np.roll(switched, 1) & (e.of == np.roll(e.of, 2)) & (e.plan == np.roll(e.plan, 2))
    back &= e.at.astype("datetime64[D]") == np.roll(e.at, 1).astype("datetime64[D]")
    later = switched & (e.at >= day)
    assert (e.unit_cents[later & ~back] == new[later & ~back]).all()
    assert (e.unit_cents[back] == np.roll(e.unit_cents, 2)[back]).all()
    # who leaves because of it, says so, and nobody else leaves earlier or later
    assert np.array_equal(risen.subscribers.ended.astype(str), calm.subscribers.ended.astype(str))
    known = np.searchsorted(risen.subscribers.subscription, resented.subscribers.subscription)
    there = resented.subscribers.subscription % 4 == 0
    same = resented.subscribers.last == risen.subscribers.last[known.clip(max=len(risen.subscribers.last) - 1)]
    left = there & ~same
    r = resented.events
    assert left.sum() > 20
    said = np.isin(r.of, np.flatnonzero(left)) & (r.kind == CANCELLED)
    assert set(r.reason[said].tolist()) == {REASONS.index("Price")}


# --- truths of subscribers ------------------------------------------------------------------------------------------


def test_sbg_survival_is_the_published_one():
    """Fader and Hardie 2007, share of customers in %, high-end and regular, years 0 to 12."""
    high = "100 86.9 74.3 65.3 59.3 55.1 51.7 49.1 46.8 44.5 42.7 40.9 39.4"
    regular = "100 63.1 46.8 38.2 32.6 28.9 26.2 24.1 22.3 20.7 19.4 18.3 17.3"
    for (alpha, beta), observed, off in (((0.668, 3.806), high, 2.2), ((0.704, 1.182), regular, 0.9)):
        curve = 100 * truth.sbg_survival(alpha, beta, np.arange(13))
        assert np.abs(curve - np.array(observed.split(), dtype=float)).max() < off


def test_subscriber_value_ends_with_the_horizon():
    one = truth.subscriber_value(0.9, 2.4, 12, 100.0, 1.0, horizon_months=12)
    assert one == 100.0
    five = truth.subscriber_value(0.9, 2.4, 12, 100.0, 0.9)
    t = np.arange(5)
    assert five == pytest.approx((100 * 0.9**t * truth.sbg_survival(0.9, 2.4, t)).sum())


def test_recurring_revenue_a_month_is_rounded_half_up_once():
    """kpis.md §2: annual by 12, quarterly by 3; trial, paused and unpaid are 0, past due still counts."""
    status = np.array(["active", "past_due", "active", "active", "trial", "paused", "unpaid", "cancelled"])
    unit, off, months = (
        np.array(v) for v in ([89_900, 89_900, 30, 8_070] + [90] * 4, [0, 0, 0, 1] + [0] * 4, [12] * 8)
    )
    months[3] = 3
    quantity = np.array([1, 2, 1, 1] + [1] * 4)
    assert truth.monthly_cents(status, unit, off, quantity, months).tolist() == [7_492, 14_983, 3, 2_690] + [0] * 4


def revenue(world: World, members: Memberships) -> truth.DayEnds:
    s, e = members.subscribers, members.events
    months = np.array([MONTHS[plan.billing_period] for plan in world.plans])[e.plan]
    status = np.array(STATUS)[e.status]
    cents = truth.monthly_cents(status, e.unit_cents, e.discount_cents, e.quantity, months)
    subscription = s.subscription[e.of]
    return truth.day_ends(subscription // 4, subscription, e.at.astype("datetime64[D]"), cents, status == "paused")


@several
@given(wild_worlds(), days_open, st.integers(0, 1_300))
def test_movements_lead_from_month_to_month(world, days, length):
    """The waterfall: revenue at the start and all movements make revenue at the end, and each is what its name says."""
    members = subscribed(world, end_of(world.start + days))
    ends = revenue(world, members)
    moves = truth.movements(ends)
    first, last = world.start, world.start + length
    start, end = (ends.at_start_of(day, world.contacts)[0] for day in (first, last))
    within = (moves["day"] >= first) & (moves["day"] < last)
    change = np.bincount(moves["customer"][within], moves["cents"][within], minlength=world.contacts)
    assert np.array_equal(start + change, end)
    up = np.isin(moves["movement"], (truth.NEW, truth.REACTIVATION, truth.RESUME, truth.EXPANSION))
    assert (moves["cents"][up] > 0).all() and (moves["cents"][~up] <= 0).all()
    assert (moves["movement"][moves["cents"] == 0] == truth.CHURN).all()
    new = moves["customer"][moves["movement"] == truth.NEW]
    assert len(set(new.tolist())) == len(new)
    # each day, by hand
    held: dict[int, dict[int, tuple[int, bool]]] = defaultdict(dict)
    s, e = members.subscribers, members.events
    months = np.array([MONTHS[plan.billing_period] for plan in world.plans])
    for i in np.argsort(e.at, kind="stable"):
        if e.at[i] >= last:
            break
        each = int((e.unit_cents[i] - e.discount_cents[i]) * e.quantity[i])
        earns = STATUS[e.status[i]] in ("active", "past_due")
        amount = int(each / months[e.plan[i]] + 0.5 + 1e-9) if earns else 0
        held[int(s.subscription[e.of[i]]) // 4][int(e.of[i])] = (amount, STATUS[e.status[i]] == "paused")
    paused = ends.at_start_of(last, world.contacts)[1]
    for customer in range(world.contacts):
        assert end[customer] == sum(cents for cents, _ in held[customer].values())
        assert paused[customer] == sum(p for _, p in held[customer].values())


def moved(*history: tuple[int, str, int, bool]) -> list[tuple[str, int]]:
    """Movements of one customer, from (subscription, day, revenue, paused)."""
    subscription, day, cents, paused = (
        np.array(column) for column in zip(*sorted(history, key=lambda step: step[:2]), strict=True)
    )
    ends = truth.day_ends(np.zeros(len(day), dtype=int), subscription, day.astype("datetime64[D]"), cents, paused)
    moves = truth.movements(ends)
    return list(zip(moves["movement"].tolist(), moves["cents"].tolist(), strict=True))


def test_movements_by_name():
    """kpis.md §2, MRR movements, rule by rule."""
    d = [f"2024-01-{day:02}" for day in range(1, 20)]
    assert moved((0, d[0], 0, False), (0, d[5], 30, False)) == [("new", 30)]  # a trial that converts
    assert moved((0, d[0], 30, False), (0, d[1], 50, False), (0, d[2], 20, False)) == [
        ("new", 30), ("expansion", 20), ("contraction", -30),
    ]  # fmt: skip
    assert moved((0, d[0], 30, False), (0, d[3], 50, False), (0, d[3], 30, False)) == [("new", 30)]
    assert moved((0, d[0], 30, False), (0, d[3], 0, True), (0, d[9], 30, False)) == [
        ("new", 30), ("pause", -30), ("resume", 30),
    ]  # fmt: skip
    assert moved((0, d[0], 30, False), (0, d[3], 0, True), (0, d[9], 0, False)) == [
        ("new", 30), ("pause", -30), ("churn", 0),
    ]  # fmt: skip
    assert moved((0, d[0], 30, False), (0, d[3], 0, False), (2, d[4], 50, False)) == [
        ("new", 30), ("churn", -30), ("reactivation", 30), ("expansion", 20),
    ]  # fmt: skip
    assert moved((0, d[0], 30, False), (0, d[3], 0, True), (0, d[5], 0, False), (2, d[9], 10, False)) == [
        ("new", 30), ("pause", -30), ("churn", 0), ("reactivation", 30), ("contraction", -20),
    ]  # fmt: skip
    assert moved((0, d[0], 30, False), (1, d[2], 50, False), (0, d[4], 0, False)) == [
        ("new", 30), ("expansion", 50), ("contraction", -30),
    ]  # fmt: skip
    assert moved((0, d[0], 30, False), (0, d[0], 0, False)) == []  # here and gone in a day


def test_retention_by_hand():
    start, end, paused = (np.array(v) for v in ([100, 50, 0, 40, 10], [120, 0, 70, 0, 10], [0, 0, 0, 1, 0]))
    assert truth.revenue_retention(start, end) == (130 / 200, 110 / 200)
    assert truth.logo_churn(start, end, paused) == 1 / 4
