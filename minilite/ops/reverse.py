"""REVERSE_V2:        y = x with the order along some neighbouring axes turned round
REVERSE_SEQUENCE:  y = x with the first lengths[b] elements along seq_dim turned round, for each b along batch_dim

Follows tflite/kernels/reverse.cc and reverse_sequence.cc.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minilite.format.options.empty import ReverseV2Options
from minilite.format.options.shape import ReverseSequenceOptions

from .call import Array, Call
from .indices import Guard, guard
from .op import Op, Variant
from .signature import Shape

MAX_RANK = 8


class Plan(NamedTuple):
    """The axes turned round."""

    axes: tuple[int, ...]


def plan_reverse(call: Call[ReverseV2Options]) -> Plan:
    rank, given = len(call["x"].shape), call.integers("axes", ("int32",))
    call.require(rank <= MAX_RANK, f"at most {MAX_RANK} dimensions expected")
    call.require(len(given) > 0, "an axis to reverse is needed")
    fits = all(-rank <= axis < rank for axis in given)
    call.require_value("axes", fits, f"axes {list(given)} are out of range for {rank} dimensions")
    axes = tuple(sorted(axis % rank for axis in given))
    neighbours = axes == tuple(range(axes[0], axes[0] + len(axes)))
    call.require_value("axes", neighbours, f"axes {list(given)} must be neighbours, each named once")
    return Plan(axes)


def reverse(plan: Plan, x: Array) -> Array:
    return np.flip(x, plan.axes).copy()


def reverse_shapes(call: Call[ReverseV2Options]) -> Sequence[Shape]:
    return [call["x"].shape]


class SequencePlan(NamedTuple):
    """The axes of time and of the batch, and whose the lengths are."""

    sequence: int
    batch: int
    guard: Guard


def plan_sequence(call: Call[ReverseSequenceOptions]) -> SequencePlan:
    x, options = call["x"].shape, call.options
    for name, axis in (("seq_dim", options.seq_dim), ("batch_dim", options.batch_dim)):
        call.require(0 <= axis < len(x), f"option {name} is {axis}, expected 0 to {len(x) - 1}")
    call.require(options.seq_dim != options.batch_dim, f"options seq_dim and batch_dim are both {options.seq_dim}")
    lengths = call["lengths"].shape[0]
    call.require(lengths == x[options.batch_dim], f"{x[options.batch_dim]} lengths expected, got {lengths}")
    return SequencePlan(options.seq_dim, options.batch_dim, guard(call, "lengths"))


def reverse_sequence(plan: SequencePlan, x: Array, lengths: Array) -> Array:
    times = np.arange(x.shape[plan.sequence])
    plan.guard.check(lengths, len(times) + 1)
    ends = lengths.astype(np.int64)[:, None]
    places = np.where(times < ends, ends - 1 - times, times)  # [batch, time]
    shape = [1] * x.ndim
    shape[plan.batch], shape[plan.sequence] = places.shape
    places = places if plan.batch < plan.sequence else places.T
    return np.take_along_axis(x, places.reshape(shape), plan.sequence)


def sequence_shapes(call: Call[ReverseSequenceOptions]) -> Sequence[Shape]:
    return [call["x"].shape]


ELEMENTS = ("float32", "float16", "bool", "int8", "uint8", "int16", "int32", "int64")
SEQUENCES = tuple(
    f"{kind} {index} -> {kind}"
    for kind in ("float32", "uint8", "int16", "int32", "int64")
    for index in ("int32", "int64")
)
OPS = (
    Op(
        "REVERSE_V2",
        "x[...] axes=int[k] -> y[...]",
        ReverseV2Options,
        (Variant("reverse", ELEMENTS, plan_reverse, reverse),),
        reverse_shapes,
    ),
    Op(
        "REVERSE_SEQUENCE",
        "x[...] lengths[b] -> y[...]",
        ReverseSequenceOptions,
        (Variant("reverse", SEQUENCES, plan_sequence, reverse_sequence),),
        sequence_shapes,
    ),
)
