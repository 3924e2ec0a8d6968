"""`minilite explain`: one output element, step by step."""

from typing import Any

import click

from minilite.errors import InputError
from minilite.explanation import explain
from minilite.graph import load

from .images import Pixels
from .options import KERNELS, PIXELS, RANDOM, SEED, options
from .output import print_json, warn_all
from .run import read_given

LINES = 24


@click.command("explain", short_help="Explain one output element, step by step.")
@click.argument("model")
@click.argument("inputs", nargs=-1, metavar="[INPUT]...")
@options(
    click.option("--node", type=int, required=True, metavar="N", help="The node, as `minilite show` numbers them."),
    click.option("--at", metavar="I,J,K", help="The element: its index in the node's output."),
    click.option("--worst", is_flag=True, help="The element with the largest error against real arithmetic."),
    click.option("--output", type=int, default=0, metavar="K", help="Which output of the node, if it has several."),
    click.option("--subgraph", type=int, default=0, metavar="S", help="The subgraph of the node, if not the main one."),
    click.option("--all", "is_all", is_flag=True, help="Print all terms, not only the largest."),
    KERNELS,
    RANDOM,
    SEED,
    *PIXELS,
)
def command(model: str, inputs: tuple[str, ...], as_json: bool, **rest: Any) -> int:
    """Explain how one element of what a node of MODEL makes comes about, for INPUT as in "minilite run".

    Prints each input code and weight with its zero point, the largest products, the bias, the accumulator, the
    multiplier with its mantissa and exponent, every rounding step, the zero point, the limits of the fused activation,
    the code and what it stands for; then the value in real arithmetic, and what every other kernel set gives.
    """
    graph = load(model)
    warn_all(graph.warnings)
    at = position(rest["at"], rest["worst"])
    given = read_given(graph, inputs, Pixels(rest["mean"], rest["std"], rest["scale"]), rest)
    found = explain(
        graph,
        {item.name: item.array for item in given},
        rest["node"],
        at,
        output=rest["output"],
        subgraph=rest["subgraph"],
        kernels=rest["kernels"],
    )
    if as_json:
        print_json({"command": "explain", "model": model, **found.document()})
    else:
        click.echo(found.text(None if rest["is_all"] else LINES))
    return 0


def position(text: str | None, worst: bool) -> list[int] | None:
    """The index that --at names, None for the worst element. Raises InputError unless one of the two is given."""
    if (text is None) != worst:
        raise InputError("say which element: --at I,J,K, or --worst for the one with the largest error")
    if text is None:
        return None
    try:
        return [int(part) for part in text.strip("[]() ").split(",") if part.strip()]
    except ValueError:
        raise InputError(f"--at {text}: expected whole numbers with commas between them, such as 0,3,1") from None
