"""Bytes -> tables: one decoder for every table, checking every offset before it follows it.

Follows the FlatBuffers binary format. A table starts with the distance back to its vtable; the vtable lists, for each
field, how far behind the table's start it lies (0: absent). Strings, vectors and tables lie behind unsigned offsets.
The depth needs no limit: no table of the schema contains itself.
"""

import struct
from typing import Any, NoReturn, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from minilite.errors import ModelError
from minilite.format.kinds import Scalar, String, SubTable, Union, Vector
from minilite.format.outside import with_outside_data
from minilite.format.recognize import check_identifier, file_bytes
from minilite.format.schema import Model
from minilite.format.table import Field, Table, fields, from_fields

TableType = TypeVar("TableType", bound=Table)
Bytes: TypeAlias = NDArray[np.uint8]

STRUCTS = {character: struct.Struct("<" + character) for character in "?bBhHiIqQfd"}

VISITS_PER_BYTE = 4
"""How often a byte may be visited on average. A file whose offsets all point to one big table would otherwise decode to
far more than it holds; honest files share little besides vtables."""
FREE_VISITS = 1 << 16
VISITS_OF_A_TABLE = 8


def decode(data: Any) -> Model:
    """The model in the bytes of a .tflite file (bytes, bytearray, memoryview, mmap or array).

    Vectors are views into `data`, read-only. Data stored behind the FlatBuffer (files over 2 GB) is resolved: it
    appears in `Buffer.data` and `Operator.custom_options` like any other. Raises ModelError saying which field at which
    byte is wrong, and what was expected.
    """
    raw = file_bytes(data)
    check_identifier(raw)
    decoder = _Decoder(raw)
    model = decoder.table(Model, decoder.target(0))
    return with_outside_data(model, raw, flatbuffer_end=decoder.end)


class _Decoder:
    """Reads tables out of one file. `path` leads from the root to the field being read, `end` is the last byte used."""

    def __init__(self, raw: Bytes) -> None:
        self.raw = raw
        self.view = memoryview(raw.data)
        self.end = 8
        self.visits_left = VISITS_PER_BYTE * len(raw) + FREE_VISITS
        self.path: list[str | int] = ["Model"]

    def table(self, declared: type[TableType], position: int) -> TableType:
        """The table at a byte position."""
        self.visit(VISITS_OF_A_TABLE, position)
        offsets = self.vtable(position, 2 * len(declared.__annotations__))
        values = {}
        for field in fields(declared):
            if field.slot < len(offsets) and offsets[field.slot]:
                self.path.append(field.name)
                values[field.name] = self.field(field, position, offsets)
                self.path.pop()
        return from_fields(declared, values)

    def vtable(self, position: int, wanted: int) -> tuple[int, ...]:
        """The first `wanted` field offsets, or fewer, of the table at a position."""
        vtable = position - self.number("i", position)
        size = self.number("H", vtable)
        if size < 4 or size % 2:
            self.fail(vtable, f"a vtable of {size} bytes; expected an even number, at least 4")
        self.check(vtable, size, "vtable")
        return struct.unpack_from(f"<{min(size // 2 - 2, wanted)}H", self.view, vtable + 4)

    def field(self, field: Field, table: int, offsets: tuple[int, ...]) -> Any:
        """The value of a field that is present in the table at position `table`."""
        position, kind = table + offsets[field.slot], field.kind
        if isinstance(kind, Scalar):
            return self.number(kind.format, position)
        if isinstance(kind, Vector):
            return self.vector(kind, self.target(position))
        if isinstance(kind, String):
            return self.string(self.target(position))
        if isinstance(kind, Union):
            return self.union(kind, field, table, offsets)
        assert field.table is not None
        if isinstance(kind, SubTable):
            return self.table(field.table, self.target(position))
        return self.tables(field.table, self.target(position))

    def union(self, kind: Union, field: Field, table: int, offsets: tuple[int, ...]) -> Table | None:
        position = table + offsets[field.slot]
        number: int = self.number("B", position)
        if number == 0:
            return None
        if number > len(kind.members):
            self.fail(position, f"unknown member {number} of union {kind.name}; expected 1 to {len(kind.members)}")
        if field.slot + 1 >= len(offsets) or not offsets[field.slot + 1]:
            return None
        return self.table(kind.members[number - 1], self.target(table + offsets[field.slot + 1]))

    def tables(self, declared: type[Table], position: int) -> tuple[Table, ...]:
        length = self.length(position, 4, "vector of tables")
        found = []
        for index in range(length):
            self.path.append(index)
            found.append(self.table(declared, self.target(position + 4 + 4 * index)))
            self.path.pop()
        return tuple(found)

    def vector(self, kind: Vector, position: int) -> NDArray[Any]:
        dtype = np.dtype(kind.dtype)
        length = self.length(position, dtype.itemsize, f"vector of {dtype.name}")
        stored = self.raw[position + 4 : position + 4 + length * dtype.itemsize]
        array: NDArray[Any]
        if dtype.kind == "b":
            self.visit(stored.size, position)
            array = stored != 0  # a byte other than 0 and 1 is no valid NumPy boolean
        else:
            array = stored.view(dtype)
            if not array.flags.aligned:
                self.visit(stored.size, position)
                array = array.copy()
        array.flags.writeable = False
        return array

    def string(self, position: int) -> str:
        length = self.length(position, 1, "string")
        self.visit(length, position)
        start, end = position + 4, position + 4 + length
        if self.number("B", end) != 0:
            self.fail(end, "a string that does not end in a zero byte")
        return bytes(self.view[start:end]).decode("utf-8", "surrogateescape")

    def target(self, position: int) -> int:
        """The position an offset stored at `position` points to."""
        offset: int = self.number("I", position)
        if offset == 0 or position + offset > len(self.raw) - 4:
            self.fail(position, f"an offset of {offset} to byte {position + offset}; expected one inside {self.size}")
        return position + offset

    def length(self, position: int, element_size: int, what: str) -> int:
        """The number of elements of a vector or string, all of them inside the file."""
        count: int = self.number("I", position)
        self.check(position + 4, count * element_size, f"{what} with {count} elements")
        return count

    def number(self, format: str, position: int) -> Any:
        """One number; need not be aligned."""
        packed = STRUCTS[format]
        self.check(position, packed.size, "number")
        return packed.unpack_from(self.view, position)[0]

    def check(self, position: int, size: int, what: str) -> None:
        end = position + size
        if position < 0 or end > len(self.raw):
            self.fail(position, f"a {what} of {size} bytes; the file ends at byte {len(self.raw)} (is it truncated?)")
        self.end = max(self.end, end)

    def visit(self, count: int, position: int) -> None:
        self.visits_left -= count
        if self.visits_left < 0:
            self.fail(position, f"offsets to the same data again and again, more than {self.size} can hold")

    @property
    def size(self) -> str:
        return f"the {len(self.raw)} bytes of the file"

    def fail(self, position: int, found: str) -> NoReturn:
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        raise ModelError(f"{path[1:]} at byte {position}: found {found}")
