"""LSTM ops: coupled input gate, peepholes, projection, layer normalization, clips, diagonals, time first or not."""

from functools import partial
from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.enums import LSTMKernelType
from minilite.format.options.recurrent import (
    BidirectionalSequenceLSTMOptions,
    LSTMOptions,
    UnidirectionalSequenceLSTMOptions,
)
from minilite.ops.lstm.basic import CODES as BASIC_CODES
from minilite.ops.lstm.basic import FLOAT as BASIC_FLOAT
from minilite.ops.lstm.bidirectional import HYBRID as BOTH_HYBRID
from minilite.ops.lstm.variants import FLOAT, HYBRID, HYBRID_DIAGONAL, INTEGER, NARROW

from .case import Case, OneOp, Operand, one_op
from .sparse import blocks_of_16
from .strategies import arrays, scales, zero_points

WEIGHTS = ("hybrid", "hybrid uint8")  # int8 weights, and uint8 ones, whose bytes are read as int8
CELL_EXPONENTS = st.integers(-15, -9)


class Draw:
    """What one example of a cell is made of: its kind ("float32", "int8" or "hybrid"), lengths and parts."""

    def __init__(self, draw: Any, kind: str, sequence: bool = True) -> None:
        self.draw, self.kind = draw, kind
        self.batch, self.time = draw(st.integers(1, 5)), draw(st.integers(1, 4)) if sequence else 1
        self.cells, self.depth = draw(st.integers(1, 13)), draw(st.integers(1, 34))
        self.coupled, self.peephole, self.norm, self.projected = (draw(st.booleans()) for _ in range(4))
        self.outputs = draw(st.integers(1, self.cells)) if self.projected else self.cells
        self.weight_kind = "uint8" if "uint8" in kind else "int8" if "hybrid" in kind else kind
        self.diagonal = kind == "float32" and self.outputs == self.cells and draw(st.integers(0, 4)) == 0
        if kind.startswith("diagonal"):
            self.outputs, self.diagonal = self.cells, True
        self.gate_scales = [np.float32(draw(scales(1e-4, 4e-4))) if self.norm else np.float32(2**-12) for _ in range(4)]

    def constant(self, kind: str, shape: tuple[int, ...], scale: Any = None, size: float = 1.0) -> Operand:
        if kind == "float32":
            return Operand(kind, shape, self.draw(arrays(kind, shape, -size, size)), constant=True)
        if kind == "int32":
            data = np.random.default_rng(self.draw(st.integers(0, 999))).integers(-3000, 3000, shape)
            return Operand(kind, shape, data, scale, constant=True)
        return Operand(kind, shape, self.draw(arrays(kind, shape)), scale, constant=True)

    def weights(self, shape: tuple[int, ...], low: float = 1e-3, high: float = 0.02) -> Operand:
        scale = None if self.weight_kind == "float32" else self.draw(scales(low, high))
        return self.constant(self.weight_kind, shape, scale)

    def cell(self) -> list[Operand | None]:
        """Operands 1 to 17."""
        recurrent = (self.cells,) if self.diagonal else (self.cells, self.outputs)
        gates = "fgo" if self.coupled else "ifgo"
        integer = self.kind == "int8"
        vector = "int32" if integer else "float32"
        peephole = "int16" if integer else self.weight_kind
        parts: list[Operand | None] = []
        parts += [self.weights((self.cells, self.depth)) if gate in gates else None for gate in "ifgo"]
        hybrid_diagonal = self.diagonal and self.kind != "float32"
        of_h = partial(self.constant, "float32") if hybrid_diagonal else self.weights
        parts += [of_h(recurrent) if gate in gates else None for gate in "ifgo"]
        for gate in "ifo":
            scale = None if self.kind == "float32" else self.draw(scales(1e-5, 1e-4 if integer else 1e-2))
            used = self.peephole and gate in gates
            parts.append(self.constant(peephole, (self.cells,), scale) if used else None)
        parts += [self.constant(vector, (self.cells,), 1e-4) if gate in gates else None for gate in "ifgo"]
        parts.append(self.weights((self.outputs, self.cells)) if self.projected else None)
        has_bias = self.projected and self.draw(st.booleans())
        return [*parts, self.constant(vector, (self.outputs,), 1e-4) if has_bias else None]

    def norms(self) -> list[Operand | None]:
        """Operands 20 to 23, sometimes absent altogether."""
        if not self.norm:
            return [] if self.draw(st.booleans()) else [None] * 4
        kind, scale = ("int16", self.draw(scales(1e-5, 1e-3))) if self.kind == "int8" else ("float32", None)
        return [
            None if self.coupled and gate == "i" else self.constant(kind, (self.cells,), scale, 2.0) for gate in "ifgo"
        ]

    def states(self, h: Operand | None = None) -> list[Operand]:
        if self.kind != "int8":
            shapes = (self.batch, self.outputs), (self.batch, self.cells)
            return [Operand("float32", shape, variable=True) for shape in shapes]
        assert h is not None
        cell_scale = 2.0 ** self.draw(CELL_EXPONENTS)
        cell = Operand("int16", (self.batch, self.cells), scale=cell_scale, zero_point=0, variable=True)
        return [h._replace(shape=(self.batch, self.outputs), variable=True), cell]

    def intermediates(self) -> list[Operand]:
        if self.kind != "int8":
            return []
        hidden = Operand("int8", (1,), scale=self.draw(scales(2e-3, 2e-2)), zero_point=self.draw(zero_points("int8")))
        return [*(Operand("int16", (1,), scale=scale, zero_point=0) for scale in self.gate_scales), hidden]


def activations(draw: Any, kind: str, shape: tuple[int, ...]) -> Operand:
    """The input; sometimes, or in some rows, all zero."""
    if kind == "int8":
        return Operand(kind, shape, draw(arrays(kind, shape)), draw(scales(5e-3, 0.1)), draw(zero_points(kind)))
    data = draw(arrays("float32", shape, -2, 2)) * np.float32(draw(st.sampled_from([0, 1, 1, 1, 1, 8])))
    if draw(st.booleans()):
        data.reshape(-1, shape[-1])[0] = 0
    return Operand("float32", shape, data)


def clips(draw: Any) -> dict[str, float]:
    return {"cell_clip": draw(st.sampled_from([0.0, 0.5, 2.0])), "proj_clip": draw(st.sampled_from([0.0, 0.3, 1.0]))}


@st.composite
def sequence_lstm(draw: Any, kind: str) -> OneOp:
    cell, time_major = Draw(draw, kind), draw(st.booleans())
    leading = (cell.time, cell.batch) if time_major else (cell.batch, cell.time)
    options = UnidirectionalSequenceLSTMOptions(
        fused_activation_function=4 if kind == "int8" else draw(st.sampled_from([1, 2, 3, 4, 4, 4, 5])),
        time_major=time_major,
        asymmetric_quantize_inputs=draw(st.booleans()),
        **clips(draw),
    )
    return build("UNIDIRECTIONAL_SEQUENCE_LSTM", cell, options, leading)


@st.composite
def single_lstm(draw: Any, kind: str) -> OneOp:
    cell = Draw(draw, kind, sequence=False)
    cell.diagonal = False
    options = LSTMOptions(fused_activation_function=4, asymmetric_quantize_inputs=draw(st.booleans()), **clips(draw))
    return build("LSTM", cell, options, (cell.batch,))


def build(op: str, cell: Draw, options: Any, leading: tuple[int, ...]) -> OneOp:
    draw, kind = cell.draw, cell.kind
    x = activations(draw, kind, (*leading, cell.depth))
    y = Operand(x.type, (*leading, cell.outputs))
    if kind == "int8":
        y = y._replace(scale=draw(scales(2e-3, 2e-2)), zero_point=draw(zero_points(kind)))
    inputs = [x, *cell.cell(), *cell.states(y), *cell.norms()]
    return one_op(op, options, inputs, [y], version=4 if op == "LSTM" else 3, intermediates=cell.intermediates())


@st.composite
def sparse_lstm(draw: Any) -> OneOp:
    """One step from h = 0 with int8 weights of which blocks of 16 are stored, and a projection."""
    cell = Draw(draw, "hybrid", sequence=False)
    cell.depth, cell.cells, cell.outputs, cell.projected = 16 * draw(st.integers(1, 2)), 16, 16, True
    weights = [
        draw(blocks_of_16(*w.shape, scale=w.scale)) if w is not None and w.type == "int8" and len(w.shape) == 2 else w
        for w in cell.cell()
    ]
    x = activations(draw, "hybrid", (cell.batch, cell.depth))
    inputs = [x, *weights, *cell.states(), *cell.norms()]
    options = LSTMOptions(fused_activation_function=4, **clips(draw))
    return one_op("LSTM", options, inputs, [Operand("float32", (cell.batch, cell.outputs))], version=4)


@st.composite
def narrow_lstm(draw: Any) -> OneOp:
    """With 12 intermediate tensors: coupled gates, layer normalization, a projection and its bias."""
    cell = Draw(draw, "int8", sequence=False)
    cell.coupled, cell.peephole, cell.norm, cell.projected = True, False, True, True
    cell.outputs = draw(st.integers(1, cell.cells))
    x = activations(draw, "int8", (cell.batch, cell.depth))
    y = Operand(
        "int8", (cell.batch, cell.outputs), scale=draw(scales(2e-3, 2e-2)), zero_point=draw(zero_points("int8"))
    )
    h, c = cell.states(y)
    weights = cell.cell()
    weights[16] = cell.constant("int32", (cell.outputs,), 1e-4)
    inputs = [x, *weights, h, c._replace(scale=2.0**-15), *cell.norms()]
    between = [
        Operand("int16", (1,), scale=draw(scales(2e-3, 5e-2)), zero_point=draw(zero_points("int8"))) for _ in range(12)
    ]
    limits = {"cell_clip": draw(st.sampled_from([0.0, 0.5, 1.0])), "proj_clip": draw(st.sampled_from([0.0, 0.3, 9.0]))}
    options = LSTMOptions(fused_activation_function=4, **limits)
    return one_op("LSTM", options, inputs, [y], version=4, intermediates=between)


@st.composite
def two_lstm(draw: Any, kind: str) -> OneOp:
    forward, time_major, merged = Draw(draw, kind), draw(st.booleans()), draw(st.booleans())
    if merged and not time_major:
        forward.batch = 1  # LiteRT misplaces the others
    forward.diagonal = forward.norm = False
    backward = Draw(draw, kind)
    for same in ("batch", "depth", "cells", "outputs", "projected", "diagonal", "norm"):
        setattr(backward, same, getattr(forward, same))
    options = BidirectionalSequenceLSTMOptions(
        fused_activation_function=4,
        asymmetric_quantize_inputs=draw(st.booleans()),
        time_major=time_major,
        merge_outputs=merged,
        **clips(draw),
    )
    leading = (forward.time, forward.batch) if time_major else (forward.batch, forward.time)
    auxiliary = draw(st.sampled_from(["none", "own", "shared"]))
    depth = draw(st.integers(1, 20)) if auxiliary == "shared" else forward.depth
    aux = None if auxiliary == "none" else activations(draw, kind, (*leading, depth))
    aux_weights = [
        None if auxiliary != "shared" or (cell.coupled and gate == "i") else cell.weights((cell.cells, depth))
        for cell in (forward, backward)
        for gate in "ifgo"
    ]
    states = [*forward.states(), *backward.states()]
    x = activations(draw, kind, (*leading, forward.depth))
    lengths = [2 * forward.outputs] if merged else [forward.outputs] * 2
    outputs = [Operand("float32", (*leading, length)) for length in lengths]
    inputs = [x, *forward.cell(), *backward.cell(), *states, aux, *aux_weights]
    return one_op("BIDIRECTIONAL_SEQUENCE_LSTM", options, inputs, outputs, version=3)


@st.composite
def basic_lstm(draw: Any, kind: str) -> OneOp:
    batch, depth, cells = draw(st.integers(1, 9)), draw(st.integers(1, 34)), draw(st.integers(1, 13))
    w_shape, b_shape, state_shape = (4 * cells, depth + cells), (4 * cells,), (batch, cells)
    options = LSTMOptions(fused_activation_function=4, kernel_type=LSTMKernelType.BASIC)
    if kind == "float32":
        x, h, w, b, c = (Operand(kind, shape) for shape in ((batch, depth), state_shape, w_shape, b_shape, state_shape))
        both, gates = Operand(kind, (batch, depth + cells)), Operand(kind, (batch, 4 * cells))
        size = draw(st.sampled_from([0.5, 1.0, 4.0]))
    else:
        size = 1.0
        unit, w_scale = {"scale": 2**-7, "zero_point": 128}, draw(scales(1e-3, 0.1))
        x, h = Operand(kind, (batch, depth), **unit), Operand(kind, state_shape, **unit)
        w = Operand(kind, w_shape, scale=w_scale, zero_point=draw(zero_points(kind)))
        b = Operand("int32", b_shape, np.random.default_rng(depth).integers(-9000, 9000, b_shape), w_scale / 128, 0)
        c = Operand("int16", state_shape, scale=2**-11, zero_point=0)
        both, gates = x._replace(shape=(batch, depth + cells)), c._replace(shape=(batch, 4 * cells), scale=2**-12)
    fill = [
        o if o.data is not None else o._replace(data=draw(arrays(o.type, o.shape, -size, size)))
        for o in (x, h, w, b, c)
    ]
    constants, given = {2, 3}, draw(st.booleans())  # states that are given are graph inputs, others start at 0
    inputs = [o._replace(constant=i in constants, variable=i in (1, 4) and not given) for i, o in enumerate(fill)]
    return one_op("LSTM", options, inputs, [h, c, both, gates], version=2)


SPARSE = (
    "sparse weights count as what they stand for; the official kernel scales those of h as x, ignores zero points "
    "of inputs and crashes without a projection"
)
CASES = (
    Case("LSTM", BASIC_FLOAT.types[0], basic_lstm("float32")),
    Case("LSTM", BASIC_CODES.types[0], basic_lstm("uint8")),
    Case("LSTM", HYBRID.types[0], sparse_lstm(), variant="hybrid", share=0.3, deviation=SPARSE),
    Case("LSTM", NARROW.types[0], narrow_lstm(), variant=NARROW.name),
    *(
        Case(op, types, draw(kind), variant=INTEGER.name if kind == "int8" else "")
        for op, draw in (("UNIDIRECTIONAL_SEQUENCE_LSTM", sequence_lstm), ("LSTM", single_lstm))
        for types, kind in (
            (FLOAT.types[0], "float32"),
            (INTEGER.types[0], "int8"),
            *zip(HYBRID.types, WEIGHTS, strict=True),
        )
    ),
    *(
        Case("UNIDIRECTIONAL_SEQUENCE_LSTM", types, sequence_lstm(f"diagonal {kind}"))
        for types, kind in zip(HYBRID_DIAGONAL.types, WEIGHTS, strict=True)
    ),
    Case("BIDIRECTIONAL_SEQUENCE_LSTM", "float32", two_lstm("float32")),
    *(Case("BIDIRECTIONAL_SEQUENCE_LSTM", t, two_lstm(k)) for t, k in zip(BOTH_HYBRID.types, WEIGHTS, strict=True)),
)
