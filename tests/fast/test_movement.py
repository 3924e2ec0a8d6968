"""What moves elements: compiled loops against the definitions, along axes longer than the loops' parts of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minilite import bind
from minilite.format.enums import TensorType
from minilite.format.options.empty import TransposeOptions
from minilite.format.options.shape import GatherOptions
from minilite.graph import DTYPES
from tests.conformance.case import OneOp, Operand, one_op

from .test_windows import assert_engines_agree

pytest.importorskip("numba", reason="numba is not installed")
KINDS = st.sampled_from(["int8", "int16", "float32", "int64"])
LENGTHS = st.sampled_from([1, 2, 3, 8, 31, 32, 33, 70])


def numbered(kind: str, shape: tuple[int, ...]) -> Operand:
    """An operand whose neighbours differ."""
    count = int(np.prod(shape))
    return Operand(kind, shape, (np.arange(count) % 251 - 125).astype(DTYPES[TensorType[kind.upper()]]).reshape(shape))


@st.composite
def transposition(draw: st.DrawFn) -> OneOp:
    shape = tuple(draw(st.lists(LENGTHS, min_size=2, max_size=3)))
    order = draw(st.permutations(range(len(shape))))
    x = numbered(draw(KINDS), shape)
    permutation = Operand("int32", (len(order),), np.array(order, np.int32), constant=True)
    return one_op("TRANSPOSE", TransposeOptions(), [x, permutation], [Operand(x.type, tuple(shape[i] for i in order))])


@settings(max_examples=60)
@given(transposition())
def test_transpositions(example: OneOp) -> None:
    assert_engines_agree(example)


@st.composite
def gathering(draw: st.DrawFn) -> OneOp:
    shape, axis = tuple(draw(st.lists(LENGTHS, min_size=2, max_size=2))), draw(st.integers(0, 1))
    random = np.random.default_rng(draw(st.integers(0, 999)))
    places = random.integers(0, shape[axis], draw(LENGTHS)).astype(np.int32)
    x = numbered(draw(KINDS), shape)
    y = Operand(x.type, (*shape[:axis], len(places), *shape[axis + 1 :]))
    positions = Operand("int32", places.shape, places, constant=True)
    return one_op("GATHER", GatherOptions(axis=axis), [x, positions], [y])


@settings(max_examples=60)
@given(gathering())
def test_gathering(example: OneOp) -> None:
    assert_engines_agree(example)
    (step,) = bind(example.graph, engine="jit").steps
    assert step.task.loop is not None
