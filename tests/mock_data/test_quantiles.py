"""Quantiles read from the table are scipy's, for every shape and as far out as a draw can lie."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaincinv, gammaincinv

from mock_data.draws import uniform
from mock_data.quantiles import beta_quantile, gamma_quantile

shapes = st.floats(0.3, 60)
INSIDE = np.concatenate([uniform(1, "u", np.arange(2_000)), 2.0 ** -np.arange(1, 41), 1 - 2.0 ** -np.arange(2, 41)])
# one draw in a million million lies here, and scipy itself has few digits left
OUTSIDE = np.concatenate([2.0 ** -np.arange(41, 54), 1 - 2.0 ** -np.arange(41, 53)])


@given(shapes)
def test_gamma(shape):
    for u, tolerance in ((INSIDE, 3e-5), (OUTSIDE, 3e-3)):
        np.testing.assert_allclose(gamma_quantile(shape, u), gammaincinv(shape, u), rtol=tolerance, atol=1e-290)


@given(shapes, shapes)
def test_beta(a, b):
    for u, tolerance in ((INSIDE, 3e-5), (OUTSIDE, 3e-3)):
        np.testing.assert_allclose(beta_quantile(a, b, u), betaincinv(a, b, u), rtol=tolerance, atol=1e-13)
