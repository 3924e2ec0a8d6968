"""The variants of the LSTM ops, and the element types each takes."""

from minilite.ops.op import Variant, follows

from .floating import compute_float, plan_float
from .integer import compute_integer, plan_integer
from .operands import cell_types


def types(x: str, weights: str, peephole: str, bias: str, cell: str, norm: str) -> str:
    """The element types of one LSTM variant; h and y have those of x."""
    return " ".join([x, *cell_types(weights, peephole, bias), x, cell, *[norm] * 4, "->", x])


FLOAT = Variant("float", ("float32",), plan_float, compute_float)
HYBRID = Variant(
    "hybrid",
    tuple(types("float32", weights, weights, "float32", "float32", "float32") for weights in ("int8", "uint8")),
    plan_float,
    compute_float,
)
INTEGER = Variant(
    "int8",
    (types("int8", "int8", "int16", "int32", "int16", "int16"),),
    plan_integer,
    compute_integer,
    rules=follows(reference="double"),
)
VARIANTS = (FLOAT, HYBRID, INTEGER)
