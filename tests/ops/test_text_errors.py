"""What the hash tables, LSH_PROJECTION and SKIP_GRAM refuse; fingerprints and words on their own."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from minilite.errors import InputError, MiniliteError, ModelError, StateError, UnsupportedError
from minilite.format.enums import TensorType
from minilite.format.options.control import HashtableOptions
from minilite.format.options.dense import LSHProjectionOptions, SkipGramOptions
from minilite.interpreter import evaluate
from minilite.numerics.farmhash import K2, fingerprint
from minilite.ops.state import State
from minilite.ops.text import split_words
from minilite.program import bind
from tests.conformance.case import OneOp, Operand, one_op
from tests.conformance.hashtable import table_graph

from .refusals import assert_refused

KINDS = ("int64", "string")


def words(*texts: bytes) -> Operand:
    data = np.empty(len(texts), object)
    data[:] = texts
    return Operand("string", data.shape, data)


def numbers(*values: int, kind: str = "int64") -> Operand:
    return Operand(kind, (len(values),), np.array(values, kind))


def table(nodes: slice = slice(None), **options: Any) -> OneOp:
    """A model with some of the nodes HASHTABLE, IMPORT, IMPORT, FIND, SIZE, and other options of the first."""
    operands = [numbers(1, 2), words(b"a", b"b"), numbers(3), words(b"c"), numbers(2, 9), words(b"?")]
    example = table_graph(KINDS, operands, (2,))
    main = example.graph.main
    changed = HashtableOptions(
        **{"table_id": 7, "key_dtype": TensorType.INT64, "value_dtype": TensorType.STRING, **options}
    )
    kept = (replace(main.nodes[0], options=changed), *main.nodes[1:])[nodes]
    made = tuple(index for node in kept for index in node.outputs if node.op != "HASHTABLE")
    return OneOp(replace(example.graph, subgraphs=(replace(main, nodes=kept, outputs=made),)), example.inputs)


def run(example: OneOp, state: State | None = None) -> dict[int, Any]:
    return evaluate(bind(example.graph), example.inputs, state)


def test_a_table_outlives_a_run() -> None:
    state = State()
    for _ in range(2):
        found, size = (run(table(), state)[index] for index in table().graph.main.outputs)
        assert found.tolist() == [b"b", b"?"]
        assert size.tolist() == [2]
    state.reset()
    assert state.resources["table", 7].entries == {1: b"a", 2: b"b"}


@pytest.mark.parametrize(
    ("example", "error", "message"),
    [
        (table(value_dtype=TensorType.INT64), ModelError, "a table from int64 to int64, expected int64 to string"),
        (table(key_dtype=99), ModelError, "a table from type 99 to string"),
        (
            table(key_dtype=TensorType.STRING, value_dtype=TensorType.INT64),
            ModelError,
            "keys and values are int64 to string, those of hash table 7 are string to int64",
        ),
    ],
)
def test_refused_table(example: OneOp, error: type[MiniliteError], message: str) -> None:
    with pytest.raises(error, match=message):
        run(example)


def test_find_before_import() -> None:
    example = table()
    main = example.graph.main
    main = replace(main, nodes=(main.nodes[0], main.nodes[3]), outputs=main.nodes[3].outputs)
    with pytest.raises(StateError, match=r"HASHTABLE_FIND .*the hash table is empty"):
        run(OneOp(replace(example.graph, subgraphs=(main,)), example.inputs))


def test_handle_of_no_table() -> None:
    handle = Operand("resource", (1,), np.array([3]))
    example = one_op("HASHTABLE_SIZE", None, [handle], [Operand("int64", (1,))])
    assert_refused(example, StateError, "there is no hash table 3")


def importing(keys: Operand, values: Operand) -> OneOp:
    return one_op("HASHTABLE_IMPORT", None, [Operand("resource", (1,), np.array([3])), keys, values], [])


def lookup(keys: Operand, values: Operand, kind: str = "int32") -> OneOp:
    outputs = [replace_type(values), Operand("uint8", (1,))]
    return one_op("HASHTABLE_LOOKUP", None, [numbers(1, kind=kind), keys, values], outputs)


def replace_type(values: Operand) -> Operand:
    return Operand(values.type, (1, *values.shape[1:]))


def projection(bits: int = 3, kind: int = 1, weights: int = 2, x: Any = (2, 4)) -> OneOp:
    inputs = [
        Operand("float32", (2, bits), np.zeros((2, bits))),
        Operand("int32", x, np.zeros(x)),
        Operand("float32", (weights,), np.ones(weights)),
    ]
    return one_op("LSH_PROJECTION", LSHProjectionOptions(type=kind), inputs, [Operand("int32", (2,))])


@pytest.mark.parametrize(
    ("example", "error", "message"),
    [
        (importing(numbers(1, 2), words(b"a")), ModelError, "keys and values must have the same shape"),
        (
            importing(numbers(1), numbers(2)),
            UnsupportedError,
            "no kernel for handle resource, keys int64, values int64",
        ),
        (lookup(numbers(1, kind="int32"), numbers(1, 2)), ModelError, r"1 keys for values of shape \[2\]"),
        (lookup(numbers(kind="int32"), numbers()), ModelError, "a key expected, there are none"),
        (lookup(numbers(1), numbers(1)), UnsupportedError, "no kernel for lookup int32, keys int64"),
        (lookup(numbers(1, kind="int32"), numbers(1), "int64"), UnsupportedError, "no kernel for lookup int64"),
        (projection(bits=33), ModelError, "33 bits, at most 32 expected"),
        (projection(kind=0), ModelError, r"option type is 0, expected 1 \(sparse\) or 2 \(dense\)"),
        (projection(weights=3), ModelError, "2 weights expected"),
        (projection(x=(0, 4), weights=0), ModelError, "an input with elements expected"),
        (one_op("SKIP_GRAM", SkipGramOptions(ngram_size=2), [words()], [words()]), InputError, "a text expected"),
        (one_op("SKIP_GRAM", None, [numbers(1)], [words()]), UnsupportedError, "no kernel for x int64"),
    ],
)
def test_refused(example: OneOp, error: type[MiniliteError], message: str) -> None:
    assert_refused(example, error, message)


def test_fingerprints_have_64_bits() -> None:
    data = bytes(range(200))
    found = {fingerprint(data[:size]) for size in range(len(data))}
    assert len(found) == len(data)
    assert all(0 <= number < 2**64 for number in found)
    assert fingerprint(b"") == K2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"a bc  d", [b"a", b"bc", b"d"]),
        (b"", []),
        (b" a b", [b"b"]),
        (b" ", [b" "]),
        (b" a", [b" a"]),
        (b"a\t", [b"a"]),
    ],
)
def test_words(text: bytes, expected: list[bytes]) -> None:
    assert split_words(text) == expected
