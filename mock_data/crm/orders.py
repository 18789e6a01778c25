"""What a purchase leaves in the CRM: an order and its items; and the orders that come to nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..behaviour.baskets import MAX_LINES, Baskets, fill
from ..behaviour.purchases import MAX_PURCHASES
from ..behaviour.spend import draw_scale, draw_spend
from ..draws import Floats, Integers, uniform
from ..rows import Rows, Seconds, Update
from ..schema import CRM
from ..world import World
from .catalogue import MALL, STANDARD, Catalogue
from .people import SOURCES, account_sources, contact_address, order_account

BOUGHT, ABANDONED, CANCELLED = 0, 1, 2  # what became of an order
_OUTCOMES = 3
_STATUS = CRM["order"].field("status").picklist
_RETAIL = CRM["order"].field("type").picklist.index("Retail")
_TAX = 8  # percent
_LINES = 8  # room for lines in an item's record number
assert MAX_LINES <= _LINES


@dataclass(frozen=True)
class Orders:
    """Orders and their lines, as arrays.

    Attributes:
        order: shape (n,), record numbers, rising.
        customer: shape (n,), who ordered.
        outcome: shape (n,), BOUGHT, ABANDONED or CANCELLED.
        created, activated, cancelled: shape (n,), when; NaT for never.
        account: shape (n,), where.
        pricebook: shape (n,).
        baskets: the lines, by order.
        product: shape (lines,), record numbers.
        list_cents: shape (lines,).
    """

    order: Integers
    customer: Integers
    outcome: Integers
    created: Seconds
    activated: Seconds
    cancelled: Seconds
    account: Integers
    pricebook: Integers
    baskets: Baskets
    product: Integers
    list_cents: Integers

    @property
    def item(self) -> Integers:
        """Record numbers of the lines, rising."""
        return self.order[self.baskets.order] * _LINES + self.baskets.line

    @property
    def line_cents(self) -> Integers:
        """Total of each line, net of discount, before tax."""
        return self.baskets.quantity * self.baskets.unit_cents

    def total(self, per_line: Integers) -> Integers:
        """Sum of a figure of the lines for each order; exact for integers below 2⁵³."""
        return np.bincount(self.baskets.order, weights=per_line, minlength=len(self.order)).astype(np.int64)


def order_number(customer: Integers, number: Integers, outcome: Integers | int) -> Integers:
    """Record number of the order that a customer's `number`-th purchase became, or of a vain one that followed it."""
    return (customer * MAX_PURCHASES + number) * _OUTCOMES + outcome


def make_orders(world: World, catalogue: Catalogue, customer: Integers, number: Integers, at: Seconds) -> Orders:
    """Orders for the purchases given, with those abandoned or cancelled in the days after a purchase."""
    seed = world.seed
    bought = order_number(customer, number, BOUGHT)
    fate = uniform(seed, "comes to nothing", bought)
    abandoned = np.flatnonzero(fate < world.behaviour.abandoned)
    cancelled = np.flatnonzero(fate > 1 - world.behaviour.cancelled)
    which = np.concatenate([np.arange(len(bought)), abandoned, cancelled])
    outcome = np.repeat([BOUGHT, ABANDONED, CANCELLED], [len(bought), len(abandoned), len(cancelled)])
    order = order_number(customer[which], number[which], outcome)
    sort = np.argsort(order)
    which, outcome, order = which[sort], outcome[sort], order[sort]

    later = np.where(outcome == BOUGHT, np.timedelta64(0, "s"), seconds_between(seed, "later", order, 3_600, 200_000))
    created = at[which] + later
    binding = created + seconds_between(seed, "checkout", order, 5, 120)
    never = np.datetime64("NaT", "s")
    activated = np.where(outcome == ABANDONED, never, binding)
    withdrawn = np.where(outcome == CANCELLED, binding + seconds_between(seed, "withdrawn", order, 600, 72_000), never)

    account = order_account(world, customer[which], order)
    pricebook = np.where(account_sources(world)[account] == SOURCES.index("mall"), MALL, STANDARD)
    scale = draw_scale(seed, customer[which], world.behaviour.spend)
    amount = draw_spend(seed, customer[which], number[which] * _OUTCOMES + outcome, scale, world.behaviour.spend)
    baskets, product = _fill(world, catalogue, order, pricebook, amount)
    list_cents = catalogue.list_cents[pricebook[baskets.order], product]
    return Orders(
        order, customer[which], outcome, created, activated, withdrawn, account, pricebook, baskets, product, list_cents
    )


def _fill(
    world: World, catalogue: Catalogue, order: Integers, pricebook: Integers, amount: Floats
) -> tuple[Baskets, Integers]:
    """Baskets from each price book, put together in the order of the orders; and their products."""
    parts, products = [], []
    for book in (STANDARD, MALL):
        mine = np.flatnonzero(pricebook == book)
        ladder = catalogue.ladder(book)
        part = fill(world.seed, order[mine], amount[mine], ladder)
        parts.append((mine[part.order], part.line, part.rung, part.quantity, part.discount, part.unit_cents))
        products.append(ladder.product[part.rung])
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    sort = np.lexsort((columns[1], columns[0]))
    return Baskets(*(column[sort] for column in columns)), np.concatenate(products)[sort]


def order_rows(world: World, orders: Orders, catalogue: Catalogue) -> list[Rows]:
    """Orders and order items."""
    named = orders.customer < world.contacts
    contact = np.where(named, orders.customer, -1)
    address = np.where(named, contact_address(world, orders.customer), -1)
    tax = (orders.line_cents * _TAX + 50) // 100
    started = orders.created
    n = len(orders.order)
    headers = Rows(
        "crm.order",
        started,
        {
            "id": orders.order,
            "account_id": orders.account,
            "bill_to_contact_id": contact,
            "order_number": pc.utf8_lpad(pc.cast(pa.array(orders.order), pa.string()), 10, "0"),
            "effective_date": started.astype("datetime64[D]"),
            "activated_date": np.full(n, np.datetime64("NaT"), "datetime64[s]"),
            "status": np.full(n, _STATUS.index("Draft")),
            "type": np.full(n, _RETAIL),
            "total_amount": orders.total(orders.line_cents),
            "total_tax_amount": orders.total(tax),
            "pricebook_2_id": orders.pricebook,
            "billing_address_id": address,
            "shipping_address_id": address,
            "owner_id": np.full(n, 0),
        },
        updates=(
            Update(
                orders.activated,
                {
                    "status": np.full(n, _STATUS.index("Activated")),
                    "activated_date": orders.activated,
                    "effective_date": orders.activated.astype("datetime64[D]"),
                },
            ),
            Update(orders.cancelled, {"status": np.full(n, _STATUS.index("Cancelled"))}),
        ),
    )
    baskets = orders.baskets
    of = baskets.order
    items = Rows(
        "crm.order_item",
        started[of],
        {
            "id": orders.item,
            "order_id": orders.order[of],
            "pricebook_entry_id": catalogue.entry(orders.pricebook[of], orders.product),
            "product_2_id": orders.product,
            "quantity": baskets.quantity,
            "unit_price": baskets.unit_cents,
            "list_price": orders.list_cents,
            "discount": baskets.discount * 100,
            "total_price": orders.line_cents,
            "tax_c": tax,
            "service_date": started[of].astype("datetime64[D]"),
        },
    )
    return [headers, items]


def seconds_between(seed: int, purpose: str, entity: Integers, low: int, high: int) -> NDArray[np.timedelta64]:
    """A whole number of seconds from `low` to `high`."""
    return (low + (high - low) * uniform(seed, purpose, entity)).astype(np.int64).astype("timedelta64[s]")
