"""EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL:  y = a < b and so on, operands stretched to one shape

Values without scales, and strings, are compared as they are. Codes are first brought to a scale of 2**-8:
    y = rescale((a - a_zero) * 2**8) < rescale((b - b_zero) * 2**8)      m = a_scale,  b_scale         (eq. 10)
Only eight fractional bits remain: values that differ by less than 1/256 can compare equal, and equal ones differ.

Follows tflite/kernels/comparisons.cc and internal/reference/comparisons.h.
Rescale rule: reference double.
"""

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options import empty
from minilite.format.table import Table

from .broadcast import broadcast
from .call import Array, Call
from .common_scale import Term, make_term, to_common_scale
from .op import Op, Staged, Variant, follows, on_microcontrollers, plan_nothing

MORE_BITS = 8
COMMON_SCALE = np.float64(1)
Relation = Callable[[Array, Array], Array]


class Plan(NamedTuple):
    """The constants of a node that compares codes."""

    a: Term
    b: Term


def plan_codes(call: Call[Any]) -> Plan:
    for name in ("a", "b"):
        label, scale = call[name].tensor.label, call[name].scale
        call.require(bool(scale < 1), f"{label}: scale {scale} is not below 1, as codes need here")
    return Plan(make_term(call, "a", COMMON_SCALE), make_term(call, "b", COMMON_SCALE))


def make_variants(relation: Relation, plain: tuple[str, ...], codes: tuple[str, ...]) -> tuple[Variant, ...]:
    """The variants of one relation. int16 is compared as codes when it has a scale, where codes may be int16."""

    def compare(plan: None, a: Array, b: Array) -> Array:
        return np.asarray(relation(a, b), np.bool_)

    def compare_codes(plan: Plan, a: Array, b: Array) -> Staged:
        a, b = to_common_scale(plan.a, a, MORE_BITS), to_common_scale(plan.b, b, MORE_BITS)
        y = np.asarray(relation(a, b))
        return Staged(y, {"a in steps of 2**-8": a, "b in steps of 2**-8": b, "compared": y})

    return (
        Variant("plain", _to_bool(plain), plan_nothing, compare),
        Variant("codes", _to_bool(codes), plan_codes, compare_codes, rules=DOUBLE),
    )


def _to_bool(kinds: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{kind} {kind} -> bool" for kind in kinds)


DOUBLE = follows(reference="double", **on_microcontrollers("double", has_cmsis_nn=False))
ORDERED = ("float32", "float16", "int16", "int32", "int64")
SAME = ("bool", "float32", "float16", "int32", "int64", "string")
RELATIONS: tuple[tuple[str, Relation, type[Table], tuple[str, ...], tuple[str, ...]], ...] = (
    ("EQUAL", operator.eq, empty.EqualOptions, SAME, ("int8", "uint8", "int16")),
    ("NOT_EQUAL", operator.ne, empty.NotEqualOptions, SAME, ("int8", "uint8", "int16")),
    ("LESS", operator.lt, empty.LessOptions, ORDERED, ("int8", "uint8")),
    ("LESS_EQUAL", operator.le, empty.LessEqualOptions, ORDERED, ("int8", "uint8")),
    ("GREATER", operator.gt, empty.GreaterOptions, ORDERED, ("int8", "uint8")),
    ("GREATER_EQUAL", operator.ge, empty.GreaterEqualOptions, ORDERED, ("int8", "uint8")),
)
OPS = tuple(
    Op(code, "a[...] b[...] -> y[...]", options, make_variants(relation, plain, codes), shapes=broadcast)
    for code, relation, options, plain, codes in RELATIONS
)
