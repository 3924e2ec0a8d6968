"""`minilite agree`: every kernel set on one model, which agree, and where each pair parts."""

from collections.abc import Sequence
from typing import Any

import click

from minilite.comparing import agree
from minilite.comparing.agreement import Agreement
from minilite.errors import InputError
from minilite.graph import load
from minilite.program import KERNEL_SETS

from .comparison import pair_document
from .options import ENGINE, PIXELS, RANDOM, SEED, options
from .output import Document, Progress, print_json, warn_all
from .runs import SEEDS, input_runs, split_models


@click.command("agree", short_help="Which runtimes agree on a model, and where they part.")
@click.argument("files", nargs=-1, required=True, metavar="MODEL... [INPUT]...")
@options(
    click.option("--sets", metavar="A,B,...", help="Which kernel sets; all of them if left out."),
    RANDOM,
    SEED,
    SEEDS,
    ENGINE,
    *PIXELS,
)
def command(files: tuple[str, ...], as_json: bool, sets: str | None, **rest: Any) -> int:
    """Run MODEL by the arithmetic of every kernel set that takes it and compare their outputs, each pair of sets.

    The inputs are random unless given as for "minilite run". Prints a matrix of differing codes, then for each pair
    that differs the first op that answers differently when both are given equal inputs, and the rule of each side. Of
    several models a table: each set against the first. Exit code 1 if any pair differs.
    """
    models, inputs = split_models(files)
    if inputs and rest["is_random"]:
        raise InputError("--random makes up all inputs; give either that or files")
    names = _sets(sets)
    found = [_agree(model, inputs, names, rest) for model in models]
    document = {"command": "agree", "models": found}
    if as_json:
        print_json(document)
    else:
        from .agree_text import print_text  # rich loads only for text

        print_text(document)
    return 1 if any(pair["differing"] for model in found for pair in model["pairs"]) else 0


def _agree(model: str, inputs: Sequence[str], names: Sequence[str], rest: dict[str, Any]) -> Document:
    graph = load(model)
    warn_all([f"{model}: {warning}" for warning in graph.warnings])
    with Progress() as progress:
        runs = input_runs(graph, inputs, rest)
        arrays = ({item.tensor.index: item.array for item in given} for given in runs)
        return _document(model, agree(graph, arrays, names, rest["engine"], progress.say))


def _sets(text: str | None) -> tuple[str, ...]:
    names = KERNEL_SETS if text is None else tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in KERNEL_SETS:
            raise InputError(f"no kernel set is called {name!r}; there are {', '.join(KERNEL_SETS)}")
    return names


def _document(model: str, found: Agreement) -> Document:
    return {
        "model": model,
        "runs": found.runs,
        "sets": list(found.sets),
        "refused": found.refused,
        "pairs": [pair_document(pair) for pair in found.pairs.values()],
    }
