"""Ids look like Salesforce's: prefix, digits, and a checksum that keeps them apart where case is ignored."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from mock_data import ids
from mock_data.schema import CRM

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def checksum(fifteen: str) -> str:
    """The published rule, character by character: in each five, bit i is set where character i is a capital."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    blocks = (fifteen[i : i + 5] for i in range(0, 15, 5))
    return "".join(letters[sum(1 << i for i, c in enumerate(block) if c in ALPHABET[10:36])] for block in blocks)


def test_checksum_rule_on_a_published_example():
    assert checksum("001A0000006Vm9u") == "IAC"


@given(st.lists(st.integers(0, 2**63 - 1), min_size=1), st.sampled_from([o.prefix for o in CRM.values()]))
def test_an_id_is_prefix_digits_and_checksum(numbers, prefix):
    for number, value in zip(numbers, ids.encode(prefix, np.array(numbers)).to_pylist(), strict=True):
        digits = 0
        for character in value[3:15]:
            digits = digits * 62 + ALPHABET.index(character)
        assert value[:3] == prefix
        assert digits == number
        assert value[15:] == checksum(value[:15])


@given(st.lists(st.integers(0, 2**63 - 1), min_size=2, unique=True))
def test_ids_sort_as_numbers_do_and_stay_distinct_without_case(numbers):
    values = ids.encode("801", np.array(sorted(numbers))).to_pylist()
    assert values == sorted(values)
    assert len({value.lower() for value in values}) == len(numbers)


def test_negative_is_null():
    assert ids.encode("003", np.array([-1, 5, -1])).to_pylist()[::2] == [None, None]
    assert ids.encode("003", np.array([], dtype=np.int64)) == pa.array([], pa.string())
