"""`minilite compare`: two models, kernel sets, LiteRT or a dump, tensor by tensor."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

from minilite import oracle
from minilite.comparing import Comparison, Side, litert_side, minilite_side, program_side
from minilite.comparing.agreement import Pair
from minilite.comparing.side import official_copy
from minilite.errors import InputError
from minilite.graph import Graph, load
from minilite.names import input_names
from minilite.program import KERNEL_SETS
from minilite.real import to_real
from minilite.tracing.pairing import Pairing, pair_models

from .comparison import comparison_document, pair_document
from .dumps import is_dump, read_dump
from .execution import bind_for, run_program
from .files import read_bytes
from .inputs import Input
from .options import ENGINE, KERNELS, PIXELS, RANDOM, SEED, options
from .output import Document, Progress, print_json, warn_all
from .runs import SEEDS, input_runs
from .thresholds import read_thresholds
from .traces import compare_traces

Array = NDArray[Any]
LITERT, TRACE = "litert:", ".npz"


@click.command("compare", short_help="Where two answers differ, and which op parts first.")
@click.argument("model", metavar="A")
@click.argument("other", metavar="[B]", required=False)
@options(
    click.option("--input", "files", multiple=True, metavar="FILE", help='As for "minilite run"; repeatable.'),
    click.option("--with", "sides", metavar="X,Y,...", help="Kernel sets; after litert: LiteRT's own."),
    click.option("--max-codes", multiple=True, metavar="[TENSOR=]N", help="Allow differences of N codes."),
    click.option("--min-sqnr", multiple=True, metavar="[TENSOR=]DB", help="Ask for N decibels and no more."),
    RANDOM,
    SEED,
    SEEDS,
    ENGINE,
    KERNELS,
    *PIXELS,
)
def command(model: str, other: str | None, as_json: bool, sides: str | None, **rest: Any) -> int:
    """Compare the tensors of the model A with those of B: another model, or a dump of a run of A (an .npz, a folder of
    .npy, .raw, .bin or .csv files by tensor name or index, a trace). Without B, --with names what A is compared with:
    kernel sets, or LiteRT as litert:reference,optimized,xnnpack. A and B may be two saved traces; then nothing is run.

    For each tensor: differing codes, the largest difference in codes and real units, SQNR, what differs when the op is
    given equal inputs ("alone"), and by how much the relative error grew. Exit code 1 if anything differs, or with
    --max-codes or --min-sqnr, if anything is beyond them.
    """
    if (other is None) == (sides is None):
        raise InputError("give either B, a model or a dump, or --with and names of kernel sets")
    if rest["files"] and rest["is_random"]:
        raise InputError("--random makes up all inputs; give either that or --input")
    if other is not None and model.endswith(TRACE):
        graph, traces, hint = compare_traces(Path(model), Path(other))
        limits, found = read_thresholds(graph, rest["max_codes"], rest["min_sqnr"]), _Found([traces], {}, hint)
    else:
        graph = load(model)
        warn_all([f"{model}: {warning}" for warning in graph.warnings])
        limits = read_thresholds(graph, rest["max_codes"], rest["min_sqnr"])
        with Progress() as progress:
            job = _Job(Path(model), graph, rest, progress)
            found = job.compare_other(other) if other is not None else job.compare_sets(_names(sides or ""))
    broken = [limits.broken(comparison) for comparison in found.comparisons]
    document = {
        "command": "compare",
        "model": model,
        "thresholds": limits.document(),
        "comparisons": [
            {"sides": list(one.labels), "beyond": beyond, **comparison_document(one), "unpaired": _unpaired(one)}
            for one, beyond in zip(found.comparisons, broken, strict=True)
        ],
        "pairs": [pair_document(pair) for pair in found.pairs.values()],
    }
    if as_json:
        print_json(document)
    else:
        from .compare_text import print_text  # rich loads only for text

        print_text(document, found.hint)
    return 1 if any(broken) else 0


def _unpaired(comparison: Comparison) -> list[Document]:
    return [{"tensor": index, "reason": reason} for index, reason in comparison.unpaired.items()]


def _names(text: str) -> list[str]:
    """The sides that --with names: what follows "litert:" are LiteRT's, up to the end."""
    ours, _, theirs = text.partition(LITERT)
    names = [name.strip() for name in ours.split(",") if name.strip()]
    official = [name.strip() for name in theirs.split(",") if name.strip()]
    for name, known in [*((name, KERNEL_SETS) for name in names), *((name, oracle.RESOLVERS) for name in official)]:
        if name not in known:
            raise InputError(f"no kernel set is called {name!r}; there are {', '.join(known)}")
    if not names and not official:
        raise InputError("--with names no kernel set")
    return [*names, *(LITERT + name for name in official)]


class _Found(NamedTuple):
    comparisons: list[Comparison]
    pairs: dict[tuple[str, str], Pair]
    hint: str = ""


class _Job(NamedTuple):
    model: Path
    graph: Graph
    rest: dict[str, Any]
    progress: Progress

    def compare_sets(self, names: Sequence[str]) -> _Found:
        """The model by its own kernel set against each of `names`, and all of them against each other."""
        comparisons: dict[str, Comparison] = {}
        pairs: dict[tuple[str, str], Pair] = {}
        for given in input_runs(self.graph, self.rest["files"], self.rest):
            arrays, source = _arrays(given), _source(given)
            ours = self._ours(given)
            sides = [ours, *(self._side(name, arrays) for name in names)]
            for side in sides[1:]:
                found = comparisons.setdefault(side.label, Comparison((ours.label, side.label)))
                found.add(ours, side, run=source)
            for place, one in enumerate(sides):
                for other in sides[place + 1 :]:
                    pairs.setdefault((one.label, other.label), Pair(one.label, other.label)).add(one, other)
        return _Found(list(comparisons.values()), pairs)

    def compare_other(self, other: str) -> _Found:
        """The model against another one, or a dump."""
        if is_dump(other):
            return _Found([self._compare_dump(Path(other))], {})
        theirs = load(other)
        warn_all([f"{other}: {warning}" for warning in theirs.warnings])
        pairing = None if same_structure(self.graph, theirs) else pair_models(self.graph, theirs)
        found = Comparison((str(self.model), other))
        for given in input_runs(self.graph, self.rest["files"], self.rest):
            ours = self._ours(given, str(self.model))
            inputs = _inputs_of(self.graph, theirs, pairing, _arrays(given))
            side = minilite_side(theirs, inputs, self.rest["kernels"], self.rest["engine"], other)
            pairs = None if pairing is None else {index: pair.tensor for index, pair in pairing.tensors.items()}
            found.add(ours, side, pairs, _source(given))
        return _Found([found], {})

    def _compare_dump(self, path: Path) -> Comparison:
        side = read_dump(path, self.graph, self.model)
        main = self.graph.main
        if not self.rest["files"] and not self.rest["is_random"] and all(i in side.values for i in main.inputs):
            names, source = input_names(self.graph), f"inputs of {path.name}"
            given = [Input(name, main.tensors[i], np.asarray(side.values[i]), source) for name, i in names.items()]
        else:
            given = next(iter(input_runs(self.graph, self.rest["files"], self.rest)))
            source = _source(given)
        ours = self._ours(given)
        found = Comparison((ours.label, side.label))
        found.add(ours, side, run=source)
        wrong = next((tensor for tensor in found.tensors.values() if tensor.mismatch), None)
        if wrong is not None:
            raise InputError(f"{path}: {wrong.tensor.label}: {wrong.mismatch}")
        return found

    def _ours(self, given: list[Input], label: str = "") -> Side:
        program = bind_for(self.graph, given, self.rest["kernels"], self.rest["engine"])
        return program_side(program, run_program(program, given, self.progress), label or self.rest["kernels"])

    def _side(self, name: str, inputs: Mapping[int, Array]) -> Side:
        self.progress.say(f"minilite: runs {name}")
        if not name.startswith(LITERT):
            return minilite_side(self.graph, inputs, name, self.rest["engine"])
        kernels = name.removeprefix(LITERT)
        try:
            return litert_side(self.graph, read_bytes(self.model), inputs, kernels)
        except InputError as error:
            return litert_side(self.graph, official_copy(self.graph, error)[0], inputs, kernels)


def same_structure(one: Graph, other: Graph) -> bool:
    """Whether two models have the same nodes on the same tensors, of the same types and shapes."""
    return _structure(one) == _structure(other)


def _structure(graph: Graph) -> list[Any]:
    nodes = [(node.op, node.inputs, node.outputs) for node in graph.main.nodes]
    return [*nodes, *((tensor.type, tensor.shape) for tensor in graph.main.tensors)]


def _inputs_of(graph: Graph, other: Graph, pairing: Pairing | None, arrays: Mapping[int, Array]) -> dict[int, Array]:
    """The inputs of the other model from those of the first."""
    if pairing is None:
        return dict(arrays)
    reals = {index: to_real(graph.main.tensors[index], array) for index, array in arrays.items()}
    return pairing.inputs_of(other, reals)


def _arrays(given: list[Input]) -> dict[int, Array]:
    return {item.tensor.index: item.array for item in given}


def _source(given: list[Input]) -> str:
    return given[0].source if given else "no inputs"
