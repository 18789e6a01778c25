"""What a menswear shop stocks: every category's garments, in the cuts, fabrics and colours they are made in.

All names that :data:`CATEGORIES` can make are of garments that exist: what goes with what is said line by line, and
nothing is put together across lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa

from ..draws import Floats, Integers, uniform


@dataclass(frozen=True)
class Line:
    """One kind of garment, in all combinations of its cuts, fabrics and colours.

    Attributes:
        name: with {cut} and {fabric} where they stand.
        lowest, highest: price range, in units of currency.
        colours, cuts, fabrics: separated by commas.
    """

    name: str
    lowest: float
    highest: float
    colours: str
    cuts: str = ""
    fabrics: str = ""

    def styles(self) -> Iterator[str]:
        """Names without the colour."""
        for cut, fabric in product(_words(self.cuts), _words(self.fabrics)):
            yield self.name.format(cut=cut, fabric=fabric)


@dataclass(frozen=True)
class Category:
    """A shelf of the shop.

    Attributes:
        code: begins the product codes.
        share: of the articles.
        return_rate: chance that a sold line comes back.
        care: what the label says.
    """

    name: str
    code: str
    share: float
    return_rate: float
    care: str
    lines: tuple[Line, ...]


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


CATEGORIES = (
    Category(
        "Shirts", "SHI", 0.17, 0.12, "Wash warm with like colours, iron damp.",
        (
            Line("{cut} {fabric} Shirt", 39, 99, "White, Sky Blue, Pale Pink, Lilac, Navy, Light Grey",
                 "Slim, Regular, Classic, Tailored", "Oxford, Poplin, Twill, Herringbone"),
            Line("{cut} {fabric} Shirt", 35, 79, "Blue, Navy, Burgundy, Green", "Slim, Regular",
                 "Bengal-Stripe, Gingham"),
            Line("{cut} Chambray Shirt", 39, 89, "Light Blue, Mid Blue, Indigo", "Slim, Regular"),
            Line("{cut} Linen Shirt", 49, 119, "White, Sky Blue, Sand, Sage, Navy, Stone", "Slim, Regular, Relaxed"),
            Line("{cut} {fabric} Shirt", 45, 109, "Navy, Forest Green, Burgundy, Charcoal, Rust", "Regular, Relaxed",
                 "Flannel, Corduroy, Brushed-Cotton"),
            Line("{cut} Denim Shirt", 45, 99, "Indigo, Light Wash, Washed Black", "Slim, Regular"),
            Line("Short-Sleeve {fabric} Shirt", 29, 69, "White, Sky Blue, Navy, Mint, Coral", "",
                 "Linen, Seersucker, Poplin, Oxford"),
            Line("Grandad-Collar {fabric} Shirt", 35, 89, "White, Sky Blue, Sand, Navy", "", "Linen, Cotton"),
            Line("{fabric} Overshirt", 69, 149, "Navy, Olive, Charcoal, Tobacco", "",
                 "Moleskin, Corduroy, Wool, Cotton-Twill"),
            Line("{cut} Sea Island Cotton Shirt", 109, 149, "White, Sky Blue, Pale Pink", "Slim, Classic"),
            Line("Marcella Dress Shirt", 79, 139, "White, Ivory"),
        ),
    ),
    Category(
        "T-Shirts", "TEE", 0.14, 0.07, "Wash cold inside out, do not tumble dry.",
        (
            Line("Essential Cotton T-Shirt", 9, 17, "White, Black, Navy, Grey Marl, Olive, Burgundy, Sand, Sky Blue"),
            Line("{cut} {fabric} Crew-Neck T-Shirt", 15, 39,
                 "White, Black, Navy, Grey Marl, Olive, Burgundy, Sand, Sky Blue", "Slim, Regular, Relaxed",
                 "Organic-Cotton, Pima-Cotton"),
            Line("{cut} Heavyweight-Cotton T-Shirt", 19, 45,
                 "White, Black, Navy, Grey Marl, Olive, Burgundy, Sand, Sky Blue", "Relaxed, Boxy"),
            Line("{cut} {fabric} V-Neck T-Shirt", 15, 35, "White, Black, Navy, Grey Marl, Olive, Burgundy",
                 "Slim, Regular", "Organic-Cotton, Pima-Cotton"),
            Line("{cut} Long-Sleeve {fabric} T-Shirt", 19, 45, "White, Black, Navy, Grey Marl, Olive, Burgundy",
                 "Slim, Regular", "Organic-Cotton, Pima-Cotton"),
            Line("Organic-Cotton Pocket T-Shirt", 15, 35, "White, Black, Navy, Grey Marl, Olive, Sand, Sky Blue"),
            Line("{cut} Garment-Dyed T-Shirt", 19, 39, "Washed Black, Faded Navy, Clay, Sage, Stone, Dusty Pink",
                 "Regular, Relaxed"),
            Line("{fabric} Henley T-Shirt", 22, 45, "White, Navy, Grey Marl, Olive, Rust", "",
                 "Waffle-Knit, Cotton, Slub-Cotton"),
            Line("{cut} Breton-Stripe T-Shirt", 22, 49, "White and Navy, Ecru and Navy, Navy and White, Ecru and Red",
                 "Short-Sleeve, Long-Sleeve"),
            Line("Linen-Blend Pocket T-Shirt", 22, 45, "White, Sand, Sage, Navy, Sky Blue"),
            Line("Merino T-Shirt", 35, 49, "Black, Navy, Charcoal, Olive"),
            Line("{cut} Quick-Dry Training T-Shirt", 17, 39, "Black, Navy, Charcoal, Royal Blue, White",
                 "Slim, Regular"),
        ),
    ),
    Category(
        "Knitwear", "KNI", 0.11, 0.10, "Wash by hand in cold water, dry flat.",
        (
            Line("{fabric} {cut} Jumper", 59, 119,
                 "Charcoal, Navy, Light Grey, Burgundy, Forest Green, Camel, Black",
                 "Crew-Neck, V-Neck, Roll-Neck, Mock-Neck", "Merino, Lambswool"),
            Line("Cotton {cut} Jumper", 39, 79, "Navy, White, Light Grey, Sky Blue, Sage, Stone",
                 "Crew-Neck, V-Neck"),
            Line("Cashmere {cut} Jumper", 149, 219, "Charcoal, Navy, Camel, Light Grey, Black, Oatmeal",
                 "Crew-Neck, V-Neck, Roll-Neck"),
            Line("Cable-Knit Lambswool Jumper", 89, 149, "Ecru, Navy, Camel, Forest Green"),
            Line("Donegal Wool Jumper", 79, 139, "Oatmeal, Charcoal, Navy, Forest Green"),
            Line("Aran Wool Jumper", 99, 159, "Ecru, Charcoal, Navy"),
            Line("Fair Isle Wool Jumper", 89, 149, "Navy, Charcoal, Ecru"),
            Line("{fabric} Cardigan", 69, 139, "Charcoal, Navy, Light Grey, Burgundy, Camel, Black", "",
                 "Merino, Lambswool"),
            Line("Shawl-Collar Wool Cardigan", 99, 169, "Charcoal, Navy, Ecru, Camel, Forest Green"),
            Line("{fabric} Quarter-Zip Jumper", 59, 129, "Navy, Charcoal, Light Grey, Burgundy, Stone", "",
                 "Merino, Lambswool, Cotton"),
            Line("Merino Knitted Polo Shirt", 59, 109, "Navy, Charcoal, Camel, Black, Forest Green"),
            Line("Lambswool Knitted Gilet", 59, 109, "Navy, Charcoal, Camel, Burgundy"),
            Line("Loopback-Cotton Sweatshirt", 39, 79, "Grey Marl, Navy, Black, Olive, Ecru, Burgundy"),
        ),
    ),
    Category(
        "Trousers", "TRO", 0.11, 0.16, "Wash or dry clean as the label says; hang by the hems.",
        (
            Line("{cut} Cotton Chinos", 39, 89, "Navy, Stone, Khaki, Olive, Charcoal, Black, Tobacco",
                 "Slim, Straight, Tapered, Relaxed, Pleated"),
            Line("{cut} Stretch-Cotton Chinos", 45, 95, "Navy, Stone, Khaki, Black, Dark Grey", "Slim, Tapered"),
            Line("{cut} Linen Trousers", 59, 119, "Sand, Navy, Stone, White, Olive", "Straight, Relaxed"),
            Line("{cut} Wool-Flannel Trousers", 99, 169, "Charcoal, Mid Grey, Light Grey, Navy",
                 "Slim, Regular, Pleated"),
            Line("{cut} {fabric} Trousers", 89, 159, "Navy, Charcoal, Mid Grey, Black", "Slim, Regular",
                 "Worsted-Wool, Tropical-Wool"),
            Line("{cut} Cavalry-Twill Trousers", 89, 149, "Fawn, Navy, Olive, Charcoal", "Slim, Regular"),
            Line("{cut} Corduroy Trousers", 55, 119, "Tobacco, Navy, Bottle Green, Burgundy, Camel",
                 "Slim, Regular, Relaxed"),
            Line("{cut} Moleskin Trousers", 65, 129, "Olive, Navy, Tan, Charcoal", "Regular, Straight"),
            Line("Cotton Cargo Trousers", 49, 99, "Olive, Black, Khaki, Stone"),
            Line("Drawstring {fabric} Trousers", 45, 89, "Navy, Stone, Olive, Sand", "", "Linen, Cotton"),
            Line("Loopback-Cotton Joggers", 39, 79, "Grey Marl, Navy, Black, Olive"),
            Line("{cut} Chino Shorts", 39, 59, "Navy, Stone, Khaki, Sky Blue", "Slim, Regular"),
            Line("Linen Shorts", 39, 69, "Sand, Navy, White, Sage"),
        ),
    ),
    Category(
        "Jeans", "JEA", 0.08, 0.18, "Wash cold inside out, and seldom.",
        (
            Line("Stretch {cut} Jeans", 49, 99, "Dark Rinse, Mid Wash, Light Wash, Black, Washed Grey",
                 "Skinny, Slim, Tapered, Straight, Bootcut"),
            Line("Organic-Cotton {cut} Jeans", 69, 129, "Dark Rinse, Mid Wash, Light Wash, Black, Ecru, Washed Grey",
                 "Slim, Straight, Relaxed, Loose"),
            Line("Vintage-Wash {cut} Jeans", 69, 129, "Mid Blue, Light Blue, Faded Black",
                 "Slim, Straight, Relaxed, Tapered"),
            Line("Selvedge {cut} Jeans", 109, 189, "Indigo, Dark Rinse, Washed Indigo, Black",
                 "Slim, Straight, Tapered, Relaxed"),
            Line("Raw Selvedge {cut} Jeans", 119, 189, "Indigo, Black", "Slim, Straight, Tapered"),
            Line("Japanese Selvedge {cut} Jeans", 139, 189, "Indigo, Black, Ecru", "Slim, Straight, Tapered"),
            Line("Carpenter Jeans", 69, 129, "Indigo, Mid Wash, Black, Ecru"),
            Line("Denim Shorts", 49, 79, "Mid Wash, Light Wash, Black, Ecru"),
        ),
    ),
    Category(
        "Suits", "SUI", 0.05, 0.22, "Half-canvassed; dry clean only.",
        (
            Line("{cut} {fabric} Suit", 299, 590, "Navy, Charcoal, Mid Grey", "Slim, Regular, Tailored",
                 "Worsted-Wool, Birdseye-Wool, Sharkskin-Wool"),
            Line("{cut} Stretch-Wool Suit", 249, 390, "Navy, Charcoal, Mid Grey, Black", "Slim, Regular"),
            Line("{cut} Wool-Flannel Suit", 349, 590, "Charcoal, Mid Grey, Navy", "Slim, Regular"),
            Line("{cut} Pinstripe Wool Suit", 329, 590, "Navy, Charcoal", "Slim, Regular"),
            Line("{cut} Prince of Wales Check Suit", 349, 620, "Grey, Blue", "Slim, Regular"),
            Line("{cut} Linen Suit", 249, 420, "Sand, Navy, Stone, Sage", "Slim, Regular"),
            Line("{cut} Cotton Suit", 199, 320, "Navy, Khaki, Stone", "Slim, Regular"),
            Line("Three-Piece Worsted-Wool Suit", 420, 690, "Navy, Charcoal, Mid Grey"),
            Line("Three-Piece Tweed Suit", 420, 690, "Brown, Grey, Green"),
            Line("Double-Breasted Wool Suit", 390, 690, "Navy, Charcoal, Mid Grey"),
            Line("{cut} Dinner Suit", 349, 690, "Black, Midnight Blue", "Slim, Regular"),
        ),
    ),
    Category(
        "Blazers", "BLA", 0.05, 0.19, "Dry clean only.",
        (
            Line("{cut} {fabric} Blazer", 119, 239, "Navy, Stone, Sand, Olive", "Slim, Regular", "Linen, Cotton"),
            Line("{cut} Wool-Hopsack Blazer", 189, 350, "Navy, Mid Blue, Charcoal, Forest Green", "Slim, Regular"),
            Line("{cut} Herringbone-Wool Blazer", 199, 350, "Charcoal, Brown, Navy", "Slim, Regular"),
            Line("{cut} Corduroy Blazer", 149, 280, "Tobacco, Navy, Bottle Green, Camel", "Slim, Regular"),
            Line("{cut} Tweed Blazer", 219, 390, "Brown, Charcoal, Green, Oatmeal", "Slim, Regular"),
            Line("Harris Tweed Blazer", 279, 420, "Brown, Charcoal, Green"),
            Line("{cut} Velvet Blazer", 189, 350, "Burgundy, Bottle Green, Navy, Black", "Slim, Regular"),
            Line("Unstructured {fabric} Blazer", 129, 260, "Navy, Charcoal, Stone", "", "Jersey, Wool, Cotton"),
            Line("Double-Breasted Wool Blazer", 229, 390, "Navy, Charcoal, Camel"),
            Line("Seersucker Blazer", 129, 220, "Sky Blue, Navy"),
        ),
    ),
    Category(
        "Coats", "COA", 0.06, 0.15, "Leave the cleaning to a specialist.",
        (
            Line("{cut} Wool Overcoat", 229, 390, "Navy, Charcoal, Camel, Black", "Single-Breasted, Double-Breasted"),
            Line("{cut} Wool-Cashmere Overcoat", 349, 540, "Navy, Charcoal, Camel, Black",
                 "Single-Breasted, Double-Breasted"),
            Line("Tweed Overcoat", 249, 420, "Brown, Charcoal"),
            Line("Wool Car Coat", 199, 350, "Navy, Charcoal, Camel"),
            Line("Wool Pea Coat", 179, 320, "Navy, Charcoal, Black"),
            Line("Wool Duffle Coat", 199, 350, "Navy, Camel, Charcoal, Olive"),
            Line("Cotton Trench Coat", 199, 420, "Stone, Khaki, Navy, Black"),
            Line("Cotton Mac", 149, 290, "Stone, Navy, Olive"),
            Line("Waterproof Parka", 189, 390, "Olive, Navy, Black, Stone"),
            Line("Hooded Raincoat", 119, 249, "Black, Navy, Yellow"),
            Line("Waxed-Cotton Jacket", 179, 320, "Olive, Navy, Black"),
            Line("Cotton Field Jacket", 139, 259, "Olive, Khaki, Navy"),
            Line("Cotton Harrington Jacket", 119, 199, "Stone, Navy, Black, Burgundy"),
            Line("Quilted {cut}", 119, 229, "Navy, Olive, Black, Stone", "Jacket, Gilet"),
            Line("Down {cut}", 129, 350, "Black, Navy, Olive, Burgundy", "Puffer Jacket, Gilet"),
            Line("Nylon Bomber Jacket", 119, 199, "Black, Olive, Navy"),
            Line("Suede Bomber Jacket", 290, 490, "Tan, Navy, Chocolate"),
            Line("Leather Biker Jacket", 320, 540, "Black, Dark Brown"),
            Line("Denim Trucker Jacket", 119, 169, "Indigo, Mid Wash, Black"),
            Line("Corduroy Trucker Jacket", 119, 189, "Tobacco, Navy, Camel"),
        ),
    ),
    Category(
        "Shoes", "SHO", 0.08, 0.21, "Comes with a spare pair of laces or a dust bag.",
        (
            Line("Leather {cut}", 129, 320, "Black, Dark Brown, Tan, Oxblood",
                 "Oxford Shoes, Derby Shoes, Brogues, Monk-Strap Shoes, Penny Loafers, Tassel Loafers"),
            Line("Suede {cut}", 109, 240, "Tan, Navy, Chocolate",
                 "Derby Shoes, Brogues, Penny Loafers, Tassel Loafers"),
            Line("Patent-Leather Oxford Shoes", 149, 280, "Black"),
            Line("Leather {cut} Boots", 149, 320, "Black, Dark Brown, Tan", "Chelsea, Chukka, Lace-Up"),
            Line("Suede {cut} Boots", 109, 260, "Tan, Chocolate, Sand", "Chelsea, Chukka"),
            Line("Suede Desert Boots", 89, 160, "Sand, Tan, Chocolate, Navy"),
            Line("Leather Hiking Boots", 129, 240, "Dark Brown, Black"),
            Line("Rubber Wellington Boots", 59, 130, "Green, Navy, Black"),
            Line("Leather Trainers", 79, 180, "White, Black, Navy, Tan, Grey"),
            Line("Suede Trainers", 69, 150, "Navy, Grey, Olive, Burgundy, Sand"),
            Line("Canvas {cut} Trainers", 59, 89, "White, Navy, Black, Ecru, Olive, Red", "Low-Top, High-Top"),
            Line("Mesh Running Shoes", 69, 160, "Black, White, Grey, Royal Blue"),
            Line("Leather Boat Shoes", 79, 150, "Tan, Navy, Dark Brown"),
            Line("Suede Driving Shoes", 89, 190, "Navy, Tan, Chocolate, Grey"),
            Line("Canvas Espadrilles", 59, 79, "Navy, Ecru, Sand, Black"),
            Line("Leather Sandals", 59, 110, "Dark Brown, Tan, Black"),
            Line("Suede Slippers", 59, 89, "Navy, Tan, Burgundy"),
        ),
    ),
    Category(
        "Underwear and Socks", "UND", 0.07, 0.02, "Wash warm, tumble dry low.",
        (
            Line("{cut} Cotton Socks", 6, 12, "Navy, Black, Charcoal, Grey Marl, Burgundy, Forest Green, Mustard",
                 "Plain, Ribbed"),
            Line("Striped Cotton Socks", 7, 13, "Navy and White, Burgundy and Navy, Green and Navy"),
            Line("Cotton Trainer Socks", 6, 10, "White, Black, Grey Marl, Navy"),
            Line("Bamboo Socks", 7, 14, "Black, Navy, Charcoal, Grey Marl"),
            Line("Merino Socks", 10, 19, "Navy, Charcoal, Burgundy, Forest Green, Black, Camel"),
            Line("Argyle Merino Socks", 11, 20, "Navy, Charcoal, Burgundy"),
            Line("Wool Boot Socks", 10, 20, "Charcoal, Oatmeal, Olive, Navy"),
            Line("Cashmere Socks", 22, 35, "Navy, Charcoal, Camel, Black"),
            Line("{fabric} {cut}", 12, 28, "Black, White, Navy, Grey Marl, Burgundy", "Trunks, Boxer Briefs, Briefs",
                 "Stretch-Cotton, Organic-Cotton, Modal"),
            Line("Woven-Cotton Boxer Shorts", 14, 30, "White, Sky Blue, Navy, Pale Pink, Burgundy"),
            Line("Cotton Vest", 9, 20, "White, Black, Grey Marl"),
            Line("Merino Thermal {cut}", 24, 35, "Black, Navy, Charcoal", "Vest, Long Johns"),
        ),
    ),
    Category(
        "Accessories", "ACC", 0.08, 0.05, "Comes in a gift box.",
        (
            Line("{cut} Belt", 29, 89, "Black, Dark Brown, Tan", "Leather, Woven Leather, Reversible Leather"),
            Line("Suede Belt", 29, 79, "Tan, Navy, Chocolate"),
            Line("{cut} Tie", 29, 79, "Navy, Burgundy, Forest Green, Black, Royal Blue", "Silk, Knitted Silk"),
            Line("Grenadine Silk Tie", 59, 119, "Navy, Burgundy, Forest Green, Black"),
            Line("Striped Silk Tie", 29, 89, "Navy and Burgundy, Navy and Silver, Green and Navy"),
            Line("Wool Tie", 29, 69, "Charcoal, Navy, Forest Green, Camel"),
            Line("Silk Bow Tie", 25, 59, "Black, Navy, Burgundy"),
            Line("Silk Pocket Square", 19, 49, "Navy, Burgundy, Forest Green, Ivory"),
            Line("Linen Pocket Square", 12, 29, "White, Sky Blue, Pale Pink"),
            Line("Cotton Handkerchief", 12, 19, "White, Sky Blue"),
            Line("{fabric} Scarf", 29, 69, "Navy, Charcoal, Camel, Burgundy, Forest Green", "", "Lambswool, Merino"),
            Line("Cashmere Scarf", 69, 119, "Navy, Charcoal, Camel, Light Grey, Black"),
            Line("Leather Gloves", 39, 109, "Black, Dark Brown, Tan"),
            Line("Cashmere-Lined Leather Gloves", 69, 119, "Black, Dark Brown, Tan"),
            Line("Wool Gloves", 15, 39, "Navy, Charcoal, Black"),
            Line("Merino Beanie", 15, 39, "Navy, Charcoal, Black, Burgundy, Olive"),
            Line("Cashmere Beanie", 45, 89, "Navy, Charcoal, Camel"),
            Line("Cotton Baseball Cap", 12, 29, "Navy, Black, Stone, Olive"),
            Line("Tweed Flat Cap", 29, 59, "Brown, Charcoal, Green"),
            Line("Leather {cut}", 35, 99, "Black, Dark Brown, Tan, Navy", "Wallet, Document Holder"),
            Line("Leather Card Holder", 19, 59, "Black, Dark Brown, Tan, Navy"),
            Line("Leather Wash Bag", 49, 119, "Black, Dark Brown, Tan"),
            Line("Leather Key Fob", 12, 25, "Black, Dark Brown, Tan"),
            Line("Canvas Tote Bag", 19, 49, "Ecru, Navy, Olive"),
            Line("Button-On Braces", 19, 49, "Navy, Burgundy, Black"),
            Line("Silk Knot Cufflinks", 12, 25, "Navy, Burgundy, White"),
            Line("Walking Umbrella", 29, 99, "Black, Navy, Forest Green"),
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class _Garments:
    """All names that there are, category after category.

    Attributes:
        name: shape (n,).
        style: shape (n,), position in the lists of styles: the same garment in several colours is one style.
        lowest, highest: by style, its price range.
        begin: shape (categories + 1,), where each category begins in `name`.
    """

    name: pa.StringArray
    style: Integers
    lowest: Floats
    highest: Floats
    begin: Integers


def _enumerate() -> _Garments:
    names: list[str] = []
    style: list[int] = []
    lowest: list[float] = []
    highest: list[float] = []
    begin = [0]
    for category in CATEGORIES:
        for line in category.lines:
            for name in line.styles():
                colours = _words(line.colours)
                names += [f"{name} in {colour}" for colour in colours]
                style += [len(lowest)] * len(colours)
                lowest.append(line.lowest)
                highest.append(line.highest)
        begin.append(len(names))
    return _Garments(pa.array(names), np.array(style), np.array(lowest), np.array(highest), np.array(begin))


GARMENTS = _enumerate()


def draw_garments(seed: int, category: Integers) -> tuple[Integers, Integers]:
    """A garment for each product of some categories, none twice while there is another.

    More products leave those before them as they were.

    Args:
        category: shape (n,), positions in ``CATEGORIES``.

    Returns:
        shape (n,) each: position in ``GARMENTS``, and how many products before it are that garment already.
    """
    garment, before = np.empty_like(category), np.empty_like(category)
    for number, (begin, end) in enumerate(zip(GARMENTS.begin, GARMENTS.begin[1:], strict=False)):
        shuffled = begin + np.argsort(uniform(seed, "garment", np.arange(begin, end)))
        there = np.flatnonzero(category == number)
        before[there], which = np.divmod(np.arange(len(there)), end - begin)
        garment[there] = shuffled[which]
    return garment, before


def draw_prices(seed: int, garment: Integers, before: Integers) -> Floats:
    """What each garment costs, in units of currency, shape (n,): one price for all colours of a style."""
    style = GARMENTS.style[garment]
    lowest, highest = GARMENTS.lowest[style], GARMENTS.highest[style]
    return lowest * (highest / lowest) ** uniform(seed, "price of style", style, before)
