"""What the accumulator and the named steps of each kernel should be, by op and variant."""

import math
from collections.abc import Callable
from typing import Any

from .arithmetic import half_up, over, saturate, wrap
from .cells import basic_lstm, hybrid_lstm, hybrid_svdf, lstm, narrow_lstm, rnn, svdf
from .elements import (
    RELATIONS,
    average,
    compared,
    dequantize,
    dequantize_in_blocks,
    divide,
    float_sum,
    fractions_product,
    hard_swish,
    interpolated,
    inverse_square_root,
    quantize,
    quantize_in_blocks,
    quantize_saturating,
    shifted_sum,
    sigmoid_of_16_bits,
    sigmoid_on_microcontrollers,
    sigmoid_table,
    square_root,
    table,
    two_slopes,
    weighted,
    weighted_11_bits,
    weighted_by_products,
    weighted_float,
)
from .found import Found, Steps
from .plain import cut
from .products import (
    blockwise,
    blockwise_fused,
    hybrid,
    hybrid_fused,
    hybrid_int4,
    hybrid_matrices,
    hybrid_scales_last,
    shuffled,
    sparse,
    table_row,
    transposed,
)
from .rows import l2_normalization, log_softmax, log_softmax_by_floats, softmax, softmax_by_floats, softmax_int16


def common(f: Found, name: str, bits: int) -> int:
    """An operand on the common scale of ADD and its kin; what its rescaling was given must be right."""
    assert f.first[f"{name}.rescale"] == wrap(f.code(name) << bits)
    return f[f"{name}.rescale"]


def added(f: Found) -> int:
    bits = f.constant("more_bits")
    return common(f, "a", bits) + f.constant("sign") * common(f, "b", bits)


def added_in_blocks(f: Found) -> int:
    """Vector code and the reference kernel's have it both; the element's place decides."""
    for name in "ab":
        assert f.first[f"vectors.{name}"] == f.code(name)
    both = f["vectors.a"] + f["vectors.b"], added(f)
    return f["accumulator"] if f["accumulator"] in both else both[0]


def added_fractions(f: Found) -> int:
    return f.code("a") * f.constant("a_multiplier") + f.code("b") * f.constant("b_multiplier")


def shifted_fractions(f: Found) -> Steps:
    """XNNPACK's ADD: multipliers of whole 2**-F, one shift for the sum."""
    steps = half_up(over(f["accumulator"], f.constant("fraction_bits")))
    return {"shift right by the fraction bits, ties up": steps, "plus the zero point": steps + f.constant("y_zero")}


def narrow_sum(f: Found) -> Steps:
    """In blocks the sum with the zero point has 16 bits."""
    wide = f["rescale"] + f.constant("y_zero")
    name = "plus the zero point"
    return {name: wide if f[name] == wide else wrap(wide, 16)}


def narrow_product(f: Found) -> Steps:
    """In blocks what is added to the zero point has 16 bits, and the sum as well."""
    zero, accumulator = f.constant("y_zero"), f.code("a") * f.code("b")
    assert f.first["in a whole block"] == f.first["left over"] == accumulator
    both = wrap(saturate(f["in a whole block"], 16) + zero, 16), wrap(f["left over"] + zero)
    name = "the one of its place, plus the zero point"
    return {name: f[name] if f[name] in both else both[0]}


def reduced_product(f: Found) -> int:
    values = [code - f.constant("x_zero") for code in f.row]
    total = values[0]
    chain = [s for s in f.document["steps"] if s["part"] == "rescale"]
    before = chain[: 2 * (len(values) - 1)]
    for value, (first, last) in zip(values[1:], zip(before[::2], before[1::2], strict=True), strict=True):
        assert first["operands"]["value"] == total * value
        total = last["result"]
    return total


ACCUMULATORS: dict[str | tuple[str, str], Callable[[Found], int]] = {
    "ADD": added,
    "SUB": added,
    ("ADD", "blocks"): added_in_blocks,
    ("ADD", "fractions"): added_fractions,
    ("SUB", "fractions"): added_fractions,
    "SQUARED_DIFFERENCE": lambda f: (common(f, "a", 7) - common(f, "b", 7)) ** 2,
    "MUL": lambda f: f.code("a") * f.code("b"),
    "ABS": lambda f: abs(f.code("x")),
    "QUANTIZE": lambda f: wrap(f.code("x")),
    "REDUCE_PROD": reduced_product,
    **dict.fromkeys(("RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1", "LEAKY_RELU"), lambda f: f.code("x")),
}
SELECTED: dict[str, Callable[[Found], Any]] = {
    "ADD": lambda f: wrap(sum(f.row), f.bits),
    "SUB": lambda f: wrap(f.row[0] - f.row[1], f.bits),
    "MUL": lambda f: wrap(math.prod(f.row), f.bits),
    "ABS": lambda f: wrap(abs(f.row[0]), f.bits),
    "REDUCE_PROD": lambda f: f.low + (math.prod(f.row) - f.low) % 2**f.bits,
    **dict.fromkeys(("MAX_POOL_2D", "MAXIMUM", "REDUCE_MAX"), lambda f: max(f.row, default=f.low)),
    **dict.fromkeys(("RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1"), lambda f: f.row[0]),
    **dict.fromkeys(("MINIMUM", "REDUCE_MIN"), lambda f: min(f.row, default=f.high)),
}
STAGES: dict[tuple[str, str], Callable[[Found], Steps]] = {
    ("SOFTMAX", "fixed point"): softmax,
    ("SOFTMAX", "tables"): softmax_int16,
    ("LOG_SOFTMAX", "fixed point"): log_softmax,
    ("SOFTMAX", "by floats"): softmax_by_floats,
    ("LOG_SOFTMAX", "by floats"): log_softmax_by_floats,
    ("L2_NORMALIZATION", "quantized"): l2_normalization,
    ("HARD_SWISH", "fixed point"): hard_swish,
    ("DIV", "quantized"): divide,
    ("SQRT", "codes"): square_root,
    ("RSQRT", "quantized"): inverse_square_root,
    **{(op, "table"): table for op in ("EXP", "LOG", "ELU", "GELU", "TANH", "LOGISTIC")},
    **{(op, "interpolated"): interpolated for op in ("EXP", "LOG", "GELU", "RSQRT")},
    **{(op, "interpolated"): sigmoid_table for op in ("TANH", "LOGISTIC")},
    **{(op, "fixed point"): sigmoid_on_microcontrollers for op in ("TANH", "LOGISTIC")},
    ("MUL", "blocks"): narrow_product,
    ("MUL", "fractions"): fractions_product,
    ("ADD", "fractions"): shifted_fractions,
    ("SUB", "fractions"): shifted_fractions,
    ("ADD", "blocks"): narrow_sum,
    ("ADD", "shift"): shifted_sum,
    ("SUB", "shift"): shifted_sum,
    ("PRELU", "quantized"): two_slopes,
    ("LEAKY_RELU", "quantized"): two_slopes,
    ("QUANTIZE", "quantize"): quantize,
    ("QUANTIZE", "blocks"): quantize_in_blocks,
    ("QUANTIZE", "saturating"): quantize_saturating,
    ("DEQUANTIZE", "dequantize"): dequantize,
    ("DEQUANTIZE", "blocks"): dequantize_in_blocks,
    **{(op, "codes"): compared for op in RELATIONS},
    ("RESIZE_BILINEAR", "fixed point"): weighted,
    ("RESIZE_BILINEAR", "uint8 in float32"): weighted_float,
    ("RESIZE_BILINEAR", "uint8, products of weights"): weighted_by_products,
    ("RESIZE_BILINEAR", "11 bits"): weighted_11_bits,
    ("AVERAGE_POOL_2D", "codes"): average,
    **{(op, "quantized in float32"): float_sum for op in ("SUM", "MEAN")},
    ("LEAKY_RELU", "256ths"): two_slopes,
    ("LEAKY_RELU", "signed"): two_slopes,
    **{(op, "16 bits"): sigmoid_of_16_bits for op in ("TANH", "LOGISTIC")},
    ("FULLY_CONNECTED", "hybrid"): hybrid,
    ("CONV_2D", "hybrid"): hybrid,
    ("CONV_2D", "hybrid per channel"): hybrid,
    ("DEPTHWISE_CONV_2D", "hybrid"): hybrid,
    ("BATCH_MATMUL", "hybrid"): hybrid_matrices,
    **{(op, "hybrid, fused"): hybrid_fused for op in ("FULLY_CONNECTED", "CONV_2D", "BATCH_MATMUL", "TRANSPOSE_CONV")},
    ("CONV_2D", "hybrid per channel, scales first"): hybrid,
    ("DEPTHWISE_CONV_2D", "hybrid, scales last"): hybrid_scales_last,
    ("FULLY_CONNECTED", "hybrid int4"): hybrid_int4,
    ("FULLY_CONNECTED", "sparse hybrid"): sparse,
    ("FULLY_CONNECTED", "blockwise"): blockwise,
    ("FULLY_CONNECTED", "blockwise, fused"): blockwise_fused,
    ("FULLY_CONNECTED", "shuffled"): shuffled,
    ("FULLY_CONNECTED", "shuffled, unfused"): shuffled,
    ("CAST", "cut"): cut,
    ("BATCH_MATMUL", "sums"): lambda f: {},  # the sum of the terms, which is the same for every op
    ("TRANSPOSE_CONV", "hybrid"): transposed,
    ("EMBEDDING_LOOKUP", "hybrid"): table_row,
    ("EMBEDDING_LOOKUP", "blockwise"): table_row,
    ("SVDF", "int8"): svdf,
    ("SVDF", "hybrid"): hybrid_svdf,
    **{(op, "hybrid"): rnn for op in ("RNN", "UNIDIRECTIONAL_SEQUENCE_RNN", "BIDIRECTIONAL_SEQUENCE_RNN")},
    ("MEAN", "image"): lambda f: {"plus the zero point, less that of x": f["in steps of y"] + f.constant("y_zero")},
    ("UNIDIRECTIONAL_SEQUENCE_LSTM", "hybrid-diagonal"): hybrid_lstm,
    ("LSTM", "narrow int8"): narrow_lstm,
    **{(op, "int8"): lstm for op in ("LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM")},
    **{(op, "hybrid"): hybrid_lstm for op in ("LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_LSTM")},
    ("LSTM", "basic uint8"): basic_lstm,
}
