"""The numbers on the page about CDNOW: the log landed, the models built on it, and what they say, as Markdown.

`python -m book.real_data` writes `book/generated/cdnow.md`. It is kept in the repository, because the log comes with a
package that only developers install; a test lands the log again and fails where the file says anything else.
"""

from __future__ import annotations

import csv
import importlib.util
import os
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import altair as alt
import duckdb
import pandas as pd

from mock_data.transactions.command import Outcome, import_file, summary
from warehouse.errors import UserError, run_command
from warehouse.settings import PROJECT_ROOT

from .charts import show
from .numbers import count, day, decimal, money, percent
from .paths import PAGES

FRAGMENT = PAGES / "generated" / "cdnow.md"
LOG, SAMPLE = "CDNOW_master.txt", "CDNOW_sample.txt"
COLUMNS = {"customer": "customer_id", "date": "date", "amount": "dollar_value", "quantity": "number_of_cds"}
SAMPLE_COLUMNS = {"customer": "1", "date": "3", "amount": "5", "quantity": "4"}  # it has no header


def log_file(name: str = LOG) -> Path:
    """Where the package `lifetimes` has the file; the package itself is not imported.

    Raises:
        UserError: the package is not installed.
    """
    found = importlib.util.find_spec("lifetimes")
    if found is None or not found.submodule_search_locations:
        raise UserError("the CDNOW log comes with the package lifetimes: install the project with its dev extra")
    return Path(found.submodule_search_locations[0]) / "datasets" / name


def land(folder: Path, name: str = LOG) -> tuple[Outcome, Path]:
    """Land a log in a DuckDB file in `folder`; what came of it, and the file."""
    warehouse = folder / f"{Path(name).stem}.duckdb"
    columns = COLUMNS if name == LOG else SAMPLE_COLUMNS
    return import_file(log_file(name), columns, to=f"duckdb:{warehouse}"), warehouse


def build_models(warehouse: Path, as_of: str, artifacts: Path) -> None:
    """Build every model on `warehouse` and run every data test; dbt's own files go to `artifacts`.

    Raises:
        UserError: a model or a test failed; what dbt printed went to standard error.
    """
    environment = os.environ | {
        "TARGET": "duckdb",
        "WAREHOUSE_PATH": str(warehouse),
        "AS_OF_DATE": as_of,
        "DBT_TARGET_PATH": str(artifacts),
        "DBT_LOG_PATH": str(artifacts),
    }
    dbt = Path(sys.executable).with_name("dbt")
    # unit tests bring their own rows: they say nothing about these
    command = [str(dbt), "build", "--quiet", "--exclude-resource-type", "unit_test"]
    done = subprocess.run(
        command, cwd=PROJECT_ROOT / "dbt", env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(done.stdout[-6000:] + done.stderr[-3000:], file=sys.stderr)
        raise UserError("dbt build failed on the CDNOW log, see above")


def by_hand(path: Path) -> tuple[int, int, Decimal]:
    """Transactions, customers and their sum, straight from the file: a reading that shares no code with the import."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader((" ".join(line.split()) for line in file), delimiter=" "))
    return (
        len(rows),
        len({row["customer_id"] for row in rows}),
        sum((Decimal(r["dollar_value"]) for r in rows), Decimal()),
    )


def in_crm(connection: duckdb.DuckDBPyConnection) -> tuple[int, int, Decimal]:
    """The same three from the raw tables."""
    return _one(
        connection,
        """select (select count(*) from crm."order"), (select count(*) from crm.contact),
                  (select sum(total_price) from crm.order_item)""",
    )


def in_marts(connection: duckdb.DuckDBPyConnection) -> tuple[int, int, Decimal]:
    """The same three from the mart of purchases."""
    return _one(
        connection, "select count(*), count(distinct contact_id), sum(purchase_amount) from marts.fct_purchases"
    )


def fragment(folder: Path) -> str:
    """The page's numbers, as Markdown, from a fresh landing and build in `folder`."""
    sample, _ = land(folder, SAMPLE)
    outcome, warehouse = land(folder)
    build_models(warehouse, outcome.as_of.isoformat(), folder / "dbt")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return "\n\n".join(
            (
                f"```text\n{_command()}\n\n{_printed(outcome)}\n```",
                _three_readings(connection, sample),
                _kpis(connection, outcome),
                _repeat_rates(connection),
                _retention(connection),
                "",
            )
        )


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    return connection.execute(sql).fetchone()


def _command() -> str:
    options = " ".join(f"--{role} {column}" for role, column in COLUMNS.items())
    return f"$ python -m mock_data import-transactions {LOG} \\\n      {options}"


def _printed(outcome: Outcome) -> str:
    """The summary, without the lines that name places on this machine."""
    lines = summary(outcome, Path(LOG)).splitlines()
    return "\n".join(line for line in lines if not line.startswith(("duckdb:", "next:")))


def _three_readings(connection: duckdb.DuckDBPyConnection, sample: Outcome) -> str:
    readings = {
        "the file, added up line by line": by_hand(log_file()),
        "the raw CRM tables": in_crm(connection),
        "the mart `fct_purchases`": in_marts(connection),
    }
    rows = [f"| {name} | {count(t)} | {count(c)} | {money(m)} |" for name, (t, c, m) in readings.items()]
    tenth = f"{count(sample.customers)} customers and {count(sample.landed)} transactions"
    return "\n".join(
        (
            "| Counted in | Transactions | Customers | Revenue |",
            "|---|---:|---:|---:|",
            *rows,
            "",
            f"The one-in-ten sample that the literature fits its models to lands with {tenth}.",
        )
    )


def _kpis(connection: duckdb.DuckDBPyConnection, outcome: Outcome) -> str:
    contacts, once, lapsed = _one(
        connection,
        "select count(*), count(*) filter (occasions = 1), count(*) filter (is_lapsed) from marts.customer_lapse",
    )
    occasions = _one(connection, "select sum(occasions) from marts.customer_lapse")[0]
    median, naive, all_gaps, second, third = _one(
        connection,
        """select median_days, naive_median_days, biased_median_days_all_gaps, biased_median_days_second_gap,
                  biased_median_days_third_gap
           from marts.inter_purchase_time where segment = 'all'""",
    )
    (value,) = _one(
        connection,
        "select sum(order_net_revenue) / sum(orders_with_net_revenue) from marts.order_kpis_monthly",
    )
    return "\n".join(
        (
            f"| As of {day(outcome.as_of)} | The shop |",
            "|---|---:|",
            f"| Purchase occasions (several orders of a customer on one day are one) | {count(occasions)} |",
            f"| Customers with a single occasion | {percent(once / contacts)} |",
            f"| Days until half of the customers have come back (Kaplan–Meier, first gaps) | {_median(median)} |",
            f"| Biased, for comparison: closed gaps only | {decimal(naive, 0)} |",
            f"| Biased: second gaps; third gaps; all gaps (Kaplan–Meier) | "
            f"{_median(second)}; {_median(third)}; {_median(all_gaps)} |",
            f"| Average order value | {money(round(value, 6))} |",
            f"| Orders of 0.00, which no average counts | {count(outcome.zero_amounts)} |",
            f"| Lapsed customers | {percent(lapsed / contacts)} |",
        )
    )


def _median(days: int | None) -> str:
    return "none: fewer than half have" if days is None else count(days)


def _repeat_rates(connection: duckdb.DuckDBPyConnection) -> str:
    rates = connection.execute("select window_days, repeat_rate from marts.repeat_rate order by window_days").fetchall()
    return "\n".join(
        (
            "| Came back within | " + " | ".join(f"{days} days" for days, _ in rates) + " |",
            "|---|" + "---:|" * len(rates),
            "| Share of customers | " + " | ".join(percent(rate) for _, rate in rates) + " |",
        )
    )


def _retention(connection: duckdb.DuckDBPyConnection) -> str:
    rows = connection.execute(
        """select strftime(cohort_month, '%B %Y') as cohort, month_number, round(100 * retention_rate, 2) as percent
           from marts.cohort_retention
           where month_number > 0 and retention_rate is not null
           order by cohort_month, month_number"""
    ).fetchall()
    data = pd.DataFrame(rows, columns=["first purchase in", "month", "% purchasing"])
    cohorts = list(dict.fromkeys(data["first purchase in"]))
    chart = (
        alt.Chart(data)
        .mark_line(point=True)
        .encode(
            x=alt.X("month:Q", title="months after the first purchase"),
            y=alt.Y(r"% purchasing:Q", title="% of the cohort that purchases"),
            color=alt.Color("first purchase in:N", sort=cohorts, title=None),
            strokeDash=alt.StrokeDash("first purchase in:N", sort=cohorts, legend=None),
        )
    )
    first = [percent(Decimal(repr(p)) / 100) for _, month, p in rows if month == 1]
    last = [percent(Decimal(repr(p)) / 100) for (c, m, p), after in zip(rows, [*rows[1:], None], strict=True)
            if after is None or after[0] != c]  # fmt: skip
    figure = show(
        chart,
        alt=(
            f"Three lines, one a cohort, fall steeply at first and then slowly: {', '.join(first)} of the cohorts "
            f"purchase in the month after their first, {', '.join(last)} in the last month observed."
        ),
        caption="Share of each monthly cohort that purchases in a later month; a month not fully observed is left out.",
        data=data,
    )
    return figure.html()


def main() -> int:
    """Write the fragment; returns the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        text = fragment(Path(folder))
    FRAGMENT.parent.mkdir(exist_ok=True)
    FRAGMENT.write_text(text, encoding="utf-8")
    print(f"wrote {FRAGMENT.relative_to(PROJECT_ROOT)}")
    return 0


if __name__ == "__main__":
    run_command(main)
