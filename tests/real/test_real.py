"""Real arithmetic: what quantized kernels round, what float kernels compute in float32, what has none."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from minilite import real
from minilite.errors import UnsupportedError
from minilite.format.options.arithmetic import AddOptions
from minilite.graph import Graph, load
from minilite.interpreter import evaluate, execute, to_input
from minilite.numerics.activation import RELU
from minilite.ops import OPS
from minilite.program import bind
from tests.cli.models import one_node, tensor
from tests.conformance import CASES
from tests.conformance.case import Case, OneOp
from tests.graph.build import with_node

ROOT = Path(__file__).resolve().parents[2]
DIGITS, CONVERTED = ROOT / "examples" / "digits", ROOT / "tests" / "converted"
QUANTIZED = [DIGITS / "digits_int8.tflite", *(CONVERTED / f"{name}_int8.tflite" for name in ("mobile_net", "u_net"))]
FLOAT = [DIGITS / "digits_float32.tflite", *sorted(CONVERTED.glob("*_float32.tflite"))]
KINDS = {"int8", "uint8", "int16"}
CODED = [case for case in CASES if KINDS & set(case.types.split()) and OPS[case.op].control is None]


def drawn(graph: Graph) -> dict[int, np.ndarray]:
    generator = np.random.default_rng(1)
    tensors = [graph.main.tensors[index] for index in graph.main.inputs]
    return {each.index: to_input(each, generator.uniform(-1, 1, each.shape)) for each in tensors}


@pytest.mark.parametrize("path", QUANTIZED, ids=lambda path: path.stem)
def test_a_kernel_that_rescales_rounds_the_real_value(path: Path) -> None:
    graph = load(path)
    model, seen = real.make_real(graph), 0
    for result in execute(bind(graph), drawn(graph)):
        prepared = result.step.prepare_for(result.inputs)
        if prepared.variant.accumulate is None:
            continue
        (exact,), (codes,) = model.outputs(result), result.outputs
        output = graph.main.tensors[result.step.node.outputs[0]]
        steps = exact / output.quantization.scale + output.quantization.zero_point
        assert exact.dtype == np.float64
        assert np.abs(np.clip(steps, -128, 127) - codes).max() < 0.62, result.step.node.label
        seen += 1
    assert seen >= 4


@pytest.mark.parametrize("path", FLOAT, ids=lambda path: path.stem)
def test_a_float_model_is_the_same_but_for_rounding(path: Path) -> None:
    graph = load(path)
    inputs, model = drawn(graph), real.make_real(graph)
    floats = evaluate(bind(graph), inputs)
    reals = evaluate(model.program(), {index: model.values(0, index, array) for index, array in inputs.items()})
    assert reals.keys() == floats.keys()
    for index, values in floats.items():
        if values.dtype == np.float32:
            assert (
                reals[index].dtype == np.float64 or "detector" in path.stem
            )  # which boxes are chosen is no arithmetic
            np.testing.assert_allclose(reals[index], values, rtol=1e-4, atol=1e-4 * np.abs(values).max(initial=0))


def steps_of(example: OneOp) -> int:
    """How many float64 outputs the node has in real arithmetic."""
    program = bind(example.graph, {index: array.shape for index, array in example.inputs.items()})
    (result,) = execute(program, example.inputs)
    model, outputs = real.make_real(example.graph), result.step.node.outputs
    coded = [real.is_real(example.graph.main.tensors[index]) for index in outputs]
    made = model.outputs(result)
    assert [array.shape for array in made] == [array.shape for array in result.outputs]
    assert all(array.dtype.kind == "f" for array, is_coded in zip(made, coded, strict=True) if is_coded)
    return sum(coded)


@pytest.mark.parametrize("case", CODED, ids=str)
def test_every_op_on_codes_has_real_arithmetic(case: Case) -> None:
    @settings(phases=[Phase.generate], max_examples=2, suppress_health_check=list(HealthCheck))
    @given(case.draw)
    def check(example: OneOp) -> None:
        tensors = [each for each in example.graph.main.tensors if each.type.name.lower() in KINDS]
        if not all(map(real.is_real, tensors)):
            return
        output = example.graph.main.tensors[example.graph.main.outputs[0]]
        bare_output = output.dtype == np.int32 and not real.is_real(output)  # sums of codes
        try:
            assert steps_of(example) or not KINDS & set(case.types.partition("->")[2].split())
        except UnsupportedError:
            assert case.op == "NumericVerify" or case.variant == "blockwise" or "int4" in case.types or bare_output

    check()


def test_a_bias_without_a_scale_has_that_of_the_products() -> None:
    graph = load(DIGITS / "digits_int8.tflite")
    node = next(node for node in graph.main.nodes if node.op == "CONV_2D")
    tensors = list(graph.main.tensors)
    tensors[node.inputs[2]] = replace(tensors[node.inputs[2]], parameters=None)
    bare = replace(graph, subgraphs=(replace(graph.main, tensors=tuple(tensors)),))
    one, other = (real.make_real(each).graph.main.tensors[node.inputs[2]].value for each in (graph, bare))
    np.testing.assert_array_equal(one, other)


def test_without_fused_clamps() -> None:
    tensors = tuple(tensor(index, "int8", (3,), 0.5) for index in range(3))
    graph = with_node(one_node("ADD", AddOptions(fused_activation_function=RELU), tensors), 0)
    codes = {0: np.array([-9, 2, 3], np.int8), 1: np.array([1, 1, 1], np.int8)}
    (result,) = execute(bind(graph), codes)
    assert real.make_real(graph).outputs(result)[0].tolist() == [0, 1.5, 2]
    assert real.make_real(graph, activations=False).outputs(result)[0].tolist() == [-4, 1.5, 2]


def test_an_op_without_float_kernel_is_named() -> None:
    tensors = (*(tensor(index, "int32", (3,)) for index in range(2)), tensor(2, "int32", (3,), 0.5))
    graph = one_node("BITWISE_XOR", None, tensors)
    codes = {index: np.arange(3, dtype=np.int32) for index in range(2)}
    (result,) = execute(bind(graph), codes)
    with pytest.raises(UnsupportedError, match=r"BITWISE_XOR \(node 0\): no kernel for"):
        real.make_real(graph).outputs(result)
