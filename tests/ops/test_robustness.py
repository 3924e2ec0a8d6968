"""Whatever is wrong with a node, minilite says so in its own words: never a NumPy traceback or a crash."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from minilite.errors import InputError, MiniliteError
from minilite.format.enums import TensorType
from minilite.format.kinds import Scalar
from minilite.format.table import fields
from minilite.format.table import replace as replace_field
from minilite.graph import DTYPES, Graph, Tensor, read, write
from minilite.interpreter import evaluate
from minilite.ops import OPS
from minilite.ops.op import Variant, plan_nothing
from minilite.program import bind
from tests.conformance import CASES
from tests.conformance.case import Case, OneOp, Operand, one_op

ONE_OF_EACH_OP = list({case.op: case for case in reversed(CASES)}.values())
QUANTIZED = {case.op: case for case in reversed(CASES) if {"int8", "uint8", "int16"} & set(case.types.split())}
WRONG_SCALES = (0.0, -1.0, np.nan, np.inf, 1e-45, 1e38)
WRONG_TYPES = (TensorType.FLOAT32, TensorType.INT8, TensorType.INT64, TensorType.BOOL, TensorType.STRING)
WRONG_OPTIONS = (0, -1, 7, 2**31 - 1)
WRONG_NUMBERS = (-9, 0, 1, 17)
SETTINGS = settings(
    max_examples=12,
    phases=[Phase.generate],
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def with_tensor(graph: Graph, index: int, tensor: Tensor) -> Graph:
    tensors = tuple(tensor if each.index == index else each for each in graph.main.tensors)
    return replace(graph, subgraphs=(replace(graph.main, tensors=tensors), *graph.subgraphs[1:]))


def with_node(graph: Graph, **changes: Any) -> Graph:
    nodes = (replace(graph.main.nodes[0], **changes), *graph.main.nodes[1:])
    return replace(graph, subgraphs=(replace(graph.main, nodes=nodes), *graph.subgraphs[1:]))


def wrong_options(example: OneOp) -> Iterator[OneOp]:
    """Each number among the options replaced by one that rarely makes sense."""
    options = example.graph.main.nodes[0].options
    for field in fields(type(options)) if options is not None else ():
        if isinstance(field.kind, Scalar) and field.kind.format in "bi" and field.kind.enum is None:
            for value in WRONG_OPTIONS:
                value = min(value, 127) if field.kind.format == "b" else value
                changed = replace_field(options, **{field.name: value})
                yield replace(example, graph=with_node(example.graph, options=changed))


def wrong_numbers(example: OneOp) -> Iterator[OneOp]:
    """The integers an op is steered by: constants of the file, and inputs."""
    for tensor in example.graph.main.tensors:
        if tensor.type.name not in ("INT32", "INT64") or tensor.sparsity is not None:
            continue
        for number in WRONG_NUMBERS:
            if tensor.data is not None and tensor.data.size:
                data = np.full(tensor.data.size // tensor.dtype.itemsize, number, tensor.dtype).view(np.uint8)
                yield replace(example, graph=with_tensor(example.graph, tensor.index, replace(tensor, data=data)))
            elif tensor.index in example.inputs:
                filled = np.full_like(example.inputs[tensor.index], number)
                yield replace(example, inputs={**example.inputs, tensor.index: filled})


def wrong_shapes(example: OneOp) -> Iterator[OneOp]:
    """Inputs with a dimension more, a dimension less, a length more, and none at all."""
    for index, array in example.inputs.items():
        shapes = [(*array.shape, 2), array.shape[1:], (0, *array.shape[1:]), (*array.shape[:-1], 3)]
        for shape in shapes:
            tensor = replace(example.graph.main.tensors[index], shape=shape)
            resized = np.resize(array, shape) if array.size else np.zeros(shape, array.dtype)
            graph = with_tensor(example.graph, index, tensor)
            yield OneOp(graph, {**example.inputs, index: resized.astype(array.dtype)})


def wrong_scales(example: OneOp) -> Iterator[OneOp]:
    """Each scale replaced by one that no real values have, and no quantization at all."""
    for tensor in example.graph.main.tensors:
        if tensor.quantization is None:
            continue
        shape = tensor.quantization.scale.shape
        tables = [replace_field(tensor.parameters, scale=np.full(shape, s, np.float32)) for s in WRONG_SCALES]
        for table in (*tables, None):
            graph = with_tensor(example.graph, tensor.index, replace(tensor, parameters=table))
            yield replace(example, graph=graph)


def wrong_types(example: OneOp) -> Iterator[OneOp]:
    """Each tensor of another element type; inputs and constants have as many elements of it."""
    for tensor in example.graph.main.tensors:
        for kind in WRONG_TYPES:
            count = tensor.value.size if tensor.value is not None and tensor.sparsity is None else 0
            data = None if tensor.data is None else np.zeros(count * DTYPES[kind].itemsize, np.uint8)
            graph = with_tensor(example.graph, tensor.index, replace(tensor, type=kind, data=data))
            inputs = dict(example.inputs)
            if tensor.index in inputs:
                inputs[tensor.index] = np.full(tensor.shape, b"" if kind == TensorType.STRING else 0, DTYPES[kind])
            yield OneOp(graph, inputs)


def fewer_operands(example: OneOp) -> Iterator[OneOp]:
    """Inputs left out, the last one missing, an output too many."""
    node = example.graph.main.nodes[0]
    for place in range(len(node.inputs)):
        left_out = (*node.inputs[:place], -1, *node.inputs[place + 1 :])
        yield replace(example, graph=with_node(example.graph, inputs=left_out))
    yield replace(example, graph=with_node(example.graph, inputs=node.inputs[:-1]))


@pytest.mark.parametrize("case", ONE_OF_EACH_OP, ids=lambda case: case.op)
def test_every_mistake_has_a_message(case: Case) -> None:
    @SETTINGS
    @given(case.draw, st.sampled_from([wrong_options, wrong_numbers, wrong_shapes, wrong_types, fewer_operands]))
    def check(example: OneOp, mistakes: Any) -> None:
        run_all(mistakes(example))

    check()


@pytest.mark.parametrize("case", QUANTIZED.values(), ids=lambda case: case.op)
def test_every_wrong_scale_has_a_message(case: Case) -> None:
    @settings(SETTINGS, max_examples=2)
    @given(case.draw)
    def check(example: OneOp) -> None:
        run_all(wrong_scales(example))

    check()


def run_all(examples: Iterator[OneOp]) -> None:
    """Each runs or raises an error of minilite; any other passes through."""
    for wrong in examples:
        with contextlib.suppress(MiniliteError):
            evaluate(bind(read(write(wrong.graph)), engine="numpy"), wrong.inputs)


def test_too_little_memory_is_said() -> None:
    def run_out(plan: None, x: Any) -> Any:
        raise MemoryError("Unable to allocate 8 GiB")

    x = Operand("float32", (2,), np.zeros(2))
    example = one_op("ABS", None, [x], [Operand("float32", (2,))])
    greedy = replace(OPS["ABS"], variants=(Variant("greedy", ("float32",), plan_nothing, run_out),))
    with pytest.raises(InputError, match=r"ABS \(node 0\): there is not enough memory: Unable to allocate 8 GiB"):
        evaluate(bind(example.graph, ops={**OPS, "ABS": greedy}), example.inputs)


def test_tile_zero_times_of_any_length() -> None:
    x, multiples = Operand("int8", (2, 1), np.zeros((2, 1))), Operand("int32", (2,), np.array([0, 2**31 - 1]))
    example = one_op("TILE", None, [x, multiples], [Operand("int8", (0, 0))])
    (values,) = (evaluate(bind(example.graph), example.inputs)[index] for index in example.graph.main.outputs)
    assert values.shape == (0, 2**31 - 1)
