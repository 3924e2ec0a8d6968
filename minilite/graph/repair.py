"""Small faults of files that minilite reads and the official interpreter refuses, put right in a copy."""

from dataclasses import replace
from typing import NamedTuple

from minilite.format import replace as replace_fields

from .model import Graph, Subgraph, Tensor


class Repaired(NamedTuple):
    """A copy of a graph, and how many of its tensors were changed."""

    graph: Graph
    tensors: int


def repair_dimensions(graph: Graph) -> Repaired:
    """`graph` with quantized_dimension 0 on every rank-1 tensor, where nothing else can be meant.

    Some converters leave the dimension of the weights on a per-channel bias.
    """
    subgraphs = tuple(_subgraph(subgraph) for subgraph in graph.subgraphs)
    before = (tensor for subgraph in graph.subgraphs for tensor in subgraph.tensors)
    return Repaired(replace(graph, subgraphs=subgraphs), sum(map(_is_wrong, before)))


def _subgraph(subgraph: Subgraph) -> Subgraph:
    return replace(subgraph, tensors=tuple(_tensor(each) if _is_wrong(each) else each for each in subgraph.tensors))


def _is_wrong(tensor: Tensor) -> bool:
    table = tensor.parameters
    return table is not None and len(tensor.shape) == 1 and table.quantized_dimension != 0


def _tensor(tensor: Tensor) -> Tensor:
    assert tensor.parameters is not None
    return replace(tensor, parameters=replace_fields(tensor.parameters, quantized_dimension=0))
