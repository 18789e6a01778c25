"""The six words are counted as the page says, and every one of them stands on it."""

import re
from pathlib import Path

import duckdb

from book.paths import PAGES
from book.words import COUNTED, word_pieces
from tests.conftest import default_settings
from warehouse.settings import Settings

# four contacts: a buyer with two purchases on one day and one on another, a buyer with a box as well, one who has boxes
# only, and one who never ordered; a walk-in and a sale of an unknown kind besides
MARTS = """
create schema marts;
create table marts.dim_contacts as select * from (values
    ('anna', 3, 2), ('bob', 2, 1), ('carl', 1, 0), ('dora', 0, 0)
) as contacts(contact_id, order_count, occasion_count);
create table marts.fct_purchases as select * from (values
    ('anna', date '2024-01-01'), ('anna', date '2024-01-01'), ('anna', date '2024-02-01'), ('bob', date '2024-01-01')
) as purchases(contact_id, purchase_date);
create table marts.fct_orders as select * from (values
    ('Retail', true), ('Retail', true), ('Retail', true), ('Retail', true), ('Subscription', false),
    ('Subscription', false), ('Retail', false), ('<Gift>', false)
) as orders(order_type, is_purchase_occasion);
"""
COUNTS = {"contacts": 4, "customers": 3, "buyers": 2, "orders": 8, "purchases": 4, "occasions": 3}


def pieces(folder: Path) -> dict[str, str]:
    settings = default_settings(warehouse_path=folder / "shop.duckdb")
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute(MARTS)
    return word_pieces(settings)


def test_each_word_is_counted_and_shows_its_query(tmp_path: Path) -> None:
    found = pieces(tmp_path)
    for word, number in COUNTS.items():
        assert found[word] == (
            f"**{number}** {word} in this warehouse, as of 31 December 2025:\n\n```sql\n{COUNTED[word]}\n```\n"
        )


def test_the_picture_says_what_is_left_over(tmp_path: Path) -> None:
    picture = pieces(tmp_path)["words"]
    assert "Never ordered: 1<" in picture and "Orders, but no purchase: 1<" in picture
    assert "No purchases: 2 members’ boxes, 1 of type &lt;Gift&gt;, 1 sales to walk-ins" in picture
    assert "\n\n" not in picture  # it would end the HTML in Markdown


def test_the_page_includes_every_piece_under_its_heading() -> None:
    page = (PAGES / "glossary.md").read_text(encoding="utf-8")
    sections = {part.splitlines()[0].casefold(): part for part in page.split("\n### ")[1:]}
    for word in COUNTED:
        assert f"generated/words_{word}.md" in sections[word.removesuffix("s")]
    assert set(re.findall(r"generated/words_(\w+)\.md", page)) == {*COUNTED, "words"}


def test_the_words_contain_one_another_in_the_default_world_on_both_engines(
    default_duckdb: Settings, default_postgres: Settings
) -> None:
    """Contacts ⊇ customers ⊇ buyers, orders ⊇ purchases, and no more occasions than purchases."""
    found = word_pieces(default_duckdb)
    assert found == word_pieces(default_postgres)
    number = {word: int(re.match(r"\*\*([\d,]+)\*\*", found[word])[1].replace(",", "")) for word in COUNTED}  # type: ignore[index]
    assert number["contacts"] > number["customers"] > number["buyers"] > 0
    assert number["orders"] > number["purchases"] > number["occasions"] >= number["buyers"]
