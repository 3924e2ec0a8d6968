"""The pairs of a float model and a quantized one that are at hand, and how well their error budgets add up.

python -m tests.budget.pairs
"""

from pathlib import Path

import numpy as np

import minilite
from minilite.graph import Graph, load
from minilite.names import input_names
from tests.cli.models import DIGITS, ROOT
from tests.conftest import MODELS_FOLDER

CONVERTED = ROOT / "tests" / "converted"
SCHEMES = ("int8", "int16x8", "dynamic_range", "uint8_io", "int8_float_io", "float16")
REAL = {
    "mlperf_tiny/resnet8_int8": "mlperf_tiny/resnet8_float32",
    "mlperf_tiny/ad01_int8": "mlperf_tiny/ad01_float32",
    "mlperf_tiny/vww96_int8": "mlperf_tiny/vww96_float32",
    "mlperf_tiny/kws_int8": "mlperf_tiny/kws_dynamic_range",  # there is no float32 one
    "mlperf_tiny/ad_toycar_dynamic_range": "mlperf_tiny/ad01_float32",
    "tflite_micro/hello_world_int8": "tflite_micro/hello_world_float",
    "tflite_micro/trained_lstm_int8": "tflite_micro/trained_lstm",
}
RUNS = 2


def own_pairs() -> list[tuple[Path, Path]]:
    """Those of the project: each quantized model beside the float32 one of the same name."""
    models = sorted([*DIGITS.glob("*.tflite"), *CONVERTED.glob("*.tflite")])
    names = [(path, path.stem.removesuffix(f"_{scheme}")) for path in models for scheme in SCHEMES]
    found = [(path, path.with_name(f"{name}_float32.tflite")) for path, name in names if name != path.stem]
    return [(path, floats) for path, floats in found if floats.exists()]


def drawn(graph: Graph, runs: int) -> list[dict[str, np.ndarray]]:
    """Real inputs a little beyond the range of the codes, so that there is something to clip."""
    generator = np.random.default_rng(3)
    made = []
    for _ in range(runs):
        inputs = {}
        for name, index in input_names(graph).items():
            tensor = graph.main.tensors[index]
            low, high = (-1, 1)
            if tensor.quantization is not None:
                low, high = 1.1 * tensor.quantization.to_real(np.array(tensor.codes))
            inputs[name] = generator.uniform(low, high, tensor.shape).astype(np.float32)
        made.append(inputs)
    return made


def main() -> None:
    """A line for each pair: how many tensors and nodes without a budget, and the largest gap of a tensor."""
    real = [(MODELS_FOLDER / f"{one}.tflite", MODELS_FOLDER / f"{other}.tflite") for one, other in REAL.items()]
    print(f"{'model':<30} {'beside':<22} {'tensors':>7} {'without':>7} {'gap':>8}")
    for path, float_path in (*own_pairs(), *(pair for pair in real if pair[0].exists())):
        graph = load(path)
        found = minilite.error_budget(graph, load(float_path), drawn(graph, RUNS))
        gap = max(tensor.gap for tensor in found.tensors)
        counts = f"{len(found.tensors):>7} {len(found.unpaired):>7}"
        print(f"{path.stem:<30} {float_path.stem:<22} {counts} {gap:>8.3%}")
        for node in found.unpaired:
            print(f"    {node.op} (node {node.node}): {node.reason}")


if __name__ == "__main__":
    main()
