"""The operands of an LSTM cell, in the order of the file; `i f g o` are the input, forget, cell and output gates."""

import math
from typing import Any, NamedTuple

from minilite.ops.call import Array, Call, Operand
from minilite.ops.signature import Shape

GATES = ("i", "f", "g", "o")
PEEPHOLES = ("i", "f", "o")
STATES = 18  # where h and c stand among the operands; the norms follow them


class Cell(NamedTuple):
    """The weights of one cell. A gate's matrices, peephole, bias and norm stand under `GATES.index(gate)`."""

    w: tuple[Array | None, ...]  # [c,d]; none for i: the input gate is 1 - forget gate (CIFG)
    r: tuple[Array | None, ...]  # [c,u], or [c] for a diagonal
    peephole: tuple[Array | None, ...]  # [c]; g never has one
    bias: tuple[Array | None, ...]  # [c]
    projection: Array | None  # [u,c]
    projection_bias: Array | None  # [u]
    norm: tuple[Array | None, ...] = (None,) * 4  # [c]
    aux: tuple[Array | None, ...] = (None,) * 4  # [c,e]

    @property
    def lengths(self) -> tuple[int, int]:
        """How many outputs and cells there are."""
        assert self.r[3] is not None
        return self.r[3].shape[-1], len(self.r[3])

    @property
    def coupled(self) -> bool:
        """Whether the input gate is 1 - forget gate."""
        return self.w[0] is None


def cell_forms(prefix: str = "") -> list[str]:
    """The signature of operands 1 to 17: weights, recurrent weights, peepholes, biases, projection."""
    return [
        *(f"{prefix}w_{gate}[c,d]{'?' if gate == 'i' else ''}" for gate in GATES),
        *(f"{prefix}r_{gate}[...]{'?' if gate == 'i' else ''}" for gate in GATES),
        *(f"{prefix}peephole_{gate}[c]?" for gate in PEEPHOLES),
        *(f"{prefix}b_{gate}[c]{'?' if gate == 'i' else ''}" for gate in GATES),
        f"{prefix}projection[u,c]?",
        f"{prefix}projection_bias[u]?",
    ]


def cell_types(weights: str, peephole: str, bias: str, recurrent: str = "") -> list[str]:
    """The element types of operands 1 to 17; recurrent weights have that of the others unless told."""
    return [weights] * 4 + [recurrent or weights] * 4 + [peephole] * 3 + [bias] * 4 + [weights, bias]


def cell_of(arrays: tuple[Array | None, ...]) -> Cell:
    """The cell whose operands 1 to 17 are `arrays`."""
    i, f, o = arrays[8:11]
    return Cell(arrays[0:4], arrays[4:8], (i, f, None, o), arrays[11:15], arrays[15], arrays[16])


def split(arrays: tuple[Array | None, ...]) -> tuple[Array, Cell, Array, Array]:
    """x, the cell, h and c of all operands in order; h and c as rows."""
    x, h, c = arrays[0], arrays[STATES], arrays[STATES + 1]
    assert x is not None
    assert h is not None
    assert c is not None
    cell = cell_of(arrays[1:STATES])._replace(norm=arrays[STATES + 2 :] or (None,) * 4)
    outputs, cells = cell.lengths
    return x, cell, h.reshape(-1, outputs), c.reshape(-1, cells)


def joined(arrays: tuple[Array | None, ...], y: Array, h: Array, c: Array) -> tuple[Array, Array, Array]:
    """y and the next h and c, with the shapes and types of the operands."""
    x, old_h, old_c = arrays[0], arrays[STATES], arrays[STATES + 1]
    assert x is not None
    assert old_h is not None
    assert old_c is not None
    shape = (*x.shape[:-1], y.shape[-1])
    return (
        y.reshape(shape).astype(x.dtype),
        h.reshape(old_h.shape).astype(old_h.dtype),
        c.reshape(old_c.shape).astype(old_c.dtype),
    )


def check_cell(call: Call[Any], prefix: str = "") -> tuple[int, int]:
    """The lengths (cells, outputs). Raises ModelError for operands that only go together or do not fit."""
    has = {gate: call.optional(f"{prefix}w_{gate}") is not None for gate in GATES}
    cells, recurrent = call[f"{prefix}w_o"].shape[0], call[f"{prefix}r_o"].shape
    outputs = recurrent[-1]
    for gate in GATES:
        r, b = call.optional(f"{prefix}r_{gate}"), call.optional(f"{prefix}b_{gate}")
        call.require((r is not None) == has[gate], f"r_{gate} must be there exactly when w_{gate} is")
        call.require((b is not None) == has[gate], f"b_{gate} must be there exactly when w_{gate} is")
        expected = recurrent if r is None else r.shape
        call.require(expected in ((cells, outputs), (cells,)), f"r_{gate} has shape {list(expected)}")
    call.require(len(recurrent) == 2 or outputs == cells, "diagonal recurrent weights need as many outputs as cells")
    given = [call.optional(f"{prefix}peephole_{gate}") is not None for gate in PEEPHOLES if gate != "i" or has["i"]]
    call.require(all(given) or not any(given), "peephole weights must be there for all gates or for none")
    projection = call.optional(f"{prefix}projection")
    needless = call.optional(f"{prefix}projection_bias") is not None and projection is None
    call.require(not needless, "a projection bias needs projection weights")
    call.require(projection is not None or outputs == cells, "without projection there are as many outputs as cells")
    call.require(projection is None or projection.shape == (outputs, cells), "the projection does not fit")
    return cells, outputs


def check_state(call: Call[Any], operand: Operand, shape: tuple[int, int]) -> None:
    """Raise ModelError unless a state has as many elements as `shape`; its own shape does not matter."""
    call.require(operand.tensor.is_variable, f"{operand.tensor.label}: a state must be a variable tensor")
    message = f"{operand.tensor.label}: the state has shape {list(operand.shape)}, expected {list(shape)}"
    call.require(math.prod(operand.shape) == math.prod(shape), message)


def shapes(call: Call[Any]) -> list[Shape]:
    """Like x, with h's outputs in place of its depth. Raises ModelError for a wrong number of dimensions."""
    ranks = (2, 3) if call.node.op == "LSTM" else (3,)
    call.require(len(call["x"].shape) in ranks, f"x needs {' or '.join(map(str, ranks))} dimensions")
    call.require(len(call["r_o"].shape) in (1, 2), "recurrent weights need 2 dimensions, or 1 for a diagonal")
    return [(*call["x"].shape[:-1], call["r_o"].shape[-1])]


def is_time_major(call: Call[Any]) -> bool:
    """Whether x is [time,n,d] or, for LSTM, [n,d]."""
    return bool(getattr(call.options, "time_major", True))


def batch_of(call: Call[Any]) -> int:
    """How many rows run side by side. Raises ModelError when there is nothing to run."""
    x = call["x"].shape
    call.require(0 not in x, "an input without elements")
    return x[0] if len(x) == 2 or not is_time_major(call) else x[1]
