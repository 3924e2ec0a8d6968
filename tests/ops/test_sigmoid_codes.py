"""LOGISTIC and TANH of every int16 code, so that every entry of the sigmoid table is met; of every 8-bit code."""

import numpy as np
import pytest

from minilite import oracle
from minilite.interpreter import evaluate
from minilite.program import bind
from tests.conformance.case import OneOp, Operand, one_op


def all_codes(op: str, kind: str, scale: float, zero: int) -> OneOp:
    info = np.iinfo(kind)
    codes = np.arange(info.min, info.max + 1)
    y = {"int16": (2.0**-15, 0), "int8": (2.0**-8, -128), "uint8": (2.0**-8, 0)}[kind]
    return one_op(op, None, [Operand(kind, codes.shape, codes, scale, zero)], [Operand(kind, codes.shape, None, *y)])


@pytest.mark.parametrize("op", ["LOGISTIC", "TANH"])
@pytest.mark.parametrize(
    ("kind", "scale", "zero"),
    [
        *(("int16", scale, 0) for scale in (2.0**-12, 2.0**-11, 2.0**-10, 3.3e-4, 1e-5, 0.1, 10.0)),
        *(("int8", scale, zero) for scale in (0.01, 0.05, 0.3) for zero in (-128, 3, 127)),
        *(("uint8", scale, zero) for scale in (0.01, 0.05, 0.3) for zero in (0, 128)),
    ],
)
def test_every_code_equals_litert(op: str, kind: str, scale: float, zero: int) -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    example = all_codes(op, kind, scale, zero)
    ours = evaluate(bind(example.graph), example.inputs)[1]
    assert oracle.difference(ours, oracle.evaluate(example.graph, example.inputs)[1]).differing == 0
