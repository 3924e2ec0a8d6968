"""ADD_N:  y = x_1 + x_2 + ... , operands of one shape, added from first to last

float32: every sum rounded, infinite ones become the largest float; on microcontrollers from 0 on, and infinite ones
stay. int32: wrapping around. int8, microcontrollers: see ops/micro_sums.py; all operands of one quantization.

Follows tflite/kernels/add_n.cc and AddN in internal/optimized/optimized_ops.h, on one thread;
tensorflow/lite/micro/kernels/add_n.cc.
"""

import numpy as np

from minilite.format.options.empty import AddNOptions
from minilite.numerics.activation import NONE, activation_limits
from minilite.numerics.affine import Range

from . import micro_sums
from .call import Array, Call
from .op import MICROCONTROLLERS, REFERENCE, Op, Variant, follows, on_microcontrollers, plan_nothing
from .signature import Shape


def shapes(call: Call[AddNOptions]) -> list[Shape]:
    terms = call.every("x")
    call.require(len(terms) >= 2, "two operands or more are expected")
    call.require(len({term.shape for term in terms}) == 1, "all operands must have the same shape")
    return [terms[0].shape]


def plan(call: Call[AddNOptions]) -> Range:
    return activation_limits(NONE, call["y"].dtype)


def add(limits: Range, *terms: Array) -> Array:
    total = terms[0]
    for term in terms[1:]:
        total = limits.clamp(np.asarray(total + term))
    return total


def add_from_zero(plan: None, *terms: Array) -> Array:
    total = np.zeros_like(terms[0])
    for term in terms:
        total = total + term
    return total


def plan_codes(call: Call[AddNOptions]) -> micro_sums.SumPlan:
    first, *others = call.every("x")
    for other in others:
        call.require_same_quantization(first, other)
    return micro_sums.plan_sum(call, first)


def accumulate(plan: micro_sums.SumPlan, *terms: Array) -> Array:
    return np.asarray(sum(micro_sums.steps(plan, term) for term in terms) - plan.x_zero)


VARIANTS = (
    Variant("plain", ("float32", "int32"), plan, add, rules=REFERENCE),
    Variant("from zero", ("float32",), plan_nothing, add_from_zero, rules=MICROCONTROLLERS),
    Variant(
        "codes",
        ("int8",),
        plan_codes,
        accumulate=accumulate,
        finish=micro_sums.finish,
        rules=follows(**on_microcontrollers("double", has_cmsis_nn=False)),
    ),
)
ADD_N = Op("ADD_N", "x[...]* -> y[...]", AddNOptions, VARIANTS, shapes=shapes)
OPS = (ADD_N,)
