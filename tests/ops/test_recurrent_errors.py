"""Recurrent ops refuse operands that do not belong together, and what the official kernels get wrong or crash on."""

from typing import Any

import numpy as np
import pytest

from minilite.errors import MiniliteError, ModelError, UnsupportedError
from minilite.format.options.recurrent import (
    BidirectionalSequenceLSTMOptions,
    BidirectionalSequenceRNNOptions,
    LSTMOptions,
    SequenceRNNOptions,
    SVDFOptions,
    UnidirectionalSequenceLSTMOptions,
)
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused

N, T, D, C = 2, 3, 4, 5
TANH = 4


def constant(*shape: int, kind: str = "float32", scale: Any = None) -> Operand:
    return Operand(kind, shape, np.zeros(shape), scale, constant=True)


def state(*shape: int, kind: str = "float32", scale: Any = None) -> Operand:
    return Operand(kind, shape, scale=scale, variable=True)


def cell(kind: str = "float32", scale: Any = None) -> list[Operand | None]:
    """Operands 1 to 17 of an LSTM without peepholes and projection."""
    bias = "float32" if kind == "float32" else "int32"
    inputs, recurrent = constant(C, D, kind=kind, scale=scale), constant(C, C, kind=kind, scale=scale)
    return [*[inputs] * 4, *[recurrent] * 4, None, None, None, *[constant(C, kind=bias, scale=scale)] * 4, None, None]


def lstm(changes: dict[int, Operand | None], activation: int = TANH, norms: bool = False) -> OneOp:
    """A float UNIDIRECTIONAL_SEQUENCE_LSTM with some operands replaced."""
    options = UnidirectionalSequenceLSTMOptions(fused_activation_function=activation)
    x = Operand("float32", (N, T, D), np.zeros((N, T, D)))
    inputs = [x, *cell(), state(N, C), state(N, C), *[None] * 4]
    for index, operand in changes.items():
        inputs[index] = operand
    return one_op("UNIDIRECTIONAL_SEQUENCE_LSTM", options, inputs, [Operand("float32", (N, T, C))], version=3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({5: None}, "r_i must be there exactly when w_i is"),
        ({12: None}, "b_i must be there exactly when w_i is"),
        ({1: None}, "r_i must be there exactly when w_i is"),
        ({9: constant(C)}, "peephole weights must be there for all gates or for none"),
        ({17: constant(C)}, "a projection bias needs projection weights"),
        ({16: constant(C, C + 1)}, r"projection\[u,c\]"),
        ({6: constant(C, C + 1)}, r"r_f has shape \[5, 6\]"),
        ({8: constant(C, C, C)}, "recurrent weights need 2 dimensions"),
        ({8: constant()}, "recurrent weights need 2 dimensions"),
        ({0: Operand("float32", (N, D), np.zeros((N, D)))}, "x needs 3 dimensions"),
        ({0: Operand("float32", (N, 0, D), np.zeros((N, 0, D)))}, "an input without elements"),
        ({18: constant(N, C)}, "a state must be a variable tensor"),
        ({19: state(N, C + 1)}, r"the state has shape \[2, 6\], expected \[2, 5\]"),
        ({21: constant(C)}, "layer normalization weights must be there for all gates or for none"),
    ],
)
def test_lstm_is_refused(changes: dict[int, Operand | None], message: str) -> None:
    assert_refused(lstm(changes), ModelError, message)


def test_lstm_without_activation_is_refused() -> None:
    assert_refused(lstm({}, activation=0), UnsupportedError, "reads what it never wrote")


def integer_lstm(cell_scale: float = 2**-11, count: int = 5, hidden_scale: Any = 0.01) -> OneOp:
    options = UnidirectionalSequenceLSTMOptions(fused_activation_function=TANH)
    x = Operand("int8", (N, T, D), np.zeros((N, T, D)), 0.1, 0)
    states = [state(N, C, kind="int8", scale=0.01), state(N, C, kind="int16", scale=cell_scale)]
    inputs = [x, *cell("int8", 0.01), *states, *[None] * 4]
    between = [Operand("int16", (1,), scale=2**-12)] * (count - 1) + [Operand("int8", (1,), scale=hidden_scale)]
    y = Operand("int8", (N, T, C), scale=0.01)
    return one_op("UNIDIRECTIONAL_SEQUENCE_LSTM", options, inputs, [y], version=3, intermediates=between)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cell_scale": 0.001}, "expected a power of two"),
        ({"cell_scale": 2**-16}, "expected a power of two, 2\\*\\*-15 to 2\\*\\*-9"),
        ({"count": 4}, "5 intermediate tensors expected, got 4"),
        ({"hidden_scale": None}, "needs a scale and a zero point"),
    ],
)
def test_integer_lstm_is_refused(changes: dict[str, Any], message: str) -> None:
    assert_refused(integer_lstm(**changes), ModelError, message)


def test_int4_recurrent_weights_have_no_kernel() -> None:
    recurrent = {index: constant(C, C, kind="int4", scale=0.1) for index in range(5, 9)}
    assert_refused(lstm(recurrent), UnsupportedError, "no kernel for .*r_o int4")


def narrow_lstm(changes: dict[int, Operand | None] | None = None, zero_point: int = 0) -> OneOp:
    """An int8 LSTM of one step with 12 intermediate tensors, with some operands replaced."""
    inputs = [Operand("int8", (N, D), np.zeros((N, D)), 0.1, 0), *cell("int8", 0.01)]
    inputs += [state(N, C, kind="int8", scale=0.01), state(N, C, kind="int16", scale=2**-15)]
    inputs += [constant(C, kind="int16", scale=2**-12)] * 4
    for index in (1, 5, 12):
        inputs[index] = None  # the input gate is coupled
    inputs[16], inputs[17] = constant(C, C, kind="int8", scale=0.01), constant(C, kind="int32", scale=1e-4)
    for index, operand in (changes or {}).items():
        inputs[index] = operand
    between = [Operand("int16", (1,), scale=0.01, zero_point=zero_point)] * 12
    y = Operand("int8", (N, C), scale=0.01)
    return one_op("LSTM", LSTMOptions(fused_activation_function=TANH), inputs, [y], version=4, intermediates=between)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"changes": {17: None}}, UnsupportedError, "a projection and its bias"),
        ({"changes": {21: None}}, UnsupportedError, "layer normalization"),
        ({"changes": {10: constant(C, kind="int16"), 11: constant(C, kind="int16")}}, UnsupportedError, "no peepholes"),
        ({"changes": {19: state(N, C, kind="int16", scale=2**-11)}}, ModelError, "not 2\\*\\*-15"),
        ({"zero_point": 300}, ModelError, "an 8-bit zero point"),
    ],
)
def test_narrow_lstm_is_refused(changes: dict[str, Any], error: type[MiniliteError], message: str) -> None:
    assert_refused(narrow_lstm(**changes), error, message)


def test_merged_batch_first_lstm_is_refused() -> None:
    options = BidirectionalSequenceLSTMOptions(fused_activation_function=TANH, merge_outputs=True, time_major=False)
    x = Operand("float32", (N, T, D), np.zeros((N, T, D)))
    inputs = [x, *cell(), *cell(), *[state(N, C)] * 4, *[None] * 9]
    example = one_op("BIDIRECTIONAL_SEQUENCE_LSTM", options, inputs, [Operand("float32", (N, T, 2 * C))])
    assert_refused(example, UnsupportedError, "misplaced by the official kernel")


def svdf(rank: int = 2, activation: int = 1, units: int = 3, memory: int = 4, kind: str = "int8") -> OneOp:
    options = SVDFOptions(rank=rank, fused_activation_function=activation)
    x = Operand(kind, (N, D), np.zeros((N, D)), 0.1, 0)
    weights = [constant(6, D, kind="int8", scale=0.1), constant(6, 4, kind="int16", scale=0.1)]
    bias = constant(units, kind="int32", scale=0.1)
    inputs = [x, *weights, bias, state(N, 6 * memory, kind="int16", scale=0.1)]
    return one_op("SVDF", options, inputs, [Operand("int8", (N, 3), scale=0.1)], version=4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rank": 0}, "6 filters do not fall into groups of rank 0"),
        ({"rank": 4}, "6 filters do not fall into groups of rank 4"),
        ({"units": 2}, "3 biases expected"),
        ({"memory": 5}, r"a variable tensor of shape \[2, 24\] expected"),
        ({"activation": 0}, "takes the fused activation RELU only"),
    ],
)
def test_svdf_is_refused(changes: dict[str, Any], message: str) -> None:
    assert_refused(svdf(**changes), ModelError, message)


def rnn_cell(kind: str = "float32", rows: int = N) -> list[Operand]:
    scale = None if kind == "float32" else 0.1
    weights = [constant(C, D, kind=kind, scale=scale), constant(C, C, kind=kind, scale=scale)]
    return [*weights, constant(C), state(rows, C)]


def test_rnn_refuses_a_state_of_another_batch() -> None:
    x = Operand("float32", (N, T, D), np.zeros((N, T, D)))
    options = SequenceRNNOptions(time_major=False)
    y = Operand("float32", (N, T, C))
    example = one_op("UNIDIRECTIONAL_SEQUENCE_RNN", options, [x, *rnn_cell(rows=T)], [y])
    assert_refused(example, ModelError, "the state has 3 rows, expected 2")


def two_rnn(kind: str = "float32", aux: Any = None, weights: Any = (None, None), **settings: Any) -> OneOp:
    x = Operand("float32", (T, N, D), np.zeros((T, N, D)))
    options = BidirectionalSequenceRNNOptions(time_major=True, merge_outputs=True, **settings)
    inputs = [x, *rnn_cell(kind), *rnn_cell(kind), aux, *weights]
    return one_op("BIDIRECTIONAL_SEQUENCE_RNN", options, inputs, [Operand("float32", (T, N, 2 * C))])


def test_two_rnn_are_refused() -> None:
    deeper = Operand("float32", (T, N, D + 1), np.zeros((T, N, D + 1)))
    weights = (constant(C, D + 1), constant(C, D + 1))
    assert_refused(two_rnn(aux=deeper, weights=weights), UnsupportedError, "an auxiliary input not as deep as x")
    assert_refused(two_rnn(weights=weights), ModelError, "auxiliary weights need an auxiliary input")
    assert_refused(two_rnn(aux=deeper, weights=(weights[0], None)), ModelError, "for both cells or for none")
    assert_refused(two_rnn("int8"), UnsupportedError, "the official kernel crashes")
