"""The picture in the README says what the site says."""

from book.preview import STORED, drawn, png, preview
from tests.test_readme import README
from warehouse.settings import PROJECT_ROOT, Settings

FACTS = [("2", "customers & friends"), ("$1.3 m", "net revenue")]


def test_the_stored_picture_is_drawn_from_the_default_world(default_duckdb: Settings) -> None:
    drawn_now = preview(default_duckdb, default_duckdb.warehouse_path.parent / "dbt" / "manifest.json")
    assert STORED.read_text(encoding="utf-8") == drawn_now, "run `python -m book.preview` on the default world"


def test_the_readme_shows_it() -> None:
    assert f"]({STORED.relative_to(PROJECT_ROOT)})" in README


def test_facts_stand_in_the_picture_as_text_also_without_a_chart() -> None:
    svg = drawn(FACTS, None)
    assert all(f">{text}<" in svg for text in ("2", "customers &amp; friends", "$1.3 m", "net revenue"))
    assert png(svg).startswith(b"\x89PNG")
