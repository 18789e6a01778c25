"""From an amount to a basket: lines, products, quantities and discounts that add up to about what was to be spent.

The amount comes first, from the spend model; products are then taken from the price ladder so that the lines come
close to it. With a thousand products the basket's total is within a few per mille of the amount on average.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..draws import Floats, Integers, choice, uniform

MAX_LINES = 4
_LINES = np.cumsum([0.52, 0.29, 0.13, 0.06])
_DISCOUNTS = np.array([0, 10, 15, 20, 30])  # percent
_DISCOUNT_SHARES = np.cumsum([0.72, 0.10, 0.08, 0.06, 0.04])
_TWO_OF_ONE = 0.07


@dataclass(frozen=True)
class PriceLadders:
    """Products by list price, in each of several price lists, one list after the other.

    Attributes:
        product: shape (m,), record numbers, cheapest first in each list.
        cents: shape (m,), their list prices, rising in each list.
        begin: shape (lists + 1,), where each list begins, and the end of the last one; no list is empty.
    """

    product: Integers
    cents: Integers
    begin: Integers

    @classmethod
    def of(cls, lists: Sequence[tuple[Integers, Integers]]) -> PriceLadders:
        """Ladders of lists of products and their prices, in any order."""
        order = [np.argsort(cents, kind="stable") for _, cents in lists]
        return cls(
            product=np.concatenate([product[rising] for (product, _), rising in zip(lists, order, strict=True)]),
            cents=np.concatenate([cents[rising] for (_, cents), rising in zip(lists, order, strict=True)]),
            begin=np.cumsum([0, *(len(cents) for _, cents in lists)]),
        )

    @cached_property
    def lowest(self) -> Integers:
        """The lowest price of each list."""
        return self.cents[self.begin[:-1]]

    @cached_property
    def highest(self) -> Integers:
        """The highest price of each list."""
        return self.cents[self.begin[1:] - 1]

    @cached_property
    def _apart(self) -> float:
        return float(self.cents.max()) + 1

    @cached_property
    def _raised(self) -> Floats:
        """All prices, each list lifted above the one before it: one search finds a price in any list."""
        return self.cents + np.repeat(np.arange(len(self.begin) - 1), np.diff(self.begin)) * self._apart

    @cached_property
    def _same_price(self) -> tuple[Integers, Integers]:
        """For each position, the first and the one after the last of its list that stand at its price."""
        return np.searchsorted(self._raised, self._raised), np.searchsorted(self._raised, self._raised, side="right")

    def nearest(self, which: Integers, cents: Floats, u: Floats) -> Integers:
        """Position of the price in list `which` that is nearest to each of `cents`, shape (n,).

        Args:
            u: shape (n,), uniform in (0, 1), decides between products at the same price.
        """
        target = np.minimum(cents, self.highest[which])
        above = np.searchsorted(self._raised, target + which * self._apart)
        above = above.clip(self.begin[which], self.begin[which + 1] - 1)
        below = np.maximum(above - 1, self.begin[which])
        near = np.where(target - self.cents[below] <= self.cents[above] - target, below, above)
        first, end = (bound[near] for bound in self._same_price)
        return first + (u * (end - first)).astype(np.int64)


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
    cheapest = ladders.lowest[which] / 100
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
    rung = ladders.nearest(ladder, listed, uniform(seed, "product at a price", key, line))
    list_cents = ladders.cents[rung]
    unit_cents = (list_cents * (100 - discount) + 50) // 100
    # where the ladder has no price so high, more pieces make up for it
    too_high = listed > ladders.highest[ladder]
    quantity = np.where(too_high, np.maximum(1, np.rint(share * 100 / unit_cents)).astype(np.int64), pieces)
    return Lines(position, line, ladders.product[rung], quantity, list_cents, discount, unit_cents)
