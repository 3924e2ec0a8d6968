"""PRELU:  y = x where x >= 0, else alpha * x, with alpha stretched to the shape of x

int8, uint8, int16 (with int8 alpha):
    acc = x - x_zero                                m = x_scale / y_scale
    acc = (x - x_zero) * (alpha - alpha_zero)       m = x_scale * alpha_scale / y_scale, below 0
    y   = clamp(y_zero + rescale(acc))              (eq. 6)

Follows tflite/kernels/activations.cc and internal/reference/prelu.h.
Rescale rule: reference double, microcontrollers double or single. The multipliers are formed in float32, from left to
right, on microcontrollers in float64 (tensorflow/lite/micro/kernels/prelu_common.cc).
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.affine import Range, code_range
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.rescale import Rescale, make_rescale

from .broadcast import broadcast
from .call import Array, Call
from .op import Op, Staged, Variant, follows, on_microcontrollers, plan_nothing
from .rectifiers import ratio
from .signature import Shape


class Plan(NamedTuple):
    """The constants of a quantized node."""

    x_zero: int
    alpha_zero: int
    y_zero: int
    above: Rescale
    below: Rescale
    codes: Range
    dtype: np.dtype[Any]


def shapes(call: Call[None]) -> list[Shape]:
    stretched = list(broadcast(call))
    call.require(stretched == [call["x"].shape], "alpha does not stretch to the shape of x")
    return stretched


def plan_quantized(call: Call[None], real_type: type[np.floating[Any]] = np.float32) -> Plan:
    """`real_type` is the one that the multipliers are formed in."""
    x, alpha, y = call["x"], call["alpha"], call["y"]
    above = make_rescale(call.rule, ratio(call, real_type(1)))
    below = make_rescale(call.rule, ratio(call, real_type(alpha.scale)))
    return Plan(x.zero_point, alpha.zero_point, y.zero_point, above, below, code_range(y.dtype), y.dtype)


def compute_quantized(plan: Plan, x: Array, alpha: Array) -> Staged:
    value, factor = x.astype(np.int64) - plan.x_zero, alpha.astype(np.int64) - plan.alpha_zero
    product = value * factor
    above, below = plan.above(value), plan.below(product)
    steps = np.where(value >= 0, above, below)
    codes = plan.codes.clamp(wrap_int32(steps + plan.y_zero))
    stages = {
        "x - x_zero": value,
        "times (alpha - alpha_zero)": product,
        "for x of 0 and more": above,
        "for x below 0": below,
        "in steps of y": steps,
        "clamp": codes,
    }
    return Staged(np.asarray(codes, plan.dtype), stages)


def compute_float(plan: None, x: Array, alpha: Array) -> Array:
    return np.where(x >= 0, x, x * alpha)


PRELU = Op(
    "PRELU",
    "x[...] alpha[...] -> y[...]",
    None,
    (
        Variant("float", ("float32",), plan_nothing, compute_float),
        Variant(
            "quantized",
            ("int8", "uint8", "int16 int8 -> int16"),
            plan_quantized,
            compute_quantized,
            rules=follows(reference="double"),
        ),
        Variant(
            "quantized",
            ("int8", "int16 int8 -> int16"),
            partial(plan_quantized, real_type=np.float64),
            compute_quantized,
            rules=follows(**on_microcontrollers("double", has_cmsis_nn=False)),
        ),
    ),
    shapes=shapes,
)
OPS = (PRELU,)
