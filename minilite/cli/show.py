"""`minilite show`: what a model file says."""

import click

from minilite.graph import load

from .describe import describe
from .options import options
from .output import print_json, warn_all


@click.command("show", short_help="Show what a model is made of.")
@click.argument("model")
@options()
def command(model: str, as_json: bool) -> int:
    """Show what MODEL is made of.

    Its quantization scheme, sizes, multiply-accumulates and memory; every node with its options and the type, shape and
    quantization of its tensors; the bytes and names of the tensors. Options with a default that stands for nothing are
    left out here and not in the JSON.
    """
    graph = load(model)
    warn_all(graph.warnings)
    document = describe(graph, model)
    if as_json:
        print_json(document)
    else:
        from .show_text import print_text  # rich loads only for text

        print_text(document, graph)
    return 0
