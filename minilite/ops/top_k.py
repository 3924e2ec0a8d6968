"""TOPK_V2:  y = the k greatest elements along the last axis, from the greatest; indices says where they were
CUMSUM:   y[k] = x[0] + ... + x[k] along an axis; exclusive leaves out x[k], reverse starts from the end

TOPK_V2: among equal elements the one in front comes first; NaN comes last.
CUMSUM: floats are added one by one, from 0, every sum rounded; integers keep the low bits. int8, microcontrollers: see
ops/micro_sums.py.
Follows tflite/kernels/topk_v2.cc and cumsum.cc; tensorflow/lite/micro/kernels/cumsum.cc.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.arithmetic import CumsumOptions
from minilite.format.options.empty import TopKV2Options

from . import micro_sums
from .call import Array, Call
from .op import Op, Variant, follows, on_microcontrollers
from .reads import whole_row
from .signature import Shape


class TopPlan(NamedTuple):
    """How many, and the type of the indices."""

    count_of_each: int
    dtype: np.dtype[Any]


def _count(call: Call[TopKV2Options]) -> int:
    numbers = call.integers("k", ("int32", "int16"))
    call.require(len(numbers) == 1, f"one number k expected, got {len(numbers)}")
    return max(numbers[0], 0)


def plan_top(call: Call[TopKV2Options]) -> TopPlan:
    dtype, length, count = call["indices"].dtype, call["x"].shape[-1], _count(call)
    fits = length <= np.iinfo(dtype).max or count == 0
    call.require(fits, f"{length} elements are more than {dtype} indices can count")
    return TopPlan(count, dtype)


def top_k(plan: TopPlan, x: Array) -> tuple[Array, Array]:
    falling = -x if x.dtype.kind == "f" else ~x  # the complement reverses the order of integers
    order = np.argsort(falling, axis=-1, kind="stable")[..., : plan.count_of_each]
    return np.take_along_axis(x, order, axis=-1), order.astype(plan.dtype)


def top_shapes(call: Call[TopKV2Options]) -> Sequence[Shape]:
    x, count = call["x"].shape, _count(call)
    call.require(bool(x), "x must have an axis at least")
    call.require_value("k", count <= x[-1], f"k is {count}, the last axis has {x[-1]} elements")
    return [(*x[:-1], count)] * 2


class CumsumPlan(NamedTuple):
    """Along which axis, and how."""

    axis: int
    exclusive: bool
    reverse: bool


def plan_cumsum(call: Call[CumsumOptions]) -> CumsumPlan:
    numbers, rank, options = call.integers("axis", ("int32",)), len(call["x"].shape), call.options
    call.require(rank > 0, "x must have an axis at least")
    call.require(len(numbers) == 1, f"one axis expected, got {len(numbers)}")
    call.require_value("axis", -rank <= numbers[0] < rank, f"axis {numbers[0]} is out of range for {rank} dimensions")
    return CumsumPlan(numbers[0] % rank, options.exclusive, options.reverse)


def cumsum(plan: CumsumPlan, x: Array) -> Array:
    return _add_up(plan, x, 0)


def _add_up(plan: CumsumPlan, x: Array, first: int) -> Array:
    """Sums along the axis, `first` added to all of them."""
    along = np.moveaxis(x, plan.axis, 0)
    if plan.reverse:
        along = along[::-1]
    start = np.full_like(along[:1], first)
    sums = np.add.accumulate(np.concatenate([start, along]), axis=0, dtype=x.dtype)
    sums = sums[: len(along)] if plan.exclusive else sums[1:]
    return np.ascontiguousarray(np.moveaxis(sums[::-1] if plan.reverse else sums, 0, plan.axis))


class CodesPlan(NamedTuple):
    """Along which axis, and the constants of the sums."""

    along: CumsumPlan
    sums: micro_sums.SumPlan


def plan_codes(call: Call[CumsumOptions]) -> CodesPlan:
    return CodesPlan(plan_cumsum(call), micro_sums.plan_sum(call, call["x"]))


def accumulate_codes(plan: CodesPlan, x: Array) -> Array:
    return _add_up(plan.along, micro_sums.steps(plan.sums, x), -plan.sums.x_zero)


def finish_codes(plan: CodesPlan, accumulators: Array) -> Array:
    return micro_sums.finish(plan.sums, accumulators)


def cumsum_shapes(call: Call[CumsumOptions]) -> Sequence[Shape]:
    return [call["x"].shape]


SORTED = ("float32", "int8", "uint8", "int16", "int32", "int64")
TOP_TYPES = tuple(f"{kind} -> {kind} {index}" for kind in SORTED for index in ("int32", "int16"))
SUMS_OF_CODES = Variant(
    "sums of codes",
    ("int8",),
    plan_codes,
    accumulate=accumulate_codes,
    finish=finish_codes,
    rules=follows(**on_microcontrollers("double", has_cmsis_nn=False)),
)
OPS = (
    Op(
        "TOPK_V2",
        "x[...] k=int[?] -> y[...] indices[...]",
        TopKV2Options,
        (Variant("top k", TOP_TYPES, plan_top, top_k),),
        top_shapes,
        reads=whole_row,
    ),
    Op(
        "CUMSUM",
        "x[...] axis=int[?] -> y[...]",
        CumsumOptions,
        (Variant("sums", ("float32", "int32", "int64"), plan_cumsum, cumsum), SUMS_OF_CODES),
        cumsum_shapes,
    ),
)
