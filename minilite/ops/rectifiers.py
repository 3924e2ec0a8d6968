"""Rectifiers, each an op of its own:
    RELU          y = max(x, 0)                RELU6         y = min(max(x, 0), 6)
    RELU_N1_TO_1  y = min(max(x, -1), 1)       RELU_0_TO_1   y = min(max(x, 0), 1)
    LEAKY_RELU    y = x where x > 0, else alpha * x

int8, uint8, int16 (RELU_N1_TO_1, RELU_0_TO_1: int8, uint8):
    acc = x - x_zero
    y   = clamp(y_zero + rescale(acc))                          m = x_scale / y_scale            (eq. 6, 7)
The range clamped to is that of the limits' codes; LEAKY_RELU has none, but for acc < 0 m = x_scale * alpha / y_scale.

Follows tflite/kernels/activations.cc, ReluX in internal/reference/reference_ops.h, internal/reference/leaky_relu.h.
RELU6 of microcontrollers rescales nothing: y has the codes of x, clamped between those of 0 and 6 in x
(tensorflow/lite/micro/kernels/activations_common.cc).
LEAKY_RELU of XNNPACK: src/qs8-vlrelu, x_scale / y_scale is formed first and then multiplied by alpha.
Rescale rule: reference double, xnnpack 256ths, microcontrollers double or single. Multipliers are formed in float32; a
negative alpha's as its magnitude, then negated, but for XNNPACK and for int16 of the optimized set.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.activation import LeakyReluOptions
from minilite.numerics.activation import codes_between
from minilite.numerics.affine import Range, code_range
from minilite.numerics.rescale import Rescale, make_rescale

from .call import Array, Call
from .delegate import are_normal
from .delegate_floats import delegated_function
from .delegate_plain import RATIO_FITS, bounded, unary
from .finish import finish
from .op import MICROCONTROLLERS, Op, Staged, Variant, follows, on_microcontrollers

LARGEST_STEPS = 2.0**31  # a limit, in steps of y, must fit 32 bits


class Plan(NamedTuple):
    """The constants of a quantized node."""

    x_zero: int
    y_zero: int
    rescale: Rescale
    codes: Range
    dtype: np.dtype[Any]


def accumulate(plan: Any, x: Array) -> Array:
    return np.asarray(x.astype(np.int64) - plan.x_zero)


def ratio(call: Call[Any], factor: np.floating[Any]) -> np.float64:
    """x_scale * factor / y_scale, rounded to the type of `factor` twice. Raises ModelError unless it is finite."""
    real_type = type(factor)
    real = np.float64(real_type(call["x"].scale) * factor / real_type(call["y"].scale))
    call.require(bool(np.isfinite(real)), "the multiplier x_scale / y_scale is not a finite number")
    return real


def zero_points(call: Call[Any]) -> tuple[int, int]:
    """The zero points of x and y. Raises ModelError unless those of int16 are 0."""
    if call["x"].dtype == np.int16:
        call.require_symmetric("x", "y")
    return call["x"].zero_point, call["y"].zero_point


def rectifier(code: str, low: float, high: float | None, types: tuple[str, ...]) -> Op:
    """The op that clamps real values to [low, high]; no upper limit where `high` is None."""
    reals = Range(np.float32(low), np.float32(np.inf if high is None else high))

    def plan_codes(call: Call[None]) -> Plan:
        y = call["y"]
        steps = max(abs(low), abs(high or 0)) / np.float64(y.scale)
        call.require(bool(steps < LARGEST_STEPS), f"y_scale {y.scale:.6g} is too small for the limits of {code}")
        codes = codes_between(low, high, y.scale, y.zero_point, y.dtype)
        return Plan(*zero_points(call), make_rescale(call.rule, ratio(call, np.float32(1))), codes, y.dtype)

    def plan_input_codes(call: Call[None]) -> Range:
        x = call["x"]
        return codes_between(low, high, x.scale, x.zero_point, x.dtype)

    on_micro = on_microcontrollers("double", has_cmsis_nn=False) if high is None else {}
    double = follows(reference="double", **on_micro)
    clamped = Variant("clamped codes", types, plan_input_codes, clamp_codes, rules=MICROCONTROLLERS)
    variants = (
        Variant("float", ("float32",), lambda call: reals, Range.clamp),
        *([] if code == "RELU_0_TO_1" else [delegated_function(reals.clamp, "float32")]),  # which XNNPACK lacks
        Variant("quantized", types, plan_codes, accumulate=accumulate, finish=finish, rules=double),
        *([clamped] if code == "RELU6" else []),  # RELU rescales on microcontrollers, which lack the others
    )
    return Op(code, "x[...] -> y[...]", None, variants)


def clamp_codes(codes: Range, x: Array) -> Array:
    return np.asarray(codes.clamp(x), x.dtype)


class LeakyPlan(NamedTuple):
    """The constants of a quantized LEAKY_RELU."""

    x_zero: int
    y_zero: int
    above: Rescale
    below: Rescale  # with the magnitude of alpha
    sign: int  # of alpha
    codes: Range
    dtype: np.dtype[Any]


def plan_leaky(call: Call[LeakyReluOptions]) -> LeakyPlan:
    alpha, dtype = np.float32(call.options.alpha), call["y"].dtype
    above = make_rescale(call.rule, ratio(call, np.float32(1)))
    below = make_rescale(call.rule, ratio(call, np.abs(alpha)))
    return LeakyPlan(*zero_points(call), above, below, -1 if alpha < 0 else 1, code_range(dtype), dtype)


def plan_leaky_signed(call: Call[LeakyReluOptions]) -> LeakyPlan:
    """The lower multiplier has the sign of alpha."""
    alpha, dtype = np.float32(call.options.alpha), call["y"].dtype
    above, below = (make_rescale(call.rule, ratio(call, factor)) for factor in (np.float32(1), alpha))
    return LeakyPlan(*zero_points(call), above, below, 1, code_range(dtype), dtype)


def plan_leaky_256ths(call: Call[LeakyReluOptions]) -> LeakyPlan:
    """The scales are divided first, and the lower multiplier has the sign of alpha."""
    dtype = call["y"].dtype
    above, below = leaky_ratios(call)
    rescales = make_rescale(call.rule, np.float64(above)), make_rescale(call.rule, np.float64(below))
    return LeakyPlan(*zero_points(call), *rescales, 1, code_range(dtype), dtype)


def leaky_ratios(call: Call[LeakyReluOptions]) -> tuple[np.float32, np.float32]:
    """x_scale / y_scale, and the same times alpha, in float32."""
    positive = np.float32(call["x"].scale / call["y"].scale)
    return positive, positive * np.float32(call.options.alpha)


def has_normal_alpha(call: Call[LeakyReluOptions]) -> str:
    """The delegate refuses an alpha that is 0, subnormal or not finite."""
    alpha = np.float32(call.options.alpha)
    return "" if are_normal(np.abs(alpha)) else f"alpha is {alpha:g}"


LEAKY_GATE = unary(
    has_normal_alpha,
    RATIO_FITS,
    bounded("|alpha| * x_scale / y_scale", lambda call: np.abs(leaky_ratios(call)[1]), 2.0**-8, 2.0**7, and_high=True),
    bounded("alpha * x_scale / y_scale", lambda call: leaky_ratios(call)[1], -127.99609375, 2.0**7, and_high=True),
)


def finish_leaky(plan: LeakyPlan, accumulators: Array) -> Staged:
    above, below = plan.above(accumulators), plan.below(accumulators)
    scaled = np.where(accumulators >= 0, above, plan.sign * below)
    codes = plan.codes.clamp(scaled + plan.y_zero)
    stages = {"for x of 0 and more": above, "for x below 0": below, "in steps of y": scaled, "clamp": codes}
    return Staged(np.asarray(codes, plan.dtype), stages)


def leaky(alpha: np.float32, x: Array) -> Array:
    return np.where(x > 0, x, x * alpha)


BYTES, CODES = ("int8", "uint8"), ("int8", "uint8", "int16")
LEAKY_RELU = Op(
    "LEAKY_RELU",
    "x[...] -> y[...]",
    LeakyReluOptions,
    (
        Variant("float", ("float32",), lambda call: np.float32(call.options.alpha), leaky),
        Variant(
            "quantized",
            CODES,
            plan_leaky,
            accumulate=accumulate,
            finish=finish_leaky,
            rules=follows(reference="double", **on_microcontrollers("double", has_cmsis_nn=False)),
        ),
        Variant(
            "signed",
            ("int16",),
            plan_leaky_signed,
            accumulate=accumulate,
            finish=finish_leaky,
            rules=follows(optimized="double"),
        ),
        Variant(
            "256ths",
            BYTES,
            plan_leaky_256ths,
            accumulate=accumulate,
            finish=finish_leaky,
            rules=follows(xnnpack="256ths"),
            gates={"xnnpack": LEAKY_GATE},
        ),
    ),
)
OPS = (
    rectifier("RELU", 0, None, CODES),
    rectifier("RELU6", 0, 6, CODES),
    rectifier("RELU_N1_TO_1", -1, 1, BYTES),
    rectifier("RELU_0_TO_1", 0, 1, BYTES),
    LEAKY_RELU,
)
