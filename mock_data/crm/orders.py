"""What a purchase leaves in the CRM: an order and its items; and the orders that come to nothing."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..behaviour.baskets import MAX_LINES, Lines, fill
from ..behaviour.calendar import discounts
from ..behaviour.local_time import ZONE_OF_PLACE, to_local
from ..behaviour.purchases import MAX_PURCHASES, Purchases
from ..behaviour.spend import draw_scale, draw_spend
from ..draws import Integers, uniform
from ..encoding import INTEGRATION_USER
from ..pools import PLACES
from ..rows import NEVER, Rows, Seconds, Update, unless
from ..schema import CRM
from ..world import World
from .catalogue import MALL, STANDARD, Catalogue
from .homes import MALL as IN_MALL
from .homes import ONLINE, ONLINE_SHOP, Homes, shops
from .people import contact_address

BOUGHT, ABANDONED, CANCELLED = 0, 1, 2  # what became of an order
_OUTCOMES = 3
_STATUS = CRM["order"].field("status").picklist
TYPES = CRM["order"].field("type").picklist
RETAIL, SUBSCRIPTION, WHOLESALE = (TYPES.index(kind) for kind in ("Retail", "Subscription", "Wholesale"))
ORDERS_PER_BUYER = 4096  # numbers 1 to 3071 are purchases, then those that mailings caused, then boxes
FIRST_MAILING, FIRST_BOX = 3072, 3584
_STATES = [place.state for place in PLACES]
_DIGITS_OF_SECONDS = 9  # of a number that rises with time: for thirty years
_LINES = 8  # room for lines in an item's record number
assert MAX_LINES <= _LINES and MAX_PURCHASES <= FIRST_MAILING


@dataclass(frozen=True)
class Orders:
    """Orders and their lines, as arrays.

    Attributes:
        order: shape (n,), record numbers, rising.
        customer: shape (n,), who ordered: a contact, a walk-in or a wholesale account.
        type: shape (n,), RETAIL, SUBSCRIPTION or WHOLESALE.
        outcome: shape (n,), BOUGHT, ABANDONED or CANCELLED.
        created, activated, cancelled: shape (n,), when; NaT for never.
        account: shape (n,), where.
        place: shape (n,), where the goods go, position in ``PLACES``.
        pricebook: shape (n,).
        subscription: shape (n,), record number of the subscription that a box belongs to; −1 for other orders.
        first_box: shape (n,), record number of that subscription's first order; −1 for it and for other orders.
        lines: what was ordered.
        owner: shape (n,), record number of the user who took the order.
    """

    order: Integers
    customer: Integers
    type: Integers
    outcome: Integers
    created: Seconds
    activated: Seconds
    cancelled: Seconds
    account: Integers
    place: Integers
    pricebook: Integers
    subscription: Integers
    first_box: Integers
    lines: Lines
    owner: Integers

    @property
    def item(self) -> Integers:
        """Record numbers of the lines, rising."""
        return self.order[self.lines.order] * _LINES + self.lines.line

    @property
    def ships_from(self) -> Integers:
        """The account that each order's goods leave, shape (n,): the web shop's warehouse for what is resold."""
        return np.where(self.type == WHOLESALE, ONLINE_SHOP, self.account)

    @property
    def line_cents(self) -> Integers:
        """Total of each line, net of discount, before tax."""
        return self.lines.quantity * self.lines.unit_cents

    def total(self, per_line: Integers) -> Integers:
        """Sum of a figure of the lines for each order; exact for integers below 2⁵³."""
        return np.bincount(self.lines.order, weights=per_line, minlength=len(self.order)).astype(np.int64)

    def before(self, leaves: Seconds) -> Orders:
        """The same orders, of which those made after `leaves` (shape (n,), NaT: never) do not happen."""
        never = self.created > leaves  # NaT compares false
        return replace(
            self,
            created=unless(never, self.created),
            activated=unless(never, self.activated),
            cancelled=unless(never, self.cancelled),
        )


@dataclass(frozen=True)
class Boxes:
    """Membership boxes that are sent, one element each.

    Attributes:
        customer: record number of the contact.
        number: of the order among the customer's orders, ``FIRST_BOX`` and above.
        at: when it is ordered.
        subscription: record number of the subscription.
        first: number of the subscription's first order; −1 for that one.
        plan: record number of the plan's product.
        quantity: boxes.
        list_cents: the plan's price for a billing period, as the price book has it then.
        discount: whole percent off the box's share of what the subscriber pays for the period.
        unit_cents: what is paid for one box.
    """

    customer: Integers
    number: Integers
    at: Seconds
    subscription: Integers
    first: Integers
    plan: Integers
    quantity: Integers
    list_cents: Integers
    discount: Integers
    unit_cents: Integers


def order_number(customer: Integers, number: Integers, outcome: Integers | int) -> Integers:
    """Record number of the order that a buyer's `number`-th purchase became, or of a vain one that followed it."""
    return (customer * ORDERS_PER_BUYER + number) * _OUTCOMES + outcome


def purchase_number(order: Integers) -> Integers:
    """Which of its buyer's purchases an order was, from its record number."""
    return order // _OUTCOMES % ORDERS_PER_BUYER


def buyer_of_order(order: Integers) -> Integers:
    """Whose an order is, from its record number."""
    return order // (_OUTCOMES * ORDERS_PER_BUYER)


def buyer_of_item(item: Integers) -> Integers:
    """Whose an order item is, from its record number."""
    return buyer_of_order(item // _LINES)


def make_orders(
    world: World, catalogue: Catalogue, homes: Homes, purchases: Purchases, boxes: Boxes | None = None
) -> Orders:
    """Orders for the purchases and boxes given, with those abandoned or cancelled in the days after a purchase."""
    orders = _retail_orders(world, catalogue, homes, purchases)
    return _together(orders, _box_orders(world, homes, boxes)) if boxes else orders


def _retail_orders(world: World, catalogue: Catalogue, homes: Homes, purchases: Purchases) -> Orders:
    seed = world.seed
    bought = order_number(purchases.customer, purchases.number, BOUGHT)
    fate = uniform(seed, "comes to nothing", bought)
    abandoned = np.flatnonzero(fate < world.behaviour.abandoned)
    cancelled = np.flatnonzero(fate > 1 - world.behaviour.cancelled)
    which = np.concatenate([np.arange(len(bought)), abandoned, cancelled])
    outcome = np.repeat([BOUGHT, ABANDONED, CANCELLED], [len(bought), len(abandoned), len(cancelled)])
    order = order_number(purchases.customer[which], purchases.number[which], outcome)
    sort = np.argsort(order)
    which, outcome, order = which[sort], outcome[sort], order[sort]
    customer, n = purchases.customer[which], len(order)

    who = homes.of(customer)
    day, created = homes.day(who, purchases.at[which]), purchases.at[which].copy()
    vain = np.flatnonzero(outcome != BOUGHT)
    day[vain] += 1 + (2 * uniform(seed, "later", order[vain])).astype(np.int64)
    created[vain] = homes.moment(who[vain], day[vain], uniform(seed, "moment of vain order", order[vain]))
    binding = created + _checkout(seed, order)
    withdrawn = binding + seconds_between(seed, "withdrawn", order, 600, 72_000)

    account = homes.account(who, day)
    channel = shops(world).channel[account]
    pricebook = np.where(channel == IN_MALL, MALL, STANDARD)
    scale = draw_scale(seed, customer, world.behaviour.spend)
    amount = draw_spend(seed, customer, purchases.number[which] * _OUTCOMES + outcome, scale, world.behaviour.spend)
    promotion = discounts(world.behaviour.promotions, day)
    prices = catalogue.ladder(pricebook, channel == ONLINE, created >= catalogue.dearer_at)
    return Orders(
        order=order,
        customer=customer,
        type=np.full(n, RETAIL),
        outcome=outcome,
        created=created,
        activated=unless(outcome == ABANDONED, binding),
        cancelled=unless(outcome != CANCELLED, withdrawn),
        account=account,
        place=homes.place[who],
        pricebook=pricebook,
        subscription=np.full(n, -1),
        first_box=np.full(n, -1),
        lines=fill(seed, order, amount, promotion, catalogue.ladders, prices),
        owner=np.full(n, INTEGRATION_USER),
    )


def _box_orders(world: World, homes: Homes, boxes: Boxes) -> Orders:
    order = order_number(boxes.customer, boxes.number, BOUGHT)
    n = len(order)
    return Orders(
        order=order,
        customer=boxes.customer,
        type=np.full(n, SUBSCRIPTION),
        outcome=np.full(n, BOUGHT),
        created=boxes.at,
        activated=boxes.at + _checkout(world.seed, order),
        cancelled=np.full(n, NEVER),
        account=np.full(n, ONLINE_SHOP),
        place=homes.place[homes.of(boxes.customer)],
        pricebook=np.full(n, STANDARD),
        subscription=boxes.subscription,
        first_box=np.where(boxes.first < 0, -1, order_number(boxes.customer, boxes.first, BOUGHT)),
        lines=Lines(
            np.arange(n),
            np.zeros(n, dtype=np.int64),
            boxes.plan,
            boxes.quantity,
            boxes.list_cents,
            boxes.discount,
            boxes.unit_cents,
        ),
        owner=np.full(n, INTEGRATION_USER),
    )


def _together(some: Orders, others: Orders) -> Orders:
    """Both, by record number."""
    joined: dict[str, Any] = {
        f.name: np.concatenate([getattr(some, f.name), getattr(others, f.name)])
        for f in fields(Orders)
        if f.name != "lines"
    }
    sort = np.argsort(joined["order"])
    place = np.empty_like(sort)
    place[sort] = np.arange(len(sort))
    lines = {
        f.name: np.concatenate([getattr(some.lines, f.name), getattr(others.lines, f.name)]) for f in fields(Lines)
    }
    lines["order"][len(some.lines.order) :] += len(some.order)
    lines["order"] = place[lines["order"]]
    line_sort = np.argsort(lines["order"] * _LINES + lines["line"])
    return Orders(
        **{name: values[sort] for name, values in joined.items()},
        lines=Lines(**{name: values[line_sort] for name, values in lines.items()}),
    )


def _checkout(seed: int, order: Integers) -> NDArray[np.timedelta64]:
    """From the first click to the order that binds."""
    return seconds_between(seed, "checkout", order, 5, 120)


def order_rows(world: World, orders: Orders, catalogue: Catalogue) -> list[Rows]:
    """Orders and order items."""
    named = world.is_contact(orders.customer)
    contact = np.where(named, orders.customer, -1)
    wholesale = orders.type == WHOLESALE
    address = np.where(named, contact_address(world, orders.customer), np.where(wholesale, orders.account, -1))
    tax = (orders.line_cents * _tax(world, orders)[orders.lines.order] + 50_000) // 100_000
    users = _users(orders.owner)
    started = orders.created
    local_date = to_local(started, ZONE_OF_PLACE[orders.place]).astype("datetime64[D]")
    n = len(orders.order)
    headers = Rows(
        "crm.order",
        started,
        {
            "id": orders.order,
            "account_id": orders.account,
            "bill_to_contact_id": contact,
            "order_number": number_in_time(world, orders.created, orders.customer),
            "effective_date": local_date,
            "activated_date": np.full(n, np.datetime64("NaT"), "datetime64[s]"),
            "status": np.full(n, _STATUS.index("Draft")),
            "type": orders.type,
            "total_amount": orders.total(orders.line_cents),
            "total_tax_amount": orders.total(tax),
            "pricebook_2_id": orders.pricebook,
            "related_order_id": orders.first_box,
            "subscription_c": orders.subscription,
            "billing_address_id": address,
            "shipping_address_id": address,
            "owner_id": orders.owner,
        }
        | users,
        updates=(
            Update(
                orders.activated,
                {
                    "status": np.full(n, _STATUS.index("Activated")),
                    "activated_date": orders.activated,
                },
            ),
            Update(orders.cancelled, {"status": np.full(n, _STATUS.index("Cancelled"))}),
        ),
    )
    lines = orders.lines
    of = lines.order
    items = Rows(
        "crm.order_item",
        started[of],
        {
            "id": orders.item,
            "order_id": orders.order[of],
            "pricebook_entry_id": catalogue.entry(orders.pricebook[of], lines.product),
            "product_2_id": lines.product,
            "quantity": lines.quantity,
            "unit_price": lines.unit_cents,
            "list_price": lines.list_cents,
            "discount": lines.discount * 100,
            "total_price": orders.line_cents,
            "tax_c": tax,
            "service_date": local_date[of],
        }
        | {name: user[of] for name, user in users.items()},
    )
    return [headers, items]


def _users(owner: Integers) -> dict[str, Integers]:
    """Who creates and changes what these users own; nothing where it is the integration, which encoding fills in."""
    if (owner == INTEGRATION_USER).all():
        return {}
    return {"created_by_id": owner, "last_modified_by_id": owner}


def number_in_time(world: World, at: Seconds, customer: Integers) -> pa.StringArray:
    """Numbers that rise with the time at which something comes in, as if counted: the second, then from whom."""
    digits = len(str(world.buyers))
    seconds = (np.where(np.isnat(at), world.opening, at) - world.opening).astype(np.int64)
    number = seconds * 10**digits + customer % 10**digits
    return pc.utf8_lpad(pc.cast(pa.array(number), pa.string()), _DIGITS_OF_SECONDS + digits, "0")


def _tax(world: World, orders: Orders) -> Integers:
    """What the state that the goods go to takes of each order, in thousandths of a percent; nothing for resale."""
    percent: dict[str, float] = {tax.state: tax.percent for tax in world.behaviour.sales_tax}
    rate = np.array([round(1_000 * percent[state]) for state in _STATES])[orders.place]
    return np.where(orders.type == WHOLESALE, 0, rate)


def seconds_between(seed: int, purpose: str, entity: Integers, low: int, high: int) -> NDArray[np.timedelta64]:
    """A whole number of seconds from `low` to `high`."""
    return (low + (high - low) * uniform(seed, purpose, entity)).astype(np.int64).astype("timedelta64[s]")
