"""How many bytes the tensors of a model take: constants in the file, activations while it runs."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from minilite.format.enums import TensorType

from .model import DTYPES, Graph, Subgraph, Tensor
from .packed import PACKED_BITS

BITS: Mapping[TensorType, int] = {
    **{kind: 8 * dtype.itemsize for kind, dtype in DTYPES.items() if dtype.kind != "O"},
    TensorType.BFLOAT16: 16,
    TensorType.FLOAT8_E4M3FN: 8,
    TensorType.FLOAT8_E5M2: 8,
    **PACKED_BITS,
}


class ActivationMemory(NamedTuple):
    """Bytes of the tensors alive at each node, and the node where they are most (None without nodes)."""

    live: tuple[int, ...]
    peak: int
    node: int | None


def tensor_bytes(tensor: Tensor) -> int:
    """Bytes of the values: as stored for a constant, else by type and shape; 0 where the type has no fixed size."""
    if tensor.data is not None:
        return int(tensor.data.size)
    return -(-math.prod(tensor.shape) * BITS.get(tensor.type, 0) // 8)


def constant_bytes(graph: Graph) -> Mapping[int, int]:
    """Bytes of each buffer that holds a constant, by buffer index; tensors may share one."""
    tensors = (tensor for subgraph in graph.subgraphs for tensor in subgraph.tensors)
    return {tensor.buffer: int(tensor.data.size) for tensor in tensors if tensor.data is not None}


def activation_memory(subgraph: Subgraph) -> ActivationMemory:
    """Memory for activations if each tensor lives from the node that makes it to the last that reads it.

    Inputs live from the start, outputs to the end, variables always. Shapes are the file's; scratch memory of kernels
    and what an allocator wastes are not counted.
    """
    last = len(subgraph.nodes) - 1
    born = dict.fromkeys(subgraph.inputs, 0)
    dies = dict.fromkeys(subgraph.outputs, last)
    for position, node in enumerate(subgraph.nodes):
        born.update((index, position) for index in node.outputs)
        for index in (*node.inputs, *node.outputs):
            dies[index] = max(position, dies.get(index, 0))
    sizes = {tensor.index: tensor_bytes(tensor) for tensor in subgraph.tensors if tensor.data is None}
    for tensor in subgraph.tensors:
        if tensor.is_variable:
            born[tensor.index], dies[tensor.index] = 0, last
    live = [0] * len(subgraph.nodes)
    for index in born.keys() & sizes.keys():
        for position in range(born[index], dies.get(index, born[index]) + 1):
            live[position] += sizes[index]
    peak = max(live, default=0)
    return ActivationMemory(tuple(live), peak, live.index(peak) if live else None)
