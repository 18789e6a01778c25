"""What the sales team does with wholesale accounts: opportunities, their lines and history, tasks, events, orders."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .. import ids
from ..behaviour.acquisition import SOURCES, campaign_runs
from ..behaviour.baskets import Lines
from ..behaviour.parameters import Campaign
from ..behaviour.pipeline import OPEN_STAGES, Deals, make_deals, office_time, working_days_later
from ..draws import Floats, Integers, choice, uniform
from ..encoding import from_pool, pooled
from ..quantiles import gamma_quantile
from ..rows import NEVER, Rows, Seconds, Update, unless
from ..schema import CRM
from ..world import World
from .catalogue import STANDARD, Catalogue
from .fulfilment import make_parcels, shipment_rows
from .homes import account_place
from .orders import BOUGHT, WHOLESALE, Orders, order_number, order_rows, seconds_between
from .people import WHOLESALE_SALES, account_number, account_owner
from .service import TASKS_PER_ORDER, task_rows

_OPPORTUNITY = CRM["opportunity"]
_STAGES = _OPPORTUNITY.field("stage_name").picklist
_WON, _LOST = _STAGES.index("Closed Won"), _STAGES.index("Closed Lost")
assert min(_WON, _LOST) == OPEN_STAGES
_PROPOSAL, _NEGOTIATION = _STAGES.index("Proposal"), _STAGES.index("Negotiation")
_PERCENT = np.array([10, 25, 50, 75, 100, 0])  # of each stage, as the sales team has set them up
_FORECAST = np.array(
    [
        _OPPORTUNITY.field("forecast_category").picklist.index(category)
        for category in ("Pipeline", "Pipeline", "Best Case", "Commit", "Closed", "Omitted")
    ]
)
_NEW, _EXISTING = (_OPPORTUNITY.field("type").picklist.index(f"{kind} Business") for kind in ("New", "Existing"))
_EVENT = SOURCES.index("Event")
_SOURCE_SHARES = np.cumsum([0.35, 0.05, 0.45, 0.05, 0.10])  # of deals without a campaign, in the picklist's order
_DAYS_AFTER_EVENT, _THROUGH_EVENT = 60, 0.5  # of the deals opened so soon after an event began, how many come from it
_SEASONS = pa.array(["Winter", "Spring", "Summer", "Autumn"])

_LINES = 8  # room for lines in a line's record number
_MOST_LINES = 6
_DISCOUNTS = np.array([10, 20, 30])  # percent; tens off prices in tens of cents leave whole cents
_FURTHER_DISCOUNT = 10  # of a deal whose price is talked over once more
_TALKED_OVER = 0.4
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
    wholesaler = buyer - world.customers
    owner = account_owner(world, world.shops + wholesaler)
    deals = make_deals(world.seed, world.behaviour.wholesale, world.start, wholesaler, owner, WHOLESALE_SALES, until)
    offer = _make_offer(world, catalogue, deals)
    steps = _steps(world, deals, offer)
    orders = _make_orders(world, deals, offer)
    return [
        _opportunities(world, deals, steps),
        _line_items(deals, offer, steps, catalogue),
        _history(deals, steps),
        *order_rows(world, orders, catalogue),
        *shipment_rows(world, orders, make_parcels(world, orders)),
        _tasks(world, deals),
        _events(world, deals),
        _truth(deals),
    ]


def _make_offer(world: World, catalogue: Catalogue, deals: Deals) -> _Offer:
    """Products, quantities and discounts of each deal, whether or not it comes so far."""
    seed, n = world.seed, len(deals.deal)
    count = 1 + (uniform(seed, "lines of deal", deals.deal) * _MOST_LINES).astype(np.int64)
    of = np.repeat(np.arange(n), count)
    line = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    key = deals.deal[of] * _LINES + line
    product = catalogue.for_sale[(uniform(seed, "product of deal", key) * len(catalogue.for_sale)).astype(np.int64)]
    pieces = gamma_quantile(2.0, uniform(seed, "pieces of deal", key)) / 2 * world.behaviour.wholesale.mean_pieces
    quantity = np.maximum(1, np.rint(pieces)).astype(np.int64)
    offered = deals.entered[:, _PROPOSAL]
    listed = catalogue.list_cents[STANDARD, product]
    cents = catalogue.listed(product, offered[of])
    discount = _DISCOUNTS[choice(np.cumsum([0.35, 0.4, 0.25]), uniform(seed, "discount of deal", deals.deal))][of]
    lines = Lines(of, line, product, quantity, cents, discount, _discounted(cents, discount))

    day = 1 + (uniform(seed, "day of talk", deals.deal) * (deals.days_in_stage[:, -1] - 1)).astype(np.int64)
    negotiated = deals.last_stage == _NEGOTIATION
    talks = negotiated & (uniform(seed, "price is talked over", deals.deal) < _TALKED_OVER)
    begun = np.where(talks, deals.entered[:, _NEGOTIATION], deals.opened).astype("datetime64[D]")
    talked_over = np.where(talks, office_time(seed, "time of talk", working_days_later(begun, day), deals.deal), NEVER)

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
    planned = deals.opened.astype("datetime64[D]")
    for step, (least, most) in enumerate(_PLANNED):
        ahead = least + (uniform(world.seed, "planned close", deals.deal, step) * (most - least)).astype(np.int64)
        reached = np.where(np.isnat(at[:, step]), deals.opened, at[:, step]).astype("datetime64[D]")
        # a plan is pushed when it no longer holds, and never pulled in
        planned = np.maximum(planned, working_days_later(reached, ahead))
        close_date[:, step] = planned
    close_date[:, _TALK] = planned
    close_date[:, _CLOSE] = deals.closed.astype("datetime64[D]")
    return _Steps(at, stage, cents, close_date)


def _opportunities(world: World, deals: Deals, steps: _Steps) -> Rows:
    campaign = _campaign(world, deals)
    source = choice(_SOURCE_SHARES, uniform(world.seed, "source of deal", deals.deal))
    account = world.shops + deals.wholesaler
    quarter = (deals.opened.astype("datetime64[M]").astype(np.int64) % 12) // 3
    year = pc.cast(pa.array(deals.opened.astype("datetime64[Y]").astype(np.int64) + 1970), pa.string())
    season = pc.binary_join_element_wise(from_pool(_SEASONS, quarter), year, "range", " ")

    def standing(step: int) -> dict[str, NDArray[np.generic]]:
        stage = steps.stage[:, step]
        return {
            "stage_name": stage,
            "amount": steps.cents[:, step],
            "probability": _PERCENT[stage] * 100,
            "close_date": steps.close_date[:, step],
            "is_closed": stage >= OPEN_STAGES,
            "is_won": stage == _WON,
            "forecast_category": _FORECAST[stage],
        }

    return Rows(
        "crm.opportunity",
        deals.opened,
        {
            "id": deals.deal,
            "account_id": account,
            "name": pc.binary_join_element_wise(season, account_number(account), ", "),
            **standing(0),
            "type": np.where(_first_won(deals) < deals.opened, _EXISTING, _NEW),
            "lead_source": np.where(campaign >= 0, _EVENT, source),
            "campaign_id": campaign,
            "owner_id": deals.owner,
        },
        updates=tuple(Update(steps.at[:, step], standing(step)) for step in range(1, _CLOSE + 1)),
    )


def _campaign(world: World, deals: Deals) -> Integers:
    """The event that each deal came from, as a record number; −1 for a deal that came otherwise."""
    day = (deals.opened.astype("datetime64[D]") - world.start).astype(np.int64)
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


def _line_items(deals: Deals, offer: _Offer, steps: _Steps, catalogue: Catalogue) -> Rows:
    """Lines of the deals that come to a proposal."""
    offered = deals.last_stage >= _PROPOSAL
    lines = _lines_of(offer.lines, offered)
    of = lines.order
    talked_over = offer.talked_over[of]
    final = _final_unit_cents(lines, ~np.isnat(offer.talked_over))
    return Rows(
        "crm.opportunity_line_item",
        deals.entered[of, _PROPOSAL],
        {
            "id": deals.deal[of] * _LINES + lines.line,
            "opportunity_id": deals.deal[of],
            "pricebook_entry_id": catalogue.entry(STANDARD, lines.product),
            "product_2_id": lines.product,
            "quantity": lines.quantity,
            "unit_price": lines.list_cents,
            "list_price": lines.list_cents,
            "total_price": lines.quantity * lines.unit_cents,
            "discount": lines.discount * 100,
            "service_date": working_days_later(steps.close_date[of, _OFFER], np.full(len(of), 15)),
        },
        updates=(
            Update(
                talked_over,
                {"discount": (lines.discount + _FURTHER_DISCOUNT) * 100, "total_price": lines.quantity * final},
            ),
        ),
    )


def _history(deals: Deals, steps: _Steps) -> Rows:
    """A row for each change of stage or amount, the opening included."""
    deal, step = np.nonzero(~np.isnat(steps.at))
    stage = steps.stage[deal, step]
    return Rows(
        "crm.opportunity_history",
        steps.at[deal, step],
        {
            "id": deals.deal[deal] * _STEPS + step,
            "opportunity_id": deals.deal[deal],
            "stage_name": stage,
            "amount": steps.cents[deal, step],
            "probability": _PERCENT[stage] * 100,
            "close_date": steps.close_date[deal, step],
        },
    )


def _make_orders(world: World, deals: Deals, offer: _Offer) -> Orders:
    """What each deal that is won becomes, some days later."""
    seed = world.seed
    won = np.flatnonzero(deals.won)
    n, buyer = len(won), world.customers + deals.wholesaler[won]
    order = order_number(buyer, deals.number[won] + 1, BOUGHT)
    wait = 1 + (uniform(seed, "order after deal", order) * 8).astype(np.int64)
    day = working_days_later(deals.closed[won].astype("datetime64[D]"), wait)
    created = office_time(seed, "time of wholesale order", day, order)
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
_LEFT_UNDONE = 0.06
_EVENTS = ((1, "First meeting", 0.6), (2, "Presentation of the range", 0.7), (3, "Negotiation", 0.6))
_TASKS_PER_DEAL = 3 * TASKS_PER_ORDER  # a deal's order is not followed by vain ones: their numbers are free
assert len(_TASKS) <= _TASKS_PER_DEAL
_EVENTS_PER_DEAL = 4


@dataclass(frozen=True)
class _Activities:
    """Things to do for deals, by deal and kind: shape (n,) each.

    Attributes:
        deal: position.
        kind: position in the list of kinds.
        planned: when it came up: with the stage.
        day: a working day between then and the stage's end.
    """

    deal: NDArray[np.intp]
    kind: NDArray[np.intp]
    planned: Seconds
    day: NDArray[np.datetime64]


def _activities(world: World, deals: Deals, purpose: str, kinds: tuple[tuple[int, str, float], ...]) -> _Activities:
    stage = np.array([stage for stage, _, _ in kinds])
    share = np.array([share for _, _, share in kinds])
    chance = np.column_stack([uniform(world.seed, purpose, deals.deal, kind) for kind in range(len(kinds))])
    deal, kind = np.nonzero((chance < share) & (stage <= deals.last_stage[:, np.newaxis]))
    of = stage[kind]
    planned = deals.entered[deal, of]
    u = uniform(world.seed, f"day of {purpose}", deals.deal[deal], kind)
    later = 1 + (u * (deals.days_in_stage[deal, of] - 1)).astype(np.int64)  # before the next stage begins
    return _Activities(deal, kind, planned, working_days_later(planned.astype("datetime64[D]"), later))


def _tasks(world: World, deals: Deals) -> Rows:
    todo = _activities(world, deals, "task of deal", _TASKS)
    deal = deals.deal[todo.deal]
    undone = uniform(world.seed, "task is left undone", deal, todo.kind) < _LEFT_UNDONE
    done = unless(undone, office_time(world.seed, "time of task", todo.day, deal, todo.kind))
    due = 1 + (4 * uniform(world.seed, "task is due", deal, todo.kind)).astype(np.int64)
    order = order_number(world.customers + deals.wholesaler[todo.deal], deals.number[todo.deal] + 1, BOUGHT)
    return task_rows(
        task=order * TASKS_PER_ORDER + todo.kind,
        created=todo.planned,
        account=world.shops + deals.wholesaler[todo.deal],
        who=np.full(len(deal), -1),
        what=ids.encode(_OPPORTUNITY.prefix, deal),
        due=working_days_later(todo.planned.astype("datetime64[D]"), due),
        subject=pooled(pa.array([subject for _, subject, _ in _TASKS]), todo.kind),
        owner=deals.owner[todo.deal],
        begun=np.full(len(deal), NEVER),
        done=done,
    )


def _events(world: World, deals: Deals) -> Rows:
    """Meetings: planned when a stage begins, held before it ends."""
    meeting = _activities(world, deals, "event of deal", _EVENTS)
    deal = deals.deal[meeting.deal]

    def draw(purpose: str) -> Floats:
        return uniform(world.seed, purpose, deal, meeting.kind)

    half_hours = 18 + (13 * draw("start of event")).astype(np.int64)  # 9:00 to 15:00
    length = 1 + (3 * draw("length of event")).astype(np.int64)
    starts = meeting.day.astype("datetime64[s]") + half_hours * np.timedelta64(1_800, "s")
    return Rows(
        "crm.event",
        meeting.planned,
        {
            "id": deal * _EVENTS_PER_DEAL + meeting.kind,
            "account_id": world.shops + deals.wholesaler[meeting.deal],
            "who_id": np.full(len(deal), -1),
            "what_id": ids.encode(_OPPORTUNITY.prefix, deal),
            "activity_date": meeting.day,
            "subject": pooled(pa.array([subject for _, subject, _ in _EVENTS]), meeting.kind),
            "start_date_time": starts,
            "end_date_time": starts + length * np.timedelta64(1_800, "s"),
            "owner_id": deals.owner[meeting.deal],
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
