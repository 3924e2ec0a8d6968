"""CONV_3D and CONV_3D_TRANSPOSE: strides, dilations, both paddings, windows larger than the volume, batches."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.convolution import Conv3DOptions
from minilite.numerics.geometry import SAME, slide

from .case import Case, OneOp, Operand, one_op
from .convolution import with_specials
from .strategies import ACTIVATIONS, arrays


@st.composite
def drawn_windows(draw: Any, must_fit: bool) -> tuple[Any, Any, Any, Conv3DOptions]:
    """Lengths the windows slide over, their sizes, their positions, and the options."""
    padding = draw(st.integers(0, 1))
    lengths, sizes, outputs, steps = [], [], [], {}
    for axis in "dhw":
        size, stride, dilation = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.sampled_from([1, 1, 1, 2]))
        reach = (size - 1) * dilation + 1
        shortest = 1 if padding == SAME else reach if must_fit else max(1, reach - 2 * stride + 1)
        length = draw(st.integers(shortest, max(6, shortest)))
        if padding != SAME and draw(st.integers(0, 9)):
            length = max(length, reach)
        lengths.append(length)
        sizes.append(size)
        outputs.append(slide(length, size, stride, dilation, padding).output)
        steps |= {f"stride_{axis}": stride, f"dilation_{axis}_factor": dilation}
    options = Conv3DOptions(padding=padding, fused_activation_function=draw(ACTIVATIONS), **steps)
    return lengths, sizes, outputs, options


def floats(draw: Any, *shape: int, constant: bool = False) -> Operand:
    return Operand("float32", shape, with_specials(draw, draw(arrays("float32", shape))), constant=constant)


@st.composite
def conv_3d(draw: Any) -> OneOp:
    lengths, sizes, outputs, options = draw(drawn_windows(False))
    batch, channels, units = draw(st.tuples(st.integers(1, 2), st.integers(1, 4), st.integers(1, 4)))
    given = [
        floats(draw, batch, *lengths, channels),
        floats(draw, *sizes, channels, units, constant=draw(st.booleans())),
        floats(draw, units, constant=True),
    ]
    return one_op(
        "CONV_3D", options, given if draw(st.booleans()) else given[:2], [Operand("float32", (batch, *outputs, units))]
    )


@st.composite
def conv_3d_transpose(draw: Any) -> OneOp:
    lengths, sizes, outputs, options = draw(drawn_windows(True))
    batch, channels, units = draw(st.tuples(st.integers(1, 2), st.integers(1, 4), st.integers(1, 4)))
    y = Operand("float32", (batch, *lengths, units))
    given = [
        Operand("int32", (5,), np.array(y.shape), constant=draw(st.booleans())),
        floats(draw, *sizes, units, channels, constant=draw(st.booleans())),
        floats(draw, batch, *outputs, channels),
        floats(draw, units, constant=True),
    ]
    return one_op("CONV_3D_TRANSPOSE", options, given if draw(st.booleans()) else given[:3], [y])


CASES = (
    Case("CONV_3D", "float32", conv_3d()),
    Case("CONV_3D_TRANSPOSE", "float32", conv_3d_transpose()),
)
