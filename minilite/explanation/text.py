"""An explanation in words and columns that fit a slide: 80 columns, about 24 lines."""

import re
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Any

from minilite.graph import printable

WIDTH = 80
FEWEST_TERMS = 3
KNOWN = re.compile(r"(_zero|\.low|\.high|\]|\.real|axis|activation)$")  # constants shown elsewhere, and lengths
MOST_CONSTANTS = 6
PARTS = {  # what parts of plans do that are no rescale rules, by their classes
    "InVectors": "to the common scale, in vector code",
    "Recode": "to the scale of y, in float32",
    "FloatSum": "to the scale of y, in float32",
    "EvenSum": "to the scale of y, in float32, ties to even",
}
FLOAT_MAX = float.fromhex("0x1.fffffep+127")  # of 32 bits
STEP = 72  # columns of a step, its value at the end
LABEL, CELL = 16, 14  # columns of the name of a step that parts take alike, and of its value for each
Document = dict[str, Any]


def text(found: Document, lines: int | None) -> str:
    """The document of an explanation; `lines` limits how many terms are shown, None shows all."""
    head, tail = [*_head(found)], [*_steps(found), *_end(found)]
    room = None if lines is None else max(FEWEST_TERMS, lines - len(head) - len(tail) - 2)
    return "\n".join(line.rstrip() for line in (*head, *_terms(found, room), *tail))


def number(value: Any) -> str:
    """A number, or several, in few characters; whole ones in full."""
    if isinstance(value, (tuple, list)):
        shown = " ".join(number(one) for one in value[:4])
        return shown if len(value) <= 4 else f"{shown} ... ({len(value)})"
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def _place(at: Sequence[int]) -> str:
    return f"[{','.join(map(str, at))}]"


def _head(found: Document) -> Iterator[str]:
    where = f" of subgraph {found['subgraph']}" if found["subgraph"] else ""
    rule = f", rule {found['rule']}" if found["rule"] else ""
    variant = found["variant"] or "planned when it runs"
    title = f"{printable(found['op'])}, node {found['node']}{where}"
    yield from wrap(f"{title}   {found['kernels']} kernels, {variant}{rule}", WIDTH, subsequent_indent="  ")
    name = printable(found["name"])
    title = f"y = tensor {found['tensor']} {found['type']} at {_place(found['at'])}"
    yield f"{title}  {name[-(WIDTH - len(title) - 2) :]}" if len(title) < WIDTH - 12 else title
    yield ""


def _terms(found: Document, room: int | None) -> Iterator[str]:
    if found["copied_from"] is not None:
        one = found["copied_from"]
        yield f"copied from {one['operand']}{_place(one['at'])} of tensor {one['tensor']}"
        return
    terms = found["terms"]
    if not terms:
        if not found["steps"]:
            yield "no element of the inputs comes here as it is"
        return
    added = terms[0]["value"] is not None
    order = sorted(range(len(terms)), key=lambda place: _rank(terms[place], found["at"]))
    shown = order if room is None or len(terms) <= room else order[: room - 1]
    table = [_term_header(terms[0]), *(_term(terms[place]) for place in shown)]
    yield from _columns(table)
    if len(shown) < len(terms):
        rest = set(range(len(terms))) - set(shown)
        total = f", adding {number(sum(terms[place]['value'] for place in rest))}" if added else ""
        yield f"... and {len(rest)} smaller ones{total}   (all with --all)"


def _columns(table: list[list[str]]) -> Iterator[str]:
    """Rows, the header first, set to the right; where they do not fit, without the real values."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    if sum(widths) + 2 * len(widths) - 2 > WIDTH:
        kept = [column for column, name in enumerate(table[0]) if not name.endswith(" real")]
        table, widths = [[row[column] for column in kept] for row in table], [widths[column] for column in kept]
    for row in table:
        yield "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))


def _rank(term: Document, at: Sequence[int]) -> tuple[bool, float]:
    """The element's own place first, then what counts most."""
    first = term["elements"][0]
    size = -first["code"] if term["value"] is None else -abs(term["value"])
    return term["value"] is not None or first["at"] != at, size


def _term_header(term: Document) -> list[str]:
    header = []
    for element in term["elements"]:
        name = element["operand"]
        zero = [f"{name}_zero"] if element["zero_point"] else []
        header += [f"{name} at", f"{name} code" if isinstance(element["code"], int) else name, *zero]
        header += [f"{name} real"] if element["real"] is not None and isinstance(element["code"], int) else []
    return [*header, "product" if len(term["elements"]) > 1 else "term"] if term["value"] is not None else header


def _term(term: Document) -> list[str]:
    cells = []
    for element in term["elements"]:
        zero = [str(element["zero_point"])] if element["zero_point"] else []
        cells += [_place(element["at"]), number(element["code"]), *zero]
        cells += [f"{element['real']:.5g}"] if element["real"] is not None and isinstance(element["code"], int) else []
    return [*cells, number(term["value"])] if term["value"] is not None else cells


def _steps(found: Document) -> Iterator[str]:
    if found["steps"]:
        yield ""
        yield from _constants(found)
    yield from _side_by_side([step for step in found["steps"] if ": " in step["name"]])
    part = ""
    for step in found["steps"]:
        if ": " in step["name"] or _is_no_limit(step):
            continue
        operands = step["operands"]
        if "real" in operands and step["part"] != part:
            multiplier = f"{operands['real']:.7g} = {operands['mantissa']} / 2**{31 - operands['exponent']}"
            yield f"{step['part']}: {number(operands['value'])} times {multiplier}"
        part = step["part"]
        yield _line(_step_name(step), number(step["result"]))


def _constants(found: Document) -> Iterator[str]:
    """The numbers of the plan, where no step shows a multiplier and they are few."""
    if any("real" in step["operands"] for step in found["steps"]):
        return
    shown = [f"{name} {number(value)}" for name, value in found["constants"].items() if not KNOWN.search(name)]
    if len(shown) <= MOST_CONSTANTS:
        yield from wrap(", ".join(shown), WIDTH, subsequent_indent="  ")


def _side_by_side(steps: Sequence[Document]) -> Iterator[str]:
    """Steps that several parts of a cell take alike, "part: step", as a table: a column for each part."""
    rows: dict[str, dict[str, str]] = {}
    for step in steps:
        part, _, name = step["name"].partition(": ")
        rows.setdefault(name, {})[part] = number(step["result"])
    parts = list(dict.fromkeys(part for row in rows.values() for part in row))
    if parts:
        yield " " * LABEL + "".join(f"{part:>{CELL}}" for part in parts)
    for name, row in rows.items():
        yield f"{name:<{LABEL}}" + "".join(f"{row.get(part, ''):>{CELL}}" for part in parts)


def _is_no_limit(step: Document) -> bool:
    """Whether a step keeps a float between the least and the largest there are, and so does nothing."""
    operands = step["operands"]
    if step["name"] != "clamp" or not isinstance(step["result"], float):
        return False
    unlimited = min(abs(operands["low"]), abs(operands["high"])) >= FLOAT_MAX
    return unlimited and bool(step["result"] == operands["value"])


def _step_name(step: Document) -> str:
    operands, name = step["operands"], step["name"]
    if name.startswith("plus ") and len(operands) > 1:
        return f"{name} {' '.join(number(value) for key, value in operands.items() if key != 'value')}"
    if "real" in operands:
        return f"  {name}"
    if name in PARTS:  # of a stage that the kernel names, the name says what it does
        return str(step["part"]) if " " in step["part"] else f"{step['part'].rpartition('.')[2]}: {PARTS[name]}"
    if name == "clamp":
        low, high = operands["low"], operands["high"]
        has_no_end = isinstance(high, float) and high >= FLOAT_MAX
        return f"kept at {number(low)} or above" if has_no_end else f"kept between {number(low)} and {number(high)}"
    return str(name)


def _line(name: str, value: str) -> str:
    return f"{name:<{max(len(name) + 2, STEP - len(value))}}{value}"


def _end(found: Document) -> Iterator[str]:
    yield ""
    scale, zero = found["scale"], found["zero_point"]
    if found["real"] is None or isinstance(found["code"], float):
        yield f"y = {number(found['code'])}"
    else:
        how = f" = {scale:.9g} * ({found['code']} - {zero})".replace("- -", "+ ") if scale is not None else ""
        yield f"y = code {found['code']}, which stands for {found['real']:.7g}{how}"
    if found["exact"] is not None:
        yield f"in real arithmetic {found['exact']:.7g}{_error(found)}"
    elif found["no_exact"]:
        yield f"in real arithmetic: {found['no_exact'].rpartition('): ')[2]}"[:WIDTH]
    yield from _others(found)


def _error(found: Document) -> str:
    scale, error = found["scale"], found["error"]
    if error is None:
        return ""
    if scale is None or found["type"].startswith("float"):
        return f", the error is {error:.3g}"
    return f" = code {found['exact'] / scale + found['zero_point']:.4f}, the error {error / scale:+.4f} steps"


def _others(found: Document) -> Iterator[str]:
    given = [other for other in found["others"] if other["refused"] is None]
    codes: dict[str, list[str]] = {}
    for other in given:
        codes.setdefault(number(other["code"]), []).append(other["kernels"])
    same = codes.pop(number(found["code"]), [])
    if same:
        yield from wrap(f"the same with {', '.join(same)}", WIDTH, subsequent_indent="  ")
    for code, names in codes.items():
        yield from wrap(f"{', '.join(names)}: {code}", WIDTH, subsequent_indent="  ")
    refused: dict[str, list[str]] = {}
    for other in found["others"]:
        if other["refused"] is not None:
            refused.setdefault(_reason(other), []).append(other["kernels"])
    for reason, names in refused.items():
        yield from wrap(f"{', '.join(names)}: {printable(reason)}", WIDTH, subsequent_indent="  ")[:2]


def _reason(other: Document) -> str:
    """Why a kernel set gives nothing, in few words; JSON has all."""
    reason: str = other["refused"].partition("): ")[2] or other["refused"]
    reason = re.sub(rf"^not taken by kernel set '{other['kernels']}': ({other['kernels']}: )?", "", reason)
    return reason.partition("; ")[0]
