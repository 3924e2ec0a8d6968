"""Lesson 2: teach minilite an operator it does not know, without touching the package.

Run it:  python examples/02_your_own_op.py
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

import minilite
from minilite.graph import Node
from minilite.ops import Call, Op, Variant

digits = Path(__file__).parent / "digits"
model = minilite.load(digits / "digits_float32.tflite")
image = minilite.to_inputs(model, np.load(digits / "digit.npy"))


# Suppose a tool had replaced the first residual addition by an operator of its own, "Average2".
def exchanged(node: Node) -> Node:
    return replace(node, op="Average2", is_custom=True, options=None) if node.op == "ADD" else node


nodes = map(exchanged, model.main.nodes)
model = replace(model, subgraphs=(replace(model.main, nodes=tuple(nodes)),))

# minilite refuses what it does not know, and says what and where.
try:
    minilite.bind(model)
except minilite.UnsupportedError as error:
    print("before:", error)


# An op is a value. Its signature names the operands and says how their shapes agree: same letter, same length.
def plan(call: Call) -> np.float32:
    """The node's constants, derived once. Here: one half."""
    return np.float32(0.5)


def kernel(half: np.float32, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """What it computes, from the plan and the arrays of the signature."""
    return (a + b) * half


average = Op("Average2", "a[n,h,w,c] b[n,h,w,c] -> y[n,h,w,c]", None, (Variant("float", ("float32",), plan, kernel),))

# The operators minilite knows are a mapping. Yours join it for this one program.
program = minilite.bind(model, ops={**minilite.OPS, average.code: average})
for result in minilite.execute(program, image):
    if result.step.node.op == "Average2":
        largest = [array.max() for array in (*result.inputs, *result.outputs)]
        print("after:  Average2 ran; largest of a, b and y:", np.round(largest, 3))
print("scores:", np.round(result.outputs[0][0], 3))
