"""The runs of a command that compares: one on the files given, or one for each seed."""

from collections.abc import Iterator, Sequence
from typing import Any

import click

from minilite.graph import Graph

from .images import Pixels
from .inputs import Input, read_inputs
from .sample import random_inputs

SEEDS = click.option(
    "--seeds", type=click.IntRange(min=1), default=1, show_default=True, help="How many, from --seed on."
)


def input_runs(graph: Graph, files: Sequence[str], rest: dict[str, Any]) -> Iterator[list[Input]]:
    """The inputs of each run: of the files, else random ones by --seed and --seeds."""
    if files:
        yield read_inputs(graph, files, Pixels(rest["mean"], rest["std"], rest["scale"]))
        return
    for seed in seeds(rest):
        yield random_inputs(graph, seed)


def seeds(rest: dict[str, Any]) -> range:
    """The seeds asked for."""
    return range(rest["seed"], rest["seed"] + rest["seeds"])
