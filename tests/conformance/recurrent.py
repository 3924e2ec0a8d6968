"""RNN ops, one cell and two, and SVDF: float32, hybrid, and int8 for SVDF."""

from typing import Any

from hypothesis import strategies as st

from minilite.format.options.recurrent import (
    BidirectionalSequenceRNNOptions,
    RNNOptions,
    SequenceRNNOptions,
    SVDFOptions,
)
from minilite.ops.rnn import BOTH_TYPES, HYBRID_TYPES

from .case import Case, OneOp, Operand, one_op
from .lstm import activations
from .strategies import arrays, scales, zero_points

ALL_ACTIVATIONS = st.sampled_from([0, 1, 2, 3, 4, 4, 5])


def weights(draw: Any, kind: str, shape: tuple[int, ...], low: float = 1e-3, high: float = 0.02) -> Operand:
    """Constant weights: floats up to 1, or codes with a scale."""
    if kind == "float32":
        return Operand(kind, shape, draw(arrays(kind, shape, -1, 1)), constant=True)
    return Operand(kind, shape, draw(arrays(kind, shape)), draw(scales(low, high)), constant=True)


def rnn_cell(draw: Any, kind: str, batch: int, depth: int, units: int) -> list[Operand]:
    parts = [weights(draw, kind, (units, depth)), weights(draw, kind, (units, units))]
    bias = weights(draw, "float32", (units,))
    return [*parts, bias, Operand("float32", (batch, units), variable=True)]


@st.composite
def rnn(draw: Any, op: str, kind: str) -> OneOp:
    batch, time, depth, units = (draw(st.integers(1, high)) for high in (4, 4, 34, 9))
    common = {"fused_activation_function": draw(ALL_ACTIVATIONS), "asymmetric_quantize_inputs": draw(st.booleans())}
    options: Any = RNNOptions(**common)
    leading: tuple[int, ...] = (batch,)
    if op == "UNIDIRECTIONAL_SEQUENCE_RNN":
        options = SequenceRNNOptions(time_major=draw(st.booleans()), **common)
        leading = (time, batch) if options.time_major else (batch, time)
    x, y = activations(draw, "float32", (*leading, depth)), Operand("float32", (*leading, units))
    return one_op(op, options, [x, *rnn_cell(draw, kind, batch, depth, units)], [y], version=3)


@st.composite
def two_rnn(draw: Any, kind: str) -> OneOp:
    batch, time, depth, forward, backward = (draw(st.integers(1, high)) for high in (3, 4, 20, 7, 7))
    merged, asymmetric, time_major = (draw(st.booleans()) for _ in range(3))
    if kind != "float32" and time_major and not asymmetric:
        batch = 1 if merged else batch  # LiteRT crashes otherwise
    options = BidirectionalSequenceRNNOptions(
        fused_activation_function=draw(ALL_ACTIVATIONS),
        asymmetric_quantize_inputs=asymmetric,
        time_major=time_major,
        merge_outputs=merged,
    )
    leading = (time, batch) if time_major else (batch, time)
    inputs: list[Operand | None] = [activations(draw, "float32", (*leading, depth))]
    inputs += [*rnn_cell(draw, kind, batch, depth, forward), *rnn_cell(draw, kind, batch, depth, backward)]
    auxiliary = draw(st.sampled_from(["none", "own", "shared"]))
    inputs.append(None if auxiliary == "none" else activations(draw, "float32", (*leading, depth)))
    shared = [weights(draw, kind, (units, depth)) for units in (forward, backward)]
    inputs += shared if auxiliary == "shared" else [None, None]
    lengths = [forward + backward] if merged else [forward, backward]
    outputs = [Operand("float32", (*leading, length)) for length in lengths]
    return one_op("BIDIRECTIONAL_SEQUENCE_RNN", options, inputs, outputs, version=3)


@st.composite
def svdf(draw: Any, kind: str) -> OneOp:
    batch, depth, units, rank, memory = (draw(st.integers(1, high)) for high in (3, 34, 5, 6, 12))
    filters, integer = units * rank, kind == "int8"
    activation = 1 if integer else draw(ALL_ACTIVATIONS)
    options = SVDFOptions(
        rank=rank, fused_activation_function=activation, asymmetric_quantize_inputs=draw(st.booleans())
    )
    x = activations(draw, "int8" if integer else "float32", (batch, depth))
    feature_kind, time_kind = {
        "float32": ("float32",) * 2,
        "hybrid": ("int8",) * 2,
        "hybrid uint8": ("uint8",) * 2,
        "int8": ("int8", "int16"),
    }[kind]
    feature = weights(draw, feature_kind, (filters, depth))
    time = weights(draw, time_kind, (filters, memory), 1e-5, 1e-3)
    state = Operand("float32", (batch, filters * memory), variable=True)
    y, bias = Operand("float32", (batch, units)), weights(draw, "float32", (units,))
    if integer:
        y = Operand("int8", y.shape, scale=draw(scales(1e-2, 1.0)), zero_point=draw(zero_points("int8")))
        state = Operand("int16", state.shape, scale=draw(scales(1e-4, 1e-2)), zero_point=0, variable=True)
        bias = Operand("int32", (units,), draw(arrays("int32", (units,))) // 2**12, 1e-6, constant=True)
    inputs = [x, feature, time, bias if draw(st.booleans()) else None, state]
    return one_op("SVDF", options, inputs, [y], version=4)


CASES = (
    *(
        Case(op, types, rnn(op, kind))
        for op in ("RNN", "UNIDIRECTIONAL_SEQUENCE_RNN")
        for types, kind in (("float32", "float32"), *zip(HYBRID_TYPES, ("int8", "uint8"), strict=True))
    ),
    Case("BIDIRECTIONAL_SEQUENCE_RNN", "float32", two_rnn("float32")),
    *(Case("BIDIRECTIONAL_SEQUENCE_RNN", t, two_rnn(k)) for t, k in zip(BOTH_TYPES, ("int8", "uint8"), strict=True)),
    Case("SVDF", "float32", svdf("float32")),
    *(Case("SVDF", types, svdf(kind)) for types, kind in zip(HYBRID_TYPES, ("hybrid", "hybrid uint8"), strict=True)),
    Case("SVDF", "int8 int8 int16 int32 int16 -> int8", svdf("int8")),
)
