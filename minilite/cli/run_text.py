"""What `minilite run` says to people."""

from rich.text import Text

from minilite.graph import printable

from .output import Document, abbreviate, console, quantization_text, shape_text

MARGIN = " " * 8
SHOWN_SAMPLES = 10


def print_text(document: Document, raw: bool, partial: bool, saved: str | None) -> None:
    """Inputs with what was done to them, outputs (of a partial run only their shapes), how they were computed."""
    out = console()
    for item in document["inputs"]:
        out.print(_title("input", item), soft_wrap=True)
        for line in (item["source"], *item["steps"]):
            out.print(Text(MARGIN + printable(line), "dim"), soft_wrap=True)
    if partial:
        out.print()
    for item in document["outputs"]:
        if partial:
            out.print(_title("tensor", item), soft_wrap=True)
            continue
        out.print()
        out.print(_title("output", item), soft_wrap=True)
        _print_values(item, raw)
    out.print()
    if document["stopped"] is not None:
        out.print(Text(f"stopped {printable(document['stopped'])}", "bold"), soft_wrap=True)
    if saved is not None:
        out.print(Text(f"saved   {printable(saved)}"), soft_wrap=True)
    how = f"{document['kernels']} kernels, {document['engine']} engine, {document['seconds'] * 1000:.0f} ms"
    out.print(Text(how, "dim"), soft_wrap=True)


def _title(what: str, item: Document) -> Text:
    name = printable(item["name"])
    return Text.assemble(f"{what:<8}", (name, "bold"), f"  {item['type']} {shape_text(item['shape'])}")


def _print_values(item: Document, raw: bool) -> None:
    out = console()
    is_quantized = item["codes"] is not None
    if is_quantized:
        what = "codes" if raw else "real values"
        out.print(Text(f"{MARGIN}{what}; {quantization_text(item['quantization'])}", "dim"), soft_wrap=True)
    if item["top"]:
        _print_top(item)
    else:
        values = item["codes"] if raw and is_quantized else item["real"]
        out.print(Text(abbreviate(values, MARGIN)), soft_wrap=True)


def _print_top(item: Document) -> None:
    out = console()
    samples = item["top"]
    for number, sample in enumerate(samples[:SHOWN_SAMPLES]):
        if len(samples) > 1:
            out.print(Text(f"{MARGIN}sample {number}", "dim"))
        for place, one in enumerate(sample):
            label = printable(one["label"]) if one["label"] is not None else f"class {one['class_index']}"
            score = f"{one['score']:>10.6g}" if isinstance(one["score"], float) else f"{one['score']:>10}"
            out.print(Text(f"{MARGIN}{score}  {label}", "bold" if place == 0 else ""), soft_wrap=True)
    if len(samples) > SHOWN_SAMPLES:
        out.print(Text(f"{MARGIN}and {len(samples) - SHOWN_SAMPLES} more samples (all with --json or -o)", "dim"))
