"""The integer sigmoid, tanh and inverse root are near the real functions; the LSTM cases compare their bits."""

import numpy as np
import pytest

from minilite.numerics.gates import sigmoid_of_fixed, tanh_of_fixed
from minilite.numerics.inverse_root import inverse_root

CODES = np.arange(-(2**15), 2**15)


def test_sigmoid_is_near_the_real_one() -> None:
    real = 2**15 / (1 + np.exp(-CODES / 2**12))
    assert np.abs(sigmoid_of_fixed(CODES) - real).max() < 20
    assert sigmoid_of_fixed(np.array([0]))[0] == 2**14


@pytest.mark.parametrize("integer_bits", range(7))
def test_tanh_is_near_the_real_one(integer_bits: int) -> None:
    codes = tanh_of_fixed(CODES, integer_bits)
    assert np.abs(codes - 2**15 * np.tanh(CODES / 2 ** (15 - integer_bits))).max() < 40
    assert (codes[1:] == -codes[1:][::-1]).all()


def test_inverse_root_is_near_the_real_one() -> None:
    values = np.concatenate([np.arange(2, 5000), np.random.default_rng(0).integers(2, 2**31, 5000)])
    mantissa, shift = inverse_root(values)
    assert np.allclose(mantissa * 2.0 ** (-31 - shift), 1 / np.sqrt(values), rtol=2e-6)
    assert [int(part) for part in inverse_root(np.int64(0))] == [2**31 - 1, 0]
