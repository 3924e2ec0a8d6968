"""`minilite show`: what a model file says."""

import click

from minilite.graph import load
from minilite.program import KERNEL_SETS

from .describe import describe
from .options import options
from .output import print_json, warn_all


@click.command("show", short_help="Show what a model is made of.")
@click.argument("model")
@options(
    click.option("--kernels", type=click.Choice(KERNEL_SETS), metavar="SET", help="Say which kernel takes each node."),
)
def command(model: str, as_json: bool, kernels: str | None) -> int:
    """Show what MODEL is made of.

    Its quantization scheme, sizes, multiply-accumulates and memory; every node with its options and the type, shape and
    quantization of its tensors; the bytes and names of the tensors. Options with a default that stands for nothing are
    left out here and not in the JSON. With --kernels, for each node the kernel that this set uses, the rule by which it
    rounds, and why the sets searched before did not take it.
    """
    graph = load(model)
    warn_all(graph.warnings)
    document = describe(graph, model, kernels)
    if as_json:
        print_json(document)
    else:
        from .show_text import print_text  # rich loads only for text

        print_text(document, graph)
    return 0
