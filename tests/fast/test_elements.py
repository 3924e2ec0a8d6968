"""Element-wise loops: the bits of the definitions under every kernel set, for special values and stretched shapes."""

from typing import Any

import numpy as np
import pytest

from minilite.format.options.empty import PowOptions
from minilite.graph import Graph
from minilite.interpreter import evaluate
from minilite.numerics.jit import is_compiled
from minilite.ops import OPS
from minilite.program import bind
from tests.conformance.case import Operand, one_op

pytest.importorskip("numba", reason="numba is not installed")
SETS = ("reference", "optimized", "xnnpack")
NORMAL = np.random.default_rng(0).normal(size=(5, 41)) * [[0.01], [0.5], [2], [20], [200]]
TURNS = [1, 6, 11, 16.6355324, 104]  # where functions go over to another form
SPECIAL = [0, np.inf, 1e-40, 1e-45, 3e38, 0.5, 1.5, 2.5, 8388609, *TURNS]
VALUES = np.array([*NORMAL.ravel(), *SPECIAL, *np.negative(SPECIAL), np.nan], np.float32)
FUNCTIONS = [
    "NEG",
    "ABS",
    "SQUARE",
    "SQRT",
    "RSQRT",
    "FLOOR",
    "CEIL",
    "ROUND",
    "LEAKY_RELU",
    "HARD_SWISH",
    "EXP",
    "LOG",
]
FUNCTIONS += ["TANH", "LOGISTIC", "ELU", "SIN", "COS", "GELU", "RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1"]
PAIRS = ["ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE"]
SHAPES = [
    ((4, 8, 3), (4, 8, 3)),
    ((4, 8, 3), (3,)),
    ((4, 8, 3), (4, 1, 3)),
    ((4, 8, 3), (4, 8, 1)),
    ((4, 1, 3), (1, 8, 1)),
    ((1, 1, 5), (2, 3, 1)),
    ((2, 1, 3, 1, 2), (1, 4, 1, 5, 1)),
    ((), (7,)),
    ((3, 300), (3, 1)),
    ((300, 1), (300, 2)),
    ((2, 1, 2, 1, 2, 1, 2), (1, 2, 1, 2, 1, 2, 1)),
]


def assert_loop_equals_definition(graph: Graph, inputs: dict[int, Any], kernels: str, has_loop: bool = True) -> None:
    """The same bits from both engines, where a compiled loop runs; one NaN is as good as another."""
    programs = [bind(graph, engine=engine, kernels=kernels) for engine in ("numpy", "jit")]
    assert (programs[1].steps[0].task.loop is not None) == has_loop or not is_compiled()
    expected, made = (evaluate(program, inputs)[graph.main.outputs[0]] for program in programs)
    if expected.dtype == np.float32:
        expected, made = (np.where(np.isnan(y), np.float32(np.nan), y) for y in (expected, made))
    assert expected.tobytes() == made.tobytes()


@pytest.mark.parametrize("code", FUNCTIONS)
def test_functions_of_one_float(code: str) -> None:
    options: Any = OPS[code].options
    for size in range(len(VALUES), len(VALUES) - 4, -1):  # with and without values behind the last whole vector
        y = Operand("float32", (size,))
        for flags in [{"approximate": False}, {"approximate": True}] if code == "GELU" else [{}]:
            chosen = None if options is None else options(**flags)
            example = one_op(code, chosen, [Operand("float32", (size,), VALUES[-size:])], [y])
            for kernels in SETS:
                assert_loop_equals_definition(example.graph, example.inputs, kernels)


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("code", PAIRS)
def test_functions_of_two_floats(code: str, shapes: Any) -> None:
    random, options = np.random.default_rng(1), OPS[code].options
    assert options is not None
    operands = [Operand("float32", shape, random.choice(VALUES[-60:], shape)) for shape in shapes]
    example = one_op(code, options(), operands, [Operand("float32", np.broadcast_shapes(*shapes))])
    for kernels in SETS:
        assert_loop_equals_definition(example.graph, example.inputs, kernels, len(shapes[0]) < 7)


@pytest.mark.parametrize("exponent", [2, 3, 1, 0.5, -1, 2.5])
def test_powers(exponent: float) -> None:
    """Whole exponents are multiplied out; of these, squares have a loop."""
    operand = Operand("float32", (1,), np.array([exponent], np.float32), constant=True)
    base, y = Operand("float32", (1, len(VALUES)), VALUES[None]), Operand("float32", (1, len(VALUES)))
    example = one_op("POW", PowOptions(), [base, operand], [y])
    assert_loop_equals_definition(example.graph, example.inputs, "reference", exponent not in (1, 3))


@pytest.mark.parametrize("shapes", SHAPES[:-1], ids=str)
@pytest.mark.parametrize("code", ["MUL", "ADD", "SQUARED_DIFFERENCE", "MAXIMUM", "LESS"])
def test_functions_of_two_codes(code: str, shapes: Any) -> None:
    random, options = np.random.default_rng(2), OPS[code].options
    assert options is not None
    scale = 0.03 if code == "MAXIMUM" else 0.02
    operands = [
        Operand("int8", shape, random.integers(-128, 128, shape), step, 3)
        for shape, step in zip(shapes, (0.03, scale), strict=True)
    ]
    stretched = np.broadcast_shapes(*shapes)
    y = Operand("bool", stretched) if code == "LESS" else Operand("int8", stretched, None, 0.03, 3)
    example = one_op(code, options(), operands, [y])
    for kernels in SETS:
        may_run_in_blocks = kernels == "optimized" and code == "ADD"
        if not may_run_in_blocks:
            assert_loop_equals_definition(example.graph, example.inputs, kernels)
