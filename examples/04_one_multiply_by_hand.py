"""Lesson 4: one output of one layer, computed by hand. Nothing but whole numbers, and one of them is rounded twice.

Run it:  python examples/04_one_multiply_by_hand.py
Lines that begin with "# >" are what it prints.
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
# > DEPTHWISE_CONV_2D, node 1   reference kernels, quantized, rule double
# > y = tensor 15 int8 at [0,1,5,12]  wise_1/depthwise;digits_1/depthwise_1/Squeeze1
# >       x at  x code  x_zero   x real        w at  w code    w real  product
# > [0,2,4,12]     -57    -128  0.72766  [0,2,0,12]      39   0.19679     2769
# > [0,1,4,12]     -83    -128  0.46119  [0,1,0,12]     -41  -0.20688    -1845
# > [0,2,5,12]    -117    -128  0.11274  [0,2,1,12]      47   0.23716      517
# > [0,0,4,12]    -128    -128        0  [0,0,0,12]     -43  -0.21697        0
# > ... and 5 smaller ones, adding 0   (all with --all)
# > sum of the terms                                                    1441
# > plus b -314                                                         1127
# > rescale: 1127 times 0.004878148 = 1340895184 / 2**38
# >   shift left by max(exponent, 0), 32 bits                           1127
# >   times mantissa / 2**31, nearest, ties up                           704
# >   shift right by max(-exponent, 0), ties away from zero                6
# > plus the zero point                                                 -122
# > kept between -128 and 127                                           -122
# > y = code -122, which stands for 0.06360736 = 0.0106012262 * (-122 + 128)
# > in real arithmetic 0.05828208 = code -122.5023, the error +0.5023 steps
# > the same with optimized, tflm, cmsis-nn
# > xnnpack, tflm-single, cmsis-nn-single: -123

# Now the same by hand. A window of 3 x 3 pixels, each with its weight. A code stands for scale * (code - zero point),
# so the zero point of x is subtracted first: -128, the code of 0. Weights have the zero point 0.
print("\nby hand:")
accumulator = 0
for term in found.terms:
    x, w = term.elements
    product = (x.code - x.zero_point) * (w.code - w.zero_point)
    accumulator += product
    print(f"  ({x.code:4} + 128) * {w.code:4} = {product:6}   sum {accumulator:6}")
# > by hand:
# >   (-128 + 128) *  -43 =      0   sum      0
# >   (-128 + 128) *  -19 =      0   sum      0
# >   (-128 + 128) *    0 =      0   sum      0
# >   ( -83 + 128) *  -41 =  -1845   sum  -1845
# >   (-128 + 128) *   36 =      0   sum  -1845
# >   (-128 + 128) *    9 =      0   sum  -1845
# >   ( -57 + 128) *   39 =   2769   sum    924
# >   (-117 + 128) *   47 =    517   sum   1441
# >   (-128 + 128) *  127 =      0   sum   1441

# The bias is a code as well: its scale is x_scale * w_scale, that of the products, so it is simply added.
(bias,) = found.start
accumulator += bias.code
print(f"  bias {bias.code}: the accumulator is {accumulator}, an exact integer")
# >   bias -314: the accumulator is 1127, an exact integer

# The accumulator counts steps of x_scale * w_scale. The output counts steps of y_scale. So it is multiplied by
#     m = x_scale * w_scale / y_scale = 0.004878148
# without floats: m = mantissa * 2**(exponent - 31), with a mantissa of 31 bits.
numbers = next(step.operands for step in found.steps if "mantissa" in step.operands)
mantissa, exponent = numbers["mantissa"], numbers["exponent"]
print(f"  m = {mantissa} * 2**({exponent} - 31) = {mantissa * 2.0 ** (exponent - 31):.9f}")
# >   m = 1340895184 * 2**(-7 - 31) = 0.004878148

# A processor of 32 bits keeps the upper half of the 64-bit product: accumulator * mantissa / 2**31, to the nearest.
upper = (accumulator * mantissa + 2**30) // 2**31
print(f"  first rounding:   {accumulator * mantissa / 2**31:.4f} -> {upper}")
# >   first rounding:   703.7022 -> 704

# What is left is a shift by 7 bits, a division by 128, again to the nearest. 704 / 128 is a tie, and it goes up.
steps = (upper + 64) // 128
print(f"  second rounding:  {upper / 128} -> {steps}")
# >   second rounding:  5.5 -> 6

# The zero point of the output comes last, and the limits of the type, which are those of the fused RELU too.
code = min(max(steps - 128, -128), 127)
print(f"  code {steps} - 128 = {code}; minilite says {found.code}, and so does LiteRT")
# >   code 6 - 128 = -122; minilite says -122, and so does LiteRT
assert code == found.code

# But 1127 * m is 5.4977, nearer to 5 than to 6! The first rounding made a tie of it, the second took the wrong side.
# It is right all the same: right is what the kernel computes. Another kernel rounds once, and another code comes out.
once = (accumulator * mantissa + 2**37) // 2**38
print(f"\nrounded once:  {accumulator * mantissa / 2**38:.4f} -> {once}, code {once - 128}")
for other in found.others:
    print(f"  {other.kernels:16} {other.code}")
# > rounded once:  5.4977 -> 5, code -123
# >   optimized        -122
# >   xnnpack          -123
# >   tflm             -122
# >   tflm-single      -123
# >   cmsis-nn         -122
# >   cmsis-nn-single  -123

# One step of 256. Does it matter? Lesson 5 follows such a difference through a whole model.
