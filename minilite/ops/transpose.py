"""TRANSPOSE:  y = x with its axes in another order: axis i of y is axis permutation[i] of x

Follows tflite/kernels/transpose.cc.
"""

from collections.abc import Sequence
from typing import NamedTuple

from minilite.format.options.empty import TransposeOptions

from .call import Array, Call
from .element_types import UP_TO_64_BITS
from .op import Op, Variant
from .signature import Shape

MAX_RANK = 8


class Plan(NamedTuple):
    """The axis of the input that each axis of the output is."""

    permutation: tuple[int, ...]


def plan_transpose(call: Call[TransposeOptions]) -> Plan:
    given, rank = call.integers("permutation", ("int32",)), len(call["x"].shape)
    in_range = all(-rank <= axis < rank for axis in given)
    is_permutation = in_range and sorted(axis % rank for axis in given) == list(range(rank))
    call.require_value("permutation", is_permutation, f"{list(given)} is no permutation of {rank} axes")
    return Plan(tuple(axis % rank for axis in given))


def transpose(plan: Plan, x: Array) -> Array:
    return x.transpose(plan.permutation).copy()


def shapes(call: Call[TransposeOptions]) -> Sequence[Shape]:
    x, given = call["x"].shape, call["permutation"].shape
    call.require(len(x) <= MAX_RANK, f"at most {MAX_RANK} dimensions expected")
    call.require(given == (len(x),), f"the permutation must have shape [{len(x)}], got {list(given)}")
    return [tuple(x[axis] for axis in plan_transpose(call).permutation)]


TRANSPOSE = Op(
    "TRANSPOSE",
    "x[...] permutation=int[r] -> y[...]",
    TransposeOptions,
    variants=(Variant("transpose", (*UP_TO_64_BITS, "int4", "uint4"), plan_transpose, transpose),),
    shapes=shapes,
)
OPS = (TRANSPOSE,)
