"""HASHTABLE_LOOKUP, LSH_PROJECTION, SKIP_GRAM."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.enums import TensorType
from minilite.format.options.dense import LSHProjectionOptions, SkipGramOptions
from minilite.graph import DTYPES
from minilite.ops.element_types import EVERY
from minilite.ops.text import DENSE, SPARSE

from .case import Case, OneOp, Operand, one_op
from .movement import same_codes
from .strategies import arrays, elements, shapes

ITEM_BYTES = st.sampled_from([1, 2, 4, 5, 12, 13, 16, 28, 29, 40, 60, 61, 64, 124, 128, 300])
MANY_TYPES = 0.15  # of the examples, for each of these
PIECES = st.sampled_from([b"a", b"b", b"word", b" ", b" ", b"  ", b"\t", b"\n", b"\xc3\xa4", b"."])


@st.composite
def lookup(draw: Any, kind: str) -> OneOp:
    rows, wanted = draw(st.integers(1, 8)), draw(st.integers(0, 6))
    values = draw(elements(kind, (rows, *(() if kind == "string" else draw(shapes(0, 3, 3))))))
    extremes = st.sampled_from([-(2**31), 2 - 2**31, 2**31 - 1, 2**31 - 9])
    numbers = st.one_of(st.integers(-4, 4), extremes, st.integers(-(2**31), 2**31 - 1))
    keys = draw(st.lists(numbers, min_size=rows, max_size=rows))
    keys = keys if draw(st.integers(0, 4)) == 0 else sorted(keys)
    chosen = draw(st.lists(st.one_of(st.sampled_from(keys), numbers), min_size=wanted, max_size=wanted))
    inputs = [
        Operand("int32", (wanted,), np.array(chosen, np.int64)),
        Operand("int32", (rows,), np.array(keys), constant=draw(st.booleans())),
        values,
    ]
    outputs = [same_codes(values, (wanted, *values.shape[1:])), Operand("uint8", (wanted,))]
    return one_op("HASHTABLE_LOOKUP", None, inputs, outputs)


@st.composite
def projection(draw: Any, kind: str) -> OneOp:
    rows, bits, dense = draw(st.integers(1, 4)), draw(st.integers(1, 8)), draw(st.booleans())
    size = draw(ITEM_BYTES) // DTYPES[TensorType[kind.upper()]].itemsize
    shape = (draw(st.integers(1, 3)), *((max(size, 1),) if draw(st.booleans()) else (1, max(size, 1))))
    inputs: list[Operand | None] = [
        Operand("float32", (rows, bits), draw(arrays("float32", (rows, bits))), constant=draw(st.booleans())),
        draw(elements(kind, shape)),
    ]
    if draw(st.booleans()):
        inputs.append(Operand("float32", shape[:1], draw(arrays("float32", shape[:1]))))
    output = Operand("int32", (rows * bits,) if dense else (rows,))
    return one_op("LSH_PROJECTION", LSHProjectionOptions(type=DENSE if dense else SPARSE), inputs, [output])


@st.composite
def skip_gram(draw: Any) -> OneOp:
    texts = np.empty(draw(st.sampled_from([(1,), (2,), (1, 1)])), object)
    texts.ravel()[:] = [b"".join(draw(st.lists(PIECES, min_size=1, max_size=14))) for _ in range(texts.size)]
    options = SkipGramOptions(
        ngram_size=draw(st.integers(0, 4)),
        max_skip_size=draw(st.integers(0, 3)),
        include_all_ngrams=draw(st.booleans()),
    )
    return one_op("SKIP_GRAM", options, [Operand("string", texts.shape, texts)], [Operand("string", (1,))])


CASES = (
    *(
        Case("HASHTABLE_LOOKUP", f"int32 int32 {kind} -> {kind} uint8", lookup(kind), share=MANY_TYPES)
        for kind in (*EVERY, "string")
    ),
    *(Case("LSH_PROJECTION", f"float32 {kind} float32 -> int32", projection(kind), share=MANY_TYPES) for kind in EVERY),
    Case("SKIP_GRAM", "string -> string", skip_gram()),
)
