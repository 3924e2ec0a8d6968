"""FULLY_CONNECTED:  y[..., u] = activation(b[u] + sum over d of x[..., d] * w[u, d])

float32: summed over d from first to last, then the bias, then the activation. The optimized kernel sums as Eigen does,
    see numerics/eigen_product.py; XNNPACK starts from the bias and fuses each product with its sum.
int8, uint8:
    acc = b[u] + sum over d of (x - x_zero) * (w - w_zero)     exact integer       (eq. 5)
    y   = clamp(y_zero + rescale(acc))     m = x_scale * w_scale / y_scale         (eq. 6, 7)
int16 with int8 weights: the same on 64-bit accumulators; the optimized kernel sums in 32 bits unless the bias is int64.
int16 with int16 weights: likewise, but rescaled by a 16-bit multiplier.
float32 x and y with int8 weights: see ops/fully_connected_hybrid.py.
shuffled uint8 weights: see ops/fully_connected_shuffled.py.
sparse float32 weights in blocks of 4 have four partial sums, the optimized kernel adds them from first to last.
sparse int8 weights, see graph/sparse.py, are used as dense ones but rescaled by another rule.

Follows tflite/kernels/fully_connected.cc and internal/reference/integer_ops/fully_connected.h; on microcontrollers
tensorflow/lite/micro/kernels/fully_connected_common.cc and cmsis_nn/fully_connected.cc.
Rescale rule: reference float64-away, optimized half-up, xnnpack float32-even; int16 weights int16-multiplier, sparse
double; microcontrollers double or single, with 64-bit accumulators int16-multiplier. The multiplier is float64; but a
single one for all units comes from a float32 product of the scales unless the rule is float64-away.
"""

import math
from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np

from minilite.format.enums import TensorType
from minilite.format.options.dense import FullyConnectedOptions
from minilite.numerics.activation import activation_reals, unbounded
from minilite.numerics.affine import Range
from minilite.numerics.eigen_product import eigen_product, is_ordered
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.fused import fused_product
from minilite.numerics.products import exact_product, ordered_product
from minilite.numerics.rescale import Rescale, make_rescale

from .call import Array, Call
from .convolution import is_wide
from .delegate import fully_connected
from .finish import finish as codes_of
from .fully_connected_blockwise import BLOCKWISE, BLOCKWISE_XNNPACK
from .fully_connected_hybrid import (
    HYBRID,
    HYBRID_INT4,
    HYBRID_XNNPACK,
    INT8_WEIGHTS,
    SPARSE_HYBRID,
    is_dense,
)
from .fully_connected_shuffled import is_shuffled
from .fully_connected_shuffled import make_op as make_shuffled
from .multiplier import XNNPACK_RULE, output_codes, real_multiplier
from .op import MICRO_SETS, Op, Reads, Refusal, Variant, follows, on_microcontrollers
from .reads import Index, bias, grid, numbered, places
from .signature import Shape

SPARSE_BLOCK = 4
FLOAT64_RULE, OPTIMIZED_RULE = "float64-away", "half-up"


class Plan(NamedTuple):
    """The constants of a quantized node."""

    x_zero: int
    w_zero: int
    y_zero: int
    rescale: Rescale  # one multiplier, or one per unit
    codes: Range
    shape: Shape
    dtype: np.dtype[np.generic]
    wraps: bool  # accumulators have 32 bits, not 64


def plan_quantized(call: Call[FullyConnectedOptions]) -> Plan:
    x, w, y = call["x"], call["w"], call["y"]
    float32_product = call.rule != FLOAT64_RULE and not w.affine.per_channel
    return Plan(
        x_zero=x.zero_point,
        w_zero=int(w.affine.zero_point.flat[0]),
        y_zero=y.zero_point,
        rescale=make_rescale(call.rule, real_multiplier(call, float32_product)),
        codes=output_codes(call),
        shape=y.shape,
        dtype=y.dtype,
        wraps=True,
    )


def plan_int16(call: Call[FullyConnectedOptions]) -> Plan:
    call.require_symmetric("x", "w", "y")
    bias = call.optional("b")
    if bias is not None and bias.tensor.type == TensorType.INT32:
        declared = call.options.quantized_bias_type == TensorType.INT32
        call.require(declared, "an int32 bias of int16 activations needs the option quantized_bias_type INT32")
    return plan_quantized(call)._replace(wraps=call.rule == OPTIMIZED_RULE)


def plan_micro_int16(call: Call[FullyConnectedOptions]) -> Plan:
    call.require_symmetric("x", "w", "y")
    wide = call.rule == "int16-multiplier"
    return plan_quantized(call)._replace(wraps=not wide)


def plan_sparse(call: Call[FullyConnectedOptions]) -> Plan:
    call.require_symmetric("w", why="sparse weights need 0")
    return plan_quantized(call)


def accumulate(plan: Plan, x: Array, w: Array, b: Array | None) -> Array:
    rows = x.reshape(-1, w.shape[1]).astype(np.int32) - plan.x_zero
    sums = exact_product(rows, (w.astype(np.int32) - plan.w_zero).T)
    if b is not None:
        sums += b
    return wrap_int32(sums) if plan.wraps else sums


def finish(plan: Plan, accumulators: Array) -> Array:
    return codes_of(plan, accumulators).reshape(plan.shape)


class FloatPlan(NamedTuple):
    """The constants of a float node."""

    reals: Range
    shape: Shape


def plan_float(call: Call[FullyConnectedOptions]) -> FloatPlan:
    return FloatPlan(activation_reals(call.options.fused_activation_function), shapes(call)[0])


def compute_float(plan: FloatPlan, x: Array, w: Array, b: Array | None) -> Array:
    sums = ordered_product(x.reshape(-1, w.shape[1]), w.T)
    return plan.reals.clamp(sums if b is None else sums + b).reshape(plan.shape)


def compute_float_optimized(plan: FloatPlan, x: Array, w: Array, b: Array | None) -> Array:
    sums = eigen_product(x.reshape(-1, w.shape[1]), w.T)
    return plan.reals.clamp(sums if b is None else sums + b).reshape(plan.shape)


def compute_float_sparse(plan: FloatPlan, x: Array, w: Array, b: Array | None) -> Array:
    rows = x.reshape(-1, w.shape[1])
    lanes = [ordered_product(rows[:, k::SPARSE_BLOCK], w.T[k::SPARSE_BLOCK]) for k in range(SPARSE_BLOCK)]
    sums = reduce(np.add, lanes)
    return plan.reals.clamp(sums if b is None else sums + b).reshape(plan.shape)


def in_sparse_blocks(call: Call[FullyConnectedOptions]) -> bool:
    """Whether w is stored in sparse blocks, which are 4 weights for the optimized kernel."""
    sparsity = call["w"].tensor.sparsity
    return sparsity is not None and sparsity.block_map is not None and len(sparsity.block_map) > 0


def compute_float_xnnpack(plan: FloatPlan, x: Array, w: Array, b: Array | None) -> Array:
    start = np.zeros(1, np.float32) if b is None else b
    return unbounded(plan.reals).clamp(fused_product(x.reshape(-1, w.shape[1]), w.T, start)).reshape(plan.shape)


def shapes(call: Call[FullyConnectedOptions]) -> Sequence[Shape]:
    x, (units, depth) = call["x"].shape, call["w"].shape
    call.require(depth > 0, "the weights have no columns")
    if call.options.keep_num_dims:
        call.require(bool(x) and x[-1] == depth, f"keep_num_dims needs a last dimension of {depth}")
        return [(*x[:-1], units)]
    return [(math.prod(x) // depth, units)]


def reads(call: Call[FullyConnectedOptions], at: Index) -> Reads:
    depth, unit = call["w"].shape[1], at[-1]
    x, row = call["x"].shape, int(np.ravel_multi_index(at[:-1], call["y"].shape[:-1]))
    elements = places(x, numbered(x).reshape(-1, depth)[row])
    return Reads({"x": elements, "w": grid([unit], range(depth))}, bias(call, unit))


def narrow_bias(call: Call[FullyConnectedOptions]) -> str:
    """The optimized kernel of int16 activations sums in 32 bits."""
    b, declared = call.optional("b"), call.options.quantized_bias_type
    wide = declared == TensorType.INT64 or (b is not None and b.tensor.type == TensorType.INT64)
    return "the bias is int64" if wide else ""


def other_order(call: Call[FullyConnectedOptions]) -> str:
    """The reference kernel sums in the same order where units fill the blocks of Eigen."""
    units, depth = call["w"].shape
    same = is_ordered(math.prod(call["x"].shape) // depth, units, depth)
    return "the reference kernel sums in the same order" if same else ""


QUANTIZED = Variant(
    "quantized",
    (*(f"int8 {w} int32 -> int8" for w in INT8_WEIGHTS), "uint8 uint8 int32 -> uint8"),
    plan_quantized,
    accumulate=accumulate,
    finish=finish,
    rules=follows(reference=FLOAT64_RULE, optimized=OPTIMIZED_RULE, xnnpack=XNNPACK_RULE),
    when=is_dense,
    gates={"xnnpack": fully_connected},
)
INT16 = Variant(
    "int16",
    tuple(f"int16 {w} {b} -> int16" for w in INT8_WEIGHTS for b in ("int64", "int32")),
    plan_int16,
    accumulate=accumulate,
    finish=finish,
    rules=follows(reference=FLOAT64_RULE, optimized=OPTIMIZED_RULE),
    gates={"optimized": narrow_bias},
)
INT16_WEIGHTS = Variant(
    "int16 weights",
    ("int16 int16 int64 -> int16", "int16 int16 int32 -> int16"),
    plan_int16,
    accumulate=accumulate,
    finish=finish,
    rules=follows(reference="int16-multiplier"),
)
FLOAT_XNNPACK = Variant(
    "float, fused",
    ("float32",),
    plan_float,
    compute_float_xnnpack,
    rules=follows(xnnpack=""),
    gates={"xnnpack": fully_connected},
)
FLOAT_OPTIMIZED = Variant(
    "float in blocks",
    ("float32",),
    plan_float,
    compute_float_optimized,
    rules=follows(optimized=""),
    when=is_dense,
    gates={"optimized": other_order},
)
FLOAT_SPARSE = Variant(
    "float in sparse blocks",
    ("float32",),
    plan_float,
    compute_float_sparse,
    rules=follows(optimized=""),
    when=in_sparse_blocks,
)
FLOAT = Variant("float", ("float32",), plan_float, compute_float)
SPARSE = Variant(
    "sparse",
    ("int8 int8 int32 -> int8",),
    plan_sparse,
    accumulate=accumulate,
    finish=finish,
    rules=follows(reference="double"),
)


def int4_channels(call: Call[FullyConnectedOptions]) -> str:
    many = call["w"].tensor.type == TensorType.INT4 and call["w"].affine.per_channel
    return "int4 weights with a scale for each unit" if many else ""


def int16_channels(call: Call[FullyConnectedOptions]) -> str:
    return Refusal("int16 activations with a scale for each unit" if call["w"].affine.per_channel else "")


def int32_bias(call: Call[FullyConnectedOptions]) -> str:
    """CMSIS-NN reads pairs of 32-bit biases as one of 64 bits, past the end: nothing that could be followed."""
    return int16_channels(call) or Refusal("it would read the int32 bias of int16 activations as int64; store int64")


MICRO_INT8 = Variant(
    "quantized",
    ("int8 int8 int32 -> int8", "int8 int4 int32 -> int8"),
    plan_quantized,
    accumulate=accumulate,
    finish=finish,
    rules=follows(**on_microcontrollers("double")),
    when=is_dense,
    gates=dict.fromkeys(MICRO_SETS, int4_channels),
)
MICRO_INT16 = Variant(
    "int16",
    ("int16 int8 int64 -> int16",),
    plan_micro_int16,
    accumulate=accumulate,
    finish=finish,
    rules=follows(**on_microcontrollers("int16-multiplier")),
    when=is_wide,
    gates={"cmsis-nn": int16_channels, "cmsis-nn-single": int16_channels},
)
MICRO_INT16_INT32 = Variant(
    "int16",
    ("int16 int8 int32 -> int16",),
    plan_micro_int16,
    accumulate=accumulate,
    finish=finish,
    rules=follows(**on_microcontrollers("double")),
    gates={"cmsis-nn": int32_bias, "cmsis-nn-single": int32_bias},
)
MICRO = (MICRO_INT8, MICRO_INT16, MICRO_INT16_INT32)

FULLY_CONNECTED = Op(
    "FULLY_CONNECTED",
    "x[~d] w[u,d] b[u]? -> y[...]",
    FullyConnectedOptions,
    variants=(
        FLOAT_XNNPACK,
        FLOAT_OPTIMIZED,
        FLOAT_SPARSE,
        FLOAT,
        QUANTIZED,
        INT16,
        INT16_WEIGHTS,
        *MICRO,
        HYBRID_XNNPACK,
        HYBRID_INT4,
        HYBRID,
        SPARSE,
        SPARSE_HYBRID,
        BLOCKWISE_XNNPACK,
        BLOCKWISE,
    ),
    shapes=shapes,
    macs=lambda call: math.prod(call["x"].shape) * call["w"].shape[0],
    reads=reads,
    others=((is_shuffled, make_shuffled(shapes)),),
)
OPS = (FULLY_CONNECTED,)
