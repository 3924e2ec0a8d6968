"""BIDIRECTIONAL_SEQUENCE_LSTM: two cells along the time axis, one of them backwards.

Their outputs are apart, or merged on the last axis. `aux` is a second input with weights of its own; without weights it
is what the backward cell reads in place of x. float32 and hybrid, as UNIDIRECTIONAL_SEQUENCE_LSTM.
Follows tflite/kernels/bidirectional_sequence_lstm.cc.
"""

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.errors import UnsupportedError
from minilite.format.options.recurrent import BidirectionalSequenceLSTMOptions
from minilite.ops.call import Array, Call
from minilite.ops.op import Op, Variant
from minilite.ops.reads import whole_row
from minilite.ops.sequence import run_sequence
from minilite.ops.signature import Shape
from minilite.ops.vectors import staged

from .cell import float_step, hybrid_step_names
from .floating import FloatPlan, plan_cell, ready_cell
from .operands import GATES, batch_of, cell_forms, cell_of, cell_types, check_cell, check_state

CELL = 17  # operands of one cell
FORWARD, BACKWARD = "fw_", "bw_"


class Plan(NamedTuple):
    """The constants of both cells."""

    cells: tuple[FloatPlan, FloatPlan]
    aux_scales: tuple[tuple[Array | None, ...], ...]
    merged: bool


def shapes(call: Call[BidirectionalSequenceLSTMOptions]) -> list[Shape]:
    x = call["x"].shape
    call.require(len(x) == 3, "x needs 3 dimensions")
    for prefix in (FORWARD, BACKWARD):
        call.require(len(call[f"{prefix}r_o"].shape) == 2, "recurrent weights need 2 dimensions")
    outputs, others = (call[f"{prefix}r_o"].shape[1] for prefix in (FORWARD, BACKWARD))
    call.require(outputs == others, f"the cells have {outputs} and {others} outputs, the same number expected")
    return [(*x[:2], 2 * outputs)] if call.options.merge_outputs else [(*x[:2], outputs)] * 2


def plan(call: Call[BidirectionalSequenceLSTMOptions]) -> Plan:
    batch, options = batch_of(call), call.options
    if options.merge_outputs and not options.time_major and batch > 1:
        raise UnsupportedError(f"{call.node.label}: batch-first merged outputs, misplaced by the official kernel")
    plans = []
    for prefix in (FORWARD, BACKWARD):
        cells, outputs = check_cell(call, prefix)
        check_state(call, call[f"{prefix}h"], (batch, outputs))
        check_state(call, call[f"{prefix}cell"], (batch, cells))
        plans.append(plan_cell(call, batch * cells, prefix))
    scales = tuple(_check_aux(call, prefix) for prefix in (FORWARD, BACKWARD))
    return Plan((plans[0], plans[1]), scales, options.merge_outputs)


def _check_aux(call: Call[Any], prefix: str) -> tuple[Array | None, ...]:
    """The scales of the auxiliary weights. Raises ModelError unless they are there for all gates or for none."""
    aux, x = call.optional("aux"), call["x"].shape
    gates = [gate for gate in GATES if call.optional(f"{prefix}w_{gate}") is not None]
    weights = [call.optional(f"{prefix}aux_w_{gate}") for gate in GATES]
    given = {gate for gate, operand in zip(GATES, weights, strict=True) if operand is not None}
    stacked = call.optional(f"{FORWARD}aux_w_o") is not None
    call.require(given == (set(gates) if stacked else set()), "auxiliary weights are there for some gates only")
    call.require(not stacked or aux is not None, "auxiliary weights need an auxiliary input")
    if aux is not None:
        fits = aux.shape[:2] == x[:2] and len(aux.shape) == 3 and (stacked or aux.shape == x)
        call.require(fits, "the auxiliary input does not fit x")
    hybrid = call[f"{prefix}w_o"].dtype.kind != "f"
    return tuple(None if o is None or not hybrid else o.affine.scale[:1] for o in weights)


def compute(plan: Plan, x: Array, *arrays: Array | None) -> Any:
    """The outputs of both cells, then h and c of each."""
    cells = [cell_of(arrays[:CELL]), cell_of(arrays[CELL : 2 * CELL])]
    states, (aux, *aux_weights) = arrays[2 * CELL : 2 * CELL + 4], (*arrays[2 * CELL + 4 :], *[None] * 9)[:9]
    stacked = aux_weights[1] is not None
    own = aux if aux is not None and not stacked else x
    results, ends, names = [], [], []
    for index, (cell, sequence) in enumerate(zip(cells, (x, own), strict=True)):
        cell = cell._replace(aux=tuple(aux_weights[4 * index : 4 * index + 4]))
        ready = ready_cell(plan.cells[index], cell, plan.aux_scales[index])
        units, count = cell.lengths
        h, c = states[2 * index], states[2 * index + 1]
        assert h is not None
        assert c is not None
        rows = (h.reshape(-1, units), c.reshape(-1, count))
        inputs = (sequence, aux if stacked else None)
        time_major, backwards = plan.cells[0].time_major, index == 1
        y, (next_h, next_c) = run_sequence(partial(float_step, ready), inputs, rows, time_major, backwards)
        results.append(y)
        names.append(hybrid_step_names(ready))
        ends += [next_h.reshape(h.shape), next_c.reshape(c.shape)]
    if not plan.cells[0].hybrid:
        return (*_merged(plan, results), *ends)
    outputs = _merged(plan, [steps[..., -1].astype(x.dtype) for steps in results])
    is_alike = names[0] == names[1] or not plan.merged
    steps = _merged(plan, results if is_alike else [steps[..., -1:] for steps in results])[0]
    return staged(x, plan.cells[0].asymmetric, (*outputs, *ends), names[0] if is_alike else ["h"], steps)


def _merged(plan: Plan, arrays: list[Array]) -> list[Array]:
    """What the two cells made [time,n,u,...] or [n,time,u,...], along u where the outputs are merged."""
    return [np.concatenate(arrays, axis=2)] if plan.merged else arrays


def _types(weights: str) -> str:
    cell = cell_types(weights, weights, "float32")
    return " ".join(["float32", *cell, *cell, *["float32"] * 5, *[weights] * 8, "-> float32 float32"])


def _aux_forms(prefix: str) -> list[str]:
    return [f"{prefix}aux_w_{gate}[c,e]?" for gate in GATES]


SIGNATURE = " ".join(
    [
        "x[...,d]",
        *cell_forms(FORWARD),
        *cell_forms(BACKWARD),
        "fw_h[...]! fw_cell[...]! bw_h[...]! bw_cell[...]! aux[...,e]?",
        *_aux_forms(FORWARD),
        *_aux_forms(BACKWARD),
        "-> y[...] y_backward[...]?",
    ]
)
FLOAT = Variant("float", ("float32",), plan, compute)
HYBRID = Variant("hybrid", (_types("int8"), _types("uint8")), plan, compute)


def macs(call: Call[BidirectionalSequenceLSTMOptions]) -> int:
    kinds = [f"{kind}_{gate}" for kind in ("w", "r", "aux_w") for gate in GATES]
    operands = [call.optional(prefix + name) for prefix in (FORWARD, BACKWARD) for name in (*kinds, "projection")]
    return math.prod(call["x"].shape[:2]) * sum(math.prod(o.shape) for o in operands if o is not None)


BIDIRECTIONAL_SEQUENCE_LSTM = Op(
    "BIDIRECTIONAL_SEQUENCE_LSTM",
    SIGNATURE,
    BidirectionalSequenceLSTMOptions,
    (FLOAT, HYBRID),
    shapes=shapes,
    macs=macs,
    reads=whole_row,
)
