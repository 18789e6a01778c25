"""What the shop sells: categories, products and price books, the same for every customer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..behaviour.baskets import PriceLadder
from ..draws import Integers, choice, uniform
from ..encoding import from_pool
from ..pools import make_pools
from ..rows import Rows
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
_CUTS = pa.array(["Slim", "Regular", "Relaxed", "Classic", "Modern", "Lightweight", "Heavy", "Everyday"])
_FABRICS = pa.array(["Cotton", "Linen", "Merino", "Flannel", "Twill", "Corduroy", "Oxford", "Organic", "Tech", "Wool"])
STANDARD, MALL = 0, 1  # price books
_MALL_MARKUP = 4  # percent: counters in malls pay rent


@dataclass(frozen=True)
class Catalogue:
    """Arrays over products, by record number.

    Attributes:
        category: position in the list of categories.
        list_cents: shape (2, n), list price in the standard and the mall price book.
        cost_cents: what one piece costs the shop.
        return_rate: chance that a sold line comes back.
    """

    category: Integers
    list_cents: Integers
    cost_cents: Integers
    return_rate: NDArray[np.float64]

    def ladder(self, pricebook: int) -> PriceLadder:
        """Products by price in one price book."""
        order = np.argsort(self.list_cents[pricebook], kind="stable")
        return PriceLadder(order, self.list_cents[pricebook][order])

    def entry(self, pricebook: Integers | int, product: Integers) -> Integers:
        """Record number of the price book entry."""
        return pricebook * len(self.category) + product


@lru_cache(maxsize=2)  # every shard of a process sells the same products
def make_catalogue(world: World) -> Catalogue:
    """Categories, prices and costs of every product."""
    product = np.arange(world.products)
    category = choice(np.cumsum([c.share for c in _CATEGORIES]), uniform(world.seed, "category", product))
    lowest, highest = (np.array([getattr(c, end) for c in _CATEGORIES])[category] for end in ("lowest", "highest"))
    price = lowest * (highest / lowest) ** uniform(world.seed, "price", product)
    standard = np.rint(price).astype(np.int64) * 100 - 10  # 48.90, not 48.37
    mall = np.rint(standard * (100 + _MALL_MARKUP) / 10_000).astype(np.int64) * 100 - 10
    cost = np.rint(standard * (0.34 + 0.2 * uniform(world.seed, "cost", product))).astype(np.int64)
    return_rate = np.array([c.return_rate for c in _CATEGORIES])[category]
    return Catalogue(category, np.stack([standard, mall]), cost, return_rate)


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
    n = len(_CATEGORIES)
    return Rows(
        "crm.product_category",
        _opened(world, n),
        {
            "id": np.arange(n),
            "name": pa.array([c.name for c in _CATEGORIES]),
            "number_of_products": np.bincount(catalogue.category, minlength=n),
            "owner_id": np.zeros(n, dtype=np.int64),
        },
    )


def _products(world: World, catalogue: Catalogue) -> Rows:
    n = world.products
    product = np.arange(n)
    pools = make_pools(world.seed)

    def draw(pool: pa.StringArray, purpose: str) -> pa.StringArray:
        return from_pool(pool, (uniform(world.seed, purpose, product) * len(pool)).astype(np.int64))

    article = from_pool(pa.array([c.article for c in _CATEGORIES]), catalogue.category)
    shelf = from_pool(pa.array([c.name for c in _CATEGORIES]), catalogue.category)
    name = pc.binary_join_element_wise(
        draw(_CUTS, "cut"), draw(_FABRICS, "fabric"), article, "in", draw(pools.colours, "colour"), " "
    )
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
            "is_active": uniform(world.seed, "is active", product) < 0.95,
            "stock_keeping_unit": pc.binary_join_element_wise("SKU", number, ""),
            "product_category_id": catalogue.category,
            "product_class_c": choice(np.cumsum([0.2, 0.2, 0.6]), uniform(world.seed, "channel", product)),
            "unit_cost_c": catalogue.cost_cents,
            "stock_quantity_c": (20 + 480 * uniform(world.seed, "stock", product)).astype(np.int64),
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
    n = world.products
    book = np.repeat([STANDARD, MALL], n)
    product = np.tile(np.arange(n), 2)
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
    )
