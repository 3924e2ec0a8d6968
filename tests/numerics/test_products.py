"""Integer products are exact on both sides of every switch of precision; float products follow the order of d."""

import numpy as np
import pytest

from minilite.numerics.products import exact_product, ordered_product


@pytest.mark.parametrize("largest", [127, 2**11, 2**15, 2**24, 2**31 - 1])
@pytest.mark.parametrize("depth", [1, 3, 64])
def test_exact_product(largest: int, depth: int) -> None:
    generator = np.random.default_rng(depth)
    x, w = generator.integers(-largest, largest + 1, (5, depth)), generator.integers(-127, 128, (depth, 4))
    x[0], w[:, 0] = largest, 127
    expected = [[sum(int(a) * int(b) for a, b in zip(row, column, strict=True)) for column in w.T] for row in x]
    assert exact_product(x, w).tolist() == expected


def test_exact_product_of_nothing() -> None:
    assert exact_product(np.zeros((0, 3), np.int8), np.zeros((3, 2), np.int8)).shape == (0, 2)


def test_ordered_product_sums_from_first_to_last() -> None:
    generator = np.random.default_rng(1)
    x, w = generator.normal(size=(3, 50)).astype(np.float32), generator.normal(size=(50, 2)).astype(np.float32)
    expected = np.zeros((3, 2), np.float32)
    for n, u in np.ndindex(3, 2):
        for d in range(50):
            expected[n, u] = np.float32(expected[n, u] + np.float32(x[n, d] * w[d, u]))
    assert ordered_product(x, w).tobytes() == expected.tobytes()
