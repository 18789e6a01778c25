"""What goes wrong after a sale: cases, what is done about them, and whom they drive away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .. import ids
from ..behaviour.local_time import between_hours, to_local, to_utc
from ..draws import Floats, Integers, uniform
from ..encoding import pooled
from ..rows import NEVER, Rows, Seconds, Update, unless
from ..schema import CRM
from ..world import World
from .fulfilment import Parcels, Returns
from .orders import BOUGHT, RETAIL, SUBSCRIPTION, Orders, number_in_time
from .people import DESK_HOURS, HEAD_OFFICE_ZONE, SERVICE, has_number

LATE, RETURN, QUESTION = 0, 1, 2  # kinds of cases; an order has at most one of each
TASKS_PER_ORDER = 4  # room for an order's cases, each of which gives one task
_STATUS = CRM["case"].field("status").picklist
_NEW, _WORKING, _ESCALATED, _CLOSED = (_STATUS.index(s) for s in ("New", "Working", "Escalated", "Closed"))
_REASONS = CRM["case"].field("reason").picklist
_TYPES = CRM["case"].field("type").picklist
_ORIGINS = CRM["case"].field("origin").picklist
_HIGH, _MEDIUM, _LOW = range(3)
assert CRM["case"].field("priority").picklist == ("High", "Medium", "Low")


class _Text(NamedTuple):
    """What a customer may say, and what kind of case it makes: its type is Problem where something went wrong."""

    kind: int
    reason: str
    type: str
    subject: str
    description: str
    weight: float = 1.0  # among the texts of its kind


_TEXTS = (
    _Text(LATE, "Late shipment", "Problem", "Parcel has not arrived",
          "The parcel was due and has not come. Where is it?"),
    _Text(LATE, "Late shipment", "Problem", "Parcel has not arrived",
          "Tracking has not moved for days. When will the order arrive?"),
    _Text(LATE, "Late shipment", "Problem", "Parcel has not arrived", "The order is late and is needed soon."),
    _Text(RETURN, "Return", "Problem", "Return: does not fit",
          "The piece does not fit and is on its way back. When will the money come?"),
    _Text(RETURN, "Return", "Question", "Question about a refund", "Given back, with a question about the refund."),
    _Text(RETURN, "Return", "Question", "Question about a return", "The return has been posted. Has it arrived?"),
    _Text(QUESTION, "Product", "Question", "Question about a size",
          "Which size is right? The chart leaves it open.", 0.5),
    _Text(QUESTION, "Product", "Problem", "Defect: open seam", "A seam has opened after the first wash."),
    _Text(QUESTION, "Product", "Problem", "Colour is not as shown", "The colour differs from the picture."),
    _Text(QUESTION, "Billing", "Problem", "Wrong amount charged",
          "The amount on the card is not the amount of the order.", 0.3),
    _Text(QUESTION, "Billing", "Question", "Question about an invoice",
          "An invoice with another address is needed.", 0.3),
    _Text(QUESTION, "Billing", "Question", "Question about a discount", "Was the discount taken off?", 0.4),
    _Text(QUESTION, "Other", "Question", "Question about delivery", "Can the delivery address still be changed?"),
    _Text(QUESTION, "Other", "Question", "Question about an order", "Can one more piece be added to the order?"),
    _Text(QUESTION, "Other", "Question", "Question about a receipt", "How can a gift receipt be had?", 0.2),
)  # fmt: skip
_SIZE, _SEAM, _COLOUR, _DISCOUNT, _ADDRESS, _ONE_MORE, _ON_ITS_WAY, _POSTED = (
    next(i for i, text in enumerate(_TEXTS) if said in text.description)
    for said in ("size", "seam", "colour", "discount", "delivery address", "one more", "on its way back", "posted")
)
_SUBJECTS_OF_CASES = pa.array(list(dict.fromkeys(text.subject for text in _TEXTS)))
_SUBJECT_OF_TEXT = np.array([_SUBJECTS_OF_CASES.index(text.subject).as_py() for text in _TEXTS])
_DESCRIPTIONS = pa.array([text.description for text in _TEXTS])
_REASON_OF_TEXT = np.array([_REASONS.index(text.reason) for text in _TEXTS])
_TYPE_OF_TEXT = np.array([_TYPES.index(text.type) for text in _TEXTS])
_ORIGIN_WEIGHTS = {"Email": 0.5, "Phone": 0.3, "Web": 0.2}
assert tuple(_ORIGIN_WEIGHTS) == _ORIGINS
_TASK_STATUS = CRM["task"].field("status").picklist
_NOT_STARTED, _IN_PROGRESS, _COMPLETED = (
    _TASK_STATUS.index(status) for status in ("Not Started", "In Progress", "Completed")
)
_SUBJECTS = pa.array([f"Answer the customer: {reason.lower()}" for reason in _REASONS])
_TASK_PRIORITIES = CRM["task"].field("priority").picklist
_SUBTYPES = CRM["task"].field("task_subtype").picklist
CALL, EMAIL = _SUBTYPES.index("Call"), _SUBTYPES.index("Email")
_SUBTYPE_OF_ORIGIN = np.array([CALL if origin == "Phone" else EMAIL for origin in _ORIGINS])
_ESCALATES = np.array([0.15, 0.10, 0.03])  # share of each kind of case
_HOURS_TO_SETTLE = np.array([40.0, 28.0, 12.0])  # on average, of each kind, from the first answer
_DAYS_TO_COMPLAIN = np.array([2.0, 14.0, 10.0])  # of each kind, at most; a late parcel takes three days more
_DAY = np.timedelta64(1, "D")
_FAR_AHEAD = np.datetime64("9999-01-01", "s")


@dataclass(frozen=True)
class Cases:
    """Complaints and questions about orders.

    Attributes:
        case: shape (n,), record numbers, rising.
        order: shape (n,), position of the order.
        raised: shape (n,), when the customer raises it, at any hour; NaT for a case that does not happen.
        opened: shape (n,), when the service desk opens it.
        sent, arrived: shape (n,), when the order's first parcel goes out and its last one arrives.
        refunded: shape (n,), when what comes back is paid back; NaT for a case without a return.
        drives_away_at: shape (n,), when the case ends the customer's buying; NaT where it does not.
    """

    case: Integers
    order: Integers
    raised: Seconds
    opened: Seconds
    sent: Seconds
    arrived: Seconds
    refunded: Seconds
    drives_away_at: Seconds

    @property
    def kind(self) -> Integers:
        """LATE, RETURN or QUESTION, shape (n,)."""
        return self.case % TASKS_PER_ORDER

    def of(self, orders: Orders) -> Cases:
        """The same cases, without those of orders that do not happen."""
        never = np.isnat(orders.activated)[self.order]
        return replace(self, raised=unless(never, self.raised), opened=unless(never, self.opened))


def make_cases(world: World, orders: Orders, parcels: Parcels, returns: Returns) -> Cases:
    """Cases that follow late parcels and returns, and a few without either.

    Those with a name complain of a parcel after the promised day and before it comes, and of a return once they have
    sent it. Some of those whom a purchase annoyed never buy again; nobody leaves the membership because of a case.
    """
    seed, service = world.seed, world.behaviour.service
    late, first = np.unique(parcels.order[parcels.late], return_index=True)
    quiet = orders.outcome == BOUGHT
    quiet[late] = False
    quiet[returns.order] = False
    uneventful = np.flatnonzero(quiet)

    order = np.concatenate([late, returns.order, uneventful])
    kind = np.repeat([LATE, RETURN, QUESTION], [len(late), len(returns.order), len(uneventful)])
    next_day = to_utc((parcels.promised[parcels.late][first] + 1).astype("datetime64[s]"), HEAD_OFFICE_ZONE)
    cause = np.concatenate([next_day, returns.submitted, orders.activated[uneventful]])
    refunded = np.concatenate([np.full(len(late), NEVER), returns.processed, np.full(len(uneventful), NEVER)])
    case = orders.order[order] * TASKS_PER_ORDER + kind
    share = np.array([service.case_after_late, service.case_after_return, service.question])
    complains = world.is_contact(orders.customer[order]) & (uniform(seed, "complains", case) < share[kind])

    sort = np.flatnonzero(complains)
    sort = sort[np.argsort(case[sort])]
    order, kind, case, refunded = order[sort], kind[sort], case[sort], refunded[sort]
    wait = uniform(seed, "case is opened", case) * _DAYS_TO_COMPLAIN[kind] * 86_400
    raised = cause[sort] + wait.astype(np.int64).astype("timedelta64[s]")
    raised = _late_enough(raised, cause[sort])
    opened = _at_desk(raised)
    sent, arrived = np.full(len(orders.order), _FAR_AHEAD), np.full(len(orders.order), np.datetime64(0, "s"))
    np.minimum.at(sent, parcels.order, parcels.sent)
    np.maximum.at(arrived, parcels.order, parcels.arrived)
    leaves = uniform(seed, "leaves after case", case) < service.leaves_after_case
    leaves &= orders.type[order] == RETAIL
    return Cases(case, order, raised, opened, sent[order], arrived[order], refunded, unless(~leaves, opened))


def _at_desk(at: Seconds) -> Seconds:
    """Instants moved into the hours of the service desk, in the same order."""
    return between_hours(at, HEAD_OFFICE_ZONE, *DESK_HOURS)


def _late_enough(at: Seconds, cause: Seconds) -> Seconds:
    """The same instants, or a day later where the service desk would deal with them before their cause.

    What comes in late at night is moved to an earlier hour of that day.
    """
    return np.where(_at_desk(at) <= cause, at + _DAY, at)


def _texts(world: World, orders: Orders, cases: Cases) -> Integers:
    """What each customer says, position in ``_TEXTS``: something that can be said of the order by then."""
    order, opened = cases.order, cases.opened
    is_box, is_discounted = orders.type[order] == SUBSCRIPTION, orders.total(orders.lines.discount)[order] > 0
    fits = cases.kind[:, np.newaxis] == np.array([text.kind for text in _TEXTS])
    for of_garment in (_SIZE, _SEAM, _COLOUR, _ON_ITS_WAY):
        fits[:, of_garment] &= ~is_box
    for defect in (_SEAM, _COLOUR):
        fits[:, defect] &= cases.arrived < opened
    fits[:, _DISCOUNT] &= is_discounted
    for wait in (_ON_ITS_WAY, _POSTED):
        fits[:, wait] &= opened < cases.refunded
    for change in (_ADDRESS, _ONE_MORE):
        fits[:, change] &= opened < cases.sent
    weights = fits * np.array([text.weight for text in _TEXTS])
    return _weighted(weights, uniform(world.seed, "text of case", cases.case))


def _weighted(weights: Floats, u: Floats) -> Integers:
    """One position drawn for each row by the row's own weights, shape (n, m), of which some are positive."""
    cumulative = np.cumsum(weights, axis=1)
    return (cumulative <= u[:, np.newaxis] * cumulative[:, -1:]).sum(axis=1)


def _origins(world: World, cases: Cases, contact: Integers, bounces: Seconds) -> Integers:
    """How each case comes in: by telephone only from those who left a number, by mail only while theirs works."""
    weights = np.tile(list(_ORIGIN_WEIGHTS.values()), (len(cases.case), 1))
    weights[~has_number(world, contact), _ORIGINS.index("Phone")] = 0.0
    weights[bounces < cases.opened, _ORIGINS.index("Email")] = 0.0
    return _weighted(weights, uniform(world.seed, "origin of case", cases.case))


def case_rows(world: World, orders: Orders, cases: Cases, bounces: Seconds) -> list[Rows]:
    """Cases, and the task that each gives the service team.

    Args:
        bounces: shape (n,), when mail to each case's customer first comes back; NaT for never.
    """
    seed, case, kind, n = world.seed, cases.case, cases.kind, len(cases.case)
    escalates = uniform(seed, "case escalates", case) < _ESCALATES[kind]
    taken_up = cases.raised + _hours(seed, "case is taken up", case, 7.0)
    to_settle = _hours(seed, "case is settled", case, _HOURS_TO_SETTLE[kind] * np.where(escalates, 2.5, 1.0))
    # whoever waits for a parcel is content once it has come
    worked_on: Seconds = np.where(kind == LATE, np.maximum(taken_up, cases.arrived), taken_up)
    settled = worked_on + to_settle
    closed = _at_desk(np.where(kind == LATE, _late_enough(settled, cases.arrived), settled))
    escalated = unless(~escalates, _at_desk(taken_up + to_settle // 3))
    taken_up = _at_desk(taken_up)
    text = _texts(world, orders, cases)
    reason = _REASON_OF_TEXT[text]
    account, contact = orders.account[cases.order], orders.customer[cases.order]
    origin = _origins(world, cases, contact, bounces)
    urgency = uniform(seed, "priority of case", case)
    priority = np.where(kind == LATE, np.where(urgency < 0.5, _HIGH, _MEDIUM), np.where(urgency < 0.6, _MEDIUM, _LOW))
    owner = SERVICE[(uniform(seed, "owner of case", case) * len(SERVICE)).astype(np.int64)]
    yes, no = np.ones(n, dtype=bool), np.zeros(n, dtype=bool)
    return [
        Rows(
            "crm.case",
            cases.opened,
            {
                "id": case,
                "case_number": number_in_time(world, cases.opened, contact),
                "account_id": account,
                "contact_id": contact,
                "status": np.full(n, _NEW),
                "priority": priority,
                "type": _TYPE_OF_TEXT[text],
                "origin": origin,
                "reason": reason,
                "subject": pooled(_SUBJECTS_OF_CASES, _SUBJECT_OF_TEXT[text]),
                "description": pooled(_DESCRIPTIONS, text),
                "is_escalated": no,
                "is_closed": no,
                "closed_date": np.full(n, NEVER),
                "owner_id": owner,
                "created_by_id": owner,
                "last_modified_by_id": owner,
            },
            updates=(
                Update(taken_up, {"status": np.full(n, _WORKING)}),
                Update(
                    escalated,
                    {"status": np.full(n, _ESCALATED), "is_escalated": yes, "priority": np.full(n, _HIGH)},
                ),
                Update(closed, {"status": np.full(n, _CLOSED), "is_closed": yes, "closed_date": closed}),
            ),
        ),
        task_rows(
            task=case,
            created=cases.opened,
            account=account,
            who=contact,
            what=ids.encode(CRM["case"].prefix, case),
            due=to_local(cases.opened, HEAD_OFFICE_ZONE).astype("datetime64[D]") + 1,
            subject=pooled(_SUBJECTS, reason),
            subtype=_SUBTYPE_OF_ORIGIN[origin],
            urgent=priority == _HIGH,
            owner=owner,
            begun=taken_up,
            done=closed,
        ),
    ]


def task_rows(
    *,
    task: Integers,
    created: Seconds,
    account: Integers,
    who: Integers,
    what: pa.StringArray,
    due: NDArray[np.datetime64],
    subject: pa.DictionaryArray,
    subtype: Integers,
    urgent: NDArray[np.bool_],
    owner: Integers,
    begun: Seconds,
    done: Seconds,
) -> Rows:
    """Tasks that are begun and done some time after they are given; NaT for never.

    Args:
        what: ids of the records that they concern.
        subtype: position in the picklist.
        urgent: of high priority.
    """
    n = len(task)
    yes, no = np.ones(n, dtype=bool), np.zeros(n, dtype=bool)
    return Rows(
        "crm.task",
        created,
        {
            "id": task,
            "account_id": account,
            "who_id": who,
            "what_id": what,
            "activity_date": due,
            "status": np.full(n, _NOT_STARTED),
            "priority": np.where(urgent, _TASK_PRIORITIES.index("High"), _TASK_PRIORITIES.index("Normal")),
            "is_high_priority": urgent,
            "is_closed": no,
            "completed_date_time": np.full(n, NEVER),
            "subject": subject,
            "task_subtype": subtype,
            "is_archived": no,
            "owner_id": owner,
            "created_by_id": owner,
            "last_modified_by_id": owner,
        },
        updates=(
            Update(begun, {"status": np.full(n, _IN_PROGRESS)}),
            Update(done, {"status": np.full(n, _COMPLETED), "is_closed": yes, "completed_date_time": done}),
        ),
    )


def _hours(seed: int, purpose: str, entity: Integers, mean: Floats | float) -> NDArray[np.timedelta64]:
    """Some time: `mean` hours on average, and ten minutes."""
    return (600 - np.log(uniform(seed, purpose, entity)) * mean * 3_600).astype(np.int64).astype("timedelta64[s]")
