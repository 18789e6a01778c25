"""The season's clock Λ: calendar time stretched where customers buy more and squeezed where they buy less.

Purchases are a Poisson process on Λ, so every formula for a steady world holds in a seasonal one once its times are
read on this clock. One unit is one average week.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..draws import Floats, Integers
from ..rows import Seconds
from .parameters import Promotion

_DAY = 86_400
# share of a day's purchases made before each part of it. Online: quiet nights, a lunch bump, busy evenings
_PART_OF_DAY = np.array([0, 6, 9, 12, 14, 18, 22, 24]) / 24
_SHARE_BEFORE = np.array([0.0, 0.03, 0.12, 0.30, 0.45, 0.66, 0.94, 1.0])
# over a counter, from opening to closing: a slow start, noon, and after work
_PART_OF_OPENING = np.array([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
_COUNTER_SHARE_BEFORE = np.array([0.0, 0.11, 0.34, 0.52, 0.78, 1.0])
_WEEKDAYS = np.array([0.95, 0.90, 0.92, 0.95, 1.05, 1.20, 1.03])  # Monday first


@dataclass(frozen=True)
class Hours:
    """When something is open, on a local clock; single numbers, or shape (n,) each.

    Attributes:
        opens, closes: seconds of the day.
        counter: sold over a counter rather than online, which makes for other busy hours.
    """

    opens: Integers
    closes: Integers
    counter: NDArray[np.bool_]


ALL_DAY = Hours(np.array(0), np.array(_DAY), np.array(False))


class SeasonClock:
    """Λ over the days from `start` to `end`, both datetime64[D], the last one not included.

    Args:
        seasonality: 0 runs with the calendar, 1 with the shop's full seasons; between, in proportion.
        growth: exponential growth of the weights a year, for arrivals rather than purchases.
        promotions: what shifts and lifts demand besides the seasons.
    """

    def __init__(
        self,
        start: np.datetime64,
        end: np.datetime64,
        seasonality: float,
        growth: float = 0.0,
        promotions: tuple[Promotion, ...] = (),
    ) -> None:
        days = np.arange(start, end, dtype="datetime64[D]")
        weight = 1 + seasonality * (day_weights(days) - 1)
        for promotion in promotions:
            since = days_since(promotion, (days - start).astype(np.int64))
            weight = np.where((since >= 0) & (since < promotion.days), weight * promotion.lift, weight)
            dip = (since >= promotion.days) & (since < promotion.days + promotion.dip_days)
            weight = np.where(dip, weight * promotion.dip, weight)
        if growth:
            weight = weight * (1 + growth) ** ((days - start).astype(float) / 365.25)
        self.start = start
        # summed day by day, so that a longer clock agrees with a shorter one to the last bit
        self.at_midnight: Floats = np.concatenate([[0.0], np.cumsum(weight / 7)])

    @property
    def total(self) -> float:
        """Λ at the end of the last day."""
        return float(self.at_midnight[-1])

    @property
    def end(self) -> np.datetime64:
        """The first second after the last day."""
        return self.start.astype("datetime64[s]") + np.timedelta64(_DAY * (len(self.at_midnight) - 1), "s")

    def to_clock(self, at: Seconds) -> Floats:
        """Λ at the times `at`, in weeks since the start; infinite past the end."""
        seconds = (at - self.start.astype("datetime64[s]")).astype(np.int64)
        day, second = np.divmod(seconds, _DAY)
        past = day >= len(self.at_midnight) - 1
        return np.where(past, np.inf, self.join(np.where(past, 0, day), share_of_day(second)))

    def from_clock(self, weeks: Floats) -> Seconds:
        """The time, cut to the second, at which Λ reaches `weeks`; NaT past the end."""
        day, share = self.split(weeks)
        at: Seconds = self.start.astype("datetime64[s]") + (day * _DAY + second_of_day(share)).astype("timedelta64[s]")
        at[self.is_past(weeks)] = np.datetime64("NaT")
        return at

    def split(self, weeks: Floats) -> tuple[Integers, Floats]:
        """The day on which Λ reaches `weeks`, counted from the start, and how much of that day's share has passed."""
        day = (np.searchsorted(self.at_midnight, weeks, side="right") - 1).clip(0, len(self.at_midnight) - 2)
        return day, (weeks - self.at_midnight[day]) / (self.at_midnight[day + 1] - self.at_midnight[day])

    def join(self, day: Integers, share: Floats) -> Floats:
        """Λ when a share of that of a day has passed."""
        return self.at_midnight[day] + share * (self.at_midnight[day + 1] - self.at_midnight[day])

    def is_past(self, weeks: Floats) -> NDArray[np.bool_]:
        """Whether Λ reaches `weeks` only after the end."""
        return ~(weeks < self.total)


def second_of_day(share: Floats, hours: Hours | None = None) -> Integers:
    """Second of the day by which a share of its purchases has been made, shape (n,); `hours` of each, or all day."""
    h = hours or ALL_DAY
    part = _passed(h, share, _SHARE_BEFORE, _PART_OF_DAY, _COUNTER_SHARE_BEFORE, _PART_OF_OPENING)
    second: Integers = (h.opens + part * (h.closes - h.opens)).astype(np.int64)
    return np.minimum(second, h.closes - 1)


def share_of_day(second: Integers, hours: Hours | None = None) -> Floats:
    """Share of a day's purchases made before a second of it, shape (n,): 1 after closing time."""
    h = hours or ALL_DAY
    part = (second - h.opens) / (h.closes - h.opens)
    return _passed(h, part, _PART_OF_DAY, _SHARE_BEFORE, _PART_OF_OPENING, _COUNTER_SHARE_BEFORE)


def _passed(hours: Hours, at: Floats, x: Floats, y: Floats, counter_x: Floats, counter_y: Floats) -> Floats:
    online = np.interp(at, x, y)
    return np.where(hours.counter, np.interp(at, counter_x, counter_y), online) if np.any(hours.counter) else online


def days_since(promotion: Promotion, day: Integers) -> Integers:
    """Days since the latest run of a promotion began, for days counted from the shop's first; negative before it."""
    after = day - 7 * promotion.week
    return np.where(after >= 0, after % (7 * promotion.every), -1)


def discounts(promotions: tuple[Promotion, ...], day: Integers) -> Integers:
    """Percent off everything on each day, counted from the shop's first: the highest of what runs, 0 without any."""
    percent = np.zeros(len(day), dtype=np.int64)
    for promotion in promotions:
        since = days_since(promotion, day)
        runs = (since >= 0) & (since < promotion.days)
        percent = np.where(runs, np.maximum(percent, promotion.discount), percent)
    return percent


def day_weights(days: NDArray[np.datetime64]) -> Floats:
    """What the shop sells on each day against an average one: seasons, weekdays, holidays. Mean 1 over four years."""
    reference = np.arange("2021-01-01", "2025-01-01", dtype="datetime64[D]")
    return _raw_weights(days) / _raw_weights(reference).mean()


def _raw_weights(days: NDArray[np.datetime64]) -> Floats:
    year = days.astype("datetime64[Y]")
    day_of_year = (days - year.astype("datetime64[D]")).astype(int)
    weekday = (days.astype("datetime64[D]").astype(np.int64) + 3) % 7
    season = (
        1
        + 0.12 * np.cos(2 * np.pi * (day_of_year - 340) / 365.25)
        + 0.08 * np.cos(4 * np.pi * (day_of_year - 115) / 365.25)
    )
    weight = season * _WEEKDAYS[weekday]
    years = year.astype(int) + 1970
    for y in np.unique(years):
        for first, last, lift in holidays(int(y)):
            weight[(days >= np.datetime64(first)) & (days <= np.datetime64(last))] *= lift
    return weight


def _nth_weekday(year: int, month: int, weekday: int, n: int) -> dt.date:
    """The n-th `weekday` (Monday 0) of a month."""
    first = dt.date(year, month, 1)
    return first + dt.timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def closing_days(year: int) -> list[dt.date]:
    """Days on which counters are closed and no parcel comes: New Year, Thanksgiving, Christmas."""
    return [dt.date(year, 1, 1), _nth_weekday(year, 11, 3, 4), dt.date(year, 12, 25)]


def public_holidays(year: int) -> list[dt.date]:
    """Days on which offices are closed: besides those, Memorial Day, Independence Day and Labor Day."""
    last_of_may = _nth_weekday(year, 5, 0, 5)
    memorial_day = last_of_may if last_of_may.month == 5 else _nth_weekday(year, 5, 0, 4)
    return sorted([*closing_days(year), memorial_day, dt.date(year, 7, 4), _nth_weekday(year, 9, 0, 1)])


CLOSING_DAYS, PUBLIC_HOLIDAYS = (
    np.array([day for year in range(1970, 2120) for day in days(year)], dtype="datetime64[D]")
    for days in (closing_days, public_holidays)
)


def is_closed(day: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Whether counters are closed, and no parcel comes, on each date, shape (n,)."""
    at = np.searchsorted(CLOSING_DAYS, day).clip(max=len(CLOSING_DAYS) - 1)
    return CLOSING_DAYS[at] == day


def holidays(year: int) -> list[tuple[dt.date, dt.date, float]]:
    """The shop's selling seasons in `year`: first day, last day, and how much more is sold."""
    thanksgiving = _nth_weekday(year, 11, 3, 4)
    fathers_day = _nth_weekday(year, 6, 6, 3)
    day = dt.timedelta(days=1)
    return [
        (dt.date(year, 1, 2), dt.date(year, 1, 14), 1.20),  # January sale
        (fathers_day - 10 * day, fathers_day - day, 1.35),
        (thanksgiving + day, thanksgiving + 4 * day, 2.20),  # Black Friday to Cyber Monday
        (dt.date(year, 12, 5), dt.date(year, 12, 21), 1.45),
        (dt.date(year, 12, 25), dt.date(year, 12, 25), 0.30),
    ]
