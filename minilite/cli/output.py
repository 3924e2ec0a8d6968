"""What commands print: calm text for people, JSON for programs, progress for the impatient."""

import json
import math
import re
import sys
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from numpy.typing import NDArray

from minilite.graph import Tensor, printable

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 80
WIDEST = 100
GAP = "  "
NO_BREAK = "\N{NO-BREAK SPACE}"  # in a cell: a space at which no line may end
SHOWN_IN_FULL = 100  # elements; longer arrays are abbreviated
EDGE = 4
PATIENCE = 1.0  # seconds without a word
Document = dict[str, Any]
_ROW_OF_NUMBERS = re.compile(r"\[\n\s+([^\[\]{}\"]*?)\n\s+\]")  # a string has no line ends, so none is touched


def console() -> "Console":
    """The terminal, or the file that stdout is. Nothing in a text is taken for markup."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def columns(out: "Console", headers: Sequence[str], rows: Sequence[Sequence[str]], bold: Collection[int] = ()) -> None:
    """Print rows in columns, one whose header starts with ">" set to the right, the last folded to the width.

    `bold` are the numbers of the rows that stand out.
    """
    from rich.text import Text

    table = [[header.lstrip(">") for header in headers], *rows]
    widths = [max(len(row[place]) for row in table) for place in range(len(headers) - 1)]
    start = sum(widths) + len(GAP) * len(widths)
    for number, row in enumerate(table, -1):
        if number < 0 and not any(row):
            continue
        cells = [f"{cell:>{w}}" if h[:1] == ">" else f"{cell:<{w}}" for cell, w, h in zip(row, widths, headers)]  # noqa: B905
        folded = fold(row[-1], max(20, min(out.width, WIDEST) - start))
        style = "dim" if number < 0 else "bold" if number in bold else ""
        out.print(Text(GAP.join([*cells, folded[0]]).rstrip(), style), soft_wrap=True)
        for line in folded[1:]:
            out.print(Text(" " * start + line, style), soft_wrap=True)


def fold(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` characters, broken after a space, "/", ";" or ",", else after "_", if any."""
    lines = [""]
    for piece in re.findall(r"[^ /;,]*[ /;,]+|[^ /;,]+", text):
        if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
        while len(lines[-1].rstrip()) > width:
            place = lines[-1].rfind("_", 1, width) + 1 or width
            lines[-1:] = [lines[-1][:place], lines[-1][place:]]
    return [line.replace(NO_BREAK, " ").rstrip() for line in lines]


def fail(message: str) -> None:
    """One error, as one line on stderr, control characters escaped."""
    click.echo(f"minilite: error: {printable(' '.join(message.split()))}", err=True)


def warn(message: str) -> None:
    """One line on stderr that does not stop anything."""
    click.echo(f"minilite: warning: {printable(message)}", err=True)


def warn_all(warnings: Sequence[str]) -> None:
    """The first warning and how many more there are."""
    if warnings:
        more = f" (and {len(warnings) - 1} more like it)" if len(warnings) > 1 else ""
        warn(warnings[0] + more)


def count(number: int) -> str:
    """A number with its thousands set apart."""
    return f"{number:,}"


def plural(number: int, noun: str) -> str:
    """`number` and its noun: "1 node", "3 nodes"."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def shape_text(shape: Iterable[int]) -> str:
    """A shape as messages write it."""
    return str(list(shape))


def abbreviate(values: NDArray[Any], indent: str) -> str:
    """The values as NumPy writes them; of a long array the first and last, and its range."""
    layout: dict[str, Any] = {"precision": 6, "separator": " ", "max_line_width": WIDTH - len(indent)}
    if values.shape and values.size == values.shape[-1]:  # one row: nothing to line up
        layout["formatter"] = {"float_kind": lambda value: f"{value:.6g}"}
    if values.size <= SHOWN_IN_FULL:
        return _indented(np.array2string(values, **layout), indent)
    text = np.array2string(values.ravel(), threshold=1, edgeitems=EDGE, **layout)
    if values.dtype.kind in "iuf":
        with np.errstate(all="ignore"):
            text += f"\nlowest {values.min():.6g}, mean {values.mean(dtype=np.float64):.6g}, highest {values.max():.6g}"
    return _indented(text, indent)


def _indented(text: str, indent: str) -> str:
    return "\n".join(indent + line for line in text.splitlines())


def print_json(document: Mapping[str, Any]) -> None:
    """Print `document`; NaN and infinities become strings, since JSON has none."""
    text = json.dumps(jsonable(document), indent=2, allow_nan=False)
    click.echo(_ROW_OF_NUMBERS.sub(lambda row: "[" + re.sub(r",\s+", ", ", row[1]) + "]", text))


def jsonable(value: Any) -> Any:
    """`value` as JSON can hold it: arrays as nested lists, complex numbers as pairs."""
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, np.generic):
        return jsonable(value.item())
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, complex):
        return [jsonable(value.real), jsonable(value.imag)]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _array(values: NDArray[Any]) -> Any:
    plain = values.dtype.kind in "iub" or (values.dtype.kind == "f" and bool(np.isfinite(values).all()))
    return values.tolist() if plain else jsonable(values.tolist())


def quantization(tensor: Tensor) -> Document | None:
    """The scales and zero points of a tensor; None without. `axis` is None for one scale of the whole tensor."""
    affine = tensor.quantization
    if affine is None:
        return None
    scale = affine.scale.astype(np.float64)
    return {"scale": scale, "zero_point": affine.zero_point, "axis": affine.axis if affine.per_channel else None}


def quantization_text(found: Document | None) -> str:
    """The document of a quantization in a few words."""
    if found is None:
        return ""
    scale, zero_point = found["scale"], found["zero_point"]
    if found["axis"] is None:
        return f"scale {scale[0]:.6g}, zero point {zero_point[0]}"
    return f"{scale.size} scales {scale.min():.3g} to {scale.max():.3g}, axis {found['axis']}"


class Progress:
    """A line on stderr that says what is going on after a second, if stderr is a terminal; a context manager."""

    def __init__(self) -> None:
        self.stream = sys.stderr
        self.start = time.perf_counter()
        self.shown = False

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        if self.shown:
            self.stream.write("\r\x1b[K")
            self.stream.flush()

    def say(self, text: str) -> None:
        """Show `text` in place of what was shown before."""
        if time.perf_counter() - self.start < PATIENCE or not self.stream.isatty():
            return
        self.stream.write(f"\r\x1b[K{printable(text)[: WIDTH - 1]}")
        self.stream.flush()
        self.shown = True
