"""Tables: the official sigmoid table by its sum, 8-bit tables against exact values, interpolation at and between."""

import numpy as np
import pytest

from minilite.numerics import libm
from minilite.numerics.tables import SIGMOID_TABLE, interpolate, look_up, sigmoid_16bit, table_8bit, table_16bit
from minilite.numerics.tables import tanh_16bit as tanh


def test_the_sigmoid_table_is_the_official_one() -> None:
    assert SIGMOID_TABLE.shape == (256,)
    assert SIGMOID_TABLE.sum() == 15670629
    assert SIGMOID_TABLE[[0, 1, 2, 255]].tolist() == [32768, 33451, 34133, 65535]


def test_16bit_sigmoid_and_tanh_are_near_and_symmetric() -> None:
    value = np.arange(-(2**17) - 5000, 2**17 + 5000, 37)
    real = value / (3 * 4096)
    assert np.abs(sigmoid_16bit(value) - 2**15 / (1 + np.exp(-real))).max() < 3
    assert np.abs(tanh(value) - 2**15 * np.tanh(real)).max() < 5
    assert np.abs(sigmoid_16bit(value) + sigmoid_16bit(-value) - 2**15).max() <= 1


@pytest.mark.parametrize(("dtype", "zero_point"), [(np.int8, -5), (np.uint8, 130)])
def test_an_8bit_table_holds_the_nearest_codes(dtype: type, zero_point: int) -> None:
    info = np.iinfo(dtype)
    codes = np.arange(info.min, info.max + 1).astype(dtype)
    scale = np.float32(1 / 128)
    table = table_8bit(libm.tanh, np.float32(0.03), zero_point, scale, zero_point, np.dtype(dtype))
    nearest = np.round(np.tanh(0.03 * (codes.astype(float) - zero_point)) * 128) + zero_point
    assert np.array_equal(look_up(table, codes), np.clip(nearest, info.min, info.max))


@pytest.mark.parametrize(
    ("dtype", "zero_point", "expected"), [(np.int8, 0, [-128, -128, 0, 127, 127]), (np.uint8, 128, [0, 0, 128, 0, 0])]
)
def test_what_fits_no_int32(dtype: type, zero_point: int, expected: list[int]) -> None:
    table = table_8bit(lambda x: x, np.float32(1), zero_point, np.float32(1e-12), zero_point, np.dtype(dtype))
    assert table[[0, 127, 128, 129, 255]].tolist() == expected


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_a_16bit_table_interpolates_within_one_code(real: type) -> None:
    table = table_16bit(lambda x: x * real(0.5), real(2.0**-15), 0, real(2.0**-15), 0)
    codes = np.arange(-(2**15), 2**15)
    assert table.shape == (513,)
    assert np.abs(interpolate(table, codes) - codes / 2).max() <= 1


def test_ties_go_away_from_zero() -> None:
    table = table_8bit(lambda x: x, np.float32(0.5), 0, np.float32(1), 0, np.dtype(np.int8))
    assert table[128 - 3 : 128 + 4].tolist() == [-2, -1, -1, 0, 1, 1, 2]
