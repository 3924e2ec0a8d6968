"""RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR: larger, smaller, the same; all conventions; sizes given at run time."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.shape import ResizeBilinearOptions, ResizeNearestNeighborOptions
from minilite.ops.element_types import UP_TO_32_BITS

from .case import Case, OneOp, one_op
from .movement import SHARE, same_codes, value
from .strategies import operands

# LiteRT's rounded step leaves the image for some sizes from 55 on, and it then reads what lies behind.
SIZES = st.integers(1, 54)


@st.composite
def resize(draw: Any, op: str, kind: str) -> OneOp:
    batch, channels = draw(st.sampled_from([1, 2, 3, 0])), draw(st.sampled_from([1, 2, 3, 4, 0]))
    height, width = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    x = draw(operands(kind, (batch, height, width, channels)))
    if kind == "float32":
        x = x._replace(data=np.where(np.abs(x.data) < 2, np.float32(-0.0), x.data))  # often negative zeros
    size = draw(st.sampled_from([(draw(SIZES), draw(SIZES)), (2 * height, 2 * width), (height, 3 * width)]))
    align_corners, half_pixel_centers = draw(st.booleans()), draw(st.booleans())
    if op == "RESIZE_BILINEAR":
        half_pixel_centers &= not align_corners
        options: Any = ResizeBilinearOptions(align_corners=align_corners, half_pixel_centers=half_pixel_centers)
    else:
        options = ResizeNearestNeighborOptions(align_corners=align_corners, half_pixel_centers=half_pixel_centers)
    return one_op(op, options, [x, value(draw, size)], [same_codes(x, (batch, *size, channels))])


CASES = (
    *(Case("RESIZE_BILINEAR", kind, resize("RESIZE_BILINEAR", kind)) for kind in ("float32", "uint8", "int8", "int16")),
    *(
        Case("RESIZE_NEAREST_NEIGHBOR", kind, resize("RESIZE_NEAREST_NEIGHBOR", kind), share=SHARE)
        for kind in UP_TO_32_BITS
    ),
)
