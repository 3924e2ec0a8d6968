"""RNN ops: a cell whose output is its state.

    h = activation(b + w @ x + aux_w @ aux + r @ h)

    RNN                             one step
    UNIDIRECTIONAL_SEQUENCE_RNN     along the time axis of x [time,n,d] or [n,time,d]
    BIDIRECTIONAL_SEQUENCE_RNN      two cells, one of them backwards; their outputs apart, or merged on the last axis

float32: sums in four lanes, see numerics/lanes.py. hybrid: x, aux and h are quantized for each step (ops/hybrid.py),
one that is all zero is left out. aux without weights is the backward cell's own input. Two peculiarities of the
official bidirectional kernel are kept: batch-first, that input is not used; hybrid and time-first, the whole sequence
runs as many times as it has moments, the state passed on.

Follows tflite/kernels/basic_rnn.cc, unidirectional_sequence_rnn.cc, bidirectional_sequence_rnn.cc and
internal/kernel_utils.cc.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.errors import UnsupportedError
from minilite.format.options.recurrent import BidirectionalSequenceRNNOptions, RNNOptions, SequenceRNNOptions
from minilite.numerics.eigen import activate
from minilite.numerics.lanes import add_vector_product

from .call import Array, Call
from .op import Op, Variant
from .reads import whole_row
from .sequence import Inputs, States, run_sequence
from .signature import Shape
from .vectors import Matrix, add_product, hybrid_steps, make_vector, stack_steps, staged


class Cell(NamedTuple):
    """The weights of one cell."""

    matrices: tuple[Matrix | None, ...]  # of x, aux and h
    bias: Array
    activation: int
    hybrid: bool
    asymmetric: bool


def step(cell: Cell, inputs: Inputs, states: States, row: int) -> tuple[Array, States]:
    """The next (h, (h,)) for x [n,d] and aux [n,e], and h [n,u]; a hybrid cell gives its steps [n,u,s] in place of h,
    which is the last of them.
    """
    total = np.zeros(states[0].shape, states[0].dtype) + cell.bias
    steps = [total]
    for values, matrix in zip((*inputs, states[0]), cell.matrices, strict=True):
        if values is not None and matrix is not None:
            vector = make_vector(values, cell.hybrid, cell.asymmetric)
            if cell.hybrid:
                steps += hybrid_steps(total, vector, matrix)
                total = steps[-1]
            else:
                total = add_product(total, vector, matrix, add_vector_product)
    h = activate(cell.activation, total)
    return stack_steps([*steps, h]) if cell.hybrid else h, (h,)


def step_names(cell: Cell) -> list[str]:
    """What the steps of a hybrid cell are called."""
    given = [name for name, matrix in zip(("x", "aux", "h"), cell.matrices, strict=True) if matrix is not None]
    products = [f"{name}: {step}" for name in given for step in ("sum", "scale", "total with it")]
    return ["bias", *products, "activation"]


class Plan(NamedTuple):
    """The constants of a node: the scales of w, aux_w and r of each cell, none for float weights."""

    scales: tuple[tuple[Array | None, ...], ...]
    activation: int
    hybrid: bool
    asymmetric: bool
    time_major: bool = True
    merged: bool = False


def make_plan(call: Call[Any], prefixes: tuple[str, ...] = ("",)) -> Plan:
    options, hybrid = call.options, call[f"{prefixes[0]}w"].dtype.kind != "f"
    for prefix in prefixes:
        state = call[f"{prefix}h"]
        call.require(state.tensor.is_variable, f"{state.tensor.label}: a state must be a variable tensor")

    def scale(name: str) -> Array | None:
        operand = call.optional(name)
        return operand.affine.scale[:1] if hybrid and operand is not None else None

    return Plan(
        scales=tuple(tuple(scale(f"{prefix}{name}") for name in ("w", "aux_w", "r")) for prefix in prefixes),
        activation=options.fused_activation_function,
        hybrid=hybrid,
        asymmetric=hybrid and options.asymmetric_quantize_inputs,
        time_major=getattr(options, "time_major", True),
        merged=getattr(options, "merge_outputs", False),
    )


def make_cell(plan: Plan, index: int, w: Array, r: Array, b: Array, aux_w: Array | None = None) -> Cell:
    pairs = zip((w, aux_w, r), plan.scales[index], strict=True)
    matrices = tuple(None if values is None else Matrix(values, scale) for values, scale in pairs)
    return Cell(matrices, b, plan.activation, plan.hybrid, plan.asymmetric)


def finished(plan: Plan, cell: Cell, x: Array, made: Sequence[Array], states: Sequence[Array]) -> Any:
    """All outputs, of what the runs of cells made: values, or steps of hybrid cells, those of the first by name."""
    if not plan.hybrid:
        return (*made, *states)
    outputs = (*(steps[..., -1].astype(np.float32) for steps in made), *states)
    return staged(x, plan.asymmetric, outputs, step_names(cell), made[0])


def compute_one(plan: Plan, x: Array, w: Array, r: Array, b: Array, h: Array) -> Any:
    cell = make_cell(plan, 0, w, r, b)
    y, states = step(cell, (x, None), (h,), 0)
    return finished(plan, cell, x, [y], states)


def compute_sequence(plan: Plan, x: Array, w: Array, r: Array, b: Array, h: Array) -> Any:
    cell = make_cell(plan, 0, w, r, b)
    y, states = run_sequence(partial(step, cell), (x, None), (h,), plan.time_major)
    return finished(plan, cell, x, [y], states)


def shapes_of_sequence(call: Call[SequenceRNNOptions]) -> list[Shape]:
    return [(*leading(call, "h"), call["w"].shape[0])]


def leading(call: Call[Any], state: str) -> Shape:
    """The first two lengths of x. Raises ModelError unless x has three and the batch is that of the state."""
    x = call["x"].shape
    call.require(len(x) == 3 and 0 not in x, "x needs time, batch and depth")
    batch = x[1] if call.options.time_major else x[0]
    call.require(call[state].shape[0] == batch, f"the state has {call[state].shape[0]} rows, expected {batch}")
    return x[:2]


def shapes_of_two(call: Call[BidirectionalSequenceRNNOptions]) -> list[Shape]:
    first, forward, backward = leading(call, "fw_h"), call["fw_w"].shape[0], call["bw_w"].shape[0]
    if call.options.merge_outputs:
        return [(*first, forward + backward)]
    return [(*first, forward), (*first, backward)]


def plan_two(call: Call[BidirectionalSequenceRNNOptions]) -> Plan:
    plan, x, aux = make_plan(call, ("fw_", "bw_")), call["x"].shape, call.optional("aux")
    forward, backward = (call.optional(f"{prefix}aux_w") is not None for prefix in ("fw_", "bw_"))
    call.require(forward == backward, "auxiliary weights must be there for both cells or for none")
    call.require(not forward or aux is not None, "auxiliary weights need an auxiliary input")
    if aux is not None:
        call.require(aux.shape[:2] == x[:2] and len(aux.shape) == 3, "the auxiliary input needs x's time and batch")
        if aux.shape != x and (plan.hybrid or plan.time_major):
            raise UnsupportedError(
                f"{call.node.label}: the official kernel misreads an auxiliary input not as deep as x"
            )
    if plan.hybrid and plan.merged and plan.time_major and not plan.asymmetric and x[1] > 1:
        raise UnsupportedError(f"{call.node.label}: the official kernel crashes on merged outputs of symmetric rows")
    return plan


def compute_two(plan: Plan, x: Array, *arrays: Array | None) -> Any:
    """The outputs of both cells, then their states."""
    fw_w, fw_r, fw_b, fw_h, bw_w, bw_r, bw_b, bw_h = arrays[:8]
    aux, fw_aux_w, bw_aux_w = (*arrays[8:], None, None, None)[:3]
    own = aux if fw_aux_w is None and aux is not None and plan.time_major else x
    shared = None if fw_aux_w is None else aux
    results, states = [], []
    cells = (
        (make_cell(plan, 0, fw_w, fw_r, fw_b, fw_aux_w), x, fw_h),  # type: ignore[arg-type]
        (make_cell(plan, 1, bw_w, bw_r, bw_b, bw_aux_w), own, bw_h),  # type: ignore[arg-type]
    )
    for backwards, (cell, sequence, h) in enumerate(cells):
        y = np.empty(0)
        for _ in range(len(x) if plan.hybrid and plan.time_major else 1):
            y, (h,) = run_sequence(partial(step, cell), (sequence, shared), (h,), plan.time_major, bool(backwards))  # type: ignore[arg-type]
        results.append(y)
        states.append(h)
    if plan.merged:
        results = [np.concatenate(results, axis=2)]
    return finished(plan, cells[0][0], x, results, states)  # type: ignore[arg-type]


HYBRID_TYPES = tuple(f"float32 {w} {w} float32 float32 -> float32" for w in ("int8", "uint8"))
BOTH_TYPES = tuple(
    f"float32 {f'{w} {w} float32 float32 ' * 2}float32 {w} {w} -> float32 float32" for w in ("int8", "uint8")
)
ONE = tuple(Variant(n, t, make_plan, compute_one) for n, t in (("float", ("float32",)), ("hybrid", HYBRID_TYPES)))
SEQUENCE = tuple(
    Variant(n, t, make_plan, compute_sequence) for n, t in (("float", ("float32",)), ("hybrid", HYBRID_TYPES))
)
BOTH = tuple(Variant(n, t, plan_two, compute_two) for n, t in (("float", ("float32",)), ("hybrid", BOTH_TYPES)))
CELL = "w[u,d] r[u,u] b[u] h[n,u]!"


def macs(call: Call[Any]) -> int:
    rows = int(np.prod(call["x"].shape[:-1]))
    names = [name for name in ("w", "r", "fw_w", "fw_r", "bw_w", "bw_r") if call.optional(name) is not None]
    return sum(rows * int(np.prod(call[name].shape)) for name in names)


RNN = Op("RNN", f"x[n,d] {CELL} -> y[n,u]", RNNOptions, ONE, macs=macs, reads=whole_row)
UNIDIRECTIONAL_SEQUENCE_RNN = Op(
    "UNIDIRECTIONAL_SEQUENCE_RNN",
    f"x[...,d] {CELL} -> y[...]",
    SequenceRNNOptions,
    SEQUENCE,
    shapes=shapes_of_sequence,
    macs=macs,
    reads=whole_row,
)
BIDIRECTIONAL_SEQUENCE_RNN = Op(
    "BIDIRECTIONAL_SEQUENCE_RNN",
    "x[...,d] fw_w[u,d] fw_r[u,u] fw_b[u] fw_h[n,u]! bw_w[v,d] bw_r[v,v] bw_b[v] bw_h[n,v]! "
    "aux[...,e]? fw_aux_w[u,e]? bw_aux_w[v,e]? -> y[...] y_backward[...]?",
    BidirectionalSequenceRNNOptions,
    BOTH,
    shapes=shapes_of_two,
    macs=macs,
    reads=whole_row,
)
OPS = (RNN, UNIDIRECTIONAL_SEQUENCE_RNN, BIDIRECTIONAL_SEQUENCE_RNN)
