"""CONCATENATION, PAD, PADV2: all element types, equal and differing scales, scalars, zero lengths, run-time values."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.empty import PadOptions, PadV2Options
from minilite.format.options.shape import ConcatenationOptions
from minilite.ops.pad import PADDING_TYPES

from .case import Case, OneOp, Operand, one_op
from .movement import same_codes, value
from .strategies import TIE_RATIOS, arrays, operands, scales, zero_points

LENGTHS = st.sampled_from([1, 2, 3, 4, 5, 0])


def _joined(draw: Any, kind: str, shape: tuple[int, ...], y: Operand) -> Operand:
    """An input with the scale of `y`; for uint8 often one of its own, for int16 always."""
    fields = {"scale": y.scale, "zero_point": y.zero_point}
    if kind == "int16" or (kind == "uint8" and draw(st.booleans())):
        fields = {"scale": draw(scales()), "zero_point": draw(zero_points(kind))}
        if draw(st.booleans()):  # ties, where the quotient is not quite exact
            simple = np.float32(draw(st.sampled_from(TIE_RATIOS)) * y.scale)
            fields = {"scale": simple, "zero_point": draw(st.sampled_from([0, fields["zero_point"]]))}
        if kind == "int16":
            fields["zero_point"] = 0
    return Operand(kind, shape, draw(arrays(kind, shape)), constant=draw(st.booleans()), **fields)


@st.composite
def concatenation(draw: Any, kind: str) -> OneOp:
    shape = draw(st.lists(LENGTHS, min_size=int(kind == "int4"), max_size=5))
    count = draw(st.integers(1, 4))
    y = draw(operands(kind, ()))
    if kind == "uint8" and draw(st.booleans()):  # a scale whose float32 reciprocal is not exact
        y = y._replace(scale=np.float32(np.random.default_rng(draw(st.integers(0, 9999))).uniform(1e-3, 2)))
    if not shape:  # scalars: only constants
        inputs = [_joined(draw, kind, (), y)._replace(constant=True) for _ in range(count)]
        return one_op("CONCATENATION", None, inputs, [same_codes(y, (count,))])
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    lengths = [draw(LENGTHS) for _ in range(count)]
    each = [tuple(np.array([*shape[:axis], length, *shape[axis:][1:]])) for length in lengths]
    inputs = [_joined(draw, kind, tuple(map(int, one)), y) for one in each]
    shape[axis] = sum(lengths)
    return one_op("CONCATENATION", ConcatenationOptions(axis=axis), inputs, [same_codes(y, tuple(shape))])


@st.composite
def pad(draw: Any, op: str, kind: str) -> OneOp:
    x = draw(operands(kind, tuple(draw(st.lists(LENGTHS, max_size=5)))))
    if draw(st.integers(0, 4)) == 0:
        x = x._replace(scale=None)
    y = same_codes(x, ())
    if draw(st.booleans()):
        y = draw(operands(kind, ()))
    kind_of_paddings = draw(st.sampled_from(PADDING_TYPES))
    highest = 1 if kind_of_paddings == "bool" else 3
    pairs = [(draw(st.integers(0, highest)), draw(st.integers(0, highest))) for _ in x.shape]
    if len(pairs) == 4 and draw(st.booleans()):
        pairs[0] = pairs[3] = (0, 0)
    paddings = value(draw, np.reshape(pairs, (-1, 2)), kind_of_paddings)
    if (y.scale, y.zero_point) != (
        x.scale,
        x.zero_point,
    ):  # the XNNPACK delegate takes constant paddings, and then fails
        paddings = paddings._replace(constant=False)
    y = same_codes(y, tuple(sum(pair) + length for pair, length in zip(pairs, x.shape, strict=True)))
    given = [] if op == "PAD" else [_filling(draw, y)]
    options = PadOptions() if op == "PAD" else PadV2Options()
    return one_op(op, draw(st.sampled_from([None, options])), [x, paddings, *given], [y])


def _filling(draw: Any, y: Operand) -> Operand:
    shape = draw(st.sampled_from([(), (1,), (1, 1)]))
    return same_codes(y, shape)._replace(data=draw(arrays(y.type, shape)), constant=draw(st.booleans()))


JOINED = ("float32", "float16", "bool", "int8", "int16", "int32", "int64", "uint8", "uint32", "int4")
PADDED = ("float32", "float16", "bool", "int8", "int16", "int32", "int64", "uint8")
CASES = (
    *(Case("CONCATENATION", kind, concatenation(kind)) for kind in JOINED),
    *(Case(op, kind, pad(op, kind)) for op in ("PAD", "PADV2") for kind in PADDED),
)
