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
class PriceLadders:
    """Products by list price, in each of several price lists.

    Attributes:
        product: shape (lists, m), record numbers, cheapest first.
        cents: shape (lists, m), their list prices, rising.
    """

    product: Integers
    cents: Integers

    def nearest(self, which: Integers, cents: Floats) -> Integers:
        """Position in list `which` of the price nearest to each of `cents`, shape (n,)."""
        lists, m = self.cents.shape
        # the lists one after the other, each above the one before: one search finds all
        apart = float(self.cents.max()) + 1
        above_all = np.arange(lists)[:, None] * apart
        target = np.minimum(cents, self.cents[which, -1])
        above = np.searchsorted((self.cents + above_all).ravel(), target + which * apart) - which * m
        above = above.clip(0, m - 1)
        below = np.maximum(above - 1, 0)
        return np.where(target - self.cents[which, below] <= self.cents[which, above] - target, below, above)


@dataclass(frozen=True)
class Lines:
    """One element a line, by order and line.

    Attributes:
        order: position of the order in the arrays given.
        line: 0 for the first line of an order.
        product: record number.
        quantity: pieces.
        list_cents: list price of one piece.
        discount: percent off it.
        unit_cents: price of one piece after the discount, rounded half-up.
    """

    order: Integers
    line: Integers
    product: Integers
    quantity: Integers
    list_cents: Integers
    discount: Integers
    unit_cents: Integers


def fill(
    seed: int, order: Integers, amount: Floats, promotion: Integers, ladders: PriceLadders, which: Integers
) -> Lines:
    """Baskets for orders numbered `order` that are to come to `amount` each (units of currency, before tax).

    Args:
        promotion: shape (n,), percent off everything on the day of each order; a line's own discount may be higher.
        which: shape (n,), the price list that each order is written against.
    """
    cheapest = ladders.cents[which, 0] / 100
    lines = choice(_LINES, uniform(seed, "lines", order)) + 1
    lines = np.minimum(lines, np.maximum(1, amount // cheapest).astype(np.int64))
    position = np.repeat(np.arange(len(order)), lines)
    line = np.arange(len(position)) - np.repeat(np.cumsum(lines) - lines, lines)
    key = order[position]

    weight = 0.4 + uniform(seed, "line share", key, line)
    share = amount[position] * weight / np.bincount(position, weights=weight, minlength=len(order))[position]
    discount = _DISCOUNTS[choice(_DISCOUNT_SHARES, uniform(seed, "discount", key, line))]
    discount = np.maximum(discount, promotion[position])
    pieces = np.where(uniform(seed, "pieces", key, line) < _TWO_OF_ONE, 2, 1)

    listed = share * 100 / pieces / (1 - discount / 100)
    ladder = which[position]
    rung = ladders.nearest(ladder, listed)
    list_cents = ladders.cents[ladder, rung]
    unit_cents = (list_cents * (100 - discount) + 50) // 100
    # where the ladder has no price so high, more pieces make up for it
    too_high = listed > ladders.cents[ladder, -1]
    quantity = np.where(too_high, np.maximum(1, np.rint(share * 100 / unit_cents)).astype(np.int64), pieces)
    return Lines(position, line, ladders.product[ladder, rung], quantity, list_cents, discount, unit_cents)
