"""`minilite run`: run a model once and print what comes out."""

import time
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

from minilite.errors import InputError, ModelError
from minilite.graph import Graph, Tensor, load
from minilite.names import output_names, tensor_names
from minilite.program import Program

from .execution import bind_for, run_partly, run_program
from .images import Pixels
from .inputs import Input, read_inputs
from .labels import Ranked, ranked, read_labels
from .options import ENGINE, KERNELS, PIXELS, RANDOM, SEED, options
from .output import Document, Progress, print_json, quantization, warn_all
from .sample import random_inputs
from .save import check_destination, save

Array = NDArray[Any]


class Output(NamedTuple):
    """One output: its values as the model stores them, and the real values; the same for an unquantized one."""

    name: str
    tensor: Tensor
    codes: Array
    real: Array


@click.command("run", short_help="Run a model and print its outputs.")
@click.argument("model")
@click.argument("inputs", nargs=-1, metavar="[INPUT]...")
@options(
    click.option("-o", "--output", type=click.Path(path_type=Path), help="Save the outputs as .npz or .npy."),
    RANDOM,
    SEED,
    ENGINE,
    KERNELS,
    click.option("--labels", type=click.Path(path_type=Path), help="The names of the classes, one on each line."),
    click.option("--top", type=click.IntRange(min=1), help="How many classes to print."),
    click.option("--raw", is_flag=True, help="Print codes instead of real values."),
    click.option("--partial", is_flag=True, help="Run up to the first node not implemented; output every tensor."),
    *PIXELS,
)
def command(model: str, inputs: tuple[str, ...], as_json: bool, raw: bool, output: Path | None, **rest: Any) -> int:
    """Run MODEL on INPUT, one for each input of the model, and print its outputs.

    INPUT is a file or NAME=FILE: .npy, .npz, .raw or .bin (values of the input's own type), .csv (real values), or an
    image, resized to the input. Real values for a quantized input are quantized with the model's scale and zero point,
    rounded and clamped, and the output says so. Unless told otherwise, pixels of an image are codes for an 8-bit input
    and divided by 255 for another.

    A .npz has each output twice: NAME as the model stores it, NAME.real its real values if it is quantized. A .npy has
    the only output as the model stores it.

    With --partial the outputs are all tensors computed, and the exit code is 1 if a node stopped the run.
    """
    graph = load(model)
    warn_all(graph.warnings)
    partial = bool(rest["partial"])
    if output is not None:
        check_destination(output, len(graph.main.tensors) if partial else len(graph.main.outputs))
    given = read_given(graph, inputs, Pixels(rest["mean"], rest["std"], rest["scale"]), rest)
    labels = read_labels(rest["labels"]) if rest["labels"] else None
    start = time.perf_counter()
    with Progress() as progress:
        program = bind_for(graph, given, rest["kernels"], rest["engine"], partial)
        stopped = None
        if partial:
            values, stopped = run_partly(program, given, progress)
        else:
            values = run_program(program, given, progress)
    names = tensor_names(graph, values) if partial else output_names(graph)
    seconds = time.perf_counter() - start
    outputs = [_output(name, graph.main.tensors[index], values[index]) for name, index in names.items()]
    ranking = ranked({o.name: o.real for o in outputs}, labels, rest["top"])
    if output is not None:
        reals = {o.name: o.real for o in outputs if o.real is not o.codes}
        save(output, {o.name: o.codes for o in outputs}, reals)
    document = _document(model, program, given, outputs, ranking, seconds, rest["kernels"], stopped)
    if as_json:
        print_json(document)
    else:
        from .run_text import print_text  # rich loads only for text

        print_text(document, raw, partial, None if output is None else str(output))
    return 0 if stopped is None else 1


def read_given(graph: Graph, arguments: tuple[str, ...], pixels: Pixels, rest: dict[str, Any]) -> list[Input]:
    """The inputs: random ones, or those the arguments name. Raises InputError for both at once."""
    if not rest["is_random"]:
        return read_inputs(graph, arguments, pixels)
    if arguments:
        raise InputError("--random makes up all inputs; give either that or files")
    return random_inputs(graph, rest["seed"])


def _output(name: str, tensor: Tensor, values: Array) -> Output:
    if tensor.quantization is None or values.dtype.kind not in "iu":
        return Output(name, tensor, values, values)
    try:
        with np.errstate(all="ignore"):
            return Output(name, tensor, values, tensor.quantization.to_real(values))
    except ValueError as error:
        raise ModelError(f"output {tensor.label}: {tensor.quantization} do not fit its shape: {error}") from None


def _document(
    model: str,
    program: Program,
    given: list[Input],
    outputs: list[Output],
    ranking: dict[str, list[list[Ranked]]],
    seconds: float,
    kernels: str,
    stopped: str | None,
) -> Document:
    return {
        "command": "run",
        "model": model,
        "kernels": kernels,
        "engine": program.engine,
        "warnings": list(program.graph.warnings),
        "inputs": [item.document() for item in given],
        "outputs": [
            {
                "name": output.name,
                "index": output.tensor.index,
                "type": output.tensor.type.name.lower(),
                "shape": list(output.codes.shape),
                "quantization": quantization(output.tensor),
                "codes": None if output.real is output.codes else output.codes,
                "real": output.real,
                "top": [[one._asdict() for one in sample] for sample in ranking.get(output.name, [])],
            }
            for output in outputs
        ],
        "stopped": stopped,
        "seconds": seconds,
    }
