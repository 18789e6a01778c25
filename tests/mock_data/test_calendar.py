"""The season's clock runs forward, can be read both ways, and averages one week a week."""

import datetime as dt

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mock_data.behaviour.calendar import SeasonClock, day_weights, holidays, is_closed, public_holidays

START = np.datetime64("2023-01-01")
END = np.datetime64("2026-01-01")
SPAN = int((END - START).astype("timedelta64[s]").astype(int))


@given(st.lists(st.integers(0, SPAN - 1), min_size=1), st.sampled_from([0.0, 0.5, 1.0]))
def test_there_and_back_is_within_a_second(seconds, seasonality):
    clock = SeasonClock(START, END, seasonality)
    at = START.astype("datetime64[s]") + np.array(seconds).astype("timedelta64[s]")
    back = clock.from_clock(clock.to_clock(at))
    assert np.abs((back - at).astype(int)).max() <= 1


@given(st.lists(st.integers(0, SPAN - 1), min_size=2))
def test_later_is_later(seconds):
    at = START.astype("datetime64[s]") + np.sort(seconds).astype("timedelta64[s]")
    assert (np.diff(SeasonClock(START, END, 1.0).to_clock(at)) >= 0).all()


def test_a_longer_clock_agrees_with_a_shorter_one():
    short, long = (SeasonClock(START, START + days, 1.0) for days in (200, 900))
    assert (short.at_midnight == long.at_midnight[: len(short.at_midnight)]).all()


def test_weights_average_one_over_four_years_and_a_flat_clock_is_the_calendar():
    days = np.arange("2021-01-01", "2025-01-01", dtype="datetime64[D]")
    assert abs(day_weights(days).mean() - 1) < 1e-12
    assert np.allclose(np.diff(SeasonClock(START, END, 0.0).at_midnight), 1 / 7)


def test_past_the_end_is_never():
    clock = SeasonClock(START, END, 1.0)
    assert np.isnat(clock.from_clock(np.array([clock.total, np.inf]))).all()
    assert np.isinf(clock.to_clock(np.array([END.astype("datetime64[s]")]))).all()


def test_moving_holidays_fall_where_the_calendar_says():
    first_days = {year: [first for first, _, _ in holidays(year)] for year in (2023, 2024, 2025)}
    assert [days[2] for days in first_days.values()] == [
        dt.date(2023, 11, 24),
        dt.date(2024, 11, 29),
        dt.date(2025, 11, 28),
    ]
    assert [days[1] for days in first_days.values()] == [dt.date(2023, 6, 8), dt.date(2024, 6, 6), dt.date(2025, 6, 5)]


def test_public_holidays():
    assert [str(day) for day in public_holidays(2024)] == [
        "2024-01-01", "2024-05-27", "2024-07-04", "2024-09-02", "2024-11-28", "2024-12-25",
    ]  # fmt: skip
    assert str(public_holidays(2021)[1]) == "2021-05-31"  # a May of five Mondays
    days = np.array(["2024-11-27", "2024-11-28", "2024-12-25", "2024-07-04", "2150-12-25"], dtype="datetime64[D]")
    assert is_closed(days).tolist() == [False, True, True, False, False]
