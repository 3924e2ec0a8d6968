"""One step of an LSTM cell:

    c = clip(f * c + i * g)        i = 1 - f where the input gate is coupled
    h = o * activation(c)          then, with a projection, h = clip(projection @ h + projection_bias)

float32 and hybrid: every step rounded to float32.
int8: c has 16 bits and the scale 2**k, h has 8 bits:
    c = clamp(round(f * c / 2**15) + round(i * g / 2**(30 + k)))
    h = clamp(h_zero + rescale(o * tanh(c)))

Follows UpdateLstmCell* and CalculateLstmOutput* in tflite/kernels/lstm_eval.cc.
"""

from typing import NamedTuple

import numpy as np

from minilite.numerics.affine import Range, code_range
from minilite.numerics.eigen import activate
from minilite.numerics.fixed_point import rounding_right_shift_away, saturate
from minilite.numerics.gates import tanh_of_fixed
from minilite.numerics.lanes import add_eigen_product
from minilite.numerics.products import exact_product
from minilite.numerics.rescale import Rescale
from minilite.ops.call import Array
from minilite.ops.sequence import Inputs, States
from minilite.ops.vectors import Matrix, add_product, hybrid_steps, make_vector, stack_steps

from .gate import (
    INT16,
    FloatGate,
    GateSteps,
    GateWeights,
    IntegerGate,
    float_gate,
    hybrid_names,
    integer_gate,
)
from .operands import GATES, Cell

INT8 = code_range(np.dtype(np.int8))
ONE = 2**15 - 1  # as a gate's code
PROJECTION_STEPS = ("projection, sum", "projection, in steps of h", "h")


class FloatCell(NamedTuple):
    """A float or hybrid cell, ready to run."""

    gates: tuple[FloatGate | None, ...]  # i, f, g, o
    starts: tuple[int, ...]  # where the gates stand in memory, in floats
    projection: Matrix | None
    projection_bias: Array | None
    activation: int
    clips: tuple[float, float]  # of c and of the projection; 0 for none
    hybrid: bool
    asymmetric: bool


def float_step(cell: FloatCell, inputs: Inputs, states: States, row: int) -> tuple[Array, States]:
    """The next (h, (h, c)) for x [n,d] and aux [n,e], h [n,u], c [n,c]; `row` is the first row's place in the batch.

    A hybrid cell gives its steps [n,u,s] in place of the first h, which is the last of them.
    """
    h, c = states
    settings = cell.hybrid, cell.asymmetric
    x, aux = (None if array is None else make_vector(array, *settings, skip_zeros=True) for array in inputs)
    vectors = (x, aux, make_vector(h, *settings))

    def run_gate(index: int, c: Array) -> list[Array]:
        gate = cell.gates[index]
        assert gate is not None
        return float_gate(gate, vectors, c, cell.starts[index] + row * c.shape[1])

    i = run_gate(0, c) if cell.gates[0] is not None else []
    f, g = run_gate(1, c), run_gate(2, c)
    kept: Array = f[-1] * c
    added: Array = g[-1] * (i[-1] if i else np.float32(1) - f[-1])
    before, c = c, _clip(kept + added, cell.clips[0])
    o, activated = run_gate(3, c), activate(cell.activation, c)
    steps = [*i, *f, *g, *o, before, c, activated, o[-1] * activated]
    if cell.projection is not None:
        steps = _project(cell, cell.projection, steps[-1])
    return stack_steps(steps) if cell.hybrid else steps[-1], (steps[-1], c)


def _project(cell: FloatCell, projection: Matrix, hidden: Array) -> list[Array]:
    start = np.zeros((len(hidden), len(projection.values)), hidden.dtype)
    if cell.projection_bias is not None:
        start += cell.projection_bias
    vector = make_vector(hidden, cell.hybrid, cell.asymmetric)
    if cell.hybrid:
        steps = [start, *hybrid_steps(start, vector, projection)]
    else:
        steps = [add_product(start, vector, projection, add_eigen_product)]
    return [*steps, _clip(steps[-1], cell.clips[1])]


def hybrid_step_names(cell: FloatCell) -> list[str]:
    """What the steps of a hybrid cell are called; of one with a projection only those of that are kept."""
    if cell.projection is not None:
        return ["before", "projection, sum", "projection, scale", "with the projection", "h"]
    gates = [(name, gate) for name, gate in zip(GATES, cell.gates, strict=True) if gate is not None]
    of_gates = [f"{name}: {step}" for name, gate in gates for step in hybrid_names(gate)]
    return [*of_gates, "cell state before", "cell state", "its activation", "h"]


def _clip(values: Array, limit: float) -> Array:
    bound = np.float32(limit)
    return Range(-bound, bound).clamp(values) if limit > 0 else values


class IntegerCell(NamedTuple):
    """The constants of an int8 cell."""

    gates: tuple[IntegerGate | None, ...]  # i, f, g, o
    zeros: tuple[int, int, int]  # of x, h and the hidden value
    cell_exponent: int  # k: the scale of c is 2**k
    hidden: Rescale
    projection: Rescale | None
    clips: tuple[int, int]  # codes, of c and of the projection; 0 for none


def step_names(cell: Cell) -> list[str]:
    """What the steps of an int8 cell are called; of one with a projection only those of that are kept."""
    if cell.projection is not None:
        return list(PROJECTION_STEPS)
    gates = [gate for gate, w in zip(GATES, cell.w, strict=True) if w is not None]
    of_gates = [f"{gate}: {step.replace('_', ' ')}" for gate in gates for step in GateSteps._fields]
    return [*of_gates, "cell state before", "cell state", "tanh of it", "o * tanh", "h"]


def integer_step(plan: IntegerCell, cell: Cell, inputs: Inputs, states: States) -> tuple[Array, States]:
    """The steps [n,u,s] that `step_names` calls by name, of which the last is h, and the next (h, c).

    All are codes, int64, for x [n,d], h [n,u] and c [n,c].
    """
    h, c = states
    assert inputs[0] is not None
    x_part, h_part = inputs[0].astype(np.int64) - plan.zeros[0], h.astype(np.int64) - plan.zeros[1]

    def run_gate(index: int, c: Array) -> GateSteps:
        gate = plan.gates[index]
        w, r, bias = cell.w[index], cell.r[index], cell.bias[index]
        assert gate is not None
        assert w is not None
        assert r is not None
        assert bias is not None
        weights = GateWeights(w, r, cell.peephole[index], bias, cell.norm[index])
        return integer_gate(gate, weights, x_part, h_part, c)

    i = None if cell.coupled else run_gate(0, c)
    f, g = run_gate(1, c), run_gate(2, c)
    added = rounding_right_shift_away((ONE - f.value if i is None else i.value) * g.value, 30 + plan.cell_exponent)
    before, c = c, INT16.clamp(rounding_right_shift_away(f.value * c, 15) + added)
    if plan.clips[0] > 0:
        c = saturate(c, -plan.clips[0], plan.clips[0])
    o, tanh = run_gate(3, c), tanh_of_fixed(c, 15 + plan.cell_exponent)
    gates = [step for gate in (i, f, g, o) if gate is not None for step in gate]
    output = _integer_output(plan, cell, o.value * tanh)
    steps = [*gates, before, c, tanh, o.value * tanh, *output] if cell.projection is None else output
    return np.stack(steps, axis=-1), (output[-1], c)


def _integer_output(plan: IntegerCell, cell: Cell, products: Array) -> list[Array]:
    """The steps of h, the last are its codes. With a projection the official kernel takes the hidden zero point with
    the wrong sign, twice.
    """
    _, h_zero, hidden_zero = plan.zeros
    if cell.projection is None or plan.projection is None:
        return [INT8.clamp(plan.hidden(products) + hidden_zero)]
    hidden = INT8.clamp(plan.hidden(products) - hidden_zero)
    sums = exact_product(hidden + hidden_zero, cell.projection.T.astype(np.int64))
    if cell.projection_bias is not None:
        sums = sums + cell.projection_bias
    rescaled = plan.projection(sums)
    h = INT8.clamp(rescaled + h_zero)
    return [sums, rescaled, saturate(h, -plan.clips[1], plan.clips[1]) if plan.clips[1] > 0 else h]
