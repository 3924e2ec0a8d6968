"""RESIZE_BILINEAR: compiled loops against the definitions, by every kernel set's way."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minilite.errors import UnsupportedError
from minilite.format.options.shape import ResizeBilinearOptions
from tests.conformance.case import OneOp, Operand, one_op

from .test_elements import assert_loop_equals_definition

SETS = ("reference", "optimized", "xnnpack", "tflm-single")


@st.composite
def resizing(draw: Any, kind: str) -> OneOp:
    lengths = st.integers(1, 12)
    x_shape = (draw(st.integers(1, 2)), draw(lengths), draw(lengths), draw(st.sampled_from([1, 3, 16, 17, 40])))
    size = draw(st.sampled_from([(2 * x_shape[1], 2 * x_shape[2]), (draw(lengths), draw(lengths))]))
    random, scale = np.random.default_rng(draw(st.integers(0, 999))), None if kind == "float32" else 0.5
    if kind == "float32":
        data: Any = random.normal(size=x_shape).astype(np.float32)
        data[random.random(x_shape) < 0.2] = -0.0
    else:
        limits = np.iinfo(kind)
        data = random.choice([limits.min, limits.max, *random.integers(limits.min, limits.max, 5)], x_shape)
    align_corners, half_pixel_centers = draw(st.sampled_from([(False, False), (True, False), (False, True)]))
    options = ResizeBilinearOptions(align_corners=align_corners, half_pixel_centers=half_pixel_centers)
    zero = None if scale is None else 0
    wanted = Operand("int32", (2,), np.array(size, np.int32), constant=True)
    y = Operand(kind, (x_shape[0], *size, x_shape[3]), None, scale, zero)
    return one_op("RESIZE_BILINEAR", options, [Operand(kind, x_shape, data, scale, zero), wanted], [y])


@pytest.mark.parametrize("kernels", SETS)
@pytest.mark.parametrize("kind", ["float32", "uint8", "int8", "int16"])
def test_images_of_any_size(kind: str, kernels: str) -> None:
    @settings(max_examples=25)
    @given(resizing(kind))
    def check(example: OneOp) -> None:
        try:
            assert_loop_equals_definition(example.graph, example.inputs, kernels)
        except UnsupportedError:
            assert kernels == "tflm-single"
            assert kind in ("uint8", "int16")

    check()
