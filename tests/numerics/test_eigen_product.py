"""The products of Eigen, one output after the other: how many partial sums each has, and how they are added up."""

from functools import reduce
from typing import Any

import numpy as np
import pytest

from minilite.numerics.eigen_product import eigen_product


def partial_sums(terms: list[Any], count: int, step: int) -> tuple[list[Any], list[Any]]:
    """`count` sums over the terms that fill whole steps, and the terms left over."""
    end = len(terms) // step * step
    return [reduce(np.add, terms[first:end:count], np.float32(0)) for first in range(count)], terms[end:]


def one_output(terms: list[Any], kind: str) -> Any:
    if kind == "in order":
        return reduce(np.add, terms, np.float32(0))
    sums, rest = partial_sums(terms, 2 if kind == "even and odd" else 4, 8 if kind == "even and odd" else 4)
    if kind == "lanes":
        sums = [sums[0] + sums[2], sums[1] + sums[3]]
    elif kind == "fours":
        sums = [sums[0] + sums[1], sums[2] + sums[3]]
    return reduce(np.add, rest, sums[0] + sums[1])


def kind_of(row: int, unit: int, rows: int, units: int, depth: int) -> str:
    if rows == 1 or units == 1 or rows + units + depth < 20:
        return "lanes"
    if row >= rows // 4 * 4 or unit < units // 8 * 8:
        return "in order"
    return "even and odd" if unit < units // 4 * 4 else "fours"


@pytest.mark.parametrize(
    ("rows", "units", "depth"),
    [(1, 9, 21), (6, 1, 30), (2, 3, 9), (2, 3, 14), (2, 3, 15), (5, 8, 13), (6, 15, 21), (4, 6, 40), (9, 20, 7)],
)
def test_each_output(rows: int, units: int, depth: int) -> None:
    generator = np.random.default_rng(rows * units * depth)
    x, w = (generator.normal(size=shape).astype(np.float32) for shape in ((rows, depth), (depth, units)))
    found = eigen_product(x, w)
    for row, unit in np.ndindex(rows, units):
        assert found[row, unit] == one_output(list(x[row] * w[:, unit]), kind_of(row, unit, rows, units, depth))


@pytest.mark.parametrize("depth", [0, 3, 4, 11, 16, 37, 64])
def test_one_output_alone_has_up_to_four_vectors(depth: int) -> None:
    generator = np.random.default_rng(depth)
    x, w = (generator.normal(size=shape).astype(np.float32) for shape in ((1, depth), (depth, 1)))
    terms = list(x[0] * w[:, 0])
    end = depth // 4 * 4
    vectors = [np.array(terms[first:end:4]) for first in range(4)]  # of each lane
    lanes = []
    for lane in vectors:
        turns = [reduce(np.add, lane[first::4]) for first in range(min(4, len(lane)))]
        lanes.append(reduce(np.add, turns[::-1], np.float32(0)))
    expected = reduce(np.add, terms[end:], (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]))
    assert eigen_product(x, w).tolist() == [[expected]]


def test_the_orders_differ() -> None:
    x, w = np.full((4, 24), 0.1, np.float32), np.full((24, 13), 0.3, np.float32)
    assert len(set(eigen_product(x, w)[0].tolist())) > 1
