"""Reductions: which elements meet, in which order they are added, and the multiplier of a mean."""

import itertools

import numpy as np
import pytest

from minilite.numerics.reduction import gather_axes, mean_multiplier, ordered_sum
from minilite.numerics.rescale import quantize_multiplier

X = np.random.default_rng(7).normal(size=(3, 4, 2, 5)).astype(np.float32)


@pytest.mark.parametrize("axes", [axes for count in range(5) for axes in itertools.combinations(range(4), count)])
def test_elements_that_meet_stand_in_row_major_order(axes: tuple[int, ...]) -> None:
    kept = [axis for axis in range(4) if axis not in axes]
    met: dict[tuple[int, ...], list[float]] = {}
    for index in np.ndindex(X.shape):
        met.setdefault(tuple(index[axis] for axis in kept), []).append(X[index])
    assert gather_axes(X, axes).T.tolist() == [met[key] for key in sorted(met)]


def test_sums_grow_from_first_to_last() -> None:
    rows = np.random.default_rng(1).normal(size=(2000, 3)).astype(np.float32)
    total = np.zeros(3, np.float32)
    for row in rows:
        total = total + row
    assert np.array_equal(ordered_sum(rows), total)
    assert not np.array_equal(ordered_sum(rows[::-1]), total), "the order shows in these rows"


def test_no_sum_is_negative_zero() -> None:
    assert not np.signbit(ordered_sum(np.full((2, 1), -0.0, np.float32))).any()


@pytest.mark.parametrize("real", [1.0, 0.7, 100.3, 2.0**-20, 2.0**-31, 3.1e-10, 2.0**20])
@pytest.mark.parametrize("count", [1, 2, 3, 7, 49, 1000, 2**20 + 1])
def test_a_mean_multiplier_is_cut_off(real: float, count: int) -> None:
    whole, divided = quantize_multiplier(real), mean_multiplier(real, count)
    shift = int(whole.exponent - divided.exponent)
    assert shift == min(count.bit_length() - 1, 31 + int(whole.exponent))
    assert divided.exponent >= -31
    assert int(divided.mantissa) == (int(whole.mantissa) << shift) // count
