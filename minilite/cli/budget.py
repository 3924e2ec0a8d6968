"""`minilite budget`: where the error of a quantized model comes from."""

from typing import Any

import click

from minilite.budget import Accountant, ErrorBudget
from minilite.errors import InputError
from minilite.graph import load
from minilite.graph.scheme import scheme_of

from .options import DATASET, ENGINE, KERNELS, PIXELS, options
from .output import Document, print_json, warn_all
from .samples import Samples, read_samples
from .trace import with_progress

FLOAT = "float32"


@click.command("budget", short_help="Split the error of each layer into its causes.")
@click.argument("model")
@click.argument("float_model", metavar="FLOAT_MODEL")
@click.argument("inputs", nargs=-1, metavar="[INPUT]...")
@options(*DATASET, ENGINE, KERNELS, *PIXELS)
def command(model: str, float_model: str, inputs: tuple[str, ...], as_json: bool, **rest: Any) -> int:
    """Run MODEL beside FLOAT_MODEL, its float twin, and say what makes each layer's error.

    INPUT is as for "minilite trace", for MODEL; FLOAT_MODEL gets the same real values. Tensors are paired by name where
    names agree and by structure where they do not; what has no pair is listed with the reason.

    The causes are what a layer inherits from its inputs, the rounding of weights and biases, clipping to the range of
    the codes, and the rounding of the output. A share is a cause's covariance with the whole error, so the shares add
    up to the mean squared error exactly; a negative one cancels some of the others.
    """
    graph, floats = load(model), load(float_model)
    warn_all(graph.warnings)
    if scheme_of(graph).name == FLOAT and scheme_of(floats).name != FLOAT:
        raise InputError(f"{model} is the float model of the two; the quantized one comes first")
    samples = read_samples(graph, inputs, rest)
    accountant = Accountant(graph, floats, rest["kernels"], rest["engine"])
    for sample in with_progress(graph, samples):
        accountant.add(sample)
    document = _document(model, float_model, samples, rest, accountant.result())
    if as_json:
        print_json(document)
    else:
        from .budget_text import print_text  # rich loads only for text

        print_text(document)
    return 0


def _document(model: str, float_model: str, samples: Samples, rest: dict[str, Any], found: ErrorBudget) -> Document:
    return {
        "command": "budget",
        "model": model,
        "float_model": float_model,
        "source": samples.source,
        "runs": found.runs,
        "kernels": rest["kernels"],
        "engine": rest["engine"],
        "largest_gap": max((tensor.gap for tensor in found.tensors), default=0.0),
        "tensors": found.rows(),
        "unpaired": [
            {"node": one.node, "op": one.op, "name": one.name, "reason": one.reason} for one in found.unpaired
        ],
    }
