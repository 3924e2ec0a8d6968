"""Compiled loops with the same bits as the definitions in ops.

`TWINS` maps a variant of an op to its compiled kernel, which takes the same plan and arrays. Importing this package
compiles nothing and does not load numba. `VIEWS` are variants whose output has the elements of the first operand.
"""

from types import MappingProxyType

from minilite.ops import Variant
from minilite.ops.reshape import COPY

from . import (
    add_sub,
    batch_matmul,
    boxes,
    code_pairs,
    conv_2d,
    curves,
    depthwise_conv_2d,
    dequantize,
    detection,
    float_elements,
    float_functions,
    float_pooling,
    float_rows,
    fully_connected,
    fused,
    lstm,
    mean,
    pair_tables,
    pooling,
    positions,
    prelu,
    quantize,
    resize,
    slopes,
    softmax,
    softmax_by_floats,
    sums_by_floats,
    tables,
    transpose_conv,
    whole_numbers,
    wide_softmax,
)
from .twins import Twins

PRODUCTS = (fully_connected, conv_2d, depthwise_conv_2d, transpose_conv, batch_matmul)
CODES = (add_sub, code_pairs, pooling, tables, pair_tables)
REDUCTIONS = (mean, sums_by_floats, softmax, softmax_by_floats, wide_softmax)
ELEMENTS = (curves, prelu, quantize, dequantize, slopes, whole_numbers)
FLOATS = (float_elements, float_functions, float_pooling, float_rows, fused)
OTHERS = (boxes, positions, resize, lstm, detection)
FAMILIES = (*PRODUCTS, *CODES, *REDUCTIONS, *ELEMENTS, *FLOATS, *OTHERS)
TWINS: Twins = MappingProxyType({variant: twin for family in FAMILIES for variant, twin in family.TWINS.items()})
VIEWS: frozenset[Variant] = frozenset({COPY})
