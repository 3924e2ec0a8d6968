"""LSTM of float32 in a compiled loop. The definition is minilite/ops/lstm: gate.py and cell.py."""

from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.activation import TANH
from minilite.numerics.jit import kernel
from minilite.ops.call import Array, Call
from minilite.ops.lstm.floating import FloatPlan
from minilite.ops.lstm.operands import Cell, split

from .blocks import as_tuple, viewed
from .eigen import logistic, logistic_of_others, tanh
from .float_blocks import FLOAT_BYTES
from .lane_products import Matrix, add_products, matrix_at, memory_for, pack
from .recurrent import are_known, borrowed
from .rescale import clamp_real
from .twins import Loop, join

ORDER = (0, 1, 3, 2)  # of the gates here: i, f, o, g
FORGET, OUTPUT, CELL = 1, 2, 3  # places in it
PADDING = 32  # floats: functions take whole vectors, and what they find behind the last value
SMALLEST = np.float32(1e-8)  # variance, added to it


class Numbers(NamedTuple):
    """What the loop needs to know. Rows of a group go side by side; x is [groups, times, rows, depth]."""

    groups: int
    times: int
    rows: int
    depth: int
    cells: int
    outputs: int
    coupled: int  # no input gate: the other three alone
    has_peephole: int
    has_norm: int
    has_projection: int
    start_i: int  # where the gates of the first row lie behind a 16-byte boundary, in floats
    start_f: int
    start_o: int
    w: int  # where sections of the constants start
    r: int
    projection: int
    peephole: int
    bias: int
    norm: int
    projection_bias: int
    clips: int
    end: int


COUNT = len(Numbers._fields)


class Constants(NamedTuple):
    """The weights. Vectors of the gates lie one behind the other, whether there is an input gate or not."""

    w: Matrix
    r: Matrix
    projection: Matrix
    peephole: Any
    bias: Any
    norm: Any
    projection_bias: Any
    clips: Any  # of the cell state and the projection, 0 for none


def make_loop(call: Call[Any], plan: FloatPlan, arrays: tuple[Array | None, ...]) -> Loop | None:
    """The loop, None for an activation other than TANH and for diagonal weights."""
    if plan.hybrid or plan.activation != TANH or not are_known(call, arrays):
        return None
    lengths = call["x"].shape if len(call["x"].shape) == 3 else (1, *call["x"].shape)
    groups, times, rows = (1, *lengths[:2]) if plan.time_major else (*lengths[:2], 1)
    cell = split((np.zeros(0), *arrays[1:18], np.zeros(0), np.zeros(0), *arrays[20:]))[1]
    (outputs, cells), depth = cell.lengths, lengths[2]
    w, r = (np.concatenate([m for m in ordered(parts) if m is not None]) for parts in (cell.w, cell.r))
    if r.ndim == 1:
        return None
    gates, one = 3 + (not cell.coupled), np.zeros((2, 1), np.float32)
    projection = one if cell.projection is None else cell.projection
    matrices = pack(w, rows, gates), pack(r, rows, gates), pack(projection, rows, 1)
    if any(matrix is None for matrix in matrices):
        return None
    constants, starts = join(*matrices, *vectors(cell, plan))  # type: ignore[arg-type]
    parts = (cell.peephole, cell.norm)
    flags = [*(any(part is not None for part in parts) for parts in parts), cell.projection is not None]
    settings = [groups, times, rows, depth, cells, outputs, cell.coupled, *flags, *ordered(plan.starts)[:CELL]]
    numbers = np.array([*settings, *starts, constants.size], np.int64)
    scratch = FLOAT_BYTES * (memory_for(max(gates * cells, outputs)) + 10 * rows * cells + 3 * PADDING)
    return Loop(float_cell, (0,), constants, numbers, scratch, call["y"].shape, np.dtype(np.float32))


def ordered(parts: tuple[Any, ...]) -> list[Any]:
    """What belongs to the gates i, f, g, o, in the order of this file."""
    return [parts[gate] for gate in ORDER]


def vectors(cell: Cell, plan: FloatPlan) -> list[Array]:
    """The constants but the matrices, in the order of `Numbers`."""
    outputs, cells = cell.lengths
    blank = np.zeros(cells, np.float32)
    of_gates = [
        np.concatenate([blank if part is None else blank + part for part in ordered(parts)])
        for parts in (cell.peephole, cell.bias, cell.norm)
    ]
    bias = np.zeros(outputs, np.float32) + (0 if cell.projection_bias is None else cell.projection_bias)
    return [*of_gates, bias, np.array(plan.clips, np.float32)]


@kernel
def float_cell(x: Any, state: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[groups,times,rows,u] from x; state has c, then h, [groups,rows,...] each, float32 as bytes."""
    n = Numbers(*as_tuple(numbers, COUNT))
    x, state, y, scratch = borrowed(x), borrowed(state), borrowed(y), borrowed(scratch)
    known = constants_of(borrowed(constants), n)
    values, made, states = viewed(x, np.float32), viewed(y, np.float32), viewed(state, np.float32)
    of_x, of_c, of_h = n.rows * n.depth, n.rows * n.cells, n.rows * n.outputs
    all_c, all_h = states[: n.groups * of_c], states[n.groups * of_c :]
    for group in range(n.groups):
        c, h = all_c[group * of_c : (group + 1) * of_c], all_h[group * of_h : (group + 1) * of_h]
        for time in range(group * n.times, (group + 1) * n.times):
            step(values[time * of_x : (time + 1) * of_x], c, h, viewed(scratch, np.float32), known, group * n.cells, n)
            made[time * of_h : (time + 1) * of_h] = h


def constants_of(constants: Any, n: Any) -> Any:
    """The sections of the constants."""
    return Constants(
        matrix_at(constants[n.w :]),
        matrix_at(constants[n.r :]),
        matrix_at(constants[n.projection :]),
        viewed(constants[n.peephole : n.bias], np.float32),
        viewed(constants[n.bias : n.norm], np.float32),
        viewed(constants[n.norm : n.projection_bias], np.float32),
        viewed(constants[n.projection_bias : n.clips], np.float32),
        viewed(constants[n.clips : n.end], np.float32),
    )


def step(x: Any, c: Any, h: Any, memory: Any, known: Any, behind: Any, n: Any) -> None:
    """The next c and h, in place, of all rows of a group; `behind` is how far its gates lie behind the first."""
    size, room = c.shape[0], 4 * c.shape[0] + PADDING
    totals, values, sums = memory[:room], memory[room : 2 * room], memory[2 * room + 2 * size + PADDING :]
    activated, hidden = memory[2 * room :], memory[2 * room + size + PADDING :]
    begin(totals, known.bias, n)
    if is_any(x):
        add_products(x, known.w, totals[n.coupled * size :], sums)
    add_products(h, known.r, totals[n.coupled * size :], sums)
    last = FORGET if n.has_peephole != 0 else OUTPUT  # of the gates that do not wait for the next c
    for gate in range(n.coupled, last + 1):
        complete(gate, totals[gate * size : (gate + 1) * size], c, known, n)
    complete(CELL, totals[CELL * size : 4 * size], c, known, n)
    open_gates(n.coupled, last, totals, values, behind, size, n)
    tanh(totals[CELL * size : CELL * size + padded(size)], values[CELL * size :])
    update(c, values, known.clips[0], n)
    if n.has_peephole != 0:
        complete(OUTPUT, totals[OUTPUT * size : CELL * size], c, known, n)
        open_gates(OUTPUT, OUTPUT, totals, values, behind, size, n)
    activated[:size] = c
    tanh(activated[: padded(size)], activated)
    if n.has_projection == 0:
        multiply(values[OUTPUT * size : CELL * size], activated, h)
    else:
        multiply(values[OUTPUT * size : CELL * size], activated, hidden)
        for k in range(h.shape[0]):
            h[k] = known.projection_bias[k % n.outputs]
        add_products(hidden, known.projection, h, sums)
        clip(h, known.clips[1])


def padded(size: Any) -> Any:
    """So many values in whole vectors."""
    return (size + PADDING - 1) // PADDING * PADDING


def open_gates(first: Any, last: Any, totals: Any, values: Any, behind: Any, size: Any, n: Any) -> None:
    """The sigmoid of some gates; what stands behind them among the values is lost."""
    start = first * size
    logistic(totals[start : start + padded((last + 1 - first) * size)], values[start:])
    for gate in range(first, last + 1):
        place = behind + (n.start_i if gate == 0 else n.start_f if gate == FORGET else n.start_o)
        logistic_of_others(totals[gate * size : (gate + 1) * size], values[gate * size :], place)


def update(c: Any, values: Any, limit: Any, n: Any) -> None:
    """The next cell state, in place, from the gates i, f and g."""
    size = c.shape[0]
    i, f, g = values[:size], values[size : 2 * size], values[CELL * size : 4 * size]
    if n.coupled != 0:
        for k in range(size):
            i[k] = np.float32(1) - f[k]
    for k in range(size):
        c[k] = np.float32(f[k] * c[k]) + np.float32(g[k] * i[k])
    clip(c, limit)


def multiply(a: Any, b: Any, y: Any) -> None:
    """y[k] = a[k] * b[k]."""
    for k in range(a.shape[0]):
        y[k] = a[k] * b[k]


def begin(totals: Any, bias: Any, n: Any) -> None:
    """What the sums of all gates start with: their bias, unless that comes after normalizing."""
    if n.has_norm != 0:
        totals[:] = np.float32(0)
    elif n.rows == 1:
        totals[: 4 * n.cells] = bias[: 4 * n.cells]
    else:
        for gate in range(4):
            for start in range(gate * n.rows * n.cells, (gate + 1) * n.rows * n.cells, n.cells):
                totals[start : start + n.cells] = bias[gate * n.cells : (gate + 1) * n.cells]


def is_any(x: Any) -> Any:
    """Whether any number is not 0."""
    found = False
    for k in range(x.shape[0]):
        found |= x[k] != 0
    return found


def complete(gate: Any, total: Any, c: Any, known: Any, n: Any) -> None:
    """Peephole and normalization of a gate, in place."""
    if n.has_peephole != 0 and gate != CELL:
        peephole = known.peephole[gate * n.cells : (gate + 1) * n.cells]
        for row in range(0, total.shape[0], n.cells):
            for k in range(n.cells):
                total[row + k] += peephole[k] * c[row + k]
    if n.has_norm != 0:
        bias, norm = known.bias[gate * n.cells :], known.norm[gate * n.cells :]
        for row in range(0, total.shape[0], n.cells):
            normalize(total[row : row + n.cells], norm, bias)


def normalize(x: Any, norm: Any, bias: Any) -> None:
    """A row of mean 0 and deviation 1, times the norm's weights, plus the bias."""
    total, cells = np.float32(0), np.float32(x.shape[0])
    for k in range(x.shape[0]):
        total += x[k]
    mean, squares = np.float32(total / cells), np.float32(0)
    for k in range(x.shape[0]):
        x[k] -= mean
        squares += np.float32(x[k] * x[k])
    variance = np.float32(squares / cells)
    inverse = np.float32(np.float32(1) / np.float32(np.sqrt(np.float32(variance + SMALLEST))))
    for k in range(x.shape[0]):
        x[k] = np.float32(np.float32(x[k] * inverse) * norm[k]) + bias[k]


def clip(values: Any, limit: Any) -> None:
    """Keep values within +-limit, where that is above 0."""
    if limit > 0:
        for k in range(values.shape[0]):
            values[k] = clamp_real(values[k], -limit, limit)
