"""What `minilite compare` says to people."""

import math

from rich.console import Console
from rich.text import Text

from minilite.graph import printable

from .agree_text import print_matrix
from .output import Document, console, count, plural
from .trace_text import print_columns

HEADERS = (">", "op", ">tensor", ">size", ">differ", ">alone", ">codes", ">real", ">SQNR", ">grown")


def print_text(document: Document, hint: str = "") -> None:
    """For each pair of sides a table of the tensors that differ and where they part; then the matrix of several.

    `hint` says how to learn more when something differs.
    """
    out = console()
    for found in document["comparisons"]:
        _print_one(out, found, hint)
    if len(document["pairs"]) > 1:
        sides = list(dict.fromkeys(name for pair in document["pairs"] for name in pair["sets"]))
        print_matrix(out, sides, document["pairs"])


def _print_one(out: Console, found: Document, hint: str) -> None:
    one, other = (printable(name) for name in found["sides"])
    out.print(Text(f"{one}  against  {other}", "bold"), soft_wrap=True)
    differing = [tensor for tensor in found["tensors"] if _differs(tensor)]
    if differing:
        beyond = [place for place, tensor in enumerate(differing) if tensor["index"] in found["beyond"]]
        print_columns(out, HEADERS, [_row(tensor) for tensor in differing], beyond)
        out.print()
    total = plural(len(found["tensors"]), "tensor")
    codes = f"; {count(found['differing'])} of {plural(found['elements'], 'element')} differ"
    comparable = any(tensor["differing"] is not None for tensor in found["tensors"])
    out.print(Text(f"{len(differing)} of {total} differ{codes if comparable else ''}"), soft_wrap=True)
    parting = found["parting"]
    if parting is not None:
        alike = f"{count(parting['differing'])} of {count(parting['elements'])}"
        where = f"node {parting['node']} {printable(parting['op'])} is the first to differ given equal inputs: {alike}"
        out.print(Text(where), soft_wrap=True)
        for side, rule in zip(found["sides"], parting["rules"], strict=True):
            known = "" if rule == side else f": {printable(rule)}"
            out.print(Text(f"    {printable(side)}{known}", "dim"), soft_wrap=True)
    if differing and hint:
        out.print(Text(printable(hint), "dim"), soft_wrap=True)
    for one_unpaired in found["unpaired"]:
        out.print(Text(f"tensor {one_unpaired['tensor']}: {one_unpaired['reason']}", "dim"), soft_wrap=True)
    out.print()


def _differs(tensor: Document) -> bool:
    if tensor["mismatch"] is not None or tensor["differing"]:
        return True
    return tensor["differing"] is None and bool(tensor["largest_real"])


def _row(tensor: Document) -> tuple[str, ...]:
    return (
        str(tensor["node"]),
        printable(tensor["op"]),
        f"#{tensor['index']}",
        count(tensor["elements"]),
        "" if tensor["differing"] is None else count(tensor["differing"]),
        "" if tensor["alone"] is None else count(tensor["alone"]),
        "" if tensor["largest"] is None else f"{tensor['largest']:.3g}",
        f"{tensor['largest_real']:.3g}",
        _decibels(tensor["sqnr_db"]),
        "" if tensor["amplification"] is None else f"x{tensor['amplification']:.2g}",
    )


def _decibels(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else f"{value:.1f}"
