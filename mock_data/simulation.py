"""One world's history: shard by shard, from customers to the rows that they leave in every table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from warehouse.errors import UserError

from .behaviour.purchases import Customers, Purchases, draw_rates, purchase
from .behaviour.spend import draw_scale
from .crm.catalogue import Catalogue, catalogue_rows, make_catalogue
from .crm.fulfilment import make_parcels, make_returns, return_rows, shipment_rows
from .crm.marketing import acquisition_rows, campaign_rows, mailing_purchases, make_mails
from .crm.orders import RETAIL, make_orders, order_number, order_rows
from .crm.people import account_rows, arrivals, bounces_at, contact_rows, staff_rows
from .crm.pipeline import wholesale_people_rows, wholesale_rows
from .crm.service import case_rows, make_cases
from .crm.subscriptions import make_boxes, make_subscriptions, subscription_rows
from .draws import Integers, uniform
from .encoding import encode
from .faults import inject
from .rows import NEVER, Rows, Seconds, Update
from .schema import TRUTH
from .world import World, end_of

_CAUSES = TRUTH["purchaser"].field("dropout_cause").picklist
_OWN_ACCORD, _CASE, _WAVE = (_CAUSES.index(cause) for cause in ("Own accord", "Case", "Lapse wave"))


def shared_rows(world: World, catalogue: Catalogue) -> list[Rows]:
    """The tables that belong to no buyer: staff, accounts and their addresses, the catalogue, campaigns."""
    return [*staff_rows(world), *account_rows(world), *catalogue_rows(world, catalogue), *campaign_rows(world)]


def simulate(world: World, catalogue: Catalogue, buyer: Integers, until: np.datetime64) -> list[Rows]:
    """Everything that some buyers do before `until`, and what is true of them; or the people at wholesale accounts.

    Args:
        buyer: record numbers in a row, of one group (:meth:`World.groups`).
        until: datetime64[s], the first second that is not simulated.

    Raises:
        UserError: somebody does more than record numbers have room for.
    """
    try:
        if world.works_for_wholesaler(buyer[:1]).any():
            return wholesale_people_rows(world, buyer, until)
        if world.is_wholesale(buyer[:1]).any():
            return wholesale_rows(world, catalogue, buyer, until)
        return _consumer_rows(world, catalogue, buyer, until)
    except OverflowError as error:
        raise UserError(f"this world is too busy: {error}") from None


def _consumer_rows(world: World, catalogue: Catalogue, customer: Integers, until: np.datetime64) -> list[Rows]:
    season = world.season_clock(until)
    arrived = arrivals(world, customer, season)
    heard_of = customer[world.is_contact(customer)]
    # of those who come after the arrival weeks, the last are only leads yet
    later = (customer >= world.buyers).any()
    here = slice(int(np.flatnonzero(arrived.due < until).max(initial=-1)) + 1 if later else len(customer))
    customer, at, first_due = customer[here], arrived.at[here], arrived.first_purchase[here]
    named, homes = world.is_contact(customer), arrived.homes
    contact, signed_up, zone = customer[named], at[named], homes.zone[here][named]
    rate, dropout = draw_rates(world.seed, customer, world.behaviour.purchases)
    # a walk-in has no name to come back under
    customers = Customers(customer, np.where(named, rate, 0.0), np.where(named, dropout, 1.0), first_due)

    when = homes.when(season)
    first = when(np.arange(len(customer)), first_due)
    bought, drops_out = purchase(world.seed, customers, season, until, when)
    bought = bought.where(~_foregone(world, catalogue, bought))
    mails = make_mails(world, contact, signed_up, zone, until)
    caused = mailing_purchases(world, contact, mails, homes, first[named], drops_out[named], until)
    subscriptions = make_subscriptions(world, catalogue, contact, signed_up, zone, until)
    boxes = make_boxes(world, catalogue, subscriptions)
    orders = make_orders(world, catalogue, homes, bought.and_(caused), boxes)
    parcels = make_parcels(world, orders)
    returns = make_returns(world, orders, parcels, catalogue)
    cases = make_cases(world, orders, parcels, returns)

    # what a case or a wave drives away buys no more: later orders, and what would have followed them, do not happen
    case_at = _first_of_each(len(customer), orders.customer[cases.order] - customer[:1], cases.drives_away_at)
    case_at[case_at > drops_out] = NEVER  # nobody leaves twice
    leaves = np.fmin(case_at, _wave(world, customer, first))
    # (boxes go on: whoever leaves the membership does so by the subscription's own coin)
    gone = np.fmin(drops_out, leaves)[orders.customer - customer[:1]]
    orders = orders.before(np.where(orders.type == RETAIL, gone, NEVER))
    parcels, returns = parcels.of(orders), returns.of(orders)
    cases = cases.of(orders)
    asks = orders.customer[cases.order]
    bounces = bounces_at(world, asks, signed_up[asks - contact[:1]])
    answered, tasks = case_rows(world, orders, cases, bounces)
    return [
        *contact_rows(world, contact, signed_up, arrived.origins.source[: len(contact)], homes, tasks),
        *acquisition_rows(world, heard_of, arrived, mails, orders),
        *order_rows(world, orders, catalogue),
        *shipment_rows(world, orders, parcels),
        *return_rows(world, orders, returns, catalogue.sized),
        answered,
        tasks,
        *subscription_rows(world, subscriptions),
        _purchaser_rows(world, customers, named, first, drops_out, case_at, leaves),
    ]


def _foregone(world: World, catalogue: Catalogue, bought: Purchases) -> NDArray[np.bool_]:
    """Repeat purchases that are not made because everything has become dearer."""
    rise = world.behaviour.price_rise
    if rise is None:
        return np.zeros(len(bought.at), dtype=bool)
    u = uniform(world.seed, "foregone", order_number(bought.customer, bought.number, 0))
    return (bought.at >= catalogue.dearer_at) & (bought.number > 1) & (u < rise.foregone)


def _wave(world: World, customer: Integers, first: Seconds) -> Seconds:
    """When the lapse wave takes each customer; NaT for those whom it leaves, or who had not bought by then."""
    wave = world.behaviour.lapse_wave
    if wave is None:
        return np.full(len(customer), NEVER)
    begins = world.opening + np.timedelta64(7 * wave.week, "D")
    second = (uniform(world.seed, "wave", customer) * wave.weeks * 7 * 86_400).astype(np.int64)
    at = begins + second.astype("timedelta64[s]")
    taken = (uniform(world.seed, "taken by the wave", customer) < wave.leaves) & (first <= at)
    return np.where(taken, at, NEVER)


def _first_of_each(n: int, group: Integers, at: Seconds) -> Seconds:
    """The earliest time in each of `n` groups; NaT where there is none."""
    first = np.full(n, NEVER)
    np.fmin.at(first, group, at)
    return first


def _purchaser_rows(
    world: World,
    customers: Customers,
    named: NDArray[np.bool_],
    first: Seconds,
    drops_out: Seconds,
    case_at: Seconds,
    leaves: Seconds,
) -> Rows:
    """What is true of every contact who has bought: the latent parameters and, once it has come, the dropout."""
    buys = np.flatnonzero(named & ~np.isnat(first) & ~(first > leaves))
    dropout_at = np.fmin(drops_out, leaves)[buys]
    own, case = dropout_at == drops_out[buys], dropout_at == case_at[buys]
    return Rows(
        "truth.purchaser",
        first[buys],
        {
            "contact_id": customers.customer[buys],
            "purchase_rate": customers.purchase_rate[buys],
            "dropout_probability": customers.dropout_probability[buys],
            "spend_scale": draw_scale(world.seed, customers.customer[buys], world.behaviour.spend),
            "first_purchase_at": first[buys],
            "dropout_at": np.full(len(buys), NEVER),
            "dropout_cause": np.full(len(buys), -1),
        },
        updates=(
            Update(
                dropout_at,
                {
                    "dropout_at": dropout_at,
                    "dropout_cause": np.where(own, _OWN_ACCORD, np.where(case, _CASE, _WAVE)),
                },
            ),
        ),
    )


def tables_of_shard(world: World, as_of: np.datetime64, shard: int) -> dict[str, pa.RecordBatch]:
    """Every table's rows of one shard as they stand at the end of the `as_of` day; shard −1 is the shared tables."""
    catalogue = make_catalogue(world)
    until = end_of(as_of)
    own = shard >= 0
    rows = simulate(world, catalogue, world.shard(shard, until), until) if own else shared_rows(world, catalogue)
    encoded = {r.table: encode(r, until) for r in rows}
    return inject(encoded, dict(world.faults), world.seed, until) if world.faults else encoded


def tables(world: World, as_of: np.datetime64) -> Iterator[dict[str, pa.RecordBatch]]:
    """The whole world as of a day, one shard at a time, the shared tables first."""
    for shard in range(-1, world.shards(end_of(as_of))):
        yield tables_of_shard(world, as_of, shard)
