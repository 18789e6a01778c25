"""Where customers come from: channels that attract different customers, and the campaigns that bring some of them.

A channel does not change anybody: it attracts customers of its own kind. A contact's place among all purchase rates and
the channel are two coordinates of a Gaussian copula with correlation `channel_quality`, so that the rates of all
contacts together are Gamma(r, α) exactly, whatever the channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ..draws import Floats, Integers, choice, uniform
from ..rows import Seconds
from .parameters import Behaviour, Campaign, LeadSource, Mailing

SOURCES: tuple[str, ...] = get_args(LeadSource)
HORIZON_WEEKS = 520  # campaigns are planned so far ahead; record numbers leave room for so many
MAX_RUNS = 512
LONGEST_LEAD = 90  # days that a lead may take to become a contact, but for one who had answered an earlier campaign


@dataclass(frozen=True)
class Run:
    """One run of a campaign or a mailing, on days counted from the shop's first.

    Attributes:
        number: record number of the campaign in the CRM.
        of: what runs.
        first, end: first day, and the day after the last.
    """

    number: int
    of: Campaign | Mailing
    first: int
    end: int


@dataclass(frozen=True)
class Origins:
    """What brought each contact: shape (n,) each.

    Attributes:
        source: position in ``SOURCES``.
        campaign: record number of the campaign; −1 for a contact who came without one.
        incremental: would not have come without it.
        comes: turns up at all: false where the campaign that alone would have brought the contact does not run.
    """

    source: Integers
    campaign: Integers
    incremental: NDArray[np.bool_]
    comes: NDArray[np.bool_]


@lru_cache(maxsize=4)
def calendar(behaviour: Behaviour) -> tuple[Run, ...]:
    """Every run of every campaign and mailing, by first day.

    Raises:
        OverflowError: there are more than record numbers allow.
    """
    planned: list[tuple[int, int, Campaign | Mailing]] = []
    campaigns: tuple[Campaign | Mailing, ...] = (*behaviour.campaigns, *behaviour.mailings)
    for campaign in campaigns:
        days = 7 * campaign.weeks if isinstance(campaign, Campaign) else 7
        planned += [
            (7 * week, 7 * week + days, campaign) for week in range(campaign.week, HORIZON_WEEKS, campaign.every)
        ]
    planned.sort(key=lambda run: (run[0], run[2].name))
    if len(planned) > MAX_RUNS:
        raise OverflowError(f"{len(planned)} campaign runs in ten years: {MAX_RUNS} are possible")
    return tuple(Run(number, of, first, end) for number, (first, end, of) in enumerate(planned))


def campaign_runs(behaviour: Behaviour) -> Sequence[Run]:
    """The runs that win new contacts."""
    return [run for run in calendar(behaviour) if isinstance(run.of, Campaign)]


def mailing_runs(behaviour: Behaviour) -> Sequence[Run]:
    """The runs that write to contacts the shop has."""
    return [run for run in calendar(behaviour) if isinstance(run.of, Mailing)]


def runs(behaviour: Behaviour) -> NDArray[np.bool_]:
    """Whether each run of the calendar takes place, by number."""
    return np.array([run.of.runs for run in calendar(behaviour)], dtype=bool)


def source_of(seed: int, behaviour: Behaviour, contact: Integers) -> Integers:
    """The channel by which each contact comes, position in ``SOURCES``, shape (n,)."""
    rho = behaviour.channel_quality
    place = ndtri(uniform(seed, "purchase rate", contact))  # the draw that λ comes from
    apart = ndtri(uniform(seed, "channel", contact))
    shares = np.cumsum([channel.share for channel in behaviour.channels])
    return channel_sources(behaviour)[choice(shares, ndtr(rho * place + np.sqrt(1 - rho * rho) * apart))]


def origins(seed: int, behaviour: Behaviour, contact: Integers, source: Integers, day: Integers) -> Origins:
    """What brings each contact who comes by a source on a day (counted from the shop's first), shape (n,) each."""
    planned = campaign_of(behaviour, source, day, uniform(seed, "comes through a campaign", contact))
    through = planned >= 0
    takes_place = np.append(runs(behaviour), True)[planned]
    alone = np.append([getattr(run.of, "incremental", 0.0) for run in calendar(behaviour)], 0.0)[planned]
    because = through & (uniform(seed, "comes because of a campaign", contact) < alone)
    return Origins(
        source=source,
        campaign=np.where(takes_place, planned, -1),
        incremental=because & takes_place,
        comes=~because | takes_place,
    )


def campaign_of(behaviour: Behaviour, source: Integers, day: Integers, chance: Floats) -> Integers:
    """The run that somebody who comes by `source` on `day` would come through, whether or not it takes place.

    Args:
        chance: shape (n,), a uniform draw each: who comes through a run depends on nobody else.

    Returns:
        numbers in the calendar, −1 for none; of two runs at a time, the one that began first.
    """
    number = np.full(len(source), -1)
    last = int(day.max(initial=-1))
    for run in campaign_runs(behaviour):
        if run.first > last:
            break
        assert isinstance(run.of, Campaign)
        through = (day >= run.first) & (day < run.end) & (number < 0)
        through &= (source == SOURCES.index(run.of.source)) & (chance < run.of.share)
        number[through] = run.number
    return number


def run_before(behaviour: Behaviour) -> Integers:
    """For each run of the calendar, by number, the campaign's run that ended last before it began; −1 for none."""
    campaigns = campaign_runs(behaviour)
    before = np.full(len(calendar(behaviour)), -1)
    for run in calendar(behaviour):
        over = [other for other in campaigns if other.end <= run.first]
        before[run.number] = max(over, key=lambda other: other.end).number if over else -1
    return before


def heard_of_until(behaviour: Behaviour, start: np.datetime64, until: np.datetime64) -> np.datetime64:
    """When the last contact arrives of whom the shop can have heard, as a lead, before `until`: datetime64[s]."""
    runs_by_number, before = calendar(behaviour), run_before(behaviour)
    opening, day = start.astype("datetime64[s]"), np.timedelta64(86_400, "s")
    last: np.datetime64 = until + LONGEST_LEAD * day
    for run in campaign_runs(behaviour):
        earlier = before[run.number]
        if earlier >= 0 and opening + runs_by_number[earlier].first * day < until:
            last = max(last, opening + run.end * day)
    return last


def channel_sources(behaviour: Behaviour) -> Integers:
    """Position in ``SOURCES`` of each channel."""
    return np.array([SOURCES.index(channel.source) for channel in behaviour.channels])


def lost_shares(behaviour: Behaviour) -> Floats:
    """Share of each channel among the leads that never become a contact; all 0 in a shop that has none.

    The channels of the rarest buyers, which stand first, lose the most for each contact they bring; who gives a name
    in a store is a contact at once, and no lead.
    """
    channels = behaviour.channels
    weight = np.array(
        [0.0 if c.source == "Store" else c.share * (len(channels) - i) for i, c in enumerate(channels)], dtype=float
    )
    return weight / (weight.sum() or 1.0)


def signed_up(start: np.datetime64, at: Seconds) -> Integers:
    """Days since the shop's first, of instants."""
    return (at.astype("datetime64[D]") - start).astype(np.int64)
