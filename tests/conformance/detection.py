"""TFLite_Detection_PostProcess: fast and regular suppression, float and uint8 inputs.

What follows the boxes found by fast suppression is garbage in LiteRT, so the models of the cases ask either for as many
boxes as there are at most, or compare the count alone; and for no more classes than there are.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.interpreter import evaluate
from minilite.ops.detection import TYPES
from minilite.program import bind

from .case import Case, OneOp, Operand
from .custom import custom_op
from .strategies import zero_points

NAME = "TFLite_Detection_PostProcess"
FEW, THRESHOLDS = [0.0, 0.25, 0.5, 0.5, 0.75, 1.0], [0.05, 0.25, 0.5, 0.75, 1.0]
COUNT = 3  # the output


def reals(generator: Any, *shape: int) -> Operand:
    return Operand("float32", shape, generator.uniform(-1, 1, shape))


def codes(draw: Any, generator: Any, largest: float, *shape: int) -> Operand:
    scale = draw(st.sampled_from([1 / 256, 1 / 128, 0.01, 0.037])) * largest
    return Operand("uint8", shape, generator.integers(0, 256, shape), scale, draw(zero_points("uint8")))


def anchors(generator: Any, count: int, kind: str) -> Operand:
    centers, sizes = generator.uniform(0, 1, (count, 2)), generator.uniform(0, 0.5, (count, 2))
    data = np.concatenate([centers, sizes], 1)
    if kind == "float32":
        return Operand(kind, data.shape, data)
    return Operand(kind, data.shape, np.clip(data * 200, 0, 255), 1 / 200, 0, constant=True)


def scores(draw: Any, generator: Any, kind: str, boxes: int, classes: int) -> Operand:
    if kind == "uint8":
        return codes(draw, generator, 1.0, 1, boxes, classes)
    data = generator.uniform(0, 1, (1, boxes, classes))
    if draw(st.booleans()):  # ties
        data = generator.choice(FEW, (1, boxes, classes))
    return Operand("float32", data.shape, data)


def options(draw: Any, classes: int, regular: bool) -> dict[str, Any]:
    made = {
        "max_detections": draw(st.integers(1, 12)),
        "max_classes_per_detection": 1 if regular else draw(st.integers(1, classes)),
        "nms_score_threshold": draw(st.sampled_from(FEW)),
        "nms_iou_threshold": draw(st.sampled_from(THRESHOLDS)),
        "num_classes": classes,
        **{f"{name}_scale": draw(st.sampled_from([1.0, 5.0, 10.0, 0.7])) for name in "yxhw"},
    }
    if regular or draw(st.booleans()):
        made["use_regular_nms"] = regular
    if draw(st.booleans()):
        made["detections_per_class"] = draw(st.integers(1, 5))
    return made


@st.composite
def detection(draw: Any, types: str) -> OneOp:
    place, score = types.split()[:2]
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    boxes, classes = draw(st.integers(1, 30)), draw(st.sampled_from([1, 2, 3, 5, 20]))
    regular, background, more = draw(st.booleans()), draw(st.booleans()), draw(st.sampled_from([0, 0, 1, 3]))
    shape = (1, boxes, 4 + more)
    inputs = [
        reals(generator, *shape) if place == "float32" else codes(draw, generator, 0.5, *shape),
        scores(draw, generator, score, boxes, classes + background),
        anchors(generator, boxes, place),
    ]
    chosen = options(draw, classes, regular)
    example = model(chosen, inputs)
    if regular:
        return example
    if draw(st.booleans()):
        return only_count(example)
    values = evaluate(bind(example.graph, engine="numpy"), example.inputs)
    found = int(values[example.graph.main.outputs[COUNT]][0])
    return model({**chosen, "max_detections": found}, inputs) if found else only_count(example)


def model(chosen: dict[str, Any], inputs: list[Operand]) -> OneOp:
    count = chosen["max_detections"] * chosen["max_classes_per_detection"]
    outputs = [Operand("float32", shape) for shape in ((1, count, 4), (1, count), (1, count), (1,))]
    return custom_op(NAME, chosen, inputs, outputs)


def only_count(example: OneOp) -> OneOp:
    main = example.graph.main
    main = replace(main, outputs=main.outputs[COUNT:])
    return OneOp(replace(example.graph, subgraphs=(main,)), example.inputs)


CASES = tuple(Case(NAME, types, detection(types)) for types in TYPES)
