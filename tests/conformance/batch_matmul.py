"""BATCH_MATMUL: leading dimensions that broadcast, both operands swapped or not, every type."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.dense import BatchMatMulOptions

from .case import Case, OneOp, Operand, one_op
from .strategies import arrays, operands, scales, zero_points


@st.composite
def matrices(draw: Any, axes: int, adj_x: bool, adj_y: bool) -> tuple[Any, ...]:
    """Shapes of x, w and y with up to `axes` leading dimensions longer than 1, missing or 1 in one of x and w."""
    rows, depth, columns = draw(st.integers(1, 5)), draw(st.integers(1, 40)), draw(st.integers(1, 5))
    long = draw(st.lists(st.integers(1, 3), max_size=3).filter(lambda lead: sum(n > 1 for n in lead) <= axes))
    leads = []
    for _ in range(2):
        lead = [draw(st.sampled_from([1, length, length])) for length in long]
        while lead and lead[0] == 1 and draw(st.booleans()):
            lead.pop(0)
        leads.append(tuple(lead))
    x = (*leads[0], *((depth, rows) if adj_x else (rows, depth)))
    w = (*leads[1], *((columns, depth) if adj_y else (depth, columns)))
    return x, w, (*np.broadcast_shapes(*leads), rows, columns)


@st.composite
def batch_matmul(draw: Any, left: str, right: str, out: str) -> OneOp:
    adj_x, adj_y = draw(st.booleans()), draw(st.booleans())
    x_shape, w_shape, y_shape = draw(matrices(3, adj_x, adj_y))
    x, w = draw(operands(left, x_shape)), draw(operands(right, w_shape, constant=draw(st.booleans())))
    y = Operand(out, y_shape)
    if out in ("int8", "int16"):
        y = y._replace(scale=draw(scales()), zero_point=draw(zero_points(out)))
        ratio = 2.0 ** -draw(st.integers(6, 14)) if out == "int16" else draw(scales(1e-3, 0.5))
        zero_point = draw(st.sampled_from([0, w.zero_point]))  # the XNNPACK delegate takes 0 only
        w = w._replace(scale=np.float32(y.scale / x.scale * ratio), zero_point=0 if out == "int16" else zero_point)
    options = BatchMatMulOptions(adj_x=adj_x, adj_y=adj_y)
    return one_op("BATCH_MATMUL", options, [x, w], [y], version=4)


@st.composite
def hybrid(draw: Any, constant: bool) -> OneOp:
    """LiteRT mixes up the scales of rows when two leading dimensions are longer than 1.

    Of several matrices w along the first of five axes it sums up only the first and reads the other sums unwritten.
    """
    adj_x, adj_y = draw(st.booleans()), draw(st.booleans())
    x_shape, w_shape, y_shape = draw(
        matrices(1, adj_x, adj_y).filter(lambda drawn: len(drawn[1]) < 5 or drawn[1][0] == 1)
    )
    data = draw(arrays("float32", x_shape)) * np.float32(draw(st.sampled_from([0, 1e-30, 0.3, 1, 1, 1e6])))
    data = data + np.float32(draw(st.sampled_from([0, 0, 9, -9])))
    if draw(st.booleans()):
        data[..., 0, :] = 0
    count = y_shape[-1] if draw(st.booleans()) else 1
    axis = len(w_shape) - (2 if adj_y else 1)
    scale = np.array([draw(scales(1e-4, 0.5)) for _ in range(count)], np.float32)
    w = Operand("int8", w_shape, draw(arrays("int8", w_shape)), scale, axis=axis, constant=constant)
    options = BatchMatMulOptions(adj_x=adj_x, adj_y=adj_y, asymmetric_quantize_inputs=draw(st.booleans()))
    x, y = Operand("float32", x_shape, data), Operand("float32", y_shape)
    return one_op("BATCH_MATMUL", options, [x, w], [y], version=4)


CASES = (
    Case("BATCH_MATMUL", "float32", batch_matmul("float32", "float32", "float32")),
    Case("BATCH_MATMUL", "int8 int8 -> int8", batch_matmul("int8", "int8", "int8")),
    Case("BATCH_MATMUL", "int8 int8 -> int32", batch_matmul("int8", "int8", "int32")),
    Case("BATCH_MATMUL", "int16 int16 -> int16", batch_matmul("int16", "int16", "int16")),
    Case("BATCH_MATMUL", "int16 int8 -> int16", batch_matmul("int16", "int8", "int16")),
    Case("BATCH_MATMUL", "float32 int8 -> float32", hybrid(True)),
    Case(
        "BATCH_MATMUL",
        "float32 int8 -> float32",
        hybrid(False),
        sets={"optimized": None, "xnnpack": "the delegate takes weights that are no constant, and gives 0"},
    ),
)
