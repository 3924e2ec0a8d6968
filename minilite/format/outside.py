"""Data stored behind the FlatBuffer, in models over 2 GB.

`Buffer.offset` and `size`, `Operator.large_custom_options_offset` and `_size` then say where, counted from the start of
the file. Following LiteRT, they count only when the offset is over 1 and there is no inline data.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minilite.errors import InputError, ModelError
from minilite.format.schema import Buffer, Model, Operator, SubGraph
from minilite.format.table import replace


def with_outside_data(model: Model, raw: NDArray[np.uint8], flatbuffer_end: int) -> Model:
    """The model with that data in place, as if it had been stored inline: views into `raw`."""

    def stored(offset: int, size: int, where: str) -> NDArray[np.uint8]:
        if offset < flatbuffer_end or offset + size > len(raw):
            raise ModelError(
                f"{where}: data of {size} bytes at byte {offset}; expected it between the end of the tables"
                f" (byte {flatbuffer_end}) and the end of the file (byte {len(raw)})"
            )
        return raw[offset : offset + size]

    def buffer(index: int, given: Buffer) -> Buffer:
        if given.data is not None or given.offset <= 1:
            return given
        data = stored(given.offset, given.size, f"Model.buffers[{index}]")
        return replace(given, data=data, offset=0, size=0)

    def operator(subgraph: int, index: int, given: Operator) -> Operator:
        offset, size = given.large_custom_options_offset, given.large_custom_options_size
        if given.custom_options is not None or offset <= 1:
            return given
        data = stored(offset, size, f"Model.subgraphs[{subgraph}].operators[{index}].custom_options")
        return replace(given, custom_options=data, large_custom_options_offset=0, large_custom_options_size=0)

    def subgraph(index: int, given: SubGraph) -> SubGraph:
        operators = given.operators or ()
        changed = tuple(operator(index, number, each) for number, each in enumerate(operators))
        return given if _identical(changed, operators) else replace(given, operators=changed)

    buffers = tuple(buffer(index, each) for index, each in enumerate(model.buffers or ()))
    subgraphs = tuple(subgraph(index, each) for index, each in enumerate(model.subgraphs or ()))
    changes: dict[str, Any] = {}
    if not _identical(buffers, model.buffers or ()):
        changes["buffers"] = buffers
    if not _identical(subgraphs, model.subgraphs or ()):
        changes["subgraphs"] = subgraphs
    return replace(model, **changes) if changes else model


def check_inline(model: Model) -> None:
    """Raises InputError if a table to be written points to data outside, which would not be written with it."""
    for buffer in model.buffers or ():
        if buffer.data is None and buffer.offset > 1:
            raise InputError(f"Buffer.offset is {buffer.offset}: data is written inline, put it into Buffer.data")
    for operator in (each for subgraph in model.subgraphs or () for each in subgraph.operators or ()):
        if operator.custom_options is None and operator.large_custom_options_offset > 1:
            raise InputError("Operator.large_custom_options_offset is set: put the data into Operator.custom_options")


def _identical(left: tuple[object, ...], right: tuple[object, ...]) -> bool:
    return all(one is other for one, other in zip(left, right, strict=True))
