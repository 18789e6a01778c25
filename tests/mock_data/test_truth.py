"""Simulated customers do what the formulas of kpis.md §3 say, in steady and in seasonal worlds, for every seed."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest
from scipy.special import betaln
from scipy.stats import CensoredData, ecdf, norm

from mock_data import truth
from mock_data.behaviour.calendar import SeasonClock
from mock_data.behaviour.parameters import PurchaseParameters
from mock_data.behaviour.purchases import Customers, Purchases, draw_rates, purchase
from mock_data.behaviour.spend import draw_scale, draw_spend
from mock_data.crm.catalogue import make_catalogue
from mock_data.crm.orders import BOUGHT, make_orders
from mock_data.crm.people import arrivals
from mock_data.world import World, end_of

from .worlds import default_world

AS_OF = np.datetime64("2025-12-31")
SEEDS = range(12)
# how many standard errors a mean may be off: one comparison in two million fails by chance
STANDARD_ERRORS = 5.0


@dataclass
class History:
    """One world's purchasers, with what is true of them and what they did: shape (n,) but for `purchases`."""

    world: World
    clock: SeasonClock
    rate: np.ndarray
    dropout: np.ndarray
    dropout_at: np.ndarray
    purchases: Purchases
    first: np.ndarray

    @property
    def buyers(self) -> np.ndarray:
        return np.flatnonzero(~np.isnat(self.first))


@pytest.fixture(scope="module", params=[(seed, season) for seed in SEEDS for season in (0.0, 1.0)], ids=str)
def history(request: pytest.FixtureRequest) -> History:
    seed, seasonality = request.param
    world = default_world(seed=seed, contacts=20_000)
    world = replace(world, behaviour=replace(world.behaviour, seasonality=seasonality))
    until = end_of(AS_OF)
    clock = world.season_clock(until)
    contact = np.arange(world.contacts)
    rate, dropout = draw_rates(seed, contact, world.behaviour.purchases)
    customers = Customers(contact, rate, dropout, arrivals(world, contact, clock).first_purchase)
    bought, dropout_at = purchase(seed, customers, clock, until)
    first = np.full(world.contacts, np.datetime64("NaT"), "datetime64[s]")
    first[bought.customer[bought.number == 1]] = bought.at[bought.number == 1]
    return History(world, clock, rate, dropout, dropout_at, bought, first)


def assert_mean(happened: np.ndarray, chance: np.ndarray) -> None:
    """The share of independent events agrees with the mean of their chances."""
    error = np.sqrt((chance * (1 - chance)).sum()) / len(chance)
    assert abs(happened.mean() - chance.mean()) <= STANDARD_ERRORS * error


def second_purchase(h: History) -> np.ndarray:
    at = np.full(h.world.contacts, np.datetime64("NaT"), "datetime64[s]")
    at[h.purchases.customer[h.purchases.number == 2]] = h.purchases.at[h.purchases.number == 2]
    return at


@pytest.mark.parametrize("days", [30, 90, 182, 365])
def test_repeat_rate(history, days):
    h = history
    window = np.timedelta64(days, "D")
    seen = h.buyers[h.first[h.buyers] <= end_of(AS_OF) - window - np.timedelta64(1, "D")]
    weeks = h.clock.to_clock(h.first[seen] + window) - h.clock.to_clock(h.first[seen])
    came_back = second_purchase(h)[seen] < h.first[seen] + window
    assert_mean(came_back, truth.repeat_rate(h.rate[seen], h.dropout[seen], weeks))
    if h.world.behaviour.seasonality == 0:
        chance = truth.repeat_rate_of_world(h.world.behaviour.purchases, days / 7)
        assert_mean(came_back, np.full(len(seen), chance))


def test_half_of_the_customers_come_back_within_the_first_gaps_median(history):
    """Kaplan and Meier's estimate over first gaps finds the median; over later gaps, or all, it finds a shorter one."""
    h = history
    parameters = h.world.behaviour.purchases
    bought = h.purchases
    follows = np.append(bought.customer[1:] == bought.customer[:-1], False)
    end = np.where(follows, np.append(bought.at[1:], bought.at[:1]), end_of(AS_OF))
    weeks = h.clock.to_clock(end) - h.clock.to_clock(bought.at)

    def share_open(which: np.ndarray, at: float) -> tuple[float, float]:
        """What is open after `at` weeks, and five standard errors of it."""
        found = ecdf(CensoredData(weeks[which & follows], right=weeks[which & ~follows])).sf
        band = found.confidence_interval(confidence_level=1 - 2 * norm.sf(STANDARD_ERRORS))
        return float(found.evaluate(at)), float(band.high.evaluate(at) - band.low.evaluate(at)) / 2

    for gap in (1, 2, 3, None):
        of_gap = bought.number == gap if gap else np.ones(len(weeks), dtype=bool)
        median = truth.gap_median(parameters, gap)
        observed, tolerance = share_open(of_gap, median)
        if gap == 1:
            assert abs(observed - 0.5) <= tolerance
        else:
            assert observed < 0.5 - tolerance, gap


@pytest.mark.parametrize("gap", [1, 2, 3, 6])
@pytest.mark.parametrize("weeks", [4.0, 26.0, 200.0])
def test_gaps_of_those_who_have_come_so_far(gap, weeks):
    """The mean over customers of given λ and p, weighted by how likely each is to make that purchase."""
    parameters = PurchaseParameters(r=0.6, alpha=7.0, a=1.4, b=2.2)
    rate, dropout = draw_rates(5, np.arange(400_000), parameters)
    comes_so_far = (1 - dropout) ** (gap - 1)
    open_share = np.average(1 - truth.repeat_rate(rate, dropout, weeks), weights=comes_so_far)
    assert truth.gap_survival(parameters, weeks, gap) == pytest.approx(open_share, abs=0.003)


def test_all_gaps_are_the_gaps_of_each_number_weighted_by_those_who_come_so_far():
    parameters, weeks = PurchaseParameters(r=0.6, alpha=7.0, a=3.0, b=2.2), 12.0
    gap = np.arange(1, 20_000)
    comes_so_far = np.exp(betaln(parameters.a, parameters.b + gap - 1) - betaln(parameters.a, parameters.b))
    open_share = np.average(truth.gap_survival(parameters, weeks, gap), weights=comes_so_far)
    assert truth.all_gaps_survival(parameters, weeks) == pytest.approx(open_share, abs=1e-6)


def test_medians_of_gaps():
    """The steady world's, in days, and a world in which more than half never come back."""
    steady = PurchaseParameters()
    assert [round(7 * truth.gap_median(steady, gap), 1) for gap in (1, 2, 3)] == [191.8, 151.7, 133.7]
    for gap in (1, 2, None):
        survival = truth.all_gaps_survival if gap is None else partial(truth.gap_survival, gap=gap)
        assert survival(steady, truth.gap_median(steady, gap)) == pytest.approx(0.5)
    assert np.isnan(truth.gap_median(PurchaseParameters(a=2.0, b=1.9)))


@pytest.mark.parametrize("day", ["2024-01-01", "2025-01-01", "2025-12-31"])
def test_active(history, day):
    h = history
    at = np.datetime64(day, "s")
    seen = h.buyers[h.first[h.buyers] < at]
    weeks = h.clock.to_clock(np.full(len(seen), at)) - h.clock.to_clock(h.first[seen])
    dropped_out = h.dropout_at[seen] <= at  # NaT compares false
    assert_mean(~dropped_out, truth.probability_active(h.rate[seen], h.dropout[seen], weeks))


def test_purchases_in_the_next_year(history):
    h = history
    at = np.datetime64("2024-12-31", "s")
    seen = h.buyers[h.first[h.buyers] < at]
    active = ~(h.dropout_at[seen] <= at)
    weeks = (h.clock.to_clock(np.array([end_of(AS_OF) - 1])) - h.clock.to_clock(np.array([at])))[0]
    made = np.bincount(h.purchases.customer[h.purchases.at >= at], minlength=h.world.contacts)[seen]
    expected = truth.expected_purchases(active, h.rate[seen], h.dropout[seen], weeks)
    error = (made - expected).std() / np.sqrt(len(seen))
    assert abs(made.mean() - expected.mean()) <= STANDARD_ERRORS * error


@pytest.mark.parametrize("k", [1, 2, 6, 12, 24])
def test_cohort_retention(history, k):
    h = history
    cohort = h.first[h.buyers].astype("datetime64[M]")
    begins, ends = ((cohort + k + i).astype("datetime64[s]") for i in (0, 1))
    observed = ends <= end_of(AS_OF)
    who = h.buyers[observed]
    begin, end = (h.clock.to_clock(t[observed] - np.timedelta64(1, "s")) for t in (begins, ends))
    chance = truth.cohort_retention(h.rate[who], h.dropout[who], begin - h.clock.to_clock(h.first[who]), end - begin)
    months = np.unique(
        np.stack([h.purchases.customer, h.purchases.at.astype("datetime64[M]").astype(int)], axis=1), axis=0
    )
    target = dict.fromkeys(map(tuple, months.tolist()))
    wanted = zip(who.tolist(), (cohort[observed] + k).astype(int).tolist(), strict=True)
    assert_mean(np.array([pair in target for pair in wanted]), chance)


def test_average_order_value(history):
    """Baskets come to what the spend model drew, and that to the purchase-weighted mean of p/ν."""
    h = history
    world, bought = h.world, h.purchases
    scale = draw_scale(world.seed, bought.customer, world.behaviour.spend)
    catalogue = make_catalogue(world)
    orders = make_orders(world, catalogue, arrivals(world, np.arange(world.contacts), h.clock).homes, bought)
    mine = orders.outcome == BOUGHT
    value = (orders.total(orders.line_cents) / 100)[mine]
    drawn = draw_spend(world.seed, bought.customer, bought.number * 3, scale, world.behaviour.spend)
    assert abs(value.mean() / drawn.mean() - 1) < 0.01
    purchases = np.bincount(bought.customer, minlength=world.contacts)
    mean_spend = world.behaviour.spend.p / draw_scale(world.seed, np.arange(world.contacts), world.behaviour.spend)
    expected = truth.average_order_value(purchases, mean_spend)
    error = (drawn - world.behaviour.spend.p / scale).std() / np.sqrt(len(drawn))
    assert abs(drawn.mean() - expected) <= STANDARD_ERRORS * error
    assert abs(value.mean() / expected - 1) < 0.045
