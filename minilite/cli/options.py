"""Options that several commands share, and the words they print."""

from collections.abc import Callable
from typing import Any

import click

from minilite.program import KERNEL_SETS

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON (see the schema folder) instead of text.")
DEBUG = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
ENGINE = click.option(
    "--engine",
    type=click.Choice(["auto", "numpy", "jit"]),
    default="auto",
    show_default=True,
    help="How to compute; the results are the same.",
)
KERNELS = click.option(
    "--kernels",
    type=click.Choice(KERNEL_SETS),
    default="reference",
    show_default=True,
    metavar="SET",
    help=f"Whose arithmetic to follow: {', '.join(KERNEL_SETS)}.",
)
RANDOM = click.option("--random", "is_random", is_flag=True, help="Make up the inputs.")
SEED = click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the random inputs.")
DATASET = (
    RANDOM,
    SEED,
    click.option("--seeds", type=click.IntRange(min=1), default=1, show_default=True, help="How many, from --seed on."),
)
PIXELS = (
    click.option("--mean", metavar="M", help="Images: use (pixel - M) / S; one number, or one per channel."),
    click.option("--std", metavar="S", help="Images: see --mean; 1 if left out."),
    click.option("--scale", metavar="F", help="Images: use pixel * F."),
)


def options(*decorators: Decorator) -> Decorator:
    """The options in the order given, then those of every command."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for decorator in reversed((*decorators, JSON, DEBUG)):
            function = decorator(function)
        return function

    return decorate
