"""When customers buy, and when they stop: the MBG/NBD process, one purchase after another.

While alive, a customer buys at rate λ on the season's clock; after every purchase, the first one included, he drops
out for good with probability p. λ is Gamma(r, α) and p is Beta(a, b) over customers (Batislam, Denizel and Filiztekin,
"Empirical validation and comparison of models for customer base analysis", IJRM 24, 2007).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gammaincinv

from ..draws import Floats, Integers, uniform
from ..rows import Seconds
from .calendar import SeasonClock
from .parameters import PurchaseParameters

MAX_PURCHASES = 4096  # of one customer; order numbers leave room for so many


@dataclass(frozen=True)
class Customers:
    """Who may buy: shape (n,) each.

    Attributes:
        customer: record number.
        purchase_rate: λ, purchases a week of the season's clock; 0 for someone who buys once.
        dropout_probability: p.
        first_purchase: when the first purchase is due on the season's clock; infinite for someone who never buys.
    """

    customer: Integers
    purchase_rate: Floats
    dropout_probability: Floats
    first_purchase: Floats


@dataclass(frozen=True)
class PurchaseState:
    """Where each customer stands between two runs: shape (n,) each.

    Attributes:
        number: number of the purchase that comes next, 1 for the first.
        due: when it is due, on the season's clock; infinite once the customer has dropped out.
        dropout_at: when the customer dropped out; NaT while alive.
    """

    number: Integers
    due: Floats
    dropout_at: Seconds


@dataclass(frozen=True)
class Purchases:
    """One element a purchase, by customer and number: record number, its place in the customer's life, and its time."""

    customer: Integers
    number: Integers
    at: Seconds


def draw_rates(seed: int, customer: Integers, parameters: PurchaseParameters) -> tuple[Floats, Floats]:
    """λ (purchases a week) and p of each customer."""
    rate = gammaincinv(parameters.r, uniform(seed, "purchase rate", customer)) / parameters.alpha
    dropout = betaincinv(parameters.a, parameters.b, uniform(seed, "dropout probability", customer))
    return rate, dropout


def start(customers: Customers) -> PurchaseState:
    """The state before anything has happened."""
    n = len(customers.customer)
    return PurchaseState(
        np.ones(n, dtype=np.int64), customers.first_purchase.copy(), np.full(n, np.datetime64("NaT"), "datetime64[s]")
    )


def purchase(
    seed: int, customers: Customers, state: PurchaseState, clock: SeasonClock, until: np.datetime64
) -> tuple[Purchases, PurchaseState]:
    """All purchases due before `until`, and the state to go on from.

    Going on from the state gives what one longer run gives, since every draw is addressed by customer and number.

    Raises:
        OverflowError: somebody buys more often than order numbers allow.
    """
    number, due, dropout_at = state.number.copy(), state.due.copy(), state.dropout_at.copy()
    found: list[tuple[NDArray[np.intp], Integers, Seconds]] = []
    who = np.flatnonzero(np.isfinite(due))
    while len(who):
        at = clock.from_clock(due[who])
        happens = at < until
        who, at = who[happens], at[happens]
        if not len(who):
            break
        nth = number[who]
        if int(nth.max()) >= MAX_PURCHASES:
            raise OverflowError(f"a customer reached {MAX_PURCHASES} purchases: shorten the run or lower the rate")
        found.append((who, nth, at))
        customer = customers.customer[who]
        stays = uniform(seed, "dropout", customer, nth) >= customers.dropout_probability[who]
        dropout_at[who[~stays]] = at[~stays]
        due[who[~stays]] = np.inf
        who = who[stays]
        with np.errstate(divide="ignore"):
            gap = -np.log(uniform(seed, "gap", customer[stays], nth[stays])) / customers.purchase_rate[who]
        due[who] += gap
        number[who] += 1
    index = np.concatenate([f[0] for f in found]) if found else np.empty(0, dtype=np.intp)
    nth = np.concatenate([f[1] for f in found]) if found else np.empty(0, dtype=np.int64)
    at = np.concatenate([f[2] for f in found]) if found else np.empty(0, dtype="datetime64[s]")
    order = np.lexsort((nth, index))
    purchases = Purchases(customers.customer[index[order]], nth[order], at[order])
    return purchases, replace(state, number=number, due=due, dropout_at=dropout_at)
