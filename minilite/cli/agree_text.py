"""What `minilite agree` says to people."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from minilite.graph import printable

from .output import WIDEST, Document, columns, console, count, fold, plural

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
    for name, reason in model["refused"].items():
        out.print(Text(f"{name} does not take the model: {printable(reason)}", "dim"), soft_wrap=True)


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
    """Where pairs part, those that part by the same rules together."""
    found: dict[tuple[Any, ...], list[str]] = {}
    for pair in pairs:
        parting = pair["parting"]
        if parting is not None:
            names = [SHORT.get(name, name) for name in pair["sets"]]
            sides = sorted(zip((_rule(text) for text in parting["rules"]), names, strict=True))
            rules = tuple(rule for rule, _ in sides)
            key = (parting["node"], printable(parting["op"]), rules)
            found.setdefault(key, []).append("/".join(name for _, name in sides))
    if not found:
        return
    out.print()
    out.print(Text("first op that differs given equal inputs", "bold"))
    for (node, op, rules), names in sorted(found.items(), key=lambda item: item[0][0]):
        lines = fold(f"node {node} {op}, {'  |  '.join(rules)}: {', '.join(names)}", min(out.width, WIDEST) - 4)
        out.print(Text("\n    ".join(lines)), soft_wrap=True)


def _rule(text: str) -> str:
    """The rescale rule that the words of a parting name, else all of them."""
    return text.rpartition("rounds by ")[2]
