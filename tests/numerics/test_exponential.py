"""exp and 1/x in fixed point, against float64."""

import numpy as np
import pytest

from minilite.numerics.exponential import bit_length, exp_of_negative, normalize, reciprocal


@pytest.mark.parametrize("integer_bits", [0, 2, 5])
def test_exp_is_near(integer_bits: int) -> None:
    a = -np.unique(np.geomspace(1, 2**31, 5000).astype(np.int64))
    expected = np.exp(a / 2.0 ** (31 - integer_bits))
    assert np.abs(exp_of_negative(a, integer_bits) / 2**31 - expected).max() < 1e-6


def test_exp_of_zero_is_one() -> None:
    assert exp_of_negative(np.array([0]), 5) == 2**31 - 1


def test_reciprocal_is_near() -> None:
    value = np.unique(np.geomspace(1, 2**32 - 1, 5000).astype(np.int64))
    found, bits = reciprocal(value, 12)
    assert np.abs(found / 2.0**31 * 2.0**-bits * (value / 2.0**19) - 1).max() < 1e-6


def test_bit_length_counts_as_python_does() -> None:
    value = np.array([0, 1, 2, 3, 4, 255, 256, 2**31 - 1, 2**31, 2**62 - 1, 2**63 - 1])
    assert bit_length(value).tolist() == [int(number).bit_length() for number in value]
    assert int(bit_length(np.int64(1000))) == 10


def test_normalize_brings_the_highest_bit_to_the_top() -> None:
    value = np.array([1, 3, 2**30 - 1, 2**30, 2**31 - 1])
    scaled, bits = normalize(value)
    assert ((scaled >= 2**30) & (scaled < 2**31)).all()
    assert np.array_equal(scaled, value << bits)
