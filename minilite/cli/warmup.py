"""`minilite warmup`: compile ahead what the jit engine would compile when it is first needed."""

from time import perf_counter

import click

from minilite.errors import UnsupportedError
from minilite.graph import Graph, load
from minilite.interpreter import evaluate
from minilite.numerics.jit import cache_folder, is_compiled
from minilite.program import bind

from .options import options
from .output import Document, print_json
from .sample import random_inputs


@click.command("warmup", short_help="Compile ahead, so that no run has to wait.")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@options()
def command(models: tuple[str, ...], as_json: bool) -> int:
    """Compile the loops of the jit engine and keep their code, so that no later run waits for it.

    The loops for 8-bit codes serve every model. Those for other types are compiled for each MODEL given, which is run
    once on random inputs. What has been compiled before is only loaded. The code is kept in a folder of your user's
    cache, or where the environment variable MINILITE_CACHE says.
    """
    if not is_compiled():
        raise UnsupportedError("nothing can be compiled: numba is not installed, or NUMBA_DISABLE_JIT is set")
    from minilite.fast.warmup import compile_all

    graphs = {model: load(model) for model in models}
    document: Document = {"command": "warmup", "folder": str(cache_folder() or ""), "loops": [], "models": []}
    for name, seconds in compile_all():
        document["loops"].append({"name": name, "seconds": seconds})
        _say(as_json, name, seconds)
    for model, graph in graphs.items():
        seconds = _run(graph)
        document["models"].append({"model": model, "seconds": seconds})
        _say(as_json, model, seconds)
    if as_json:
        print_json(document)
    else:
        click.echo(f"kept in {document['folder']}" if document["folder"] else "not kept: no folder can be written to")
    return 0


def _say(as_json: bool, name: str, seconds: float) -> None:
    if not as_json:
        click.echo(f"{seconds:7.2f} s  {name}")


def _run(graph: Graph) -> float:
    """Seconds that a first run takes, both ways: step by step and as prepared calls."""
    inputs = {item.tensor.index: item.array for item in random_inputs(graph, 0)}
    start = perf_counter()
    program = bind(graph, engine="jit")
    evaluate(program, inputs)
    if program.is_static:
        program.run(inputs, {})
    return perf_counter() - start
