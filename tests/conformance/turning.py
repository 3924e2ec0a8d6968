"""REVERSE_V2, REVERSE_SEQUENCE, MATRIX_DIAG, MATRIX_SET_DIAG, BITCAST: all element types."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options import empty
from minilite.format.options.shape import ReverseSequenceOptions
from minilite.ops import matrix_diag, reverse

from .case import Case, OneOp, Operand, one_op
from .movement import SHARE, same_codes, value
from .strategies import arrays, operands

LENGTHS = st.sampled_from([1, 2, 3, 4, 2, 3])


@st.composite
def reverse_v2(draw: Any, kind: str) -> OneOp:
    x = draw(operands(kind, tuple(draw(st.lists(LENGTHS, min_size=1, max_size=6)))))
    first = draw(st.integers(0, len(x.shape) - 1))
    last = draw(st.integers(first, len(x.shape) - 1))
    axes = [axis - len(x.shape) if draw(st.booleans()) else axis for axis in range(first, last + 1)]
    options = draw(st.sampled_from([None, empty.ReverseV2Options()]))
    inputs = [x, value(draw, draw(st.permutations(axes)))]
    return one_op("REVERSE_V2", options, inputs, [same_codes(x, x.shape)], version=3)


@st.composite
def reverse_sequence(draw: Any, types: str) -> OneOp:
    kind, index = types.split()[:2]
    x = draw(operands(kind, tuple(draw(st.lists(LENGTHS, min_size=2, max_size=5)))))
    sequence, batch = draw(st.permutations(range(len(x.shape))))[:2]
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    lengths = generator.integers(0, x.shape[sequence] + 1, x.shape[batch])
    options = ReverseSequenceOptions(seq_dim=sequence, batch_dim=batch)
    inputs = [x, Operand(index, lengths.shape, lengths, constant=draw(st.booleans()))]
    return one_op("REVERSE_SEQUENCE", options, inputs, [same_codes(x, x.shape)])


@st.composite
def diagonal(draw: Any, kind: str) -> OneOp:
    x = draw(operands(kind, tuple(draw(st.lists(LENGTHS, min_size=1, max_size=4)))))
    options = draw(st.sampled_from([None, empty.MatrixDiagOptions()]))
    return one_op("MATRIX_DIAG", options, [x], [same_codes(x, (*x.shape, x.shape[-1]))])


@st.composite
def set_diagonal(draw: Any, kind: str) -> OneOp:
    x = draw(operands(kind, tuple(draw(st.lists(LENGTHS, min_size=2, max_size=5)))))
    shape = (*x.shape[:-2], min(x.shape[-2:]))
    values = same_codes(x, shape)._replace(data=draw(arrays(kind, shape)))
    options = draw(st.sampled_from([None, empty.MatrixSetDiagOptions()]))
    return one_op("MATRIX_SET_DIAG", options, [x, values], [same_codes(x, x.shape)])


@st.composite
def bitcast(draw: Any, types: str) -> OneOp:
    old, _, new = types.split()
    sizes = np.dtype(old).itemsize, np.dtype(new).itemsize
    shape = tuple(draw(st.lists(LENGTHS, max_size=3)))
    smaller = (sizes[1] // sizes[0],) if sizes[1] > sizes[0] else ()
    larger = (sizes[0] // sizes[1],) if sizes[0] > sizes[1] else ()
    x = Operand(old, (*shape, *smaller), draw(arrays(old, (*shape, *smaller))))
    return one_op(
        "BITCAST", draw(st.sampled_from([None, empty.BitcastOptions()])), [x], [Operand(new, (*shape, *larger))]
    )


CASES = (
    *(Case("REVERSE_V2", kind, reverse_v2(kind), share=SHARE) for kind in reverse.ELEMENTS),
    *(Case("REVERSE_SEQUENCE", types, reverse_sequence(types), share=SHARE) for types in reverse.SEQUENCES),
    *(Case("MATRIX_DIAG", kind, diagonal(kind), share=SHARE) for kind in matrix_diag.ELEMENTS),
    *(Case("MATRIX_SET_DIAG", kind, set_diagonal(kind), share=SHARE) for kind in matrix_diag.ELEMENTS),
    *(Case("BITCAST", types, bitcast(types), share=0.05) for types in matrix_diag.CASTS),
)
