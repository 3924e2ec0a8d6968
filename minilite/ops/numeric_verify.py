"""NumericVerify, a custom op of debugging models:  y = x_scale * (x - x_zero) - reference                      (eq. 1)

With log_if_failed and a tolerance of 0.1 or more, a difference over tolerance * x_scale ends the run.
Follows tflite/kernels/numeric_verify.cc.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.errors import InputError
from minilite.format.flexbuffer import read_map
from minilite.numerics.affine import Affine

from .call import Array, Call
from .op import Op, Variant
from .quantize import plan_dequantize

SMALLEST_TOLERANCE = 0.1


class Plan(NamedTuple):
    """The constants of a node. `largest` difference allowed; None for any."""

    label: str
    affine: Affine | None
    largest: np.float32 | None


def plan(call: Call[Any]) -> Plan:
    options = read_map(call.node.custom_options, call.node.label)
    call.require(call["x"].shape == call["reference"].shape, "x and the reference must have the same shape")
    tolerance, strict = options.real("tolerance"), options.flag("log_if_failed", False)
    affine = None if call["x"].dtype == np.float16 else plan_dequantize(call)
    scale = np.float32(0) if affine is None else affine.scale.flat[0]
    checks = strict and float(tolerance) >= SMALLEST_TOLERANCE
    return Plan(call.node.label, affine, tolerance * scale if checks else None)


def verify(plan: Plan, x: Array, reference: Array) -> Array:
    reals = x.astype(np.float32) if plan.affine is None else np.asarray(plan.affine.to_real(x), np.float32)
    difference: Array = reals - reference
    if plan.largest is not None:
        wrong = np.abs(difference) > plan.largest
        if wrong.any():
            place = tuple(int(number) for number in np.argwhere(wrong)[0])
            raise InputError(
                f"{plan.label}: {reals[place]} at {list(place)} differs from the reference {reference[place]} "
                f"by more than {plan.largest}"
            )
    return difference


OPS = (
    Op(
        "NumericVerify",
        "x[...] reference[...] -> y[...]",
        None,
        (
            Variant(
                "verify",
                tuple(f"{kind} float32 -> float32" for kind in ("int8", "uint8", "int16", "float16")),
                plan,
                verify,
            ),
        ),
    ),
)
