"""What follows an order: parcels that go out, and parcels that come back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..behaviour.calendar import is_closed, second_of_day
from ..behaviour.local_time import ZONE_OF_PLACE, at_hours, between_hours, to_local, to_utc
from ..draws import Integers, choice, uniform
from ..encoding import NULL_INTEGER
from ..rows import Rows, Seconds, Update, unless
from ..schema import CRM
from ..world import World
from .catalogue import Catalogue
from .homes import ONLINE, account_zone, opening_hours, shops
from .orders import BOUGHT, RETAIL, WHOLESALE, Orders, seconds_between
from .people import contact_address

_SPLIT = 0.1  # orders of several lines that go out in two parcels
_DELAY = np.timedelta64(7, "D")
_TRAVELS = 3  # days at most
_PACKED, _DELIVERED_AT, _REFUNDED = (8, 18), (9, 20), (8, 18)  # local hours
_PROMISED = np.timedelta64(4, "D")
_SHIPPED, _DELIVERED = 0, 1
_STANDARD, _BY_EXPRESS, _BACK_IN_STORE = (
    CRM["return_order"].field("shipment_type").picklist.index(kind) for kind in ("Standard", "Express", "In store")
)
assert (_STANDARD, _BY_EXPRESS) == (0, 1)
_DAYS_BACK = np.array([4, 2, 0])  # until a return arrives, by how it travels
# as the customer says: too small, too large, not as shown, damaged, changed mind
_REASONS, _REASONS_WITHOUT_SIZE = np.cumsum([0.3, 0.25, 0.15, 0.1, 0.2]), np.cumsum([0, 0, 0.35, 0.25, 0.4])
_SENT_HOME = 0.12  # of what is bought over a counter by somebody with an address
_BROUGHT_BACK, _EXPRESS = 0.6, 0.12  # of what was bought at a counter; of what is sent
_SUBMITTED, _CLOSED = 0, 1


Days = NDArray[np.datetime64]  # datetime64[D]


@dataclass(frozen=True)
class Parcels:
    """Parcels of the orders that were bought.

    Attributes:
        parcel: shape (m,), record numbers, rising.
        order: shape (m,), position of the order.
        late: shape (m,), takes a week more than promised.
        carried: shape (m,), the customer carries it out of the store.
        sent, arrived: shape (m,), when.
        of_line: shape (lines,), position of the parcel that each line of an order goes in; −1 for none.
    """

    parcel: Integers
    order: Integers
    late: NDArray[np.bool_]
    carried: NDArray[np.bool_]
    sent: Seconds
    arrived: Seconds
    of_line: Integers

    @property
    def promised(self) -> NDArray[np.datetime64]:
        """The day on which each was to arrive."""
        return (self.sent + _PROMISED).astype("datetime64[D]")

    def of(self, orders: Orders) -> Parcels:
        """The same parcels, without those of orders that do not happen."""
        never = np.isnat(orders.activated)[self.order]
        return replace(self, sent=unless(never, self.sent), arrived=unless(never, self.arrived))


@dataclass(frozen=True)
class Returns:
    """Parcels that come back.

    Attributes:
        order: shape (n,), position of the order; the return's record number is the order's.
        brought: shape (n,), back to the counter, not sent.
        submitted, processed: shape (n,), when.
        line: shape (lines,), position of each line that comes back.
        of_line: shape (lines,), position of its return.
        pieces: shape (lines,), how many come back.
    """

    order: Integers
    brought: NDArray[np.bool_]
    submitted: Seconds
    processed: Seconds
    line: Integers
    of_line: Integers
    pieces: Integers

    def of(self, orders: Orders) -> Returns:
        """The same returns, without those of orders that do not happen."""
        never = np.isnat(orders.activated)[self.order]
        return replace(self, submitted=unless(never, self.submitted), processed=unless(never, self.processed))


def make_parcels(world: World, orders: Orders) -> Parcels:
    """What is bought online goes out in a parcel or two; over a counter, most is carried out at once."""
    seed = world.seed
    carried = carried_out(world, orders)
    split = ~carried & (uniform(seed, "split", orders.order) < _SPLIT)
    second = split[orders.lines.order] & (orders.lines.line % 2 == 1)
    number = orders.order[orders.lines.order] * 2 + second
    sold = orders.outcome[orders.lines.order] == BOUGHT
    parcel, first_line, of_sold = np.unique(number[sold], return_index=True, return_inverse=True)
    order = orders.lines.order[sold][first_line]
    of_line = np.full(len(number), -1)
    of_line[sold] = of_sold

    carried = carried[order]
    late = ~carried & (uniform(seed, "late", parcel) < world.behaviour.service.late)
    # packed the next day or the day after, on the way for one to three days, brought by day
    origin = account_zone(world, orders.ships_from[order])
    zone = ZONE_OF_PLACE[orders.place[order]]
    bought = orders.activated[order]
    packed = _later(seed, "packing", parcel, to_local(bought, origin), 1, 2)
    packed += is_closed(packed)
    sent = to_utc(at_hours(packed, uniform(seed, "hour of packing", parcel), *_PACKED), origin)
    shipped = to_local(sent, zone).astype("datetime64[D]")
    comes = _later(seed, "travel", parcel, shipped, 1, _TRAVELS)
    comes[late] += _DELAY
    # nothing comes on a holiday: a day later, or earlier where that would be later than promised
    comes += np.where(comes - shipped == _TRAVELS, -1, 1) * is_closed(comes)
    arrived = to_utc(at_hours(comes, uniform(seed, "hour of delivery", parcel), *_DELIVERED_AT), zone)
    # who carries it out pays and waits for the bag
    waits = bought + seconds_between(seed, "is wrapped", parcel, 60, 600)
    sent = np.where(carried, waits, sent)
    arrived = np.where(carried, waits + seconds_between(seed, "is carried out", parcel, 20, 120), arrived)
    return Parcels(parcel, order, late, carried, sent, arrived, of_line)


def carried_out(world: World, orders: Orders) -> NDArray[np.bool_]:
    """Which orders the customer carries out of the store, shape (n,): all of a walk-in's, and most over a counter."""
    nameless = ~world.is_contact(orders.customer)
    counter = shops(world).channel[orders.ships_from] != ONLINE
    home = uniform(world.seed, "is sent home", orders.order) < _SENT_HOME
    return (orders.type == RETAIL) & (nameless | (counter & ~home))


def shipment_rows(world: World, orders: Orders, parcels: Parcels) -> list[Rows]:
    """Shipments and shipment items."""
    n = len(parcels.parcel)
    packed = parcels.of_line >= 0
    of_line = parcels.of_line[packed]
    pieces = np.bincount(of_line, weights=orders.lines.quantity[packed], minlength=n).astype(np.int64)
    customer = orders.customer[parcels.order]
    promised = parcels.promised
    wholesale = orders.type[parcels.order] == WHOLESALE
    account = orders.account[parcels.order]
    shipments = Rows(
        "crm.shipment",
        parcels.sent,
        {
            "id": parcels.parcel,
            "order_id": orders.order[parcels.order],
            "ship_from_address": orders.ships_from[parcels.order],
            "ship_to_address": np.where(
                wholesale,
                account,
                np.where(parcels.carried, -1, contact_address(world, customer)),
            ),
            "expected_delivery_date": promised,
            "actual_delivery_date": np.full(n, np.datetime64("NaT"), "datetime64[s]"),
            "status": np.full(n, _SHIPPED),
            "tracking_number": pc.binary_join_element_wise(
                "1Z", pc.utf8_lpad(pc.cast(pa.array(parcels.parcel), pa.string()), 14, "0"), ""
            ),
            "total_items_quantity": pieces,
            "owner_id": np.zeros(n, dtype=np.int64),
        },
        updates=(Update(parcels.arrived, {"status": np.full(n, _DELIVERED), "actual_delivery_date": parcels.arrived}),),
    )
    items = Rows(
        "crm.shipment_item",
        parcels.sent[of_line],
        {
            "id": orders.item[packed],
            "shipment_id": parcels.parcel[of_line],
            "order_item_id": orders.item[packed],
            "quantity": orders.lines.quantity[packed],
            "expected_delivery_date": promised[of_line],
        },
    )
    return [shipments, items]


def make_returns(world: World, orders: Orders, parcels: Parcels, catalogue: Catalogue) -> Returns:
    """Some lines of some orders come back, days after the last parcel arrived."""
    seed, item = world.seed, orders.item
    comes_back = uniform(seed, "comes back", item) < catalogue.return_rate[orders.lines.product]
    line = np.flatnonzero(comes_back & (parcels.of_line >= 0) & (orders.type[orders.lines.order] != WHOLESALE))
    order, of_line = np.unique(orders.lines.order[line], return_inverse=True)

    arrived = np.full(len(orders.order), np.datetime64(0, "s"))
    np.maximum.at(arrived, parcels.order, parcels.arrived)
    number, place = orders.order[order], orders.place[order]
    zone = ZONE_OF_PLACE[place]
    brought = _in_store(world, orders, order)
    hours = opening_hours(world.behaviour, np.where(brought, shops(world).channel[orders.account[order]], ONLINE))
    day = _later(seed, "return", number, to_local(arrived[order], zone), 1, 24)
    day += is_closed(day)
    second = second_of_day(uniform(seed, "hour of return", number), hours)
    submitted = to_utc(day.astype("datetime64[s]") + second.astype("timedelta64[s]"), zone)
    processed = submitted + seconds_between(seed, "refund", number, 2 * 86_400, 14 * 86_400)
    at_once = submitted + seconds_between(seed, "refund at the counter", number, 30, 150)
    processed = np.where(brought, at_once, between_hours(processed, zone, *_REFUNDED))
    # of several pieces, sometimes only one comes back
    whole = uniform(seed, "all pieces", item[line]) < 0.5
    pieces = np.where(whole, orders.lines.quantity[line], 1)
    return Returns(order, brought, submitted, processed, line, of_line, pieces)


def _in_store(world: World, orders: Orders, order: Integers) -> NDArray[np.bool_]:
    """Which returns of the orders at some positions are brought to the counter where they were bought."""
    counter = shops(world).channel[orders.account[order]] != ONLINE
    nameless = ~world.is_contact(orders.customer[order])  # nothing else could be refunded to them
    return counter & (nameless | (uniform(world.seed, "is brought back", orders.order[order]) < _BROUGHT_BACK))


def _later(seed: int, purpose: str, entity: Integers, local: Seconds, least: int, most: int) -> Days:
    """The date some whole number of days, from `least` to `most`, after a local time."""
    days = (least + (most + 1 - least) * uniform(seed, purpose, entity)).astype(np.int64)
    return local.astype("datetime64[D]") + days.astype("timedelta64[D]")


def return_rows(world: World, orders: Orders, returns: Returns, sized: NDArray[np.bool_]) -> list[Rows]:
    """Return orders and their line items; `sized` says of each product whether it can be too small."""
    seed, order, line, of_line = world.seed, returns.order, returns.line, returns.of_line
    number, item, n = orders.order[order], orders.item[line], len(order)
    refund = returns.pieces * orders.lines.unit_cents[line]
    contact = np.where(world.is_contact(orders.customer[order]), orders.customer[order], -1)
    travels = np.where(returns.brought, _BACK_IN_STORE, uniform(seed, "urgent", number) < _EXPRESS)
    local = to_local(returns.submitted, ZONE_OF_PLACE[orders.place[order]]).astype("datetime64[D]")
    headers = Rows(
        "crm.return_order",
        returns.submitted,
        {
            "id": number,
            "order_id": number,
            "contact_id": contact,
            "account_id": orders.account[order],
            "status": np.full(n, _SUBMITTED),
            "total_amount": np.bincount(of_line, weights=refund, minlength=n).astype(np.int64),
            "shipment_type": travels,
            "expected_arrival_date": local + _DAYS_BACK[travels],
            "owner_id": np.zeros(n, dtype=np.int64),
        },
        updates=(Update(returns.processed, {"status": np.full(n, _CLOSED)}),),
    )
    processed = returns.processed[of_line]
    u = uniform(seed, "reason", item)
    reason = np.where(sized[orders.lines.product[line]], choice(_REASONS, u), choice(_REASONS_WITHOUT_SIZE, u))
    lines = Rows(
        "crm.return_order_line_item",
        returns.submitted[of_line],
        {
            "id": item,
            "return_order_id": number[of_line],
            "order_item_id": item,
            "quantity_returned": returns.pieces,
            "refund_amount_c": np.full(len(line), NULL_INTEGER),
            "processed_date_c": np.full(len(line), np.datetime64("NaT"), "datetime64[s]"),
            "reason_for_return": reason,
        },
        updates=(Update(processed, {"refund_amount_c": refund, "processed_date_c": processed}),),
    )
    return [headers, lines]
