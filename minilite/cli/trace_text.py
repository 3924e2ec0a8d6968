"""What `minilite trace` says to people: how the codes of each tensor are used, then its errors."""

import math
from collections.abc import Collection, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from minilite.graph import printable
from minilite.tracing.sums import PERFECT

from .output import GAP, WIDTH, Document, columns, console, count, fold, plural

LONGEST_OP, SHORTEST_OP = 17, 8  # columns
EMPTY = ("", "-")  # cells without a value
CROWDED = 0.01  # share of values at a rail from which it is marked
USAGE = (">", "op", ">tensor", ">lowest", ">highest", ">rails %", ">codes", ">bits", ">dead", ">room")
ERRORS = (">", "op", ">tensor", ">local", ">RMSE", ">bias", ">worst", ">model", ">RMSE", ">bias")


def print_text(document: Document, saved: str | None) -> None:
    """Two tables of the same tensors, and how they were made."""
    out, tensors = console(), document["tensors"]
    crowded = [number for number, row in enumerate(tensors) if _crowded(row)]
    shown = print_columns(out, USAGE, [_usage(row) for row in tensors], crowded)
    _print_notes(out, *(note for name, note in USAGE_NOTES.items() if name in shown))
    if any(row["subgraph"] for row in tensors):
        _print_notes(out, SUBGRAPH_NOTE)
    out.print()
    shown = print_columns(out, ERRORS, [_errors(row) for row in tensors])
    against = "the float model" if document["float_model"] else "the model in real arithmetic"
    _print_notes(out, *((LOCAL_NOTE, STEPS_NOTE) if ">RMSE" in shown else (LOCAL_NOTE,)))
    _print_notes(out, f"model: the same against {against}")
    for one in document["unpaired"]:
        out.print(Text(f"node {one['node']}: {printable(one['reason'])}", "dim"), soft_wrap=True)
    out.print()
    if saved is not None:
        out.print(Text(f"saved   {printable(saved)}"), soft_wrap=True)
    out.print(Text("names of tensors: minilite show, or --json here", "dim"))
    how = f"{plural(document['runs'], 'run')}, {document['kernels']} kernels, {document['engine']} engine"
    out.print(Text(f"{how}; {printable(document['source'])}", "dim"), soft_wrap=True)


USAGE_NOTES = {
    ">rails %": "rails: share of values at the lowest and highest code",
    ">codes": "codes: different ones that occur, of 256 in 8 bits",
    ">bits": "bits: information in a code (entropy)",
    ">dead": "dead: channels always 0, + others that never change",
    ">room": "room: bits the accumulator has to spare",
}
SUBGRAPH_NOTE = "1:4 is node 4 of subgraph 1"
LOCAL_NOTE = "local: dB against this op alone in real arithmetic, on what it really read"
STEPS_NOTE = f"RMSE, mean, largest error in steps of the scale; perfect: RMSE {PERFECT:.3f}"


def _print_notes(out: Console, *notes: str) -> None:
    """What the columns mean, in one paragraph."""
    if notes:
        first, *rest = fold("; ".join(notes), WIDTH - len(GAP))
        for line in (first, *(GAP + line for line in rest)):
            out.print(Text(line, "dim"), soft_wrap=True)


def print_columns(
    out: Console, headers: Sequence[str], rows: Sequence[Sequence[str]], bold: Collection[int] = ()
) -> Sequence[str]:
    """Rows whose second cells are names of ops, cut so that the rows fit into WIDTH.

    Columns without any value are left out; the headers of the others are returned.
    """
    kept = [place for place in range(len(headers)) if any(row[place] not in EMPTY for row in rows)]
    headers, rows = [headers[place] for place in kept], [[row[place] for place in kept] for row in rows]
    table = [headers, *rows]
    widths = [max(len(row[place].lstrip(">")) for row in table) for place in range(len(headers))]
    room = max(SHORTEST_OP, WIDTH - sum(widths) + widths[1] - len(GAP) * (len(headers) - 1))
    cut = [(row[0], shortened(row[1], min(LONGEST_OP, room)), *row[2:], "") for row in rows]
    columns(out, (*headers, ""), cut, bold)
    return headers


def _usage(row: Document) -> tuple[str, ...]:
    rails = "" if row["rail_low"] is None else f"{percent(row['rail_low'])} {percent(row['rail_high'])}"
    constant = f"+{row['constant_channels']}" if row["constant_channels"] else ""
    return (
        *_place(row),
        number(row["minimum"]),
        number(row["maximum"]),
        rails,
        "" if row["codes_distinct"] is None else count(row["codes_distinct"]),
        "" if row["effective_bits"] is None else f"{row['effective_bits']:.1f}",
        f"{row['dead_channels'] or ''}{constant}",
        "" if row["headroom_bits"] is None else str(row["headroom_bits"]),
    )


def _errors(row: Document) -> tuple[str, ...]:
    cells = _place(row)
    for kind, keys in (("local", ("rmse", "bias", "largest")), ("propagated", ("rmse", "bias"))):
        cells.append(decibels(row[f"{kind}_sqnr_db"]))
        cells += [steps(row[f"{kind}_{key}_steps"]) for key in keys]
    return tuple(cells)


def _place(row: Document) -> list[str]:
    node = "" if row["node"] is None else str(row["node"])
    subgraph = f"{row['subgraph']}:" if row["subgraph"] else ""
    return [f"{subgraph}{node}", printable(row["op"] or "input"), f"#{row['tensor']}"]


def _crowded(row: Document) -> bool:
    return row["rail_high"] is not None and row["rail_high"] >= CROWDED


def shortened(text: str, length: int) -> str:
    """At most `length` characters of a text."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def percent(share: float) -> str:
    """A share in percent, short."""
    if 0 < share < 0.0005:
        return "<0.1"
    return f"{100 * share:.0f}" if share == 0 or share >= 0.0995 else f"{100 * share:.1f}"


def decibels(value: Any) -> str:
    """A ratio in dB; "exact" without any error."""
    if value is None:
        return "-"
    return "exact" if value == math.inf else f"{value:.1f}"


def steps(value: float | None) -> str:
    """An error in steps of the scale."""
    if value is None:
        return "-"
    return (
        "0"
        if value == 0
        else f"{value:.3f}"
        if abs(value) < 10
        else f"{value:.1f}"
        if abs(value) < 1000
        else f"{value:.1e}"
    )


def number(value: float | None) -> str:
    """A real value in three digits."""
    return "" if value is None else f"{value:.3g}"
