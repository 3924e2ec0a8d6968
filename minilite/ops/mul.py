"""MUL:  y = activation(a * b), operands stretched to one shape

float32, float16, complex64; int16 without scales, int32, uint32, int64: in the type, integers wrapping around.
int8, uint8, int16:
    acc = (a - a_zero) * (b - b_zero)           exact integer
    y   = clamp(y_zero + rescale(acc))          m = a_scale * b_scale / y_scale          (eq. 11)
int16 times int16 to int8 or uint8 reads both as numbers in [-1, 1) and knows no scales:
    y   = clamp(y_zero + round(round(a * b / 2**15) / 2**8))

In whole blocks of 16 codes, 8 for uint8, the optimized kernels keep 16 bits of y before they clamp.

Follows tflite/kernels/mul.cc, internal/reference/mul.h and integer_ops/mul.h, MulElementwise in internal/optimized,
XNNPACK src/qs8-vmul.
Rescale rule: reference and optimized double, xnnpack float32-even, microcontrollers double or single. The multiplier is
formed in float32, from left to right, on microcontrollers in float64.
Follows tensorflow/lite/micro/kernels/mul_common.cc; cmsis_nn/mul.cc: operands of two shapes are left to the former.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.arithmetic import MulOptions
from minilite.numerics.activation import NONE, activation_codes, activation_codes_even, activation_limits
from minilite.numerics.affine import Range
from minilite.numerics.fixed_point import (
    doubling_high_multiply_int16,
    rounding_right_shift_away,
    saturate_int16,
    wrap_int16,
    wrap_int32,
)
from minilite.numerics.rescale import Rescale, make_rescale
from minilite.numerics.runs import Blocks, run_of

from .broadcast import broadcast, stretches
from .call import Array, Call
from .delegate_floats import delegated
from .delegate_plain import PRODUCT_FITS, binary
from .finish import finish_wrapping
from .op import MICRO_SETS, REFERENCE, Op, Staged, Variant, follows, on_microcontrollers

MOST_LEFT = 31  # vector code makes 0 of what is shifted further
CodesOf = Callable[..., Range]  # the codes that a fused activation leaves


class Plan(NamedTuple):
    """The constants of a quantized node."""

    a_zero: int
    b_zero: int
    y_zero: int
    rescale: Rescale
    codes: Range
    dtype: np.dtype[np.generic]


def plan_quantized(
    call: Call[MulOptions], real_type: type[np.floating[Any]] = np.float32, codes: CodesOf = activation_codes
) -> Plan:
    """`real_type` is the one that the multiplier is formed in."""
    a, b, y = call["a"], call["b"], call["y"]
    zeros = a.zero_point, b.zero_point, y.zero_point
    if y.dtype == np.int16:
        call.require_symmetric("a", "b", "y")
    real = real_type(a.scale) * real_type(b.scale) / real_type(y.scale)
    call.require(bool(np.isfinite(real)), f"scales {a.scale} * {b.scale} / {y.scale} give no multiplier")
    return Plan(*zeros, make_rescale(call.rule, np.float64(real)), _codes(call, codes), y.dtype)


def _codes(call: Call[MulOptions], codes: CodesOf = activation_codes) -> Range:
    y = call["y"]
    return codes(call.options.fused_activation_function, y.scale, y.zero_point, y.dtype)


def accumulate(plan: Plan, a: Array, b: Array) -> Array:
    product: Array = (a.astype(np.int64) - plan.a_zero) * (b.astype(np.int64) - plan.b_zero)
    return product


class BlockPlan(NamedTuple):
    """The constants of an 8-bit node in vector code, which takes it in blocks."""

    a_zero: int
    b_zero: int
    y_zero: int
    rescale: Rescale
    rescale_in_blocks: Rescale
    codes: Range
    dtype: np.dtype[np.generic]
    blocks: Blocks


def plan_blocks(call: Call[MulOptions]) -> BlockPlan:
    a_zero, b_zero, y_zero, rescale, codes, dtype = plan_quantized(call)
    is_beyond = rescale.multiplier.exponent > MOST_LEFT
    in_blocks = make_rescale(call.rule, 0.0 if is_beyond else rescale.multiplier.real)
    blocks = Blocks(run_of(call["a"].shape, call["b"].shape).length, 16 // 2 ** (dtype == np.uint8))
    return BlockPlan(a_zero, b_zero, y_zero, rescale, in_blocks, codes, dtype, blocks)


def finish_in_blocks(plan: BlockPlan, accumulators: Array) -> Staged:
    """In blocks, what is added to the zero point is saturated to 16 bits, and the sum keeps 16 bits."""
    of_blocks, of_others = plan.rescale_in_blocks(accumulators), plan.rescale(accumulators)
    vector = wrap_int16(saturate_int16(of_blocks) + plan.y_zero)
    scalar = wrap_int32(of_others + plan.y_zero)
    chosen = plan.blocks.choose(vector, scalar)
    codes = plan.codes.clamp(chosen)
    stages = {"in a whole block": of_blocks, "left over": of_others}
    stages |= {"the one of its place, plus the zero point": chosen, "clamp": codes}
    return Staged(np.asarray(codes, plan.dtype), stages)


class FractionPlan(NamedTuple):
    """The constants of an int16 node with 8-bit output."""

    y_zero: int
    codes: Range
    dtype: np.dtype[np.generic]


def plan_fractions(call: Call[MulOptions]) -> FractionPlan:
    y = call["y"]
    same_size = np.prod(call["a"].shape) == np.prod(call["b"].shape) == np.prod(y.shape)
    call.require(bool(same_size), f"int16 operands of an {y.dtype.name} product must have the same size")
    return FractionPlan(y.zero_point, _codes(call), y.dtype)


def multiply_fractions(plan: FractionPlan, a: Array, b: Array) -> Staged:
    product = doubling_high_multiply_int16(a.astype(np.int64), b.astype(np.int64))
    steps = rounding_right_shift_away(product, 8)
    codes = plan.codes.clamp(steps + plan.y_zero)
    stages = {"a * b / 2**15, ties up": product, "divided by 2**8, ties away from zero": steps, "clamp": codes}
    return Staged(np.asarray(codes, plan.dtype), stages)


def plan_plain(call: Call[MulOptions]) -> Range:
    """The limits of the fused activation, which takes integers as they stand."""
    return activation_limits(call.options.fused_activation_function, call["y"].dtype)


def multiply_plain(limits: Range, a: Array, b: Array) -> Array:
    return np.asarray(limits.clamp(a * b))


def plan_complex(call: Call[MulOptions]) -> None:
    """Raise ModelError for an activation: complex numbers have no order."""
    call.require(call.options.fused_activation_function == NONE, "complex64 takes no fused activation")


def multiply_complex(plan: None, a: Array, b: Array) -> Array:
    """Every product of parts rounded to float32, as the two sums of them are."""
    y = np.empty(np.broadcast_shapes(a.shape, b.shape), a.dtype)
    y.real = a.real * b.real - a.imag * b.imag
    y.imag = a.real * b.imag + a.imag * b.real
    return y


def _has_scales(call: Call[MulOptions]) -> bool:
    return call["y"].dtype != np.int16 or call["y"].tensor.quantization is not None


QUANTIZED = Variant(
    "quantized",
    ("int8", "uint8", "int16"),
    plan_quantized,
    accumulate=accumulate,
    finish=finish_wrapping,
    rules=follows(reference="double"),
    when=_has_scales,
)
EVEN = Variant(
    "even",
    ("int8", "uint8"),
    partial(plan_quantized, codes=activation_codes_even),
    accumulate=accumulate,
    finish=finish_wrapping,
    rules=follows(xnnpack="float32-even"),
    gates={"xnnpack": binary(PRODUCT_FITS)},
)
BLOCKS = Variant(
    "blocks",
    ("int8", "uint8"),
    plan_blocks,
    accumulate=accumulate,
    finish=finish_in_blocks,
    rules=follows(optimized="double"),
)


def without_scales(call: Call[MulOptions]) -> str:
    return "int16 needs scales" if call["y"].dtype == np.int16 else ""


ON_MICRO = Variant(
    "quantized",
    ("int8", "int16"),
    partial(plan_quantized, real_type=np.float64),
    accumulate=accumulate,
    finish=finish_wrapping,
    rules=follows(**on_microcontrollers("double")),
    gates={"cmsis-nn": stretches, "cmsis-nn-single": stretches},
)
FRACTIONS = Variant("fractions", ("int16 int16 -> int8", "int16 int16 -> uint8"), plan_fractions, multiply_fractions)
PLAIN = Variant(
    "plain",
    ("float32", "float16", "int16", "int32", "uint32", "int64"),
    plan_plain,
    multiply_plain,
    gates=dict.fromkeys(MICRO_SETS, without_scales),
)
COMPLEX = Variant("complex", ("complex64",), plan_complex, multiply_complex, rules=REFERENCE)
FLOATS = delegated(np.multiply, "float32", "float16")
MUL = Op(
    "MUL",
    "a[...] b[...] -> y[...]",
    MulOptions,
    variants=(QUANTIZED, BLOCKS, EVEN, ON_MICRO, FRACTIONS, PLAIN, COMPLEX, FLOATS),
    shapes=broadcast,
)
OPS = (MUL,)
