"""How long an inference takes: both engines of minilite beside LiteRT's reference, optimized and XNNPACK kernels.

    python -m tests.benchmarks.speed [MODEL.tflite...]

One thread each (of OpenBLAS as well), in turn, so that a busy machine disturbs them alike; medians in milliseconds, and
minilite's compiled engine against each of the others: below 1 it takes less time. It says so when outputs differ from
those of the reference kernels. Without models, the example is timed and the real int8 models beside the repository.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from ai_edge_litert import interpreter as litert

from minilite import bind, load, oracle
from minilite.graph import Graph
from minilite.interpreter import evaluate
from tests.conftest import shared_models

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "digits" / "digits_int8.tflite"
SECONDS = 3.0  # for one model
FEWEST = 5  # rounds of one model
Call = Callable[[], Any]


def inputs_for(graph: Graph) -> dict[int, Any]:
    """Random codes, or random numbers for float inputs."""
    generator = np.random.default_rng(0)
    arrays = {}
    for tensor in (graph.main.tensors[index] for index in graph.main.inputs):
        if tensor.dtype.kind == "f":
            arrays[tensor.index] = generator.normal(size=tensor.shape).astype(tensor.dtype)
        else:
            limits = np.iinfo(tensor.dtype)
            arrays[tensor.index] = generator.integers(limits.min, limits.max + 1, tensor.shape, tensor.dtype)
    return arrays


def minilite_call(graph: Graph, engine: str, inputs: dict[int, Any]) -> Call:
    """One inference with an engine; the outputs in order."""
    program = bind(graph, engine=engine)
    return lambda: [evaluate(program, inputs)[index] for index in graph.main.outputs]


def litert_call(path: Path, kernels: str, inputs: dict[int, Any]) -> Call:
    """One inference with a kernel set of LiteRT, inputs already set; the outputs in order."""
    resolver = litert.OpResolverType[oracle.RESOLVERS[kernels]]
    model = litert.Interpreter(str(path), experimental_op_resolver_type=resolver, num_threads=1)
    model.allocate_tensors()
    for index, array in inputs.items():
        model.set_tensor(index, array)

    def call() -> list[Any]:
        model.invoke()
        return [model.get_tensor(detail["index"]) for detail in model.get_output_details()]

    return call


def time_calls(calls: Sequence[Call]) -> list[float]:
    """The median seconds of each call, taken in turn. A call that alone fills the time is made less often."""
    seconds: list[list[float]] = [[] for _ in calls]
    start = perf_counter()
    while len(seconds[0]) < FEWEST or perf_counter() - start < SECONDS:
        for call, times in zip(calls, seconds, strict=True):
            if len(times) >= FEWEST and sum(times) > SECONDS / len(calls):
                continue
            begin = perf_counter()
            call()
            times.append(perf_counter() - begin)
    return [median(times) for times in seconds]


def time_model(path: Path) -> list[float]:
    """Median milliseconds: minilite jit and numpy, then LiteRT's kernel sets. Says so when outputs differ."""
    graph = load(path)
    inputs = inputs_for(graph)
    calls = [minilite_call(graph, engine, inputs) for engine in ("jit", "numpy")]
    calls += [litert_call(path, kernels, inputs) for kernels in oracle.RESOLVERS]
    outputs = [call() for call in calls]
    for ours, name in zip(outputs, ("jit", "numpy"), strict=False):
        differing = sum(oracle.difference(a, b).differing for a, b in zip(ours, outputs[2], strict=True))
        if differing:
            print(f"{path.stem}: {differing} elements of engine {name} differ from the reference kernels")
    return [1000 * seconds for seconds in time_calls(calls)]


def main(paths: Sequence[Path]) -> None:
    """Print one line per model."""
    names = ("jit", "numpy", *oracle.RESOLVERS)
    print(
        f"{'median milliseconds':24}", *(f"{name:>10}" for name in names), "   jit /", *(f"{n:>10}" for n in names[1:])
    )
    for path in paths:
        try:
            times = time_model(path)
        except ValueError as error:  # LiteRT refuses the file
            print(f"{path.stem:24} {str(error)[:80]}")
            continue
        ratios = [times[0] / time for time in times[1:]]
        print(f"{path.stem:24}", *(f"{time:10.3f}" for time in times), " " * 8, *(f"{ratio:10.3f}" for ratio in ratios))


if __name__ == "__main__":
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":  # read when NumPy is loaded
        command = [sys.executable, "-m", "tests.benchmarks.speed", *sys.argv[1:]]
        sys.exit(subprocess.run(command, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}, check=False).returncode)
    given = [Path(name) for name in sys.argv[1:]]
    main(given or [EXAMPLE, *(path for path in shared_models() if path.stem.endswith("_int8"))])
