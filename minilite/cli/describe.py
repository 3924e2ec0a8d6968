"""What a model file says, as the document that `minilite show` prints."""

from collections import defaultdict
from pathlib import Path
from typing import Any

from minilite.errors import MiniliteError, UnsupportedError
from minilite.format.enums import enum_names
from minilite.format.kinds import Scalar
from minilite.format.table import Table, fields
from minilite.graph import Graph, Node, Subgraph, Tensor
from minilite.graph.memory import ActivationMemory, activation_memory, constant_bytes, tensor_bytes
from minilite.graph.scheme import scheme_of
from minilite.names import input_names, output_names
from minilite.ops import OPS, Call, Op, Operand
from minilite.ops.prepare import choose
from minilite.ops.signature import OperandForm, assign
from minilite.program import Step, bind

from .output import Document, quantization


def describe(graph: Graph, path: str, kernels: str | None = None) -> Document:
    """Everything about a model; `macs` is None for an op that minilite does not know.

    With a kernel set, also which kernel takes each node.
    """
    subgraphs = [_subgraph(subgraph) for subgraph in graph.subgraphs]
    if kernels is not None:
        for subgraph in subgraphs:
            chosen = _kernels(graph, subgraph["index"], kernels)
            for node in subgraph["nodes"]:
                node["kernel"] = chosen.get(node["index"])
    macs = [node["macs"] for subgraph in subgraphs for node in subgraph["nodes"]]
    scheme = scheme_of(graph)
    memory = activation_memory(graph.main)
    return {
        "command": "show",
        "model": path,
        "bytes": Path(path).stat().st_size,
        "version": graph.version,
        "description": graph.description,
        "metadata": [name for name, _ in graph.metadata],
        "warnings": list(graph.warnings),
        "kernels": kernels,
        "scheme": {
            "name": scheme.name,
            "mostly": scheme.mostly,
            "breaking": [
                {"subgraph": one.subgraph, "node": one.node.index, "op": one.node.op, "scheme": one.scheme}
                for one in scheme.breaking
            ],
        },
        "obstacle": _obstacle(graph),
        "macs": sum(number or 0 for number in macs),
        "macs_complete": None not in macs,
        "memory": {"peak_bytes": memory.peak, "node": memory.node},
        "inputs": [{"name": name, "index": index} for name, index in input_names(graph).items()],
        "outputs": [{"name": name, "index": index} for name, index in output_names(graph).items()],
        "signatures": [_signature(graph, number) for number in range(len(graph.signatures))],
        "buffers": _buffers(graph),
        "subgraphs": subgraphs,
    }


def _obstacle(graph: Graph) -> str | None:
    """Why minilite cannot run the model; None if it can."""
    try:
        bind(graph, engine="numpy")
    except MiniliteError as error:
        return str(error)
    return None


def _signature(graph: Graph, number: int) -> Document:
    signature = graph.signatures[number]
    return {
        "key": signature.key,
        "subgraph": signature.subgraph,
        "inputs": dict(signature.inputs),
        "outputs": dict(signature.outputs),
    }


def _buffers(graph: Graph) -> list[Document]:
    users: dict[int, list[list[int]]] = defaultdict(list)
    for subgraph in graph.subgraphs:
        for tensor in subgraph.tensors:
            if tensor.data is not None:
                users[tensor.buffer].append([subgraph.index, tensor.index])
    sizes = constant_bytes(graph)
    return [{"index": index, "bytes": sizes[index], "tensors": users[index]} for index in sorted(sizes)]


def _subgraph(subgraph: Subgraph) -> Document:
    memory = activation_memory(subgraph)
    return {
        "index": subgraph.index,
        "name": subgraph.name,
        "inputs": list(subgraph.inputs),
        "outputs": list(subgraph.outputs),
        "nodes": [_node(subgraph, position, memory) for position in range(len(subgraph.nodes))],
        "tensors": [_tensor(tensor) for tensor in subgraph.tensors],
    }


def _node(subgraph: Subgraph, position: int, memory: ActivationMemory) -> Document:
    node = subgraph.nodes[position]
    found = None if node.is_custom else OPS.get(node.op)
    op = None if found is None else found.for_node(node)
    custom = node.custom_options
    return {
        "index": node.index,
        "op": node.op,
        "version": node.version,
        "custom": node.is_custom,
        "implemented": op is not None,
        "options": options(node.options),
        "custom_option_bytes": None if custom is None else int(custom.size),
        "inputs": _operands(node.inputs, op.signature.inputs if op else (), "in"),
        "outputs": _operands(node.outputs, op.signature.outputs if op else (), "out"),
        "macs": None if op is None else _macs(op, node, subgraph),
        "kernel": None,
        "live_bytes": memory.live[position],
    }


def options(table: Table | None) -> Document:
    """The options of a node by name, enums by the names of their members; deprecated ones left out."""
    return {name: value for name, value, _ in option_items(table)}


def option_items(table: Table | None) -> list[tuple[str, Any, bool]]:
    """Each option: its name, its value as in `options`, and whether it is the schema's default."""
    if table is None:
        return []
    items = []
    for field in fields(type(table)):
        value = getattr(table, field.name)
        kind = field.kind
        if isinstance(kind, Scalar) and kind.deprecated:
            continue
        shown = value
        if isinstance(kind, Scalar) and kind.enum is not None:
            shown = enum_names(kind.enum).get(value, value)
        elif isinstance(value, (Table, tuple)):
            shown = repr(value)
        items.append((field.name, shown, isinstance(kind, Scalar) and value == field.default))
    return items


def _operands(indices: tuple[int, ...], forms: tuple[OperandForm, ...], otherwise: str) -> list[Document]:
    names = assign(forms, len(indices)) if forms else None
    return [
        {"operand": name, "tensor": index if index >= 0 else None}
        for name, index in zip(names or [otherwise] * len(indices), indices, strict=True)
    ]


def _macs(op: Op, node: Node, subgraph: Subgraph) -> int | None:
    """Multiply-accumulates with the shapes of the file; None where they do not fit the op."""
    if op.macs is None:
        return 0
    operands: dict[str, tuple[Operand, ...]] = {}
    for forms, indices in ((op.signature.inputs, node.inputs), (op.signature.outputs, node.outputs)):
        for name, index in zip(assign(forms, len(indices)) or (), indices, strict=False):
            if index >= 0:
                tensor = subgraph.tensors[index]
                operands[name] = (*operands.get(name, ()), Operand(tensor, tensor.shape, None))
    try:
        return int(op.macs(Call(node, node.options, op.signature, operands)))
    except (MiniliteError, LookupError, ValueError, ZeroDivisionError):
        return None


def _kernels(graph: Graph, subgraph: int, kernels: str) -> dict[int, Document]:
    """By node, what a kernel set computes it with; nothing for a node whose shapes are known only when it runs."""
    try:
        program = bind(graph, engine="numpy", subgraph=subgraph)
    except MiniliteError:
        return {}
    return {step.node.index: _kernel(step, kernels) for step in program.steps if step.prepared is not None}


def _kernel(step: Step, kernels: str) -> Document:
    assert step.prepared is not None
    try:
        variant, found, passed = choose(step.op, step.prepared.call, kernels)
    except UnsupportedError as error:
        return {"kernel_set": None, "variant": None, "rule": None, "passed": {}, "refused": str(error)}
    rule = variant.rules[found] or None
    return {"kernel_set": found, "variant": variant.name, "rule": rule, "passed": dict(passed), "refused": None}


def _tensor(tensor: Tensor) -> Document:
    return {
        "index": tensor.index,
        "name": tensor.name,
        "type": tensor.type.name.lower(),
        "shape": list(tensor.shape),
        "shape_signature": None if tensor.shape_signature is None else list(tensor.shape_signature),
        "bytes": tensor_bytes(tensor),
        "buffer": None if tensor.data is None else tensor.buffer,
        "variable": tensor.is_variable,
        "quantization": quantization(tensor),
    }
