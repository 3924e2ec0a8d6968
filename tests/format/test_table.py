"""Declared tables as Python values."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from minilite.errors import InputError
from minilite.format import Table, fields, replace
from minilite.format.options.arithmetic import FakeQuantOptions
from minilite.format.options.convolution import Conv2DOptions
from minilite.format.options.shape import ResizeBilinearOptions
from minilite.format.schema import Buffer, Model, Operator, OperatorCode, QuantizationParameters, SubGraph, Tensor


def test_absent_fields_have_their_defaults() -> None:
    options = Conv2DOptions(stride_w=2)
    assert (options.padding, options.stride_w, options.stride_h, options.dilation_w_factor) == (0, 2, 0, 1)
    assert Tensor().shape is None


def test_unknown_field() -> None:
    with pytest.raises(TypeError, match="Conv2DOptions has no field strides"):
        Conv2DOptions(strides=2)


def test_immutable() -> None:
    tensor = Tensor(shape=np.array([1, 2], np.int32))
    with pytest.raises(AttributeError, match="immutable"):
        tensor.shape = None
    with pytest.raises(AttributeError, match="immutable"):
        del tensor.shape
    with pytest.raises(ValueError, match="read-only"):
        tensor.shape[0] = 5


def test_replace_keeps_the_other_fields() -> None:
    tensor = Tensor(name="x", shape=[1, 2])
    assert replace(tensor, name="y") == Tensor(name="y", shape=[1, 2])
    assert tensor.name == "x"


def test_equal_by_value() -> None:
    assert Tensor(shape=[1, 2]) == Tensor(shape=np.array([1, 2]))
    assert Tensor(shape=[1, 2]) != Tensor(shape=[1, 3])
    assert Tensor(shape=[]) != Tensor(shape=None)
    assert Tensor(shape=[1]) != Tensor(shape=[1, 1])
    assert Tensor() != Buffer()
    assert Conv2DOptions(dilation_w_factor=1) == Conv2DOptions()
    assert Model(buffers=[Buffer(data=b"ab")]) != Model(buffers=[Buffer(data=b"ac")])


def test_equal_bit_for_bit() -> None:
    nan, other_nan = np.array([0x7FC00000, 0x7FC00001], np.uint32).view(np.float32)
    assert QuantizationParameters(scale=[nan]) == QuantizationParameters(scale=[nan])
    assert QuantizationParameters(scale=[nan]) != QuantizationParameters(scale=[other_nan])
    assert QuantizationParameters(scale=[0.0]) != QuantizationParameters(scale=[-0.0])


def test_repr_shows_what_is_set() -> None:
    assert repr(Conv2DOptions(stride_w=2, dilation_w_factor=1)) == "Conv2DOptions(stride_w=2)"
    assert repr(Tensor(shape=[1, 2], name="x")) == "Tensor(shape=[1, 2], name='x')"
    assert repr(Buffer(data=bytes(100))) == "Buffer(data=<100 x uint8>)"
    assert repr(Model(subgraphs=[SubGraph()] * 2)) == "Model(subgraphs=<2 x SubGraph>)"
    assert repr(Model(subgraphs=[])) == "Model(subgraphs=())"


def test_copies() -> None:
    operator = Operator(inputs=[1], builtin_options=Conv2DOptions(stride_w=2))
    assert copy.deepcopy(operator) == operator
    assert pickle.loads(pickle.dumps(operator)) == operator


@pytest.mark.parametrize("shape", [[1.5], [[1, 2]], [1 << 31], 3, ["a"], [float("nan")]])
def test_vectors_must_fit(shape: object) -> None:
    with pytest.raises(InputError, match=r"Tensor\.shape"):
        Tensor(shape=shape)


@pytest.mark.parametrize(
    ("table", "values", "says"),
    [
        (Model, {"version": -1}, "version: -1 does not fit"),
        (Model, {"version": "3"}, "version: '3' does not fit"),
        (Model, {"version": None}, "version: None does not fit"),
        (Model, {"description": b"x"}, "description: expected str, got bytes"),
        (Model, {"subgraphs": [Tensor()]}, "subgraphs: expected SubGraph, got Tensor"),
        (Model, {"subgraphs": SubGraph()}, "subgraphs: 'SubGraph' object is not iterable"),
        (OperatorCode, {"deprecated_builtin_code": 200}, "deprecated_builtin_code: 200 does not fit"),
        (Tensor, {"is_variable": 2}, "is_variable: expected a bool, got 2"),
        (Operator, {"builtin_options": Tensor()}, "builtin_options: expected Conv2DOptions, .*, got Tensor"),
        (Conv2DOptions, {"stride_w": 1 << 31}, "stride_w: 2147483648 does not fit"),
        (FakeQuantOptions, {"min": 1e39}, "min: 1e\\+39 does not fit"),
    ],
)
def test_values_that_do_not_fit(table: type[Table], values: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=rf"{table.__name__}\.{says}"):
        table(**values)


def test_floats_may_be_rounded() -> None:
    scale = QuantizationParameters(scale=[0.1]).scale
    assert scale is not None
    assert scale.dtype == np.float32


def test_unions_take_two_slots_and_deprecated_fields_keep_theirs() -> None:
    slots = {field.name: field.slot for field in fields(Operator)}
    assert (slots["builtin_options"], slots["custom_options"]) == (3, 5)
    assert {field.name: field.slot for field in fields(ResizeBilinearOptions)}["align_corners"] == 2
