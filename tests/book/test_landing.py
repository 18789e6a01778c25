"""The landing page's findings: right on made-up marts, and no claim that the marts do not bear out."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from book import landing
from book.landing import findings_piece, read_findings
from book.marts import reading_marts
from tests.conftest import default_settings
from warehouse.errors import UserError
from warehouse.settings import Settings

AS_OF = date(2024, 12, 31)
# two years of 100 and 150 a month; of ten buyers six have lapsed; two of the ten bring 800 of 1,000
MARTS = """
create schema marts;
create table marts.order_kpis_monthly as
    select
        cast(date '2023-01-01' + to_months(cast(n as int)) as date) as month_start,
        case when n < 12 then 100 else 150 end as net_revenue
    from range(24) as months(n);
create table marts.customer_lapse as select n < 6 as is_lapsed from range(10) as buyers(n);
create table marts.attrition_monthly as select * from (values
    (date '2024-11-01', 7, 0, 7), (date '2024-12-01', 3, 6, 4), (date '2025-01-01', 0, 0, null)
) as months(month_start, new_contacts, lapsed_contacts, active_at_end);
create table marts.rfm as select * from (values
    ('Champions', 500), ('Loyal', 300), ('Cannot lose them', 120), ('Lost', 10), ('Lost', 10), ('Lost', 10),
    ('Lost', 10), ('Lost', 10), ('Lost', 10), ('Lost', 20)
) as buyers(segment, monetary);
create table marts.repurchase_after_case as select * from (values
    ('any case', 100, 30), ('no case', 1000, 500)
) as groups(case_group, purchases, repurchases);
"""
NOTHING = """
delete from marts.order_kpis_monthly; delete from marts.customer_lapse; delete from marts.attrition_monthly;
delete from marts.rfm; delete from marts.repurchase_after_case;
"""


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    return marts(tmp_path)


def marts(folder: Path, change: str = "") -> Settings:
    settings = default_settings(warehouse_path=folder / "shop.duckdb", as_of_date=AS_OF)
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute(MARTS + change)
    return settings


@pytest.fixture
def in_default_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(landing, "_is_default_world", lambda settings: True)
    yield


def test_each_finding_says_what_the_marts_hold(shop: Settings) -> None:
    with reading_marts(shop) as connection:
        quiet, best, after = read_findings(connection, AS_OF)
    assert (quiet.figure, best.figure, after.figure) == ("60%", "80%", "30%")
    assert quiet.holds and best.holds and after.holds
    assert quiet.words == (
        "Of 10 people who ever bought, 6 have not done so for more than 182 days; 6 crossed that line in December 2024 "
        "alone. Net revenue of the last twelve months is 50% more than of the twelve before."
    )
    assert "are 20% of the buyers and brought 80% of the revenue" in best.words
    assert "away since: 1 buyer who spent $120." in best.words
    assert "30% were followed by a further purchase in the next 182 days; without one, 50%." in after.words


CHANGES = {
    "Sales grow, and most buyers have gone quiet": "update marts.customer_lapse set is_lapsed = false",
    "Under a third of the buyers bring most of the money": "update marts.rfm set monetary = 10",
    "After a complaint, fewer buy again": "update marts.repurchase_after_case set repurchases = purchases * 0.5",
}


@pytest.mark.parametrize("claim", CHANGES)
@pytest.mark.usefixtures("in_default_world")
def test_a_claim_that_does_not_hold_stops_the_build_in_the_default_world(claim: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=rf'the landing page says "{claim}", and the marts do not bear it out \(.+\)'):
        findings_piece(marts(tmp_path, CHANGES[claim]))


def test_in_another_world_a_topic_stands_in_place_of_a_claim(tmp_path: Path) -> None:
    piece = findings_piece(marts(tmp_path, ";".join(CHANGES.values())))
    assert not any(claim in piece for claim in CHANGES)
    assert [
        piece.count(f"<h3>{topic}</h3>") for topic in ("Buyers who have gone quiet", "What follows a complaint")
    ] == [1, 1]


def test_sales_that_fall_are_called_less(tmp_path: Path) -> None:
    fallen = "update marts.order_kpis_monthly set net_revenue = 50 where month_start >= date '2024-01-01'"
    assert "is 50% less than of the twelve before" in findings_piece(marts(tmp_path, fallen))


def test_a_month_that_is_not_over_counts_in_no_year(tmp_path: Path) -> None:
    settings = marts(tmp_path).model_copy(update={"as_of_date": date(2024, 12, 15)})
    with reading_marts(settings) as connection:
        quiet = read_findings(connection, settings.as_of_date)[0]
    assert "Net revenue" not in quiet.words and not quiet.holds  # 23 months are no two years


@pytest.mark.usefixtures("in_default_world")
def test_empty_marts_say_that_they_are_empty(tmp_path: Path) -> None:
    piece = findings_piece(marts(tmp_path, NOTHING))
    assert "hold no purchases yet" in piece and "<figure" not in piece


def test_a_mart_without_rows_takes_its_finding_with_it(tmp_path: Path) -> None:
    piece = findings_piece(marts(tmp_path, "delete from marts.repurchase_after_case"))
    assert piece.count("<section>") == 2 and "complaint" not in piece


def test_both_engines_tell_the_same(default_duckdb: Settings, default_postgres: Settings) -> None:
    """The claims hold in the default world, or this stops as the build would."""
    piece = findings_piece(default_duckdb)
    assert piece == findings_piece(default_postgres)
    assert all(f"<h3>{claim}</h3>" in piece for claim in CHANGES)
