"""Two saved traces compared: nothing is run, and no model is needed."""

import shlex
from pathlib import Path

from minilite.comparing import Comparison, Side
from minilite.errors import InputError
from minilite.format import schema
from minilite.format.enums import TensorType
from minilite.graph import Graph, Node, Subgraph, Tensor
from minilite.tracing import Trace, load_trace


def compare_traces(one: Path, other: Path) -> tuple[Graph, Comparison, str]:
    """What is known of the model, the tensors of two of its runs compared, and how to learn which op is the cause.

    Raises InputError for files that are no traces of single runs of one model.
    """
    traces = [read_single(path) for path in (one, other)]
    hashes = [trace.hashes["model"] for trace in traces]
    if hashes[0] != hashes[1]:
        ours, theirs = (text[:12] for text in hashes)
        raise InputError(f"{other}: it is a trace of another model, with SHA-256 {theirs}..., not {ours}...")
    graph = graph_of(traces[0])
    found = Comparison((str(one), str(other)))
    found.add(side_of(one, graph, traces[0]), side_of(other, graph, traces[1]), run="traces")
    kernels = traces[0].kernels
    again = f" --kernels {kernels}" if isinstance(kernels, str) else ""
    hint = f"which op differs given equal inputs: minilite compare MODEL {shlex.quote(str(other))}{again}"
    return graph, found, hint


def read_single(path: Path) -> Trace:
    """A trace with tensors. Raises InputError for one of several runs, which has statistics only."""
    trace = load_trace(path)
    if not trace.arrays:
        raise InputError(f"{path}: it is a trace of {trace.runs} runs, which has statistics only; trace one run")
    return trace


def side_of(path: Path, graph: Graph, trace: Trace) -> Side:
    """The values of the main subgraph, under the name of the file."""
    return Side(str(path), graph, {index: array for (block, index), array in trace.arrays.items() if block == 0})


def graph_of(trace: Trace) -> Graph:
    """What a trace knows of the main subgraph: tensors that were computed, and which node made each."""
    records = {record.index: record for record in trace.records if record.subgraph == 0}
    tensors = [Tensor(index, "", (), TensorType.FLOAT32) for index in range(max(records) + 1)]
    made: dict[int, list[int]] = {}
    for index, record in records.items():
        affine = trace.quantization.get((0, index))
        parameters = None
        if affine is not None:
            parameters = schema.QuantizationParameters(
                scale=affine.scale, zero_point=affine.zero_point, quantized_dimension=affine.axis
            )
        tensors[index] = Tensor(index, record.name, record.shape, TensorType[record.type.upper()], parameters)
        if record.node is not None:
            made.setdefault(record.node, []).append(index)
    ops = {record.node: record.op or "" for record in records.values() if record.node is not None}
    nodes = tuple(Node(node, ops[node], (), tuple(outputs)) for node, outputs in made.items())
    inputs = tuple(index for index, record in records.items() if record.node is None)
    return Graph((Subgraph(0, "main", tuple(tensors), nodes, inputs, ()),))
