"""The compiled choice of boxes against its definition, with scores and corners that are equal or no numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minilite.errors import InputError
from minilite.fast.detection import fast
from minilite.ops.detection import Plan, detect

pytest.importorskip("numba", reason="numba is not installed")
ODD = [np.nan, np.inf, -np.inf, 0.0, -0.0, 0.5]


@settings(max_examples=60)
@given(st.integers(1, 40), st.integers(1, 4), st.integers(0, 12), st.sampled_from([0.0, 0.1]), st.integers(0, 999))
def test_the_same_boxes(boxes: int, classes: int, detections: int, share: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    limits = random.choice([0.0, 0.3], 1).astype(np.float32)[0], random.choice([0.2, 0.5], 1).astype(np.float32)[0]
    plan = Plan("op", classes, detections, 1, 1, False, *limits, np.array([10.0, 10, 5, 5]), {})
    shapes = (1, boxes, 4), (1, boxes, classes + 1), (boxes, 4)
    arrays = []
    for shape in shapes:
        values = random.choice([random.random(shape), random.choice([0.25, 0.5], shape)])
        odd = random.random(shape) < share
        arrays.append(np.where(odd, random.choice(ODD, shape), values).astype(np.float32))
    with np.errstate(all="ignore"):
        try:
            expected = detect(plan, *arrays)
        except InputError:
            with pytest.raises(InputError):
                fast(plan, *arrays)
            return
        for wanted, made in zip(expected, fast(plan, *arrays), strict=True):
            assert np.array_equal(wanted, made, equal_nan=True)
