"""What `minilite agree` says to people."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from minilite.graph import printable

from .output import Document, columns, console, count, plural

SHORT = {"reference": "ref", "optimized": "opt", "xnnpack": "xnn", "tflm-single": "tflm-1", "cmsis-nn": "cmsis"}
SHORT["cmsis-nn-single"] = "cmsis-1"
SHORT |= {f"litert:{name}": f"L:{SHORT[name]}" for name in ("reference", "optimized", "xnnpack")}


def print_text(document: Document) -> None:
    """The matrix, who agrees with whom, where the others part, who refused."""
    out = console()
    print_matrix(out, document["sets"], document["pairs"])
    for name, reason in document["refused"].items():
        out.print(Text(f"{name} does not take the model: {printable(reason)}", "dim"), soft_wrap=True)


def print_matrix(out: Console, sides: Sequence[str], found: Sequence[Document]) -> None:
    """Differing outputs of every pair of sides, the groups that agree, and the first op at which each pair parts."""
    pairs = {tuple(pair["sets"]): pair for pair in found}
    elements = found[0]["elements"] if found else 0
    title = f"differing outputs of {plural(elements, 'element')}, the largest difference in brackets"
    out.print(Text(title, "bold"), soft_wrap=True)
    headers = ("", *(f">{SHORT.get(name, name)}" for name in sides), "")
    columns(out, headers, [(name, *(_cell(pairs, name, other) for other in sides), "") for name in sides])
    _print_groups(out, sides, pairs)
    _print_partings(out, found)


def _cell(pairs: dict[tuple[str, ...], Document], one: str, other: str) -> str:
    if one == other:
        return "-"
    pair = pairs[(one, other) if (one, other) in pairs else (other, one)]
    return f"{count(pair['differing'])} ({pair['largest']:.3g})" if pair["differing"] else "0"


def _print_groups(out: Console, sides: Sequence[str], pairs: dict[tuple[str, ...], Document]) -> None:
    groups: list[list[str]] = []
    for name in sides:
        home = next((group for group in groups if _agree(pairs, group[0], name)), None)
        if home is None:
            groups.append([name])
        else:
            home.append(name)
    out.print()
    answers = plural(len(groups), "answer")
    out.print(Text(f"{answers}: {'  |  '.join(', '.join(group) for group in groups)}"), soft_wrap=True)
    for pair in (pair for pair in pairs.values() if pair["other_top"]):
        rows = f"{count(pair['other_top'])} of {count(pair['rows'])}"
        out.print(Text(f"another largest output between {' and '.join(pair['sets'])}: {rows}"), soft_wrap=True)


def _agree(pairs: dict[tuple[str, ...], Document], one: str, other: str) -> bool:
    return not pairs[one, other]["differing"]


def _print_partings(out: Console, pairs: Sequence[Document]) -> None:
    """Where each pair parts, pairs that part alike on one line."""
    found: dict[tuple[str, ...], list[str]] = {}
    for pair in pairs:
        parting = pair["parting"]
        if parting is not None:
            one, other = (SHORT.get(name, name) for name in pair["sets"])
            key = (str(parting["node"]), printable(parting["op"]), *parting["rules"])
            found.setdefault(key, []).append(f"{one}/{other}")
    if not found:
        return
    out.print()
    out.print(Text("first op that differs given equal inputs", "bold"))
    rows = sorted(found.items(), key=lambda item: int(item[0][0]))
    for (node, op, one, other), names in rows:
        out.print(Text(f"node {node} {op}: {', '.join(names)}"), soft_wrap=True)
        out.print(Text(f"    {one}  |  {other}", "dim"), soft_wrap=True)
