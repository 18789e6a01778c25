"""What the sales team does with wholesale accounts: opportunities, their lines and history, tasks, events, orders."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .. import ids
from ..behaviour.acquisition import SOURCES, campaign_runs
from ..behaviour.baskets import Lines
from ..behaviour.local_time import to_utc
from ..behaviour.parameters import Campaign
from ..behaviour.pipeline import (
    OPEN_STAGES,
    Days,
    Deals,
    make_deals,
    office_hours,
    office_time,
    working_day_number,
    working_days_later,
)
from ..draws import Integers, choice, uniform
from ..encoding import from_pool, pooled
from ..pools import PLACES
from ..quantiles import gamma_quantile
from ..rows import NEVER, Rows, Seconds, Update, unless
from ..schema import CRM
from ..world import World
from .catalogue import STANDARD, Catalogue
from .fulfilment import make_parcels, shipment_rows
from .homes import account_place, account_zone
from .orders import BOUGHT, WHOLESALE, Orders, order_number, order_rows, seconds_between
from .people import (
    USER_ZONE,
    WHOLESALE_SALES,
    account_owner,
    people_of_wholesaler,
    size_of_orders,
    wholesale_contact_rows,
    wholesaler_name,
)
from .service import CALL, EMAIL, TASKS_PER_ORDER, task_rows

_OPPORTUNITY = CRM["opportunity"]
_STAGES = _OPPORTUNITY.field("stage_name").picklist
_WON, _LOST = _STAGES.index("Closed Won"), _STAGES.index("Closed Lost")
assert min(_WON, _LOST) == OPEN_STAGES
_PROPOSAL, _NEGOTIATION = _STAGES.index("Proposal"), _STAGES.index("Negotiation")
_PERCENT = np.array([10, 25, 50, 75, 100, 0])  # of each stage, as the sales team has set them up
_FORECAST = np.array(  # of each stage; the label stands at the same place in its own list
    [
        _OPPORTUNITY.field("forecast_category").picklist.index(category)
        for category in ("Pipeline", "Pipeline", "BestCase", "Forecast", "Closed", "Omitted")
    ]
)
_NEXT_STEP = np.array(  # at each stage
    [
        "Find out who decides, and when", "Agree on quantities and sizes", "Follow up on the proposal",
        "Agree on prices and delivery", None, None,
    ],
    dtype=object,
)  # fmt: skip
_RECORD_TYPE = ids.encode("012", np.array([0]))  # Wholesale, the only one
_NEW, _EXISTING = (_OPPORTUNITY.field("type").picklist.index(f"{kind} Business") for kind in ("New", "Existing"))
_EVENT = SOURCES.index("Event")
_SOURCE_SHARES = np.cumsum([0.35, 0.05, 0.45, 0.05, 0.10])  # of deals without a campaign, in the picklist's order
_DAYS_AFTER_EVENT, _THROUGH_EVENT = 60, 0.5  # of the deals opened so soon after an event began, how many come from it
_SEASONS = pa.array(["Winter", "Spring", "Summer", "Autumn"])
_WISHES = pa.array(["Full size run, S to XXL", "Sizes as in the last order", "Sizes to follow with the order",
                    "For the shop window, first to be delivered"])  # fmt: skip
_WISHED = 0.7  # lines with a wish

_LINES = 8  # room for lines in a line's record number
_MOST_LINES = 6
_FEWEST_PIECES = 10  # of a line
_DISCOUNTS = np.array([10, 20, 30])  # percent; tens off prices in tens of cents leave whole cents
_FURTHER_DISCOUNT = 10  # of a deal whose price is talked over once more
_TALKED_OVER = 0.4
_DAYS_TO_DELIVER = 15  # working days from the close of a deal to the day its pieces are due; its order comes sooner
_STEPS = 8  # room for changes in a history row's record number
# how many working days ahead the close is planned at each stage, at least and at most
_PLANNED = ((15, 60), (12, 40), (6, 28), (2, 15))
_OFFER, _TALK, _CLOSE = 2, 4, 5  # steps: the four open stages, the price talked over, the end


@dataclass(frozen=True)
class _Offer:
    """The lines of some deals, and what they come to.

    Attributes:
        lines: as proposed; `order` is the position of the deal.
        talked_over: shape (deals,), when the discount was raised; NaT for never.
        proposed_cents, final_cents: shape (deals,), sum of the lines before that and after.
        estimate_cents: shape (deals,), what the deal was thought to be worth before it had lines.
    """

    lines: Lines
    talked_over: Seconds
    proposed_cents: Integers
    final_cents: Integers
    estimate_cents: Integers


@dataclass(frozen=True)
class _Steps:
    """How each deal stands after each change, shape (deals, 6): four open stages, the price talked over, the end.

    Attributes:
        at: when; NaT for a change that does not come.
        stage: position in the picklist.
        cents: what the deal is worth from then on.
        close_date: the day planned from then on; at the end, the day itself.
    """

    at: Seconds
    stage: Integers
    cents: Integers
    close_date: NDArray[np.datetime64]


def wholesale_rows(world: World, catalogue: Catalogue, buyer: Integers, until: np.datetime64) -> list[Rows]:
    """Everything that the wholesale accounts numbered `buyer` (from ``world.customers``) do before `until`."""
    deals = _deals_of(world, buyer - world.customers, until)
    offer = _make_offer(world, catalogue, deals)
    steps = _steps(world, deals, offer)
    tasks, meetings = _make_tasks(world, deals), _make_meetings(world, deals)
    name = _names(world, deals)
    orders = _make_orders(world, deals, offer)
    return [
        _opportunities(world, deals, name, steps, _make_log(deals, steps, tasks, meetings)),
        _line_items(world, deals, name, offer, steps, catalogue),
        _history(deals, steps),
        *order_rows(world, orders, catalogue),
        *shipment_rows(world, orders, make_parcels(world, orders)),
        _task_rows(world, deals, tasks),
        _event_rows(world, deals, meetings),
        _truth(deals),
    ]


def wholesale_people_rows(world: World, contact: Integers, until: np.datetime64) -> list[Rows]:
    """People at wholesale accounts (:meth:`World.people_at`), and what was done with them before `until`."""
    deals = _deals_of(world, np.unique(world.wholesaler_of(contact)[0]), until)
    tasks = _task_rows(world, deals, _make_tasks(world, deals))
    meetings = _event_rows(world, deals, _make_meetings(world, deals))
    return wholesale_contact_rows(world, contact, tasks, meetings)


def _deals_of(world: World, wholesaler: Integers, until: np.datetime64) -> Deals:
    """All deals that accounts, counted from 0 among the wholesale ones and rising, open before `until`."""
    account = world.shops + wholesaler
    return make_deals(
        world.seed, world.behaviour.wholesale, world.start, wholesaler, account_owner(world, account), WHOLESALE_SALES,
        until, account_zone(world, account), USER_ZONE,
    )  # fmt: skip


def _make_offer(world: World, catalogue: Catalogue, deals: Deals) -> _Offer:
    """Products, quantities and discounts of each deal, whether or not it comes so far."""
    seed, n = world.seed, len(deals.deal)
    count = 1 + (uniform(seed, "lines of deal", deals.deal) * _MOST_LINES).astype(np.int64)
    of = np.repeat(np.arange(n), count)
    line = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    key = deals.deal[of] * _LINES + line
    product = catalogue.for_sale[(uniform(seed, "product of deal", key) * len(catalogue.for_sale)).astype(np.int64)]
    pieces = gamma_quantile(2.0, uniform(seed, "pieces of deal", key)) / 2 * world.behaviour.wholesale.mean_pieces
    pieces *= size_of_orders(world, world.shops + deals.wholesaler)[of]
    quantity = np.maximum(_FEWEST_PIECES, np.rint(pieces)).astype(np.int64)
    offered = deals.entered[:, _PROPOSAL]
    listed = catalogue.list_cents[STANDARD, product]
    cents = catalogue.listed(product, offered[of])
    discount = _DISCOUNTS[choice(np.cumsum([0.35, 0.4, 0.25]), uniform(seed, "discount of deal", deals.deal))][of]
    lines = Lines(of, line, product, quantity, cents, discount, _discounted(cents, discount))

    day = 1 + (uniform(seed, "day of talk", deals.deal) * (deals.days_in_stage[:, -1] - 1)).astype(np.int64)
    negotiated = deals.last_stage == _NEGOTIATION
    talks = negotiated & (uniform(seed, "price is talked over", deals.deal) < _TALKED_OVER)
    talk_day = working_days_later(deals.entered_on[:, _NEGOTIATION], day)
    talked_over = unless(~talks, office_time(seed, "time of talk", talk_day, deals.zones, deals.deal))

    optimism = 0.5 + 0.8 * uniform(seed, "estimate of deal", deals.deal)
    thought = optimism * np.bincount(of, weights=quantity * listed, minlength=n)
    return _Offer(
        lines=lines,
        talked_over=talked_over,
        proposed_cents=_sum(n, lines, lines.unit_cents),
        final_cents=_sum(n, lines, _final_unit_cents(lines, talks)),
        estimate_cents=np.maximum(1, np.rint(thought / 50_000)).astype(np.int64) * 50_000,  # to 500.00
    )


def _discounted(cents: Integers, percent: Integers | int) -> Integers:
    """Price of one piece after the discount, rounded half-up where it is not whole."""
    return (cents * (100 - percent) + 50) // 100


def _final_unit_cents(lines: Lines, talked_over: NDArray[np.bool_]) -> Integers:
    further = _FURTHER_DISCOUNT * talked_over[lines.order]
    return _discounted(lines.list_cents, lines.discount + further)


def _lines_of(lines: Lines, deals: NDArray[np.bool_]) -> Lines:
    """The lines of some deals only."""
    kept = deals[lines.order]
    return Lines(**{field.name: getattr(lines, field.name)[kept] for field in fields(lines)})


def _sum(n: int, lines: Lines, unit_cents: Integers) -> Integers:
    """Sum of the lines of each of `n` deals; exact for integers below 2⁵³."""
    return np.bincount(lines.order, weights=lines.quantity * unit_cents, minlength=n).astype(np.int64)


def _steps(world: World, deals: Deals, offer: _Offer) -> _Steps:
    n = len(deals.deal)
    at = np.column_stack([deals.entered, offer.talked_over, deals.closed])
    stage = np.tile(np.arange(_CLOSE + 1), (n, 1))
    stage[:, _TALK] = _NEGOTIATION
    stage[:, _CLOSE] = np.where(deals.won, _WON, _LOST)
    cents = np.empty((n, _CLOSE + 1), dtype=np.int64)
    cents[:, :_OFFER] = offer.estimate_cents[:, np.newaxis]
    cents[:, _OFFER:_TALK] = offer.proposed_cents[:, np.newaxis]
    cents[:, _TALK] = offer.final_cents
    cents[:, _CLOSE] = np.where(deals.last_stage < _PROPOSAL, offer.estimate_cents, offer.final_cents)

    close_date = np.empty((n, _CLOSE + 1), dtype="datetime64[D]")
    planned = deals.opened_on
    for step, (least, most) in enumerate(_PLANNED):
        ahead = least + (uniform(world.seed, "planned close", deals.deal, step) * (most - least)).astype(np.int64)
        reached = np.where(np.isnat(at[:, step]), deals.opened_on, deals.entered_on[:, step])
        # a plan is pushed when it no longer holds, and never pulled in
        planned = np.maximum(planned, working_days_later(reached, ahead))
        close_date[:, step] = planned
    close_date[:, _TALK] = planned
    close_date[:, _CLOSE] = deals.closed_on
    return _Steps(at, stage, cents, close_date)


def _expected(cents: Integers, stage: Integers) -> Integers:
    """What a deal at a stage is worth times the stage's chance, in cents, rounded half-up."""
    return (cents * _PERCENT[stage] + 50) // 100


def _range(deals: Deals) -> pa.StringArray:
    """What each deal is about: the range of the season in which it opens."""
    month = deals.opened_on.astype("datetime64[M]").astype(np.int64)
    year = pc.cast(pa.array(month // 12 + 1970), pa.string())
    return pc.binary_join_element_wise(from_pool(_SEASONS, month % 12 // 3), year, "range", " ")


def _names(world: World, deals: Deals) -> pa.StringArray:
    """Names of deals: who would buy, what, and which of that account's deals it is."""
    number = pc.binary_join_element_wise("#", pc.cast(pa.array(deals.number + 1), pa.string()), "")
    of_account = wholesaler_name(world, world.shops + deals.wholesaler)
    return pc.binary_join_element_wise(of_account, pc.binary_join_element_wise(_range(deals), number, " "), ", ")


def _opportunities(world: World, deals: Deals, name: pa.StringArray, steps: _Steps, log: _Log) -> Rows:
    campaign = _campaign(world, deals)
    source = choice(_SOURCE_SHARES, uniform(world.seed, "source of deal", deals.deal))
    existing = _first_won(deals) < deals.opened
    kind = from_pool(pa.array(["First order, of the", "Repeat order, of the"]), existing.astype(np.int64))
    stage, cents = (values[log.deal, log.step] for values in (steps.stage, steps.cents))
    close_date = steps.close_date[log.deal, log.step]
    month = close_date.astype("datetime64[M]").astype(np.int64)
    year, quarter = month // 12 + 1970, month % 12 // 3 + 1
    forecast = _FORECAST[stage]
    standing = {
        "stage_name": stage,
        "amount": cents,
        "probability": _PERCENT[stage] * 100,
        "expected_revenue": _expected(cents, stage),
        "close_date": close_date,
        "fiscal": np.char.add(np.char.add(year.astype("U4"), " "), quarter.astype("U1")),
        "fiscal_quarter": quarter,
        "fiscal_year": year,
        "is_closed": stage >= OPEN_STAGES,
        "is_won": stage == _WON,
        "forecast_category": forecast,
        "forecast_category_name": forecast,
        "next_step": _NEXT_STEP[stage],
        "has_opportunity_line_item": (log.step >= _OFFER) & (deals.last_stage[log.deal] >= _PROPOSAL),
        "has_open_activity": log.open > 0,
        "has_overdue_task": log.overdue > 0,
        "last_activity_date": log.last_activity,
        "last_viewed_date": log.last_viewed,
        "last_referenced_date": log.last_viewed,
        # what is counted up about a deal does not change it: only the modstamp tells
        "last_modified_date": log.last_changed,
    }
    return Rows(
        "crm.opportunity",
        deals.opened,
        {
            "id": deals.deal,
            "account_id": world.shops + deals.wholesaler,
            "name": name,
            **{column: values[log.first] for column, values in standing.items()},
            "type": np.where(existing, _EXISTING, _NEW),
            "lead_source": np.where(campaign >= 0, _EVENT, source),
            "campaign_id": campaign,
            "record_type_id": pooled(_RECORD_TYPE, np.zeros(len(deals.deal), dtype=np.int64)),
            "description": pc.binary_join_element_wise(kind, _range(deals), " "),
            "owner_id": deals.owner,
            "created_by_id": deals.owner,
            "last_modified_by_id": deals.owner,
        },
        updates=(
            Update(
                log.at[~log.first],
                {column: values[~log.first] for column, values in standing.items()},
                rows=log.deal[~log.first],
            ),
        ),
    )


def _campaign(world: World, deals: Deals) -> Integers:
    """The event that each deal came from, as a record number; −1 for a deal that came otherwise."""
    day = (deals.opened_on - world.start).astype(np.int64)
    through = uniform(world.seed, "deal comes from an event", deals.deal) < _THROUGH_EVENT
    campaign = np.full(len(day), -1)
    for run in campaign_runs(world.behaviour):
        if isinstance(run.of, Campaign) and run.of.type == "Event" and run.of.runs:
            campaign[through & (day >= run.first) & (day < run.first + _DAYS_AFTER_EVENT)] = run.number
    return campaign


def _first_won(deals: Deals) -> Seconds:
    """When the account of each deal first bought; NaT for one that never did."""
    _, account = np.unique(deals.wholesaler, return_inverse=True)
    first = np.full(len(deals.deal), NEVER)
    np.fmin.at(first, account[deals.won], deals.closed[deals.won])
    return first[account]


def _line_items(
    world: World, deals: Deals, name: pa.StringArray, offer: _Offer, steps: _Steps, catalogue: Catalogue
) -> Rows:
    """Lines of the deals that come to a proposal."""
    offered = deals.last_stage >= _PROPOSAL
    lines = _lines_of(offer.lines, offered)
    of = lines.order
    talked_over = offer.talked_over[of]
    final = _final_unit_cents(lines, ~np.isnat(offer.talked_over))
    number = deals.deal[of] * _LINES + lines.line
    due = working_days_later(steps.close_date[of], np.full((len(of), 1), _DAYS_TO_DELIVER))
    replanned = due[:, _NEGOTIATION] != due[:, _PROPOSAL]
    no = np.zeros(len(of), dtype=bool)
    wish = (uniform(world.seed, "wish for line of deal", number) / _WISHED * len(_WISHES)).astype(np.int64)
    return Rows(
        "crm.opportunity_line_item",
        deals.entered[of, _PROPOSAL],
        {
            "id": number,
            "opportunity_id": deals.deal[of],
            "product_code": from_pool(catalogue.code, lines.product),
            "name": pc.binary_join_element_wise(name.take(pa.array(of)), from_pool(catalogue.name, lines.product), " "),
            "description": pooled(_WISHES, np.where(wish < len(_WISHES), wish, -1)),
            "sort_order": lines.line + 1,
            "pricebook_entry_id": catalogue.entry(STANDARD, lines.product),
            "product_2_id": lines.product,
            "quantity": lines.quantity,
            "unit_price": lines.list_cents,
            "list_price": lines.list_cents,
            "total_price": lines.quantity * lines.unit_cents,
            "discount": lines.discount * 100,
            "service_date": due[:, _OFFER],
            "has_quantity_schedule": no,
            "has_revenue_schedule": no,
            "has_schedule": no,
            "created_by_id": deals.owner[of],
            "last_modified_by_id": deals.owner[of],
        },
        updates=(
            Update(
                talked_over,
                {"discount": (lines.discount + _FURTHER_DISCOUNT) * 100, "total_price": lines.quantity * final},
            ),
            Update(unless(~replanned, deals.entered[of, _NEGOTIATION]), {"service_date": due[:, _NEGOTIATION]}),
            Update(unless(~deals.won[of], deals.closed[of]), {"service_date": due[:, _CLOSE]}),
        ),
    )


def _history(deals: Deals, steps: _Steps) -> Rows:
    """A row for each change of stage or amount, the opening included."""
    deal, step = np.nonzero(~np.isnat(steps.at))
    stage, cents = steps.stage[deal, step], steps.cents[deal, step]
    return Rows(
        "crm.opportunity_history",
        steps.at[deal, step],
        {
            "id": deals.deal[deal] * _STEPS + step,
            "opportunity_id": deals.deal[deal],
            "stage_name": stage,
            "amount": cents,
            "probability": _PERCENT[stage] * 100,
            "expected_revenue": _expected(cents, stage),
            "close_date": steps.close_date[deal, step],
            "forecast_category": _FORECAST[stage],
            "created_by_id": deals.owner[deal],
            "last_modified_by_id": deals.owner[deal],
        },
    )


def _make_orders(world: World, deals: Deals, offer: _Offer) -> Orders:
    """What each deal that is won becomes, some days later."""
    seed = world.seed
    won = np.flatnonzero(deals.won)
    n, buyer = len(won), world.customers + deals.wholesaler[won]
    order = order_number(buyer, deals.number[won] + 1, BOUGHT)
    wait = 1 + (uniform(seed, "order after deal", order) * 8).astype(np.int64)
    day = working_days_later(deals.closed_on[won], wait)
    created = office_time(seed, "time of wholesale order", day, deals.zones.of(won), order)
    lines = _lines_of(offer.lines, deals.won)
    talked_over = ~np.isnat(offer.talked_over)
    position = np.cumsum(deals.won) - 1
    return Orders(
        order=order,
        customer=buyer,
        type=np.full(n, WHOLESALE),
        outcome=np.full(n, BOUGHT),
        created=created,
        activated=created + seconds_between(seed, "wholesale order is checked", order, 900, 7_200),
        cancelled=np.full(n, NEVER),
        account=world.shops + deals.wholesaler[won],
        place=account_place(world, world.shops + deals.wholesaler[won]),
        pricebook=np.full(n, STANDARD),
        subscription=np.full(n, -1),
        first_box=np.full(n, -1),
        lines=Lines(
            order=position[lines.order],
            line=lines.line,
            product=lines.product,
            quantity=lines.quantity,
            list_cents=lines.list_cents,
            discount=lines.discount + _FURTHER_DISCOUNT * talked_over[lines.order],
            unit_cents=_final_unit_cents(lines, talked_over),
        ),
        owner=deals.owner[won],
    )


# what is to be done at each stage, and how often it is: stage, subject, share
_TASKS = (
    (0, "Call: who decides, and when", 0.9),
    (0, "E-mail: send the catalogue", 0.7),
    (1, "Call: quantities and sizes", 0.85),
    (1, "E-mail: sum up what is needed", 0.5),
    (2, "E-mail: send the proposal", 1.0),
    (2, "Call: follow up on the proposal", 0.8),
    (3, "Call: prices and delivery", 0.8),
    (3, "E-mail: send the revised offer", 0.5),
)
_SUBTYPES = np.array([CALL if subject.startswith("Call") else EMAIL for _, subject, _ in _TASKS])
_LEFT_UNDONE, _FORGOTTEN, _URGENT = 0.06, 0.005, 0.15  # of tasks: until the deal closes, even then
_EVENTS = ((1, "First meeting", 0.7), (2, "Presentation of the range", 0.8), (3, "Negotiation", 0.7))
_AGENDAS = pa.array(["What sells, and what is missing", "Samples, fabrics and sizes", "Prices and delivery"])
_LOCATIONS = pa.array(["Video call", *(f"Customer's office, {place.city}" for place in PLACES)])
_VISITED = 0.75  # of the meetings with an owner's own accounts, where there is a day for a visit
_CALLS_A_DAY = 3
# when meetings begin on the owner's clock: the account's whose turn it is, and the next two's
_OWN_TIMES = np.array([9 * 60, 13 * 60 + 30, 15 * 60]).astype("timedelta64[m]")
_TIMES_OF_OTHERS = np.array([12 * 60, 12 * 60 + 30, 13 * 60]).astype("timedelta64[m]")
_LONGEST = np.timedelta64(90, "m")
_TASKS_PER_DEAL = 3 * TASKS_PER_ORDER  # a deal's order is not followed by vain ones: their numbers are free
assert len(_TASKS) <= _TASKS_PER_DEAL
_EVENTS_PER_DEAL = 4
_HALF_HOUR = np.timedelta64(1_800, "s")
_LONG_AGO, _MANY_DAYS = np.datetime64("1800-01-01"), 1 << 20  # days are counted from then; so many are never reached


@dataclass(frozen=True)
class _Activities:
    """Things to do for deals, by deal and kind: shape (n,) each.

    Attributes:
        deal: position.
        kind: position in the list of kinds.
        planned, planned_on: when it came up: with the stage.
        day: a working day between then and the stage's end.
        stays: how many working days the stage lasts.
    """

    deal: NDArray[np.intp]
    kind: NDArray[np.intp]
    planned: Seconds
    planned_on: Days
    day: Days
    stays: Integers

    def of(self, some: NDArray[np.intp]) -> _Activities:
        """Those at some positions."""
        return _Activities(**{field.name: getattr(self, field.name)[some] for field in fields(_Activities)})


@dataclass(frozen=True)
class _Tasks(_Activities):
    """Tasks.

    Attributes:
        due: the day.
        done: when; NaT for one that is left undone.
    """

    due: Days
    done: Seconds


@dataclass(frozen=True)
class _Meetings(_Activities):
    """Meetings, which are held on their day.

    Attributes:
        starts, ends: when.
        visit: at the customer's office; the others are by video.
    """

    starts: Seconds
    ends: Seconds
    visit: NDArray[np.bool_]


def _activities(world: World, deals: Deals, purpose: str, kinds: tuple[tuple[int, str, float], ...]) -> _Activities:
    stage = np.array([stage for stage, _, _ in kinds])
    share = np.array([share for _, _, share in kinds])
    chance = np.column_stack([uniform(world.seed, purpose, deals.deal, kind) for kind in range(len(kinds))])
    deal, kind = np.nonzero((chance < share) & (stage <= deals.last_stage[:, np.newaxis]))
    of = stage[kind]
    planned_on = deals.entered_on[deal, of]
    u = uniform(world.seed, f"day of {purpose}", deals.deal[deal], kind)
    stays = deals.days_in_stage[deal, of]
    later = 1 + (u * (stays - 1)).astype(np.int64)  # before the next stage begins
    return _Activities(deal, kind, deals.entered[deal, of], planned_on, working_days_later(planned_on, later), stays)


def _make_tasks(world: World, deals: Deals) -> _Tasks:
    """Tasks, due and mostly done in their stage; of what is left when a deal closes, its owner forgets a little."""
    todo = _activities(world, deals, "task of deal", _TASKS)
    deal = deals.deal[todo.deal]
    left = uniform(world.seed, "task is left undone", deal, todo.kind)
    done = office_time(world.seed, "time of task", todo.day, deals.zones.of(todo.deal), deal, todo.kind)
    done = np.where(left < _LEFT_UNDONE, deals.closed[todo.deal], done)
    due = 1 + (4 * uniform(world.seed, "task is due", deal, todo.kind)).astype(np.int64)
    due_on = working_days_later(todo.planned_on, np.minimum(due, todo.stays))
    return _Tasks(**vars(todo), due=due_on, done=unless(left < _FORGOTTEN, done))


@dataclass(frozen=True)
class _Turns:
    """On which days owners have time for meetings about some deals, shape (n,) each.

    Accounts take turns, day by day, so that their owner never is in two meetings at once though no account knows of
    the others: the accounts that the owner looks after among themselves, and all accounts for those deals that are in
    other hands.

    Attributes:
        own: the deal's owner looks after the account.
        rank: of the account among those it takes turns with.
        period: how many these are.
    """

    own: NDArray[np.bool_]
    rank: Integers
    period: Integers

    def of(self, some: NDArray[np.intp]) -> _Turns:
        """Those at some positions."""
        return _Turns(self.own[some], self.rank[some], self.period[some])

    def ahead(self, day: Days) -> Integers:
        """How many other accounts come first on each working day; the next day, it is one less."""
        return (self.rank - working_day_number(day)) % self.period

    def nearest(self, day: Days, first: Days, last: Days, a_day: int) -> Days:
        """The next working day that is one of the account's, or the one before it; NaT if it is not from first to last.

        Args:
            a_day: how many accounts have a turn on one day.
        """
        ahead = self.ahead(day)
        wait = np.maximum(0, ahead + 1 - np.minimum(a_day, self.period))
        since = np.where(wait > 0, self.period - ahead, 0)
        later, earlier = working_days_later(day, wait), working_days_later(day, -since)
        return np.where(later <= last, later, np.where(earlier >= first, earlier, np.datetime64("NaT")))


def _turns(world: World, wholesaler: Integers, owner: Integers) -> _Turns:
    """Turns of deals with these accounts in the hands of these users."""
    looks_after = account_owner(world, world.shops + np.arange(world.wholesalers))
    by_owner = np.argsort(looks_after, kind="stable")
    rank = np.empty_like(by_owner)
    rank[by_owner] = np.arange(len(by_owner))
    rank -= np.searchsorted(looks_after[by_owner], looks_after)
    own = looks_after[wholesaler] == owner
    period = np.bincount(looks_after)[looks_after[wholesaler]]
    return _Turns(own, np.where(own, rank[wholesaler], wholesaler), np.where(own, period, world.wholesalers))


def _make_meetings(world: World, deals: Deals) -> _Meetings:
    """Meetings: planned when a stage begins, held before it ends, in the time that the deal's owner keeps for it.

    An owner visits the account whose turn it is in the morning, and talks to the next two by video in the afternoon.
    Midday is for deals with accounts that others look after, three a day, by video. What finds no time is not held.
    """
    seed, planned = world.seed, _activities(world, deals, "event of deal", _EVENTS)
    of, kind = planned.deal, planned.kind
    turns = _turns(world, deals.wholesaler[of], deals.owner[of])
    first, last = (working_days_later(planned.planned_on, days) for days in (np.ones_like(of), planned.stays - 1))
    would_visit = turns.own & (uniform(seed, "event is a visit", deals.deal[of], kind) < _VISITED)
    visit_day = np.where(would_visit, turns.nearest(planned.day, first, last, 1), np.datetime64("NaT"))
    visit = ~np.isnat(visit_day)
    day = np.where(visit, visit_day, turns.nearest(planned.day, first, last, _CALLS_A_DAY))

    some = np.flatnonzero(~np.isnat(day))
    planned, turns, day, visit = planned.of(some), turns.of(some), day[some], visit[some]
    of, kind = planned.deal, planned.kind
    zones, ahead = deals.zones.of(of), turns.ahead(day)
    morning = turns.own & (ahead == 0)
    # every other deal of an account has the second half of the morning
    begins = np.where(turns.own, _OWN_TIMES[ahead], _TIMES_OF_OTHERS[ahead])
    begins += np.where(morning & (deals.number[of] % 2 == 1), _LONGEST, np.timedelta64(0, "m"))
    half_hours = 1 + (3 * uniform(seed, "length of event", deals.deal[of], kind)).astype(np.int64)
    ends = begins + np.where(turns.own, _LONGEST, _HALF_HOUR)
    opens, closes = office_hours(day, zones)
    starts, ends = (to_utc(day.astype("datetime64[s]") + time, zones.ours) for time in (begins, ends))
    starts = np.maximum(starts, opens)
    ends = np.minimum(np.minimum(ends, closes), starts + half_hours * _HALF_HOUR)

    # of an account's deals that would be talked over at the same time, the first is
    _, alone = np.unique(starts.astype(np.int64) * len(USER_ZONE) + deals.owner[of], return_index=True)
    held = np.sort(alone[(starts < ends)[alone]])
    return _Meetings(
        **vars(planned.of(held)) | {"day": day[held]}, starts=starts[held], ends=ends[held], visit=visit[held]
    )


@dataclass(frozen=True)
class _Log:
    """How deals stand each time that something about them changes, by deal and time: shape (n,) each.

    Attributes:
        deal: position.
        at: when.
        first: the deal opens.
        step: the last step that it has come to.
        open: tasks not done and meetings not over.
        overdue: tasks not done in time.
        last_activity: the latest due day of tasks done and day of meetings held; NaT for none.
        last_viewed: when its owner last did something about it.
        last_changed: when it last came to a step.
    """

    deal: NDArray[np.intp]
    at: Seconds
    first: NDArray[np.bool_]
    step: Integers
    open: Integers
    overdue: Integers
    last_activity: Days
    last_viewed: Seconds
    last_changed: Seconds


def _make_log(deals: Deals, steps: _Steps, tasks: _Tasks, meetings: _Meetings) -> _Log:
    moved, step = np.nonzero(~np.isnat(steps.at))
    done = np.flatnonzero(~np.isnat(tasks.done))
    # a task is overdue once its day is over on the owner's clock
    too_late = to_utc((tasks.due + 1).astype("datetime64[s]"), deals.zones.ours[tasks.deal])
    overdue = ~(tasks.done < too_late)
    late = np.flatnonzero(overdue)
    no_day = np.datetime64("NaT", "D")
    # whose, when, to which step (-1: none), what that adds to open and overdue, an activity's day, is it work
    happens: tuple[tuple[Any, ...], ...] = (
        (moved, steps.at[moved, step], step, 0, 0, no_day, True),
        (tasks.deal, tasks.planned, -1, 1, 0, no_day, True),
        (tasks.deal[done], tasks.done[done], -1, -1, -1 * overdue[done], tasks.due[done], True),
        (tasks.deal[late], too_late[late], -1, 0, 1, no_day, False),
        (meetings.deal, meetings.planned, -1, 1, 0, no_day, True),
        (meetings.deal, meetings.ends, -1, -1, 0, meetings.day, True),
    )
    columns = zip(*(np.broadcast_arrays(*entry) for entry in happens), strict=True)
    deal, at, step, opened, fell_due, day, is_work = (np.concatenate(column) for column in columns)
    order = np.lexsort((at, deal))
    deal, at, step, day = deal[order], at[order], step[order], day[order]
    begins = np.searchsorted(deal, deal)  # where each one's deal begins
    n = np.arange(len(deal))

    def so_far(changes: Integers) -> Integers:
        total = np.cumsum(changes[order])
        return total - (total - changes[order])[begins]

    def last(there: NDArray[np.bool_]) -> NDArray[np.intp]:
        """The last place up to each at which something was there; each deal's first is."""
        return np.maximum.accumulate(np.where(there, n, 0))

    latest = np.maximum.accumulate(np.where(np.isnat(day), 0, (day - _LONG_AGO).astype(np.int64)) + deal * _MANY_DAYS)
    latest -= deal * _MANY_DAYS
    stepped = last(step >= 0)
    ends = np.append((deal[1:] != deal[:-1]) | (at[1:] != at[:-1]), True)[: len(deal)]  # of what happens at once
    log = _Log(
        deal=deal,
        at=at,
        first=at == deals.opened[deal],
        step=step[stepped],
        open=so_far(opened),
        overdue=so_far(fell_due),
        last_activity=np.where(latest > 0, _LONG_AGO + latest, no_day),
        last_viewed=at[last(is_work[order])],
        last_changed=at[stepped],
    )
    return _Log(**{field.name: getattr(log, field.name)[ends] for field in fields(log)})


def _person(world: World, deals: Deals) -> Integers:
    """Whom each deal is talked over with: a contact of the account."""
    person = uniform(world.seed, "person of deal", deals.deal) * people_of_wholesaler(world, deals.wholesaler)
    return world.people_at(deals.wholesaler, person.astype(np.int64))


def _task_rows(world: World, deals: Deals, todo: _Tasks) -> Rows:
    deal = deals.deal[todo.deal]
    order = order_number(world.customers + deals.wholesaler[todo.deal], deals.number[todo.deal] + 1, BOUGHT)
    return task_rows(
        task=order * TASKS_PER_ORDER + todo.kind,
        created=todo.planned,
        account=world.shops + deals.wholesaler[todo.deal],
        who=_person(world, deals)[todo.deal],
        what=ids.encode(_OPPORTUNITY.prefix, deal),
        due=todo.due,
        subject=pooled(pa.array([subject for _, subject, _ in _TASKS]), todo.kind),
        subtype=_SUBTYPES[todo.kind],
        urgent=uniform(world.seed, "task is urgent", deal, todo.kind) < _URGENT,
        owner=deals.owner[todo.deal],
        begun=np.full(len(deal), NEVER),
        done=todo.done,
    )


def _event_rows(world: World, deals: Deals, meeting: _Meetings) -> Rows:
    deal, owner = deals.deal[meeting.deal], deals.owner[meeting.deal]
    account = world.shops + deals.wholesaler[meeting.deal]
    no = np.zeros(len(deal), dtype=bool)
    return Rows(
        "crm.event",
        meeting.planned,
        {
            "id": deal * _EVENTS_PER_DEAL + meeting.kind,
            "account_id": account,
            "who_id": _person(world, deals)[meeting.deal],
            "what_id": ids.encode(_OPPORTUNITY.prefix, deal),
            "activity_date": meeting.day,
            "activity_date_time": meeting.starts,
            "subject": pooled(pa.array([subject for _, subject, _ in _EVENTS]), meeting.kind),
            "description": pooled(_AGENDAS, meeting.kind),
            "location": pooled(_LOCATIONS, np.where(meeting.visit, 1 + account_place(world, account), 0)),
            "start_date_time": meeting.starts,
            "end_date_time": meeting.ends,
            "end_date": meeting.day,
            "duration_in_minutes": (meeting.ends - meeting.starts).astype("timedelta64[m]").astype(np.int64),
            "event_subtype": np.zeros(len(deal), dtype=np.int64),
            "is_all_day_event": no,
            "is_group_event": no,
            "is_child": no,
            "is_recurrence": no,
            "is_archived": no,
            "owner_id": owner,
            "created_by_id": owner,
            "last_modified_by_id": owner,
        },
    )


def _truth(deals: Deals) -> Rows:
    return Rows(
        "truth.deal",
        deals.opened,
        {
            "opportunity_id": deals.deal,
            "win_probability": deals.win_probability,
            "will_be_won": deals.won,
            "closes_at": deals.closed,
        },
    )
