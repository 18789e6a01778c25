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
from ..encoding import NULL_INTEGER, from_pool
from ..pools import make_pools
from ..rows import Rows, Seconds, Update
from ..schema import CRM
from ..world import World


@dataclass(frozen=True)
class _Category:
    """A shelf: its name, its share of the articles, its price range and how often its pieces come back."""

    name: str
    article: str
    share: float
    lowest: float
    highest: float
    return_rate: float


_CATEGORIES = (
    _Category("Shirts", "Shirt", 0.17, 29, 149, 0.12),
    _Category("T-Shirts", "T-Shirt", 0.14, 9, 49, 0.07),
    _Category("Knitwear", "Jumper", 0.11, 39, 219, 0.10),
    _Category("Trousers", "Chinos", 0.11, 39, 169, 0.16),
    _Category("Jeans", "Jeans", 0.08, 49, 189, 0.18),
    _Category("Suits", "Suit", 0.05, 199, 690, 0.22),
    _Category("Blazers", "Blazer", 0.05, 119, 420, 0.19),
    _Category("Coats", "Coat", 0.06, 119, 540, 0.15),
    _Category("Shoes", "Shoes", 0.08, 59, 320, 0.21),
    _Category("Underwear and Socks", "Socks", 0.07, 6, 35, 0.02),
    _Category("Accessories", "Belt", 0.08, 12, 119, 0.05),
)
_MEMBERSHIP = len(_CATEGORIES)  # the shelf of the plans, after those of the articles
_SHELVES = pa.array([*(c.name for c in _CATEGORIES), "Membership"])
_BOX_COST = 45  # percent of a month's price: what one box costs the shop
_CUTS = pa.array(["Slim", "Regular", "Relaxed", "Classic", "Modern", "Lightweight", "Heavy", "Everyday"])
_FABRICS = pa.array(["Cotton", "Linen", "Merino", "Flannel", "Twill", "Corduroy", "Oxford", "Organic", "Tech", "Wool"])
_PERIODS = CRM["product_2"].field("billing_period_c").picklist
STANDARD, MALL = 0, 1  # price books
DEARER = 2  # added to a price book: its ladder after the price rise
_MALL_MARKUP = 4  # percent: counters in malls pay rent


@dataclass(frozen=True)
class Catalogue:
    """Arrays over products, by record number: the articles, then the membership plans.

    Attributes:
        articles: how many of the products are articles.
        category: position in the list of shelves.
        list_cents: shape (2, n), list price in the standard and the mall price book; a plan's, per billing period.
        cost_cents: what one piece, or one box, costs the shop.
        return_rate: chance that a sold line comes back.
        dearer_at: when the price rise comes, datetime64[s]; NaT in a world without one.
        dearer_cents: shape (2, n), list prices from then on.
    """

    articles: int
    category: Integers
    list_cents: Integers
    cost_cents: Integers
    return_rate: NDArray[np.float64]
    dearer_at: np.datetime64
    dearer_cents: Integers

    @cached_property
    def ladders(self) -> PriceLadders:
        """Articles by price in the standard and the mall price book, then in both after the price rise."""
        cents = np.concatenate([self.list_cents, self.dearer_cents])[:, : self.articles]
        order = np.argsort(cents, axis=1, kind="stable")
        return PriceLadders(order, np.take_along_axis(cents, order, axis=1))

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
    category = choice(np.cumsum([c.share for c in _CATEGORIES]), uniform(world.seed, "category", product))
    lowest, highest = (np.array([getattr(c, end) for c in _CATEGORIES])[category] for end in ("lowest", "highest"))
    price = lowest * (highest / lowest) ** uniform(world.seed, "price", product)
    standard = np.rint(price).astype(np.int64) * 100 - 10  # 48.90, not 48.37
    mall = np.rint(standard * (100 + _MALL_MARKUP) / 10_000).astype(np.int64) * 100 - 10
    cost = np.rint(standard * (0.34 + 0.2 * uniform(world.seed, "cost", product))).astype(np.int64)
    return_rate = np.array([c.return_rate for c in _CATEGORIES])[category]

    fee = np.array([round(100 * p.unit_price) for p in plans], dtype=np.int64)
    months = np.array([MONTHS[p.billing_period] for p in plans], dtype=np.int64)
    list_cents = np.stack([np.concatenate([standard, fee]), np.concatenate([mall, fee])])
    rise = world.behaviour.price_rise
    dearer = (list_cents * (100 + (rise.percent if rise else 0)) + 500) // 1000 * 10  # to ten cents
    return Catalogue(
        articles=world.products,
        category=np.concatenate([category, np.full(len(plans), _MEMBERSHIP)]),
        list_cents=list_cents,
        cost_cents=np.concatenate([cost, fee * _BOX_COST // (100 * months)]),
        return_rate=np.concatenate([return_rate, np.zeros(len(plans))]),
        dearer_at=world.opening + np.timedelta64(7 * rise.week, "D") if rise else np.datetime64("NaT", "s"),
        dearer_cents=dearer if rise else list_cents,
    )


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


def _categories(world: World, catalogue: Catalogue) -> Rows:
    n = len(_SHELVES)
    return Rows(
        "crm.product_category",
        _opened(world, n),
        {
            "id": np.arange(n),
            "name": _SHELVES,
            "number_of_products": np.bincount(catalogue.category, minlength=n),
            "owner_id": np.zeros(n, dtype=np.int64),
        },
    )


def _products(world: World, catalogue: Catalogue) -> Rows:
    n = len(catalogue.category)
    product = np.arange(n)
    is_plan = pa.array(product >= catalogue.articles)
    plans = pa.array([p.name for p in world.plans], pa.string())
    pools = make_pools(world.seed)

    def draw(pool: pa.StringArray, purpose: str) -> pa.StringArray:
        return from_pool(pool, (uniform(world.seed, purpose, product) * len(pool)).astype(np.int64))

    article = from_pool(pa.array([*(c.article for c in _CATEGORIES), "Box"]), catalogue.category)
    shelf = from_pool(_SHELVES, catalogue.category)
    name = pc.binary_join_element_wise(
        draw(_CUTS, "cut"), draw(_FABRICS, "fabric"), article, "in", draw(pools.colours, "colour"), " "
    )
    name = pc.if_else(is_plan, from_pool(plans, np.maximum(product - catalogue.articles, -1)), name)
    number = pc.utf8_lpad(pc.cast(pa.array(product), pa.string()), 6, "0")
    code = pc.binary_join_element_wise(pc.utf8_upper(pc.utf8_slice_codeunits(shelf, 0, 3)), number, "-")
    return Rows(
        "crm.product_2",
        _opened(world, n),
        {
            "id": product,
            "name": name,
            "product_code": code,
            "family": shelf,
            "is_active": (uniform(world.seed, "is active", product) < 0.95) | (product >= catalogue.articles),
            "stock_keeping_unit": pc.binary_join_element_wise("SKU", number, ""),
            "product_category_id": catalogue.category,
            "product_class_c": np.where(
                product >= catalogue.articles,
                CRM["product_2"].field("product_class_c").picklist.index("online"),
                choice(np.cumsum([0.2, 0.2, 0.6]), uniform(world.seed, "channel", product)),
            ),
            "billing_period_c": np.concatenate(
                [np.full(catalogue.articles, -1), [_PERIODS.index(plan.billing_period) for plan in world.plans]]
            ).astype(np.int64),
            "unit_cost_c": catalogue.cost_cents,
            "stock_quantity_c": np.where(
                product >= catalogue.articles,
                NULL_INTEGER,
                (20 + 480 * uniform(world.seed, "stock", product)).astype(np.int64),
            ),
        },
    )


def _pricebooks(world: World) -> Rows:
    return Rows(
        "crm.pricebook_2",
        _opened(world, 2),
        {
            "id": np.array([STANDARD, MALL]),
            "name": pa.array(["Standard", "Mall"]),
            "is_standard": np.array([True, False]),
            "is_active": np.array([True, True]),
        },
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
            "is_active": np.ones(2 * n, dtype=bool),
        },
        updates=(Update(dearer_at, {"unit_price": catalogue.dearer_cents.ravel()}),),
    )
