"""`minilite ops`: what is implemented, and how well it agrees with LiteRT."""

import json
from collections.abc import Sequence
from importlib import resources

import click

from minilite.errors import StateError

from .options import options
from .output import NO_BREAK, Document, columns, console, print_json

FILE = "support.json"
HEADERS = ("op", "kernels", "engines", "LiteRT", "types")


@click.command("ops", short_help="List what is implemented.")
@options(click.option("--markdown", is_flag=True, help="Print a Markdown table."))
def command(as_json: bool, markdown: bool) -> int:
    """List the operators minilite implements, by element types, kernel set and engine.

    Types are those of the operands in the order of the op's signature, or one for all. Every row has been compared with
    LiteRT on random models: "bit-exact" is no differing bit, otherwise the largest difference found acceptable, as a
    share of the tensor's largest absolute value. A "*" marks what deviates from the reference kernels on purpose; the
    reason stands below the table.
    """
    table = support_table()
    if as_json:
        print_json({"command": "ops", **table})
        return 0
    rows = condensed(table["rows"])
    if markdown:
        for cells in (HEADERS, tuple("---" for _ in HEADERS), *rows):
            click.echo(f"| {' | '.join(cells)} |".replace(NO_BREAK, " "))
        click.echo("".join(f"\n\\* {line}\n" for line in deviations(table["rows"])), nl=False)
        return 0
    out = console()
    columns(out, HEADERS, [("" if i and rows[i - 1][0] == row[0] else row[0], *row[1:]) for i, row in enumerate(rows)])
    out.print()
    for line in deviations(table["rows"]):
        out.print(f"* {line}")
    count = len({row["op"] for row in table["rows"]})
    out.print(f"{count} operators, compared with LiteRT {table['litert']}", style="dim")
    return 0


def condensed(rows: Sequence[Document]) -> list[tuple[str, ...]]:
    """Cells of rows that differ in their types alone put into one."""
    types: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        key = (row["op"], row["kernel_set"], " ".join(row["engines"]), _status(row))
        types.setdefault(key, []).append(row["types"].replace(" ", NO_BREAK))
    return [(*key, ", ".join(each)) for key, each in types.items()]


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


def _status(row: Document) -> str:
    status = row["status"] if row["tolerance"] is None else f"{row['status']} ({row['tolerance']:g})"
    return status if row["deviation"] is None else f"{status} *"
