"""What is true of customers whose parameters are known: the formulas that every estimate is held against.

Times are weeks of the season's clock Λ (:mod:`mock_data.behaviour.calendar`); on a flat clock these are calendar
weeks. λ is a customer's purchase rate a week, p the chance of dropping out after any purchase, the first included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln

from .behaviour.parameters import PurchaseParameters
from .behaviour.pipeline import LOST_IN
from .draws import Floats, Integers


def probability_active(rate: Floats, dropout: Floats, weeks: Floats) -> Floats:
    """Chance of still being a customer some weeks after the first purchase: (1−p)·e^(−λp·weeks), shape (n,)."""
    return (1 - dropout) * np.exp(-rate * dropout * weeks)


def expected_purchases(active: NDArray[np.bool_], rate: Floats, dropout: Floats, weeks: Floats | float) -> Floats:
    """Purchases in the next `weeks` of a customer known to be active or not: 1{τ>t}·(1−e^(−λp·weeks))/p."""
    return active * -np.expm1(-rate * dropout * weeks) / dropout


def expected_value(
    active: NDArray[np.bool_],
    rate: Floats,
    dropout: Floats,
    mean_margin: Floats,
    weeks: float,
    weekly_discount: float,
) -> Floats:
    """Discounted margin of the next `weeks`: 1{τ>t}·λ/(pλ+δ)·(1−e^(−(pλ+δ)·weeks)) × mean margin of a purchase."""
    decay = dropout * rate + weekly_discount
    return active * rate / decay * -np.expm1(-decay * weeks) * mean_margin


def repeat_rate(rate: Floats, dropout: Floats, weeks: Floats) -> Floats:
    """Chance of a second purchase within `weeks` of the first: (1−p)·(1−e^(−λ·weeks)), shape (n,)."""
    return (1 - dropout) * -np.expm1(-rate * weeks)


def repeat_rate_of_world(parameters: PurchaseParameters, weeks: float) -> float:
    """The same over all customers of a steady world: (1−(α/(α+w))^r)·b/(a+b), MBG/NBD."""
    m = parameters
    return (1 - (m.alpha / (m.alpha + weeks)) ** m.r) * m.b / (m.a + m.b)


def gap_survival(parameters: PurchaseParameters, weeks: Floats | float, gap: Integers | int = 1) -> Any:
    """Share of the gaps after the `gap`-th purchase that are still open after some weeks, in a steady world, MBG/NBD.

    1 − (1−(α/(α+w))^r)·b′/(a+b′) with b′ = b+gap−1, shape of `weeks`: among those who have come so far, λ is
    distributed as among all, and p is Beta(a, b′). The first gap's is 1 − :func:`repeat_rate_of_world`.
    """
    m = parameters
    stays = m.b + gap - 1
    return 1 - (1 - (m.alpha / (m.alpha + weeks)) ** m.r) * stays / (m.a + stays)


def all_gaps_survival(parameters: PurchaseParameters, weeks: Floats | float) -> Any:
    """The same of all gaps together that customers will ever begin, as if none had to be waited for.

    Σₙ wₙ·Sₙ(w) ÷ Σₙ wₙ over the gaps n, where wₙ = E[(1−p)ⁿ⁻¹] is the share of customers who come so far. The closed
    form is 1 − (1−(α/(α+w))^r)·b/(a+b−1); for a ≤ 1 the sum of wₙ has no limit, and in the end every gap closes.
    """
    m = parameters
    return 1 - (1 - (m.alpha / (m.alpha + weeks)) ** m.r) * (m.b / (m.a + m.b - 1) if m.a > 1 else 1.0)


def gap_median(parameters: PurchaseParameters, gap: int | None = 1) -> float:
    """Weeks after which half of the gaps of :func:`gap_survival` have closed; NaN where they never do.

    Args:
        gap: after which purchase; None for all gaps together.
    """
    m = parameters
    closes = 1 - (all_gaps_survival(m, np.inf) if gap is None else gap_survival(m, np.inf, gap))
    return float(m.alpha * ((1 - 0.5 / closes) ** (-1 / m.r) - 1)) if closes > 0.5 else float("nan")


def cohort_retention(rate: Floats, dropout: Floats, start: Floats, length: Floats) -> Floats:
    """Chance of buying in a period that begins `start` weeks after the first purchase and lasts `length` weeks.

    (1−p)·e^(−λp·start)·(1−e^(−λ·length)), shape (n,): alive when the period begins, and buying before it ends.
    """
    return probability_active(rate, dropout, start) * -np.expm1(-rate * length)


def average_order_value(purchases: Floats, mean_spend: Floats) -> float:
    """Mean spend weighted by purchases, before returns: Σ purchases × p/ν ÷ Σ purchases."""
    return float(np.average(mean_spend, weights=purchases))


def dropout_after_purchase(dropout: Floats, cases: Integers | int, leaves: float) -> Floats:
    """Chance of leaving for good after a purchase that led to some cases: 1 − (1−p)·(1−ℓ)^cases, shape (n,).

    Args:
        cases: how many cases the purchase led to.
        leaves: ℓ, the chance that one case drives the customer away.
    """
    return 1 - (1 - dropout) * (1 - leaves) ** cases


def repeat_rate_after_case(rate: Floats, weeks: Floats, leaves: float) -> Floats:
    """Chance that a customer, active when a case is opened, buys within `weeks` of that: (1−ℓ)·(1−e^(−λ·weeks)).

    Without the case it is 1−e^(−λ·weeks): a case lowers it by the factor 1−ℓ, whoever the customer is.
    """
    return (1 - leaves) * -np.expm1(-rate * weeks)


def chance_to_win(win_probability: Floats, stage: Integers | int) -> Floats:
    """Chance that a deal which has come to an open stage is won: P/(P + (1−P)·S), shape (n,).

    P is the chance drawn when the deal opened, S the share of lost deals that come as far as the stage (0 to 3). It is
    the same however long the deal has stood there. The mean over deals is the expected win rate by stage reached; at
    stage 0, of all deals.
    """
    come_so_far = np.cumsum(LOST_IN[::-1])[::-1][stage]
    return win_probability / (win_probability + (1 - win_probability) * come_so_far)


# --- subscribers ----------------------------------------------------------------------------------------------------
# Periods are a plan's billing periods; t counts renewals that have come. Money is integer cents.

_EARNS = ("active", "past_due")  # statuses in which a subscription counts as recurring revenue
NEW, REACTIVATION, RESUME, EXPANSION, CONTRACTION, PAUSE, CHURN = MOVEMENTS = (
    "new", "reactivation", "resume", "expansion", "contraction", "pause", "churn"
)  # fmt: skip


def sbg_survival(alpha: float, beta: float, renewals: Floats | Integers) -> Floats:
    """Share of subscribers who make all of the first t renewals: B(α, β+t)/B(α, β), shape of `renewals`."""
    return np.exp(betaln(alpha, beta + np.asarray(renewals)) - betaln(alpha, beta))


def subscriber_value(
    alpha: float, beta: float, months: int, margin: float, discount: float, horizon_months: int = 60
) -> float:
    """Expected discounted margin of one new subscriber: Σ margin·dᵗ·S(t) over the periods that begin in the horizon.

    Args:
        months: in a billing period.
        margin: of one period: revenue per user × margin rate.
        discount: d, what one unit of money is worth a billing period earlier.
    """
    t = np.arange(-(-horizon_months // months))
    return float((margin * discount**t * sbg_survival(alpha, beta, t)).sum())


def monthly_cents(
    status: NDArray[np.str_], unit_cents: Integers, discount_cents: Integers, quantity: Integers, months: Integers
) -> Integers:
    """Recurring revenue a month of each subscription in each state, rounded half-up once, shape (n,)."""
    per_period = (unit_cents - discount_cents) * quantity
    return np.where(np.isin(status, _EARNS), (2 * per_period + months) // (2 * months), 0)


@dataclass(frozen=True)
class DayEnds:
    """One element for each customer and day on which a subscription changed, by customer and day.

    Attributes:
        customer: whose.
        day: UTC, or as the times given were cut.
        cents: recurring revenue a month at the day's end.
        paused: subscriptions that are paused then.
    """

    customer: Integers
    day: NDArray[np.datetime64]
    cents: Integers
    paused: Integers

    def at_start_of(self, day: np.datetime64, customers: int) -> tuple[Integers, Integers]:
        """Recurring revenue and paused subscriptions of customers 0 to `customers` − 1 at the end of the day before."""
        cents, paused = np.zeros((2, customers), dtype=np.int64)
        known = self.day < day
        cents[self.customer[known]] = self.cents[known]  # of several, the last one stays
        paused[self.customer[known]] = self.paused[known]
        return cents, paused


def day_ends(
    customer: Integers, subscription: Integers, day: NDArray[np.datetime64], cents: Integers, paused: NDArray[np.bool_]
) -> DayEnds:
    """Replay of subscriptions' events, which come by subscription and time: shape (n,) each.

    Args:
        day: when each happened, datetime64[D].
        cents: recurring revenue of the subscription from then on.
        paused: it is paused from then on.
    """
    first = np.ones(len(subscription), dtype=bool)
    first[1:] = subscription[1:] != subscription[:-1]

    def change(values: Integers) -> Integers:
        return values - np.where(first, 0, np.roll(values, 1))

    more, more_paused = change(cents), change(paused.astype(np.int64))
    order = np.lexsort((day, customer))
    who, when = customer[order], day[order]
    last = np.ones(len(who), dtype=bool)
    last[:-1] = (who[1:] != who[:-1]) | (when[1:] != when[:-1])

    def total(changes: Integers) -> Integers:
        """Running sum of each customer at each day's end."""
        running = np.cumsum(changes[order])
        begins = np.searchsorted(who, who)
        return (running - running[begins] + changes[order][begins])[last]

    return DayEnds(who[last], when[last], total(more), total(more_paused))


def movements(ends: DayEnds) -> dict[str, NDArray[Any]]:
    """What changed recurring revenue, netted by customer and day: columns customer, day, movement and cents.

    A customer who comes back at another price than before has two rows on that day, one of them the difference.
    """
    n = len(ends.cents)
    nth = np.arange(n)
    first = np.searchsorted(ends.customer, ends.customer)
    begins = nth == first

    def before(values: Integers) -> Integers:
        return np.where(begins, 0, np.roll(values, 1))

    was, now = before(ends.cents), ends.cents
    # revenue at the last day's end before each at which there was any; 0 where there never was
    earning = np.maximum.accumulate(np.where(now > 0, nth, -1))
    last_earning = before(earning)
    ever = ~begins & (last_earning >= first)
    price_before = np.where(ever, now[np.maximum(last_earning, 0)], 0)
    # a day at 0 without a pause, since then
    bare = np.maximum.accumulate(np.where((now == 0) & (ends.paused == 0), nth, -1))
    only_paused = before(bare) < np.maximum(last_earning, first)

    back = (was == 0) & (now > 0) & ever
    gone = (was > 0) & (now == 0)
    given_up = (was == 0) & (now == 0) & (before(ends.paused) > 0) & (ends.paused == 0)
    other = now - price_before
    rules = (
        (NEW, (now > 0) & ~ever, now),
        (RESUME, back & only_paused, price_before),
        (REACTIVATION, back & ~only_paused, price_before),
        (PAUSE, gone & (ends.paused > 0), -was),
        (CHURN, gone & (ends.paused == 0), -was),
        (CHURN, given_up, now),
        (EXPANSION, (back | ((was > 0) & (now > 0))) & (other > 0), other),
        (CONTRACTION, (back | ((was > 0) & (now > 0))) & (other < 0), other),
    )
    row = np.concatenate([np.flatnonzero(applies) for _, applies, _ in rules])
    kind = np.repeat([movement for movement, _, _ in rules], [int(applies.sum()) for _, applies, _ in rules])
    cents = np.concatenate([values[applies] for _, applies, values in rules])
    order = np.argsort(row, kind="stable")
    row = row[order]
    return {"customer": ends.customer[row], "day": ends.day[row], "movement": kind[order], "cents": cents[order]}


def revenue_retention(start: Integers, end: Integers) -> tuple[float, float]:
    """Net and gross: Σ end ÷ Σ start, and Σ min(end, start) ÷ Σ start, over customers in service at the start."""
    there = start > 0
    base = start[there].sum()
    return float(end[there].sum() / base), float(np.minimum(end, start)[there].sum() / base)


def logo_churn(start: Integers, end: Integers, paused: Integers) -> float:
    """Customers in service at the start that are neither in service nor paused at the end ÷ in service at the start."""
    there = start > 0
    return float((there & (end == 0) & (paused == 0)).sum() / there.sum())
