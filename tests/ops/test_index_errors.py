"""Indices out of range, and shapes that do not fit them: gather, scatter, segments, embeddings, reversal, diagonals."""

from typing import Any

import numpy as np
import pytest

from minilite.errors import InputError, ModelError
from minilite.format.options import empty
from minilite.format.options.dense import EmbeddingLookupSparseOptions
from minilite.format.options.shape import GatherOptions, ReverseSequenceOptions, SparseToDenseOptions
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused


def x(*shape: int, kind: str = "float32") -> Operand:
    return Operand(kind, shape, np.zeros(shape))


def ids(numbers: Any, constant: bool = False, kind: str = "int32") -> Operand:
    return Operand(kind, np.shape(numbers), np.array(numbers, kind), constant=constant)


def given(numbers: Any) -> Operand:
    return ids(numbers, constant=True)


def gather(positions: Operand, **options: int) -> OneOp:
    return one_op("GATHER", GatherOptions(**options), [x(3, 4), positions], [x(1)])


def gather_nd(indices: Operand) -> OneOp:
    return one_op("GATHER_ND", None, [x(3, 4), indices], [x(1)])


def scatter(indices: Operand, updates: Operand, shape: Operand) -> OneOp:
    return one_op("SCATTER_ND", None, [indices, updates, shape], [x(1)])


def dense(indices: Operand, shape: Operand, values: Operand) -> OneOp:
    return one_op("SPARSE_TO_DENSE", SparseToDenseOptions(), [indices, shape, values, x()], [x(1)])


def update(new: Operand, start: Operand) -> OneOp:
    return one_op("DYNAMIC_UPDATE_SLICE", None, [x(3, 4), new, start], [x(3, 4)])


def segments(numbers: Operand, count: Operand) -> OneOp:
    options = empty.UnsortedSegmentSumOptions()
    return one_op("UNSORTED_SEGMENT_SUM", options, [x(3, 2), numbers, count], [x(1, 2)])


def segment_sum(numbers: Operand) -> OneOp:
    return one_op("SEGMENT_SUM", None, [x(3, 2), numbers], [x(1, 2)])


def lookup(numbers: Operand, table: Operand | None = None) -> OneOp:
    return one_op("EMBEDDING_LOOKUP", None, [numbers, table or x(3, 2)], [x(1, 2)])


def sparse(numbers: Any, indices: Any, combiner: int = 0) -> OneOp:
    inputs = [ids(numbers), ids(indices), given([2, 2]), x(1), x(3, 2)]
    return one_op("EMBEDDING_LOOKUP_SPARSE", EmbeddingLookupSparseOptions(combiner=combiner), inputs, [x(2, 2)])


def reverse(axes: Operand) -> OneOp:
    return one_op("REVERSE_V2", None, [x(2, 3, 4), axes], [x(2, 3, 4)])


def sequence(lengths: Operand, seq_dim: int = 0, batch_dim: int = 1) -> OneOp:
    options = ReverseSequenceOptions(seq_dim=seq_dim, batch_dim=batch_dim)
    return one_op("REVERSE_SEQUENCE", options, [x(3, 2), lengths], [x(3, 2)])


HALF_TABLE = Operand("int8", (3, 2), np.zeros((3, 2)), np.ones(2), 0, axis=1, constant=True)
OFF_TABLE = Operand("int8", (3, 2), np.zeros((3, 2)), 1.0, 4, constant=True)


@pytest.mark.parametrize(
    ("example", "error", "message"),
    [
        (gather(ids([0, 3])), InputError, r"'positions': 3 at \[1\] is outside 0 to 2"),
        (gather(ids([0, -1])), InputError, r"'positions': -1 at \[1\] is outside 0 to 2"),
        (gather(given([3])), ModelError, r"'positions': 3 at \[0\] is outside 0 to 2"),
        (gather(ids([0]), axis=2), ModelError, "axis 2 is out of range for 2 dimensions"),
        (gather(ids([0]), batch_dims=1), ModelError, "option batch_dims 1 does not fit axis 0"),
        (gather(ids([0]), axis=1, batch_dims=1), ModelError, "the first 1 lengths must be equal"),
        (gather_nd(ids([[0, 4]])), InputError, r"'indices': 4 at \[0\] is outside 0 to 3 along axis 1"),
        (gather_nd(ids([[0, 1, 2]])), ModelError, "3 indices for 2 axes"),
        (gather_nd(ids(0)), ModelError, "need one axis at least"),
        (scatter(ids([[5]]), x(1), given([5])), InputError, r"'indices': 5 at \[0\] is outside 0 to 4 along axis 0"),
        (scatter(given([[-1]]), x(1), given([5])), ModelError, r"'indices': -1 at \[0\] is outside 0 to 4"),
        (scatter(ids([[0]]), x(2), given([5])), ModelError, r"updates must be \[1\], got \[2\]"),
        (scatter(ids([[0]]), x(2), ids([5])), InputError, r"updates must be \[1\], got \[2\]"),
        (scatter(ids([[0]]), x(1), given([-5])), ModelError, "must not be negative"),
        (scatter(ids([[0, 0]]), x(1), given([5])), ModelError, "2 indices for 1 axes"),
        (dense(ids([0, 7]), given([5]), x(2)), InputError, r"'indices': 7 at \[1\] is outside 0 to 4"),
        (dense(ids([[0, 7]]), given([5]), x(1)), ModelError, "2 indices for 1 axes"),
        (dense(ids([0, 1]), given([5]), x(3)), ModelError, r"2 values expected, the shape is \[3\]"),
        (update(x(4, 4), ids([0, 0])), ModelError, r"an update of \[4, 4\] does not fit into \[3, 4\]"),
        (update(x(1, 1), ids([0])), ModelError, r"2 numbers expected to start from, the shape is \[1\]"),
        (segments(ids([0, 1, 5]), given(2)), InputError, r"'ids': 5 at \[2\] is outside 0 to 1"),
        (segments(ids([0, 1]), given(2)), ModelError, r"the shape of the ids \[2\] does not begin"),
        (segments(ids([0, 0, 0]), given(-1)), ModelError, "-1 segments: the number must not be negative"),
        (segment_sum(ids([0, 2, 2])), InputError, "must start with 0 and rise by 0 or 1"),
        (segment_sum(given([1, 1, 2])), ModelError, "must start with 0 and rise by 0 or 1"),
        (segment_sum(ids([0, 1, 0])), InputError, "must start with 0 and rise by 0 or 1"),
        (lookup(ids([3])), InputError, r"'ids': 3 at \[0\] is outside 0 to 2"),
        (lookup(ids([0]), x(3)), ModelError, "the table must have two axes"),
        (lookup(ids([0]), HALF_TABLE), ModelError, "one scale or 3 along axis 0 expected, got 2 along 1"),
        (lookup(ids([0]), OFF_TABLE), ModelError, "the table's zero point is 4, not 0"),
        (sparse([3], [[0, 0]]), InputError, r"'ids': 3 at \[0\] is outside 0 to 2"),
        (sparse([0], [[2, 0]]), InputError, r"'indices': 2 at \[0\] is outside 0 to 1 along axis 0"),
        (sparse([0], [[0, 0]], combiner=3), ModelError, "option combiner is 3"),
        (reverse(given([0, 2])), ModelError, r"axes \[0, 2\] must be neighbours"),
        (reverse(given([1, 1])), ModelError, r"axes \[1, 1\] must be neighbours"),
        (reverse(ids([3])), InputError, r"axes \[3\] are out of range for 3 dimensions"),
        (reverse(given(np.zeros(0))), ModelError, "an axis to reverse is needed"),
        (sequence(ids([3, 4])), InputError, r"'lengths': 4 at \[1\] is outside 0 to 3"),
        (sequence(ids([-1, 0])), InputError, r"'lengths': -1 at \[0\] is outside 0 to 3"),
        (sequence(ids([0])), ModelError, "2 lengths expected, got 1"),
        (sequence(ids([0, 0]), batch_dim=0), ModelError, "options seq_dim and batch_dim are both 0"),
        (sequence(ids([0, 0]), seq_dim=-1), ModelError, "option seq_dim is -1, expected 0 to 1"),
        (one_op("MATRIX_DIAG", None, [x()], [x(1)]), ModelError, "x must have an axis"),
        (
            one_op("MATRIX_SET_DIAG", None, [x(2, 3), x(3)], [x(2, 3)]),
            ModelError,
            r"diagonal of \[2\] expected, got \[3\]",
        ),
        (one_op("MATRIX_SET_DIAG", None, [x(2), x(2)], [x(2)]), ModelError, "x must have two axes"),
        (one_op("BITCAST", None, [x(3, kind="int8")], [x(1)]), ModelError, "the last axis must have 4 elements"),
    ],
)
def test_refused(example: OneOp, error: type[Exception], message: str) -> None:
    assert_refused(example, error, message)
