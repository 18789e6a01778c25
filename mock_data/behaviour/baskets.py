"""From an amount to a basket: lines, products, quantities and discounts that add up to about what was to be spent.

The amount comes first, from the spend model; products are then taken from the price ladder so that the lines come
close to it. With a thousand products the basket's total is within a few per mille of the amount on average.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..draws import Floats, Integers, choice, uniform

MAX_LINES = 4
_LINES = np.cumsum([0.52, 0.29, 0.13, 0.06])
_DISCOUNTS = np.array([0, 10, 15, 20, 30])  # percent
_DISCOUNT_SHARES = np.cumsum([0.72, 0.10, 0.08, 0.06, 0.04])
_TWO_OF_ONE = 0.07


@dataclass(frozen=True)
class PriceLadder:
    """Products by list price.

    Attributes:
        product: shape (m,), record numbers, cheapest first.
        cents: shape (m,), their list prices, rising.
    """

    product: Integers
    cents: Integers


@dataclass(frozen=True)
class Baskets:
    """One element a line, by order and line.

    Attributes:
        order: position of the order in the arrays given.
        line: 0 for the first line of an order.
        rung: position of the product on the ladder.
        quantity: pieces.
        discount: percent off the list price.
        unit_cents: price of one piece after the discount, rounded half-up.
    """

    order: Integers
    line: Integers
    rung: Integers
    quantity: Integers
    discount: Integers
    unit_cents: Integers


def fill(seed: int, order: Integers, amount: Floats, ladder: PriceLadder) -> Baskets:
    """Baskets for orders numbered `order` that are to come to `amount` each (units of currency, before tax)."""
    cheapest = ladder.cents[0] / 100
    lines = choice(_LINES, uniform(seed, "lines", order)) + 1
    lines = np.minimum(lines, np.maximum(1, amount // cheapest).astype(np.int64))
    position = np.repeat(np.arange(len(order)), lines)
    line = np.arange(len(position)) - np.repeat(np.cumsum(lines) - lines, lines)
    key = order[position]

    weight = 0.4 + uniform(seed, "line share", key, line)
    share = amount[position] * weight / np.bincount(position, weights=weight, minlength=len(order))[position]
    discount = _DISCOUNTS[choice(_DISCOUNT_SHARES, uniform(seed, "discount", key, line))]
    pieces = np.where(uniform(seed, "pieces", key, line) < _TWO_OF_ONE, 2, 1)

    listed = share * 100 / pieces / (1 - discount / 100)
    rung = _nearest(ladder.cents, listed)
    unit_cents = (ladder.cents[rung] * (100 - discount) + 50) // 100
    # where the ladder has no price so high, more pieces make up for it
    quantity = np.where(
        listed > ladder.cents[-1], np.maximum(1, np.rint(share * 100 / unit_cents)).astype(np.int64), pieces
    )
    return Baskets(position, line, rung, quantity, discount, unit_cents)


def _nearest(rising: Integers, target: Floats) -> Integers:
    """Position of the element of `rising` nearest to each target."""
    above = np.searchsorted(rising, target).clip(1, len(rising) - 1) if len(rising) > 1 else np.zeros(len(target), int)
    if len(rising) == 1:
        return above
    return np.where(target - rising[above - 1] <= rising[above] - target, above - 1, above)
