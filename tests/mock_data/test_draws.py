"""Draws are uniform, independent of their neighbours, and stay where they are when others are added or left out."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mock_data.draws import choice, uniform

N = 200_000
EXTREME = 1e-6  # how unlikely a result must be to call the generator broken


def test_uniform_over_entities_and_over_steps():
    for u in (uniform(1, "gap", np.arange(N)), uniform(1, "gap", np.zeros(N, dtype=np.int64), np.arange(N) % 65_536)):
        assert u.min() > 0 and u.max() < 1
        assert stats.kstest(u[:65_536], "uniform").pvalue > EXTREME


def test_neighbours_do_not_know_each_other():
    entity = np.arange(N)
    base = uniform(1, "gap", entity)
    for other in (
        uniform(1, "gap", entity + 1),
        uniform(1, "gap", entity, 1),
        uniform(2, "gap", entity),
        uniform(1, "dropout", entity),
    ):
        table = np.histogram2d(base, other, bins=16)[0]
        assert stats.chisquare(table.ravel()).pvalue > EXTREME
        assert (base != other).all()


@given(st.integers(0, 2**63 - 1), st.lists(st.integers(0, 2**40), min_size=1, unique=True), st.integers(0, 65_535))
def test_a_draw_depends_on_its_address_alone(seed, entities, step):
    together = uniform(seed, "spend", np.array(entities), step)
    alone = [uniform(seed, "spend", np.array([entity]), step)[0] for entity in entities]
    assert together.tolist() == alone


def test_choice_follows_its_shares():
    picked = choice(np.cumsum([0.2, 0.5, 0.3]), uniform(3, "pick", np.arange(N)))
    assert stats.chisquare(np.bincount(picked), N * np.array([0.2, 0.5, 0.3])).pvalue > EXTREME
