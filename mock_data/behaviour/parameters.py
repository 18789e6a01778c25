"""The numbers that a world's behaviour hangs on, in one place."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class PurchaseParameters:
    """MBG/NBD: how often customers buy and how they drop out (Batislam, Denizel and Filiztekin 2007).

    Attributes:
        r: shape of the Gamma distribution of purchase rates λ.
        alpha: its rate, in weeks of the season's clock.
        a: first shape of the Beta distribution of dropout probabilities p.
        b: second shape.
    """

    r: float = 0.8
    alpha: float = 9.0
    a: float = 0.9
    b: float = 2.6


@dataclass(frozen=True)
class SpendParameters:
    """Gamma-Gamma: what customers spend per purchase (Fader, Hardie and Lee 2005).

    Attributes:
        p: shape of the Gamma distribution of one purchase's spend.
        q: shape of the Gamma distribution of the customers' scales ν.
        gamma: its rate, in the shop's currency.
    """

    p: float = 6.0
    q: float = 4.0
    gamma: float = 50.0


@dataclass(frozen=True)
class Behaviour:
    """Everything that is drawn at random, by name.

    Attributes:
        purchases, spend: the two models of repeat buying.
        seasonality: 0 for a flat year, 1 for the shop's full swing of seasons, weekdays and holidays.
        yearly_growth: growth of new contacts a year (0.35 is 35 %).
        never_buys: share of contacts who never order.
        weeks_to_first_purchase: mean delay from signing up to the first purchase.
        walk_ins: purchases without a name, as a share of the contacts.
        abandoned, cancelled: draft and cancelled orders per purchase.
    """

    purchases: PurchaseParameters = field(default_factory=PurchaseParameters)
    spend: SpendParameters = field(default_factory=SpendParameters)
    seasonality: float = 1.0
    yearly_growth: float = 0.35
    never_buys: float = 0.1
    weeks_to_first_purchase: float = 0.6
    walk_ins: float = 0.05
    abandoned: float = 0.05
    cancelled: float = 0.03
