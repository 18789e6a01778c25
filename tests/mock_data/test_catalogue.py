"""What is sold: garments that exist, each in the channels that carry it; and price ladders of any shape."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_data import worlds as worlds_module
from mock_data.behaviour.baskets import PriceLadders
from mock_data.crm.catalogue import MALL, STANDARD, make_catalogue
from mock_data.crm.garments import CATEGORIES, GARMENTS
from mock_data.crm.homes import CHANNELS
from mock_data.crm.orders import RETAIL, SUBSCRIPTION
from mock_data.schema import CRM
from mock_data.simulation import shared_rows
from mock_data.world import World
from tests.examples import examples

from .worlds import default_world, frames, run

SEEDS = range(12)
CLASSES = CRM["product_2"].field("product_class_c").picklist

# what garments are made of, by the word that their names end in: written down without a look at the vocabulary
WOOLS = {"Merino", "Lambswool", "Wool", "Cashmere", "Cotton"}
MATERIALS = {
    "Belt": {"Leather", "Suede"},
    "Socks": {"Cotton", "Merino", "Wool", "Cashmere", "Bamboo"},
    "Scarf": {"Lambswool", "Merino", "Cashmere"},
    "Tie": {"Silk", "Wool"},
    "Gloves": {"Leather", "Wool"},
    "Square": {"Silk", "Linen"},
    "Boots": {"Leather", "Suede", "Rubber"},
    "Brogues": {"Leather", "Suede"},
    "Loafers": {"Leather", "Suede"},
    "Trainers": {"Leather", "Suede", "Canvas"},
    "Shoes": {"Leather", "Suede", "Patent-Leather", "Mesh"},
    "Jumper": WOOLS,
    "Cardigan": WOOLS,
    "Beanie": {"Merino", "Cashmere"},
    "Overcoat": {"Wool", "Wool-Cashmere", "Tweed"},
    "Jeans": {"Stretch", "Organic-Cotton", "Vintage-Wash", "Selvedge", "Carpenter"},
    "Trunks": {"Stretch-Cotton", "Organic-Cotton", "Modal"},
}
# words that say what a thing is made of: a garment of the list above has none but its own
ALL_MATERIALS = {
    "Leather", "Suede", "Silk", "Linen", "Merino", "Lambswool", "Cashmere", "Wool", "Cotton", "Canvas", "Rubber",
    "Flannel", "Corduroy", "Tweed", "Velvet", "Denim", "Selvedge", "Modal", "Bamboo", "Mesh", "Twill", "Poplin",
}  # fmt: skip


def products(world: World) -> pd.DataFrame:
    catalogue = make_catalogue(world)
    return frames(shared_rows(world, catalogue), world.opening + np.timedelta64(1, "D"))["crm.product_2"]


@pytest.mark.parametrize("category", CATEGORIES, ids=lambda c: c.name)
def test_every_garment_that_can_be_made_exists(category):
    begin = GARMENTS.begin[CATEGORIES.index(category)]
    end = GARMENTS.begin[CATEGORIES.index(category) + 1]
    for name in GARMENTS.name[begin:end].to_pylist():
        garment, colour = name.rsplit(" in ", 1)
        assert re.fullmatch(r"[A-Z][a-z]+(?:[ -](?:of|[A-Z][a-z]*))*", garment), name
        assert re.fullmatch(r"[A-Z][a-z]+(?: (?:and )?[A-Z][a-z]+)*", colour), f"{name}: no colour that a buyer names"
        words = garment.split()
        made_of = MATERIALS.get(words[-1])
        if made_of and words[-2:] != ["Bow", "Tie"]:
            assert made_of & set(words), name
            stray = (ALL_MATERIALS & set(words)) - made_of
            assert not stray - {"Cashmere-Lined"}, name
    assert 0 <= category.return_rate < 0.25 and re.fullmatch("[A-Z]{3}", category.code)


def test_the_vocabulary_is_whole():
    names = GARMENTS.name.to_pylist()
    assert len(set(names)) == len(names)
    assert sum(c.share for c in CATEGORIES) == pytest.approx(1)
    assert len({c.code for c in CATEGORIES}) == len(CATEGORIES)
    assert (GARMENTS.lowest < GARMENTS.highest).all()
    expected = {
        "Slim Oxford Shirt in Sky Blue", "Merino Crew-Neck Jumper in Charcoal", "Leather Chelsea Boots in Tan",
        "Silk Tie in Burgundy", "Selvedge Slim Jeans in Indigo",
    }  # fmt: skip
    assert expected <= set(names)
    # a default catalogue finds a name of its own for nearly every article of each category
    sizes = np.diff(GARMENTS.begin)
    wanted = np.array([1_000 * c.share + 2 * np.sqrt(1_000 * c.share) for c in CATEGORIES])
    assert (sizes > wanted).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_products_have_names_codes_and_prices_of_their_own(seed):
    world = default_world(seed=seed, contacts=1, accounts=2, products=1_000)
    found = products(world)
    articles = found.iloc[:1_000]
    assert found.name.is_unique and found.product_code.is_unique
    category = articles.product_category_id
    shares = category.value_counts(normalize=True).sort_index()
    assert np.allclose(shares, [c.share for c in CATEGORIES], atol=0.04)
    codes = [c.code for c in CATEGORIES]
    for code, number, shelf in zip(articles.product_code, articles.id, category, strict=True):
        assert code == f"{codes[shelf]}-{number:06}"
    assert found.product_code.iloc[1_000:].str.fullmatch(r"BOX-\d{6}").all()
    # each article is of its category, and its price of the line that it belongs to
    line = {
        (shelf, f"{style} in {colour.strip()}"): row
        for shelf, c in enumerate(CATEGORIES)
        for row in c.lines
        for style in row.styles()
        for colour in row.colours.split(",")
    }
    cents = make_catalogue(world).list_cents[STANDARD, :1_000]
    for name, shelf, price in zip(articles.name, category, cents / 100, strict=True):
        of = line[shelf, re.sub(r", Style \d+$", "", name)]
        assert of.lowest - 1 <= price <= of.highest, name
    styles = pd.Series(cents).groupby(articles.name.str.replace(r" in .*", "", regex=True).to_numpy())
    numbered = articles.name.str.contains(", Style ").sum()
    assert styles.nunique().sub(1).sum() <= numbered  # all colours of a style stand at one price
    assert articles.is_archived.sum() > 0 and not (articles.is_archived & articles.is_active).any()
    assert found.is_active.mean() == pytest.approx(0.95, abs=0.03)
    assert found.iloc[1_000:].is_active.all()


def test_more_products_than_garments_are_numbered_and_leave_those_before_them():
    few, many = (products(default_world(contacts=1, accounts=2, products=n)) for n in (700, 5_000))
    assert many.name.is_unique
    assert many.name.str.contains(r", Style [23]$").any()
    plans = len(few) - 700
    assert many.name.iloc[:700].tolist() == few.name.iloc[:700].tolist()
    assert many.name.iloc[5_000:].tolist() == few.name.iloc[700:].tolist() and plans > 0


def sold(rows: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Order items with their product, their order's type and their account's channel."""
    orders = rows["crm.order"].set_index("id")
    items = rows["crm.order_item"].merge(rows["crm.product_2"], left_on="product_2_id", right_on="id")
    items["order_type"] = orders.type.loc[items.order_id].to_numpy()
    source = rows["crm.account"].set_index("id").account_source
    items["source"] = source.loc[orders.account_id.loc[items.order_id]].to_numpy()
    items["pricebook"] = orders.pricebook_2_id.loc[items.order_id].to_numpy()
    return items


@pytest.mark.parametrize("seed", SEEDS)
def test_channels_sell_what_they_carry_and_nobody_what_is_inactive(seed):
    name = worlds_module.names()[seed % len(worlds_module.names())]
    world = default_world(seed=seed, contacts=300, accounts=20, products=60, behaviour=worlds_module.load(name))
    until = world.opening + np.timedelta64(7 * 150, "D")
    rows = frames(run(world, until), until)
    items = sold(rows)
    assert items.is_active.all()
    offered = rows["crm.opportunity_line_item"].product_2_id
    assert rows["crm.product_2"].set_index("id").is_active.loc[offered].all()
    retail = items[items.order_type == RETAIL]
    online = retail.source == CHANNELS.index("online")
    assert set(retail.product_class_c[online]) == {CLASSES.index("online"), CLASSES.index("both")}
    assert set(retail.product_class_c[~online]) == {CLASSES.index("store"), CLASSES.index("both")}
    assert ((retail.source == CHANNELS.index("mall")) == (retail.pricebook == MALL)).all()
    boxes = items[items.order_type == SUBSCRIPTION]
    assert (boxes.source == CHANNELS.index("online")).all() and (boxes.product_class_c == CLASSES.index("online")).all()
    # what stands at the same price sells alike: no article waits behind another for ever
    assert retail.product_2_id.nunique() > 0.8 * (rows["crm.product_2"].is_active.sum() - len(world.plans))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [1, 2])
def test_every_channel_has_something_to_sell(seed, n):
    world = default_world(seed=seed, contacts=40, accounts=12, products=n)
    until = world.opening + np.timedelta64(7 * 150, "D")
    items = sold(frames(run(world, until), until))
    assert set(items.source[items.order_type == RETAIL]) >= {CHANNELS.index("store"), CHANNELS.index("online")}
    catalogue = make_catalogue(world)
    assert (np.diff(catalogue.ladders.begin) > 0).all() and 0 in catalogue.for_sale


def test_each_combination_has_the_ladder_of_its_own_prices():
    world = default_world(contacts=1, accounts=2, products=300, behaviour=worlds_module.load("price-rise"))
    catalogue = make_catalogue(world)
    ladders = catalogue.ladders
    for book in (STANDARD, MALL):
        for online in (False, True):
            for dearer in (False, True):
                which = int(catalogue.ladder(np.array([book]), np.array([online]), np.array([dearer]))[0])
                rungs = slice(ladders.begin[which], ladders.begin[which + 1])
                cents = (catalogue.dearer_cents if dearer else catalogue.list_cents)[book]
                carried = {CLASSES.index("online" if online else "store"), CLASSES.index("both")}
                expected = {p for p in range(300) if catalogue.is_active[p] and catalogue.channel[p] in carried}
                assert set(ladders.product[rungs]) == expected
                assert (ladders.cents[rungs] == cents[ladders.product[rungs]]).all()
                assert (np.diff(ladders.cents[rungs]) >= 0).all()


prices = st.lists(st.integers(1, 40), min_size=1, max_size=12)


@examples(150)
@given(st.lists(prices, min_size=1, max_size=5), st.data())
def test_the_nearest_price_of_a_list_is_found_and_all_that_stand_at_it_are_drawn(lists, data):
    numbered = [(np.arange(len(some)) + 100 * i, np.array(some)) for i, some in enumerate(lists)]
    ladders = PriceLadders.of(numbered)
    which = data.draw(st.integers(0, len(lists) - 1))
    cents = data.draw(st.floats(0, 60))
    u = (np.arange(600) + 0.5) / 600
    rung = ladders.nearest(np.full(600, which), np.full(600, cents), u)
    product, price = numbered[which]
    least = np.abs(price - cents).min()
    assert (np.abs(ladders.cents[rung] - cents) == least).all()
    drawn = set(ladders.product[rung])
    nearest = price[np.abs(price - cents) == least]
    assert len(set(ladders.cents[rung])) == 1 and set(ladders.cents[rung]) <= set(nearest)
    assert drawn == set(product[price == ladders.cents[rung[0]]])
    assert ladders.lowest[which] == min(price) and ladders.highest[which] == max(price)
