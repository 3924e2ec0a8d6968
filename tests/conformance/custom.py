"""One-op models of custom ops, whose options are a FlexBuffers map."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from flatbuffers import flexbuffers

from .case import OneOp, Operand, one_op


def flex(options: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    """The bytes of a FlexBuffers map."""
    return np.frombuffer(bytes(flexbuffers.Dumps(dict(options))), np.uint8)


def custom_op(
    op: str, options: Mapping[str, Any] | bytes, inputs: Sequence[Operand | None], outputs: Sequence[Operand]
) -> OneOp:
    """The model of one custom op; `options` as a map, or as any bytes."""
    data = np.frombuffer(options, np.uint8) if isinstance(options, bytes) else flex(options)
    example = one_op(op, None, inputs, outputs)
    (node,) = example.graph.main.nodes
    node = replace(node, is_custom=True, custom_options=data)
    return OneOp(replace(example.graph, subgraphs=(replace(example.graph.main, nodes=(node,)),)), example.inputs)
