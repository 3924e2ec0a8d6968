"""HASHTABLE, HASHTABLE_IMPORT, HASHTABLE_FIND, HASHTABLE_SIZE: a table filled twice, then asked.

LiteRT has them among its optimized kernels only. Its Python interface cannot set a string of rank 0, so there is none.
"""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.enums import TensorType
from minilite.format.options.control import HashtableOptions
from minilite.format.options.empty import HashtableFindOptions, HashtableImportOptions, HashtableSizeOptions
from minilite.graph import Graph, Node, Subgraph
from minilite.ops.hashtable import FIND_TYPES, IMPORT_TYPES, KINDS

from .case import Case, OneOp, Operand

WORDS = st.sampled_from([b"", b"a", b"b", b"ab", b"a b", b"\xc3\xa4", b"longer than the others"])
NUMBERS = st.one_of(st.integers(-3, 3), st.integers(-(2**63), 2**63 - 1))
ELEMENTS = {"int64": NUMBERS, "string": WORDS}


def column(draw: Any, kind: str, shape: tuple[int, ...], constant: bool = False) -> Operand:
    """An operand of drawn numbers or words."""
    values = np.empty(shape, object if kind == "string" else kind)
    values.ravel()[:] = [draw(ELEMENTS[kind]) for _ in range(values.size)]
    return Operand(kind, shape, values, constant=constant)


def table_graph(kinds: tuple[str, str], operands: list[Operand], found: tuple[int, ...], number: int = 7) -> OneOp:
    """Operands: keys and values, again keys and values, wanted keys, the default. Outputs: values found, size."""
    key, value = kinds
    options = HashtableOptions(
        table_id=number, key_dtype=TensorType[key.upper()], value_dtype=TensorType[value.upper()]
    )
    made = [Operand("resource", (1,)), Operand(value, found), Operand("int64", (1,))]
    tensors = tuple(operand.tensor(index) for index, operand in enumerate([*operands, *made]))
    handle, y, size = range(len(operands), len(tensors))
    nodes = (
        Node(0, "HASHTABLE", (), (handle,), options),
        Node(1, "HASHTABLE_IMPORT", (handle, 0, 1), (), HashtableImportOptions()),
        Node(2, "HASHTABLE_IMPORT", (handle, 2, 3), (), HashtableImportOptions()),
        Node(3, "HASHTABLE_FIND", (handle, 4, 5), (y,), HashtableFindOptions()),
        Node(4, "HASHTABLE_SIZE", (handle,), (size,), HashtableSizeOptions()),
    )
    arrays = {i: operand.data for i, operand in enumerate(operands) if not operand.constant}
    return OneOp(Graph((Subgraph(0, "main", tensors, nodes, tuple(arrays), (y, size)),)), arrays)


@st.composite
def table(draw: Any, kinds: tuple[str, str]) -> OneOp:
    key, value = kinds
    lengths, constant = [draw(st.integers(1, 6)) for _ in range(2)], draw(st.booleans())
    operands = [column(draw, kind, (length,), constant) for length in lengths for kind in (key, value)]
    found = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=3)))
    return table_graph(kinds, [*operands, column(draw, key, found), column(draw, value, (1,))], found)


CASES = (
    Case("HASHTABLE", "-> resource", table(KINDS[0]), resolver="optimized"),
    Case("HASHTABLE_SIZE", "resource -> int64", table(KINDS[1]), resolver="optimized"),
    *(
        Case("HASHTABLE_FIND", types, table(kinds), resolver="optimized")
        for kinds, types in zip(KINDS, FIND_TYPES, strict=True)
    ),
    *(
        Case("HASHTABLE_IMPORT", types, table(kinds), resolver="optimized")
        for kinds, types in zip(KINDS, IMPORT_TYPES, strict=True)
    ),
)
