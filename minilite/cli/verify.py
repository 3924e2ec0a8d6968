"""`minilite verify`: run LiteRT beside minilite and count what differs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from minilite import oracle
from minilite.comparing import Comparison, litert_side, program_side
from minilite.comparing.side import official_copy
from minilite.errors import InputError, MiniliteError
from minilite.graph import Graph, load

from .comparison import comparison_document
from .execution import bind_for, run_program
from .files import read_bytes
from .options import ENGINE, KERNELS, PIXELS, RANDOM, SEED, options
from .output import Document, Progress, fail, print_json, warn, warn_all
from .runs import SEEDS, input_runs, seeds, split_models
from .tolerances import add_tolerances, stated_tolerances


@click.command("verify", short_help="Compare with LiteRT, element by element.")
@click.argument("files", nargs=-1, required=True, metavar="MODEL... [INPUT]...")
@options(
    RANDOM,
    SEED,
    SEEDS,
    ENGINE,
    KERNELS,
    *PIXELS,
)
def command(files: tuple[str, ...], as_json: bool, **rest: Any) -> int:
    """Run each MODEL in LiteRT and in minilite and compare every tensor, element by element.

    The inputs are random unless given as for "minilite run"; files that end in .tflite or begin as one are models.
    --kernels chooses the kernel set and LiteRT's matching resolver. Prints elements, differing elements and the largest
    difference, and of what differs how much the op alone does, given LiteRT's own inputs; of several models, only the
    tensors that differ. Of other sets than the reference, float ops may differ by what "minilite ops" states of them,
    and a loop or branch by the largest number stated of the ops in it.
    Exit code 1 if anything differs by more, 2 if a model could not be compared.
    Needs LiteRT: pip install 'minilite-tflite[litert]'.
    """
    version = oracle.version()
    if version != oracle.VERIFIED_VERSION:
        warn(f"this is LiteRT {version}; minilite follows {oracle.VERIFIED_VERSION}, other versions may differ")
    if rest["kernels"] not in oracle.RESOLVERS:
        known = ", ".join(oracle.RESOLVERS)
        raise InputError(f"LiteRT has no kernel set {rest['kernels']!r} to compare with; it has {known}")
    models, inputs = split_models(files)
    if inputs and rest["is_random"]:
        raise InputError("--random makes up all inputs; give either that or files")
    found = [_verify(model, inputs, rest) for model in models]
    document = {
        "command": "verify",
        "litert": version,
        "litert_expected": oracle.VERIFIED_VERSION,
        "kernels": rest["kernels"],
        "engine": rest["engine"],
        "seeds": None if inputs else list(seeds(rest)),
        "models": found,
    }
    if as_json:
        print_json(document)
    elif len(found) > 1 or found[0]["error"] is None:
        from .verify_text import print_text  # rich loads only for text

        print_text(document)
    if any(one["error"] is not None for one in found):
        return 2
    return 0 if all(one["within"] for one in found) else 1


def _verify(model: str, files: Sequence[str], rest: dict[str, Any]) -> Document:
    repair: list[str] = []
    tolerances: dict[int, float] = {}
    found = Comparison(("minilite", "LiteRT"))
    error = None
    try:
        with Progress() as progress:
            _compare(found, model, files, rest, progress, repair, tolerances)
    except MiniliteError as problem:
        error = str(problem) if model in str(problem) else f"{model}: {problem}"
        fail(error)
    document = comparison_document(found)
    add_tolerances(document, found, tolerances)
    if error is not None:
        document["equal"] = document["within"] = False
    return {"model": model, "error": error, "repair": repair[0] if repair else None, **document}


def _compare(
    found: Comparison,
    model: str,
    files: Sequence[str],
    rest: dict[str, Any],
    progress: Progress,
    repair: list[str],
    tolerances: dict[int, float],
) -> None:
    graph = load(model)
    warn_all([f"{model}: {warning}" for warning in graph.warnings])
    official: Graph | bytes = read_bytes(Path(model))
    for given in input_runs(graph, files, rest):
        program = bind_for(graph, given, rest["kernels"], rest["engine"])
        arrays = {item.tensor.index: item.array for item in given}
        ours = program_side(program, run_program(program, given, progress), "minilite")
        tolerances |= stated_tolerances(program, rest["kernels"])
        progress.say(f"minilite: LiteRT runs {model}")
        try:
            theirs = litert_side(graph, official, arrays, rest["kernels"])
        except InputError as error:
            official, how = official_copy(graph, error)
            repair.append(how)
            theirs = litert_side(graph, official, arrays, rest["kernels"])
        progress.say(f"minilite: compares {model}")
        found.add(ours, theirs, run=given[0].source if given else "no inputs")
