"""A comparison as the commands `verify`, `compare` and `agree` put it into JSON."""

from minilite.comparing import Comparison
from minilite.comparing.agreement import Pair
from minilite.comparing.comparison import TensorComparison
from minilite.comparing.parting import Parting

from .output import Document


def comparison_document(found: Comparison) -> Document:
    """Everything two sides have in common, for JSON."""
    differing = found.differing
    counted = [tensor for tensor in found.tensors.values() if tensor.differing is not None]
    return {
        "equal": not differing,
        "runs": found.runs,
        "elements": sum(tensor.elements for tensor in found.tensors.values()),
        "differing": sum(tensor.differing or 0 for tensor in counted),
        "first_differing_tensor": differing[0].tensor.index if differing else None,
        "parting": None if found.parting is None else parting_document(found.parting),
        "unseen": sorted(found.unpaired),
        "tensors": [tensor_document(tensor) for tensor in found.tensors.values()],
    }


def tensor_document(entry: TensorComparison) -> Document:
    """One tensor for JSON."""
    first = entry.first
    return {
        "index": entry.tensor.index,
        "name": entry.tensor.name,
        "type": entry.tensor.type.name.lower(),
        "node": entry.node.index,
        "op": entry.node.op,
        "elements": entry.elements,
        "differing": entry.differing,
        "largest": entry.largest,
        "largest_real": entry.errors.largest,
        "sqnr_db": entry.errors.sqnr_db,
        "alone": entry.alone,
        "amplification": entry.amplification,
        "mismatch": entry.mismatch,
        "first": None if first is None else {**first._asdict(), "at": list(first.at)},
    }


def pair_document(pair: Pair) -> Document:
    """How the outputs of two sides differ, for JSON."""
    return {
        "sets": [pair.first, pair.second],
        "elements": pair.elements,
        "differing": pair.differing,
        "largest": pair.largest,
        "rows": pair.rows,
        "other_top": pair.top,
        "parting": None if pair.parting is None else parting_document(pair.parting),
    }


def parting_document(parting: Parting) -> Document:
    """The first op that differs given equal inputs, for JSON."""
    return {
        "node": parting.node,
        "op": parting.op,
        "tensor": parting.tensor,
        "elements": parting.difference.elements,
        "differing": parting.difference.differing,
        "largest": parting.difference.largest,
        "rules": list(parting.rules),
    }
