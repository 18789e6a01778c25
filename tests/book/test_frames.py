"""One value looks the same whichever engine and Python type it came in."""

import re
from datetime import date, datetime
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from book.columns import cell
from book.frames import frame, table


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (pd.NaT, "–"),
        (True, "true"),
        (1234567, "1234567"),
        (2.5, "2.5"),
        (-0.0000001, "0"),
        (Decimal("2.50"), "2.50"),
        (Decimal("1E+3"), "1000"),
        (Decimal("2.5000000000000000"), "2.5"),
        (date(2024, 2, 29), "2024-02-29"),
        (datetime(2024, 2, 29), "2024-02-29"),
        (datetime(2024, 2, 29, 23, 30), "2024-02-29 23:30:00"),
    ],
)
def test_cells(value: object, shown: str) -> None:
    assert cell(value) == shown


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_an_average_prints_alike_as_a_float_and_as_a_long_decimal(total: int, count: int) -> None:
    """Postgres hands `avg` over as a Decimal of at least 16 places, DuckDB as a float."""
    as_decimal = (Decimal(total) / Decimal(count)).quantize(Decimal("1e-16"))
    assert cell(as_decimal) == cell(total / count)


def test_frames_from_both_engines_are_equal() -> None:
    names = ["month", "revenue", "share", "contacts"]
    duckdb = pd.DataFrame([[date(2024, 1, 1), Decimal("10.50"), 1 / 3, 5], [date(2024, 2, 1), None, None, 6]])
    postgres = pd.DataFrame(
        [
            [datetime(2024, 1, 1), Decimal("10.50"), Decimal(1) / Decimal(3), 5],
            [datetime(2024, 2, 1), None, None, 6],
        ]
    )
    pd.testing.assert_frame_equal(
        frame(duckdb.set_axis(names, axis=1)), frame(postgres.set_axis(names, axis=1)), check_exact=True
    )


def test_a_table_says_how_many_rows_it_leaves_out() -> None:
    shown = table(["n"], [(n,) for n in range(100)], limit=3)
    assert len(shown.rows) == 3
    assert "3 of 100 rows" in shown.html()
    assert shown.text().splitlines()[-1] == "3 of 100 rows"


def test_names_and_values_are_escaped() -> None:
    page = table(["<b>"], [("<script>",)]).html()
    assert "<script>" not in page
    assert "<b>" not in page


def test_an_empty_result_is_a_table_with_a_head() -> None:
    assert table(["a", "b"], []).text() == "a  b\nno rows"


def test_a_program_reads_names_and_values_where_a_person_reads_others() -> None:
    page = table(["attrition_rate", "n"], [(Decimal("0.0878"), 3), (None, 4)]).html()
    assert '<th scope="col" class="number" data-name="attrition_rate">Attrition rate</th>' in page
    assert '<td class="number" data-value="0.0878">8.8%</td> <td class="number">3</td>' in page
    assert '<td class="number" data-value="">–</td>' in page


def test_cells_are_words_to_a_search() -> None:
    page = table(["a", "b"], [("one", "two"), ("three", "four")]).html()
    assert re.sub(r"<[^>]+>", "", page).split() == ["a", "b", "one", "two", "three", "four"]


def test_a_long_name_may_break_and_is_copied_whole() -> None:
    page = table(["test"], [("edge_22_deleted_orders_are_gone",)]).html()
    assert "edge_<wbr>22_<wbr>deleted" in page
    assert page.replace("<wbr>", "").count("edge_22_deleted_orders_are_gone") == 1


def test_both_engines_give_the_same_file() -> None:
    """A sum of whole numbers is a Decimal on Postgres, a whole number on DuckDB."""
    duckdb = table(["day", "units", "share"], [(date(2024, 2, 29), 428, 0.25), (None, 3, 1 / 3)]).csv()
    postgres = table(
        ["day", "units", "share"], [(date(2024, 2, 29), 428.0, Decimal("0.25")), (None, 3.0, Decimal(1) / 3)]
    )
    assert postgres.csv() == duckdb == "day,units,share\n2024-02-29,428,0.25\n,3,0.333333\n"
