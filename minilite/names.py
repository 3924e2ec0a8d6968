"""What inputs and outputs are called: the signature's name, else the tensor's; `name#index` when empty or repeated."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from .graph import Graph, Signature


def input_names(graph: Graph) -> dict[str, int]:
    """Tensor index of each input of the main subgraph, by name, in order."""
    return _names(graph, graph.main.inputs, lambda signature: signature.inputs)


def output_names(graph: Graph) -> dict[str, int]:
    """Tensor index of each output of the main subgraph, by name, in order."""
    return _names(graph, graph.main.outputs, lambda signature: signature.outputs)


def tensor_names(graph: Graph, indices: Iterable[int]) -> dict[str, int]:
    """These tensors of the main subgraph by their names in the file, `name#index` when empty or repeated."""
    count = Counter(tensor.name for tensor in graph.main.tensors)
    chosen = [graph.main.tensors[index] for index in indices]
    return {t.name if t.name and count[t.name] == 1 else f"{t.name}#{t.index}": t.index for t in chosen}


def _names(graph: Graph, indices: tuple[int, ...], side: Callable[[Signature], Mapping[str, int]]) -> dict[str, int]:
    signature = next((s for s in graph.signatures if s.subgraph == 0), None)
    named = {index: name for name, index in side(signature).items()} if signature else {}
    plain = [named.get(index) or graph.main.tensors[index].name for index in indices]
    count = Counter(plain)
    return {
        name if name and count[name] == 1 else f"{name}#{index}": index
        for name, index in zip(plain, indices, strict=True)
    }
