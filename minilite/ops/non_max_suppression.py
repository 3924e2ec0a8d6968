"""NON_MAX_SUPPRESSION_V4, NON_MAX_SUPPRESSION_V5: choose boxes from the best score down, leaving out what overlaps

boxes are two opposite corners [y, x, y, x] each, scores one number each. A candidate is a box whose score is above
score_threshold. The best one is taken from a queue; with
    iou = area of the intersection with a chosen box / area of the union         0 where a box has no area
it is dropped when iou >= iou_threshold for any box chosen before, else chosen. V5 with sigma > 0 first lowers the
score of a candidate for every box chosen since it was last looked at, from the last chosen to the first,
    score = score * exp(-0.5 / sigma * iou * iou)
and puts it back into the queue when that changed it. A chosen box stays in the queue as well: without an area it
overlaps nothing, not even itself, and is chosen again and again. Of equal scores, the order of a binary heap decides.
All in float32. The outputs have room for max_output boxes; what is not used is 0.

Follows tflite/kernels/non_max_suppression.cc and internal/reference/non_max_suppression.h.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.errors import InputError
from minilite.format.options.empty import NonMaxSuppressionV4Options, NonMaxSuppressionV5Options
from minilite.numerics.boxes import MaxHeap, intersection_over_union
from minilite.numerics.libm import exp

from .call import Array, Call
from .op import Op, Variant
from .signature import Shape


class Plan(NamedTuple):
    """Room for how many boxes, and which node it is."""

    most: int
    where: str


class Candidate(NamedTuple):
    """A box in the queue: its score so far, and how many chosen boxes it has been compared with."""

    score: np.float32
    box: int
    compared: int


def plan_boxes(call: Call[Any]) -> Plan:
    return Plan(_most(call), call.node.label)


def suppress(plan: Plan, boxes: Array, scores: Array, iou_limit: Array, score_limit: Array) -> tuple[Array, Array]:
    chosen, _ = _choose(plan.most, boxes, scores, (iou_limit[()], score_limit[()], np.float32(0)))
    return _padded(chosen, plan.most, np.int32), np.array(len(chosen), np.int32)


def suppress_softly(
    plan: Plan, boxes: Array, scores: Array, iou_limit: Array, score_limit: Array, sigma: Array
) -> tuple[Array, Array, Array]:
    if sigma < 0:
        raise InputError(f"{plan.where}: sigma is {sigma}, it must not be negative")
    chosen, found = _choose(plan.most, boxes, scores, (iou_limit[()], score_limit[()], sigma[()]))
    made = _padded(chosen, plan.most, np.int32), _padded(found, plan.most, np.float32)
    return (*made, np.array(len(chosen), np.int32))


def _choose(most: int, boxes: Array, scores: Array, limits: tuple[Any, Any, Any]) -> tuple[list[int], list[np.float32]]:
    iou_limit, score_limit, sigma = limits
    queue = MaxHeap([Candidate(scores[index], int(index), 0) for index in np.flatnonzero(scores > score_limit)])
    room = min(len(queue), most)
    scale = np.float32(-0.5 / float(sigma)) if sigma > 0 else np.float32(0)
    chosen: list[int] = []
    found: list[np.float32] = []
    while len(chosen) < room and len(queue):
        best = queue.pop()
        overlaps = intersection_over_union(boxes[best.box], boxes[chosen[best.compared :]])[::-1]
        too_close = np.flatnonzero(overlaps >= iou_limit)
        score = best.score
        if sigma > 0:
            score, seen = _lowered(score, overlaps, scale, score_limit)
            too_close = too_close[too_close < seen]
        if len(too_close):
            continue
        if score == best.score:
            chosen.append(best.box)
            found.append(score)
        if score > score_limit:
            queue.push(Candidate(score, best.box, len(chosen) - int(score == best.score)))
    return chosen, found


def _lowered(score: np.float32, overlaps: Array, scale: np.float32, limit: np.float32) -> tuple[np.float32, int]:
    """The score after all overlaps, and how many of them were looked at before it fell to the limit."""
    for seen, factor in enumerate(exp(scale * overlaps * overlaps)):
        score = np.float32(score * factor)
        if score <= limit:
            return score, seen + 1
    return score, len(overlaps)


def _padded(values: Sequence[int] | Sequence[np.float32], length: int, dtype: type) -> Array:
    room: Array = np.zeros(length, dtype)
    room[: len(values)] = values
    return room


def _most(call: Call[Any]) -> int:
    numbers = call.integers("max_output", ("int32",))
    call.require(call["max_output"].shape == (), "max_output must be one number")
    call.require_value("max_output", numbers[0] >= 0, f"max_output is {numbers[0]}, it must not be negative")
    return numbers[0]


def shapes(call: Call[Any]) -> Sequence[Shape]:
    sides = call["boxes"].shape[1]
    call.require(sides == 4, f"boxes must have 4 numbers each, got {sides}")
    return [(_most(call),), ()] if len(call.signature.outputs) == 2 else [(_most(call),), (_most(call),), ()]


INPUTS = "boxes[n,c] scores[n] max_output=int[] iou_limit[] score_limit[]"
HARD = Variant("hard", ("float32 float32 float32 float32 -> int32 int32",), plan_boxes, suppress)
SOFT = Variant("soft", ("float32 float32 float32 float32 float32 -> int32 float32 int32",), plan_boxes, suppress_softly)
OPS = (
    Op(
        "NON_MAX_SUPPRESSION_V4",
        f"{INPUTS} -> indices[...] valid[]",
        NonMaxSuppressionV4Options,
        (HARD,),
        shapes,
    ),
    Op(
        "NON_MAX_SUPPRESSION_V5",
        f"{INPUTS} sigma[] -> indices[...] scores[...] valid[]",
        NonMaxSuppressionV5Options,
        (SOFT,),
        shapes,
    ),
)
