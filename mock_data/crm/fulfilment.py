"""What follows an order: parcels that go out, and parcels that come back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..draws import Integers, choice, uniform
from ..encoding import NULL_INTEGER
from ..rows import Rows, Seconds, Update
from ..world import World
from .catalogue import Catalogue
from .orders import BOUGHT, Orders, seconds_between
from .people import contact_address

_SPLIT = 0.1  # orders of several lines that go out in two parcels
_LATE = 0.06  # parcels that take a week more
_PROMISED = np.timedelta64(4, "D")
_SHIPPED, _DELIVERED = 0, 1
_SUBMITTED, _CLOSED = 0, 1


@dataclass(frozen=True)
class Parcels:
    """Parcels of the orders that were bought.

    Attributes:
        parcel: shape (m,), record numbers, rising.
        order: shape (m,), position of the order.
        sent, arrived: shape (m,), when.
        of_line: shape (lines,), position of the parcel that each line of an order goes in; −1 for none.
    """

    parcel: Integers
    order: Integers
    sent: Seconds
    arrived: Seconds
    of_line: Integers


def make_parcels(world: World, orders: Orders) -> Parcels:
    """One parcel an order, or two, a few hours after it was placed; walk-ins carry theirs out at once."""
    seed = world.seed
    split = uniform(seed, "split", orders.order) < _SPLIT
    second = split[orders.baskets.order] & (orders.baskets.line % 2 == 1)
    number = orders.order[orders.baskets.order] * 2 + second
    sold = orders.outcome[orders.baskets.order] == BOUGHT
    parcel, first_line, of_sold = np.unique(number[sold], return_index=True, return_inverse=True)
    order = orders.baskets.order[sold][first_line]
    of_line = np.full(len(number), -1)
    of_line[sold] = of_sold

    named = orders.customer[order] < world.contacts
    nothing = np.timedelta64(0, "s")
    packing = np.where(named, seconds_between(seed, "packing", parcel, 7_200, 150_000), nothing)
    late = np.where(uniform(seed, "late", parcel) < _LATE, np.timedelta64(7, "D"), nothing)
    travel = np.where(named, seconds_between(seed, "travel", parcel, 86_400, 330_000) + late, nothing)
    sent = orders.activated[order] + packing
    return Parcels(parcel, order, sent, sent + travel, of_line)


def shipment_rows(world: World, orders: Orders, parcels: Parcels) -> list[Rows]:
    """Shipments and shipment items."""
    n = len(parcels.parcel)
    packed = parcels.of_line >= 0
    of_line = parcels.of_line[packed]
    pieces = np.bincount(of_line, weights=orders.baskets.quantity[packed], minlength=n).astype(np.int64)
    customer = orders.customer[parcels.order]
    promised = (parcels.sent + _PROMISED).astype("datetime64[D]")
    shipments = Rows(
        "crm.shipment",
        parcels.sent,
        {
            "id": parcels.parcel,
            "order_id": orders.order[parcels.order],
            "ship_from_address": orders.account[parcels.order],
            "ship_to_address": np.where(customer < world.contacts, contact_address(world, customer), -1),
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
            "quantity": orders.baskets.quantity[packed],
            "expected_delivery_date": promised[of_line],
        },
    )
    return [shipments, items]


def return_rows(world: World, orders: Orders, parcels: Parcels, catalogue: Catalogue) -> list[Rows]:
    """Return orders and their line items: some lines of some orders, days after the last parcel arrived."""
    seed = world.seed
    item = orders.item
    comes_back = (uniform(seed, "comes back", item) < catalogue.return_rate[orders.product]) & (parcels.of_line >= 0)
    line = np.flatnonzero(comes_back)
    order, of_line = np.unique(orders.baskets.order[line], return_inverse=True)
    n = len(order)

    arrived = np.full(len(orders.order), np.datetime64(0, "s"))
    np.maximum.at(arrived, parcels.order, parcels.arrived)
    number = orders.order[order]
    submitted = arrived[order] + seconds_between(seed, "return", number, 86_400, 25 * 86_400)
    processed = submitted + seconds_between(seed, "refund", number, 2 * 86_400, 14 * 86_400)

    # of several pieces, sometimes only one comes back
    whole = uniform(seed, "all pieces", item[line]) < 0.5
    pieces = np.where(whole, orders.baskets.quantity[line], 1)
    refund = pieces * orders.baskets.unit_cents[line]
    contact = np.where(orders.customer[order] < world.contacts, orders.customer[order], -1)
    returns = Rows(
        "crm.return_order",
        submitted,
        {
            "id": number,
            "order_id": number,
            "contact_id": contact,
            "account_id": orders.account[order],
            "status": np.full(n, _SUBMITTED),
            "total_amount": np.bincount(of_line, weights=refund, minlength=n).astype(np.int64),
            "shipment_type": choice(np.cumsum([0.7, 0.1, 0.2]), uniform(seed, "return travels", number)),
            "expected_arrival_date": (submitted + _PROMISED).astype("datetime64[D]"),
            "owner_id": np.zeros(n, dtype=np.int64),
        },
        updates=(Update(processed, {"status": np.full(n, _CLOSED)}),),
    )
    lines = Rows(
        "crm.return_order_line_item",
        submitted[of_line],
        {
            "id": item[line],
            "return_order_id": number[of_line],
            "order_item_id": item[line],
            "quantity_returned": pieces,
            "refund_amount_c": np.full(len(line), NULL_INTEGER),
            "processed_date_c": np.full(len(line), np.datetime64("NaT"), "datetime64[s]"),
            "reason_for_return": choice(np.cumsum([0.3, 0.25, 0.15, 0.1, 0.2]), uniform(seed, "reason", item[line])),
        },
        updates=(Update(processed[of_line], {"refund_amount_c": refund, "processed_date_c": processed[of_line]}),),
    )
    return [returns, lines]
