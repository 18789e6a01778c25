"""Every KPI mart that has a truth agrees with it: replayed exactly, or expected from the latent parameters.

What can be replayed is replayed in the book's own world. What is expected from latent parameters is held against the
formulas of :mod:`mock_data.truth` in the world `steady`, where nothing but those parameters is at work, each customer
with his own λ and p. What a mart may differ by is chance, five standard errors of it, and one thing that is known: two
purchases on one day are one occasion, so a repeat rate is a little below that of purchases.
"""

import datetime as dt
import itertools
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.stats import CensoredData, ecdf, norm

from mock_data import truth, worlds
from mock_data.behaviour.calendar import SeasonClock
from mock_data.world import World, end_of
from tests.mock_data.worlds import default_world
from warehouse.settings import Settings

STANDARD_ERRORS = 5.0
LAPSE_WINDOW = 182
AS_OF = np.datetime64("2025-12-31")
# columns of inter_purchase_time: the median of the gaps of which number, None for all together
GAP_OF = {
    "median_days": 1,
    "biased_median_days_second_gap": 2,
    "biased_median_days_third_gap": 3,
    "biased_median_days_all_gaps": None,
}


@pytest.fixture(scope="module")
def warehouse(default_duckdb: Settings):
    with duckdb.connect(str(default_duckdb.warehouse_path), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def steady(steady_duckdb: Settings):
    with duckdb.connect(str(steady_duckdb.warehouse_path), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def clock() -> SeasonClock:
    return steady_world().season_clock(end_of(AS_OF))


def steady_world() -> World:
    return default_world(behaviour=worlds.load("steady"))


def purchasers_of(warehouse) -> pd.DataFrame:
    return warehouse.sql("select * from truth.purchaser order by contact_id").df()


@pytest.fixture(scope="module")
def purchasers(steady) -> pd.DataFrame:
    return purchasers_of(steady)


@pytest.fixture(scope="module")
def occasions(warehouse) -> pd.DataFrame:
    return occasions_of(warehouse)


def occasions_of(warehouse) -> pd.DataFrame:
    """Contact and day of every purchase occasion, from the raw CRM: the marts' own SQL has no part in it."""
    query = """
        select distinct bill_to_contact_id as contact_id, cast(activated_date as date) as day
        from crm."order" where status = 'Activated' and type = 'Retail' and bill_to_contact_id is not null
    """
    frame = warehouse.sql(query).df()
    frame["day"] = frame["day"].dt.date
    return frame.sort_values(["contact_id", "day"], ignore_index=True)


def gaps_between(occasions: pd.DataFrame) -> pd.DataFrame:
    """One row a gap: its number, the year its contact first bought, days, and the next occasion where there is one."""
    of_contact = occasions.groupby("contact_id")
    gaps = occasions.assign(
        number=of_contact.cumcount() + 1,
        following=of_contact.day.shift(-1),
        segment=of_contact.day.transform("min").map(lambda day: str(day.year)),
    )
    ends = gaps.following.fillna(AS_OF.astype(object))
    return gaps.assign(days=[(end - day).days for day, end in zip(gaps.day, ends, strict=True)])


def share_open(gaps: pd.DataFrame, segment: str, number: int | None) -> Any:
    """SciPy's estimate of Kaplan and Meier for the gaps of a segment and a number, None for all."""
    some = gaps[((gaps.segment == segment) | (segment == "all")) & ((gaps.number == number) | (number is None))]
    closed = some.following.notna()
    return ecdf(CensoredData(some.days[closed], right=some.days[~closed])).sf


def lapsed(occasions: pd.DataFrame, day: dt.date) -> pd.Series:
    """Whether each contact seen by `day` has been away for more than the window, judged on that day."""
    latest = occasions[occasions.day <= day].groupby("contact_id").day.max()
    return latest.map(lambda last: (day - last).days > LAPSE_WINDOW).astype(bool)


def weeks(clock: SeasonClock, at: pd.Series | np.ndarray) -> np.ndarray:
    return clock.to_clock(np.asarray(at, dtype="datetime64[s]"))


def assert_share(count: int, chance: np.ndarray, same_day: float = 0.0) -> None:
    """A number of independent events agrees with the sum of their chances; `same_day` is the known loss, a share."""
    expected, error = chance.sum(), np.sqrt((chance * (1 - chance)).sum())
    assert expected * (1 - same_day) - STANDARD_ERRORS * error <= count <= expected + STANDARD_ERRORS * error


def test_customer_lapse_is_the_window_replayed(warehouse, occasions):
    mart = (
        warehouse.sql("select contact_id, is_lapsed from marts.customer_lapse").df().set_index("contact_id").is_lapsed
    )
    expected = lapsed(occasions, AS_OF.astype(object))
    assert mart.sort_index().to_dict() == expected.sort_index().to_dict()
    assert 0 < expected.mean() < 1


def test_inter_purchase_time_is_the_estimate_of_kaplan_and_meier(warehouse, occasions):
    mart = warehouse.sql("select * from marts.inter_purchase_time").df().set_index("segment")
    gaps = gaps_between(occasions)
    for segment, column in itertools.product(mart.index, GAP_OF):
        open_share = share_open(gaps, segment, GAP_OF[column])
        reached = open_share.quantiles[open_share.probabilities <= 0.5 + 1e-9]
        median = mart.loc[segment, column]
        assert median == reached[0] if len(reached) else np.isnan(median), (segment, column)
    first = gaps[gaps.number == 1]
    assert mart.loc["all", ["contacts", "closed_first_gaps"]].tolist() == [len(first), first.following.notna().sum()]
    assert mart.loc["all", "median_days"] > 0


def test_the_first_gaps_median_is_that_of_the_customers_and_the_others_are_too_short(steady):
    """Against the formulas of kpis.md: the median of everybody and of each year's cohort, all from one population."""
    parameters = steady_world().behaviour.purchases
    gaps = gaps_between(occasions_of(steady))
    mart = steady.sql("select * from marts.inter_purchase_time").df().set_index("segment")
    for segment, column in itertools.product(mart.index, GAP_OF):
        number, median = GAP_OF[column], mart.loc[segment, column]
        band = share_open(gaps, segment, number).confidence_interval(confidence_level=1 - 2 * norm.sf(STANDARD_ERRORS))
        tolerance = float(band.high.evaluate(median) - band.low.evaluate(median)) / 2
        weeks = (median + 0.5) / 7  # both ends of a gap lie anywhere in their days
        survival = (
            truth.gap_survival(parameters, weeks, number) if number else truth.all_gaps_survival(parameters, weeks)
        )
        if column == "median_days":
            # who buys twice on one day has not come back by that
            assert 0.5 - tolerance <= 1 - survival <= 0.5 / (1 - 0.03) + tolerance, segment
        elif segment == "all":
            assert survival > 0.5 + tolerance, column
    assert mart.loc["all", "naive_median_days"] < mart.loc["all", "biased_median_days_all_gaps"] < 90


def test_attrition_monthly_is_the_window_replayed_at_each_month(warehouse, occasions):
    mart = warehouse.sql("select * from marts.attrition_monthly order by month_start").df()
    assert len(mart) == 36
    for row in mart.itertuples():
        first = row.month_start.date()
        before = first - dt.timedelta(days=1)
        last = (row.month_start + pd.offsets.MonthEnd(1)).date()
        at_start, at_end = lapsed(occasions, before), lapsed(occasions, last)
        active = at_start.index[~at_start]
        gone = int(at_end.loc[active].sum())
        assert (row.active_at_start, row.lapsed_contacts) == (len(active), gone), first
        assert row.active_at_end == int((~at_end).sum())
        if len(active):
            assert row.attrition_rate == pytest.approx(gone / len(active), rel=1e-9)
        else:
            assert np.isnan(row.attrition_rate)


@pytest.mark.parametrize("window", [30, 60, 90, 180, 365])
def test_repeat_rate(steady, purchasers, clock, window):
    mart = steady.sql(f"select * from marts.repeat_rate where window_days = {window}").df().iloc[0]
    first_day = purchasers.first_purchase_at.dt.normalize()
    seen = purchasers[(pd.Timestamp(AS_OF) - first_day).dt.days >= window]
    assert mart.eligible_contacts == len(seen)
    # a purchase counts up to the end of the window's last day
    end = seen.first_purchase_at.dt.normalize() + pd.Timedelta(days=window + 1) - pd.Timedelta(seconds=1)
    length = weeks(clock, end) - weeks(clock, seen.first_purchase_at)
    chance = truth.repeat_rate(seen.purchase_rate.to_numpy(), seen.dropout_probability.to_numpy(), length)
    assert_share(mart.repeat_contacts, chance, same_day=0.03)


@pytest.mark.parametrize("k", [1, 2, 3, 6, 12, 18, 24])
def test_cohort_retention(steady, purchasers, clock, k):
    mart = steady.sql(
        f"select * from marts.cohort_retention where month_number = {k} and retention_rate is not null"
    ).df()
    assert len(mart) == 36 - k
    cohort = purchasers.first_purchase_at.dt.to_period("M")
    observed = (cohort + k) <= pd.Period("2025-12")
    who, cohort = purchasers[observed], cohort[observed]
    assert mart.cohort_contacts.sum() == len(who)
    begin = weeks(clock, (cohort + k).dt.start_time)
    end = weeks(clock, (cohort + k + 1).dt.start_time - pd.Timedelta(seconds=1))
    since = begin - weeks(clock, who.first_purchase_at)
    chance = truth.cohort_retention(
        who.purchase_rate.to_numpy(), who.dropout_probability.to_numpy(), since, end - begin
    )
    assert_share(int(mart.active_contacts.sum()), chance)


def test_average_order_value_before_returns(steady, purchasers):
    """Purchase-weighted P/ν, within the tolerance of kpis.md at N = 20,000 scaled to this N."""
    orders = steady.sql(
        "select contact_id, count(*) as orders, sum(gross_revenue) as revenue from marts.fct_orders "
        "where is_purchase_occasion group by contact_id"
    ).df()
    both = purchasers.merge(orders, on="contact_id")
    assert len(both) == len(purchasers)
    world = steady_world()
    expected = truth.average_order_value(both.orders.to_numpy(), world.behaviour.spend.p / both.spend_scale.to_numpy())
    observed = float(both.revenue.sum()) / both.orders.sum()
    assert observed == pytest.approx(expected, rel=0.045 * np.sqrt(20_000 / world.contacts))


def test_truth_knows_every_purchaser_and_no_one_else(warehouse, occasions):
    purchasers = purchasers_of(warehouse)
    assert set(purchasers.contact_id) == set(occasions.contact_id)
    gone = purchasers[purchasers.dropout_at.notna()]
    latest = occasions.groupby("contact_id").day.max().loc[gone.contact_id].to_numpy()
    left = gone.dropout_at.dt.date.to_numpy()
    checked_out = (gone.dropout_at + pd.Timedelta(minutes=2)).dt.date.to_numpy()  # an order binds some seconds later
    own = (gone.dropout_cause == "Own accord").to_numpy()
    # nobody buys after leaving, and who leaves of his own accord does so with a purchase
    assert (latest <= checked_out).all()
    assert own.any() and not own.all()
    assert (left[own] <= latest[own]).all()
