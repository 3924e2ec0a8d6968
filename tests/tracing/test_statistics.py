"""Statistics of a tensor: merged from parts they are those of the whole."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minilite.numerics.affine import Range
from minilite.tracing.record import Accumulators
from minilite.tracing.sums import PERFECT, Errors
from minilite.tracing.values import Values

CODES = Range(-128, 127)
runs = st.lists(st.lists(st.integers(-128, 127), min_size=3, max_size=3), min_size=1, max_size=6)


def values_of(codes: np.ndarray, scale: float = 0.5) -> Values:
    found = Values(CODES)
    found.add(codes, codes * scale)
    return found


@given(runs)
def test_values_of_runs_are_those_of_all_at_once(rows: list[list[int]]) -> None:
    codes = np.array(rows, np.int8)
    whole, merged = values_of(codes), Values(CODES)
    for row in codes:
        merged.merge(values_of(row[None]))
    names = ("elements", "minimum", "maximum", "rails", "distinct", "span", "dead_channels", "constant_channels")
    assert [getattr(merged, name) for name in names] == [getattr(whole, name) for name in names]
    assert merged.effective_bits == pytest.approx(whole.effective_bits)
    assert whole.mean == pytest.approx(np.mean(codes * 0.5))
    assert merged.deviation == pytest.approx(np.std(codes * 0.5), abs=1e-6)
    assert whole.rails == (np.mean(codes == -128), np.mean(codes == 127))
    assert whole.distinct == len(np.unique(codes))
    assert whole.span == int(codes.max()) - int(codes.min()) + 1


@given(runs, st.integers(-3, 3))
def test_errors_of_runs_are_those_of_all_at_once(rows: list[list[int]], shift: int) -> None:
    expected = np.array(rows, np.float64)
    values = np.round(expected / 3 + shift)
    whole, merged = Errors(), Errors()
    whole.add(values, expected)
    for one, other in zip(values, expected, strict=True):
        part = Errors()
        part.add(one, other)
        merged.merge(part)
    error = values - expected
    for found in (whole, merged):
        assert found.rmse == pytest.approx(np.sqrt(np.mean(error**2)))
        assert found.bias == pytest.approx(error.mean())
        assert found.largest == np.abs(error).max()
        norms = np.linalg.norm(values) * np.linalg.norm(expected)
        assert found.cosine == (pytest.approx(np.vdot(values, expected) / norms) if norms else None)
        if error.any() and expected.any():
            assert found.sqnr_db == pytest.approx(10 * np.log10(np.sum(expected**2) / np.sum(error**2)))


def test_channels_and_effective_bits() -> None:
    found = values_of(np.array([[0, 5, 1, 7], [0, 5, 2, 7]], np.int8))
    assert (found.channels, found.dead_channels, found.constant_channels) == (4, 1, 2)
    assert values_of(np.array([0, 5], np.int8)).constant_channels == 0
    assert values_of(np.arange(-128, 128)).effective_bits == 8
    assert values_of(np.array([3, 3, 3])).effective_bits == 0


def test_without_error_and_without_numbers() -> None:
    exact, nothing = Errors(), Errors()
    exact.add(np.array([1.0, 2.0]), np.array([1.0, 2.0]))
    assert (exact.sqnr_db, exact.rmse) == (math.inf, 0)
    assert (nothing.sqnr_db, nothing.rmse, nothing.bias, nothing.cosine) == (None,) * 4
    lost = Errors()
    lost.add(np.array([np.nan, 1.0]), np.array([0.0, 3.0]))
    assert (lost.not_finite, lost.elements, lost.bias) == (1, 1, -2)


def test_headroom() -> None:
    assert Accumulators(32, 0).headroom == 31
    assert Accumulators(32, 2**15).headroom == 15
    assert Accumulators(32, 2**31 - 1).headroom == 0
    assert pytest.approx(0.288675) == PERFECT
