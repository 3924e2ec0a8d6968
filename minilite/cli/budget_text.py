"""What `minilite budget` says to people: a row of shares for each tensor."""

from rich.text import Text

from minilite.budget import PARTS
from minilite.graph import printable

from .output import Document, console, plural
from .trace_text import decibels, print_columns, steps

HEADERS = (">", "op", ">tensor", ">dB", ">RMSE", ">inherit", ">weights", ">bias", ">clip", ">round")  # as PARTS
NOTES = (
    "dB, RMSE: of the whole error, against the float model, in steps of the scale",
    "shares of the mean squared error in percent; below 0: cancels other causes",
    "inherit: from inputs; weights, bias: their rounding; clip: of what has no code;",
    "  round: of the output",
)


def print_text(document: Document) -> None:
    """The budget, the largest cause of each tensor, what has no pair, how it was made."""
    out = console()
    print_columns(out, HEADERS, [_row(row) for row in document["tensors"]])
    for line in NOTES:
        out.print(Text(line, "dim"))
    for one in document["unpaired"]:
        where = f"node {one['node']} {printable(one['op'])} has no budget: {printable(one['reason'])}"
        out.print(Text(where), soft_wrap=True)
    out.print()
    gap = f"the causes add up to the measured errors within {document['largest_gap']:.2%}"
    out.print(Text(gap, "bold"))
    how = f"{plural(document['runs'], 'run')}, {document['kernels']} kernels; {printable(document['source'])}"
    out.print(Text(how, "dim"), soft_wrap=True)


def _row(row: Document) -> tuple[str, ...]:
    node = "" if row["node"] is None else str(row["node"])
    shares = [_share(row[f"share_{name}"]) for name in PARTS]
    place = node, printable(row["op"] or "input"), f"#{row['tensor']}"
    return (*place, decibels(row["sqnr_db"]), steps(row["rmse_steps"]), *shares)


def _share(share: float | None) -> str:
    if share is None:
        return "-"
    if share == 0:
        return "."
    return f"{100 * share:.0f}" if abs(share) >= 0.005 else "<0.5"
