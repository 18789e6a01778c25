"""What goes wrong after a sale: cases, what is done about them, and whom they drive away."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .. import ids
from ..draws import Floats, Integers, choice, uniform
from ..encoding import pooled
from ..rows import NEVER, Rows, Seconds, Update, unless
from ..schema import CRM
from ..world import World
from .fulfilment import Parcels, Returns
from .orders import BOUGHT, RETAIL, Orders
from .people import SERVICE

LATE, RETURN, QUESTION = 0, 1, 2  # kinds of cases; an order has at most one of each
TASKS_PER_ORDER = 4  # room for an order's cases, each of which gives one task
_STATUS = CRM["case"].field("status").picklist
_NEW, _WORKING, _ESCALATED, _CLOSED = (_STATUS.index(s) for s in ("New", "Working", "Escalated", "Closed"))
_REASONS = CRM["case"].field("reason").picklist
_QUESTIONS = np.array([_REASONS.index(reason) for reason in ("Product", "Billing", "Other")])
_TASK_STATUS = CRM["task"].field("status").picklist
_NOT_STARTED, _IN_PROGRESS, _COMPLETED = (
    _TASK_STATUS.index(status) for status in ("Not Started", "In Progress", "Completed")
)
_SUBJECTS = pa.array([f"Answer the customer: {reason.lower()}" for reason in _REASONS])
_ESCALATES = np.array([0.15, 0.10, 0.03])  # share of each kind of case
_HOURS_TO_SETTLE = np.array([40.0, 28.0, 12.0])  # on average, of each kind, from the first answer
_DAYS_TO_COMPLAIN = np.array([2.5, 14.0, 10.0])  # of each kind, at most; a late parcel takes three days more
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Cases:
    """Complaints and questions about orders.

    Attributes:
        case: shape (n,), record numbers, rising.
        order: shape (n,), position of the order.
        opened: shape (n,), when; NaT for a case that does not happen.
        drives_away_at: shape (n,), when the case ends the customer's buying; NaT where it does not.
    """

    case: Integers
    order: Integers
    opened: Seconds
    drives_away_at: Seconds

    @property
    def kind(self) -> Integers:
        """LATE, RETURN or QUESTION, shape (n,)."""
        return self.case % TASKS_PER_ORDER

    def of(self, orders: Orders) -> Cases:
        """The same cases, without those of orders that do not happen."""
        never = np.isnat(orders.activated)[self.order]
        return replace(self, opened=unless(never, self.opened))


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
    next_day = parcels.promised[parcels.late][first].astype("datetime64[s]") + _DAY
    cause = np.concatenate([next_day, returns.submitted, orders.activated[uneventful]])
    case = orders.order[order] * TASKS_PER_ORDER + kind
    share = np.array([service.case_after_late, service.case_after_return, service.question])
    complains = world.is_contact(orders.customer[order]) & (uniform(seed, "complains", case) < share[kind])

    sort = np.flatnonzero(complains)
    sort = sort[np.argsort(case[sort])]
    order, kind, case = order[sort], kind[sort], case[sort]
    wait = uniform(seed, "case is opened", case) * _DAYS_TO_COMPLAIN[kind] * 86_400
    opened = cause[sort] + wait.astype(np.int64).astype("timedelta64[s]")
    leaves = uniform(seed, "leaves after case", case) < service.leaves_after_case
    leaves &= orders.type[order] == RETAIL
    return Cases(case, order, opened, unless(~leaves, opened))


def case_rows(world: World, orders: Orders, cases: Cases) -> list[Rows]:
    """Cases, and the task that each gives the service team."""
    seed, case, kind, n = world.seed, cases.case, cases.kind, len(cases.case)
    escalates = uniform(seed, "case escalates", case) < _ESCALATES[kind]
    taken_up = cases.opened + _hours(seed, "case is taken up", case, 7.0)
    to_settle = _hours(seed, "case is settled", case, _HOURS_TO_SETTLE[kind] * np.where(escalates, 2.5, 1.0))
    closed = taken_up + to_settle
    escalated = unless(~escalates, taken_up + to_settle // 3)
    question = _QUESTIONS[choice(np.cumsum([0.5, 0.3, 0.2]), uniform(seed, "question", case))]
    reason = np.choose(kind, [_REASONS.index("Late shipment"), _REASONS.index("Return"), question])
    account, contact = orders.account[cases.order], orders.customer[cases.order]
    owner = SERVICE[(uniform(seed, "owner of case", case) * len(SERVICE)).astype(np.int64)]
    yes, no = np.ones(n, dtype=bool), np.zeros(n, dtype=bool)
    return [
        Rows(
            "crm.case",
            cases.opened,
            {
                "id": case,
                "account_id": account,
                "contact_id": contact,
                "status": np.full(n, _NEW),
                "origin": choice(np.cumsum([0.5, 0.3, 0.2]), uniform(seed, "origin of case", case)),
                "reason": reason,
                "is_closed": no,
                "closed_date": np.full(n, NEVER),
                "owner_id": owner,
            },
            updates=(
                Update(taken_up, {"status": np.full(n, _WORKING)}),
                Update(escalated, {"status": np.full(n, _ESCALATED)}),
                Update(closed, {"status": np.full(n, _CLOSED), "is_closed": yes, "closed_date": closed}),
            ),
        ),
        task_rows(
            task=case,
            created=cases.opened,
            account=account,
            who=contact,
            what=ids.encode(CRM["case"].prefix, case),
            due=cases.opened.astype("datetime64[D]") + 1,
            subject=pooled(_SUBJECTS, reason),
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
    owner: Integers,
    begun: Seconds,
    done: Seconds,
) -> Rows:
    """Tasks that are begun and done some time after they are given; NaT for never. `what` holds ids."""
    n = len(task)
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
            "subject": subject,
            "owner_id": owner,
        },
        updates=(
            Update(begun, {"status": np.full(n, _IN_PROGRESS)}),
            Update(done, {"status": np.full(n, _COMPLETED)}),
        ),
    )


def _hours(seed: int, purpose: str, entity: Integers, mean: Floats | float) -> NDArray[np.timedelta64]:
    """Some time: `mean` hours on average, and ten minutes."""
    return (600 - np.log(uniform(seed, purpose, entity)) * mean * 3_600).astype(np.int64).astype("timedelta64[s]")
