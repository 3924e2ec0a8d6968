"""Windows against a loop over every position and tap."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from minilite.numerics.geometry import Window, slide
from minilite.numerics.windows import gather, inside, sum_taps

AXES = st.tuples(st.integers(1, 9), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))


def window(axis: tuple[int, int, int, int]) -> tuple[int, Window]:
    """A length, and the SAME window over it."""
    length, size, stride, dilation = axis
    return length, slide(length, size, stride, dilation, 0)


def reads(axis: Window, length: int, tap: int) -> list[tuple[int, int]]:
    """Every position whose tap is inside, with the input it reads."""
    pairs = ((p, p * axis.stride - axis.before + tap * axis.dilation) for p in range(axis.output))
    return [(position, index) for position, index in pairs if 0 <= index < length]


@settings(deadline=None)
@given(AXES)
def test_inside_names_each_position_and_what_it_reads(axis: tuple[int, int, int, int]) -> None:
    length, found = window(axis)
    for tap in range(found.size):
        positions, indices = inside(found, tap, length)
        pairs = zip(range(found.output)[positions], range(length)[indices], strict=True)
        assert list(pairs) == reads(found, length, tap)


@settings(deadline=None)
@given(AXES, AXES)
def test_gather_copies_the_image_and_zeros_around_it(vertical: tuple[int, ...], horizontal: tuple[int, ...]) -> None:
    (height, rows), (width, columns) = window(vertical), window(horizontal)  # type: ignore[arg-type]
    x = np.random.default_rng(0).integers(1, 100, (2, height, width, 3))
    expected = np.zeros((2, rows.output, columns.output, rows.size, columns.size, 3), x.dtype)
    for i, j in np.ndindex(rows.size, columns.size):
        for p, row in reads(rows, height, i):
            for q, column in reads(columns, width, j):
                expected[:, p, q, i, j] = x[:, row, column]
    gathered = gather(x, rows, columns)
    assert np.array_equal(gathered, expected)
    w = np.random.default_rng(1).integers(-9, 9, (rows.size, columns.size, 3, 1, 4))
    sums = sum_taps(x[..., None, :], w, rows, columns)
    assert np.array_equal(sums[..., 0, :], np.einsum("npqijd,ijdv->npqv", expected, w[..., 0, :]))


def test_taps_outside_the_image_never_meet_their_weights() -> None:
    rows = slide(1, 3, 1, 1, 0)
    w = np.full((3, 3, 1, 1, 1), np.nan, np.float32)
    w[1, 1] = 2
    assert sum_taps(np.ones((1, 1, 1, 1, 1), np.float32), w, rows, rows).item() == 2
