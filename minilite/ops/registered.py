"""What TensorFlow Lite Micro registers: its ops, and the element types that their kernels take.

Types as `Variant.types` lists them: one text for all operands, or in signature order without the values plans read.
RESHAPE and SQUEEZE copy a byte for each int4 element, half of which the packed codes fill.
Follows tensorflow/lite/micro/micro_mutable_op_resolver.h, and Prepare and Eval of each kernel in
tensorflow/lite/micro/kernels. CMSIS-NN's kernels take the same.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from minilite.errors import UnsupportedError
from minilite.graph import Node

from .element_types import EVERY, SIGNED
from .op import Op, matches

FLOAT = ("float32",)
BYTES, CODES = ("float32", "int8"), ("float32", "int8", "int16")
ORDERED = ("float32", "int32", "int64", "int8")
MOVED = ("float32", "int8", "int16", "int32")
STORED = (*FLOAT, "float64", "bool", "uint8", *SIGNED)


def _to(result: str, kinds: Sequence[str], count: int = 1) -> tuple[str, ...]:
    return tuple(f"{' '.join([kind] * count)} -> {result}" for kind in kinds)


def _lstm(x: str, weights: str, peephole: str, bias: str, cell: str) -> str:
    return " ".join([x, *[weights] * 8, *[peephole] * 3, *[bias] * 4, weights, bias, x, cell, *[cell] * 4, "->", x])


REGISTERED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ABS": CODES,
        "ADD": ("float32", "int32", "int8", "int16"),
        "ADD_N": BYTES,
        "ARG_MAX": _to("int32", BYTES),
        "ARG_MIN": _to("int32", BYTES),
        "ASSIGN_VARIABLE": tuple(f"resource {kind} ->" for kind in STORED),
        "AVERAGE_POOL_2D": CODES,
        "BATCH_MATMUL": CODES,
        "BATCH_TO_SPACE_ND": BYTES,
        "BROADCAST_ARGS": ("int32", "int64"),
        "BROADCAST_TO": EVERY,
        "CALL_ONCE": (),
        "CAST": tuple(
            f"{x} -> {y}"
            for x in ("int8", "int16", "int32", "uint32", "float32", "bool")
            for y in ("int8", "int16", "int32", "uint32", "float32")
        ),
        "CEIL": FLOAT,
        "CONCATENATION": (*MOVED, "int64", "bool"),
        "CONV_2D": (
            *FLOAT,
            *(f"int8 {w} int32 -> int8" for w in ("int8", "int4")),
            *(f"int16 int8 {b} -> int16" for b in ("int64", "int32")),
        ),
        "COS": FLOAT,
        "CUMSUM": BYTES,
        "DEPTHWISE_CONV_2D": (
            *FLOAT,
            *(f"int8 {w} int32 -> int8" for w in ("int8", "int4")),
            "int16 int8 int64 -> int16",
        ),
        "DEPTH_TO_SPACE": BYTES,
        "DEQUANTIZE": _to("float32", ("int8", "int16", "uint8")),
        "DIV": ("float32", "int32", "int8"),
        "DYNAMIC_UPDATE_SLICE": tuple(f"{x} {x} {start} -> {x}" for x in MOVED for start in ("int32", "int64")),
        "ELU": BYTES,
        "EMBEDDING_LOOKUP": ("int32 float32 -> float32", "int32 int8 -> int8", "int32 int8 -> float32"),
        "EQUAL": _to("bool", (*ORDERED, "bool"), 2),
        "EXP": FLOAT,
        "EXPAND_DIMS": CODES,
        "FILL": ("float32", "int32", "int8"),
        "FLOOR": FLOAT,
        "FLOOR_DIV": FLOAT,
        "FLOOR_MOD": FLOAT,
        "FULLY_CONNECTED": (
            *FLOAT,
            *(f"int8 {w} int32 -> int8" for w in ("int8", "int4")),
            *(f"int16 int8 {b} -> int16" for b in ("int64", "int32")),
        ),
        "GATHER": tuple(f"{x} int32 -> {x}" for x in BYTES),
        "GATHER_ND": tuple(f"{x} int32 -> {x}" for x in BYTES),
        "GREATER": _to("bool", ORDERED, 2),  # int16 is compared by scales that are never set
        "GREATER_EQUAL": _to("bool", ORDERED, 2),
        "HARD_SWISH": BYTES,
        "IF": (),
        "L2_NORMALIZATION": BYTES,
        "L2_POOL_2D": FLOAT,
        "LEAKY_RELU": CODES,
        "LESS": _to("bool", ORDERED, 2),
        "LESS_EQUAL": _to("bool", ORDERED, 2),
        "LOG": FLOAT,
        "LOGICAL_AND": ("bool",),
        "LOGICAL_NOT": ("bool",),
        "LOGICAL_OR": ("bool",),
        "LOGISTIC": CODES,
        "LOG_SOFTMAX": BYTES,
        "MAXIMUM": (*MOVED, "int64"),
        "MAX_POOL_2D": CODES,
        "MEAN": CODES,
        "MINIMUM": (*MOVED, "int64"),
        "MIRROR_PAD": BYTES,
        "MUL": MOVED,
        "NEG": FLOAT,
        "NOT_EQUAL": _to("bool", (*ORDERED, "bool"), 2),
        "PACK": (*MOVED, "int64"),
        "PAD": MOVED,
        "PADV2": MOVED,
        "PRELU": ("float32", "int8", "int16 int8 -> int16"),
        "QUANTIZE": (
            *(f"float32 -> {y}" for y in ("int8", "int16")),
            *(f"int8 -> {y}" for y in ("int8", "uint8", "int16", "int32")),
            *(f"int16 -> {y}" for y in ("int8", "int16", "int32")),
            *(f"int32 -> {y}" for y in ("int8", "int16")),
            "uint8 -> int8",
        ),
        "READ_VARIABLE": tuple(f"resource -> {kind}" for kind in STORED),
        "REDUCE_ALL": ("bool",),
        "REDUCE_MAX": BYTES,
        "REDUCE_MIN": BYTES,
        "RELU": CODES,
        "RELU6": CODES,
        "RESHAPE": (*EVERY, "int4"),
        "RESIZE_BILINEAR": BYTES,
        "RESIZE_NEAREST_NEIGHBOR": CODES,
        "REVERSE_V2": (*MOVED, "uint8", "int64", "bool"),
        "ROUND": FLOAT,
        "RSQRT": BYTES,
        "SELECT_V2": tuple(f"bool {x} {x} -> {x}" for x in CODES),
        "SHAPE": _to("int32", (*EVERY, "int4")),
        "SIN": FLOAT,
        "SLICE": (*MOVED, "bool"),
        "SOFTMAX": (*(f"{kind} -> {kind}" for kind in CODES), "int8 -> int16"),
        "SPACE_TO_BATCH_ND": BYTES,
        "SPACE_TO_DEPTH": BYTES,
        "SPLIT": MOVED,
        "SPLIT_V": MOVED,
        "SQRT": FLOAT,
        "SQUARE": FLOAT,
        "SQUARED_DIFFERENCE": MOVED,
        "SQUEEZE": (*EVERY, "int4"),
        "STRIDED_SLICE": (*MOVED, "bool"),
        "SUB": MOVED,
        "SUM": CODES,
        "SVDF": (
            *FLOAT,
            *(f"int8 int8 {time} int32 {state} -> int8" for time, state in (("int16", "int16"), ("int8", "int8"))),
        ),
        "TANH": CODES,
        "TFLite_Detection_PostProcess": FLOAT,
        "TRANSPOSE": CODES,
        "TRANSPOSE_CONV": (
            *FLOAT,
            "int8 int8 int32 -> int8",
            "int8 int16 int64 -> int16",  # an int32 bias is read as int64, past its end
        ),
        "UNIDIRECTIONAL_SEQUENCE_LSTM": (
            *FLOAT,
            _lstm("int8", "int8", "int16", "int32", "int16"),
            _lstm("int16", "int8", "int16", "int64", "int16"),
        ),
        "UNPACK": MOVED,
        "VAR_HANDLE": ("-> resource",),
        "WHILE": (),
        "ZEROS_LIKE": ORDERED,
    }
)


def require_registered(op: Op, node: Node, kernel_set: str, types: Mapping[str, Sequence[str]] | None = None) -> None:
    """Raise UnsupportedError, naming the set, for an op that TensorFlow Lite Micro lacks, or has not of these types."""
    where = f"{node.label}: not taken by kernel set {kernel_set!r}"
    if op.code not in REGISTERED:
        raise UnsupportedError(
            f"{where}: TensorFlow Lite Micro has no such op; kernels={{{op.code!r}: 'reference', '*': {kernel_set!r}}} "
            "computes it as LiteRT does"
        )
    known = REGISTERED[op.code]
    if types is not None and not any(matches(text, op.signature, types) for text in known):
        forms = [form for form in (*op.signature.inputs, *op.signature.outputs) if not form.is_value]
        given = ", ".join(f"{form.name} {'/'.join(types[form.name])}" for form in forms if form.name in types)
        raise UnsupportedError(f"{where}: TensorFlow Lite Micro has no kernel for {given}; it takes {'; '.join(known)}")
