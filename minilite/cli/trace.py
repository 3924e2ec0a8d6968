"""`minilite trace`: what happened inside a run."""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from minilite.errors import InputError
from minilite.graph import Graph, load
from minilite.tracing import Trace, save_trace
from minilite.tracing.files import check_path
from minilite.tracing.reference import Sample, with_reals
from minilite.tracing.run import Tracer, hash_of

from .inputs import Input
from .options import DATASET, ENGINE, KERNELS, PIXELS, options
from .output import Document, Progress, print_json, warn_all
from .samples import Samples, read_samples


@click.command("trace", short_help="Show every tensor of a run, and its error.")
@click.argument("model")
@click.argument("inputs", nargs=-1, metavar="[INPUT]...")
@options(
    click.option("-o", "--output", type=click.Path(path_type=Path), help="Save the trace as .npz."),
    click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values."),
    click.option("--float", "float_model", metavar="MODEL", help="Measure the propagated error against this model."),
    click.option("--accumulators", is_flag=True, help="Save accumulators as well."),
    *DATASET,
    ENGINE,
    KERNELS,
    *PIXELS,
)
def command(model: str, inputs: tuple[str, ...], as_json: bool, as_csv: bool, output: Path | None, **rest: Any) -> int:
    """Run MODEL and show every tensor: its range, how its codes are used, and its error against real arithmetic.

    INPUT is as for "minilite run", or a dataset: a folder with a file for each run, or a .npy or .npz with samples
    along the first axis. Of a dataset the statistics cover all runs and no tensor is saved.

    The local error is that of one op alone, given what it really read; the propagated error that of the whole model up
    to here, against real arithmetic or against the float model given. Both are compared with values that are not
    clamped to the range of the codes, so saturation shows. RMSE is in steps of the scale; perfect rounding has 0.289.
    """
    graph = load(model)
    warn_all(graph.warnings)
    floats = load(rest["float_model"]) if rest["float_model"] else None
    if as_json and as_csv:
        raise InputError("--json and --csv are two forms of the same; give one")
    if output is not None:
        check_path(output)
    samples = read_samples(graph, inputs, rest)
    single = samples.total == 1
    if rest["accumulators"] and not (single and output):
        raise InputError("--accumulators saves those of one run: it needs -o and one input")
    tracer = Tracer(graph, floats, rest["kernels"], rest["engine"], single and output is not None, rest["accumulators"])
    for sample in with_progress(graph, samples):
        tracer.add(sample)
    found = tracer.result(hash_of(model))
    if output is not None:
        save_trace(found, output)
    document = _document(model, rest["float_model"], samples, found, tracer.unpaired)
    if as_json:
        print_json(document)
    elif as_csv:
        writer = csv.DictWriter(sys.stdout, list(document["tensors"][0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(document["tensors"])
    else:
        from .trace_text import print_text  # rich loads only for text

        print_text(document, None if output is None else str(output))
    return 0


def with_progress(graph: Graph, samples: Samples) -> Iterator[Sample]:
    """The runs as a tracer takes them, saying on a terminal how far it is."""
    with Progress() as progress:
        for number, given in enumerate(samples.runs):
            progress.say(f"minilite: run {number + 1} of {samples.total}")
            yield to_sample(graph, given)


def to_sample(graph: Graph, given: list[Input]) -> Sample:
    """The inputs of a run by tensor index, with the real values that became codes."""
    reals = {item.tensor.index: item.array if item.real is None else item.real for item in given}
    return with_reals(graph, {item.tensor.index: item.array for item in given}, reals)


def _document(model: str, floats: str | None, samples: Samples, found: Trace, unpaired: dict[int, str]) -> Document:
    return {
        "command": "trace",
        "model": model,
        "float_model": floats,
        "source": samples.source,
        "runs": found.runs,
        "kernels": found.kernels,
        "engine": found.engine,
        "reference": found.reference,
        "sha256": found.hashes,
        "unpaired": [{"node": node, "reason": reason} for node, reason in sorted(unpaired.items())],
        "tensors": [
            {**record.row(), "subgraph": record.subgraph, "without": record.without} for record in found.records
        ],
    }
