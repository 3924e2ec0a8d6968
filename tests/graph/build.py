"""A small valid model, and ways to break it."""

from dataclasses import replace
from typing import Any

import numpy as np

from minilite.format import schema
from minilite.format.enums import TensorType
from minilite.format.options.dense import FullyConnectedOptions
from minilite.graph import Graph, Node, Signature, Subgraph, Tensor


def quantization(scale: Any = 0.5, zero_point: Any = 3, axis: int = 0) -> schema.QuantizationParameters:
    """Quantization parameters of one scale, or one per channel."""
    return schema.QuantizationParameters(
        scale=np.atleast_1d(np.float32(scale)), zero_point=np.atleast_1d(np.int64(zero_point)), quantized_dimension=axis
    )


def small_graph() -> Graph:
    """Two FULLY_CONNECTED nodes, int8, with a signature and metadata."""
    weights = np.arange(-4, 4, dtype=np.int8).view(np.uint8)
    bias = np.arange(2, dtype="<i4").view(np.uint8)
    tensors = (
        Tensor(0, "x", (1, 4), TensorType.INT8, quantization()),
        Tensor(1, "w", (2, 4), TensorType.INT8, quantization([0.25, 0.5], [0, 0]), weights, buffer=1),
        Tensor(2, "b", (2,), TensorType.INT32, quantization([0.125, 0.25], [0, 0]), bias, buffer=2),
        Tensor(3, "h", (1, 2), TensorType.INT8, quantization()),
        Tensor(4, "w2", (4, 2), TensorType.INT8, quantization(0.25, 0), weights, buffer=1),
        Tensor(5, "y", (1, 4), TensorType.INT8, quantization(), shape_signature=(-1, 4)),
    )
    nodes = (
        Node(0, "FULLY_CONNECTED", (0, 1, 2), (3,), FullyConnectedOptions(fused_activation_function=1), 4),
        Node(1, "FULLY_CONNECTED", (3, 4, -1), (5,), FullyConnectedOptions(), 4),
    )
    signature = Signature("serving_default", 0, {"input": 0}, {"output": 5})
    metadata = (("min_runtime_version", np.frombuffer(b"1.5.0", np.uint8)),)
    return Graph((Subgraph(0, "main", tensors, nodes, (0,), (5,)),), (signature,), metadata, "a small model")


def with_tensor(graph: Graph, index: int, **changes: Any) -> Graph:
    """`graph` with one tensor of the main subgraph changed."""
    tensors = list(graph.main.tensors)
    tensors[index] = replace(tensors[index], **changes)
    return replace(graph, subgraphs=(replace(graph.main, tensors=tuple(tensors)),))


def with_node(graph: Graph, index: int, **changes: Any) -> Graph:
    """`graph` with one node of the main subgraph changed."""
    nodes = list(graph.main.nodes)
    nodes[index] = replace(nodes[index], **changes)
    return replace(graph, subgraphs=(replace(graph.main, nodes=tuple(nodes)),))


def with_main(graph: Graph, **changes: Any) -> Graph:
    """`graph` with the main subgraph changed."""
    return replace(graph, subgraphs=(replace(graph.main, **changes),))
