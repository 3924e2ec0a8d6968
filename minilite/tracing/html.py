"""A trace as a table for notebooks."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from minilite.graph import printable

from .sums import PERFECT

COLUMNS = (  # the header of each column, and what of a row it shows
    ("node", "node"),
    ("op", "op"),
    ("tensor", "tensor"),
    ("type", "type"),
    ("shape", "shape"),
    ("lowest", "minimum"),
    ("highest", "maximum"),
    ("local dB", "local_sqnr_db"),
    ("RMSE", "local_rmse_steps"),
    ("model dB", "propagated_sqnr_db"),
    ("RMSE", "propagated_rmse_steps"),
    ("name", "name"),
)
TEXTS = ("op", "type", "shape", "name")
LEFT, RIGHT = (f' style="text-align:{side};white-space:nowrap"' for side in ("left", "right"))
LONG = ' style="text-align:left;white-space:nowrap;max-width:18em;overflow:hidden;text-overflow:ellipsis"'


def as_table(title: str, rows: Sequence[Mapping[str, Any]], reference: str) -> str:
    """The rows of a trace as an HTML table under a title; columns without any value are left out."""
    shown = [(header, key) for header, key in COLUMNS if any(row[key] is not None for row in rows)]
    heads = "".join(f"<th{LEFT if key in TEXTS else RIGHT}>{header}</th>" for header, key in shown)
    lines = "\n".join(f"<tr>{''.join(_cell(row[key], key) for _, key in shown)}</tr>" for row in rows)
    notes = (
        f"local: this op alone against real arithmetic; model: everything up to here against {reference}; "
        f"RMSE in steps of the scale, of perfect rounding {PERFECT:.3f}"
    )
    return (
        f"<p>{escape(title)}</p>\n<table>\n<tr>{heads}</tr>\n{lines}\n</table>\n<p><small>{escape(notes)}</small></p>"
    )


def _cell(value: Any, key: str) -> str:
    text = escape(_text(value))
    if key == "name":
        return f'<td{LONG} title="{text}">{text}</td>'
    return f"<td{LEFT if key in TEXTS else RIGHT}>{text}</td>"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return "exact" if value == math.inf else f"{value:.4g}"
    return printable(value) if isinstance(value, str) else str(value)
