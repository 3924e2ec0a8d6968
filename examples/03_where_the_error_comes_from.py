"""Lesson 3: where the error of a quantized model comes from.

Run it:  python examples/03_where_the_error_comes_from.py
Lines that begin with "# >" are what it prints.
"""

from pathlib import Path

import numpy as np

import minilite

digits = Path(__file__).parent / "digits"
model = minilite.load(digits / "digits_int8.tflite")
floats = minilite.load(digits / "digits_float32.tflite")
images = np.load(digits / "test_images.npy")[:100]
dataset = [image[None] for image in images]

# A trace runs the model and keeps account of every tensor. Given many inputs it keeps sums, not the tensors.
trace = minilite.trace(model, dataset)

# First question: does each layer use its codes well? An int8 tensor has 256 of them. `effective_bits` is the entropy of
# the codes, the information that one of them carries. RELU layers spend many codes on 0, the lowest code (a rail).
print("layer                tensor   codes used   effective bits   at the lowest code")
for row in trace.rows()[1:5]:
    used = f"{row['codes_distinct']} of {row['codes_available']}"
    print(f"{row['op']:<20} {row['tensor']:>6} {used:>12} {row['effective_bits']:>16.1f} {row['rail_low']:>20.0%}")
# > layer                tensor   codes used   effective bits   at the lowest code
# > CONV_2D                  14   238 of 256              5.9                  26%
# > DEPTHWISE_CONV_2D        15   235 of 256              5.2                  36%
# > CONV_2D                  16   188 of 256              6.0                   0%
# > ADD                      17   229 of 256              5.3                  34%

# Second question: how wrong is each number? There are two answers, in steps of the output's scale.
#
# Local: the layer alone. Its input codes are turned into real values, the layer is computed in float64 with nothing
# rounded, and the result is compared with its codes. Rounding to the nearest code is off by at most half a step, any
# amount as likely as any other, so by 1 / sqrt(12) = 0.289 steps RMS. A layer far above this does more than round. One
# below it, as after a RELU, has many values that are exact.
#
# Propagated: the whole model up to here, against the whole model computed in float64.
print("\nlayer                tensor   local RMSE   propagated RMSE")
for row in trace.rows()[1:5]:
    errors = row["local_rmse_steps"], row["propagated_rmse_steps"]
    print(f"{row['op']:<20} {row['tensor']:>6} {errors[0]:>12.2f} {errors[1]:>17.2f}")
# > layer                tensor   local RMSE   propagated RMSE
# > CONV_2D                  14         0.25              0.26
# > DEPTHWISE_CONV_2D        15         0.23              0.30
# > CONV_2D                  16         0.29              0.32
# > ADD                      17         0.24              0.50


# Third question: why? Beside its float twin, the error of each layer can be split into causes. Replace one thing after
# the other in the float layer: its inputs by what the quantized layer reads, its weights, its biases, then clip to the
# range of the codes, then round. Each step changes the output a little, and the changes add up to the error exactly.
#
#   inherited   the inputs were already wrong             weights, bias   they were rounded
#   clipping    real values beyond the last code          rounding        the output's own
#
# A share is the part of the mean squared error that a cause accounts for: its covariance with the whole error. Causes
# that cancel others have negative shares; all together make 100 %.
def percent(share: float | None) -> str:
    return f"{share or 0:.0%}".replace("-0%", "0%")


budget = minilite.error_budget(model, floats, dataset)
print("\nlayer                tensor   RMSE   inherited   weights   bias   clipping   rounding")
for tensor in budget.tensors:
    row = tensor.row()
    shares = [percent(row[f"share_{cause}"]) for cause in ("inherited", "weights", "bias", "clipping", "rounding")]
    cells = "{:>12} {:>9} {:>6} {:>10} {:>10}".format(*shares)
    print(f"{row['op'] or 'input':<20} {row['tensor']:>6} {row['rmse_steps']:>6.2f} {cells}")
# > layer                tensor   RMSE   inherited   weights   bias   clipping   rounding
# > input                     0   0.19           0%        0%     0%         0%       100%
# > CONV_2D                  14   0.28           4%       16%     0%         0%        80%
# > DEPTHWISE_CONV_2D        15   0.35          40%       15%     0%         0%        45%
# > CONV_2D                  16   0.34          21%        5%     0%         0%        74%
# > ADD                      17   0.53          80%        0%     0%         0%        20%
# > MAX_POOL_2D              18   0.62         100%        0%     0%         0%         0%
# > CONV_2D                  19   0.36          45%       18%     0%         0%        36%
# > AVERAGE_POOL_2D          20   0.35          36%        0%     0%         0%        64%
# > RESHAPE                  21   0.35         100%        0%     0%         0%         0%
# > FULLY_CONNECTED          22   0.74          56%       35%     0%         0%         8%
# > FULLY_CONNECTED          23   0.76          72%       11%     0%         1%        15%
# > SOFTMAX                  24   1.99          98%        0%     0%         2%         0%

# Read the last rows from the bottom. The scores (SOFTMAX) only pass on what the layer before got wrong; most of that
# was inherited again. What one layer inherits another one made: go up to the rows where a cause of its own stands out.
# Rounding says that the tensor needs more bits or a smaller range, clipping that it needs a larger one, weights that
# they are rounded too coarsely.
worst = max(budget.tensors[1:-1], key=lambda tensor: tensor.parts.share("weights") or 0.0)
print(f"\nrounded weights cost the most in node {worst.node}, {worst.op}: {percent(worst.parts.share('weights'))}")
# > rounded weights cost the most in node 8, FULLY_CONNECTED: 35%

# How much better would another scheme be? The int16x8 model has activations of 16 bits and int8 weights: the rounding
# of outputs is gone, that of the weights stays, here and in what is inherited.
wide = minilite.error_budget(minilite.load(digits / "digits_int16x8.tflite"), floats, dataset)
print("\nscheme    SQNR of the scores, dB    inherited   weights   rounding")
for name, one in (("int8", budget), ("int16x8", wide)):
    logits = one.tensors[-2]  # before SOFTMAX
    shares = [percent(logits.parts.share(cause)) for cause in ("inherited", "weights", "rounding")]
    print(f"{name:<9} {logits.parts.sqnr_db:>23.1f} {shares[0]:>12} {shares[1]:>9} {shares[2]:>10}")
# > scheme    SQNR of the scores, dB    inherited   weights   rounding
# > int8                         34.4          72%       11%        15%
# > int16x8                      39.2          68%       32%         0%
