"""What is true of customers whose parameters are known: the formulas that every estimate is held against.

Times are weeks of the season's clock Λ (:mod:`mock_data.behaviour.calendar`); on a flat clock these are calendar
weeks. λ is a customer's purchase rate a week, p the chance of dropping out after any purchase, the first included.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .behaviour.parameters import PurchaseParameters
from .draws import Floats


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


def cohort_retention(rate: Floats, dropout: Floats, start: Floats, length: Floats) -> Floats:
    """Chance of buying in a period that begins `start` weeks after the first purchase and lasts `length` weeks.

    (1−p)·e^(−λp·start)·(1−e^(−λ·length)), shape (n,): alive when the period begins, and buying before it ends.
    """
    return probability_active(rate, dropout, start) * -np.expm1(-rate * length)


def average_order_value(purchases: Floats, mean_spend: Floats) -> float:
    """Mean spend weighted by purchases, before returns: Σ purchases × p/ν ÷ Σ purchases."""
    return float(np.average(mean_spend, weights=purchases))
