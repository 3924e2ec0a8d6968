"""Broken files: a ModelError that says where, or a model; never another exception."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minilite.errors import InputError, ModelError
from minilite.format import decode
from tests.format.small_model import DATA


def patched(position: int, format: str, value: int) -> bytes:
    broken = bytearray(DATA)
    struct.pack_into("<" + format, broken, position, value)
    return bytes(broken)


def complaint(data: bytes | bytearray) -> str:
    """The message of the ModelError, empty for a valid file; any other exception passes through."""
    try:
        repr(decode(data))
    except ModelError as error:
        return str(error)
    return ""


def string_length(text: bytes) -> int:
    """Where the length of a string lies in the small model."""
    return DATA.index(struct.pack("<I", len(text)) + text + b"\0")


def root() -> int:
    return int(struct.unpack_from("<I", DATA)[0])


def root_vtable() -> int:
    return root() - int(struct.unpack_from("<i", DATA, root())[0])


def field_of_model(slot: int) -> int:
    """Where a field of the root table lies."""
    return root() + int(struct.unpack_from("<H", DATA, root_vtable() + 4 + 2 * slot)[0])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"TFL", "only 3 bytes"),
        (b"PK\x03\x04" + bytes(20), "zip archive"),
        (b"<!DOCTYPE html>", "HTML"),
        (b"version https://git-lfs.github.com/spec/v1", "Git LFS pointer"),
        (b"just some text", "a text file"),
        (b"\x00\x01\x02\x03ONNX\xff", "another binary format"),
    ],
)
def test_other_files_are_named(data: bytes, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        decode(data)


@pytest.mark.parametrize("data", [None, "model.tflite", 3, np.zeros(64, np.uint8)[::2]])
def test_not_bytes(data: object) -> None:
    with pytest.raises(InputError, match=r"expected the bytes of a \.tflite file"):
        decode(data)


@pytest.mark.parametrize("size", range(8, len(DATA), 3))
def test_truncated(size: int) -> None:
    with pytest.raises(ModelError, match=r"Model.*at byte \d+"):
        decode(DATA[:size])


def test_root_outside_the_file() -> None:
    with pytest.raises(ModelError, match=r"Model at byte 0: found an offset of 24"):
        decode(b"\x18\0\0\0TFL3")


@pytest.mark.parametrize("distance", [0x7FFFFFFF, -0x80000000, -0x7FFFFFFF, 0])
def test_vtable_outside_the_file(distance: int) -> None:
    with pytest.raises(ModelError, match="Model"):
        decode(patched(root(), "i", distance))


@pytest.mark.parametrize("size", [0, 3, 5, 0xFFFF, 0xFFFE])
def test_vtable_size(size: int) -> None:
    with pytest.raises(ModelError, match=r"vtable"):
        decode(patched(root_vtable(), "H", size))


@pytest.mark.parametrize("offset", [0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_offset_outside_the_file(offset: int) -> None:
    with pytest.raises(ModelError, match=rf"Model\.subgraphs at byte \d+: found an offset of {offset}"):
        decode(patched(field_of_model(2), "I", offset))


@pytest.mark.parametrize("length", [0x40000000, 0x80000000, 0xFFFFFFFF, len(DATA)])
def test_vector_longer_than_the_file(length: int) -> None:
    position = field_of_model(4)
    vector = position + struct.unpack_from("<I", DATA, position)[0]
    with pytest.raises(ModelError, match=rf"Model\.buffers at byte \d+: found a vector of tables with {length} elem"):
        decode(patched(vector, "I", length))


def test_string_longer_than_the_file() -> None:
    with pytest.raises(ModelError, match=r"Model\.subgraphs\[0\]\.tensors\[0\]\.name at byte \d+: found a string"):
        decode(patched(string_length(b"input"), "I", 0xFFFFFFFF))


def test_string_without_its_end() -> None:
    with pytest.raises(ModelError, match=r"Model\.description at byte \d+: found a string that does not end"):
        decode(patched(string_length(b"a model to break"), "I", 5))


def test_unknown_union_member() -> None:
    """The number of the second operator's options, 10 in the second union, becomes 99."""
    found = [complaint(patched(position, "B", 99)) for position, byte in enumerate(DATA) if byte == 10]
    assert any("operators[1].builtin_options_2" in text and "unknown member 99" in text for text in found), found


def file_with(*parts: bytes) -> bytes:
    return b"".join(parts)


def test_misaligned_vector_is_copied() -> None:
    """Bytes written out: a Model whose `metadata_buffer` (slot 5) lies at an odd position."""
    data = file_with(
        struct.pack("<I4s", 24, b"TFL3"),
        struct.pack("<8H", 16, 8, 0, 0, 0, 0, 0, 4),  # vtable at 8: its size, the table's size, six fields
        struct.pack("<iI", 16, 5),  # table at 24: vtable 16 back; the field at 28 points to 33
        b"\xee" + struct.pack("<Iii", 2, 7, -7),
    )
    values = decode(data).metadata_buffer
    assert values is not None
    assert values.tolist() == [7, -7]
    assert values.flags.aligned
    assert not values.flags.writeable
    whole = b"\xee" + data  # and a file that starts at an odd address
    assert decode(memoryview(whole)[1:]) == decode(data)


def test_any_byte_but_zero_is_true() -> None:
    """A vector of booleans with a byte that is neither 0 nor 1."""
    vector = DATA.index(struct.pack("<I3?", 3, True, False, True))
    model = decode(patched(vector + 5, "B", 0xFE))
    assert model.subgraphs is not None
    operators = model.subgraphs[0].operators
    assert operators is not None
    mutating = operators[1].mutating_variable_inputs
    assert mutating is not None
    assert mutating.view(np.uint8).tolist() == [1, 1, 1]


def test_shared_tables_do_not_multiply() -> None:
    """20,000 offsets to one subgraph, which holds 20,000 offsets to one tensor: 160 kB that mean 4e8 tables."""
    count = 20_000
    start = struct.pack("<I4s", 20, b"TFL3") + struct.pack("<5H2x", 10, 8, 0, 0, 4)
    model = struct.pack("<iI", 12, 4)  # at 20; its subgraphs at 28
    subgraph = 28 + 4 + 4 * count + 8  # its vtable just before it: tensors in slot 0
    subgraphs = struct.pack("<I", count) + b"".join(
        struct.pack("<I", subgraph - (32 + 4 * index)) for index in range(count)
    )
    tensor = subgraph + 8 + 4 + 4 * count + 4
    tensors = struct.pack("<I", count) + b"".join(
        struct.pack("<I", tensor - (subgraph + 12 + 4 * index)) for index in range(count)
    )
    data = file_with(
        start, model, subgraphs, struct.pack("<3H2x", 6, 8, 4), struct.pack("<iI", 8, 4),
        tensors, struct.pack("<2H", 4, 4), struct.pack("<i", 4),
    )  # fmt: skip
    with pytest.raises(ModelError, match="same data again and again"):
        decode(data)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(DATA) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_changed_bytes(changes: list[tuple[int, int]]) -> None:
    broken = bytearray(DATA)
    for position, value in changes:
        broken[position] = value
    text = complaint(broken)
    assert not text or "byte" in text


def test_every_byte_set_to_each_extreme() -> None:
    complaints = [complaint(patched(position, "B", value)) for position in range(len(DATA)) for value in (0, 127, 255)]
    assert 0 < sum(map(bool, complaints)) < len(complaints)
    assert all("byte" in text for text in complaints if text)
