"""What `minilite verify` says to people."""

from rich.console import Console
from rich.text import Text

from minilite.graph import printable

from .output import Document, columns, console, count, plural


def print_text(document: Document) -> None:
    """Of one model every tensor, of several those that differ; then the verdict."""
    out = console()
    models = document["models"]
    for model in models:
        rows = [tensor for tensor in model["tensors"] if len(models) == 1 or _differs(tensor)]
        if model["repair"] is not None:
            out.print(Text(f"{printable(model['model'])}: {model['repair']}", "dim"), soft_wrap=True)
        if model["unseen"]:
            unseen = f"{plural(len(model['unseen']), 'tensor')} not compared: LiteRT does not keep their values"
            out.print(Text(f"{printable(model['model'])}: {unseen}", "dim"), soft_wrap=True)
        if rows:
            _print_tensors(out, model, rows, len(models) > 1)
    _print_verdicts(out, models)
    how = f"LiteRT {document['litert']}, {document['kernels']} kernels, {document['engine']} engine"
    out.print(Text(f"{how}{_inputs(document['seeds'])}", "dim"), soft_wrap=True)


def _inputs(seeds: list[int] | None) -> str:
    if seeds is None:
        return ""
    return f", random inputs, seed{f' {seeds[0]}' if len(seeds) == 1 else f's {seeds[0]} to {seeds[-1]}'}"


def _print_verdicts(out: Console, models: list[Document]) -> None:
    if len(models) > 1:
        headers = ("verdict", ">differing", ">elements", "model")
        columns(out, headers, [_verdict(model) for model in models])
        out.print()
        equal = sum(model["equal"] for model in models)
        close = sum(model["within"] for model in models) - equal
        more = f", {close} within tolerance" if close else ""
        out.print(Text(f"{equal} of {plural(len(models), 'model')} equal{more}", "bold"))
    elif models[0]["error"] is None:
        model = models[0]
        verdict = _verdict(model)[0]
        differing = f"{count(model['differing'])} of {plural(model['elements'], 'element')} differ"
        out.print(Text.assemble((verdict, "bold"), f": {differing}"))


def _differs(tensor: Document) -> bool:
    """Whether a tensor differs beyond what is stated of its op."""
    return not tensor["within"]


def _print_tensors(out: Console, model: Document, tensors: list[Document], titled: bool) -> None:
    rows = [
        (
            str(tensor["node"]),
            printable(tensor["op"]),
            f"#{tensor['index']}",
            tensor["type"],
            count(tensor["elements"]),
            count(tensor["differing"]),
            "" if tensor["alone"] is None else count(tensor["alone"]),
            f"{tensor['largest']:.6g}" if tensor["mismatch"] is None else "type or shape",
        )
        for tensor in tensors
    ]
    if titled:
        out.print(Text(printable(model["model"]), "bold"), soft_wrap=True)
    headers = (">node", "op", "tensor", "type", ">elements", ">differing", ">alone", "largest")
    columns(out, headers, rows, [place for place, tensor in enumerate(tensors) if _differs(tensor)])
    first = next((tensor for tensor in tensors if _differs(tensor)), None)
    if first is not None:
        where = f"first difference: {printable(first['op'])} (node {first['node']}), tensor {first['index']}"
        out.print()
        out.print(Text(f"{where} {_values(first)}"), soft_wrap=True)
    out.print()


def _values(tensor: Document) -> str:
    one = tensor["first"]
    if tensor["mismatch"] is not None or one is None:
        return f"is {tensor['mismatch']}"
    return f"at {list(one['at'])}: {one['ours']} here, {one['theirs']} in LiteRT ({one['run']})"


def _verdict(model: Document) -> tuple[str, str, str, str]:
    if model["error"] is not None:
        return "error", "", "", printable(model["model"])
    verdict = "equal" if model["equal"] else "within tolerance" if model["within"] else "different"
    return verdict, count(model["differing"]), count(model["elements"]), printable(model["model"])
