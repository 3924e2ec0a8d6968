"""Small models for the command tests, and how to call a command."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
from click.testing import CliRunner, Result

from minilite.cli import main
from minilite.format.enums import TensorType
from minilite.format.options.dense import FullyConnectedOptions
from minilite.graph import DTYPES, Graph, Node, Subgraph, Tensor, save
from tests.graph.build import quantization, with_main

ROOT = Path(__file__).resolve().parents[2]
DIGITS = ROOT / "examples" / "digits"


def invoke(*arguments: Any) -> Result:
    """Call a command in this process; an exception that is no exit fails the test."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def document(*arguments: Any, code: int = 0) -> dict[str, Any]:
    """The JSON of a command, checked against its schema."""
    result = invoke(*arguments, "--json")
    assert result.exit_code == code, result.output
    found = json.loads(result.stdout, parse_constant=lambda text: pytest_fail(text))
    schema = json.loads((ROOT / "schema" / f"{arguments[0]}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(found, schema, jsonschema.Draft202012Validator)
    return found


def pytest_fail(text: str) -> None:
    raise AssertionError(f"{text} is not JSON")


def tensor(
    index: int, kind: str, shape: tuple[int, ...], scale: Any = None, zero_point: Any = 0, data: Any = None
) -> Tensor:
    """A tensor called "tensor_<index>"; a constant when it has data."""
    parameters = None if scale is None else quantization(scale, zero_point)
    element = TensorType[kind.upper()]
    stored = None if data is None else np.array(data, DTYPES[element]).reshape(-1).view(np.uint8)
    return Tensor(index, f"tensor_{index}", shape, element, parameters, stored, buffer=0 if data is None else index)


def one_node(op: str, options: Any, tensors: tuple[Tensor, ...]) -> Graph:
    """A model of one node, whose output is the last tensor."""
    last = len(tensors) - 1
    inputs = tuple(each.index for each in tensors[:-1] if each.data is None)
    node = Node(0, op, tuple(range(last)), (last,), options)
    return Graph((Subgraph(0, "main", tensors, (node,), inputs, (last,)),))


def dense(kind: str = "int8", units: int = 3) -> Graph:
    """FULLY_CONNECTED from 4 values to `units`, weights 0, 1, 2, ...; int8 input of scale 0.5 and zero point 3."""
    weights = np.arange(4 * units)
    scales = ((None, 0), (None, 0), (None, 0)) if kind == "float32" else ((0.5, 3), (0.25, 0), (1.0, -5))
    tensors = (
        tensor(0, kind, (1, 4), *scales[0]),
        tensor(1, kind, (units, 4), *scales[1], data=weights),
        tensor(2, kind, (1, units), *scales[2]),
    )
    return one_node("FULLY_CONNECTED", FullyConnectedOptions(), tensors)


def two_inputs() -> Graph:
    """ADD of two float32 tensors of shape [2, 3]."""
    return one_node("ADD", None, tuple(tensor(index, "float32", (2, 3)) for index in range(3)))


def renamed(graph: Graph, *names: str) -> Graph:
    """`graph` with the first tensors called `names`."""
    tensors = list(graph.main.tensors)
    for index, name in enumerate(names):
        tensors[index] = replace(tensors[index], name=name)
    return with_main(graph, tensors=tuple(tensors))


def with_op(graph: Graph, op: str, is_custom: bool = True) -> Graph:
    """`graph` with its first node replaced by another op, without options."""
    first = graph.main.nodes[0]
    node = Node(0, op, first.inputs, first.outputs, is_custom=is_custom)
    return with_main(graph, nodes=(node, *graph.main.nodes[1:]))


def chain(*kinds: str) -> Graph:
    """RELU after RELU on tensors of these types, shape [8]; quantized when integer."""
    tensors = tuple(
        tensor(index, kind, (8,), None if kind.startswith("float") else 0.5) for index, kind in enumerate(kinds)
    )
    nodes = []
    for index in range(len(kinds) - 1):
        one, other = kinds[index], kinds[index + 1]
        op = "RELU" if one == other else "DEQUANTIZE" if other.startswith("float") else "QUANTIZE"
        nodes.append(Node(index, op, (index,), (index + 1,)))
    return Graph((Subgraph(0, "main", tensors, tuple(nodes), (0,), (len(kinds) - 1,)),))


def saved(graph: Graph, folder: Path, name: str = "model.tflite") -> Path:
    """The path of `graph` written to a file."""
    path = folder / name
    save(graph, path)
    return path
