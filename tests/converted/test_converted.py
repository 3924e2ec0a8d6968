"""Models as the TensorFlow converter makes them: every tensor of the file against LiteRT, both engines."""

from pathlib import Path

import numpy as np
import pytest

from minilite import oracle
from minilite.graph import Graph, Node, load
from minilite.interpreter import evaluate
from minilite.ops import OPS
from minilite.program import bind
from tests.conformance import CASES

MODELS = sorted(Path(__file__).parent.glob("*.tflite"))
INEXACT = {case.op for case in CASES if case.tolerance and case.types == "float32"}
TOLERANCE = 1e-5  # of the largest absolute value, for float tensors that descend from an op that is not exact
DETECTIONS = "TFLite_Detection_PostProcess"  # LiteRT leaves entries past the number of detections as they were


def random_inputs(graph: Graph, seed: int) -> dict[int, np.ndarray]:
    generator = np.random.default_rng(seed)
    made = {}
    for tensor in (graph.main.tensors[index] for index in graph.main.inputs):
        values = generator.uniform(-1, 1, tensor.shape)
        quantization = tensor.quantization
        made[tensor.index] = (
            values.astype(tensor.dtype) if quantization is None else quantization.to_codes(values, tensor.dtype)
        )
    return made


def is_left_over(graph: Graph, node: Node, index: int) -> bool:
    """Whether nobody reads an output of a loop: LiteRT then leaves its memory as it was."""
    is_read = index in graph.main.outputs or any(index in reader.inputs for reader in graph.main.nodes)
    return OPS[node.op].control is not None and not is_read


@pytest.mark.parametrize("engine", ["numpy", "jit"])
@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_every_tensor_equals_litert(path: Path, engine: str) -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    if engine == "jit":
        pytest.importorskip("numba", reason="numba is not installed")
    graph = load(path)
    for seed in (0, 1):
        inputs = random_inputs(graph, seed)
        ours, theirs = evaluate(bind(graph, engine=engine), inputs), oracle.evaluate(graph, inputs)
        inexact: set[int] = set()
        for node in graph.main.nodes:
            if node.op in INEXACT or inexact.intersection(node.inputs):
                inexact.update(i for i in node.outputs if ours[i].dtype.kind == "f")
            for index in node.outputs:
                if not is_left_over(graph, node, index):
                    count = detections(node, ours)
                    assert_equal(node, ours[index], theirs[index], index in inexact, count)


def detections(node: Node, values: dict[int, np.ndarray]) -> int | None:
    """How many detections there are; None for another op."""
    return int(values[node.outputs[3]][0]) if node.op == DETECTIONS else None


def assert_equal(node: Node, ours: np.ndarray, theirs: np.ndarray, is_inexact: bool, count: int | None) -> None:
    if count is not None and ours.ndim > 1:
        ours, theirs = ours[:, :count], theirs[:, :count]
    found = oracle.difference(ours, theirs)
    allowed = TOLERANCE * float(np.abs(theirs).max(initial=0)) if is_inexact else 0.0
    assert not found.differing or found.largest <= allowed, f"{node.label}: {found}"


def test_the_models_are_here() -> None:
    assert len(MODELS) >= 20
    assert sum(path.stat().st_size for path in MODELS) < 3_000_000
