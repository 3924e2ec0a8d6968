"""What `minilite show` says to people."""

from rich.console import Console
from rich.text import Text

from minilite.graph import Graph, Node, printable

from .describe import option_items
from .output import WIDTH, Document, columns, console, count, fold, plural, quantization_text, shape_text

BREAKING_SHOWN = 6
WIDEST_SHAPE = 18
MEANINGFUL_DEFAULTS = ("padding",)  # whose first value is a choice like any other


def print_text(document: Document, graph: Graph) -> None:
    """The summary, then the nodes and the tensors of each subgraph."""
    out = console()
    _print_summary(out, document)
    several = len(document["subgraphs"]) > 1
    for subgraph, source in zip(document["subgraphs"], graph.subgraphs, strict=True):
        title = f"subgraph {subgraph['index']} {printable(subgraph['name'])}: nodes" if several else "nodes"
        out.print()
        out.print(Text(title, "bold"), soft_wrap=True)
        for node, original in zip(subgraph["nodes"], source.nodes, strict=True):
            _print_node(out, subgraph, node, original)
        _print_tensors(out, subgraph)


def _print_summary(out: Console, document: Document) -> None:
    columns(out, ("", ""), _summary(document))


def _summary(document: Document) -> list[tuple[str, str]]:
    scheme, buffers, memory = document["scheme"], document["buffers"], document["memory"]
    constants = sum(buffer["bytes"] for buffer in buffers)
    rows = [("model", printable(document["model"]))]
    if document["description"]:
        rows.append(("description", printable(document["description"])))
    rows.append(("scheme", scheme["name"] + _breaking(scheme)))
    size = f"{count(document['bytes'])} bytes, {count(constants)} of them constants in {plural(len(buffers), 'buffer')}"
    rows.append(("size", size))
    at_least = "" if document["macs_complete"] else "at least "
    rows.append(("work", f"{at_least}{count(document['macs'])} multiply-accumulates"))
    where = "" if memory["node"] is None else f" at once, at node {memory['node']}"
    rows.append(("memory", f"{count(memory['peak_bytes'])} bytes of activations{where}"))
    rows.append(("runs here", "yes" if document["obstacle"] is None else f"no: {document['obstacle']}"))
    for what in ("input", "output"):
        rows.extend((what, _border(document, item)) for item in document[f"{what}s"])
    for signature in document["signatures"]:
        sides = (", ".join(map(printable, signature[side])) for side in ("inputs", "outputs"))
        rows.append(("signature", f"{printable(signature['key'])}: {' -> '.join(sides)}"))
    return rows


def _breaking(scheme: Document) -> str:
    if not scheme["breaking"]:
        return ""
    groups: dict[str, list[str]] = {}
    for one in scheme["breaking"]:
        groups.setdefault(one["scheme"], []).append(f"{printable(one['op'])} {one['node']}")
    named = (f"{_some(nodes)} in {kind}" for kind, nodes in groups.items())
    mostly = f", mostly {scheme['mostly']}" if scheme["mostly"] != scheme["name"] else ""
    return f"{mostly}; except {'; '.join(named)}"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - BREAKING_SHOWN} more" if len(names) > BREAKING_SHOWN else ""
    return ", ".join(names[:BREAKING_SHOWN]) + more


def _border(document: Document, item: Document) -> str:
    tensor = document["subgraphs"][0]["tensors"][item["index"]]
    words = printable(item["name"]), tensor["type"], shape_text(tensor["shape"])
    return f"{' '.join(words)}  {quantization_text(tensor['quantization'])}".rstrip()


def _print_node(out: Console, subgraph: Document, node: Document, original: Node) -> None:
    number = f"{node['index']:>{len(str(len(subgraph['nodes']) - 1))}}  "
    indent = " " * len(number)
    work = _work(node)
    title = Text.assemble((number, "dim"), (printable(node["op"]), "bold"), f" v{node['version']}")
    if work:
        title.append(" " * max(2, WIDTH - title.cell_len - len(work)))
        title.append(work, "dim")
    out.print()
    out.print(title, soft_wrap=True)
    for line in fold(", ".join(_options(node, original)), WIDTH - len(indent)):
        if line:
            out.print(Text(indent + line, "dim"), soft_wrap=True)
    for line in _kernel(node["kernel"]):
        for folded in fold(line, WIDTH - len(indent)):
            out.print(Text(indent + folded), soft_wrap=True)
    roles = max((len(operand["operand"]) for operand in (*node["inputs"], *node["outputs"])), default=0)
    for operand in (*node["inputs"], *node["outputs"]):
        out.print(Text(indent + _operand(subgraph, operand, roles)), soft_wrap=True)


def _work(node: Document) -> str:
    if not node["implemented"]:
        return "not implemented"
    return f"{count(node['macs'])} MACs" if node["macs"] else ""


def _kernel(kernel: Document | None) -> list[str]:
    """Which kernel takes a node, and why the sets searched before did not."""
    if kernel is None:
        return []
    if kernel["refused"] is not None:
        return [f"refused: {printable(kernel['refused'])}"]
    rule = f", rounds by {kernel['rule']}" if kernel["rule"] else ""
    passed = [f"not {name}: {reason}" for name, reason in kernel["passed"].items()]
    return [f"kernel: {kernel['kernel_set']}, {kernel['variant']}{rule}", *passed]


def _options(node: Document, original: Node) -> list[str]:
    words = [
        f"{name} {value if name in MEANINGFUL_DEFAULTS or not isinstance(value, str) else printable(value)}"
        for name, value, is_default in option_items(original.options)
        if value is not None and (name in MEANINGFUL_DEFAULTS or not is_default)
    ]
    if node["custom_option_bytes"]:
        words.append(f"custom options of {plural(node['custom_option_bytes'], 'byte')}")
    return words


def _operand(subgraph: Document, operand: Document, roles: int) -> str:
    if operand["tensor"] is None:
        return f"{operand['operand']:<{roles}} left out"
    tensor = subgraph["tensors"][operand["tensor"]]
    digits = len(str(len(subgraph["tensors"]) - 1))
    kinds = max(len(each["type"]) for each in subgraph["tensors"])
    shapes = min(WIDEST_SHAPE, max(len(shape_text(each["shape"])) for each in subgraph["tensors"]))
    return (
        f"{operand['operand']:<{roles}} #{operand['tensor']:<{digits}}  {tensor['type']:<{kinds}} "
        f"{shape_text(tensor['shape']):<{shapes}}  {quantization_text(tensor['quantization'])}"
    ).rstrip()


def _print_tensors(out: Console, subgraph: Document) -> None:
    out.print()
    out.print(Text("tensors", "bold"))
    rows = []
    for tensor in subgraph["tensors"]:
        place = "variable" if tensor["variable"] else "" if tensor["buffer"] is None else str(tensor["buffer"])
        rows.append((str(tensor["index"]), count(tensor["bytes"]), place, printable(tensor["name"])))
    columns(out, (">#", ">bytes", ">buffer", "name"), rows)
