"""How long an inference takes: minilite beside LiteRT's reference, optimized and XNNPACK kernels, in one run.

    python -m tests.benchmarks.speed [MODEL.tflite...] [--only NAME...] [--seconds N] [--output FILE.md]

minilite: `run` is Program.run into given arrays, `jit` and `numpy` are execute, which keeps every tensor, with either
engine. "x2" means two threads, otherwise there is one (of OpenBLAS as well). All are called in turn, so that a busy
machine disturbs them alike. Printed are medians in milliseconds, and `run` against each of LiteRT's: below 1 it takes
less time. It says so when outputs of minilite differ from those of the reference kernels. --output writes the table
with machine and versions. Without models, the example is timed and the real int8 models beside the repository;
`python -m tests.benchmarks.models FOLDER` makes larger ones.
"""

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
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
OURS = ("run", "run x2", "jit", "numpy")
THEIRS = ("reference", "optimized", "optimized x2", "xnnpack", "xnnpack x2")
RATIOS = ("reference", "optimized", "xnnpack")
Call = Callable[[], list[Any]]


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


def our_call(graph: Graph, name: str, inputs: dict[int, Any]) -> Call | None:
    """One inference with minilite, the outputs in order; None where there is no such way."""
    way, _, threads = name.partition(" x")
    program = bind(graph, engine="numpy" if way == "numpy" else "jit")
    if way != "run":
        return lambda: [evaluate(program, inputs)[index] for index in graph.main.outputs]
    if not program.is_static:
        return None
    outputs = {i: np.empty(program.shapes[i], graph.main.tensors[i].dtype) for i in graph.main.outputs}

    def call() -> list[Any]:
        program.run(inputs, outputs, threads=int(threads or 1))
        return list(outputs.values())

    return call


def their_call(path: Path, name: str, inputs: dict[int, Any]) -> Call | None:
    """One inference with LiteRT, inputs already set; None when it refuses the file."""
    kernels, _, threads = name.partition(" x")
    resolver = litert.OpResolverType[oracle.RESOLVERS[kernels]]
    try:
        model = litert.Interpreter(str(path), experimental_op_resolver_type=resolver, num_threads=int(threads or 1))
        model.allocate_tensors()
    except (ValueError, RuntimeError):
        return None
    for index, array in inputs.items():
        model.set_tensor(index, array)

    def call() -> list[Any]:
        model.invoke()
        return [model.get_tensor(detail["index"]) for detail in model.get_output_details()]

    return call


def time_calls(calls: Sequence[Call], seconds: float) -> list[float]:
    """The median milliseconds of each call, taken in turn. One that has used up its share of the time waits."""
    times: list[list[float]] = [[] for _ in calls]
    share, start = seconds / len(calls), perf_counter()
    while not all(times) or perf_counter() - start < seconds:
        for call, taken in zip(calls, times, strict=True):
            if not taken or sum(taken) < share:
                begin = perf_counter()
                call()
                taken.append(perf_counter() - begin)
    return [1000 * median(taken) for taken in times]


def time_model(path: Path, names: Sequence[str], seconds: float) -> dict[str, float]:
    """Median milliseconds by name, for those that run the model. Says so when outputs differ."""
    graph = load(path)
    inputs = inputs_for(graph)
    made = {n: our_call(graph, n, inputs) if n in OURS else their_call(path, n, inputs) for n in names}
    calls = {name: call for name, call in made.items() if call is not None}
    outputs = {name: [output.copy() for output in call()] for name, call in calls.items()}
    for name in set(calls) & set(OURS) if "reference" in calls else ():
        pairs = zip(outputs[name], outputs["reference"], strict=True)
        differing = sum(oracle.difference(one, other).differing for one, other in pairs)
        if differing:
            print(f"{path.stem}: {differing} elements of {name} differ from the reference kernels")
    return dict(zip(calls, time_calls(list(calls.values()), seconds), strict=True))


def cells(model: str, times: dict[str, float], names: Sequence[str]) -> list[str]:
    """A row of the table: the times, then `run` against LiteRT with as many threads."""
    shown = [f"{times[name]:.3f}" if name in times else "" for name in names]
    for name in RATIOS:
        mine, theirs = times.get("run"), times.get(name)
        shown.append(f"{mine / theirs:.2f}" if mine and theirs else "")
    return [model, *shown]


def machine() -> str:
    """What was measured on, and with which versions."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    cpu = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "ai-edge-litert"))
    return f"{cpu}, {os.cpu_count()} CPUs, {platform.system()}, Python {platform.python_version()}, {packages}"


def main(paths: Sequence[Path], names: Sequence[str], seconds: float, output: Path | None) -> None:
    """Print one line per model, and write the table."""
    header = ["ms", *names, *(f"run / {name}" for name in RATIOS)]
    widths = [24, *(max(9, len(name)) for name in header[1:])]
    rows = [header]
    print("  ".join(f"{cell:>{width}}" for cell, width in zip(header, widths, strict=True)))
    for path in paths:
        rows.append(cells(path.stem, time_model(path, names, seconds), names))
        print("  ".join(f"{cell:>{width}}" for cell, width in zip(rows[-1], widths, strict=True)), flush=True)
    if output is not None:
        lines = [f"| {' | '.join(row)} |" for row in (header, ["---"] + ["---:"] * (len(header) - 1), *rows[1:])]
        output.write_text("\n".join([f"Median milliseconds. {machine()}.", "", *lines, ""]))


if __name__ == "__main__":
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":  # read when NumPy is loaded
        command = [sys.executable, "-m", "tests.benchmarks.speed", *sys.argv[1:]]
        sys.exit(subprocess.run(command, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}, check=False).returncode)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--only", nargs="+", choices=[*OURS, *THEIRS], default=[*OURS, *THEIRS])
    parser.add_argument("--seconds", type=float, default=5.0, help="for one model")
    parser.add_argument("--output", type=Path, help="a Markdown file")
    given = parser.parse_args()
    bundled = [EXAMPLE, *(path for path in shared_models() if path.stem.endswith("_int8"))]
    main(given.models or bundled, given.only, given.seconds, given.output)
