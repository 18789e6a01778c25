"""When customers buy, and when they stop: the MBG/NBD process, one purchase after another.

While alive, a customer buys at rate λ on the season's clock; after every purchase, the first one included, he drops
out for good with probability p. λ is Gamma(r, α) and p is Beta(a, b) over customers (Batislam, Denizel and Filiztekin,
"Empirical validation and comparison of models for customer base analysis", IJRM 24, 2007).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..draws import Floats, Integers, uniform
from ..quantiles import beta_quantile, gamma_quantile
from ..rows import Seconds
from .calendar import SeasonClock
from .parameters import PurchaseParameters

MAX_PURCHASES = 3072  # of one customer; order numbers leave room for so many


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
class Purchases:
    """One element a purchase: record number of the customer, the purchase's place in his life, and its time."""

    customer: Integers
    number: Integers
    at: Seconds

    def where(self, mask: NDArray[np.bool_]) -> Purchases:
        """The purchases that `mask` marks."""
        return Purchases(self.customer[mask], self.number[mask], self.at[mask])

    def and_(self, others: Purchases) -> Purchases:
        """These and others."""
        return Purchases(
            np.concatenate([self.customer, others.customer]),
            np.concatenate([self.number, others.number]),
            np.concatenate([self.at, others.at]),
        )


def draw_rates(seed: int, customer: Integers, parameters: PurchaseParameters) -> tuple[Floats, Floats]:
    """λ (purchases a week) and p of each customer."""
    rate = gamma_quantile(parameters.r, uniform(seed, "purchase rate", customer)) / parameters.alpha
    dropout = beta_quantile(parameters.a, parameters.b, uniform(seed, "dropout probability", customer))
    return rate, dropout


def purchase(
    seed: int,
    customers: Customers,
    clock: SeasonClock,
    until: np.datetime64,
    when: Callable[[NDArray[np.intp], Floats], Seconds] | None = None,
) -> tuple[Purchases, Seconds]:
    """All purchases due before `until`, and when each customer dropped out (NaT while alive).

    A longer run gives the same purchases and then more, since every draw is addressed by customer and number.

    Args:
        when: the instants at which the clock of customers at some positions reaches some weeks, never turning two
            round; without it, the season's clock is everybody's.

    Raises:
        OverflowError: somebody buys more often than order numbers allow.
    """
    n = len(customers.customer)
    number, due = np.ones(n, dtype=np.int64), customers.first_purchase.copy()
    dropout_at = np.full(n, np.datetime64("NaT"), "datetime64[s]")
    found: list[tuple[NDArray[np.intp], Integers, Seconds]] = []
    who = np.flatnonzero(np.isfinite(due))
    while len(who):
        at = when(who, due[who]) if when else clock.from_clock(due[who])
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
        who = who[stays]
        with np.errstate(divide="ignore"):
            gap = -np.log(uniform(seed, "gap", customer[stays], nth[stays])) / customers.purchase_rate[who]
        due[who] += gap
        number[who] += 1
    index = np.concatenate([f[0] for f in found]) if found else np.empty(0, dtype=np.intp)
    nth = np.concatenate([f[1] for f in found]) if found else np.empty(0, dtype=np.int64)
    at = np.concatenate([f[2] for f in found]) if found else np.empty(0, dtype="datetime64[s]")
    order = np.lexsort((nth, index))
    return Purchases(customers.customer[index[order]], nth[order], at[order]), dropout_at
