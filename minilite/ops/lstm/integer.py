"""int8 LSTM: 8-bit activations and weights, 16-bit gates and cell state.

Scales of an int8 node, products and quotients in float32 unless said:
    gates       w_scale * x_scale / gate_scale and r_scale * h_scale / gate_scale
    peephole    2**k * peephole_scale / gate_scale, in float64
    hidden      2**-15 / hidden_scale * 2**-15, in float64
    projection  projection_scale * hidden_scale / h_scale
gate_scale is 2**-12; with layer normalization it is that of intermediate tensor 0 to 3, hidden_scale of number 4.

Follows PopulateQuantizedLstmParams8x8_16 in tflite/kernels/unidirectional_sequence_lstm.cc.
Rescale rule: reference double.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.activation import TANH
from minilite.numerics.eigen import SIGMOID
from minilite.numerics.power_of_two import power_of_two
from minilite.numerics.rescale import Rescale, make_rescale
from minilite.numerics.rounding import to_int32
from minilite.ops.call import Array, Call
from minilite.ops.op import Codes, Staged
from minilite.ops.sequence import run_sequence

from .cell import IntegerCell, integer_step, step_names
from .gate import IntegerGate
from .operands import GATES, Cell, batch_of, check_cell, check_state, is_time_major, joined, split

TANH_BITS = range(7)  # integer bits for which the official kernel has a tanh


class IntegerPlan(NamedTuple):
    """The constants of an int8 node."""

    cell: IntegerCell
    time_major: bool


def plan_integer(call: Call[Any]) -> IntegerPlan:
    _check_integer(call)
    x, h, hidden = call["x"], call["h"], call.intermediates[4].quantization
    assert hidden is not None
    exponent = power_of_two(call["cell"].scale)
    if exponent is None or 15 + exponent not in TANH_BITS:
        call.fail(f"the scale of the cell state is {call['cell'].scale}, expected a power of two, 2**-15 to 2**-9")
    hidden_scale = hidden.scale.flat[0]
    projection = call.optional("projection")
    cell = IntegerCell(
        gates=tuple(_plan_gate(call, index, exponent) for index in range(4)),
        zeros=(x.zero_point, h.zero_point, int(hidden.zero_point.flat[0])),
        cell_exponent=exponent,
        hidden=make_rescale(call.rule, np.float64(np.float32(2.0**-15 / np.float64(hidden_scale) * 2.0**-15))),
        projection=None if projection is None else _rescale(call, projection.scale * hidden_scale / h.scale),
        clips=(
            _clip_code(call.options.cell_clip, call["cell"].scale, -(2**15), 2**15 - 1),
            _clip_code(call.options.proj_clip, call["y"].scale, -128, 127),
        ),
    )
    return IntegerPlan(cell, is_time_major(call))


def _check_integer(call: Call[Any]) -> None:
    cells, outputs = check_cell(call)
    check_state(call, call["h"], (batch_of(call), outputs))
    check_state(call, call["cell"], (batch_of(call), cells))
    call.require(len(call["r_o"].shape) == 2, "diagonal recurrent weights need float activations")
    call.require(len(call.intermediates) == 5, f"5 intermediate tensors expected, got {len(call.intermediates)}")
    needed = call.intermediates if call.optional("norm_f") else call.intermediates[4:]
    for tensor in needed:
        call.require(tensor.quantization is not None, f"intermediate {tensor.label} needs a scale and a zero point")


def _plan_gate(call: Call[Any], index: int, exponent: int) -> IntegerGate | None:
    gate = GATES[index]
    w, r = call.optional(f"w_{gate}"), call.optional(f"r_{gate}")
    if w is None or r is None:
        return None
    peephole, norm = call.optional(f"peephole_{gate}") if gate != "g" else None, call.optional(f"norm_{gate}")
    affine = call.intermediates[index].quantization
    scale = np.float32(2.0**-12) if norm is None or affine is None else affine.scale.flat[0]
    through_peephole = None
    if peephole is not None:
        real = np.float32(2.0**exponent * np.float64(peephole.scale) / np.float64(scale))
        through_peephole = make_rescale(call.rule, np.float64(real))
    return IntegerGate(
        w=_rescale(call, w.scale * call["x"].scale / scale),
        r=_rescale(call, r.scale * call["h"].scale / scale),
        peephole=through_peephole,
        norm=None if norm is None else _rescale(call, norm.scale * np.float32(2**12)),
        variance_guard=1 if norm is None else max(1, int(to_int32(np.float32(10000) * norm.scale))),
        activation=TANH if gate == "g" else SIGMOID,
    )


def _rescale(call: Call[Any], real: np.float32) -> Rescale:
    return make_rescale(call.rule, np.float64(real))


def _clip_code(limit: float, scale: np.float32, low: int, high: int) -> int:
    return int(to_int32(min(max(np.float32(limit) / scale, np.float32(low)), np.float32(high)))) if limit > 0 else 0


def compute_integer(plan: IntegerPlan, *arrays: Array | None) -> Staged:
    """y and the next h and c."""
    x, cell, h, c = split(arrays)
    step = partial(_step, plan.cell, cell)
    sequence = x if x.ndim == 3 else x[None]
    steps, states = run_sequence(step, (sequence,), (h.astype(np.int64), c.astype(np.int64)), plan.time_major)
    stages = {name: steps[..., place] for place, name in enumerate(step_names(cell))}
    return Staged(joined(arrays, steps[..., -1], *states), stages, {"x": Codes(x, np.array(plan.cell.zeros[0]))})


def _step(plan: IntegerCell, cell: Cell, inputs: Any, states: Any, row: int) -> Any:
    return integer_step(plan, cell, inputs, states)
