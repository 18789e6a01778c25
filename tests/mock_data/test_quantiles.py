"""Quantiles read from the table are scipy's, for every shape and as far out as a draw can lie."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaincinv, gammaincinv

from mock_data.draws import uniform
from mock_data.quantiles import beta_quantile, gamma_quantile

shapes = st.floats(0.3, 60)
U = np.concatenate([uniform(1, "u", np.arange(2_000)), 2.0 ** -np.arange(1, 54), 1 - 2.0 ** -np.arange(2, 53)])


@settings(deadline=None)
@given(shapes)
def test_gamma(shape):
    np.testing.assert_allclose(gamma_quantile(shape, U), gammaincinv(shape, U), rtol=3e-5, atol=1e-290)


@settings(deadline=None)
@given(shapes, shapes)
def test_beta(a, b):
    np.testing.assert_allclose(beta_quantile(a, b, U), betaincinv(a, b, U), rtol=3e-5, atol=1e-14)
