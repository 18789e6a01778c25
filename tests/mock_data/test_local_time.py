"""Local clocks against Python's own, over the hours at which they change too."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mock_data.behaviour.local_time import ZONES, between_hours, local_day, to_local, to_utc
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


def test_what_never_happens_has_no_local_time():
    never = np.array(["NaT", "2024-07-01"], dtype="datetime64[s]")
    for function in (to_utc, to_local):
        assert np.isnat(function(never, 0)).tolist() == [True, False]
    assert np.isnat(between_hours(never, np.array([0, 1]), 8, 20)).tolist() == [True, False]
