"""TFLite_Detection_PostProcess, a custom op: from box encodings and class scores to the best boxes

    y_center = y / y_scale * anchor_h + anchor_y        half_height = exp(h / h_scale) * anchor_h / 2      float64
    box      = y_center - half_height, x_center - half_width, y_center + half_height, x_center + half_width
Non-maximum suppression goes through the boxes from the best score to the worst, of those with score >= threshold, and
drops a box whose intersection with a chosen one, over their union, exceeds the threshold.
    fast:    once, a box has the score of its best class; every chosen box is given with its best classes
    regular: for each class; the best of all chosen pairs of box and class are given
The count says how many boxes are chosen. What follows them is unspecified after fast suppression, 0 here.

uint8 boxes and anchors: each float32 step is rounded. uint8 scores: by groups of eight, see numerics/dequantize.py.
Follows tflite/kernels/detection_postprocess.cc, with one thread.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.errors import InputError
from minilite.format.flexbuffer import read_map
from minilite.numerics.dequantize import by_eights, in_float32
from minilite.numerics.libm import exp
from minilite.numerics.partial_sort import largest_first

from .call import Array, Call, Operand
from .op import Op, Variant
from .signature import Shape

CORNERS = 4
DETECTIONS_PER_CLASS = 100


class Quantization(NamedTuple):
    """Scale and zero point of an input."""

    scale: np.float32
    zero_point: int


class Plan(NamedTuple):
    """The constants of a node."""

    label: str
    classes: int
    detections: int
    classes_per_detection: int
    detections_per_class: int
    regular: bool
    score_threshold: np.float32
    overlap_threshold: np.float32
    scales: Array  # of y, x, h, w, float64 [4]
    quantization: dict[str, Quantization]  # of the inputs that are codes


def plan(call: Call[Any]) -> Plan:
    options = read_map(call.node.custom_options, call.node.label)
    overlap = options.real("nms_iou_threshold")
    call.require(bool(0 < overlap <= 1), f"option nms_iou_threshold is {overlap}, expected over 0 and at most 1")
    classes, in_file = options.integer("num_classes"), call["scores"].shape[2]
    call.require(classes >= 1, f"option num_classes is {classes}, expected at least 1")
    call.require(in_file - classes in (0, 1), f"option num_classes is {classes}, but there are scores of {in_file}")
    detections, per_detection = _sizes(call)
    per_class = options.integer("detections_per_class", DETECTIONS_PER_CLASS)
    regular = options.flag("use_regular_nms", False)
    call.require(not regular or min(per_class, detections) > 0, "regular suppression needs a detection per class")
    return Plan(
        label=call.node.label,
        classes=classes,
        detections=detections,
        classes_per_detection=per_detection,
        detections_per_class=min(per_class, detections),
        regular=regular,
        score_threshold=options.real("nms_score_threshold"),
        overlap_threshold=overlap,
        scales=np.array([options.real(f"{name}_scale") for name in "yxhw"], np.float64),
        quantization={name: _quantization(call[name]) for name in call.operands if call[name].dtype == np.uint8},
    )


def _quantization(operand: Operand) -> Quantization:
    return Quantization(operand.scale, operand.zero_point)


def _sizes(call: Call[Any]) -> tuple[int, int]:
    options = read_map(call.node.custom_options, call.node.label)
    detections, per_detection = options.integer("max_detections"), options.integer("max_classes_per_detection")
    call.require(detections >= 0, f"option max_detections is {detections}")
    call.require(per_detection >= 1, f"option max_classes_per_detection is {per_detection}, expected at least 1")
    return detections, per_detection


def shapes(call: Call[Any]) -> Sequence[Shape]:
    boxes, anchors = call["boxes"].shape, call["anchors"].shape
    call.require(boxes[0] == 1, f"a batch of 1 expected, got {boxes[0]}")
    call.require(boxes[2] >= CORNERS, f"box encodings of {CORNERS} numbers or more expected, got {boxes[2]}")
    call.require(anchors[1] == CORNERS, f"anchors of {CORNERS} numbers expected, got {anchors[1]}")
    call.require(anchors[0] >= boxes[1], f"{anchors[0]} anchors for {boxes[1]} boxes")
    detections, per_detection = _sizes(call)
    count = detections * per_detection
    return [(1, count, CORNERS), (1, count), (1, count), (1,)]


class Reals(NamedTuple):
    """The inputs as float32."""

    encodings: Array  # [boxes, 4]
    scores: Array  # [boxes, classes], without a background class
    anchors: Array  # [boxes, 4]


def to_reals(plan: Plan, boxes: Array, scores: Array, anchors: Array) -> Reals:
    """What the inputs stand for."""
    codes = plan.quantization
    encodings = boxes[0, :, :CORNERS]
    places = in_float32(encodings, *codes["boxes"]) if "boxes" in codes else encodings
    anchors = in_float32(anchors, *codes["anchors"]) if "anchors" in codes else anchors
    likely = by_eights(scores, *codes["scores"]) if "scores" in codes else scores
    return Reals(places, likely[0, :, scores.shape[2] - plan.classes :], anchors[: len(places)])


def detect(plan: Plan, boxes: Array, scores: Array, anchors: Array) -> tuple[Array, ...]:
    reals = to_reals(plan, boxes, scores, anchors)
    corners = decode(plan, reals.encodings, reals.anchors)
    return (regular if plan.regular else fast)(plan, corners, reals.scores)


def decode(plan: Plan, encodings: Array, anchors: Array) -> Array:
    """Corners y_min, x_min, y_max, x_max, float32 [boxes, 4]. Raises InputError for a box that is inside out."""
    wide, sizes = encodings.astype(np.float64) / plan.scales, anchors[:, 2:].astype(np.float64)
    centers = (wide[:, :2] * sizes + anchors[:, :2]).astype(np.float32)
    halves = (0.5 * exp(wide[:, 2:]) * sizes).astype(np.float32)
    low, high = centers - halves, centers + halves
    wrong = (low > high).any(axis=1)
    if wrong.any():
        box = int(np.argmax(wrong))
        raise InputError(f"{plan.label}: box {box} ends before it begins: {low[box]} to {high[box]}; see its anchor")
    return np.concatenate([low, high], axis=1)


def overlaps(box: Array, others: Array) -> Array:
    """Intersection over union of one box with others, float32; 0 where an area is not positive."""
    corners = np.concatenate([others, box[None]])
    areas = (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])
    low, high = np.maximum(others[:, :2], box[:2]), np.minimum(others[:, 2:], box[2:])
    sides = np.maximum(high - low, np.float32(0))
    both = sides[:, 0] * sides[:, 1]
    ratio = both / (areas[:-1] + areas[-1] - both)
    return np.where((areas[:-1] <= 0) | (areas[-1] <= 0), np.float32(0), ratio)


def suppress(plan: Plan, boxes: Array, scores: Array, most: int) -> list[int]:
    """The chosen boxes, the best first, `most` at most."""
    kept = np.flatnonzero(scores >= plan.score_threshold)
    rest = kept[np.argsort(-scores[kept], kind="stable")]
    chosen: list[int] = []
    while rest.size and len(chosen) < most:
        best, rest = rest[0], rest[1:]
        chosen.append(int(best))
        rest = rest[~(overlaps(boxes[best], boxes[rest]) > plan.overlap_threshold)]
    return chosen


def fast(plan: Plan, boxes: Array, scores: Array) -> tuple[Array, ...]:
    """One suppression for all classes; every chosen box with its best classes."""
    per_box = min(plan.classes_per_detection, plan.classes)
    if per_box == 1:
        best = scores.argmax(axis=1)[:, None]
    else:
        best = np.array([largest_first(row.tolist(), per_box) for row in scores], np.int64).reshape(-1, per_box)
    sorted_scores = np.take_along_axis(scores, best, axis=1)
    chosen = suppress(plan, boxes, sorted_scores[:, 0], plan.detections)
    made = np.zeros((plan.detections, plan.classes_per_detection, CORNERS + 2), np.float32)
    made[: len(chosen), :per_box, :CORNERS] = boxes[chosen][:, None]
    made[: len(chosen), :per_box, CORNERS] = best[chosen]
    made[: len(chosen), :per_box, CORNERS + 1] = sorted_scores[chosen]
    return _outputs(made.reshape(-1, CORNERS + 2), len(chosen))


def regular(plan: Plan, boxes: Array, scores: Array) -> tuple[Array, ...]:
    """A suppression for each class; the best pairs of box and class, of equal ones the lower class first."""
    found: list[tuple[np.float32, int, int]] = []
    for label in range(plan.classes):
        chosen = suppress(plan, boxes, scores[:, label], plan.detections_per_class)
        found += [(scores[box, label], box, label) for box in chosen]
        found = sorted(found, key=lambda pair: -pair[0])[: plan.detections]
    made = np.zeros((plan.detections * plan.classes_per_detection, CORNERS + 2), np.float32)
    for place, (score, box, label) in enumerate(found):
        made[place] = [*boxes[box], label, score]
    return _outputs(made, len(found))


def _outputs(made: Array, count: int) -> tuple[Array, ...]:
    parts = made[:, :CORNERS], made[:, CORNERS], made[:, CORNERS + 1]
    return *(np.ascontiguousarray(part)[None] for part in parts), np.array([count], np.float32)


RESULT = "-> float32 float32 float32 float32"
TYPES = tuple(f"{place} {score} {place} {RESULT}" for place in ("float32", "uint8") for score in ("float32", "uint8"))
DETECT = Variant("detect", TYPES, plan, detect)
OPS = (
    Op(
        "TFLite_Detection_PostProcess",
        "boxes[b,n,k] scores[b,n,c] anchors[m,j] -> corners[...] classes[...] best[...] count[...]",
        None,
        (DETECT,),
        shapes,
    ),
)
