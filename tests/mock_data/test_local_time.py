"""Local clocks against Python's own, over the hours at which they change too."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mock_data.behaviour.local_time import (
    AWAKE,
    ZONES,
    awake,
    between_hours,
    local_day,
    to_local,
    to_utc,
    whole_days,
)
from tests.examples import examples

# whatever the day, and the hours around the changes of one year
SECONDS = st.integers(0, 2_500_000_000) | st.builds(
    lambda change, by: change + by,
    st.sampled_from([1_710_054_000, 1_710_057_600, 1_710_064_800, 1_730_613_600, 1_730_624_400]),
    st.integers(-8_000, 8_000),
)
TIMES = st.lists(SECONDS, min_size=1, max_size=60)


def instants(seconds: list[int]) -> np.ndarray:
    return np.array(seconds, dtype="int64").astype("datetime64[s]")


@examples(200)
@given(TIMES, st.sampled_from(range(len(ZONES))))
def test_clocks_show_what_python_says(seconds, zone):
    at = instants(seconds)
    shown = [dt.datetime.fromtimestamp(s, ZoneInfo(ZONES[zone])).replace(tzinfo=None, fold=0) for s in seconds]
    assert to_local(at, zone).tolist() == shown


@examples(200)
@given(TIMES, st.sampled_from(range(len(ZONES))))
def test_a_local_time_is_the_first_instant_at_which_clocks_have_come_to_it(seconds, zone):
    local = instants(sorted(seconds))
    at = to_utc(local, zone)
    assert (at[1:] >= at[:-1]).all()
    for here, utc in zip(local, at, strict=True):
        reads, before = to_local(np.array([utc, utc - 1]), zone)
        assert reads == here or (before < here < reads)  # or an hour that was left out


@examples(100)
@given(TIMES, st.floats(0, 20), st.floats(0.5, 4))
def test_days_are_squeezed_into_hours_without_a_change_of_order_or_date(seconds, opens, length):
    at = np.sort(instants(seconds))
    zone = np.arange(len(at)) * 0 + len(seconds) % len(ZONES)
    squeezed = between_hours(at, zone, opens, opens + length)
    assert (squeezed[1:] >= squeezed[:-1]).all()
    start = np.datetime64("1960-01-01")
    assert (local_day(squeezed, zone, start) == local_day(at, zone, start)).all()
    local = to_local(squeezed, zone)
    hour = (local - local.astype("datetime64[D]")).astype(int) / 3_600
    changes = to_local(squeezed + 3 * 3_600, zone) - to_local(squeezed - 3 * 3_600, zone) != np.timedelta64(6, "h")
    assert (((hour >= opens - 1e-3) & (hour < opens + length)) | changes).all()


@examples(100)
@given(TIMES, st.integers(5, 12), st.floats(2, 11), st.sampled_from(range(len(ZONES))))
def test_whole_days_of_hours_and_back(seconds, opens, length, zone):
    at = np.sort(instants(seconds))
    stretched = whole_days(at, zone, opens, opens + length)
    assert (stretched[1:] >= stretched[:-1]).all()
    local = to_local(at, zone)
    hour = (local - local.astype("datetime64[D]")).astype(int) / 3_600
    back = between_hours(stretched, zone, opens, opens + length)
    is_open = (hour >= opens) & (hour < opens + length)
    late = (at - back).astype(int)  # whole seconds are lost on the way
    assert ((late >= 0) & (late <= 2))[is_open].all()
    # what is closed waits for the next opening
    waits = (back - at).astype(int)[~is_open] / 3_600
    assert ((waits >= -1e-3) & (waits <= 24 - length + 1)).all()
    reopened = to_local(back, zone)
    opened_for = (reopened - reopened.astype("datetime64[D]")).astype(int) / 3_600 - opens
    assert (np.abs(opened_for[~is_open]) < 1e-3).all()


@examples(100)
@given(TIMES, st.integers(0, 40 * 86_400), st.sampled_from(range(len(ZONES))))
def test_people_are_awake_after_what_made_them_act(seconds, since, zone):
    at = instants(seconds)
    after = at - since
    then = awake(at, zone, after)
    local = to_local(then, zone)
    hour = (local - local.astype("datetime64[D]")).astype(int) / 3_600
    assert (then > after).all() and ((hour >= AWAKE[0]) & (hour < AWAKE[1])).all()
    assert (np.abs(then - at) < np.timedelta64(27, "h")).all()


def test_what_never_happens_has_no_local_time():
    never = np.array(["NaT", "2024-07-01"], dtype="datetime64[s]")
    for function in (to_utc, to_local):
        assert np.isnat(function(never, 0)).tolist() == [True, False]
    for by_hours in (between_hours, whole_days):
        assert np.isnat(by_hours(never, np.array([0, 1]), 8, 20)).tolist() == [True, False]
    assert np.isnat(awake(never, np.array([0, 1]), never)).tolist() == [True, False]
