"""The microcontroller sets take the ops that TensorFlow Lite Micro registers, with the types its kernels take."""

import json

import pytest

from minilite.ops import OPS
from minilite.ops.op import spelled_out
from minilite.ops.registered import REGISTERED
from tests.conformance.case import definitions
from tests.conformance.support import support, takes

from .vectors import BUILDS

# What tensorflow/lite/micro/micro_mutable_op_resolver.h can add, at the commit named in README.md.
UPSTREAM = """
ABS ADD ADD_N ARG_MAX ARG_MIN ASSIGN_VARIABLE AVERAGE_POOL_2D BATCH_MATMUL BATCH_TO_SPACE_ND BROADCAST_ARGS
BROADCAST_TO CALL_ONCE CAST CEIL CIRCULAR_BUFFER CONCATENATION CONV_2D COS CUMSUM TFLM_DECODE SignalDelay
DEPTH_TO_SPACE DEPTHWISE_CONV_2D DEQUANTIZE TFLite_Detection_PostProcess DIV DYNAMIC_UPDATE_SLICE EMBEDDING_LOOKUP
SignalEnergy ELU EQUAL ethos-u EXP EXPAND_DIMS SignalFftAutoScale FILL SignalFilterBank SignalFilterBankLog
SignalFilterBankSquareRoot SignalFilterBankSpectralSubtraction FLOOR FLOOR_DIV FLOOR_MOD SignalFramer FULLY_CONNECTED
GATHER GATHER_ND GREATER GREATER_EQUAL HARD_SWISH IF SignalIrfft L2_NORMALIZATION L2_POOL_2D LEAKY_RELU LESS
LESS_EQUAL LOG LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC LOG_SOFTMAX MAXIMUM MAX_POOL_2D MIRROR_PAD MEAN MINIMUM
MUL NEG NOT_EQUAL SignalOverlapAdd PACK PAD PADV2 SignalPCAN PRELU QUANTIZE READ_VARIABLE REDUCE_ALL REDUCE_MAX
REDUCE_MIN RELU RELU6 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_V2 SignalRfft ROUND RSQRT SELECT_V2
SHAPE SIN SLICE SOFTMAX SPACE_TO_BATCH_ND SPACE_TO_DEPTH SPLIT SPLIT_V SQUEEZE SQRT SQUARE SQUARED_DIFFERENCE
STRIDED_SLICE SignalStacker SUB SUM SVDF TANH TRANSPOSE_CONV TRANSPOSE UNPACK UNIDIRECTIONAL_SEQUENCE_LSTM VAR_HANDLE
WHILE SignalWindow ZEROS_LIKE
"""
CUSTOM = {"CIRCULAR_BUFFER", "TFLM_DECODE", "ethos-u"}  # not in LiteRT either, as those of the signal library


def test_every_op_is_registered() -> None:
    absent = {op for op in UPSTREAM.split() if op in CUSTOM or op.startswith("Signal")}
    assert set(REGISTERED) == set(UPSTREAM.split()) - absent
    assert absent.isdisjoint(OPS)


@pytest.mark.parametrize("op", REGISTERED)
def test_registered_types_have_a_kernel_in_each_set(op: str) -> None:
    """A text is written as that of a variant, so that the support table has a row for it."""
    rows = {types for one in definitions(op) for variant in one.variants for types in variant.types}
    for known in REGISTERED[op]:
        words = spelled_out(known, OPS[op].signature)
        (types,) = {text for text in rows if words and spelled_out(text, OPS[op].signature) == words}
        assert all(takes(kernels, op, types) for kernels in BUILDS), (op, known)


def test_the_support_table_has_nothing_else() -> None:
    rows = [row for row in support_rows() if not row["sets"].keys().isdisjoint(BUILDS)]
    kept = {(row["op"], words(row["op"], row["types"])) for row in rows if row["types"] != "any"}
    assert kept == {(op, words(op, text)) for op, known in REGISTERED.items() for text in known}


def support_rows() -> list[dict]:
    return json.loads(support())["rows"]


def words(op: str, types: str) -> tuple[str, ...]:
    return tuple((spelled_out(types, OPS[op].signature) or {}).values())
