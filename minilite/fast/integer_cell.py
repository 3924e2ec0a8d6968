"""LSTM of int8 in a compiled loop. The definitions are in minilite/ops/lstm: gate.py, cell.py, integer.py, micro.py.

sigmoid and tanh are looked up: the definition's own, of all 16-bit codes.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.fixed_point import rounding_right_shift_away
from minilite.numerics.gates import sigmoid_of_fixed, tanh_of_fixed
from minilite.numerics.jit import kernel
from minilite.numerics.rescale import Rescale
from minilite.numerics.tables import sigmoid_16bit
from minilite.ops.call import Array, Call
from minilite.ops.lstm import micro
from minilite.ops.lstm.cell import ONE
from minilite.ops.lstm.gate import INTEGER_BITS
from minilite.ops.lstm.integer import IntegerPlan
from minilite.ops.lstm.operands import GATES, Cell, split

from .blocks import as_tuple, viewed
from .recurrent import are_known, borrowed
from .rescale import rescale_arrays, rescale_one
from .twins import Loop, join

CELL, OUTPUT = 2, 3  # places in GATES
MOST = 2**16  # products of two int8 codes that are sure to fit 32 bits, with room for more
OFFSET, INT16_LOW, INT16_HIGH = 2**15, -(2**15), 2**15 - 1
OF_H, OF_PEEPHOLE, HIDDEN, PROJECTION, KEPT, ADDED = 4, 8, 12, 13, 14, 15  # rows of multipliers, behind those of x


class Numbers(NamedTuple):
    """What the loop needs to know. Rows of a group go side by side; x is [groups, times, rows, depth]."""

    groups: int
    times: int
    rows: int
    depth: int
    cells: int
    outputs: int
    coupled: int  # no input gate: its row of everything is blank
    has_peephole: int
    has_projection: int
    rule: int
    x_zero: int
    h_zero: int
    hidden_zero: int
    cell_shift: int  # of i * g
    cell_clip: int  # 0 for none
    h_clip: int
    rescales_terms: int  # of the next cell state, by multipliers
    clamps_terms: int  # the second of two, too
    starts_anew: int  # every run
    w: int  # where sections of the constants start
    r: int
    projection: int
    bias_of_x: int
    bias_of_h: int
    projection_bias: int
    peephole: int
    scaling: int
    sigmoid: int
    tanh: int
    tanh_of_cell: int
    end: int


COUNT = len(Numbers._fields)


class Constants(NamedTuple):
    """The weights, int32 [d, gates * cells] and the like, and what comes after them, int64."""

    w: Any
    r: Any
    projection: Any
    bias_of_x: Any  # with what the zero point of x adds
    bias_of_h: Any
    projection_bias: Any
    peephole: Any  # [gates * outputs]
    scaling: Any  # mantissa, exponent and multiplier of each rescaling
    sigmoid: Any  # int16: of codes from -2**15 on
    tanh: Any
    tanh_of_cell: Any


class Rules(NamedTuple):
    """What a plan says, of whichever kernel it is."""

    rescales: list[Rescale | None]  # in the order of their rows
    zeros: tuple[int, ...]  # of x, h and the hidden value
    cell_shift: int
    clips: tuple[int, int]
    flags: tuple[bool, bool, bool]  # the last ones before the sections
    tables: tuple[Array, Array, Array]  # sigmoid, tanh of gates, tanh of the cell state
    time_major: bool


def rules_of(plan: IntegerPlan) -> Rules:
    """The reference kernel."""
    cell, gates = plan.cell, plan.cell.gates
    rescales = [None if gate is None else gate[which] for which in range(3) for gate in gates]  # w, r, peephole
    tables = sigmoids(), tanhs(INTEGER_BITS), tanhs(15 + cell.cell_exponent)
    every = [*rescales, cell.hidden, cell.projection, None, None]
    flags = False, False, False
    return Rules(every, cell.zeros, 30 + cell.cell_exponent, cell.clips, flags, tables, plan.time_major)  # type: ignore[arg-type]


def rules_of_micro(plan: micro.IntegerPlan) -> Rules:
    """The kernels of microcontrollers."""
    rescales: list[Rescale | None] = [pair[which] for which in range(2) for pair in plan.gates]
    every = [*rescales, *[None] * 4, plan.hidden, None, plan.kept, plan.added]
    zeros, clips, flags = (*plan.zeros, plan.zeros[1]), (plan.clip, 0), (True, not plan.is_cmsis_nn, plan.is_cmsis_nn)
    tables = micro_sigmoids(), micro_tanhs(INTEGER_BITS), micro_tanhs(plan.cell_bits)
    return Rules(every, zeros, 0, clips, flags, tables, plan.time_major)


def make_loop(call: Call[Any], plan: IntegerPlan, arrays: tuple[Array | None, ...]) -> Loop | None:
    """The loop of the reference kernel, None with layer normalization."""
    return loop_of(call, rules_of(plan), arrays) if are_known(call, arrays) else None


def make_micro_loop(call: Call[Any], plan: micro.IntegerPlan, arrays: tuple[Array | None, ...]) -> Loop | None:
    """The loop of microcontrollers, None for int16."""
    is_known = call["x"].dtype == np.int8 and are_known(call, arrays)
    return loop_of(call, rules_of_micro(plan), arrays) if is_known else None


def loop_of(call: Call[Any], rules: Rules, arrays: tuple[Array | None, ...]) -> Loop | None:
    """The loop for int8."""
    nothing = np.zeros(0)
    cell = split((nothing, *arrays[1:18], nothing, nothing, *arrays[20:]))[1]
    lengths = call["x"].shape if len(call["x"].shape) == 3 else (1, *call["x"].shape)
    groups, times, rows = (1, *lengths[:2]) if rules.time_major else (*lengths[:2], 1)
    (outputs, cells), depth = cell.lengths, lengths[2]
    if cell.norm[OUTPUT] is not None or max(depth, outputs, cells) > MOST:
        return None
    constants, starts = join(*sections(cell, rules, depth))
    flags = any(part is not None for part in cell.peephole), cell.projection is not None
    rule = next(rescale_arrays(rescale, 1).rule for rescale in rules.rescales[::-1] if rescale is not None)
    settings = [*flags, rule, *rules.zeros, rules.cell_shift, *rules.clips, *rules.flags]
    numbers = [groups, times, rows, depth, cells, outputs, cell.coupled, *settings, *starts, constants.size]
    scratch = 8 * (5 * rows * cells + 8 * cells + outputs)
    return Loop(integer_cell, (0,), constants, np.array(numbers, np.int64), scratch, call["y"].shape, np.dtype(np.int8))


def sections(cell: Cell, rules: Rules, depth: int) -> list[Array]:
    """The constants in the order of `Numbers`."""
    outputs, cells = cell.lengths
    w, r = (
        np.concatenate([np.zeros((cells, length)) if m is None else m for m in matrices]).astype(np.int64)
        for matrices, length in ((cell.w, depth), (cell.r, outputs))
    )
    bias = np.concatenate([np.zeros(cells) if b is None else b for b in cell.bias]).astype(np.int64)
    x_zero, h_zero, hidden_zero = rules.zeros
    projection = np.zeros((outputs, 0), np.int64) if cell.projection is None else cell.projection.astype(np.int64)
    after = hidden_zero * projection.sum(axis=1) + (0 if cell.projection_bias is None else cell.projection_bias)
    peephole = [np.zeros(outputs) if p is None else p[:outputs] for p in cell.peephole]
    matrices = [np.ascontiguousarray(m.T, np.int32) for m in (w, r, projection)]
    vectors = bias - x_zero * w.sum(axis=1), -h_zero * r.sum(axis=1), after, np.concatenate(peephole)
    return [*matrices, *(v.astype(np.int64) for v in vectors), scaling_of(rules.rescales), *rules.tables]


def scaling_of(rescales: list[Rescale | None]) -> Array:
    """int64 [rescales,3]: mantissa, exponent and the bits of the multiplier; 0 where there is none."""
    rows = np.zeros((len(rescales), 3), np.int64)
    for row, rescale in zip(rows, rescales, strict=True):
        if rescale is not None:
            row[:] = rescale_arrays(rescale, 1).in_rows()[:, 0]
    return rows


def of_all_codes(function: Callable[[Array], Array]) -> Array:
    """int16: what a function makes of every 16-bit code."""
    return function(np.arange(INT16_LOW, INT16_HIGH + 1)).astype(np.int16)


@cache
def sigmoids() -> Array:
    """The sigmoid of every code of a gate."""
    return of_all_codes(partial(sigmoid_of_fixed, integer_bits=INTEGER_BITS))


@cache
def tanhs(integer_bits: int) -> Array:
    """The hyperbolic tangent of every 16-bit code with so many integer bits."""
    return of_all_codes(partial(tanh_of_fixed, integer_bits=integer_bits))


@cache
def micro_sigmoids() -> Array:
    """The sigmoid of every code of a gate, on microcontrollers."""
    return of_all_codes(lambda codes: sigmoid_16bit(3 * codes))


@cache
def micro_tanhs(integer_bits: int) -> Array:
    """The hyperbolic tangent on microcontrollers."""
    return of_all_codes(partial(micro.tanh_of, bits=integer_bits))


@kernel
def integer_cell(x: Any, state: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[groups,times,rows,u] from x; state has c, int16, then h, [groups,rows,...] each."""
    n = Numbers(*as_tuple(numbers, COUNT))
    x, state, y, memory = borrowed(x), borrowed(state), borrowed(y), viewed(borrowed(scratch), np.int64)
    known = constants_of(borrowed(constants), n)
    of_x, of_c, of_h = n.rows * n.depth, n.rows * n.cells, n.rows * n.outputs
    cells, outputs = viewed(state[: 2 * n.groups * of_c], np.int16), state[2 * n.groups * of_c :]
    for group in range(n.groups):
        c, h = cells[group * of_c : (group + 1) * of_c], outputs[group * of_h : (group + 1) * of_h]
        if n.starts_anew != 0:
            c[:], viewed(h, np.int8)[:] = 0, n.h_zero
        for time in range(group * n.times, (group + 1) * n.times):
            step(viewed(x[time * of_x : (time + 1) * of_x], np.int8), c, viewed(h, np.int8), memory, known, n)
            y[time * of_h : (time + 1) * of_h] = h


def constants_of(constants: Any, n: Any) -> Any:
    """The sections of the constants."""
    return Constants(
        viewed(constants[n.w : n.r], np.int32),
        viewed(constants[n.r : n.projection], np.int32),
        viewed(constants[n.projection : n.bias_of_x], np.int32),
        viewed(constants[n.bias_of_x : n.bias_of_h], np.int64),
        viewed(constants[n.bias_of_h : n.projection_bias], np.int64),
        viewed(constants[n.projection_bias : n.peephole], np.int64),
        viewed(constants[n.peephole : n.scaling], np.int64),
        viewed(constants[n.scaling : n.sigmoid], np.int64),
        viewed(constants[n.sigmoid : n.tanh], np.int16),
        viewed(constants[n.tanh : n.tanh_of_cell], np.int16),
        viewed(constants[n.tanh_of_cell : n.end], np.int16),
    )


def step(x: Any, c: Any, h: Any, memory: Any, known: Any, n: Any) -> None:
    """The next c and h, in place, of all rows of a group."""
    size = c.shape[0]
    totals, hidden, sums = memory[: 4 * size], memory[4 * size : 5 * size], memory[5 * size :]
    for row in range(n.rows):
        first, second = sums[: 4 * n.cells], sums[4 * n.cells : 8 * n.cells]
        multiply(x[row * n.depth : (row + 1) * n.depth], known.w, viewed(first, np.int32)[: 4 * n.cells])
        multiply(h[row * n.outputs : (row + 1) * n.outputs], known.r, viewed(second, np.int32)[: 4 * n.cells])
        for gate in range(len(GATES)):
            start, place = gate * n.cells, (gate * n.rows + row) * n.cells
            add_up(gate, start, first, second, totals[place : place + n.cells], known, n)
    for gate in range(OUTPUT):
        finish(gate, totals[gate * size : (gate + 1) * size], c, known, n)
    update(c, totals, known, n)
    o = totals[OUTPUT * size :]
    finish(OUTPUT, o, c, known, n)
    for k in range(size):
        hidden[k] = o[k] * known.tanh_of_cell[np.int64(c[k]) + OFFSET]
    if n.has_projection == 0:
        for k in range(size):
            rescaled = scale_one(hidden[k], HIDDEN, known, n) + n.hidden_zero
            h[k] = min(max(rescaled, -128), 127)
    else:
        for row in range(n.rows):
            project(hidden[row * n.cells : (row + 1) * n.cells], h[row * n.outputs :], sums, known, n)


def multiply(x: Any, w: Any, sums: Any) -> None:
    """int32 sums[k] of x[d] * w[d,k]."""
    sums[:] = 0
    for d in range(x.shape[0]):
        factor, row = np.int32(x[d]), w[d * sums.shape[0] : (d + 1) * sums.shape[0]]
        for k in range(sums.shape[0]):
            sums[k] += factor * row[k]


def scale_one(value: Any, which: Any, known: Any, n: Any) -> Any:
    """A rescaled number."""
    scaling = known.scaling[3 * which : 3 * which + 3]
    return rescale_one(n.rule, value, scaling[0], scaling[1], viewed(scaling[2:], np.float64)[0])


def within_int16(value: Any) -> Any:
    """The nearest code of 16 bits."""
    return min(max(value, INT16_LOW), INT16_HIGH)


def add_up(gate: Any, start: Any, first: Any, second: Any, total: Any, known: Any, n: Any) -> None:
    """The codes of a gate from the sums of x and of h, which begin at `start`."""
    of_x, of_h = viewed(first, np.int32)[start:], viewed(second, np.int32)[start:]
    bias_of_x, bias_of_h = known.bias_of_x[start:], known.bias_of_h[start:]
    for k in range(total.shape[0]):
        total[k] = within_int16(scale_one(np.int64(of_x[k]) + bias_of_x[k], gate, known, n))
    for k in range(total.shape[0]):
        rescaled = scale_one(np.int64(of_h[k]) + bias_of_h[k], OF_H + gate, known, n)
        total[k] = within_int16(total[k] + (within_int16(rescaled) if n.clamps_terms != 0 else rescaled))


def finish(gate: Any, total: Any, c: Any, known: Any, n: Any) -> None:
    """From the codes of a gate to its values, in place. The peephole counts outputs where it means cells."""
    if n.has_peephole != 0 and gate != CELL:
        for k in range(n.rows * n.outputs):
            product = known.peephole[gate * n.outputs + k % n.outputs] * c[k]
            total[k] = within_int16(total[k] + scale_one(product, OF_PEEPHOLE + gate, known, n))
    if gate == CELL:
        for k in range(total.shape[0]):
            total[k] = known.tanh[total[k] + OFFSET]
    else:
        for k in range(total.shape[0]):
            total[k] = known.sigmoid[total[k] + OFFSET]


def update(c: Any, totals: Any, known: Any, n: Any) -> None:
    """The next cell state, in place, from the gates i, f and g."""
    size = c.shape[0]
    i, f, g = totals[:size], totals[size : 2 * size], totals[CELL * size : OUTPUT * size]
    if n.coupled != 0:
        for k in range(size):
            i[k] = ONE - f[k]
    if n.rescales_terms != 0:
        for k in range(size):
            added = scale_one(i[k] * g[k], ADDED, known, n)
            added = within_int16(added) if n.clamps_terms != 0 else added
            value = within_int16(within_int16(scale_one(f[k] * c[k], KEPT, known, n)) + added)
            c[k] = min(max(value, -n.cell_clip), n.cell_clip) if n.cell_clip > 0 else value
        return
    for k in range(size):
        kept = rounding_right_shift_away(f[k] * c[k], 15)
        value = within_int16(kept + rounding_right_shift_away(i[k] * g[k], n.cell_shift))
        c[k] = min(max(value, -n.cell_clip), n.cell_clip) if n.cell_clip > 0 else value


def project(hidden: Any, h: Any, sums: Any, known: Any, n: Any) -> None:
    """h[u] of a row from o * tanh(c); the hidden zero point counts with the wrong sign, twice."""
    codes, made = viewed(sums[n.outputs :], np.int8), viewed(sums, np.int32)[: n.outputs]
    for k in range(n.cells):
        codes[k] = min(max(scale_one(hidden[k], HIDDEN, known, n) - n.hidden_zero, -128), 127)
    multiply(codes[: n.cells], known.projection, made)
    for u in range(n.outputs):
        total = np.int64(made[u]) + known.projection_bias[u]
        code = min(max(scale_one(total, PROJECTION, known, n) + n.h_zero, -128), 127)
        h[u] = min(max(code, -n.h_clip), n.h_clip) if n.h_clip > 0 else code
