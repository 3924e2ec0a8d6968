"""RESHAPE, SQUEEZE, EXPAND_DIMS, SHAPE: all element types, zero lengths, scalars, values given at run time."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.enums import TensorType
from minilite.format.options.empty import ExpandDimsOptions
from minilite.format.options.shape import ReshapeOptions, ShapeOptions, SqueezeOptions
from minilite.ops.element_types import EVERY, PACKED
from minilite.ops.reshape import ANSWER

from .case import Case, OneOp, Operand, one_op
from .strategies import elements, operands, shapes

LENGTHS = st.lists(st.sampled_from([0, 1, 2, 3, 4, 2, 3]), max_size=5)

SHARE = 0.2  # of the examples, for each of the many types of a kernel that only moves elements


def value(draw: Any, numbers: Any, kind: str = "int32", shape: Any = None) -> Operand:
    """A value operand, in the file or given at run time."""
    data = np.array(numbers, kind)
    return Operand(kind, data.shape if shape is None else shape, data, constant=draw(st.booleans()))


def same_codes(x: Operand, shape: tuple[int, ...]) -> Operand:
    """An output of the type, scale and zero point of `x`."""
    return Operand(x.type, shape, scale=x.scale, zero_point=x.zero_point)


def _grouped(draw: Any, lengths: list[int]) -> tuple[int, ...]:
    """Neighbouring lengths multiplied together here and there, ones put in between; at most 8."""
    shape: list[int] = []
    for length in lengths:
        if shape and draw(st.booleans()):
            shape[-1] *= length
        else:
            shape += [1] * draw(st.integers(0, len(shape) < 3)) + [length]
    return tuple(shape)


@st.composite
def reshape(draw: Any, kind: str) -> OneOp:
    lengths = draw(LENGTHS)
    x = draw(operands(kind, _grouped(draw, lengths)))
    shape = _grouped(draw, lengths)
    requested = list(shape)
    if shape and draw(st.booleans()):
        requested[draw(st.integers(0, len(shape) - 1))] = -1
    y = same_codes(x, shape)
    given = draw(st.sampled_from(["operand", "operand", "option", "ignored"]))
    if given == "operand" or shape == (0,):  # which the option cannot say: it would be an old file's scalar
        return one_op("RESHAPE", draw(st.sampled_from([None, ReshapeOptions()])), [x, value(draw, requested)], [y])
    options = ReshapeOptions(new_shape=np.array(requested or draw(st.sampled_from([[], [0]])), "<i4"))
    # A shape operand that is no vector of int32 is passed over for the option.
    ignored = [Operand("int64", (1,), np.array([7]), constant=True)] if given == "ignored" else []
    return one_op("RESHAPE", options, [x, *ignored], [y])


@st.composite
def squeeze(draw: Any, kind: str) -> OneOp:
    shape = tuple(draw(st.lists(st.sampled_from([0, 1, 1, 1, 2, 3]), max_size=6)))
    ones = [axis for axis, length in enumerate(shape) if length == 1]
    chosen = draw(st.lists(st.sampled_from(ones), max_size=4)) if ones else []
    removed = set(chosen or ones)
    dims = [axis - len(shape) if draw(st.booleans()) else axis for axis in chosen]
    options = SqueezeOptions(squeeze_dims=draw(st.sampled_from([None, np.array([], "<i4")])))
    if dims:
        options = SqueezeOptions(squeeze_dims=np.array(dims, "<i4"))
    x = draw(operands(kind, shape))
    left = tuple(length for axis, length in enumerate(shape) if axis not in removed)
    return one_op("SQUEEZE", options, [x], [same_codes(x, left)])


@st.composite
def expand_dims(draw: Any, kind: str) -> OneOp:
    x = draw(operands(kind, tuple(draw(LENGTHS))))
    rank = len(x.shape) + 1
    axis = draw(st.integers(-rank, rank - 1))
    shape = (*x.shape[: axis % rank], 1, *x.shape[axis % rank :])
    position = value(draw, axis, draw(st.sampled_from(["int32", "int64"])), draw(st.sampled_from([(), (1,)])))
    return one_op(
        "EXPAND_DIMS", draw(st.sampled_from([None, ExpandDimsOptions()])), [x, position], [same_codes(x, shape)]
    )


@st.composite
def shape(draw: Any, kind: str, out: str) -> OneOp:
    x = draw(elements(kind, draw(shapes(0, 6))))
    options = ShapeOptions(out_type=int(TensorType[out.upper()]))
    return one_op("SHAPE", options, [x], [Operand(out, (len(x.shape),))])


CASES = (
    *(Case("RESHAPE", kind, reshape(kind), share=SHARE) for kind in (*EVERY, *PACKED)),
    *(Case("SQUEEZE", kind, squeeze(kind), share=SHARE) for kind in (*EVERY, *PACKED)),
    *(Case("EXPAND_DIMS", kind, expand_dims(kind), share=SHARE) for kind in (*EVERY, *PACKED)),
    *(Case("SHAPE", types, shape(*types.split(" -> ")), share=SHARE) for types in ANSWER.types),
)
