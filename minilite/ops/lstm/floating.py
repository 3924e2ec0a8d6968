"""Float and hybrid LSTM: the plan of a cell, and running it along the time axis.

Follows EvalFloat and EvalHybrid in tflite/kernels/lstm_eval.cc.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.errors import UnsupportedError
from minilite.numerics.activation import NONE
from minilite.numerics.eigen import SIGMOID
from minilite.ops.call import Array, Call
from minilite.ops.sequence import run_sequence
from minilite.ops.vectors import Matrix, staged

from .cell import FloatCell, float_step, hybrid_step_names
from .gate import FloatGate
from .operands import GATES, PEEPHOLES, Cell, batch_of, cell_of, check_cell, check_state, is_time_major, joined, split


class FloatPlan(NamedTuple):
    """The constants of a float or hybrid cell."""

    scales: tuple[Array | None, ...]  # of operands 1 to 17
    starts: tuple[int, ...]  # where i, f, g, o stand in the official kernel's memory, in floats
    activation: int
    clips: tuple[float, float]
    hybrid: bool
    asymmetric: bool
    time_major: bool = True


def plan_float(call: Call[Any]) -> FloatPlan:
    batch = batch_of(call)
    cells, outputs = check_cell(call)
    check_state(call, call["h"], (batch, outputs))
    check_state(call, call["cell"], (batch, cells))
    norms = [call.optional(f"norm_{gate}") is not None for gate in GATES if gate != "i" or call.optional("w_i")]
    call.require(all(norms) or not any(norms), "layer normalization weights must be there for all gates or for none")
    return plan_cell(call, batch * cells)


def plan_cell(call: Call[Any], size: int, prefix: str = "") -> FloatPlan:
    """The plan of the cell whose operands begin with `prefix` and whose gates have `size` values each."""
    options = call.options
    if options.fused_activation_function == NONE:
        raise UnsupportedError(
            f"{call.node.label}: without an activation the official kernel reads what it never wrote"
        )
    hybrid = call[f"{prefix}w_o"].dtype.kind != "f"
    recurrent = [call.optional(f"{prefix}r_{gate}") for gate in GATES] if hybrid else []
    fits = all(r is None or (len(r.shape) == 1) == (r.dtype.kind == "f") for r in recurrent)
    call.require(fits, "beside integer weights, recurrent weights are float32 exactly when they are a diagonal")
    coupled = call.optional(f"{prefix}w_i") is None
    names = (f"{prefix}{name}" for name in _names())
    operands = (call.optional(name) if hybrid else None for name in names)
    order = (0, 1, 0, 2) if coupled else (0, 2, 1, 3)  # the official kernel keeps g before f
    return FloatPlan(
        scales=tuple(None if o is None or o.dtype.kind == "f" else o.affine.scale[:1] for o in operands),
        starts=tuple(place * size for place in order),
        activation=options.fused_activation_function,
        clips=(options.cell_clip, options.proj_clip),
        hybrid=hybrid,
        asymmetric=hybrid and options.asymmetric_quantize_inputs,
        time_major=is_time_major(call),
    )


def _names() -> list[str]:
    weights = [f"{kind}_{gate}" for kind in "wr" for gate in GATES]
    peepholes, biases = [f"peephole_{gate}" for gate in PEEPHOLES], [f"b_{gate}" for gate in GATES]
    return [*weights, *peepholes, *biases, "projection", "projection_bias"]


def ready_cell(plan: FloatPlan, cell: Cell, aux_scales: tuple[Array | None, ...] = (None,) * 4) -> FloatCell:
    """The cell's arrays with what the plan knows of them."""
    scales = cell_of(plan.scales)

    def make_gate(index: int) -> FloatGate | None:
        w, r, bias, peephole = cell.w[index], cell.r[index], cell.bias[index], cell.peephole[index]
        if w is None or r is None or bias is None:
            return None
        aux = None if cell.aux[index] is None else Matrix(cell.aux[index], aux_scales[index])  # type: ignore[arg-type]
        matrices = (Matrix(w, scales.w[index]), aux, Matrix(r, scales.r[index]))
        scale = scales.peephole[index]
        if peephole is not None and scale is not None:
            peephole = peephole.view(np.int8) * scale
        activation = plan.activation if GATES[index] == "g" else SIGMOID
        return FloatGate(matrices, peephole, bias, cell.norm[index], activation)

    projection = None if cell.projection is None else Matrix(cell.projection, scales.projection)
    gates = tuple(make_gate(index) for index in range(4))
    bias = cell.projection_bias
    return FloatCell(gates, plan.starts, projection, bias, plan.activation, plan.clips, plan.hybrid, plan.asymmetric)


def compute_float(plan: FloatPlan, *arrays: Array | None) -> Any:
    """y and the next h and c."""
    x, cell, h, c = split(arrays)
    ready = ready_cell(plan, cell)
    sequence = x if x.ndim == 3 else x[None]
    y, states = run_sequence(partial(float_step, ready), (sequence, None), (h, c), plan.time_major)
    if not plan.hybrid:
        return joined(arrays, y, *states)
    return staged(x, plan.asymmetric, joined(arrays, y[..., -1], *states), hybrid_step_names(ready), y)
