"""Data stored behind the FlatBuffer, as in models over 2 GB; files written by the `tflite` package's functions."""

from typing import Any

import flatbuffers
import pytest
import tflite

from minilite.errors import InputError, ModelError
from minilite.format import Model, decode, encode
from minilite.format.schema import Buffer, Operator, SubGraph

PAYLOAD = bytes(range(100, 120))


def vector_of(builder: flatbuffers.Builder, start: Any, table: int) -> int:
    start(builder, 1)
    builder.PrependUOffsetTRelative(table)
    return int(builder.EndVector())


def with_buffer(builder: flatbuffers.Builder, offset: int, size: int) -> None:
    tflite.BufferStart(builder)
    tflite.BufferAddOffset(builder, offset)
    tflite.BufferAddSize(builder, size)
    buffers = vector_of(builder, tflite.ModelStartBuffersVector, tflite.BufferEnd(builder))
    tflite.ModelStart(builder)
    tflite.ModelAddBuffers(builder, buffers)


def with_custom_options(builder: flatbuffers.Builder, offset: int, size: int) -> None:
    tflite.OperatorStart(builder)
    tflite.OperatorAddLargeCustomOptionsOffset(builder, offset)
    tflite.OperatorAddLargeCustomOptionsSize(builder, size)
    operators = vector_of(builder, tflite.SubGraphStartOperatorsVector, tflite.OperatorEnd(builder))
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddOperators(builder, operators)
    subgraphs = vector_of(builder, tflite.ModelStartSubgraphsVector, tflite.SubGraphEnd(builder))
    tflite.ModelStart(builder)
    tflite.ModelAddSubgraphs(builder, subgraphs)


def file(content: Any, offset: int, size: int) -> bytes:
    builder = flatbuffers.Builder()
    content(builder, offset, size)
    builder.Finish(tflite.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output()) + PAYLOAD


def payload_offset(content: Any) -> int:
    return len(file(content, 2, 1)) - len(PAYLOAD)


def resolved(model: Model) -> bytes:
    """The data the file meant, wherever it was."""
    data = model.buffers[0].data if model.buffers else model.subgraphs[0].operators[0].custom_options
    return data.tobytes()


BOTH = pytest.mark.parametrize("content", [with_buffer, with_custom_options])


@BOTH
def test_resolved_as_if_inline(content: Any) -> None:
    model = decode(file(content, payload_offset(content) + 3, 5))
    assert resolved(model) == PAYLOAD[3:8]
    assert decode(encode(model)) == model


@BOTH
def test_ends_where_the_file_ends(content: Any) -> None:
    assert resolved(decode(file(content, payload_offset(content), len(PAYLOAD)))) == PAYLOAD


@BOTH
@pytest.mark.parametrize(
    ("after", "size"),
    [
        (0, len(PAYLOAD) + 1),
        (len(PAYLOAD) + 1, 0),
        (0, (1 << 64) - 1),  # offset + size wraps round in 64 bits
        (1, (1 << 64) - 20),
        (-1, 4),  # begins inside the tables
    ],
)
def test_outside_the_file_or_inside_the_tables(content: Any, after: int, size: int) -> None:
    with pytest.raises(ModelError, match=r"(buffers\[0\]|operators\[0\]\.custom_options): data of \d+ bytes"):
        decode(file(content, payload_offset(content) + after, size))


@BOTH
def test_offset_near_the_largest_integer(content: Any) -> None:
    with pytest.raises(ModelError, match="data of 9 bytes"):
        decode(file(content, (1 << 64) - 4, 9))


@BOTH
def test_offset_of_one_means_nothing(content: Any) -> None:
    model = decode(file(content, 1, 1))
    stored = model.buffers[0].data if model.buffers else model.subgraphs[0].operators[0].custom_options
    assert stored is None
    assert decode(encode(model)) == model


def test_inline_data_wins() -> None:
    buffer = Buffer(data=b"inline", offset=1 << 40, size=3)
    assert decode(encode(Model(buffers=[buffer]))).buffers == (buffer,)


def test_cannot_write_a_pointer_to_data_elsewhere() -> None:
    with pytest.raises(InputError, match=r"put it into Buffer\.data"):
        encode(Model(buffers=[Buffer(offset=50, size=3)]))
    with pytest.raises(InputError, match=r"Operator\.custom_options"):
        encode(Model(subgraphs=[SubGraph(operators=[Operator(large_custom_options_offset=50)])]))
