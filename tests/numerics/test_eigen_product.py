"""The products of Eigen, one output after the other: how many partial sums each has, and how they are added up."""

from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minilite.errors import InputError
from minilite.numerics import eigen_product as module
from minilite.numerics.eigen_product import eigen_product, first_cache, is_ordered, piece


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


@pytest.fixture
def _anew() -> Iterator[None]:
    first_cache.cache_clear()
    yield
    first_cache.cache_clear()


@pytest.mark.parametrize("depth", [0, 1, 679, 680, 681, 1000, 1360, 1361, 5000])
@pytest.mark.parametrize(("kibibytes", "most"), [(1, 16), (32, 680), (48, 1016)])
def test_pieces_are_even_and_as_few_as_the_cache_allows(kibibytes: int, most: int, depth: int) -> None:
    size, count = piece(depth, kibibytes), -(-depth // most)
    assert size <= most
    assert size % 8 == 0
    assert -(-depth // size) == count
    assert depth <= most or size - depth / count <= 8


@pytest.mark.usefixtures("_anew")
def test_sums_of_pieces_are_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINILITE_L1_CACHE", "1")
    generator = np.random.default_rng(2)
    x, w = (generator.normal(size=shape).astype(np.float32) for shape in ((4, 20), (20, 8)))
    assert piece(20, 1) == 16
    terms = list(x[3] * w[:, 5])
    assert eigen_product(x, w)[3, 5] == one_output(terms[:16], "in order") + one_output(terms[16:], "in order")
    assert is_ordered(4, 8, 16)
    assert not is_ordered(4, 8, 17)


@pytest.mark.usefixtures("_anew")
@pytest.mark.parametrize("given", ["", "0", "32K", "-1"])
def test_a_variable_that_is_no_size_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINILITE_L1_CACHE", given)
    with pytest.raises(InputError, match=f"MINILITE_L1_CACHE is '{given}', expected the size of the cache in KiB"):
        first_cache()


@pytest.mark.usefixtures("_anew")
def test_the_cache_is_read_from_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MINILITE_L1_CACHE", raising=False)
    monkeypatch.setattr(module, "CACHES", tmp_path)
    assert first_cache() == 32
    for index, level, kind, size in (
        (0, "1", "Instruction", "64K"),
        (1, "2", "Unified", "2048K"),
        (2, "1", "Data", "48K"),
    ):
        folder = tmp_path / f"index{index}"
        folder.mkdir()
        for name, text in (("level", level), ("type", kind), ("size", size)):
            (folder / name).write_text(f"{text}\n")
    first_cache.cache_clear()
    assert first_cache() == 48
