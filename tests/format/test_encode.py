"""Tables -> bytes -> the same tables."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from minilite.errors import UnsupportedError
from minilite.format import Model, decode, encode
from minilite.format.options.arithmetic import FakeQuantOptions
from minilite.format.schema import Buffer, QuantizationParameters, SubGraph, Tensor
from tests.format.random_tables import model_with
from tests.format.small_model import DATA, MODEL


def test_small_model() -> None:
    assert decode(DATA) == MODEL
    assert encode(decode(DATA)) == DATA


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: np.frombuffer(data, np.uint8)])
def test_any_buffer_is_read(kind: Any) -> None:
    assert decode(kind(DATA)) == MODEL


def test_absent_is_not_empty() -> None:
    model = Model(subgraphs=(), metadata_buffer=[], description="")
    read = decode(encode(model))
    assert (read.subgraphs, read.description, read.buffers) == ((), "", None)
    assert read == model
    assert read != Model()


def test_names_that_are_not_utf8_survive() -> None:
    name = b"caf\xe9\x00\xff".decode("utf-8", "surrogateescape")
    assert decode(encode(Model(description=name))).description == name


def test_negative_zero_survives() -> None:
    model = model_with(FakeQuantOptions(min=-0.0))
    assert decode(encode(model)) == model != model_with(FakeQuantOptions(min=0.0))


@pytest.mark.parametrize("length", [1, 15, 16, 17])
def test_alignment_of_data(length: int) -> None:
    buffers = [Buffer(data=bytes([7] * length)) for _ in range(3)]
    written = np.frombuffer(encode(Model(buffers=buffers, description="x" * length)), np.uint8)
    for buffer in decode(written).buffers or ():
        assert buffer.data is not None
        assert (buffer.data.ctypes.data - written.ctypes.data) % 16 == 0


@pytest.mark.parametrize("length", range(9))
def test_numbers_lie_aligned(length: int) -> None:
    quantization = QuantizationParameters(zero_point=[1], scale=[1.0, 2.0, 3.0])
    model = Model(subgraphs=[SubGraph(tensors=[Tensor(quantization=quantization)])], description="x" * length)
    written = np.frombuffer(encode(model), np.uint8)
    read: Any = decode(written)
    quantization = read.subgraphs[0].tensors[0].quantization
    for array in (quantization.zero_point, quantization.scale):
        assert np.shares_memory(array, written)
        assert (array.ctypes.data - written.ctypes.data) % array.itemsize == 0


def test_too_large() -> None:
    data = np.broadcast_to(np.uint8(0), (1 << 31,))  # takes one byte of memory
    with pytest.raises(UnsupportedError, match="2147483648 bytes of buffers"):
        encode(Model(buffers=[Buffer(data=data)]))


def test_decoding_imports_neither_flatbuffers_nor_tflite() -> None:
    code = "import sys, minilite.format; print({'flatbuffers', 'tflite'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
