"""Lesson 5: one file, several runtimes, different integers. Why two runtimes disagree, and which op parts first.

Run it:  python examples/05_why_two_runtimes_disagree.py
"""

from pathlib import Path

import numpy as np

import minilite
from minilite.comparing import compare, minilite_side
from minilite.numerics.rescale import make_rescale

digits = Path(__file__).parent / "digits"
model = minilite.load(digits / "digits_int8.tflite")
image = minilite.to_inputs(model, np.load(digits / "digit.npy"))

# A convolution adds up products of codes: an exact integer, the same in every runtime. Then the sum is brought to the
# scale of the output, times a real number such as 0.0003, in integer or float arithmetic, and rounded. There they part.
rules = {
    "double": "LiteRT's reference kernels and TFLite Micro: two roundings, ties away from zero",
    "half-up": "LiteRT's optimized kernels on x86: two roundings, ties up",
    "single": "microcontrollers with single rounding: one rounding, ties up",
    "float32-even": "XNNPACK on x86: a float32 product, ties to even",
    "float64-away": "LiteRT's reference FULLY_CONNECTED: a float64 product, ties away from zero",
}
real = 0.00390625  # 1/256: exact in every form, so that only the rounding differs
sums = np.array([-1408, -1280, -1152, -640, -130, 130, 640, 1152])
print(f"sums times {real}:  {'  '.join(f'{value:6.3f}' for value in sums * real)}")
for name, whose in rules.items():
    rounded = make_rescale(name, np.float64(real))(sums)
    print(f"  {name:13} {'':8}{'  '.join(f'{code:6d}' for code in rounded)}   {whose.split(':')[0]}")

# A multiplier that is no power of two is itself rounded to 31 bits, and "double" rounds between its two steps. So it
# may even miss the nearest integer. None of the rules is right and the others wrong: each is somebody's definition.
generator = np.random.default_rng(0)
sums = generator.integers(-40_000, 40_000, 1_000_000)
real = 0.0031415
exact = sums * real
print(f"\nof {sums.size:,} sums times {real}, not rounded to the nearest integer:")
for name in rules:
    codes = make_rescale(name, np.float64(real))(sums)
    print(f"  {name:13} {np.count_nonzero(np.abs(codes - exact) > 0.5 + 1e-6):6,}")

# In a model a code that differs by one is an input of the next op, so it spreads. To find the culprit, each op is run
# once more on the other side's own inputs: what differs then ("alone") is its own doing.
double, single = (minilite_side(model, image, kernels) for kernels in ("tflm", "tflm-single"))
found = compare(double, single)
print("\ntflm against tflm-single      differing   alone   largest")
for tensor in found.tensors.values():
    print(f"  {tensor.node.op:26} {tensor.differing:8} {tensor.alone:7} {tensor.largest:9.0f}")
if found.parting:
    print(f"they part at node {found.parting.node}, {found.parting.op}:")
    print("    " + "\n    ".join(found.parting.rules))

# Does it matter? Here the answer stays. `minilite agree MODEL` prints this for every pair of kernel sets, and
# `minilite compare MODEL DUMP` for tensors that a device wrote down.
for side in (double, single):
    print(f"{side.label:12} {side.values[model.main.outputs[0]][0]}")
