"""`minilite verify`: run LiteRT beside minilite and count what differs."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from minilite import oracle
from minilite.errors import InputError, MiniliteError
from minilite.format.recognize import IDENTIFIER
from minilite.graph import Graph, load

from .comparison import Comparison
from .execution import bind_for, run_program
from .files import read_bytes
from .images import Pixels
from .inputs import Input, read_inputs
from .options import ENGINE, KERNELS, PIXELS, RANDOM, SEED, options
from .output import Document, Progress, fail, print_json, warn, warn_all
from .sample import random_inputs


@click.command("verify", short_help="Compare with LiteRT, element by element.")
@click.argument("files", nargs=-1, required=True, metavar="MODEL... [INPUT]...")
@options(
    RANDOM,
    SEED,
    click.option("--seeds", type=click.IntRange(min=1), default=1, show_default=True, help="How many, from --seed on."),
    ENGINE,
    KERNELS,
    *PIXELS,
)
def command(files: tuple[str, ...], as_json: bool, **rest: Any) -> int:
    """Run each MODEL in LiteRT and in minilite and compare every tensor, element by element.

    The inputs are random unless given as for "minilite run"; files that end in .tflite or begin as one are models.
    Prints elements, differing elements and the largest difference; of several models, the tensors that differ. Exit
    code 1 if anything differs, 2 if a model could not be compared. Needs LiteRT: pip install 'minilite-tflite[litert]'.
    """
    version = oracle.version()
    if version != oracle.VERIFIED_VERSION:
        warn(f"this is LiteRT {version}; minilite follows {oracle.VERIFIED_VERSION}, other versions may differ")
    models = [name for name in files if is_model(name)] or [files[0]]
    inputs = [name for name in files if name not in models]
    if inputs and rest["is_random"]:
        raise InputError("--random makes up all inputs; give either that or files")
    found = [_verify(model, inputs, rest) for model in models]
    document = {
        "command": "verify",
        "litert": version,
        "litert_expected": oracle.VERIFIED_VERSION,
        "kernels": rest["kernels"],
        "engine": rest["engine"],
        "seeds": None if inputs else list(_seeds(rest)),
        "models": found,
    }
    if as_json:
        print_json(document)
    elif len(found) > 1 or found[0]["error"] is None:
        from .verify_text import print_text  # rich loads only for text

        print_text(document)
    if any(one["error"] is not None for one in found):
        return 2
    return 0 if all(one["equal"] for one in found) else 1


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


def _verify(model: str, files: Sequence[str], rest: dict[str, Any]) -> Document:
    try:
        with Progress() as progress:
            return _compare(model, files, rest, progress).document(model)
    except MiniliteError as error:
        message = str(error) if model in str(error) else f"{model}: {error}"
        fail(message)
        return {**Comparison(Graph(())).document(model), "error": message, "equal": False}


def _compare(model: str, files: Sequence[str], rest: dict[str, Any], progress: Progress) -> Comparison:
    graph = load(model)
    warn_all([f"{model}: {warning}" for warning in graph.warnings])
    comparison = Comparison(graph)
    for given in _inputs(graph, files, rest):
        program = bind_for(graph, given, rest["kernels"], rest["engine"])
        values = run_program(program, given, progress)
        progress.say(f"minilite: LiteRT runs {model}")
        arrays = {item.tensor.index: item.array for item in given}
        run = given[0].source if given else "no inputs"
        comparison.add(values, read_bytes(Path(model)), arrays, rest["kernels"], run)
    return comparison


def _inputs(graph: Graph, files: Sequence[str], rest: dict[str, Any]) -> Iterator[list[Input]]:
    if files:
        yield read_inputs(graph, files, Pixels(rest["mean"], rest["std"], rest["scale"]))
        return
    for seed in _seeds(rest):
        yield random_inputs(graph, seed)


def _seeds(rest: dict[str, Any]) -> range:
    return range(rest["seed"], rest["seed"] + rest["seeds"])
