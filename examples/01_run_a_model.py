"""Lesson 1: run a quantized model, and see its numbers as codes and as real values.

Run it:  python examples/01_run_a_model.py
"""

from pathlib import Path

import numpy as np

import minilite

digits = Path(__file__).parent / "digits"

# A model is a value. Printing it says what goes in and what comes out.
model = minilite.load(digits / "digits_int8.tflite")
print(model)

# Every quantized tensor carries its own map between codes and real values: real = scale * (code - zero_point).
image_tensor = model.main.tensors[model.main.inputs[0]]
score_tensor = model.main.tensors[model.main.outputs[0]]
print("\ninput: ", image_tensor.quantization)
print("output:", score_tensor.quantization)

# The picture is real numbers from 0 to 1. `run` turns them into the input's codes: rounded and clamped.
image = np.load(digits / "digit.npy")
(codes,) = minilite.run(model, image).values()
print("\nten output codes:  ", codes[0])

# The codes mean nothing without the output's own scale and zero point.
scores = score_tensor.quantization.to_real(codes)
print("as real scores:    ", np.round(scores[0], 3))
names = (digits / "labels.txt").read_text().split()
print(f"the digit is {names[scores.argmax()]!r}")

# The float32 model is the same network before quantization. How far are the scores apart, over many pictures?
float_model = minilite.load(digits / "digits_float32.tflite")
images = np.load(digits / "test_images.npy")[:100]
labels = np.load(digits / "test_labels.npy")[:100]
real = np.concatenate([minilite.run(float_model, picture[None])["output_0"] for picture in images])
codes = np.concatenate([minilite.run(model, picture[None])["output_0"] for picture in images])
quantized = score_tensor.quantization.to_real(codes)
print("\n100 pictures           float32   int8")
print(f"recognized             {np.mean(real.argmax(1) == labels):7.0%} {np.mean(quantized.argmax(1) == labels):7.0%}")
print(f"largest change of a score      {np.abs(real - quantized).max():.3f}")
print(f"typical change (RMS)           {np.sqrt(np.mean((real - quantized) ** 2)):.4f}")
print(f"one step of the output scale   {score_tensor.quantization.scale[0]:.4f}")
