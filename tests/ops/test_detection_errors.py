"""What TFLite_Detection_PostProcess refuses: options that are no FlexBuffers map, or make no sense; bad boxes."""

import contextlib
import struct
from typing import Any

import numpy as np
import pytest
from flatbuffers import flexbuffers
from hypothesis import given
from hypothesis import strategies as st

from minilite.errors import InputError, MiniliteError, ModelError, UnsupportedError
from minilite.format.flexbuffer import read_map
from tests.conformance.case import OneOp, Operand
from tests.conformance.custom import custom_op, flex

from .refusals import assert_refused

NAME = "TFLite_Detection_PostProcess"
OPTIONS = {
    "max_detections": 3,
    "max_classes_per_detection": 1,
    "nms_score_threshold": 0.5,
    "nms_iou_threshold": 0.5,
    "num_classes": 2,
    **{f"{name}_scale": 1.0 for name in "yxhw"},
}


def example(data: bytes | None = None, without: str = "", **changes: Any) -> OneOp:
    options = {name: value for name, value in {**OPTIONS, **changes}.items() if name != without}
    return model(options if data is None else data)


def model(options: Any, boxes: Any = (1, 2, 4), anchors: Any = (2, 4), kind: str = "float32", h: float = 1.0) -> OneOp:
    inputs = [
        Operand(kind, boxes, np.zeros(boxes), None if kind == "float32" else 0.5),
        Operand("float32", (1, 2, 2), np.ones((1, 2, 2))),
        Operand(kind, anchors, np.full(anchors, h), None if kind == "float32" else 0.5),
    ]
    return custom_op(NAME, options, inputs, [Operand("float32", (1,))] * 4)


@pytest.mark.parametrize(
    ("refused", "error", "message"),
    [
        (example(b"\0"), ModelError, "no valid FlexBuffers map"),
        (example(b"\xff" * 40), ModelError, "no valid FlexBuffers map"),
        (example(bytes(flexbuffers.Dumps(5))), ModelError, "a FlexBuffers value, but no map"),
        (example(bytes(flex(OPTIONS))[40:]), ModelError, "custom options|is missing"),
        (example(max_detections="many"), ModelError, "'max_detections' is no number"),
        (example(max_detections=2**40), ModelError, "'max_detections' is 1099511627776, which does not fit"),
        (example(max_detections=-1), ModelError, "max_detections is -1"),
        (example(without="num_classes"), ModelError, "'num_classes' is missing"),
        (example(without="h_scale"), ModelError, "'h_scale' is missing"),
        (example(num_classes=0), ModelError, "num_classes is 0, expected at least 1"),
        (example(num_classes=4), ModelError, "num_classes is 4, but there are scores of 2"),
        (example(nms_iou_threshold=0.0), ModelError, "nms_iou_threshold is 0.0, expected over 0"),
        (example(nms_iou_threshold=1.5), ModelError, "nms_iou_threshold is 1.5, expected over 0"),
        (example(max_classes_per_detection=0), ModelError, "max_classes_per_detection is 0, expected at least 1"),
        (example(use_regular_nms=True, detections_per_class=0), ModelError, "needs a detection per class"),
        (model(OPTIONS, boxes=(2, 2, 4)), ModelError, "b is 2 in an operand before it"),
        (model(OPTIONS, boxes=(1, 2, 3)), ModelError, "box encodings of 4 numbers or more expected, got 3"),
        (model(OPTIONS, anchors=(2, 5)), ModelError, "anchors of 4 numbers expected, got 5"),
        (model(OPTIONS, anchors=(1, 4)), ModelError, "1 anchors for 2 boxes"),
        (model(OPTIONS, kind="int8"), UnsupportedError, "no kernel for boxes int8"),
        (model(OPTIONS, h=-1.0), InputError, "box 0 ends before it begins"),
    ],
)
def test_refused(refused: OneOp, error: type[Exception], message: str) -> None:
    assert_refused(refused, error, message)


def test_numbers_of_every_kind() -> None:
    numbers = read_map(flex({"a": 2.75, "b": True, "c": 7, "d": None, "e": 2**31 - 1, "f": -(2**31)}), "op")
    assert (numbers.integer("a"), numbers.integer("b"), numbers.integer("d", 4)) == (2, 1, 4)
    assert (numbers.real("c"), numbers.flag("c"), numbers.flag("x", False)) == (np.float32(7), True, False)
    assert (numbers.integer("e"), numbers.integer("f")) == (2**31 - 1, -(2**31))


def test_no_options() -> None:
    with pytest.raises(ModelError, match="op: the custom options are missing"):
        read_map(None, "op")


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_broken_byte_raises_nothing_else(position: int, value: int) -> None:
    data = flex(OPTIONS).copy()
    data[position % data.size] = value
    with contextlib.suppress(MiniliteError):
        found = read_map(data, "op")
        for name in OPTIONS:
            found.real(name)


@given(st.binary(max_size=64))
def test_any_bytes_raise_nothing_else(data: bytes) -> None:
    with contextlib.suppress(MiniliteError):
        read_map(np.frombuffer(data + struct.pack("<BBB", 0, 36, 1), np.uint8), "op").integer("a")
