"""What makes one world and no other: its size, its seed, its first day and how its customers behave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from warehouse.errors import UserError
from warehouse.settings import Settings

from . import worlds
from .behaviour.acquisition import heard_of_until
from .behaviour.calendar import SeasonClock
from .behaviour.parameters import Behaviour, Plan
from .draws import Integers, uniform

ARRIVAL_WEEKS = 156  # `contacts` arrive over this span whatever the as-of date, and more after it at the rate of then
SHARD = 8_192  # customers simulated at once; draws are addressed, so the size decides speed and memory only
LATER_WALK_INS = 1_200_000_000  # the first record number of walk-ins after the arrival weeks
_RECORD_NUMBERS = 1_400_000_000  # of buyers: all that they do has numbers below 2⁴⁷
PEOPLE_PER_WHOLESALER = 4  # room for contacts of a wholesale account


@dataclass(frozen=True)
class World:
    """Settings of a simulation.

    Buyers are numbered contacts first, then walk-ins, then wholesale accounts; behind them the contacts who come after
    the arrival weeks, and from ``LATER_WALK_INS`` on the walk-ins who do. All that a buyer does has record numbers that
    begin with the buyer's, so that keys rise with the shards and no shard needs to know another. Behind all buyers, the
    people at wholesale accounts are numbered, who buy nothing in their own name.

    Attributes:
        seed: of every draw.
        start: the shop's first day, datetime64[D].
        accounts, products: how many.
        contacts: how many arrive in the first ``ARRIVAL_WEEKS``.
        behaviour: parameters of everything drawn at random.
        faults: what goes wrong in the landing, and the share of rows (:mod:`mock_data.faults`).
    """

    seed: int
    start: np.datetime64
    accounts: int
    contacts: int
    products: int
    behaviour: Behaviour = field(default_factory=Behaviour)
    faults: tuple[tuple[str, float], ...] = ()

    @classmethod
    def from_settings(cls, settings: Settings) -> World:
        """The world that the project's settings describe."""
        return cls(
            seed=settings.seed,
            start=np.datetime64(settings.start_date, "D"),
            accounts=settings.number_accounts_to_create,
            contacts=settings.number_contacts_to_create,
            products=settings.number_products_to_create,
            behaviour=worlds.load(settings.world),
        )

    @property
    def opening(self) -> np.datetime64:
        """The shop's first second, datetime64[s]."""
        return self.start.astype("datetime64[s]")

    @property
    def arrival_weeks_end(self) -> np.datetime64:
        """The day after the weeks in which `contacts` arrive, datetime64[D]."""
        return self.start + np.timedelta64(7 * ARRIVAL_WEEKS, "D")

    @property
    def walk_ins(self) -> int:
        """How many purchases are made in the arrival weeks by people who leave no name."""
        return round(self.contacts * self.behaviour.walk_ins)

    @property
    def wholesalers(self) -> int:
        """How many of the accounts buy for resale: the last ones."""
        return int(self.accounts * self.behaviour.wholesale.share)

    @property
    def shops(self) -> int:
        """How many of the accounts sell to consumers: the first ones."""
        return self.accounts - self.wholesalers

    @property
    def plans(self) -> tuple[Plan, ...]:
        """Membership plans on offer; their products come after the articles."""
        return self.behaviour.subscriptions.plans if self.behaviour.subscriptions else ()

    @property
    def customers(self) -> int:
        """Consumers of the arrival weeks who may buy: contacts first, then walk-ins, by record number."""
        return self.contacts + self.walk_ins

    @property
    def buyers(self) -> int:
        """Consumers of the arrival weeks, then wholesale accounts, by record number: who may buy in those weeks."""
        return self.customers + self.wholesalers

    def is_contact(self, buyer: Integers) -> NDArray[np.bool_]:
        """Whether each buyer leaves a name: neither a walk-in nor a wholesale account."""
        return (buyer < self.contacts) | ((buyer >= self.buyers) & (buyer < LATER_WALK_INS))

    def is_wholesale(self, buyer: Integers) -> NDArray[np.bool_]:
        """Whether each buyer is a wholesale account."""
        return (buyer >= self.customers) & (buyer < self.buyers)

    def works_for_wholesaler(self, contact: Integers) -> NDArray[np.bool_]:
        """Whether each record number is that of somebody at a wholesale account."""
        return contact >= _RECORD_NUMBERS

    def people_at(self, wholesaler: Integers, person: Integers | int) -> Integers:
        """Record numbers of persons 0 to 3 at wholesale accounts, which are counted from 0 among themselves."""
        return _RECORD_NUMBERS + wholesaler * PEOPLE_PER_WHOLESALER + person

    def wholesaler_of(self, contact: Integers) -> tuple[Integers, Integers]:
        """Where people at wholesale accounts work, and which person each is: what :meth:`people_at` takes."""
        wholesaler, person = np.divmod(contact - _RECORD_NUMBERS, PEOPLE_PER_WHOLESALER)
        return wholesaler, person

    def groups(self, until: np.datetime64) -> tuple[range, ...]:
        """Record numbers of all who leave a trace before `until`, datetime64[s].

        Returns:
            those of consumers of the arrival weeks, of wholesale accounts, of later contacts, of later walk-ins, and of
            people who may work at wholesale accounts.

        Raises:
            UserError: by then, more people come than there are record numbers.
        """
        contacts = self._later(self.buyers, self.contacts, heard_of_until(self.behaviour, self.start, until))
        # two days more, as local hours differ and who finds a door shut comes a day later
        walk_ins = self._later(LATER_WALK_INS, self.walk_ins, until + np.timedelta64(2, "D"))
        if self.buyers + contacts > LATER_WALK_INS or LATER_WALK_INS + walk_ins > _RECORD_NUMBERS:
            raise UserError(
                f"by {until.astype('datetime64[D]') - 1}, this world would win more customers than it can number: "
                "choose an earlier AS_OF_DATE, or a smaller NUMBER_CONTACTS_TO_CREATE"
            )
        return (
            range(self.customers),
            range(self.customers, self.buyers),
            range(self.buyers, self.buyers + contacts),
            range(LATER_WALK_INS, LATER_WALK_INS + walk_ins),
            range(_RECORD_NUMBERS, _RECORD_NUMBERS + self.wholesalers * PEOPLE_PER_WHOLESALER),
        )

    def _later(self, first: int, n: int, until: np.datetime64) -> int:
        """How many come after the arrival weeks and before `until`, where `n` came in these weeks.

        Args:
            first: record number of the first of them.
        """
        clock = self.arrival_clock(until)
        due = n * (float(clock.to_clock(np.array([until]))[0]) / self.arrival_span(clock) - 1)
        if due <= 0:
            return 0
        whole, rest = divmod(min(due, float(_RECORD_NUMBERS)), 1)  # the draw of the last one decides
        return int(whole) + bool(uniform(self.seed, "arrival", np.array([first + int(whole)]))[0] < rest)

    def shards(self, until: np.datetime64) -> int:
        """How many shards the groups are cut into, one after the other."""
        return sum(-(-len(group) // SHARD) for group in self.groups(until))

    def shard(self, number: int, until: np.datetime64) -> Integers:
        """Record numbers of one shard, all of one group."""
        for group in self.groups(until):
            shards = -(-len(group) // SHARD)
            if number < shards:
                some = group[number * SHARD : (number + 1) * SHARD]
                return np.arange(some.start, some.stop)
            number -= shards
        raise IndexError(number)

    def season_clock(self, until: np.datetime64) -> SeasonClock:
        """Λ from the first day to `until`, and at least over the arrival weeks."""
        end = max(until.astype("datetime64[D]"), self.arrival_weeks_end)
        return SeasonClock(self.start, end + 1, self.behaviour.seasonality, promotions=self.behaviour.promotions)

    def arrival_clock(self, until: np.datetime64) -> SeasonClock:
        """The clock on which contacts arrive evenly: the season's, growing, to `until` and over the arrival weeks."""
        end = max(until.astype("datetime64[D]"), self.arrival_weeks_end)
        return SeasonClock(self.start, end + 1, self.behaviour.seasonality, self.behaviour.yearly_growth)

    def arrival_span(self, clock: SeasonClock) -> float:
        """What the arrival clock shows at the end of the arrival weeks, when `contacts` have arrived."""
        return float(clock.at_midnight[7 * ARRIVAL_WEEKS])

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> World:
        """The world whose :meth:`as_dict` was kept; other keys do not matter."""
        plain = {f.name: values[f.name] for f in fields(cls)}
        return cls(
            **plain
            | {
                "start": np.datetime64(plain["start"], "D"),
                "behaviour": TypeAdapter(Behaviour).validate_python(plain["behaviour"]),
                "faults": tuple((name, rate) for name, rate in plain["faults"]),
            }
        )

    def as_dict(self) -> dict[str, object]:
        """Plain values, for a manifest."""
        return asdict(self) | {"start": str(self.start)}


def end_of(as_of: np.datetime64) -> np.datetime64:
    """The first second after the as-of day: what happens before it has happened."""
    return (as_of.astype("datetime64[D]") + 1).astype("datetime64[s]")
