"""`minilite ops`: what is implemented, and how well it agrees with LiteRT."""

import json
from collections.abc import Sequence
from importlib import resources

import click

from minilite.errors import StateError

from .options import options
from .output import NO_BREAK, Document, columns, console, fold, print_json

FILE = "support.json"
SETS = {"ref": "reference", "opt": "optimized", "xnn": "xnnpack", "tflm": "tflm", "cmsis": "cmsis-nn"}
HEADERS = ("op", *SETS, "jit", "types")
MARKS = {"bit-exact": "=", "golden": "=", "source": "s", "not compared": "?"}
LEGEND = (
    '"=" no differing bit, measured against LiteRT or recorded tensors of real builds; a number is the largest '
    'difference allowed, as a share of the tensor\'s largest absolute value; "s" follows the source, not measured; '
    '"?" see the notes; "-" this set does not take it'
)


@click.command("ops", short_help="List what is implemented.")
@options(click.option("--markdown", is_flag=True, help="Print a Markdown table."))
def command(as_json: bool, markdown: bool) -> int:
    """List the operators minilite implements, by element types, kernel set and engine.

    Types are those of the operands in the order of the op's signature, or one for all. The sets of LiteRT have been
    compared with it on random models, those of microcontrollers (tflm, cmsis; their single rounding is the same here)
    with tensors recorded from real builds. A "*" marks what deviates from the reference kernels on purpose; the reason
    stands below the table.
    """
    table = support_table()
    if as_json:
        print_json({"command": "ops", **table})
        return 0
    rows = condensed(table["rows"])
    notes = [*deviations(table["rows"]), *unmatched(table["rows"])]
    if markdown:
        for cells in (HEADERS, tuple("---" for _ in HEADERS), *rows):
            click.echo(f"| {' | '.join(cells)} |".replace(NO_BREAK, " "))
        click.echo("".join(f"\n\\* {line}\n" for line in (*notes, LEGEND)), nl=False)
        return 0
    out = console()
    columns(out, HEADERS, [("" if i and rows[i - 1][0] == row[0] else row[0], *row[1:]) for i, row in enumerate(rows)])
    out.print()
    for line in notes:
        out.print("\n  ".join(fold(f"* {line}", out.width - 2)))
    out.print("\n".join(fold(LEGEND, out.width)), style="dim")
    count = len({row["op"] for row in table["rows"]})
    out.print(f"{count} operators, compared with LiteRT {table['litert']}", style="dim")
    return 0


def condensed(rows: Sequence[Document]) -> list[tuple[str, ...]]:
    """Cells of rows that differ in their types alone put into one."""
    types: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        marks = (_mark(row["sets"].get(name)) for name in SETS.values())
        star = "" if row["deviation"] is None else "*"
        key = (row["op"], next(marks) + star, *marks, "yes" if "jit" in row["engines"] else "")
        types.setdefault(key, []).append(row["types"].replace(" ", NO_BREAK))
    return [(*key, ", ".join(each)) for key, each in types.items()]


def _mark(match: str | float | None) -> str:
    if match is None:
        return "-"
    return MARKS[match] if isinstance(match, str) else f"{match:g}"


def unmatched(rows: Sequence[Document]) -> list[str]:
    """A line for each reason why a set is not compared, with the ops and types it holds for."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        for name, note in row["notes"].items():
            found.setdefault((row["op"], name, note), []).append(row["types"])
    return [f"{op} ({', '.join(types)}), {name}: {note}" for (op, name, note), types in found.items()]


def deviations(rows: Sequence[Document]) -> list[str]:
    """A line for each reason to deviate, with the ops and types it holds for."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row["deviation"] is not None:
            found.setdefault((row["op"], row["deviation"]), []).append(row["types"])
    return [f"{op} ({', '.join(types)}): {reason}" for (op, reason), types in found.items()]


def support_table() -> Document:
    """The table that comes with the package. Raises StateError when this installation lacks it."""
    try:
        text = resources.files("minilite").joinpath(FILE).read_text("utf-8")
    except FileNotFoundError:
        raise StateError(f"{FILE} is missing from this installation of minilite") from None
    table: Document = json.loads(text)
    return table
