"""One world's history: shard by shard, from customers to the rows that they leave in every table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .behaviour.purchases import Customers, PurchaseState, draw_rates, purchase, start
from .behaviour.spend import draw_scale
from .crm.catalogue import Catalogue, catalogue_rows, make_catalogue
from .crm.fulfilment import make_parcels, return_rows, shipment_rows
from .crm.orders import make_orders, order_rows
from .crm.people import account_rows, arrivals, contact_rows, staff_rows
from .draws import Integers
from .encoding import encode
from .rows import Rows, Update
from .world import World, end_of


@dataclass(frozen=True)
class Shard:
    """One shard's rows up to an instant, and the state to go on from."""

    rows: list[Rows]
    state: PurchaseState


def shared_rows(world: World, catalogue: Catalogue) -> list[Rows]:
    """The tables that belong to no customer: staff, accounts and their addresses, the catalogue."""
    return [*staff_rows(world), *account_rows(world), *catalogue_rows(world, catalogue)]


def simulate(
    world: World,
    catalogue: Catalogue,
    customer: Integers,
    until: np.datetime64,
    state: PurchaseState | None = None,
) -> Shard:
    """Everything that the customers numbered `customer` do before `until`.

    Args:
        until: datetime64[s], the first second that is not simulated.
        state: where an earlier run of the same customers stopped; the rows returned are then those of the purchases
            made since.
    """
    season = world.season_clock(until)
    arrived = arrivals(world, customer, season)
    rate, dropout = draw_rates(world.seed, customer, world.behaviour.purchases)
    named = customer < world.contacts
    # a walk-in has no name to come back under
    customers = Customers(customer, np.where(named, rate, 0.0), np.where(named, dropout, 1.0), arrived.first_purchase)
    before = state or start(customers)
    bought, after = purchase(world.seed, customers, before, season, until)

    orders = make_orders(world, catalogue, bought.customer, bought.number, bought.at)
    parcels = make_parcels(world, orders)
    contact = customer[named]
    rows = [
        *contact_rows(world, contact, arrived.at[named]),
        *order_rows(world, orders, catalogue),
        *shipment_rows(world, orders, parcels),
        *return_rows(world, orders, parcels, catalogue),
        _purchaser_rows(world, customers, after, named, season.from_clock(arrived.first_purchase)),
    ]
    return Shard(rows, after)


def _purchaser_rows(
    world: World, customers: Customers, state: PurchaseState, named: np.ndarray, first: np.ndarray
) -> Rows:
    """What is true of every contact who has bought: the latent parameters and, once it has come, the dropout."""
    buys = np.flatnonzero(named & ~np.isnat(first))
    dropout_at = state.dropout_at[buys]
    return Rows(
        "truth.purchaser",
        first[buys],
        {
            "contact_id": customers.customer[buys],
            "purchase_rate": customers.purchase_rate[buys],
            "dropout_probability": customers.dropout_probability[buys],
            "spend_scale": draw_scale(world.seed, customers.customer[buys], world.behaviour.spend),
            "first_purchase_at": first[buys],
            "dropout_at": np.full(len(buys), np.datetime64("NaT"), "datetime64[s]"),
        },
        updates=(Update(dropout_at, {"dropout_at": dropout_at}),),
    )


def tables_of_shard(world: World, as_of: np.datetime64, shard: int) -> dict[str, pa.RecordBatch]:
    """Every table's rows of one shard as they stand at the end of the `as_of` day; shard −1 is the shared tables."""
    catalogue = make_catalogue(world)
    until = end_of(as_of)
    own = shard >= 0
    rows = simulate(world, catalogue, world.shard(shard), until).rows if own else shared_rows(world, catalogue)
    return {r.table: encode(r, until) for r in rows}


def tables(world: World, as_of: np.datetime64) -> Iterator[dict[str, pa.RecordBatch]]:
    """The whole world as of a day, one shard at a time, the shared tables first."""
    for shard in range(-1, world.shards):
        yield tables_of_shard(world, as_of, shard)
