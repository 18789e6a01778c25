"""Random numbers with an address: every draw has a place of its own, and taking one never moves another.

A draw is named by its seed, its purpose ("gap", "dropout"), the thing it belongs to (a contact, an order) and a step
(the fourth purchase, the second line). It is element ``entity · 2¹⁶ + step`` of the SplitMix64 sequence keyed by seed
and purpose (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014), computed directly,
without the ones before it. So the world does not depend on the number of workers, the size of a shard, the length of a
run or a change in NumPy's generators, and switching one behaviour off leaves every other draw where it was.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

STEPS_PER_ENTITY = 1 << 16

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@lru_cache(maxsize=256)
def _key(seed: int, purpose: str) -> tuple[np.uint64, np.uint64]:
    """Start and (odd) increment of the sequence for one seed and purpose."""
    digest = hashlib.blake2b(f"{seed}/{purpose}".encode(), digest_size=16).digest()
    start, step = np.frombuffer(digest, dtype="<u8")
    return np.uint64(start), np.uint64(step | np.uint64(1))


def uniform(seed: int, purpose: str, entity: Integers, step: Integers | int = 0) -> Floats:
    """Uniform draws in the open interval (0, 1), one for each address.

    Args:
        seed: the world's seed.
        purpose: what the draw decides; each purpose has a sequence of its own.
        entity: shape (n,), whose draw it is; at least 0 and below 2⁴⁷.
        step: shape (n,) or one number, which draw of that entity; at least 0 and below 2¹⁶.

    Returns:
        shape (n,), 53 random bits each, never 0 and never 1.
    """
    start, increment = _key(seed, purpose)
    z = (entity * STEPS_PER_ENTITY + step).astype(np.uint64)
    z *= increment
    z += start
    # the finaliser of SplitMix64, in place
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    z >>= np.uint64(11)
    u = z.astype(np.float64)
    u += 0.5
    u *= 2.0**-53
    return u


def choice(cumulative: Floats, u: Floats) -> Integers:
    """Index drawn with the cumulative probabilities `cumulative` (last one 1), one for each uniform `u`."""
    return np.searchsorted(cumulative, u, side="right").clip(max=len(cumulative) - 1)
