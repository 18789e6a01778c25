"""What customers spend: the Gamma-Gamma model (Fader, Hardie and Lee, "RFM and CLV", JMR 42, 2005).

A purchase's spend is Gamma with shape p and the customer's own rate ν; ν is Gamma(q, γ) over customers, independent of
how often they buy. A customer's mean spend is p/ν.
"""

from __future__ import annotations

from ..draws import Floats, Integers, uniform
from ..quantiles import gamma_quantile
from .parameters import SpendParameters


def draw_scale(seed: int, customer: Integers, parameters: SpendParameters) -> Floats:
    """ν of each customer, per unit of currency."""
    return gamma_quantile(parameters.q, uniform(seed, "spend scale", customer)) / parameters.gamma


def draw_spend(seed: int, customer: Integers, number: Integers, scale: Floats, parameters: SpendParameters) -> Floats:
    """Spend of each purchase, in units of currency, given the buyer's ν."""
    return gamma_quantile(parameters.p, uniform(seed, "spend", customer, number)) / scale
