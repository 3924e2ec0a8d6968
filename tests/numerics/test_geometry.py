"""Windows against counting them one by one, and broadcasting against NumPy."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from minilite.numerics.geometry import SAME, VALID, broadcast_shapes, slide

LENGTHS, SMALL = st.integers(1, 40), st.integers(1, 7)


@given(LENGTHS, SMALL, SMALL, SMALL)
def test_valid_counts_the_windows_that_fit(length: int, size: int, stride: int, dilation: int) -> None:
    span = (size - 1) * dilation
    assume(span < length)
    window = slide(length, size, stride, dilation, VALID)
    assert window.output == len(range(0, length - span, stride))
    assert window.before == 0
    assert window.reach(length) == 0


@given(LENGTHS, SMALL, SMALL, SMALL)
def test_same_gives_one_window_for_each_stride(length: int, size: int, stride: int, dilation: int) -> None:
    window = slide(length, size, stride, dilation, SAME)
    assert window.output == len(range(0, length, stride))
    span = (size - 1) * dilation
    behind = window.reach(length)
    assert 0 <= behind - window.before <= 1 or span == 0 or behind == 0
    assert window.before <= span / 2


def test_worked_windows() -> None:
    assert slide(8, 3, 1, 1, SAME)[:2] == (8, 1)
    assert slide(8, 3, 2, 1, SAME)[:2] == (4, 0)  # the odd pixel of padding goes behind
    assert slide(8, 3, 2, 2, SAME)[:2] == (4, 1)
    assert slide(8, 3, 2, 1, VALID)[:2] == (3, 0)
    assert slide(3, 4, 1, 1, VALID).output == 0
    assert slide(2, 4, 3, 1, VALID).output == 0  # less than a stride too large
    assert slide(2, 9, 3, 1, VALID).output == -1


@given(st.lists(st.lists(st.integers(0, 3), max_size=4).map(tuple), min_size=1, max_size=3))
def test_broadcast_is_numpys(shapes: list[tuple[int, ...]]) -> None:
    try:
        expected = np.broadcast_shapes(*shapes)
    except ValueError:
        expected = None
    assert broadcast_shapes(*shapes) == expected
