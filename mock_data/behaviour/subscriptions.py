"""What happens to members of the box: trial, renewals, changes, pauses, failed payments, leaving and coming back.

A subscription is paid for period after period, and each period is so many months of service. Everything is drawn on
months of service, counted from the first paid day; a pause puts whole months between two of them, and so moves all that
follows. At most one thing happens in a month of service, besides its renewal.

Whether the customer renews is the coin of the shifted-beta-geometric model: the chance θ of not renewing is
Beta(α, β) over a plan's subscriptions, and the same at each renewal of one subscription (Fader and Hardie, "How to
project customer retention", Journal of Interactive Marketing 21, 2007). The number of the renewal that is not made is
therefore geometric, and comes from one draw. How the customer goes (unpaid, at once, at the period's end) is drawn
apart.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..draws import Floats, Integers, choice, uniform
from ..quantiles import beta_quantile
from ..rows import NEVER, Seconds, unless
from ..schema import TRUTH
from .local_time import AWAKE, awake, between_hours
from .parameters import MONTHS, Plan, SubscriptionParameters

PER_CONTACT = 4  # the first, one beside it, one after it, and one more after that
MAX_MONTHS = 128  # of service of one subscription; order numbers leave room for so many boxes

_EVENT = TRUTH["subscription_event"].field("event").picklist
(
    STARTED, TRIAL_CONVERTED, TRIAL_ENDED, RENEWED, PRICE_CHANGED, UPGRADED, DOWNGRADED, QUANTITY_CHANGED, PAUSED,
    RESUMED, PAYMENT_FAILED, PAYMENT_RECOVERED, UNPAID, SCHEDULED, WITHDRAWN, CANCELLED, ERASED,
) = (
    _EVENT.index(event)
    for event in (
        "started", "trial converted", "trial ended", "renewed", "price changed", "upgraded", "downgraded",
        "quantity changed", "paused", "resumed", "payment failed", "payment recovered", "unpaid",
        "cancellation scheduled", "cancellation withdrawn", "cancelled", "erased",
    )
)  # fmt: skip
STATUS = TRUTH["subscription_event"].field("status_c").picklist
_TRIAL = STATUS.index("trial")
_STATUS_AFTER = np.full(len(_EVENT), STATUS.index("active"))
_STATUS_AFTER[[TRIAL_ENDED, CANCELLED, ERASED]] = STATUS.index("cancelled")
_STATUS_AFTER[PAUSED] = STATUS.index("paused")
_STATUS_AFTER[PAYMENT_FAILED] = STATUS.index("past_due")
_STATUS_AFTER[UNPAID] = STATUS.index("unpaid")
_REASON = TRUTH["subscription_event"].field("cancel_reason_c").picklist
_NO_REASON, _PRICE, _NOT_PAID = -1, _REASON.index("Price"), _REASON.index("Payment failed")
_REASONS = {"Price": 0.35, "Fit": 0.25, "Too many boxes": 0.28, "Moved": 0.12}  # of those who say why they go
_GIVES_UP = 14  # days from unpaid to cancelled, at most
_ERASED_WITHIN = 30  # days
_LONGEST_PAUSE = 3  # months
_DAY = 86_400

_NO_TIME = int(np.iinfo(np.int64).min)  # NaT as an integer
_AS_BEFORE = -1
_LASTS, _FLEETING, _UNDOING = range(3)  # a change of plan; one that is taken back the same day; its taking back

# what happens in a month of service: at most one of these
_NOTHING, _MORE, _FEWER, _UP, _DOWN, _PAUSE, _WITHDRAWAL, _FAILURE = range(8)

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Prices:
    """What the plans cost per box and billing period, in cents.

    Attributes:
        cents: shape (2, plans), before the price rise and from then on.
        dearer_at: when prices rise; NaT: never. Who is subscribed already pays the new price from the next renewal.
        cancels: chance that such a subscriber leaves at that renewal because of it.
    """

    cents: Integers
    dearer_at: np.datetime64
    cancels: float = 0.0


@dataclass(frozen=True)
class Subscribers:
    """One element a subscription, by record number: what is settled when it starts, and what only the future shows.

    Attributes:
        subscription: record number, ``PER_CONTACT`` for each contact.
        started: when.
        plan: the plan it starts on, by position in the list of plans.
        zone: the customer's time zone, in whose waking hours things happen.
        hazard: θ, chance of not renewing.
        introductory: has a discount until the first renewal.
        trial_end: NaT without a trial.
        paid_since: when the first paid period begins, or will; NaT where the trial comes to nothing.
        last: number of the renewal that is not made, 1 for the first.
        ended: when it ended; NaT where it is still going.
    """

    subscription: Integers
    started: Seconds
    plan: Integers
    zone: Integers
    hazard: Floats
    introductory: Mask
    trial_end: Seconds
    paid_since: Seconds
    last: Integers
    ended: Seconds


@dataclass(frozen=True)
class Events:
    """One element a change, by subscription and time: what happened, and what the subscription holds from then on.

    Attributes:
        of: position of the subscription.
        at: when.
        kind: ``STARTED``, ``RENEWED``…
        status: position in ``STATUS``.
        plan, quantity, unit_cents, discount_cents: the plan, the boxes, and the price of one box per billing period.
        introductory: the introductory discount holds.
        period_end: end of the paid period; NaT in a trial.
        requested: when the customer asked to stop; NaT where nobody did, or took it back.
        reason: why, by position in the list of reasons; −1 for none.
        paused_until: NaT unless paused.
    """

    of: Integers
    at: Seconds
    kind: Integers
    status: Integers
    plan: Integers
    quantity: Integers
    unit_cents: Integers
    discount_cents: Integers
    introductory: Mask
    period_end: Seconds
    requested: Seconds
    reason: Integers
    paused_until: Seconds

    @property
    def ended(self) -> Seconds:
        """When service ended; NaT for an event before that."""
        ends = (self.kind == CANCELLED) | (self.kind == TRIAL_ENDED)
        # an erasure comes right after its cancellation
        return np.where(ends, self.at, np.where(self.kind == ERASED, np.roll(self.at, 1), NEVER))

    @property
    def sequence(self) -> Integers:
        """Number of the event within its subscription, from 1."""
        return np.arange(1, len(self.of) + 1) - np.searchsorted(self.of, self.of)


@dataclass(frozen=True)
class Months:
    """One element a month of service, by subscription and month, that begins before the end of the run.

    Attributes:
        of: position of the subscription.
        month: 0 for the first paid one.
        at: when it begins.
        over: it is the first that is not paid for any more: the renewal at its beginning is not made.
        box: a box is sent then.
    """

    of: Integers
    month: Integers
    at: Seconds
    over: Mask
    box: Mask


@dataclass(frozen=True)
class Memberships:
    """All subscriptions of some contacts, with their histories up to an instant."""

    subscribers: Subscribers
    events: Events
    months: Months


@dataclass(frozen=True)
class _Offer:
    """The plans as arrays, by position; `up` and `down` are the next plans in price, −1 for none."""

    months: Integers
    shares: Floats
    up: Integers
    down: Integers

    def choose(self, u: Floats, months: Integers, same: bool) -> Integers:
        """A plan for each draw `u`, of the billing period `months` or (not `same`) of another; −1 if there is none."""
        plan = np.full(len(u), -1)
        for period in MONTHS.values():
            allowed = np.flatnonzero((self.months == period) == same)
            mine = months == period
            if len(allowed):
                shares = np.cumsum(self.shares[allowed])
                plan[mine] = allowed[choice(shares / shares[-1], u[mine])]
        return plan


@dataclass(frozen=True)
class _Starts:
    """Subscriptions by record number, also of those that do not start before the end of the run.

    Attributes:
        started: when; NaT: never.
        plan: the plan it starts on.
        zone: the customer's time zone.
    """

    subscription: Integers
    started: Seconds
    plan: Integers
    zone: Integers

    def where(self, mask: Mask) -> _Starts:
        """The subscriptions that `mask` marks."""
        return _Starts(*(getattr(self, f.name)[mask] for f in fields(self)))

    def and_(self, others: _Starts) -> _Starts:
        """These and others."""
        return _Starts(*(np.concatenate([getattr(self, f.name), getattr(others, f.name)]) for f in fields(self)))


def subscribe(
    seed: int,
    parameters: SubscriptionParameters,
    prices: Prices,
    contact: Integers,
    signed_up: Seconds,
    zone: Integers,
    until: np.datetime64,
) -> Memberships:
    """The subscriptions of contacts who signed up at some time (NaT: never), and all that happens before `until`.

    A longer run gives the same and then more, since every draw is addressed by subscription and month of service.
    Nobody holds one plan twice: the subscription beside the first has another billing period, those that follow the
    first have the first's, and a change of plan keeps it.

    Args:
        contact: shape (n,), record numbers, rising.
        signed_up: shape (n,).
        zone: shape (n,), each contact's time zone, in whose waking hours things happen.

    Raises:
        OverflowError: a subscription lasts longer than order numbers allow.
    """
    p, offer = parameters, _offer(parameters.plans)
    first = contact * PER_CONTACT
    some = np.flatnonzero(uniform(seed, "subscribes", first) < p.subscribes)
    first, signed_up, zone = first[some], signed_up[some], zone[some]
    delay = _exponential(seed, "weeks to subscribe", first, p.weeks_to_subscribe)
    start = awake(signed_up + delay, zone, signed_up)
    plan = choice(np.cumsum(offer.shares), uniform(seed, "plan", first))
    one = _histories(seed, p, prices, offer, _Starts(first, start, plan, zone), until)

    # beside the first, for who is still there by then
    mine = one.subscribers
    beside = mine.subscription + 1
    delay = _exponential(seed, "weeks to a second", beside, p.weeks_to_subscribe)
    start = awake(mine.paid_since + delay, mine.zone, mine.paid_since)
    plan = offer.choose(uniform(seed, "plan", beside), offer.months[mine.plan], same=False)
    start[(uniform(seed, "second", beside) >= p.second) | (mine.ended <= start) | (plan < 0)] = NEVER
    starts = _Starts(beside, start, plan, mine.zone).and_(_back(seed, p, offer, mine, 2))
    two = _histories(seed, p, prices, offer, starts, until)

    followed = two.subscribers.subscription % PER_CONTACT == 2
    starts = _back(seed, p, offer, two.subscribers, 3).where(followed)
    three = _histories(seed, p, prices, offer, starts, until)
    return _together([one, two, three])


def _back(seed: int, p: SubscriptionParameters, offer: _Offer, gone: Subscribers, number: int) -> _Starts:
    """What those who ended a subscription start next, as their subscription `number`; NaT: never."""
    subscription = gone.subscription // PER_CONTACT * PER_CONTACT + number
    gap = _exponential(seed, "weeks to come back", subscription, p.weeks_to_reactivate)
    next_day = uniform(seed, "comes back the next day", subscription) < p.next_day
    # exactly a day after leaving, which was in waking hours
    start = np.where(next_day, gone.ended + np.timedelta64(_DAY, "s"), awake(gone.ended + gap, gone.zone, gone.ended))
    start = unless(uniform(seed, "comes back", subscription) >= p.reactivates, start)
    plan = offer.choose(uniform(seed, "plan", subscription), offer.months[gone.plan], same=True)
    return _Starts(subscription, start, plan, gone.zone)


def share_of_month(period_cents: Integers, months: Integers, month: Integers) -> Integers:
    """The part of a billing period's price that falls on its `month`-th month; the parts add up to the price."""
    return period_cents * (month + 1) // months - period_cents * month // months


def box_cents(period_cents: Integers, months: Integers, month: Integers, percent: Integers | int) -> Integers:
    """What one box costs in the `month`-th month of a billing period, `percent` off, rounded half-up."""
    return (share_of_month(period_cents, months, month) * (100 - percent) + 50) // 100


def _histories(
    seed: int,
    p: SubscriptionParameters,
    prices: Prices,
    offer: _Offer,
    starts: _Starts,
    until: np.datetime64,
) -> Memberships:
    """Those of the subscriptions that start before `until`, and what happens to them by then."""
    subscribers = _terms(seed, p, starts.where(starts.started < until))  # NaT compares false
    course = _course(seed, p, prices, offer, subscribers, until)
    log = _Log()
    _start(log, course)
    recovered = _renew(log, course)
    resumes = _pause(log, course)
    _change(log, course, offer)
    _regret(log, course)
    leaves_early = _leave(log, course, recovered, resumes)
    events = _images(course, prices, log)
    over = np.flatnonzero(~np.isnat(events.ended))
    ended = np.full(len(subscribers.started), NEVER)
    ended[events.of[over]] = events.ended[over]
    last = course.end // course.months
    return Memberships(replace(subscribers, ended=ended, last=last), events, _months(course, leaves_early))


def _offer(plans: tuple[Plan, ...]) -> _Offer:
    up, down = (np.full(len(plans), -1) for _ in range(2))
    for period in MONTHS:
        by_price = sorted((plan.unit_price, i) for i, plan in enumerate(plans) if plan.billing_period == period)
        for (_, cheaper), (_, dearer) in pairwise(by_price):
            up[cheaper], down[dearer] = dearer, cheaper
    shares = np.array([plan.share for plan in plans], dtype=np.float64)
    return _Offer(np.array([MONTHS[plan.billing_period] for plan in plans]), shares / shares.sum(), up, down)


def _terms(seed: int, p: SubscriptionParameters, starts: _Starts) -> Subscribers:
    """What each subscription starts with. Only a contact's first may begin with a trial."""
    subscription, started, plan = starts.subscription, starts.started, starts.plan
    u = uniform(seed, "churn hazard", subscription)
    hazard = np.empty(len(plan))
    for i, terms in enumerate(p.plans):
        hazard[plan == i] = beta_quantile(terms.alpha, terms.beta, u[plan == i])
    trial = (subscription % PER_CONTACT == 0) & (uniform(seed, "trial", subscription) < p.trial)
    trial_end = np.where(trial, started + np.timedelta64(p.trial_days, "D"), NEVER)
    converts = uniform(seed, "converts", subscription) < p.converts
    with np.errstate(divide="ignore"):
        coins = np.log(uniform(seed, "renewal", subscription)) / np.log1p(-hazard)
    return Subscribers(
        subscription=subscription,
        started=started,
        plan=plan,
        zone=starts.zone,
        hazard=hazard,
        introductory=uniform(seed, "introductory", subscription) < p.introductory,
        trial_end=trial_end,
        paid_since=np.where(trial, np.where(converts, trial_end, NEVER), started),
        last=1 + np.minimum(coins, 1e6).astype(np.int64),
        ended=np.full(len(plan), NEVER),
    )


class _Clock:
    """Each subscription's calendar: the same day of the month as the first paid day, or the month's last."""

    def __init__(self, first_day: Seconds) -> None:
        month = first_day.astype("datetime64[M]")
        self.month = month.astype(np.int64)
        self._into = (first_day - month.astype("datetime64[s]")).astype(np.int64)

    def __call__(self, of: Integers, months: Integers) -> Integers:
        """The second so many calendar months after the first paid day of subscription `of`; as integers."""
        month = self.month[of] + months
        first = int(month.min(initial=0))
        known = np.arange(first, int(month.max(initial=0)) + 2).astype("datetime64[M]").astype("datetime64[s]")
        begins = known.astype(np.int64)
        month -= first
        into = self._into[of]
        too_late = into // _DAY + 1 - (begins[month + 1] - begins[month]) // _DAY
        return begins[month] + into - np.maximum(too_late, 0) * _DAY


@dataclass(frozen=True)
class _Cells:
    """Months of service, one element each, by subscription and month: shape (m,).

    Attributes:
        of: position of the subscription.
        subscription: its record number.
        month: 0 for the first paid one.
        renews: begins with a renewal.
        what: happens in it besides.
        pause: months for which it is interrupted.
    """

    of: Integers
    subscription: Integers
    month: Integers
    renews: Mask
    what: Integers
    pause: Integers

    def where(self, mask: Mask) -> _Cells:
        """The cells that `mask` marks."""
        return _Cells(*(getattr(self, f.name)[mask] for f in fields(self)))

    @property
    def calendar(self) -> Integers:
        """Months from the first paid day to the beginning of each, pauses included."""
        return self.month + _so_far(self.of, self.pause)


def _so_far(of: Integers, values: Integers | Mask) -> Integers:
    """Sum of `values` over the elements before each that belong to the same subscription `of` (rising)."""
    values = values.astype(np.int64)
    total = np.cumsum(values) - values
    return total - total[np.searchsorted(of, of)]


@dataclass(frozen=True)
class _Course:
    """The months of service of some subscriptions, and how each comes to its end.

    Attributes:
        seed, parameters, subscribers: as given.
        until: the end of the run, in seconds.
        clock: the subscriptions' calendars.
        cells: what happens in which month of service.
        calendar: shape (m,), months from the first paid day to the beginning of each cell.
        at: shape (m,), when each begins, in seconds.
        months: shape (n,), in a billing period.
        end: shape (n,), the month of service that is not paid any more.
        priced_out: shape (n,), leaves because of the price rise.
        unpaid: shape (n,), leaves by not paying.
        asks_in: shape (n,), the month of service in which the others ask to stop.
    """

    seed: int
    parameters: SubscriptionParameters
    subscribers: Subscribers
    until: int
    clock: _Clock
    cells: _Cells
    calendar: Integers
    at: Integers
    months: Integers
    end: Integers
    priced_out: Mask
    unpaid: Mask
    asks_in: Integers

    def draw(self, purpose: str, cells: Integers) -> Floats:
        """One draw for each of the cells at those positions."""
        return uniform(self.seed, purpose, self.cells.subscription[cells], self.cells.month[cells])

    def next_month(self, cells: Integers) -> Integers:
        """When each of those cells ends, were there no pause in it."""
        return self.clock(self.cells.of[cells], self.calendar[cells] + 1)

    def moment(self, purpose: str, cells: Integers, begin: Integers, end: Integers) -> Integers:
        """A second drawn from each of those cells' stretch from `begin` up to, not including, `end`.

        It lies in the customer's waking hours, but for some near the two ends.
        """
        at = begin + (self.draw(purpose, cells) * (end - begin)).astype(np.int64)
        zone = self.subscribers.zone[self.cells.of[cells]]
        in_hours = between_hours(at.view("datetime64[s]"), zone, *AWAKE).view(np.int64)
        return np.where((begin <= in_hours) & (in_hours < end), in_hours, at)

    def period_end(self, cells: Integers) -> Integers:
        """Months from the first paid day to the end of the paid period around each cell, with the pauses before it."""
        months = self.months[self.cells.of[cells]]
        return self.calendar[cells] - self.cells.month[cells] % months + months


def _course(
    seed: int,
    p: SubscriptionParameters,
    prices: Prices,
    offer: _Offer,
    subscribers: Subscribers,
    until: np.datetime64,
) -> _Course:
    """Months of service up to the end of the paid period in progress, and the first one after it."""
    s = subscribers
    months = offer.months[s.plan]
    end = s.last * months
    clock = _Clock(np.where(np.isnat(s.paid_since), s.started, s.paid_since))
    cells = _cells(seed, p, s, months, end, until.astype("datetime64[M]").astype(np.int64) - clock.month, until)
    priced_out = np.zeros(len(months), dtype=bool)
    if not np.isnat(prices.dearer_at) and prices.cancels:
        # at the first renewal at the new price
        dearer = cells.renews & (clock(cells.of, cells.calendar) >= prices.dearer_at.astype(np.int64))
        dearer &= (s.started < prices.dearer_at)[cells.of]
        of, first = np.unique(cells.of[dearer], return_index=True)
        month = cells.month[dearer][first]
        leaves = uniform(seed, "leaves for the price", s.subscription[of]) < prices.cancels
        leaves &= month < end[of]
        priced_out[of[leaves]] = True
        end[of[leaves]] = month[leaves]
        cells = cells.where(cells.month <= end[cells.of])

    unpaid = (uniform(seed, "does not pay", s.subscription) < p.churn_unpaid) & ~priced_out
    position = (uniform(seed, "month of asking", s.subscription) * months).astype(np.int64)
    asks_in = end - months + position
    # once the customer has asked, nothing else happens; a pause in that very month stays: it is asked while it lasts
    since = np.where(unpaid[cells.of], -1, cells.month - asks_in[cells.of])
    stays = (since < 0) | ((since == 0) & ((cells.what == _FAILURE) | (cells.what == _PAUSE)))
    what = np.where(stays & (cells.month < end[cells.of]), cells.what, _NOTHING)
    cells = replace(cells, what=what, pause=np.where(what == _PAUSE, cells.pause, 0))
    calendar = cells.calendar
    return _Course(
        seed, p, s, int(until.astype(np.int64)), clock, cells, calendar, clock(cells.of, calendar), months, end,
        priced_out, unpaid, np.where(unpaid, -1, asks_in),
    )  # fmt: skip


def _cells(
    seed: int,
    p: SubscriptionParameters,
    s: Subscribers,
    months: Integers,
    end: Integers,
    left: Integers,
    until: np.datetime64,
) -> _Cells:
    """What would happen in each month of service if the customer did not ask to stop.

    Args:
        left: shape (n,), calendar months from the first paid one to the end of the run.
    """
    pays = s.paid_since < until
    if np.any(pays & (np.minimum(left + 1, end) > MAX_MONTHS)):
        raise OverflowError(f"a subscription may last more than {MAX_MONTHS} months: shorten the run")
    in_progress = -(-(left + 1) // months) * months
    count = np.where(pays, np.minimum(in_progress, end) + 1, 0)
    of = np.repeat(np.arange(len(count)), count)
    month = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    subscription = s.subscription[of]
    renews = (month % months[of] == 0) & (month > 0)

    what = np.zeros(len(of), dtype=np.int64)  # of two things in one month, the later in this list happens
    u = uniform(seed, "changes quantity", subscription, month)
    what[u < p.more] = _MORE
    what[u > 1 - p.fewer] = _FEWER
    u = uniform(seed, "changes plan", subscription, month)
    what[u < p.upgrade] = _UP
    what[u > 1 - p.downgrade] = _DOWN
    what[uniform(seed, "pauses", subscription, month) < p.pause] = _PAUSE
    in_a_month = 1 - (1 - p.withdrawn) ** (1 / months)
    what[uniform(seed, "withdraws", subscription, month) < in_a_month[of]] = _WITHDRAWAL
    due = np.flatnonzero(renews)
    what[due[uniform(seed, "payment fails", subscription[due], month[due]) < p.payment_fails]] = _FAILURE
    what[month == end[of]] = _NOTHING
    pause = np.zeros(len(of), dtype=np.int64)
    pausing = np.flatnonzero(what == _PAUSE)
    length = uniform(seed, "months of pause", subscription[pausing], month[pausing])
    pause[pausing] = 1 + (_LONGEST_PAUSE * length).astype(np.int64)
    return _Cells(of, subscription, month, renews, what, pause)


_UNSET = {
    "of": 0,
    "at": 0,
    "kind": 0,
    "plan": _AS_BEFORE,
    "quantity": _AS_BEFORE,
    "period_end": _AS_BEFORE,
    "lasts": _LASTS,
    "reason": _NO_REASON,
    "requested": _NO_TIME,
    "paused_until": _NO_TIME,
}


class _Log:
    """Events as they are found, kind by kind; of two in the same second, the one found first comes first."""

    def __init__(self) -> None:
        self._parts: list[dict[str, Any]] = []

    def add(self, kind: int, of: Integers, at: Integers, **columns: Integers | int) -> None:
        """Events of one kind: whose, when (seconds), and what they set; what they do not set stays as it was.

        Columns are `plan`, `quantity`, `period_end` (months after the first paid day) and `lasts` (for a change
        of plan); `reason`, `requested` and `paused_until` (seconds) hold for the one event only.
        """
        self._parts.append({"kind": kind, "of": of, "at": at, **columns})

    def sorted(self, until: int) -> dict[str, Integers]:
        """All that happens before `until`, by subscription and time."""
        ends = np.cumsum([len(part["of"]) for part in self._parts])
        log = {name: np.full(ends[-1], value) for name, value in _UNSET.items()}
        for part, end in zip(self._parts, ends, strict=True):
            for name, values in part.items():
                log[name][end - len(part["of"]) : end] = values
        seen = np.flatnonzero(log["at"] < until)
        seen = seen[np.argsort(in_order(log["of"][seen], log["at"][seen]), kind="stable")]
        return {name: column[seen] for name, column in log.items()}


def in_order(of: Integers, at: Integers) -> Integers:
    """Numbers that rise with the subscription's position and, within one, with the time (seconds, to 2,500 AD)."""
    return (of << 35) + at


def _start(log: _Log, c: _Course) -> None:
    """Subscriptions begin, and trials end."""
    s = c.subscribers
    trial, pays = ~np.isnat(s.trial_end), ~np.isnat(s.paid_since)
    everyone = np.arange(len(s.started))
    paid = np.where(trial, _AS_BEFORE, c.months)
    log.add(STARTED, everyone, s.started.astype(np.int64), plan=s.plan, quantity=1, period_end=paid)
    trial_end = s.trial_end.astype(np.int64)
    who = np.flatnonzero(trial & pays)
    log.add(TRIAL_CONVERTED, who, trial_end[who], period_end=c.months[who])
    who = np.flatnonzero(trial & ~pays)
    log.add(TRIAL_ENDED, who, trial_end[who])


def _renew(log: _Log, c: _Course) -> Integers:
    """Renewals that are made, some after the first payment failed.

    Returns:
        shape (m,), when the payment of each cell's renewal is made good; the beginning of the cell where it was good.
    """
    cells = c.cells
    made = cells.renews & (cells.month < c.end[cells.of])
    fails = cells.what == _FAILURE
    good, bad = np.flatnonzero(made & ~fails), np.flatnonzero(made & fails)
    log.add(RENEWED, cells.of[good], c.at[good], period_end=c.period_end(good))
    log.add(PAYMENT_FAILED, cells.of[bad], c.at[bad])
    paid_at = c.at.copy()
    paid_at[bad] = c.moment("payment recovers", bad, c.at[bad] + 3_600, c.at[bad] + c.parameters.dunning_days * _DAY)
    log.add(PAYMENT_RECOVERED, cells.of[bad], paid_at[bad], period_end=c.period_end(bad))
    return paid_at


def _pause(log: _Log, c: _Course) -> tuple[Integers, Integers]:
    """Pauses, and what follows unless the customer asks to stop in one.

    Returns:
        shape (m,) each: when the pause in each cell begins and ends; without meaning where there is none.
    """
    cells = c.cells
    pausing = np.flatnonzero(cells.what == _PAUSE)
    of, length = cells.of[pausing], cells.pause[pausing]
    paused_at = c.moment("moment", pausing, c.at[pausing], c.next_month(pausing))
    resumes = c.calendar[pausing] + length
    resumed_at = c.moment("moment", pausing, c.clock(of, resumes), c.clock(of, resumes + 1))
    log.add(PAUSED, of, paused_at, period_end=c.period_end(pausing) + length, paused_until=resumed_at)
    back = cells.month[pausing] != c.asks_in[of]
    log.add(RESUMED, of[back], resumed_at[back])
    begin, end = np.zeros((2, len(c.at)), dtype=np.int64)
    begin[pausing], end[pausing] = paused_at, resumed_at
    return begin, end


def _change(log: _Log, c: _Course, offer: _Offer) -> None:
    """Plans and quantities that change, as far as there is another plan or a second box; some only for hours."""
    what = c.cells.what
    fewer = (what == _FEWER) & (_so_far(c.cells.of, what == _MORE) > 0)  # no box to take away before one came
    changing = np.flatnonzero((what == _UP) | (what == _DOWN) | (what == _MORE) | fewer)
    fleeting = ((what[changing] == _UP) | (what[changing] == _DOWN)) & (
        c.draw("same day", changing) < c.parameters.same_day
    )
    before, plan, quantity = _walk(c, offer, changing, fleeting)
    real = (plan != before) | (quantity != _AS_BEFORE)
    changing, fleeting, before, plan, quantity = (v[real] for v in (changing, fleeting, before, plan, quantity))
    of, end = c.cells.of[changing], c.next_month(changing)
    at = c.moment("moment", changing, c.at[changing], end)
    for kind, mine in (
        (UPGRADED, what[changing] == _UP),
        (DOWNGRADED, what[changing] == _DOWN),
        (QUANTITY_CHANGED, quantity != _AS_BEFORE),
    ):
        log.add(
            kind, of[mine], at[mine], plan=plan[mine], quantity=quantity[mine],
            lasts=np.where(fleeting[mine], _FLEETING, _LASTS),
        )  # fmt: skip
    back_at = c.moment("taken back", changing, at, np.minimum(end, (at // _DAY + 1) * _DAY))
    for kind, undone in ((DOWNGRADED, _UP), (UPGRADED, _DOWN)):
        mine = fleeting & (what[changing] == undone)
        log.add(kind, of[mine], back_at[mine], plan=before[mine], lasts=_UNDOING)


def _walk(c: _Course, offer: _Offer, changing: Integers, fleeting: Mask) -> tuple[Integers, Integers, Integers]:
    """From change to change: the plan before and after each, and the quantity after it (as before: not that change).

    A step at a time, each over all subscriptions that have so many changes.
    """
    of, what = c.cells.of[changing], c.cells.what[changing]
    plan, quantity = c.subscribers.plan.copy(), np.ones(len(c.months), dtype=np.int64)
    before, after = np.zeros((2, len(of)), dtype=np.int64)
    boxes = np.full(len(of), _AS_BEFORE)
    nth = np.arange(len(of)) - np.searchsorted(of, of)
    by_step = np.argsort(nth, kind="stable")
    for step in np.split(by_step, np.cumsum(np.bincount(nth))[:-1]):
        who, kind = of[step], what[step]
        here = plan[who]
        there = np.where(kind == _UP, offer.up[here], np.where(kind == _DOWN, offer.down[here], here))
        there = np.where(there < 0, here, there)
        before[step], after[step] = here, there
        plan[who] = np.where(fleeting[step], here, there)
        now = quantity[who]
        then = np.maximum(now + (kind == _MORE) - (kind == _FEWER), 1)
        boxes[step] = np.where(then != now, then, _AS_BEFORE)
        quantity[who] = then
    return before, after, boxes


def _regret(log: _Log, c: _Course) -> None:
    """Cancellations that are scheduled, and taken back."""
    cells = np.flatnonzero(c.cells.what == _WITHDRAWAL)
    of, end = c.cells.of[cells], c.next_month(cells)
    asked = c.moment("moment", cells, c.at[cells], end)
    log.add(SCHEDULED, of, asked, requested=asked, reason=_reasons(c, cells))
    log.add(WITHDRAWN, of, c.moment("withdrawn", cells, asked, end))


def _leave(log: _Log, c: _Course, paid_at: Integers, pause: tuple[Integers, Integers]) -> Mask:
    """Subscriptions end: unpaid, or as the customer asks, at once or at the end of the paid period.

    Returns:
        shape (n,), who leaves before the paid period ends.
    """
    p, cells = c.parameters, c.cells
    asking = np.flatnonzero((cells.month == c.asks_in[cells.of]) & (c.at < c.until))
    of = cells.of[asking]
    paused = cells.what[asking] == _PAUSE
    begin = np.where(paused, pause[0][asking], paid_at[asking])
    end = np.where(paused, pause[1][asking], c.next_month(asking))
    asked = c.moment("asks", asking, begin, end)
    at_once = paused | (c.draw("at once", asking) < p.churn_at_once)
    reason = np.where(c.priced_out[of], _PRICE, _reasons(c, asking))
    log.add(CANCELLED, of[at_once], asked[at_once], requested=asked[at_once], reason=reason[at_once])
    erased = at_once & (c.draw("is erased", asking) < p.erased)
    first, last = (asked[erased] + days * _DAY for days in (1, _ERASED_WITHIN))
    erased_at = c.moment("erased", asking[erased], first, last)
    log.add(ERASED, of[erased], erased_at, requested=asked[erased], reason=reason[erased])
    waits = ~at_once
    period_end = c.at[(asking + c.end[of] - cells.month[asking])[waits]]
    log.add(SCHEDULED, of[waits], asked[waits], requested=asked[waits], reason=reason[waits])
    log.add(CANCELLED, of[waits], period_end, requested=asked[waits], reason=reason[waits])

    unpaid = np.flatnonzero(c.unpaid[cells.of] & (cells.month == c.end[cells.of]))
    of, due = cells.of[unpaid], c.at[unpaid]
    given_up = due + p.dunning_days * _DAY
    log.add(PAYMENT_FAILED, of, due)
    log.add(UNPAID, of, given_up)
    cancelled = c.moment("gives up", unpaid, given_up + _DAY, given_up + _GIVES_UP * _DAY)
    log.add(CANCELLED, of, cancelled, reason=_NOT_PAID)

    leaves_early = np.zeros(len(c.months), dtype=bool)
    leaves_early[cells.of[asking[at_once]]] = True
    return leaves_early


def _reasons(c: _Course, cells: Integers) -> Integers:
    """What customers who ask to stop in those cells say."""
    said = choice(np.cumsum(list(_REASONS.values())), c.draw("reason", cells))
    return np.array([_REASON.index(words) for words in _REASONS])[said]


def _images(c: _Course, prices: Prices, found: _Log) -> Events:
    """Events in order, each with all that the subscription holds after it."""
    s = c.subscribers
    log = found.sorted(c.until)
    of, at, kind = log["of"], log["at"], log["kind"]
    nth = np.arange(len(of))

    def latest(sets: Mask) -> Integers:
        """Position of the latest event up to each that sets a value; every subscription starts with one that does."""
        return np.maximum.accumulate(np.where(sets, nth, 0))

    start = kind == STARTED
    plan, quantity = (log[name][latest(log[name] != _AS_BEFORE)] for name in ("plan", "quantity"))
    end = np.where(log["period_end"] == _AS_BEFORE, _NO_TIME, c.clock(of, np.maximum(log["period_end"], 0)))
    period_end = end[latest(start | (log["period_end"] != _AS_BEFORE))].view("datetime64[s]")

    # a price holds from the start, a renewal or a change of plan; what is taken back leaves the price from before
    billed = start | (kind == RENEWED) | (kind == PAYMENT_FAILED)
    changed = (kind == UPGRADED) | (kind == DOWNGRADED)
    priced = latest(billed | (changed & (log["lasts"] == _LASTS)))
    priced = np.where(log["lasts"] == _FLEETING, nth, priced)
    dearer = (at[priced].view("datetime64[s]") >= prices.dearer_at).astype(np.int64)  # NaT compares false
    introductory = s.introductory[of] & start[latest(billed)]
    unit = prices.cents[dearer, plan]
    off = np.zeros(len(of), dtype=np.int64)
    new = np.flatnonzero(introductory)
    off[new] = unit[new] - _discounted(unit[new], c.months[of[new]], c.parameters.introductory_percent)

    events = Events(
        of=of,
        at=at.view("datetime64[s]"),
        kind=kind,
        status=np.where(start & ~np.isnat(s.trial_end[of]), _TRIAL, _STATUS_AFTER[kind]),
        plan=plan,
        quantity=quantity,
        unit_cents=unit,
        discount_cents=off,
        introductory=introductory,
        period_end=period_end,
        requested=log["requested"].view("datetime64[s]"),
        reason=log["reason"],
        paused_until=log["paused_until"].view("datetime64[s]"),
    )
    return _with_new_prices(events, np.flatnonzero(billed & ~start))


def _with_new_prices(events: Events, billed: Integers) -> Events:
    """The same, with an event of its own, in the same second, before each of the events `billed` at another price."""
    e = events
    other = (e.unit_cents[billed] != e.unit_cents[billed - 1]) | (
        e.discount_cents[billed] != e.discount_cents[billed - 1]
    )
    twice = np.ones(len(e.of), dtype=np.int64)
    twice[billed[other]] = 2
    of_event = np.repeat(np.arange(len(e.of)), twice)
    extra = np.flatnonzero(of_event[:-1] == of_event[1:])
    with_them = Events(*(getattr(e, f.name)[of_event] for f in fields(e)))
    with_them.kind[extra] = PRICE_CHANGED
    with_them.status[extra] = _STATUS_AFTER[PRICE_CHANGED]
    with_them.period_end[extra] = e.period_end[of_event[extra] - 1]
    return with_them


def _discounted(period_cents: Integers, months: Integers, percent: int) -> Integers:
    """What the boxes of a billing period come to, each `percent` off."""
    total = np.zeros(len(period_cents), dtype=np.int64)
    for month in range(int(months.max(initial=0))):
        total += np.where(month < months, box_cents(period_cents, months, np.array(month), percent), 0)
    return total


def _months(c: _Course, leaves_early: Mask) -> Months:
    """The months of service that begin before the end of the run, and in which of them a box is sent."""
    cells = c.cells
    over = cells.month == c.end[cells.of]
    served = ~leaves_early[cells.of] | (cells.month <= c.asks_in[cells.of])
    box = np.where(over, c.unpaid[cells.of], served)  # who does not pay gets one more
    seen = c.at < c.until
    at = c.at[seen].view("datetime64[s]")
    return Months(cells.of[seen], cells.month[seen], at, over[seen], box[seen])


def _together(parts: list[Memberships]) -> Memberships:
    """Several groups of subscriptions as one, in the order of their numbers."""
    number = np.concatenate([part.subscribers.subscription for part in parts])
    order = np.argsort(number)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    first = np.cumsum([0] + [len(part.subscribers.started) for part in parts])

    def joined(kind: type, pieces: list[Any]) -> Any:
        columns = {f.name: np.concatenate([getattr(piece, f.name) for piece in pieces]) for f in fields(kind)}
        if kind is Subscribers:
            return kind(**{name: column[order] for name, column in columns.items()})
        columns["of"] = place[columns["of"] + np.repeat(first[:-1], [len(piece.of) for piece in pieces])]
        by = np.argsort(columns["of"], kind="stable")
        return kind(**{name: column[by] for name, column in columns.items()})

    return Memberships(
        joined(Subscribers, [part.subscribers for part in parts]),
        joined(Events, [part.events for part in parts]),
        joined(Months, [part.months for part in parts]),
    )


def _exponential(seed: int, purpose: str, entity: Integers, weeks: float) -> NDArray[np.timedelta64]:
    """A time of so many weeks on average, memoryless, to the second."""
    delay = -np.log(uniform(seed, purpose, entity)) * weeks * 7 * _DAY
    return delay.astype(np.int64).astype("timedelta64[s]")
