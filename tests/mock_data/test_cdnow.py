"""CDNOW, a public purchase log: landed and run through the same models, it gives the published counts to the cent."""

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from book import real_data

# published: Fader and Hardie's notes on the CDNOW data; the one-in-ten sample has 2,357 customers and 6,919 rows
PUBLISHED = (69_659, 23_570, Decimal("2500315.63"))
ZERO_ROWS = 80


def test_the_log_read_by_hand_is_the_published_one() -> None:
    assert real_data.by_hand(real_data.log_file()) == PUBLISHED


def test_every_transaction_lands(tmp_path: Path) -> None:
    outcome, warehouse = real_data.land(tmp_path)
    assert (outcome.read, outcome.refused, outcome.zero_amounts) == (PUBLISHED[0], 0, ZERO_ROWS)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        assert real_data.in_crm(connection) == PUBLISHED
    assert real_data.land(tmp_path)[0].unchanged


def test_the_sample_lands_without_a_header(tmp_path: Path) -> None:
    outcome, _ = real_data.land(tmp_path, real_data.SAMPLE)
    assert (outcome.customers, outcome.landed, outcome.refused) == (2_357, 6_919, 0)


# it stands between the two shares of the breaks, of which the second takes what the first has made
@pytest.mark.slow(seconds=110)
def test_the_models_give_the_published_counts_and_the_page_says_so(tmp_path: Path) -> None:
    """Builds every model on the log, with every data test; the page's numbers must be what comes out."""
    text = real_data.fragment(tmp_path)
    with duckdb.connect(str(tmp_path / "CDNOW_master.duckdb"), read_only=True) as connection:
        assert real_data.in_marts(connection) == PUBLISHED
        (zero,) = (
            connection.execute("select count(*) from marts.fct_purchases where gross_revenue = 0").fetchone() or ()
        )
        assert zero == ZERO_ROWS
    assert text == real_data.FRAGMENT.read_text(encoding="utf-8"), "stale: run `python -m book.real_data`"
