"""TFLite_Detection_PostProcess with one class for each box, compiled. The definition is minilite/ops/detection.py.

It sorts the boxes by their scores and goes through them. Few are chosen, so here the best of the rest is looked for
again and again instead: of equal scores the first, as a stable sort has it.
"""

import math
from functools import partial
from typing import Any

import numpy as np

from minilite.numerics.jit import kernel
from minilite.ops.call import Array
from minilite.ops.detection import CORNERS, DETECT, Plan, detect, to_reals
from minilite.ops.prepare import Prepared

from .twins import Kernel, Twins, writable

DROPPED = -1  # in place of the class of a box
INSIDE_OUT = -1  # in place of a count: a box ends before it begins


def twin(prepared: Prepared, *constants: Array | None) -> Kernel:
    """The compiled kernel, the definition for several classes of a box and for a suppression in each class."""
    plan: Plan = prepared.plan
    several = plan.regular or plan.classes_per_detection != 1
    return partial(prepared.variant.run if several else fast, plan)


def fast(plan: Plan, boxes: Array, scores: Array, anchors: Array) -> tuple[Array, ...]:
    """The best boxes, their classes and scores, and how many there are."""
    encodings, likely, places = (writable(array) for array in to_reals(plan, boxes, scores, anchors))
    count = plan.detections
    made = np.zeros((1, count, CORNERS), np.float32), np.zeros((1, count), np.float32), np.zeros((1, count), np.float32)
    corners, best = np.empty((len(encodings), CORNERS), np.float32), np.empty(len(encodings), np.int64)
    limits = np.array([plan.score_threshold, plan.overlap_threshold], np.float32)
    outputs = (array[0] for array in made)
    chosen = detect_loop(encodings, likely, places, plan.scales, limits, corners, best, *outputs)
    if chosen == INSIDE_OUT:
        return detect(plan, boxes, scores, anchors)  # which says why not
    return *made, np.array([chosen], np.float32)


@kernel
def detect_loop(
    encodings: Any,
    scores: Any,
    anchors: Any,
    scales: Any,
    limits: Any,
    corners: Any,
    best: Any,
    y_corners: Any,
    y_classes: Any,
    y_scores: Any,
) -> Any:
    """How many boxes are chosen, or INSIDE_OUT; corners[n,4] and best[n] are working memory, limits both thresholds."""
    for box in range(corners.shape[0]):
        decode(encodings[box], anchors[box], scales, corners[box])
        best[box] = best_class(scores[box], limits[0])
        # Corners that are not numbers are not the wrong way round.
        if corners[box, 0] > corners[box, 2] or corners[box, 1] > corners[box, 3]:
            return INSIDE_OUT
    count = 0
    while count < y_scores.shape[0]:
        chosen = DROPPED
        for box in range(corners.shape[0]):
            if best[box] != DROPPED and (chosen == DROPPED or scores[box, best[box]] > scores[chosen, best[chosen]]):
                chosen = box
        if chosen == DROPPED:
            break
        y_corners[count], y_classes[count], y_scores[count] = (
            corners[chosen],
            best[chosen],
            scores[chosen, best[chosen]],
        )
        count += 1
        best[chosen] = DROPPED
        for box in range(corners.shape[0]):
            if best[box] != DROPPED and overlap(corners[chosen], corners[box]) > limits[1]:
                best[box] = DROPPED
    return count


def decode(encoding: Any, anchor: Any, scales: Any, corners: Any) -> None:
    """Corners y_min, x_min, y_max, x_max of a box."""
    for axis in range(2):
        size = np.float64(anchor[2 + axis])
        center = np.float32(encoding[axis] / scales[axis] * size + anchor[axis])
        half = np.float32(0.5 * math.exp(encoding[2 + axis] / scales[2 + axis]) * size)
        corners[axis], corners[2 + axis] = center - half, center + half


def best_class(scores: Any, threshold: Any) -> Any:
    """The first of the highest scores, or of what is not a number; DROPPED below the threshold."""
    best = 0
    for c in range(scores.shape[0]):
        if scores[best] == scores[best] and not scores[c] <= scores[best]:
            best = c
    return best if scores[best] >= threshold else DROPPED


def overlap(a: Any, b: Any) -> Any:
    """Intersection over union of two boxes, 0 where an area is not positive."""
    of_a, of_b = (a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1])
    if of_a <= 0 or of_b <= 0:
        return np.float32(0)
    height = np.maximum(np.minimum(a[2], b[2]) - np.maximum(a[0], b[0]), np.float32(0))
    width = np.maximum(np.minimum(a[3], b[3]) - np.maximum(a[1], b[1]), np.float32(0))
    both = height * width
    return both / (of_b + of_a - both)


TWINS: Twins = {DETECT: twin}
