"""The bytes of a small model, explained line by line: what `schema/tflite.md` shows.

    python -m tests.house.annotate      writes the annotation into schema/tflite.md

The walk is independent of `minilite.format.decode`: it follows offsets with `struct` alone and takes only names and
kinds of fields from the declared tables. Bytes it reaches get a meaning; every other byte must be zero padding.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from minilite.format import Model, Table, fields
from minilite.format.enums import enum_names
from minilite.format.kinds import Scalar, String, SubTable, Union, Vector
from minilite.format.options.activation import SoftmaxOptions
from minilite.format.schema import QuantizationParameters
from minilite.format.table import Field
from minilite.graph import Graph, Node, Subgraph, Tensor, write

from .sources import ROOT

PAGE = ROOT / "schema" / "tflite.md"
BEGIN, END = "<!-- annotated model: begin -->\n", "<!-- annotated model: end -->\n"
ROW = 16


def small_model() -> bytes:
    """One SOFTMAX from int8 to int8."""
    x = QuantizationParameters(scale=[0.5], zero_point=[-3])
    y = QuantizationParameters(scale=[1 / 256], zero_point=[-128])
    tensors = (Tensor(0, "x", (1, 4), 9, x), Tensor(1, "y", (1, 4), 9, y))  # type: ignore[arg-type]
    node = Node(0, "SOFTMAX", (0,), (1,), SoftmaxOptions(beta=1.0), version=2)
    return write(Graph((Subgraph(0, "main", tensors, (node,), (0,), (1,)),)))


class Part(NamedTuple):
    """Some bytes and what they mean."""

    start: int
    size: int
    meaning: str


class Walk:
    """Follows every offset from the root and collects the parts it passes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.parts: dict[int, Part] = {}

    def add(self, start: int, size: int, meaning: str) -> None:
        known = self.parts.get(start)
        if known is None:
            self.parts[start] = Part(start, size, meaning)
        elif meaning not in known.meaning:
            self.parts[start] = known._replace(meaning=f"{known.meaning}; also {meaning}")

    def number(self, format: str, position: int) -> int | float:
        return struct.unpack_from("<" + format, self.data, position)[0]

    def target(self, position: int) -> int:
        return position + int(self.number("I", position))

    def file(self) -> None:
        self.add(0, 4, f"the root table, Model, is at {self.target(0):#x}")
        self.add(4, 4, f"the file identifier, {self.data[4:8].decode()!r}")
        self.table(Model, self.target(0), "root")

    def table(self, declared: type[Table], position: int, path: str) -> None:
        vtable = position - int(self.number("i", position))
        size = int(self.number("H", vtable))
        self.add(position, 4, f"{path}: table {declared.__name__}, its vtable is at {vtable:#x}")
        length = self.number("H", vtable + 2)
        self.add(vtable, 4, f"vtable of {declared.__name__}: {size} bytes; the table has {length} bytes")
        for field in fields(declared):
            self.field(declared, field, position, vtable, size, path)

    def field(self, declared: type[Table], field: Field, position: int, vtable: int, size: int, path: str) -> None:
        entries = [(field.slot, field.name)]
        if isinstance(field.kind, Union):
            entries = [(field.slot, field.name + "_type"), (field.slot + 1, field.name)]
        offsets = []
        for slot, name in entries:
            if 4 + 2 * slot < size:
                offset = int(self.number("H", vtable + 4 + 2 * slot))
                where = f"{offset} bytes into the table" if offset else "absent"
                self.add(vtable + 4 + 2 * slot, 2, f"  {declared.__name__}.{name}: {where}")
                offsets.append(offset)
        if offsets and all(offsets):
            self.value(field, [position + offset for offset in offsets], f"{path}.{field.name}".removeprefix("root."))

    def value(self, field: Field, at: list[int], path: str) -> None:
        kind, position = field.kind, at[0]
        if isinstance(kind, Scalar):
            number = self.number(kind.format, position)
            name = f" ({enum_names(kind.enum)[int(number)]})" if kind.enum else ""
            self.add(position, struct.calcsize(kind.format), f"  {path} = {number}{name}")
            return
        if isinstance(kind, Union):
            member = kind.members[int(self.number("B", position)) - 1]
            self.add(position, 1, f"  {path}_type = {self.number('B', position)} ({member.__name__})")
            position, child = at[1], member
        else:
            child = field.table
        target = self.target(position)
        self.add(position, 4, f"  {path} is at {target:#x}")
        if isinstance(kind, (SubTable, Union)):
            self.table(child, target, path)
        elif isinstance(kind, (Vector, String)):
            self.numbers(kind, target, path)
        else:
            self.tables(child, target, path)

    def numbers(self, kind: Vector | String, position: int, path: str) -> None:
        count = int(self.number("I", position))
        self.add(position, 4, f"{path}: {'string' if isinstance(kind, String) else 'vector'}, {count} long")
        if isinstance(kind, String):
            text = self.data[position + 4 : position + 4 + count].decode()
            self.add(position + 4, count + 1, f"  {text!r} and a zero byte")
        elif count:
            format, each = {"<i4": ("i", 4), "<i8": ("q", 8), "<f4": ("f", 4), "u1": ("B", 1)}[kind.dtype]
            values = list(struct.unpack_from(f"<{count}{format}", self.data, position + 4))
            self.add(position + 4, count * each, f"  {values}")

    def tables(self, child: type[Table], position: int, path: str) -> None:
        count = int(self.number("I", position))
        self.add(position, 4, f"{path}: vector of tables, {count} long")
        for index in range(count):
            at = position + 4 + 4 * index
            self.add(at, 4, f"  [{index}] is at {self.target(at):#x}")
            self.table(child, self.target(at), f"{path}[{index}]")


def annotation(data: bytes) -> str:
    """Every byte of `data`: address, bytes, meaning."""
    walk = Walk(data)
    walk.file()
    return "\n".join(line for part in _without_gaps(data, walk.parts) for line in _lines(data, part)) + "\n"


def _without_gaps(data: bytes, parts: dict[int, Part]) -> Iterator[Part]:
    end = 0
    for part in sorted(parts.values()):
        if part.start < end:
            raise ValueError(f"{part} begins inside the part before it, which ends at {end:#x}")
        if part.start > end:
            yield _padding(data, end, part.start)
        yield part
        end = part.start + part.size
    if end < len(data):
        yield _padding(data, end, len(data))


def _padding(data: bytes, start: int, end: int) -> Part:
    if any(data[start:end]):
        raise ValueError(f"bytes {start:#x} to {end:#x} are not reached and not zero")
    return Part(start, end - start, "padding")


def _lines(data: bytes, part: Part) -> Iterator[str]:
    for start in range(part.start, part.start + part.size, ROW):
        row = data[start : min(start + ROW, part.start + part.size)]
        yield f"{start:04x}  {row.hex(' '):<{3 * 8}} {part.meaning if start == part.start else ''}".rstrip()


def page(text: str) -> str:
    """`text` with the annotation between its markers made anew."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}```\n{annotation(small_model())}```\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
