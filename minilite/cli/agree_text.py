"""What `minilite agree` says to people."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from minilite.graph import printable

from .output import GAP, WIDEST, Document, columns, console, count, fold, plural

SHORT = {"reference": "ref", "optimized": "opt", "xnnpack": "xnn", "tflm-single": "tflm-1", "cmsis-nn": "cmsis"}
SHORT["cmsis-nn-single"] = "cmsis-1"
SHORT |= {f"litert:{name}": f"L:{SHORT[name]}" for name in ("reference", "optimized", "xnnpack")}


def print_text(document: Document) -> None:
    """Of one model the matrix, who agrees with whom, where the others part, who refused; of several a table."""
    out = console()
    if len(document["models"]) > 1:
        _print_models(out, document["models"])
        return
    (model,) = document["models"]
    print_matrix(out, model["sets"], model["pairs"])
    _print_refused(out, model["refused"])


def _print_refused(out: Console, refused: dict[str, str]) -> None:
    """Why sets do not take the model, those with the same reason together."""
    reasons: dict[str, list[str]] = {}
    for name, reason in refused.items():
        reasons.setdefault(printable(reason).replace(f": not taken by kernel set {name!r}: ", ": "), []).append(name)
    for reason, names in reasons.items():
        out.print()
        _print_folded(out, f"not taken by {', '.join(names)}: {reason}", style="dim")


def _print_folded(out: Console, text: str, indent: int = 0, style: str = "") -> None:
    """A paragraph within the width, its further lines two places further in."""
    first, *rest = fold(text, min(out.width, WIDEST) - indent - 2)
    for line in (" " * indent + first, *(" " * (indent + 2) + line for line in rest)):
        out.print(Text(line, style), soft_wrap=True)


def _print_models(out: Console, models: Sequence[Document]) -> None:
    """Each set against the first of the first model, a row for each model; "-" where a set does not take it."""
    first, *others = dict.fromkeys(name for model in models for name in (*model["sets"], *model["refused"]))
    title = f"differing outputs against {first}, the largest difference in brackets"
    out.print(Text(title, "bold"), soft_wrap=True)
    headers = (">elements", *(f">{SHORT.get(name, name)}" for name in others), "model")
    rows = []
    for model in models:
        pairs = {tuple(pair["sets"]): pair for pair in model["pairs"]}
        elements = next((count(pair["elements"]) for pair in pairs.values()), "-")
        cells = (_cell(pairs, first, name) if (first, name) in pairs else "-" for name in others)
        rows.append((elements, *cells, printable(Path(model["model"]).stem)))
    columns(out, headers, rows)
    if any(model["refused"] for model in models):
        out.print(Text('"-" this set does not take the model', "dim"))


def print_matrix(out: Console, sides: Sequence[str], found: Sequence[Document]) -> None:
    """Differing outputs of every pair of sides, the groups that agree, and the first op at which each pair parts."""
    pairs = {tuple(pair["sets"]): pair for pair in found}
    elements = found[0]["elements"] if found else 0
    title = f"differing outputs of {plural(elements, 'element')}"
    headers = ("", *(f">{SHORT.get(name, name)}" for name in sides), "")
    rows = [(name, *(_cell(pairs, name, other) for other in sides), "") for name in sides]
    last = ""
    if _width(headers, rows) <= out.width:
        title += ", the largest difference in brackets"
    else:
        rows = [tuple(cell.partition(" (")[0] for cell in row) for row in rows]
        last = f"the largest difference is {max(pair['largest'] for pair in found):.3g}"
    out.print(Text(title, "bold"), soft_wrap=True)
    columns(out, headers, rows)
    if last:
        out.print(Text(last, "dim"))
    _print_groups(out, sides, pairs)
    _print_partings(out, found)


def _width(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    table = [[header.lstrip(">") for header in headers[:-1]], *(row[:-1] for row in rows)]
    return sum(max(map(len, column)) for column in zip(*table, strict=True)) + len(GAP) * (len(table[0]) - 1)


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
    out.print(Text(plural(len(groups), "answer"), "bold"))
    for group in groups:
        _print_folded(out, ", ".join(group), indent=2)
    for pair in (pair for pair in pairs.values() if pair["other_top"]):
        rows = f"{count(pair['other_top'])} of {count(pair['rows'])}"
        out.print(Text(f"another largest output between {' and '.join(pair['sets'])}: {rows}"), soft_wrap=True)


def _agree(pairs: dict[tuple[str, ...], Document], one: str, other: str) -> bool:
    return not pairs[one, other]["differing"]


def _print_partings(out: Console, pairs: Sequence[Document]) -> None:
    """Where pairs part: by node, and by the rules of both sides."""
    order = {name: place for place, name in enumerate(dict.fromkeys(name for pair in pairs for name in pair["sets"]))}
    found: dict[tuple[int, str], dict[tuple[str, ...], list[tuple[str, ...]]]] = {}
    for pair in pairs:
        parting = pair["parting"]
        if parting is not None:
            sides = sorted(
                zip(map(_rule, parting["rules"]), pair["sets"], strict=True), key=lambda s: (s[0], order[s[1]])
            )
            of_node = found.setdefault((parting["node"], printable(parting["op"])), {})
            of_node.setdefault(tuple(rule for rule, _ in sides), []).append(tuple(name for _, name in sides))
    if not found:
        return
    out.print()
    out.print(Text("first op that differs given equal inputs", "bold"))
    for (node, op), by_rules in sorted(found.items()):
        out.print(Text(f"node {node} {op}"))
        for rules, parted in by_rules.items():
            for names in groups_that_part(parted):
                one, other = (", ".join(group) for group in names)
                differs = f"{rules[0]} by another kernel" if rules[0] == rules[1] else rules[1]
                _print_folded(out, f"{rules[0]}: {one}  |  {differs}: {other}", indent=4)


def groups_that_part(parted: Sequence[tuple[str, ...]]) -> list[tuple[list[str], list[str]]]:
    """Pairs of names as pairs of groups: each name of the one group parts from each of the other."""
    others: dict[str, list[str]] = {}
    for one, other in parted:
        others.setdefault(one, []).append(SHORT.get(other, other))
    groups: dict[tuple[str, ...], list[str]] = {}
    for one, names in others.items():
        groups.setdefault(tuple(names), []).append(SHORT.get(one, one))
    return [(group, list(names)) for names, group in groups.items()]


def _rule(text: str) -> str:
    """The rescale rule that the words of a parting name, else all of them."""
    return text.rpartition("rounds by ")[2]
