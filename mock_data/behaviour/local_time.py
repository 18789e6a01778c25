"""Clocks on the wall: what is simulated in a place's own time, and stands in the CRM in UTC.

Times of the two kinds are both datetime64[s]; a zone is a position in ``ZONES``. Where clocks go back, a local time
that comes twice means the first; where they go forward, one that is left out means the moment of the change. So
neither direction ever turns two moments round.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ..draws import Floats, Integers
from ..pools import PLACES
from ..rows import Seconds

ZONES = tuple(dict.fromkeys(place.time_zone for place in PLACES))
ZONE_OF_PLACE: Integers = np.array([ZONES.index(place.time_zone) for place in PLACES])
AWAKE = (7, 23)  # hours in which people sign up, subscribe, and read their mail
_DAY = 86_400
_LONG_AGO = np.datetime64(-(1 << 38), "s")  # stands for the beginning of a zone's clock
_NAT = int(np.iinfo(np.int64).min)  # NaT as an integer
_APART = np.int64(1 << 40)  # seconds between the tables of two zones: longer than all that is ever simulated


def to_utc(local: Seconds, zone: Integers | int) -> Seconds:
    """The instants at which clocks in each zone show `local`; NaT stays NaT. Shape (n,) each."""
    changes, known = _changes_over(local)
    change = _latest(changes.local, known, zone)
    at = local - changes.offset[change]
    return np.where(np.isnat(local), local, np.maximum(at, changes.instant[change]))


def to_local(at: Seconds, zone: Integers | int) -> Seconds:
    """What clocks in each zone show at the instants `at`; NaT stays NaT. Shape (n,) each."""
    changes, known = _changes_over(at)
    offset: Integers = changes.offset[_latest(changes.utc, known, zone)].astype(np.int64)
    return at + offset.astype("timedelta64[s]")


def local_day(at: Seconds, zone: Integers | int, start: np.datetime64) -> Integers:
    """The local date of each instant, in days since `start`; without meaning where it is NaT."""
    return (to_local(at, zone).astype("datetime64[D]") - start).astype(np.int64)


def between_hours(at: Seconds, zone: Integers | int, opens: float, closes: float) -> Seconds:
    """The same local dates, with each whole day squeezed into the hours from `opens` to `closes`.

    Of two instants in one zone the earlier stays the earlier; of what is a day apart, all stays in order.
    """
    days = _days(at, zone)
    share = (at - days.midnight) / days.length  # of the time itself: on some days an hour comes twice
    share = np.where(np.isnat(at), 0.0, share)
    return days.at(_seconds(3_600 * (opens + share * (closes - opens))))


def whole_days(at: Seconds, zone: Integers | int, opens: float, closes: float) -> Seconds:
    """The instants that :func:`between_hours` brings to `at`: its inverse; of what is closed, to when it opens next.

    On these instants time passes only from `opens` to `closes`, a whole day in these hours.
    """
    days = _days(at, zone)
    hour = (days.local - days.date) / np.timedelta64(3_600, "s")
    share = np.clip((hour - opens) / (closes - opens), 0.0, 1.0)
    second = share * (days.length / np.timedelta64(1, "s"))
    return days.midnight + _seconds(np.where(np.isnat(at), 0.0, second))


def awake(at: Seconds, zone: Integers | int, after: Seconds) -> Seconds:
    """The same local dates in hours in which people are awake; where that is not after `after`, the next day."""
    early = between_hours(at, zone, *AWAKE)
    # it is late in the day then: 23 hours on, it is the next one, also where a day has 23 or 25
    return np.where(early > after, early, between_hours(at + np.timedelta64(23, "h"), zone, *AWAKE))


def at_hours(day: Seconds, share: Floats, opens: Floats | float, closes: Floats | float) -> Seconds:
    """A local time on each day, datetime64[D]: a `share` of the way from `opens` to `closes`, in hours."""
    return day.astype("datetime64[s]") + _seconds(3_600 * (opens + share * (np.asarray(closes) - opens)))


def _seconds(values: Floats) -> NDArray[Any]:  # timedelta64[s]
    return values.astype(np.int64).astype("timedelta64[s]")


@dataclass(frozen=True)
class _Days:
    """The local days of some instants, shape (n,) each; NaT where the instant is.

    Attributes:
        zone: of each.
        local: what its clock shows.
        date: midnight on that clock, as it shows it.
        midnight: the instant of it.
        length: to the next midnight, timedelta64[s].
        uneven: positions of the days on which the clock may change.
    """

    zone: Integers
    local: Seconds
    date: Seconds
    midnight: Seconds
    length: NDArray[Any]
    uneven: NDArray[np.intp]

    def at(self, time: NDArray[Any]) -> Seconds:
        """The instants at which the clocks show a time of these days, timedelta64[s]."""
        instants: Seconds = self.midnight + time
        odd = self.uneven
        instants[odd] = to_utc(self.date[odd] + time[odd], self.zone[odd])
        return instants


def _days(at: Seconds, zone: Integers | int) -> _Days:
    zone = np.broadcast_to(zone, at.shape)
    changes, known = _changes_over(at)
    change = _latest(changes.utc, known, zone)
    offset: NDArray[Any] = changes.offset[change]  # timedelta64[s]
    local: Seconds = at + offset
    date: Seconds = local.astype("datetime64[D]").astype("datetime64[s]")
    midnight: Seconds = date - offset
    length: NDArray[Any] = np.full(len(at), np.timedelta64(_DAY, "s"))
    # few days have a change of the clock: only there need it be looked up once more
    since, until = changes.instant[change], np.append(changes.instant[1:], _LONG_AGO)[change]
    uneven = np.flatnonzero((midnight < since) | ((midnight + length >= until) & (until != _LONG_AGO)))
    if len(uneven):
        midnight[uneven] = to_utc(date[uneven], zone[uneven])
        length[uneven] = to_utc(date[uneven] + _DAY, zone[uneven]) - midnight[uneven]
    return _Days(zone, local, date, midnight, length, uneven)


@dataclass(frozen=True)
class _Changes:
    """Every change of a clock in some years, zone after zone, each zone beginning with how it stood before.

    Attributes:
        instant: shape (m,), when; at the start of a zone, long ago.
        offset: shape (m,), local time less UTC from then on, timedelta64[s].
        utc, local: shape (m,), when, and what the clock showed, in seconds set apart by zone.
    """

    instant: Seconds
    offset: Seconds
    utc: Integers
    local: Integers


def _latest(changes: Integers, seconds: Integers, zone: Integers | int) -> Integers:
    """Position of the last of the changes, set apart by zone, up to some seconds in each zone."""
    return np.searchsorted(changes, seconds + zone * _APART, side="right") - 1


def _changes_over(times: Seconds) -> tuple[_Changes, Integers]:
    """The changes around some times, and these in seconds; NaT, for which any change will do, as the latest of them."""
    seconds: Integers = times.astype("datetime64[s]", copy=False).astype(np.int64)
    last = int(seconds.max(initial=_NAT))
    if last == _NAT:
        return _changes(2020, 2030), np.zeros_like(seconds)
    first = int(seconds.min())
    if first == _NAT:
        seconds[seconds == _NAT] = last
        first = int(seconds.min())
    first_year, last_year = (
        int(np.datetime64(s, "s").astype("datetime64[Y]").astype(int)) + 1970 for s in (first, last)
    )
    return _changes((first_year - 1) // 10 * 10, (last_year + 1) // 10 * 10 + 10), seconds


@lru_cache(maxsize=16)
def _changes(first_year: int, end_year: int) -> _Changes:
    """The changes from one year to another, both multiples of ten."""
    instant, offset, before = [], [], []
    month = np.arange(f"{first_year}-01", f"{end_year}-02", dtype="datetime64[M]")
    months: list[int] = month.astype("datetime64[s]").astype(np.int64).tolist()
    for name in ZONES:
        zone = ZoneInfo(name)
        here = _offset(zone, months[0])
        instant.append(int(_LONG_AGO.astype(np.int64)))
        offset.append(here)
        before.append(here)
        for low, high in pairwise(months):
            if _offset(zone, high) == here:  # no zone here changes twice in a month
                continue
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(zone, middle) == here else (low, middle)
            instant.append(high)
            before.append(here)
            here = _offset(zone, high)
            offset.append(here)
    at, shift, was = (np.array(values, dtype=np.int64) for values in (instant, offset, before))
    apart: Integers = (np.cumsum(at == _LONG_AGO.astype(np.int64)) - 1) * _APART
    return _Changes(at.astype("datetime64[s]"), shift.astype("timedelta64[s]"), at + apart, at + was + apart)


def _offset(zone: ZoneInfo, at: int) -> int:
    offset = dt.datetime.fromtimestamp(at, zone).utcoffset()
    assert offset is not None
    return round(offset.total_seconds())
