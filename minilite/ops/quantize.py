"""QUANTIZE:    y = y_zero + round(x / y_scale)                                              (eq. 2)
               y = y_zero + rescale(x - x_zero)            m = x_scale / y_scale             (eq. 6, 7)
DEQUANTIZE:  y = x_scale * (x - x_zero)                                                      (eq. 1)

QUANTIZE takes float32 to codes, per tensor or per channel, or codes to codes of another scale, zero point or type.
    float32: the quotient is float32, ties go away from zero. NaN, infinities and what does not fit into 32 bits become
             -2**31; the sum with y_zero wraps around, so they give the lowest code, or the highest when y_zero < 0.
    codes:   equal scales and zero points 128 apart, int8 <-> uint8, flip the upper bit, which the formula does as well.
DEQUANTIZE takes codes, per tensor or per channel, or float16, to float32: one rounding of the exact product.
One scale for the whole tensor, optimized: float32 times the reciprocal of y_scale, ties to even, in whole blocks of 8;
codes of 8 bits to codes of 8 bits in blocks of 16, by a rule of their own; to float32 in blocks of 8, with two
products. xnnpack: float32 times the reciprocal, ties to even, saturated, so that NaN gives the highest code.

Follows tflite/kernels/quantize.cc, dequantize.h, internal/reference/quantize.h, requantize.h, dequantize.h, and
internal/optimized/optimized_ops.h; XNNPACK src/f32-qs8-vcvt, src/qs8-vcvt.
Rescale rule: reference double, optimized half-up, xnnpack 256ths, microcontrollers double or single. The multiplier is
formed in float64, that of 256ths in float32.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.empty import DequantizeOptions, QuantizeOptions
from minilite.graph.packed import PACKED_BITS
from minilite.numerics.affine import Affine, Range, code_range
from minilite.numerics.dequantize import by_eights, in_vectors, rounded_once
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.rescale import Rescale, make_rescale
from minilite.numerics.rounding import round_half_away, round_half_even, to_int32
from minilite.numerics.runs import Blocks

from .call import Array, Call
from .delegate_plain import RATIO_FITS, unary
from .finish import finish_wrapping
from .op import MICRO_SETS, UNCHANGED, Codes, Gate, Op, Staged, Variant, follows, on_microcontrollers, plan_nothing

QUANTIZED_AT_ONCE, REQUANTIZED_AT_ONCE = 8, 16  # elements of a block


class QuantizePlan(NamedTuple):
    """The constants of a node that takes real values to codes."""

    affine: Affine
    codes: Range
    dtype: np.dtype[np.generic]


def plan_quantize(call: Call[QuantizeOptions]) -> QuantizePlan:
    affine, y = _channels(call, "y"), call["y"]
    is_packed = y.tensor.type in PACKED_BITS
    call.require(not (is_packed and affine.per_channel), f"{y.tensor.type.name.lower()} takes one scale only")
    return QuantizePlan(affine, y.codes, y.dtype)


def _channels(call: Call[Any], name: str) -> Affine:
    """The quantization of an operand, its channels counted."""
    operand = call[name]
    affine, shape = operand.affine, operand.shape
    channels = shape[affine.axis] if 0 <= affine.axis < len(shape) else 1
    if affine.per_channel and affine.scale.size != channels:
        call.fail(f"{operand.tensor.label}: {affine.scale.size} scales for {channels} channels on axis {affine.axis}")
    return affine


def quantize(plan: QuantizePlan, x: Array) -> Staged:
    zero_point = plan.affine.broadcast(plan.affine.zero_point, x.ndim)
    steps = to_int32(plan.affine.steps(x))
    moved = wrap_int32(steps + zero_point)
    y = np.asarray(plan.codes.clamp(moved), plan.dtype)
    return Staged(
        y, {"x / y_scale, nearest, ties away": steps, "plus the zero point": moved, "kept within the type": y}
    )


class ReciprocalPlan(NamedTuple):
    """The constants of a node that multiplies by the reciprocal of one scale instead of dividing."""

    scale: np.float32
    reciprocal: np.float32
    zero_point: int
    codes: Range
    dtype: np.dtype[np.generic]


def plan_reciprocal(call: Call[QuantizeOptions]) -> ReciprocalPlan:
    y = call["y"]
    return ReciprocalPlan(y.scale, np.float32(1) / y.scale, y.zero_point, y.codes, y.dtype)


def quantize_in_blocks(plan: ReciprocalPlan, x: Array) -> Staged:
    """Whole blocks are multiplied, ties to even; what is left over is divided in float64, ties away."""
    with np.errstate(over="ignore", invalid="ignore"):
        vector = to_int32(round_half_even(x * plan.reciprocal))
        rest = to_int32(round_half_away(x.astype(np.float64) / plan.scale))
    steps = Blocks(x.size, QUANTIZED_AT_ONCE).choose(vector, rest)
    moved = wrap_int32(steps + plan.zero_point)
    y = np.asarray(plan.codes.clamp(moved), plan.dtype)
    stages = {"in a whole block": vector, "left over": rest, "in steps of y": steps, "plus the zero point": moved}
    return Staged(y, {**stages, "kept within the type": y})


def quantize_saturating(plan: ReciprocalPlan, x: Array) -> Staged:
    """Ties to even; NaN and what is too large become the highest code."""
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = x * plan.reciprocal
    low, high = (np.float32(limit - plan.zero_point) for limit in plan.codes)
    within = np.where(scaled < high, np.where(scaled > low, scaled, low), high)
    steps = round_half_even(within)
    y = np.asarray(steps + plan.zero_point, plan.dtype)
    stages = {"x times 1 / y_scale": scaled, "kept between the steps that have a code": within}
    return Staged(y, {**stages, "nearest, ties to even": steps, "plus the zero point": y})


class RequantizePlan(NamedTuple):
    """The constants of a node that takes codes to codes."""

    x_zero: int
    y_zero: int
    rescale: Rescale
    codes: Range
    dtype: np.dtype[np.generic]


def plan_requantize(call: Call[QuantizeOptions]) -> RequantizePlan:
    x, y = call["x"], call["y"]
    if x.dtype == y.dtype == np.int16:
        call.require_symmetric("x", "y")
    rescale = make_rescale(call.rule, np.float64(x.scale) / np.float64(y.scale))
    return RequantizePlan(x.zero_point, y.zero_point, rescale, code_range(y.dtype), y.dtype)


def accumulate(plan: RequantizePlan, x: Array) -> Array:
    difference: Array = wrap_int32(x.astype(np.int64) - plan.x_zero)
    return difference


class BlockPlan(NamedTuple):
    """The constants of a node that takes codes of 8 bits to codes of 8 bits in vector code."""

    x_zero: int
    y_zero: int
    rescale: Rescale
    rescale_behind: Rescale  # of what is left over behind whole blocks
    codes: Range
    dtype: np.dtype[np.generic]


def plan_blocks(call: Call[QuantizeOptions]) -> BlockPlan:
    x_zero, y_zero, rescale, codes, dtype = plan_requantize(call)
    behind = make_rescale("double", rescale.multiplier.real)
    return BlockPlan(x_zero, y_zero, rescale, behind, codes, dtype)


def finish_in_blocks(plan: BlockPlan, accumulators: Array) -> Array:
    blocks = Blocks(accumulators.size, REQUANTIZED_AT_ONCE)
    steps = blocks.choose(plan.rescale(accumulators), plan.rescale_behind(accumulators))
    return np.asarray(plan.codes.clamp(steps + plan.y_zero), plan.dtype)


def plan_dequantize(call: Call[DequantizeOptions]) -> Affine:
    affine = _channels(call, "x")
    if call["x"].dtype == np.int16:
        call.require(not affine.per_channel, "int16 takes one scale for the whole tensor only")
        call.require_symmetric("x")
    return affine


def dequantize(affine: Affine, x: Array) -> Staged:
    exact = affine.to_real(x)
    y = np.asarray(exact, np.float32)
    return Staged(y, {"x_scale * (x - x_zero), exact": exact, "nearest float32": y}, zero_points(affine, x))


def zero_points(affine: Affine, x: Array) -> dict[str, Codes]:
    """The codes of x with their zero points, one or one for each channel."""
    return {"x": Codes(x, affine.broadcast(affine.zero_point, x.ndim))}


def dequantize_in_blocks(affine: Affine, x: Array) -> Staged:
    scale, zero_point = affine.scale.flat[0], int(affine.zero_point.flat[0])
    y = by_eights(x, scale, zero_point)
    stages = {"in a whole block": in_vectors(x, scale, zero_point), "left over": rounded_once(x, scale, zero_point)}
    return Staged(y, {**stages, "the one of its place": y}, zero_points(affine, x))


def is_whole(name: str) -> Gate:
    """The optimized kernels know one scale; with one per channel they call the reference kernel."""
    return lambda call: f"{name} has a scale per channel" if call[name].affine.per_channel else ""


def widen(plan: None, x: Array) -> Array:
    return x.astype(np.float32)


def has_channels(call: Call[Any]) -> str:
    """Why microcontrollers do not take a call: they look at one scale only."""
    coded = call["y"] if call["x"].dtype.kind == "f" else call["x"]
    return "a scale for each channel" if coded.affine.per_channel else ""


ONE_SCALE = dict.fromkeys(MICRO_SETS, has_channels)
QUANTIZE_REALS = Variant(
    "quantize",
    tuple(f"float32 -> {y}" for y in ("int8", "uint8", "int16", "int4", "uint4")),
    plan_quantize,
    quantize,
    gates=ONE_SCALE,
)
REQUANTIZE = Variant(
    "requantize",
    (
        *(f"{x} -> {y}" for x in ("int8", "uint8") for y in ("int8", "uint8", "int16")),
        *(f"int16 -> {y}" for y in ("int8", "int16", "int32")),
        *(f"int32 -> {y}" for y in ("int8", "int16")),
    ),
    plan_requantize,
    accumulate=accumulate,
    finish=finish_wrapping,
    rules=follows(reference="double", **on_microcontrollers("double", has_cmsis_nn=False)),
)
BYTES = ("int8", "uint8")
IN_BLOCKS = Variant(
    "blocks",
    tuple(f"float32 -> {y}" for y in (*BYTES, "int16")),
    plan_reciprocal,
    quantize_in_blocks,
    rules=follows(optimized=""),
    gates={"optimized": is_whole("y")},
)
SATURATING = Variant(
    "saturating",
    tuple(f"float32 -> {y}" for y in BYTES),
    plan_reciprocal,
    quantize_saturating,
    rules=follows(xnnpack=""),
    gates={"xnnpack": unary()},
)
REQUANTIZE_IN_BLOCKS = Variant(
    "requantize in blocks",
    tuple(f"{x} -> {y}" for x in BYTES for y in BYTES),
    plan_blocks,
    accumulate=accumulate,
    finish=finish_in_blocks,
    rules=follows(optimized="half-up"),
)
TO_SAME_TYPE = Variant(
    "requantize",
    tuple(f"{x} -> {x}" for x in BYTES),
    plan_requantize,
    accumulate=accumulate,
    finish=finish_wrapping,
    rules=follows(xnnpack="256ths"),
    gates={"xnnpack": unary(RATIO_FITS)},
)
TO_INT32 = Variant(
    "requantize",
    ("int8 -> int32",),
    plan_requantize,
    accumulate=accumulate,
    finish=finish_wrapping,
    rules=follows(**on_microcontrollers("double", has_cmsis_nn=False)),
)
DEQUANTIZE_CODES = Variant(
    "dequantize",
    tuple(f"{x} -> float32" for x in ("int8", "uint8", "int16", "int4", "uint4", "int2")),
    plan_dequantize,
    dequantize,
    gates=ONE_SCALE,
)
DEQUANTIZE_IN_BLOCKS = Variant(
    "blocks",
    tuple(f"{x} -> float32" for x in ("int8", "uint8", "int4", "uint4")),
    plan_dequantize,
    dequantize_in_blocks,
    rules=follows(optimized=""),
    gates={"optimized": is_whole("x")},
)
TAKEN = Variant(  # in blocks of its own, but of the same bits
    "dequantize",
    tuple(f"{x} -> float32" for x in BYTES),
    plan_dequantize,
    dequantize,
    rules=follows(xnnpack=""),
    gates={"xnnpack": unary()},
)
WIDEN = Variant("widen", ("float16 -> float32",), plan_nothing, widen)

QUANTIZE_VARIANTS = (
    QUANTIZE_REALS,
    IN_BLOCKS,
    SATURATING,
    REQUANTIZE,
    REQUANTIZE_IN_BLOCKS,
    TO_SAME_TYPE,
    TO_INT32,
    UNCHANGED,
)
QUANTIZE = Op("QUANTIZE", "x[...] -> y[...]", QuantizeOptions, QUANTIZE_VARIANTS)
DEQUANTIZE_VARIANTS = (DEQUANTIZE_CODES, DEQUANTIZE_IN_BLOCKS, TAKEN, WIDEN, UNCHANGED)
DEQUANTIZE = Op("DEQUANTIZE", "x[...] -> y[...]", DequantizeOptions, DEQUANTIZE_VARIANTS)
OPS = (QUANTIZE, DEQUANTIZE)
