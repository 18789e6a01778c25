"""What the membership box leaves in the CRM: one row a subscription, overwritten in place, and a box a month."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .. import ids
from ..behaviour.parameters import MONTHS, SubscriptionParameters
from ..behaviour.subscriptions import (
    ERASED,
    MAX_MONTHS,
    PER_CONTACT,
    Events,
    Memberships,
    Prices,
    box_cents,
    in_order,
    subscribe,
)
from ..draws import Integers
from ..rows import Columns, Rows, Seconds, Update
from ..schema import CRM
from ..world import World
from .catalogue import STANDARD, Catalogue
from .orders import FIRST_BOX, ORDERS_PER_BUYER, Boxes

_PERIODS = CRM["subscription_c"].field("billing_period_c").picklist
_DIGITS = 3  # of an event's number within its subscription
assert FIRST_BOX + PER_CONTACT * MAX_MONTHS <= ORDERS_PER_BUYER


def make_subscriptions(
    world: World,
    catalogue: Catalogue,
    contact: Integers,
    at: Seconds,
    zone: Integers,
    until: np.datetime64,
) -> Memberships:
    """Subscriptions of contacts who signed up `at` (NaT: never), and all that happens to them before `until`.

    Args:
        zone: shape of `contact`, time zone of each, in whose waking hours subscriptions begin.
    """
    offered = world.behaviour.subscriptions
    rise = world.behaviour.price_rise
    plan = slice(catalogue.articles, None)
    prices = Prices(
        np.stack([catalogue.list_cents[STANDARD, plan], catalogue.dearer_cents[STANDARD, plan]]),
        catalogue.dearer_at,
        rise.cancels if rise else 0.0,
    )
    who = slice(None) if offered else slice(0)
    return subscribe(world.seed, offered or SubscriptionParameters(), prices, contact[who], at[who], zone[who], until)


def make_boxes(world: World, catalogue: Catalogue, subscriptions: Memberships) -> Boxes | None:
    """The boxes that are sent, one for each month of service; None where there is none."""
    months, events = subscriptions.months, subscriptions.events
    of, month, at = months.of[months.box], months.month[months.box], months.at[months.box]
    if not len(of):
        return None
    # what the subscription holds in that second
    last = (
        np.searchsorted(in_order(events.of, events.at.view(np.int64)), in_order(of, at.view(np.int64)), side="right")
        - 1
    )
    subscription = subscriptions.subscribers.subscription[of]
    first = FIRST_BOX + subscription % PER_CONTACT * MAX_MONTHS
    plan, unit = events.plan[last], events.unit_cents[last]
    period = _months(world)[plan]
    percent = np.where(events.introductory[last], _introductory(world), 0)
    return Boxes(
        customer=subscription // PER_CONTACT,
        number=first + month,
        at=at,
        subscription=subscription,
        first=np.where(month > 0, first, -1),
        plan=world.products + plan,
        quantity=events.quantity[last],
        list_cents=catalogue.listed(world.products + plan, at),
        discount=percent,
        unit_cents=box_cents(unit, period, month % period, percent),
    )


def subscription_rows(world: World, subscriptions: Memberships) -> list[Rows]:
    """Subscriptions as the CRM holds them, and the truth that it overwrites."""
    return [
        _subscriptions(world, subscriptions),
        _subscribers(world, subscriptions),
        _events(world, subscriptions),
    ]


def _subscriptions(world: World, subscriptions: Memberships) -> Rows:
    s, events = subscriptions.subscribers, subscriptions.events
    first = events.sequence == 1
    changes = np.flatnonzero(~first)
    held = _held(world, events)
    n = len(s.started)
    return Rows(
        "crm.subscription_c",
        s.started,
        {
            "id": s.subscription,
            "contact_c": s.subscription // PER_CONTACT,
            "billing_period_c": _billing_period(world)[s.plan],
            "started_at_c": s.started,
            "trial_end_c": s.trial_end,
            "owner_id": np.zeros(n, dtype=np.int64),
            **{name: values[first] for name, values in held.items()},
        },
        updates=(
            Update(
                events.at[changes],
                {name: values[changes] for name, values in held.items()},
                events.of[changes],
            ),
        ),
    )


def _held(world: World, events: Events) -> dict[str, Any]:
    """The columns that change, as they are after each event."""
    ends = ~np.isnat(events.ended)
    return {
        "product_2_c": world.products + events.plan,
        "status_c": events.status,
        "quantity_c": events.quantity,
        "unit_price_c": events.unit_cents,
        "discount_c": events.discount_cents,
        "current_period_end_c": events.period_end,
        "cancel_requested_at_c": events.requested,
        "cancel_at_period_end_c": ~np.isnat(events.requested) & ~ends,
        "cancel_reason_c": events.reason,
        "paused_until_c": events.paused_until,
        "ended_at_c": events.ended,
        "is_deleted": events.kind == ERASED,
    }


def _events(world: World, subscriptions: Memberships) -> Rows:
    s, events = subscriptions.subscribers, subscriptions.events
    sequence = events.sequence
    subscription = s.subscription[events.of]
    number = pc.utf8_lpad(pc.cast(pa.array(sequence), pa.string()), _DIGITS, "0")
    columns: Columns = {
        "event_id": pc.binary_join_element_wise(ids.encode(CRM["subscription_c"].prefix, subscription), number, "-"),
        "subscription_id": subscription,
        "sequence": sequence,
        "happened_at": events.at,
        "event": events.kind,
        "billing_period_c": _billing_period(world)[s.plan[events.of]],
        "trial_end_c": s.trial_end[events.of],
        **_held(world, events),
    }
    return Rows("truth.subscription_event", events.at, columns)


def _subscribers(world: World, subscriptions: Memberships) -> Rows:
    """The latent parameters, of who has paid, and the renewals as they fall due."""
    s, months = subscriptions.subscribers, subscriptions.months
    paid = np.flatnonzero(np.isin(np.arange(len(s.started)), months.of))
    period = _months(world)[s.plan]
    due = np.flatnonzero((months.month > 0) & (months.month % period[months.of] == 0))
    of = months.of[due]
    renewals = months.month[due] // period[of]
    row = np.searchsorted(paid, of)
    return Rows(
        "truth.subscriber",
        s.paid_since[paid],
        {
            "subscription_id": s.subscription[paid],
            "contact_id": s.subscription[paid] // PER_CONTACT,
            "product_2_id": world.products + s.plan[paid],
            "billing_period": _billing_period(world)[s.plan[paid]],
            "churn_hazard": s.hazard[paid],
            "paid_since": s.paid_since[paid],
            "renewals": np.zeros(len(paid), dtype=np.int64),
            "churned": np.zeros(len(paid), dtype=bool),
        },
        updates=(Update(months.at[due], {"renewals": renewals, "churned": months.over[due]}, row),),
    )


def _months(world: World) -> Integers:
    """Months in a billing period of each plan."""
    return np.array([MONTHS[plan.billing_period] for plan in world.plans], dtype=np.int64)


def _billing_period(world: World) -> Integers:
    """Position of each plan's billing period in the list."""
    return np.array([_PERIODS.index(plan.billing_period) for plan in world.plans], dtype=np.int64)


def _introductory(world: World) -> int:
    return world.behaviour.subscriptions.introductory_percent if world.behaviour.subscriptions else 0
