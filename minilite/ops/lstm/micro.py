"""LSTM on microcontrollers: a cell without projection, peepholes, coupled gates and layer normalization.

float32: two products for each gate, each summed from first to last, then added; the C library's functions.
int8 and int16, with F the rescale rule and every value kept within 16 bits:
    gate  = table(clamp(F(sum of (x - x_zero) * w + b)) + clamp(F(sum of (h - h_zero) * r)))      in steps of 2**-12
    c     = clamp(clamp(F(f * c)) + clamp(F(i * g)))     m = 2**-15 and 2**-30 / c_scale
    h     = clamp(h_zero + F(o * table(c)))              m = 2**-30 / h_scale
int16: 64-bit sums of products, whose F is the rule int16-multiplier.
sigmoid and tanh of 16-bit numbers are those of LOGISTIC and TANH (numerics/tables.py). CMSIS-NN clamps the second term
of both sums only together with the first, and keeps no state: every run starts from h = h_zero and c = 0.

Follows tensorflow/lite/micro/kernels/lstm_eval.h, lstm_eval_common.cc and unidirectional_sequence_lstm.cc; CMSIS-NN
Source/LSTMFunctions. Rescale rule: microcontrollers double or single. The gates' multipliers are formed from the
float32 product of the scales, the others in float64.
"""

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics import libm
from minilite.numerics.activation import TANH
from minilite.numerics.affine import Range, code_range
from minilite.numerics.fixed_point import rounding_right_shift_up
from minilite.numerics.power_of_two import power_of_two
from minilite.numerics.products import exact_product, ordered_product
from minilite.numerics.rescale import Rescale, make_rescale
from minilite.numerics.tables import sigmoid_16bit, tanh_16bit
from minilite.ops.call import Array, Call
from minilite.ops.op import Codes, Staged
from minilite.ops.sequence import run_sequence
from minilite.ops.sigmoid import logistic_in_parts

from .cell import step_names
from .gate import INT16, GateSteps
from .operands import GATES, Cell, batch_of, check_cell, check_state, is_time_major, joined, split

GATE_SCALE, ONE = 2.0**-12, 2.0**-15  # of a gate before and after its function
LEFT_OUT = ("w_i", "peephole_i", "peephole_f", "peephole_o", "projection", "projection_bias")


def refused(call: Call[Any]) -> str:
    """Why the kernels of microcontrollers do not take a cell; empty when they do."""
    if call.optional("w_i") is None:
        return "an input gate coupled to the forget gate"
    if any(call.optional(name) for name in LEFT_OUT[1:]):
        return "peepholes or a projection"
    if any(call.optional(f"norm_{gate}") for gate in GATES):
        return "layer normalization"
    if any(math.prod(tensor.shape) for tensor in call.intermediates):
        return "intermediate tensors of a size other than 0"
    if call.options.fused_activation_function != TANH:
        return "an activation other than TANH"
    return "" if len(call["r_o"].shape) == 2 else "diagonal recurrent weights"


def refused_by_cmsis_nn(call: Call[Any]) -> str:
    """Why CMSIS-NN's kernels do not take a cell of codes; empty when they do."""
    names = (f"{kind}_{gate}" for kind in "wrb" for gate in GATES)
    return refused(call) or next((f"{name} is no constant" for name in names if call[name].tensor.data is None), "")


class FloatPlan(NamedTuple):
    """The constants of a float cell."""

    clip: float  # of c, 0 for none
    time_major: bool


def plan_float(call: Call[Any]) -> FloatPlan:
    _check(call)
    return FloatPlan(call.options.cell_clip, is_time_major(call))


def _check(call: Call[Any]) -> None:
    cells, outputs = check_cell(call)
    check_state(call, call["h"], (batch_of(call), outputs))
    check_state(call, call["cell"], (batch_of(call), cells))


def compute_float(plan: FloatPlan, *arrays: Array | None) -> tuple[Array, ...]:
    """y and the next h and c."""
    x, cell, h, c = split(arrays)
    y, states = run_sequence(partial(float_step, plan, cell), (x,), (h, c), plan.time_major)
    return joined(arrays, y, *states)


def float_step(plan: FloatPlan, cell: Cell, inputs: Any, states: Any, row: int) -> Any:
    """The next (h, (h, c)) for x [n,d], h [n,u] and c [n,u]."""
    x, (h, c) = inputs[0], states
    totals = (ordered_product(x, w.T) + b + ordered_product(h, r.T) for w, r, b in _weights(cell))
    i, f, g, o = (libm.tanh(t) if gate == "g" else logistic_in_parts(t) for gate, t in zip(GATES, totals, strict=True))
    c = f * c + i * g
    if plan.clip > 0:
        c = Range(-np.float32(plan.clip), np.float32(plan.clip)).clamp(c)
    h = libm.tanh(c) * o
    return h, (h, c)


def _weights(cell: Cell) -> Any:
    return zip(cell.w, cell.r, cell.bias, strict=True)


class IntegerPlan(NamedTuple):
    """The constants of an int8 or int16 cell."""

    gates: tuple[tuple[Rescale, Rescale], ...]  # of i, f, g, o: of the products with x, and of those with h
    zeros: tuple[int, int]  # of x and h
    cell_bits: int  # c has the scale 2**(cell_bits - 15): so many bits before its binary point
    kept: Rescale  # of f * c
    added: Rescale  # of i * g
    hidden: Rescale  # of o * tanh(c)
    clip: int  # a code of c, 0 for none
    codes: Range  # of h
    is_cmsis_nn: bool
    time_major: bool


def plan_integer(call: Call[Any], is_cmsis_nn: bool) -> IntegerPlan:
    _check(call)
    x, h, c_scale = call["x"], call["h"], call["cell"].scale
    exponent = power_of_two(c_scale)
    if exponent is None:
        call.fail(f"the scale of the cell state is {c_scale}, expected a power of two")
    rescale = partial(make_rescale, call.rule)
    of_products = "int16-multiplier" if x.dtype == np.int16 else call.rule
    gates = tuple(
        tuple(
            make_rescale(of_products, np.float64(operand.scale * call[f"{kind}_{gate}"].scale) / GATE_SCALE)
            for kind, operand in (("w", x), ("r", h))
        )
        for gate in GATES
    )
    clip = min(float(np.float32(call.options.cell_clip)) / float(c_scale), 32767.0)
    return IntegerPlan(
        gates=gates,  # type: ignore[arg-type]
        zeros=(x.zero_point, h.zero_point),
        cell_bits=15 + exponent,
        kept=rescale(ONE * np.float64(c_scale) / np.float64(c_scale)),
        added=rescale(ONE * ONE / np.float64(c_scale)),
        hidden=rescale(ONE * ONE / np.float64(h.scale)),
        clip=max(int(clip), 0),
        codes=code_range(h.dtype),
        is_cmsis_nn=is_cmsis_nn,
        time_major=is_time_major(call),
    )


def compute_integer(plan: IntegerPlan, *arrays: Array | None) -> Staged:
    """y and the next h and c, which CMSIS-NN leaves as they are."""
    x, cell, h, c = split(arrays)
    old = h, c
    if plan.is_cmsis_nn:
        h, c = np.full_like(h, plan.zeros[1]), np.zeros_like(c)
    step = partial(integer_step, plan, cell)
    steps, states = run_sequence(step, (x,), (h.astype(np.int64), c.astype(np.int64)), plan.time_major)
    stages = {name: steps[..., place] for place, name in enumerate(step_names(cell))}
    outputs = joined(arrays, steps[..., -1], *(old if plan.is_cmsis_nn else states))
    return Staged(outputs, stages, {"x": Codes(x, np.array(plan.zeros[0]))})


def integer_step(plan: IntegerPlan, cell: Cell, inputs: Any, states: Any, row: int) -> Any:
    """The steps [n,u,s] that `step_names` calls by name, of which the last is h, and the next (h, c).

    All are codes, int64, for x [n,d], h [n,u] and c [n,u].
    """
    h, c = states
    x_part, h_part = inputs[0].astype(np.int64) - plan.zeros[0], h - plan.zeros[1]
    second = (lambda term: term) if plan.is_cmsis_nn else INT16.clamp
    gates = []
    for gate, rescales, (w, r, b) in zip(GATES, plan.gates, _weights(cell), strict=True):
        sums = exact_product(x_part, w.T.astype(np.int64)) + b, exact_product(h_part, r.T.astype(np.int64))
        from_x, from_h = (rescale(total) for rescale, total in zip(rescales, sums, strict=True))
        total = INT16.clamp(INT16.clamp(from_x) + second(from_h))
        value = tanh_of(total, 3) if gate == "g" else sigmoid_16bit(3 * total)
        gates.append(GateSteps(sums[0], from_x, sums[1], from_h, total, value))
    i, f, g, o = (gate.value for gate in gates)
    before, c = c, INT16.clamp(INT16.clamp(plan.kept(f * c)) + second(plan.added(i * g)))
    if plan.clip:
        c = Range(-plan.clip, plan.clip).clamp(c)
    tanh = tanh_of(c, plan.cell_bits)
    h = plan.codes.clamp(plan.hidden(o * tanh) + plan.zeros[1])
    steps = [*(step for gate in gates for step in gate), before, c, tanh, o * tanh, h]
    return np.stack(steps, axis=-1), (h, c)


def tanh_of(code: Array, bits: int) -> Array:
    """tanh in steps of 2**-15, of a 16-bit number with so many bits before its binary point."""
    shift = bits - 3
    steps = (3 * code) << shift if shift >= 0 else rounding_right_shift_up(3 * code, -shift)
    return np.asarray(tanh_16bit(steps))
