"""What the shop sells: categories, products and price books, the same for every customer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..behaviour.baskets import PriceLadders
from ..behaviour.parameters import MONTHS
from ..draws import Integers, choice, uniform
from ..encoding import NULL_INTEGER, from_pool, pooled
from ..rows import Rows, Seconds, Update, Values
from ..schema import CRM
from ..world import World
from .garments import CATEGORIES, GARMENTS, draw_garments, draw_prices
from .people import HEAD_OF_SALES

_PRODUCT = CRM["product_2"]
_MEMBERSHIP = len(CATEGORIES)  # the shelf of the plans, after those of the articles
_SHELVES = pa.array([*(c.name for c in CATEGORIES), "Membership"])
_SHELF_NOTES = pa.array([*(c.care for c in CATEGORIES), "Boxes of basics for subscribers; sold online only."])
_CODES = pa.array([*(c.code for c in CATEGORIES), "BOX"])
_BOX_COST = 45  # percent of a month's price: what one box costs the shop
_PERIODS = _PRODUCT.field("billing_period_c").picklist
_CHANNELS = _PRODUCT.field("product_class_c").picklist
_STORE, _ONLINE, _BOTH = (_CHANNELS.index(channel) for channel in ("store", "online", "both"))
_CHANNEL_SHARES = np.cumsum([0.2, 0.2, 0.6])  # of articles sold in stores only, online only, in both
_ACTIVE = 0.95  # of the articles
_ARCHIVED = 0.5  # of those that are no longer sold
# wholesale customers have basics delivered month by month
_IN_INSTALMENTS = next(i for i, category in enumerate(CATEGORIES) if category.code == "UND")
_INSTALMENTS = 3
_WITHOUT_SIZES = next(i for i, category in enumerate(CATEGORIES) if category.code == "ACC")
STANDARD, MALL = 0, 1  # price books
_MALL_MARKUP = 4  # percent: counters in malls pay rent


@dataclass(frozen=True)
class Catalogue:
    """Arrays over products, by record number: the articles, then the membership plans.

    Attributes:
        articles: how many of the products are articles.
        name: shape (n,), as on the website.
        category: position in the list of shelves.
        channel: who sells it, position in the picklist of product_class_c.
        is_active: whether it is sold at all; a world has one article at least that every channel sells.
        list_cents: shape (2, n), list price in the standard and the mall price book; a plan's, per billing period.
        cost_cents: what one piece, or one box, costs the shop.
        return_rate: chance that a sold line comes back.
        dearer_at: when the price rise comes, datetime64[s]; NaT in a world without one.
        dearer_cents: shape (2, n), list prices from then on.
    """

    articles: int
    name: pa.StringArray
    category: Integers
    channel: Integers
    is_active: NDArray[np.bool_]
    list_cents: Integers
    cost_cents: Integers
    return_rate: NDArray[np.float64]
    dearer_at: np.datetime64
    dearer_cents: Integers

    @cached_property
    def ladders(self) -> PriceLadders:
        """What is sold, by price: a list for each combination of :meth:`ladder`, in its order."""
        sold = [
            np.intersect1d(self.for_sale, np.flatnonzero((self.channel == channel) | (self.channel == _BOTH)))
            for channel in (_STORE, _ONLINE)
        ]
        return PriceLadders.of(
            [
                (products, cents[book, products])
                for cents in (self.list_cents, self.dearer_cents)
                for products in sold
                for book in (STANDARD, MALL)
            ]
        )

    def ladder(self, pricebook: Integers, online: NDArray[np.bool_], dearer: NDArray[np.bool_]) -> Integers:
        """Which of the `ladders` each order is filled from, shape (n,).

        Args:
            pricebook: shape (n,), STANDARD or MALL.
            online: shape (n,), whether it is placed online; else in a store or mall.
            dearer: shape (n,), whether it is placed after the price rise.
        """
        return pricebook + 2 * online + 4 * dearer

    @cached_property
    def for_sale(self) -> Integers:
        """Record numbers of the articles that are sold, rising: all that wholesale customers may buy."""
        return np.flatnonzero(self.is_active[: self.articles])

    @cached_property
    def number(self) -> pa.StringArray:
        """Of each product, six digits."""
        return pc.utf8_lpad(pc.cast(pa.array(np.arange(len(self.category))), pa.string()), 6, "0")

    @cached_property
    def code(self) -> pa.StringArray:
        """Of each product: its shelf's, and its number."""
        return pc.binary_join_element_wise(from_pool(_CODES, self.category), self.number, "-")

    @cached_property
    def sized(self) -> NDArray[np.bool_]:
        """Whether each product comes in sizes, shape (n,)."""
        return self.category != _WITHOUT_SIZES

    def listed(self, product: Integers, at: Seconds) -> Integers:
        """What products stand at in the standard price book at some times, in cents, shape (n,)."""
        dearer = at >= self.dearer_at  # NaT compares false
        return np.where(dearer, self.dearer_cents[STANDARD, product], self.list_cents[STANDARD, product])

    def entry(self, pricebook: Integers | int, product: Integers) -> Integers:
        """Record number of the price book entry."""
        return pricebook * len(self.category) + product


@lru_cache(maxsize=2)  # every shard of a process sells the same products
def make_catalogue(world: World) -> Catalogue:
    """Categories, prices and costs of every product."""
    plans = world.plans
    product = np.arange(world.products)
    category = choice(np.cumsum([c.share for c in CATEGORIES]), uniform(world.seed, "category", product))
    garment, before = draw_garments(world.seed, category)
    price = draw_prices(world.seed, garment, before)
    standard = np.rint(price).astype(np.int64) * 100 - 10  # 48.90, not 48.37
    mall = np.rint(standard * (100 + _MALL_MARKUP) / 10_000).astype(np.int64) * 100 - 10
    cost = np.rint(standard * (0.34 + 0.2 * uniform(world.seed, "cost", product))).astype(np.int64)
    return_rate = np.array([c.return_rate for c in CATEGORIES])[category]
    channel = choice(_CHANNEL_SHARES, uniform(world.seed, "channel", product))
    is_active = uniform(world.seed, "is active", product) < _ACTIVE
    channel[0], is_active[0] = _BOTH, True  # so that no channel is without anything to sell

    fee = np.array([round(100 * p.unit_price) for p in plans], dtype=np.int64)
    months = np.array([MONTHS[p.billing_period] for p in plans], dtype=np.int64)
    list_cents = np.stack([np.concatenate([standard, fee]), np.concatenate([mall, fee])])
    rise = world.behaviour.price_rise
    dearer = (list_cents * (100 + (rise.percent if rise else 0)) + 500) // 1000 * 10  # to ten cents
    return Catalogue(
        articles=world.products,
        name=pa.concat_arrays([_names(garment, before), pa.array([plan.name for plan in plans], pa.string())]),
        category=np.concatenate([category, np.full(len(plans), _MEMBERSHIP)]),
        channel=np.concatenate([channel, np.full(len(plans), _ONLINE)]),
        is_active=np.concatenate([is_active, np.ones(len(plans), dtype=bool)]),
        list_cents=list_cents,
        cost_cents=np.concatenate([cost, fee * _BOX_COST // (100 * months)]),
        return_rate=np.concatenate([return_rate, np.zeros(len(plans))]),
        dearer_at=world.opening + np.timedelta64(7 * rise.week, "D") if rise else np.datetime64("NaT", "s"),
        dearer_cents=dearer if rise else list_cents,
    )


def _names(garment: Integers, before: Integers) -> pa.StringArray:
    """Names of articles; what there are several of has a number."""
    name = from_pool(GARMENTS.name, garment)
    number = pc.cast(pa.array(before + 1), pa.string())
    return pc.if_else(pa.array(before > 0), pc.binary_join_element_wise(name, number, ", Style "), name)


def catalogue_rows(world: World, catalogue: Catalogue) -> list[Rows]:
    """Product categories, products, price books and price book entries."""
    return [
        _categories(world, catalogue),
        _products(world, catalogue),
        _pricebooks(world),
        _entries(world, catalogue),
    ]


def _opened(world: World, n: int) -> NDArray[np.datetime64]:
    return np.full(n, world.opening)


def _by_head_of_sales(n: int) -> dict[str, Values]:
    """Who set up the catalogue and changes its prices."""
    user = np.full(n, HEAD_OF_SALES)
    return {"created_by_id": user, "last_modified_by_id": user}


def _categories(world: World, catalogue: Catalogue) -> Rows:
    n = len(_SHELVES)
    return Rows(
        "crm.product_category",
        _opened(world, n),
        {
            "id": np.arange(n),
            "name": _SHELVES,
            "description": _SHELF_NOTES,
            "number_of_products": np.bincount(catalogue.category, minlength=n),
            "owner_id": np.full(n, HEAD_OF_SALES),
        }
        | _by_head_of_sales(n),
    )


def _products(world: World, catalogue: Catalogue) -> Rows:
    n = len(catalogue.category)
    product = np.arange(n)
    is_plan = product >= catalogue.articles
    number, code = catalogue.number, catalogue.code
    months = np.ones(n, dtype=np.int64)
    months[is_plan] = [MONTHS[plan.billing_period] for plan in world.plans]
    by_quantity, by_revenue = catalogue.category == _IN_INSTALMENTS, months > 1
    archived = ~catalogue.is_active & (uniform(world.seed, "is archived", product) < _ARCHIVED)
    return Rows(
        "crm.product_2",
        _opened(world, n),
        {
            "id": product,
            "name": catalogue.name,
            "product_code": code,
            "description": pooled(_SHELF_NOTES, catalogue.category),
            "family": pooled(_SHELVES, catalogue.category),
            "is_active": catalogue.is_active,
            "is_archived": archived,
            "stock_keeping_unit": pc.binary_join_element_wise("SKU", number, ""),
            "external_id": pc.binary_join_element_wise("ERP", number, "-"),
            "display_url": pc.binary_join_element_wise("https://shop.example.com/products/", pc.utf8_lower(code), ""),
            "quantity_unit_of_measure": np.zeros(n, dtype=np.int64),
            "can_use_quantity_schedule": by_quantity,
            "quantity_schedule_type": _where(by_quantity, "quantity_schedule_type", "Divide"),
            "quantity_installment_period": _where(by_quantity, "quantity_installment_period", "Monthly"),
            "number_of_quantity_installments": np.where(by_quantity, _INSTALMENTS, NULL_INTEGER),
            "can_use_revenue_schedule": by_revenue,
            "revenue_schedule_type": _where(by_revenue, "revenue_schedule_type", "Divide"),
            "revenue_installment_period": _where(by_revenue, "revenue_installment_period", "Monthly"),
            "number_of_revenue_installments": np.where(by_revenue, months, NULL_INTEGER),
            "product_category_id": catalogue.category,
            "product_class_c": catalogue.channel,
            "billing_period_c": np.concatenate(
                [np.full(catalogue.articles, -1), [_PERIODS.index(plan.billing_period) for plan in world.plans]]
            ).astype(np.int64),
            "unit_cost_c": catalogue.cost_cents,
            "stock_quantity_c": np.where(
                is_plan, NULL_INTEGER, (20 + 480 * uniform(world.seed, "stock", product)).astype(np.int64)
            ),
        }
        | _by_head_of_sales(n),
    )


def _where(given: NDArray[np.bool_], field: str, value: str) -> Integers:
    """`value` of a product's picklist where it is given, else NULL."""
    return np.where(given, _PRODUCT.field(field).picklist.index(value), -1)


def _pricebooks(world: World) -> Rows:
    return Rows(
        "crm.pricebook_2",
        _opened(world, 2),
        {
            "id": np.array([STANDARD, MALL]),
            "name": pa.array(["Standard", "Mall"]),
            "description": pa.array(
                ["What stores, the web shop and wholesale deals charge.", "What counters in malls charge."]
            ),
            "is_standard": np.array([True, False]),
            "is_active": np.array([True, True]),
        }
        | _by_head_of_sales(2),
    )


def _entries(world: World, catalogue: Catalogue) -> Rows:
    n = len(catalogue.category)
    book = np.repeat([STANDARD, MALL], n)
    product = np.tile(np.arange(n), 2)
    dearer_at = np.full(2 * n, catalogue.dearer_at)
    return Rows(
        "crm.pricebook_entry",
        _opened(world, 2 * n),
        {
            "id": catalogue.entry(book, product),
            "pricebook_2_id": book,
            "product_2_id": product,
            "unit_price": catalogue.list_cents.ravel(),
            "is_active": np.tile(catalogue.is_active, 2),
        }
        | _by_head_of_sales(2 * n),
        updates=(Update(dearer_at, {"unit_price": catalogue.dearer_cents.ravel()}),),
    )
