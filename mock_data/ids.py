"""Salesforce record ids from numbers: no lookup, no loop, every foreign key computable where it is needed.

An id is a 3-character prefix that tells the object, 12 base-62 digits, and 3 characters of checksum: each codes, as a
number below 32, which of five characters are capitals, so that ids stay distinct where case is ignored.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # in byte order: ids sort as numbers do
_CHECKSUM = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", dtype=np.uint8)
_GROUP = 62**3  # three digits are looked up at once
_GROUPS = 4  # 62¹² ids: more than 64-bit numbers can count
LENGTH = 18


@lru_cache(maxsize=1)
def _groups() -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Every group of three digits: its characters, shape (62³, 3), and which of them are capitals, as 3 bits."""
    alphabet = np.frombuffer(_ALPHABET, dtype=np.uint8)
    n = np.arange(_GROUP)
    characters = alphabet[np.stack([n // 3844, n // 62 % 62, n % 62], axis=1)]
    return characters, _capitals(characters)


def _capitals(characters: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Bit i set where character i of each row is A–Z."""
    is_capital = (characters >= ord("A")) & (characters <= ord("Z"))
    return (is_capital << np.arange(characters.shape[1])).sum(axis=1).astype(np.uint16)


def encode(prefix: str, numbers: NDArray[np.int64]) -> pa.StringArray:
    """Ids of the objects numbered `numbers`.

    Args:
        prefix: the object's 3-character key prefix.
        numbers: shape (n,); a negative number stands for NULL.
    """
    n = len(numbers)
    null = numbers < 0
    characters, capitals = _groups()
    rest = np.where(null, 0, numbers)
    out = np.empty((n, LENGTH), dtype=np.uint8)
    out[:, :3] = np.frombuffer(prefix.encode(), dtype=np.uint8)
    bits = np.full(n, int(_capitals(out[:1, :3])[0]) if n else 0, dtype=np.uint16)
    for group in reversed(range(_GROUPS)):
        rest, digits = np.divmod(rest, _GROUP)
        out[:, 3 + 3 * group : 6 + 3 * group] = characters[digits]
        bits |= capitals[digits] << np.uint16(3 + 3 * group)
    for block in range(3):
        out[:, 15 + block] = _CHECKSUM[(bits >> np.uint16(5 * block)) & np.uint16(31)]
    offsets = np.arange(n + 1, dtype=np.int32) * LENGTH
    validity = pa.array(~null).buffers()[1] if null.any() else None
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(out), validity, int(null.sum()))
