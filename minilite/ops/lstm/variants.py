"""The variants of the LSTM ops, and the element types each takes."""

from functools import partial

from minilite.ops.op import MICRO_SETS, MICROCONTROLLERS, REFERENCE, Variant, follows, on_microcontrollers

from . import micro, narrow
from .floating import compute_float, plan_float
from .integer import compute_integer, plan_integer
from .operands import cell_types


def types(x: str, weights: str, peephole: str, bias: str, cell: str, norm: str, recurrent: str = "") -> str:
    """The element types of one LSTM variant; h and y have those of x."""
    return " ".join([x, *cell_types(weights, peephole, bias, recurrent), x, cell, *[norm] * 4, "->", x])


FLOAT = Variant("float", ("float32",), plan_float, compute_float, rules=REFERENCE)
HYBRID = Variant(
    "hybrid",
    tuple(types("float32", weights, weights, "float32", "float32", "float32") for weights in ("int8", "uint8")),
    plan_float,
    compute_float,
)
HYBRID_DIAGONAL = Variant(
    "hybrid-diagonal",
    tuple(types("float32", w, w, "float32", "float32", "float32", recurrent="float32") for w in ("int8", "uint8")),
    plan_float,
    compute_float,
    rules=REFERENCE,
)
INTEGER = Variant(
    "int8",
    (types("int8", "int8", "int16", "int32", "int16", "int16"),),
    plan_integer,
    compute_integer,
    rules=follows(reference="double"),
)
NARROW = Variant(
    "narrow int8",
    INTEGER.types,
    narrow.plan,
    narrow.compute,
    rules=follows(reference="double"),
    when=narrow.is_narrow,
)
MICRO_TYPES = (*INTEGER.types, types("int16", "int8", "int16", "int64", "int16", "int16"))
GATES = dict.fromkeys(MICRO_SETS, micro.refused)
MICRO_FLOAT = Variant("float", ("float32",), micro.plan_float, micro.compute_float, rules=MICROCONTROLLERS, gates=GATES)
MICRO_INTEGER = Variant(
    "int8",
    MICRO_TYPES,
    partial(micro.plan_integer, is_cmsis_nn=False),
    micro.compute_integer,
    rules=follows(**on_microcontrollers("double", has_cmsis_nn=False)),
    gates=GATES,
)
CMSIS_NN = Variant(
    "int8",
    MICRO_TYPES,
    partial(micro.plan_integer, is_cmsis_nn=True),
    micro.compute_integer,
    rules=follows(cmsis_nn="double", cmsis_nn_single="single"),
    gates=dict.fromkeys(MICRO_SETS, micro.refused_by_cmsis_nn),
)
VARIANTS = (FLOAT, HYBRID, INTEGER, MICRO_FLOAT, MICRO_INTEGER, CMSIS_NN)
