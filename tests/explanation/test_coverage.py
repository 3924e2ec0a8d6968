"""Every kernel on codes is explained: recomputed from its JSON, shown as a copy, or listed here with the reason."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minilite.cli.ops import support_table
from minilite.errors import MiniliteError
from minilite.interpreter import execute
from minilite.ops import OPS, Variant
from minilite.program import bind
from tests.conformance import CASES
from tests.conformance.case import Case, OneOp, definitions

from .evaluate import evaluate
from .kernels import SELECTED, STAGES
from .plain import PLAIN
from .test_steps import CODES, SETTINGS, check_steps, explained, tupled

MOVES = {
    "RESHAPE",
    "SQUEEZE",
    "EXPAND_DIMS",
    "TRANSPOSE",
    "PACK",
    "UNPACK",
    "SLICE",
    "SPLIT",
    "SPLIT_V",
    "STRIDED_SLICE",
    "RESIZE_NEAREST_NEIGHBOR",
    "GATHER",
    "GATHER_ND",
    "TILE",
    "BROADCAST_TO",
    "REVERSE_V2",
    "REVERSE_SEQUENCE",
    "MIRROR_PAD",
    "SPACE_TO_DEPTH",
    "DEPTH_TO_SPACE",
    "SELECT",
    "SELECT_V2",
    "BATCH_TO_SPACE_ND",
    "DENSIFY",
    "CONCATENATION",
    "FILL",
}
FILLS = {
    "PAD",
    "PADV2",
    "STABLEHLO_PAD",
    "DILATE",
    "SPACE_TO_BATCH_ND",
    "MATRIX_DIAG",
    "MATRIX_SET_DIAG",
    "SCATTER_ND",
    "SPARSE_TO_DENSE",
    "ONE_HOT",
    "DYNAMIC_UPDATE_SLICE",
    "STABLEHLO_GATHER",
    "EMBEDDING_LOOKUP",
    "HASHTABLE_LOOKUP",
}
NOT_NUMBERS = "it has no number that stands for a real one"
CHOSEN = "which elements come out is decided by all of the input"
REASONS = {
    ("SHAPE", "shape"): NOT_NUMBERS,
    ("ZEROS_LIKE", "codes"): "every code is 0, whatever the input is",
    ("RANK", "rank"): NOT_NUMBERS,
    ("ASSIGN_VARIABLE", "assign"): NOT_NUMBERS,
    ("READ_VARIABLE", "read"): NOT_NUMBERS,
    ("LSH_PROJECTION", "projection"): NOT_NUMBERS,
    ("BITCAST", "bits"): "the bytes of x are read as another type, nothing is computed",
    ("CAST", "wrap"): "what becomes of a number that does not fit is the processor's choice",
    ("WHERE", "where"): CHOSEN,
    ("UNIQUE", "unique"): CHOSEN,
    ("REDUCE_WINDOW", "fold"): "a fold of whole numbers that the options name; codes are taken as they are",
    ("TFLite_Detection_PostProcess", "detect"): "boxes are chosen and moved by float arithmetic on all of them",
}
UNREACHED = {("LSTM", "int8"), ("UNIDIRECTIONAL_SEQUENCE_LSTM", "int8")}  # no example is plain enough; test_cells.py
UNREACHED.add(("CONV_2D", "quantized, no bias"))  # int16 without a bias is not drawn
ENOUGH = 6  # examples of a kernel that is not the reference set's


class EnoughError(Exception):
    """Ends a search for examples."""


MOVING = [case for case in CASES if case.op in MOVES | FILLS and case.types.split()[-1] in CODES]


def variants_of(op: str) -> list[Variant]:
    """All variants under the code of an op."""
    return [variant for definition in definitions(op) for variant in definition.variants]


def takes_codes(types: tuple[str, ...]) -> bool:
    return any(CODES & set(text.replace("->", " ").split()) for text in types)


def is_evaluated(op: str, variant: Variant) -> bool:
    """Whether evaluate.py leads to the code of every element: it knows the sums, the stages, or the one operation."""
    key = op, variant.name
    return variant.accumulate is not None or key in STAGES or key in PLAIN or op in SELECTED


OF_OTHER_SETS = [
    (variant, op)
    for op in OPS
    for variant in variants_of(op)
    if takes_codes(variant.types)
    and "reference" not in variant.rules
    and is_evaluated(op, variant)
    and (op, variant.name) not in UNREACHED
    and any(case.op == op and case.types in variant.types for case in CASES)
]


def test_every_quantized_kernel_of_the_support_table_is_explained_or_listed() -> None:
    missing, listed = set(), set()
    for row in support_table()["rows"]:
        if not takes_codes((row["types"],)):
            continue
        for variant in variants_of(row["op"]):
            key = row["op"], variant.name
            if row["types"] not in variant.types or is_evaluated(row["op"], variant) or row["op"] in MOVES | FILLS:
                continue
            (listed if key in REASONS else missing).add(key)
    assert not missing, "write what its steps should be (kernels.py), or say why not (REASONS)"
    assert listed == REASONS.keys(), "no longer needed here"


def test_every_kernel_on_codes_is_explained_or_listed() -> None:
    """Those as well that no case of the support table draws."""
    unexplained = {
        (op, variant.name)
        for op in OPS
        for variant in variants_of(op)
        if takes_codes(variant.types) and not is_evaluated(op, variant)
    }
    assert {key for key in unexplained if key[0] not in MOVES | FILLS} <= REASONS.keys()
    assert {op for op, _ in unexplained} >= MOVES | FILLS, "no longer needed here"


def test_the_evaluator_knows_no_kernel_that_is_gone() -> None:
    known = {(op, variant.name) for op in OPS for variant in variants_of(op)}
    assert STAGES.keys() | PLAIN.keys() | REASONS.keys() <= known
    assert SELECTED.keys() | MOVES | FILLS <= {op for op, _ in known}


@pytest.mark.parametrize("case", MOVING, ids=str)
def test_a_kernel_that_moves_elements_says_which_one(case: Case) -> None:
    @settings(SETTINGS, max_examples=4)
    @given(case.draw, st.data())
    def check(example: OneOp, data: st.DataObject) -> None:
        document: Any = explained(example, data)[0]
        if document is None:
            return
        if document["steps"]:  # uint8 joined with other scales are rescaled
            assert evaluate(tupled(document)) == document["code"]
        elif case.op in MOVES or document["copied_from"] is not None:  # else filled in
            assert document["copied_from"]["code"] == document["code"]

    check()


@pytest.mark.parametrize(("variant", "op"), OF_OTHER_SETS, ids=lambda one: getattr(one, "name", str(one)))
def test_every_kernel_of_another_set_is_recomputed(variant: Variant, op: str) -> None:
    assert recomputed(variant, op, 24, ENOUGH) or recomputed(variant, op, 400, 1)  # some kernels are rarely taken


def recomputed(variant: Variant, op: str, examples: int, enough: int) -> int:
    """How many examples took the kernel, and were explained right, until there were enough of them."""
    kernels, checked = next(iter(variant.rules)), []
    cases = [case.draw for case in CASES if case.op == op and case.types in variant.types]

    @settings(SETTINGS, max_examples=examples)
    @given(st.one_of(cases), st.data())
    def check(example: OneOp, data: st.DataObject) -> None:
        if kernel_of(example, kernels) is variant:
            check_steps(example, data, kernels)
            checked.append(example)
        if len(checked) >= enough:
            raise EnoughError

    with contextlib.suppress(EnoughError):
        check()
    return len(checked)


def kernel_of(example: OneOp, kernels: str) -> Variant | None:
    """The variant that a kernel set takes for an example, None when it does not take it."""
    shapes = {index: array.shape for index, array in example.inputs.items()}
    try:
        program = bind(example.graph, shapes, kernels=kernels, engine="numpy")
        result = list(execute(program, example.inputs))[-1]
    except MiniliteError:
        return None
    return result.step.prepare_for(result.inputs).variant
