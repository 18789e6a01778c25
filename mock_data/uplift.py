"""The true uplift of one thing: the same world simulated with it and without it, from the same draws.

Nobody can measure this in a real shop. Beside it stands what the usual attribution by last touch would claim.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import worlds
from .behaviour.acquisition import calendar
from .behaviour.parameters import Campaign
from .crm.catalogue import Catalogue, make_catalogue
from .crm.marketing import campaign_rows
from .crm.orders import buyer_of_item, buyer_of_order
from .draws import Integers
from .rows import Rows, Seconds, Values, as_of
from .schema import CRM
from .simulation import simulate
from .world import World, end_of

_ACTIVATED = CRM["order"].field("status").picklist.index("Activated")
_NEVER = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Figures:
    """What a shop has to show, money in cents.

    Attributes:
        contacts: how many there are.
        customers: contacts who have ordered.
        purchases: orders of any type, walk-ins' and wholesale included, that are activated.
        net_revenue: what they came to without tax, less refunds.
        margin: the same, less what the pieces cost the shop.
        campaign_cost: what campaigns and mailings that have ended cost, and the fixed cost of those that run.
    """

    contacts: int = 0
    customers: int = 0
    purchases: int = 0
    net_revenue: int = 0
    margin: int = 0
    campaign_cost: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(Figures)})

    def __sub__(self, other: Figures) -> Figures:
        return Figures(**{f.name: getattr(self, f.name) - getattr(other, f.name) for f in fields(Figures)})


@dataclass(frozen=True)
class Uplift:
    """A paired run.

    Attributes:
        with_it, without_it: the two worlds.
        attributed: customers won by what was switched off, by last touch, and all that they have brought in; None
            where it is no campaign that wins contacts.
    """

    with_it: Figures
    without_it: Figures
    attributed: Figures | None

    @property
    def difference(self) -> Figures:
        """The true uplift."""
        return self.with_it - self.without_it


def uplift(world: World, day: np.datetime64, switch: str) -> Uplift:
    """What `switch` has changed in `world` by the end of a day.

    Args:
        switch: one of ``worlds.SWITCHES``, or the name of a campaign, a mailing or a promotion.

    Raises:
        UserError: there is nothing of that name in this world, or it is off already.
    """
    off = replace(world, behaviour=worlds.without(world.behaviour, switch))
    pairs = zip(calendar(world.behaviour), calendar(off.behaviour), strict=True)
    switched_off = [
        run.number for run, then in pairs if run.of.runs and not then.of.runs and isinstance(run.of, Campaign)
    ]
    with_it, attributed = _figures(world, day, switched_off)
    without_it, _ = _figures(off, day, [])
    return Uplift(with_it, without_it, attributed if switched_off else None)


def table(result: Uplift) -> str:
    """The figures side by side, money in the shop's currency, for a person to read."""
    columns = {"with": result.with_it, "without": result.without_it, "true uplift": result.difference}
    if result.attributed:
        columns["last touch"] = result.attributed
    lines = ["".join([f"{'':<20}", *(f"{name:>16}" for name in columns)])]
    for f in fields(Figures):
        per = 1 if f.name in ("contacts", "customers", "purchases") else 100
        figures = (round(getattr(figures, f.name) / per) for figures in columns.values())
        lines.append("".join([f"{f.name.replace('_', ' '):<20}", *(f"{figure:>16,}" for figure in figures)]))
    return "\n".join(lines)


def _figures(world: World, day: np.datetime64, won_by: list[int]) -> tuple[Figures, Figures]:
    """What the world has to show at the end of `day`, and what of it is due to those whom the runs `won_by` won."""
    until = end_of(day)
    catalogue = make_catalogue(world)
    cost = _cost(world, until)
    everybody = Figures(campaign_cost=int(cost.sum()))
    won = Figures(campaign_cost=int(cost[won_by].sum()))
    for shard in range(world.shards(until)):
        buyer = world.shard(shard, until)
        if world.works_for_wholesaler(buyer[:1]).any():  # they buy nothing in their own name
            continue
        rows = {r.table: r for r in simulate(world, catalogue, buyer, until)}
        per_buyer = _PerBuyer(rows, buyer, catalogue, until)
        there = 0
        if "crm.contact" in rows:  # not in a shard of wholesale accounts
            there = len(as_of(rows["crm.contact"], until)[0])
            last_touch = _last_touch(rows["crm.campaign_member"], buyer, per_buyer.first_order, until)
            won += per_buyer.figures(np.isin(last_touch, won_by), world)
        everybody += replace(per_buyer.figures(np.ones(len(buyer), dtype=bool), world), contacts=there)
    return everybody, won


class _PerBuyer:
    """What each buyer of a shard has brought in, shape (n,) each."""

    def __init__(self, rows: Mapping[str, Rows], buyer: Integers, catalogue: Catalogue, until: np.datetime64) -> None:
        self.buyer = buyer
        n, least = len(buyer), int(buyer[0])

        _, _, orders = as_of(rows["crm.order"], until)
        counts = _array(orders["status"]) == _ACTIVATED
        order = _array(orders["id"])[counts]
        place = buyer_of_order(order) - least
        self.purchases = np.bincount(place, minlength=n)
        revenue = _sum(n, place, _array(orders["total_amount"])[counts])
        self.first_order = np.full(n, _NEVER)
        np.fmin.at(self.first_order, place, _array(orders["activated_date"])[counts].astype("datetime64[D]"))

        _, _, items = as_of(rows["crm.order_item"], until)
        counted = np.isin(_array(items["order_id"]), order)
        cost = _array(items["quantity"]) * catalogue.cost_cents[_array(items["product_2_id"])]
        costs = _sum(n, buyer_of_item(_array(items["id"])[counted]) - least, cost[counted])

        if "crm.return_order_line_item" in rows:
            _, _, back = as_of(rows["crm.return_order_line_item"], until)
            item = _array(back["order_item_id"])
            paid = ~np.isnat(_array(back["processed_date_c"])) & np.isin(item, _array(items["id"])[counted])
            revenue -= _sum(n, buyer_of_item(item[paid]) - least, _array(back["refund_amount_c"])[paid])
        self.net_revenue = revenue
        self.margin = revenue - costs

    def figures(self, who: NDArray[np.bool_], world: World) -> Figures:
        """The sums over some of the buyers."""
        customers = who & (self.purchases > 0) & world.is_contact(self.buyer)
        return Figures(
            contacts=int(customers.sum()),
            customers=int(customers.sum()),
            purchases=int(self.purchases[who].sum()),
            net_revenue=int(self.net_revenue[who].sum()),
            margin=int(self.margin[who].sum()),
        )


def _last_touch(members: Rows, buyer: Integers, first_order: Seconds, until: np.datetime64) -> Integers:
    """The campaign that each buyer answered last before the first order; −1 for none, or without an order."""
    created, _, columns = as_of(members, until)
    contact, answered = _array(columns["contact_id"]), _array(columns["first_responded_date"])
    place = np.maximum(contact - int(buyer[0]), 0)
    counts = (contact >= 0) & (answered <= first_order[place])  # NaT compares false
    order = np.lexsort((created[counts], answered[counts]))
    last = np.full(len(buyer), -1)
    last[place[counts][order]] = _array(columns["campaign_id"])[counts][order]  # of several, the last one stays
    return last


def _cost(world: World, until: np.datetime64) -> Integers:
    """What each run has cost by then, in cents, by its number, as the CRM says; what is not planned yet is left out."""
    (campaigns,) = campaign_rows(world)
    _, _, columns = as_of(campaigns, until)
    cost = np.zeros(len(campaigns), dtype=np.int64)
    cost[_array(columns["id"])] = _array(columns["actual_cost"])
    return cost


def _array(values: Values) -> NDArray[Any]:
    assert isinstance(values, np.ndarray)
    return values


def _sum(n: int, place: Integers, cents: Integers) -> Integers:
    """Sums of cents for each of `n` places; exact below 2⁵³."""
    return np.bincount(place, weights=cents, minlength=n).astype(np.int64)
