"""Tables -> bytes: one encoder for every table, on the `flatbuffers` runtime.

Children are written before the table that points to them, as the format wants. A field that has its default is left
out, as the official writers do: it reads back the same.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from minilite.errors import UnsupportedError
from minilite.format.kinds import Scalar, String, SubTable, TableVector, Union, Vector
from minilite.format.outside import check_inline
from minilite.format.recognize import IDENTIFIER
from minilite.format.schema import Model
from minilite.format.table import Field, Table, fields, same

if TYPE_CHECKING:
    from flatbuffers import Builder

MAXIMUM_SIZE = (1 << 31) - 1
"""FlatBuffers offsets reach this far."""

PREPEND = {"?": "Bool", "b": "Int8", "I": "Uint32", "i": "Int32", "q": "Int64", "Q": "Uint64", "f": "Float32"}


def encode(model: Model) -> bytes:
    """The bytes of a .tflite file; `decode` gives back an equal model. Buffer data is aligned to 16 bytes.

    Raises UnsupportedError for a model over 2 GB, InputError for one that points to data elsewhere (`Buffer.offset`).
    """
    from flatbuffers.builder import (
        Builder,
        BuilderSizeError,
    )  # here: decoding needs no runtime, and it is slow to import

    check_inline(model)
    payload = sum(0 if buffer.data is None else len(buffer.data) for buffer in model.buffers or ())
    if payload > MAXIMUM_SIZE:
        raise UnsupportedError(
            f"cannot write a model with {payload} bytes of buffers; at most {MAXIMUM_SIZE} are supported"
        )
    builder = Builder(min(payload + (1 << 12), MAXIMUM_SIZE))
    try:
        builder.Finish(_Encoder(builder).table(model), IDENTIFIER)
    except BuilderSizeError:
        raise UnsupportedError(f"cannot write a model over {MAXIMUM_SIZE} bytes") from None
    return bytes(builder.Output())


class _Encoder:
    """Writes tables into one builder. Methods return where they wrote, as the builder counts (from the end)."""

    def __init__(self, builder: "Builder") -> None:
        self.builder = builder

    def table(self, table: Table) -> int:
        present = [
            (field, value)
            for field in fields(type(table))
            if not same(value := getattr(table, field.name), field.default)
        ]
        positions = {field.slot: self.child(field, value) for field, value in present}
        declared = fields(type(table))
        self.builder.StartObject(declared[-1].slot + 2 if declared else 0)
        for field, value in present:
            self.slot(field, value, positions[field.slot])
        position: int = self.builder.EndObject()
        return position

    def child(self, field: Field, value: Any) -> int:
        """Writes what lies outside of the table itself; 0 for a scalar."""
        match field.kind:
            case Scalar():
                return 0
            case Vector():
                return self.vector(field.kind, value)
            case String():
                return self.string(value)
            case SubTable() | Union():
                return self.table(value)
            case TableVector():
                return self.offsets([self.table(each) for each in value])

    def slot(self, field: Field, value: Any, position: int) -> None:
        """Puts a field into the table begun last: a scalar itself, anything else as an offset to it."""
        if isinstance(field.kind, Scalar):
            getattr(self.builder, "Prepend" + PREPEND[field.kind.format])(value)
            self.builder.Slot(field.slot)
        elif isinstance(field.kind, Union):
            self.builder.PrependUint8Slot(field.slot, field.kind.members.index(type(value)) + 1, 0)
            self.builder.PrependUOffsetTRelativeSlot(field.slot + 1, position, 0)
        else:
            self.builder.PrependUOffsetTRelativeSlot(field.slot, position, 0)

    def vector(self, kind: Vector, values: "np.ndarray[Any, Any]") -> int:
        stored = np.ascontiguousarray(values, kind.dtype).view(np.uint8)
        itemsize = np.dtype(kind.dtype).itemsize
        self.builder.StartVector(itemsize, len(values), max(itemsize, kind.alignment))
        self.builder.head -= stored.size
        self.builder.Bytes[self.builder.head : self.builder.head + stored.size] = stored.data
        position: int = self.builder.EndVector()
        return position

    def string(self, value: str) -> int:
        position: int = self.builder.CreateString(value.encode("utf-8", "surrogateescape"))
        return position

    def offsets(self, positions: list[int]) -> int:
        self.builder.StartVector(4, len(positions), 4)
        for position in reversed(positions):
            self.builder.PrependUOffsetTRelative(position)
        vector: int = self.builder.EndVector()
        return vector
