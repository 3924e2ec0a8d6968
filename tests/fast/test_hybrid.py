"""Codes found at run time: the compiled rows have those of the definition, whatever the numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minilite.fast.dynamic import quantize_row
from minilite.numerics.dynamic import quantize_rows
from minilite.numerics.jit import compiled

pytest.importorskip("numba", reason="numba is not installed")
SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan, 3e38, -3e38, 1e-45, -1e-38], np.float32)


@given(st.integers(1, 40), st.booleans(), st.sampled_from([0, 0, 1, 3]), st.integers(0, 40), st.integers(0, 9999))
def test_rows_of_codes(depth: int, asymmetric: bool, specials: int, first: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    x = random.normal(random.normal(), 1, depth).astype(np.float32)
    if seed % 7 == 0:
        x = np.round(x * 2) / 2  # many ties
    x[random.integers(0, depth, specials)] = random.choice(SPECIAL, specials)
    first %= depth
    last = first + 1 + seed % (depth - first)
    expected, codes = quantize_rows(x[None], asymmetric), np.empty(last - first, np.int8)
    with np.errstate(all="ignore"):
        scale, zero_point = compiled(quantize_row)(x, first, codes, int(asymmetric))
    assert np.array_equal(codes, expected.codes[0, first:last])
    assert np.array_equal(np.float32(scale), expected.scale[0], equal_nan=True)
    assert zero_point == expected.zero_point[0]
