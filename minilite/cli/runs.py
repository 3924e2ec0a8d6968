"""The runs of a command that compares: one on the files given, or one for each seed."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from minilite.format.recognize import IDENTIFIER
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


def split_models(files: Sequence[str]) -> tuple[list[str], list[str]]:
    """The models among the arguments of a command, at least the first, and the inputs."""
    models = [name for name in files if is_model(name)] or [files[0]]
    return models, [name for name in files if name not in models]


def is_model(name: str) -> bool:
    """Whether a file is a model, by its name or by its first bytes."""
    path = Path(name)
    if path.suffix in (".tflite", ".lite"):
        return "=" not in name or path.exists()
    try:
        with path.open("rb") as file:
            return file.read(8)[4:] == IDENTIFIER
    except OSError:
        return False


def seeds(rest: dict[str, Any]) -> range:
    """The seeds asked for."""
    return range(rest["seed"], rest["seed"] + rest["seeds"])
