"""Gamma and Beta quantiles for millions of draws: scipy's, read from a table instead of solved for each.

The logarithm (for Beta: the log-odds) of the quantile is a smooth function of the log-odds of the probability, so a
thousand nodes and the cubic through the four nearest give it to about a millionth: a hundred times faster than scipy,
and far finer than any sample can tell.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import betainccinv, betaincinv, expit, gammainccinv, gammaincinv, logit

from .draws import Floats

_REACH = 38.0  # log-odds of the smallest and the largest uniform draw
_NODES = 1 << 11
_STEP = 2 * _REACH / (_NODES - 4)  # a node to spare on each side
_FIRST = -_REACH - _STEP
_SMALLEST = 1e-300


def gamma_quantile(shape: float, u: Floats) -> Floats:
    """Quantiles of the Gamma distribution with rate 1, shape (n,), for probabilities `u` in (0, 1)."""
    return np.exp(_interpolate(_gamma_table(shape), u))


def beta_quantile(a: float, b: float, u: Floats) -> Floats:
    """Quantiles of the Beta distribution, shape (n,), for probabilities `u` in (0, 1)."""
    return expit(_interpolate(_beta_table(a, b), u))


def _nodes() -> tuple[Floats, Floats, Floats]:
    """Log-odds of the nodes, their probabilities, and what is missing to 1."""
    at = np.asarray(_FIRST + _STEP * np.arange(_NODES), np.float64)
    return at, np.asarray(expit(at), np.float64), np.asarray(expit(-at), np.float64)


@lru_cache(maxsize=64)
def _gamma_table(shape: float) -> Floats:
    at, low, high = _nodes()
    quantile = np.where(at < 0, gammaincinv(shape, low), gammainccinv(shape, high))
    return np.log(np.maximum(quantile, _SMALLEST))


@lru_cache(maxsize=64)
def _beta_table(a: float, b: float) -> Floats:
    at, low, high = _nodes()
    quantile = np.where(at < 0, betaincinv(a, b, low), betainccinv(a, b, high))
    missing = betaincinv(b, a, high)  # not 1 − quantile, which has no digits left near 1
    return np.log(np.maximum(quantile, _SMALLEST)) - np.log(np.maximum(missing, _SMALLEST))


def _interpolate(table: Floats, u: Floats) -> Floats:
    """The cubic through the four nodes around each probability."""
    place = (logit(u) - _FIRST) / _STEP
    node = place.astype(np.intp).clip(1, _NODES - 3)
    t = place - node
    before, here, after, beyond = (table[node + k] for k in (-1, 0, 1, 2))
    # coefficients of the cubic through (−1, before), (0, here), (1, after) and (2, beyond)
    third = (beyond - before) / 6 + (here - after) / 2
    second = (before + after) / 2 - here
    first = after - here - second - third
    return here + t * (first + t * (second + t * third))
