"""AVERAGE_POOL_2D, MAX_POOL_2D, L2_POOL_2D: types, both paddings, windows larger than the image, all activations."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.convolution import Pool2DOptions
from minilite.numerics.geometry import SAME, VALID, slide

from .case import Case, OneOp, one_op
from .strategies import ACTIVATIONS, arrays, operands, scales

TYPES = ("float32", "int8", "uint8", "int16")


@st.composite
def pool(draw: Any, op: str, kind: str, version: int = 3, special: bool = True) -> OneOp:
    batch, channels = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    height, width = draw(st.integers(1, 8)), draw(st.integers(1, 8))
    padding = draw(st.sampled_from([SAME, VALID]))
    largest = (height, width) if padding == VALID else (9, 9)
    rows, columns = (draw(st.integers(1, size)) for size in largest)
    strides = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    options = Pool2DOptions(
        padding=padding,
        stride_h=strides[0],
        stride_w=strides[1],
        filter_height=rows,
        filter_width=columns,
        fused_activation_function=draw(ACTIVATIONS),
    )
    x = draw(operands(kind, (batch, height, width, channels)))
    if kind == "float32" and special and draw(st.booleans()):  # few values: zeros of both signs, ties, infinities, NaN
        few = np.array([0.0, -0.0, 1.0, -1.0, 6.0, 7.0, np.inf, -np.inf, np.nan], np.float32)
        x = x._replace(data=few[draw(arrays("uint8", x.shape)) % len(few)])
    if kind == "int16":
        x = x._replace(scale=draw(scales(1e-5, 1e-2)))
    shape = (
        batch,
        slide(height, rows, strides[0], 1, padding).output,
        slide(width, columns, strides[1], 1, padding).output,
        channels,
    )
    return one_op(op, options, [x], [x._replace(shape=shape, data=None)], version)


SPECIAL = "what becomes of NaN, infinities and -0 depends on the processor's vectors; in {} of {} elements it differed"
POOLS = {"AVERAGE_POOL_2D": (1e-5, SPECIAL.format(1057, 3337)), "MAX_POOL_2D": (None, SPECIAL.format(524, 3337))}
CASES = (
    *(Case(op, kind, pool(op, kind)) for op in POOLS for kind in TYPES[1:]),
    *(
        Case(op, "float32", pool(op, "float32"), sets={"optimized": None, "xnnpack": why}, variant="float")
        for op, (_, why) in POOLS.items()
    ),
    *(
        Case(op, "float32", pool(op, "float32", special=False), sets={"optimized": None, "xnnpack": tolerance})
        for op, (tolerance, _) in POOLS.items()
    ),
    Case("L2_POOL_2D", "float32", pool("L2_POOL_2D", "float32", version=1)),
)
