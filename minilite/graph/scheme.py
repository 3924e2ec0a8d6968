"""Which quantization scheme a model follows, by name, and the nodes that do not.

float32                 nothing is quantized
float16 weights         weights stored as float16, arithmetic in float32
dynamic range           integer weights, float32 activations that are quantized while running
int8 weights            integer weights widened to float32 before use
full int8, uint8, int16x8           integer activations from input to output
int8 with float I/O     the same between a QUANTIZE and a DEQUANTIZE (or with uint8 I/O, ...)
mixed                   nodes of several schemes
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from minilite.format.enums import TensorType
from minilite.format.table import fields

from .model import Graph, Node, Subgraph, Tensor

INTEGER_SCHEMES: Mapping[TensorType, str] = {
    TensorType.INT8: "int8",
    TensorType.UINT8: "uint8",
    TensorType.INT16: "int16x8",
}
FLOATS = (TensorType.FLOAT16, TensorType.FLOAT32, TensorType.FLOAT64, TensorType.BFLOAT16)
CONVERSIONS = ("QUANTIZE", "DEQUANTIZE")
FLOAT_SCHEMES = ("float16 weights", "dynamic range", "int8 weights")


class NodeScheme(NamedTuple):
    """The scheme one node follows by itself. `float_weights`: it has a constant of float32 values, bias aside."""

    subgraph: int
    node: Node
    scheme: str
    float_weights: bool


class Scheme(NamedTuple):
    """The scheme of a model. `mostly` is the scheme of most nodes, `breaking` the nodes that do not follow it."""

    name: str
    mostly: str
    breaking: tuple[NodeScheme, ...]


def scheme_of(graph: Graph) -> Scheme:
    """The scheme of a whole model, from the types of its tensors."""
    nodes = [found for subgraph in graph.subgraphs for found in node_schemes(subgraph)]
    count = Counter(found.scheme for found in nodes)
    if not count:
        return Scheme("none", "none", ())
    mostly = max(count, key=lambda scheme: count[scheme])
    weights = [scheme for scheme in FLOAT_SCHEMES if scheme in count]
    if len(weights) == 1 and set(count) <= {"float32", *weights}:
        return Scheme(weights[0], weights[0], tuple(n for n in nodes if n.scheme == "float32" and n.float_weights))
    if len(count) > 1:
        return Scheme("mixed", mostly, tuple(found for found in nodes if found.scheme != mostly))
    return Scheme(_with_borders(graph, mostly), mostly, ())


def _with_borders(graph: Graph, scheme: str) -> str:
    if scheme not in INTEGER_SCHEMES.values():
        return scheme
    main = graph.main
    borders = (main.tensors[index] for index in (*main.inputs, *main.outputs))
    types = {_border(tensor) for tensor in borders if _is_real(tensor)} - {scheme}
    if types:
        return f"{scheme} with {' and '.join(sorted(types))} I/O"
    return "full int8" if scheme == "int8" else scheme


def _border(tensor: Tensor) -> str:
    return INTEGER_SCHEMES.get(tensor.type, "float" if tensor.type in FLOATS else tensor.type.name.lower())


def node_schemes(subgraph: Subgraph) -> Iterator[NodeScheme]:
    """The scheme of each node that computes on real values itself; conversions between types are left out."""
    widened: dict[int, TensorType] = {}
    for node in subgraph.nodes:
        inputs = [subgraph.tensors[index] for index in node.inputs if index >= 0]
        outputs = [subgraph.tensors[index] for index in node.outputs]
        if node.op in CONVERSIONS:
            if inputs and inputs[0].data is not None:
                widened.update((tensor.index, inputs[0].type) for tensor in outputs)
            continue
        if _runs_subgraphs(node):
            continue
        constants = [t for t in inputs if t.data is not None or t.index in widened]
        running = [t for t in (*inputs, *outputs) if t not in constants and not t.is_variable and _is_real(t)]
        stored = {t.type for t in constants if t.data is not None and _is_real(t)}
        scheme = _scheme({t.type for t in running}, stored, {widened[t.index] for t in constants if t.index in widened})
        if scheme is not None:
            wide = any(t.type == TensorType.FLOAT32 and t.data is not None and len(t.shape) > 1 for t in constants)
            yield NodeScheme(subgraph.index, node, scheme, wide)


def _scheme(running: set[TensorType], stored: set[TensorType], widened: set[TensorType]) -> str | None:
    if not running:
        return None
    if running != {TensorType.FLOAT32}:
        return " and ".join(sorted(INTEGER_SCHEMES.get(kind, kind.name.lower()) for kind in running))
    if stored - set(FLOATS):
        return "dynamic range"
    if widened - set(FLOATS):
        return "int8 weights"
    return "float16 weights" if TensorType.FLOAT16 in stored | widened else "float32"


def _runs_subgraphs(node: Node) -> bool:
    """Whether other nodes compute for this one: WHILE, IF and their kin."""
    options = () if node.options is None else fields(type(node.options))
    return any(field.name.endswith("subgraph_index") for field in options)


def _is_real(tensor: Tensor) -> bool:
    return tensor.type in FLOATS or tensor.quantization is not None
