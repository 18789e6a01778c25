"""What goes wrong after a sale: cases, what is done about them, and whom they drive away."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .. import ids
from ..behaviour.local_time import between_hours, to_local, to_utc
from ..draws import Floats, Integers, choice, uniform
from ..encoding import pooled
from ..rows import NEVER, Rows, Seconds, Update, unless
from ..schema import CRM
from ..world import World
from .fulfilment import Parcels, Returns
from .orders import BOUGHT, RETAIL, Orders, number_in_time
from .people import DESK_HOURS, HEAD_OFFICE_ZONE, SERVICE

LATE, RETURN, QUESTION = 0, 1, 2  # kinds of cases; an order has at most one of each
TASKS_PER_ORDER = 4  # room for an order's cases, each of which gives one task
_STATUS = CRM["case"].field("status").picklist
_NEW, _WORKING, _ESCALATED, _CLOSED = (_STATUS.index(s) for s in ("New", "Working", "Escalated", "Closed"))
_REASONS = CRM["case"].field("reason").picklist
_QUESTIONS = np.array([_REASONS.index(reason) for reason in ("Product", "Billing", "Other")])
_TYPES = CRM["case"].field("type").picklist
_ORIGINS = CRM["case"].field("origin").picklist
_HIGH, _MEDIUM, _LOW = range(3)
assert CRM["case"].field("priority").picklist == ("High", "Medium", "Low")
_SUBJECT_OF_REASON = pa.array(
    [
        "Parcel has not arrived",
        "Return",
        "Question about an article",
        "Question about a bill",
        "Question about an order",
    ]
)
# what customers say, three ways for each reason
_DESCRIPTIONS = pa.array(
    [
        "The parcel was due and has not come. Where is it?",
        "Tracking has not moved for days. When will the order arrive?",
        "The order is late and is needed soon.",
        "The piece does not fit and is on its way back. When will the money come?",
        "Sent back, with a question about the refund.",
        "The return has been posted. Has it arrived?",
        "Which size is right? The chart leaves it open.",
        "A seam has opened after the first wash.",
        "The colour differs from the picture.",
        "The amount on the card is not the amount of the order.",
        "An invoice with another address is needed.",
        "Was the discount taken off?",
        "Can the delivery address still be changed?",
        "Can one more piece be added to the order?",
        "How can a gift receipt be had?",
    ]
)
_WAYS = 3
assert len(_SUBJECT_OF_REASON) * _WAYS == len(_DESCRIPTIONS) == len(_REASONS) * _WAYS
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


@dataclass(frozen=True)
class Cases:
    """Complaints and questions about orders.

    Attributes:
        case: shape (n,), record numbers, rising.
        order: shape (n,), position of the order.
        raised: shape (n,), when the customer raises it, at any hour; NaT for a case that does not happen.
        opened: shape (n,), when the service desk opens it.
        drives_away_at: shape (n,), when the case ends the customer's buying; NaT where it does not.
    """

    case: Integers
    order: Integers
    raised: Seconds
    opened: Seconds
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
    case = orders.order[order] * TASKS_PER_ORDER + kind
    share = np.array([service.case_after_late, service.case_after_return, service.question])
    complains = world.is_contact(orders.customer[order]) & (uniform(seed, "complains", case) < share[kind])

    sort = np.flatnonzero(complains)
    sort = sort[np.argsort(case[sort])]
    order, kind, case = order[sort], kind[sort], case[sort]
    wait = uniform(seed, "case is opened", case) * _DAYS_TO_COMPLAIN[kind] * 86_400
    raised = cause[sort] + wait.astype(np.int64).astype("timedelta64[s]")
    # what comes in late at night is opened earlier than it was raised: the next day, where that is before its cause
    raised = np.where(_at_desk(raised) <= cause[sort], raised + _DAY, raised)
    opened = _at_desk(raised)
    leaves = uniform(seed, "leaves after case", case) < service.leaves_after_case
    leaves &= orders.type[order] == RETAIL
    return Cases(case, order, raised, opened, unless(~leaves, opened))


def _at_desk(at: Seconds) -> Seconds:
    """Instants moved into the hours of the service desk, in the same order."""
    return between_hours(at, HEAD_OFFICE_ZONE, *DESK_HOURS)


def case_rows(world: World, orders: Orders, cases: Cases) -> list[Rows]:
    """Cases, and the task that each gives the service team."""
    seed, case, kind, n = world.seed, cases.case, cases.kind, len(cases.case)
    escalates = uniform(seed, "case escalates", case) < _ESCALATES[kind]
    taken_up = cases.raised + _hours(seed, "case is taken up", case, 7.0)
    to_settle = _hours(seed, "case is settled", case, _HOURS_TO_SETTLE[kind] * np.where(escalates, 2.5, 1.0))
    closed = _at_desk(taken_up + to_settle)
    escalated = unless(~escalates, _at_desk(taken_up + to_settle // 3))
    taken_up = _at_desk(taken_up)
    question = _QUESTIONS[choice(np.cumsum([0.5, 0.3, 0.2]), uniform(seed, "question", case))]
    reason = np.choose(kind, [_REASONS.index("Late shipment"), _REASONS.index("Return"), question])
    origin = choice(np.cumsum([0.5, 0.3, 0.2]), uniform(seed, "origin of case", case))
    urgency = uniform(seed, "priority of case", case)
    priority = np.where(kind == LATE, np.where(urgency < 0.5, _HIGH, _MEDIUM), np.where(urgency < 0.6, _MEDIUM, _LOW))
    way = (uniform(seed, "description of case", case) * _WAYS).astype(np.int64)
    account, contact = orders.account[cases.order], orders.customer[cases.order]
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
                "type": np.where(kind == QUESTION, _TYPES.index("Question"), _TYPES.index("Problem")),
                "origin": origin,
                "reason": reason,
                "subject": pooled(_SUBJECT_OF_REASON, reason),
                "description": pooled(_DESCRIPTIONS, reason * _WAYS + way),
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
