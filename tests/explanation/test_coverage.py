"""Every kernel on codes is explained: recomputed from its JSON, shown as a copy, or listed here with the reason."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minilite.ops import OPS
from tests.conformance import CASES
from tests.conformance.case import Case, OneOp

from .kernels import SELECTED, STAGES
from .test_steps import CODES, SETTINGS, explained

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
PLAIN = "the operands are shown; the one operation on them has no steps"
CHOSEN = "the operands are shown; which is chosen is said by the result"
FLOAT_SUMS = "operands, result and real arithmetic are shown; its sums are float32, every addition rounded"
NOT_NUMBERS = "it has no number that stands for a real one"
REASONS = {
    **dict.fromkeys(("LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"), PLAIN),
    **dict.fromkeys(("CAST", "NEG", "BITCAST", "BITWISE_XOR", "RIGHT_SHIFT", "FLOOR_DIV", "FLOOR_MOD"), PLAIN),
    **{f"STABLEHLO_{name}": PLAIN for name in ("ADD", "MULTIPLY", "AND", "SHIFT_LEFT")},
    **dict.fromkeys(("ARG_MAX", "ARG_MIN", "TOPK_V2", "REDUCE_WINDOW", "UNIQUE", "WHERE"), CHOSEN),
    **{f"STABLEHLO_{name}": CHOSEN for name in ("MAXIMUM", "MINIMUM")},
    **dict.fromkeys(("FULLY_CONNECTED", "TRANSPOSE_CONV", "SVDF", "RNN", "UNIDIRECTIONAL_SEQUENCE_RNN"), FLOAT_SUMS),
    **dict.fromkeys(("BIDIRECTIONAL_SEQUENCE_RNN", "BIDIRECTIONAL_SEQUENCE_LSTM"), FLOAT_SUMS),
    **dict.fromkeys(("LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM"), FLOAT_SUMS),
    **dict.fromkeys(("SHAPE", "RANK", "ASSIGN_VARIABLE", "READ_VARIABLE", "LSH_PROJECTION"), NOT_NUMBERS),
    "BATCH_MATMUL": "its sums of codes are the result, the terms are shown",
    "TFLite_Detection_PostProcess": "boxes are chosen and moved by float arithmetic on all of them",
    "NumericVerify": "a float difference of two operands, which are shown",
}
MOVING = [case for case in CASES if case.op in MOVES and case.types.split()[-1] in CODES]


def takes_codes(types: tuple[str, ...]) -> bool:
    return any(CODES & set(text.replace("->", " ").split()) for text in types)


def test_every_kernel_on_codes_is_explained_or_listed() -> None:
    unexplained = {
        (op.code, variant.name)
        for one in OPS.values()
        for op in (one, *(other for _, other in one.others))
        for variant in op.variants
        if takes_codes(variant.types)
        and variant.accumulate is None
        and (op.code, variant.name) not in STAGES
        and op.code not in SELECTED
    }
    listed = MOVES | FILLS | REASONS.keys()
    assert {op for op, _ in unexplained} <= listed
    assert listed <= {op for op, _ in unexplained}, "no longer needed here"


@pytest.mark.parametrize("case", MOVING, ids=str)
def test_a_kernel_that_moves_elements_says_which_one(case: Case) -> None:
    @settings(SETTINGS, max_examples=4)
    @given(case.draw, st.data())
    def check(example: OneOp, data: st.DataObject) -> None:
        document: Any = explained(example, data)[0]
        if document is None or document["steps"]:  # uint8 joined with other scales are rescaled
            return
        assert document["copied_from"] is not None
        assert document["copied_from"]["code"] == document["code"]

    check()
