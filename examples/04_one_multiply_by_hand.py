"""Lesson 4: one output of one layer, computed by hand. Nothing but whole numbers, and one of them is rounded twice.

Run it:  python examples/04_one_multiply_by_hand.py
"""

from pathlib import Path

import numpy as np

import minilite

digits = Path(__file__).parent / "digits"
model = minilite.load(digits / "digits_int8.tflite")
image = np.load(digits / "digit.npy")

# Node 1 is a depthwise convolution. Which of its outputs is farthest from what real arithmetic would give? `explain`
# without a position looks for it, and shows where it comes from: [0, 1, 5, 12], row 1, column 5, channel 12.
found = minilite.explain(model, image, node=1)
print(found)

# Now the same by hand. A window of 3 x 3 pixels, each with its weight. A code stands for scale * (code - zero point),
# so the zero point of x is subtracted first: -128, the code of 0. Weights have the zero point 0.
print("\nby hand:")
accumulator = 0
for term in found.terms:
    x, w = term.elements
    product = (x.code - x.zero_point) * (w.code - w.zero_point)
    accumulator += product
    print(f"  ({x.code:4} + 128) * {w.code:4} = {product:6}   sum {accumulator:6}")

# The bias is a code as well: its scale is x_scale * w_scale, that of the products, so it is simply added.
(bias,) = found.start
accumulator += bias.code
print(f"  bias {bias.code}: the accumulator is {accumulator}, an exact integer")  # 1441 - 314 = 1127

# The accumulator counts steps of x_scale * w_scale. The output counts steps of y_scale. So it is multiplied by
#     m = x_scale * w_scale / y_scale = 0.004878148
# without floats: m = mantissa * 2**(exponent - 31), with a mantissa of 31 bits.
numbers = next(step.operands for step in found.steps if "mantissa" in step.operands)
mantissa, exponent = numbers["mantissa"], numbers["exponent"]  # 1340895184 and -7
print(f"  m = {mantissa} * 2**({exponent} - 31) = {mantissa * 2.0 ** (exponent - 31):.9f}")

# A processor of 32 bits keeps the upper half of the 64-bit product: accumulator * mantissa / 2**31, to the nearest.
upper = (accumulator * mantissa + 2**30) // 2**31
print(f"  first rounding:   {accumulator * mantissa / 2**31:.4f} -> {upper}")  # 703.7022 -> 704

# What is left is a shift by 7 bits, a division by 128, again to the nearest. 704 / 128 is a tie, and it goes up.
steps = (upper + 64) // 128
print(f"  second rounding:  {upper / 128} -> {steps}")  # 5.5 -> 6

# The zero point of the output comes last, and the limits of the type, which are those of the fused RELU too.
code = min(max(steps - 128, -128), 127)
print(f"  code {steps} - 128 = {code}; minilite says {found.code}, and so does LiteRT")  # -122
assert code == found.code

# But 1127 * m is 5.4977, nearer to 5 than to 6! The first rounding made a tie of it, the second took the wrong side.
# It is right all the same: right is what the kernel computes. Another kernel rounds once, and another code comes out.
once = (accumulator * mantissa + 2**37) // 2**38
print(f"\nrounded once:  {accumulator * mantissa / 2**38:.4f} -> {once}, code {once - 128}")  # 5.4977 -> 5, -123
for other in found.others:
    print(f"  {other.kernels:16} {other.code}")

# One step of 256. Does it matter? Lesson 5 follows such a difference through a whole model.
