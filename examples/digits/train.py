"""Remake every file of this folder: train a small CNN on scikit-learn's digits and convert it seven ways.

    pip install tensorflow-cpu scikit-learn
    python train.py

writes next to this script, replacing what is there, in about half a minute:

    digits_float32.tflite          float32 weights, float32 arithmetic
    digits_float16.tflite          float16 weights, widened by DEQUANTIZE, float32 arithmetic
    digits_dynamic_range.tflite    large weights in int8, float32 input and output, activations quantized as they come
    digits_int8.tflite             int8 throughout, int8 input and output
    digits_int8_float_io.tflite    int8 throughout, float32 input and output (QUANTIZE first, DEQUANTIZE last)
    digits_uint8_io.tflite         int8 throughout, uint8 input and output (QUANTIZE first and last)
    digits_int16x8.tflite          int8 weights, int16 activations, int16 input and output
    test_images.npy                360 held-out images, float32 [360, 8, 8, 1], 0 (paper) to 1 (ink)
    test_labels.npy                their digits, uint8 [360]
    digit.npy                      the first held-out image, float32 [1, 8, 8, 1]
    labels.txt                     zero to nine, one name per line

The accuracies need only the files, NumPy and LiteRT:

    pip install ai-edge-litert==2.3.0
    python train.py --measure

runs every model over the held-out images with LiteRT's reference kernels and prints the table of README.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).resolve().parent
LABELS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
SEED = 0
HELD_OUT = 360
CALIBRATION_IMAGES = 200
EPOCHS = 60

MODELS = ["float32", "float16", "dynamic_range", "int8", "int8_float_io", "uint8_io", "int16x8"]


def load_digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training images and labels, held-out images and labels; images are float32 [n, 8, 8, 1] in 0..1."""
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    digits = datasets.load_digits()
    images = (digits.images / 16).astype(np.float32)[..., np.newaxis]
    labels = digits.target.astype(np.uint8)
    train_images, test_images, train_labels, test_labels = train_test_split(
        images, labels, test_size=HELD_OUT, random_state=SEED, stratify=labels
    )
    return train_images, train_labels, test_images, test_labels


def build(batch_size: int | None) -> Any:
    """The network. A batch size of 1 fixes every shape in the converted file."""
    from tensorflow.keras import Input, Model, layers

    image = Input((8, 8, 1), batch_size=batch_size, name="image")
    stem = layers.Conv2D(16, 3, padding="same", activation="relu", name="stem")(image)
    spatial = layers.DepthwiseConv2D(3, padding="same", activation="relu", name="depthwise")(stem)
    mixed = layers.Conv2D(16, 1, name="pointwise")(spatial)
    residual = layers.ReLU(name="residual_relu")(layers.Add(name="residual")([stem, mixed]))
    strongest = layers.MaxPooling2D(2, name="max_pool")(residual)
    features = layers.Conv2D(24, 3, padding="same", activation="relu", name="features")(strongest)
    average = layers.AveragePooling2D(2, name="average_pool")(features)
    hidden = layers.Dense(32, activation="relu", name="hidden")(layers.Flatten(name="flatten")(average))
    scores = layers.Dense(10, activation="softmax", name="scores")(hidden)
    return Model(image, scores, name="digits")


def train(images: np.ndarray, labels: np.ndarray) -> Any:
    """Train with a free batch size, then return the same network with batch size 1 and the trained weights."""
    import tensorflow as tf

    tf.keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    model = build(batch_size=None)
    model.compile(optimizer=tf.keras.optimizers.Adam(2e-3), loss="sparse_categorical_crossentropy")
    model.fit(images, labels, batch_size=32, epochs=EPOCHS, verbose=2)
    single = build(batch_size=1)
    single.set_weights(model.get_weights())
    return single


def convert(model: Any, name: str, calibration: np.ndarray) -> bytes:
    """The .tflite bytes of one entry of MODELS; `calibration` holds the images that set the activation ranges."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if name == "float32":
        return converter.convert()
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if name == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if name in ("float16", "dynamic_range"):
        return converter.convert()

    converter.representative_dataset = lambda: ([image[np.newaxis]] for image in calibration)
    if name == "int16x8":
        ops = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    else:
        ops = tf.lite.OpsSet.TFLITE_BUILTINS_INT8
    converter.target_spec.supported_ops = [ops]
    ends = {"int8": tf.int8, "int8_float_io": tf.float32, "uint8_io": tf.uint8, "int16x8": tf.int16}
    converter.inference_input_type = converter.inference_output_type = ends[name]
    return converter.convert()


def remake() -> None:
    """Write every file listed at the top."""
    train_images, train_labels, test_images, test_labels = load_digits()
    model = train(train_images, train_labels)
    for name in MODELS:
        model_bytes = convert(model, name, train_images[:CALIBRATION_IMAGES])
        (FOLDER / f"digits_{name}.tflite").write_bytes(model_bytes)
    np.save(FOLDER / "test_images.npy", test_images, allow_pickle=False)
    np.save(FOLDER / "test_labels.npy", test_labels, allow_pickle=False)
    np.save(FOLDER / "digit.npy", test_images[:1], allow_pickle=False)
    (FOLDER / "labels.txt").write_text("\n".join(LABELS) + "\n", encoding="utf-8", newline="\n")


def to_codes(images: np.ndarray, detail: dict[str, Any]) -> np.ndarray:
    """Images 0..1 as the codes an integer input wants, halves rounded up as QUANTIZE does for positive numbers."""
    if detail["dtype"] == np.float32:
        return images
    scale, zero_point = detail["quantization"]
    limits = np.iinfo(detail["dtype"])
    codes = np.floor(images / np.float32(scale) + np.float32(0.5)) + zero_point
    return np.clip(codes, limits.min, limits.max).astype(detail["dtype"])


def scores(path: Path, images: np.ndarray) -> np.ndarray:
    """The ten scores of each image from LiteRT's reference kernels, integer codes dequantized: float32 [n, 10]."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    source, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    rows = []
    for image in to_codes(images, source):
        interpreter.set_tensor(source["index"], image[np.newaxis])
        interpreter.invoke()
        rows.append(interpreter.get_tensor(result["index"])[0])
    if result["dtype"] == np.float32:
        return np.array(rows)
    scale, zero_point = result["quantization"]
    return (np.array(rows).astype(np.float32) - np.float32(zero_point)) * np.float32(scale)


def measure() -> None:
    """Print size and accuracy of every model, and how far it is from the float32 model on the same images."""
    images = np.load(FOLDER / "test_images.npy", allow_pickle=False)
    labels = np.load(FOLDER / "test_labels.npy", allow_pickle=False)
    float_scores = scores(FOLDER / "digits_float32.tflite", images)
    print(f"| file | bytes | right of {len(labels)} | accuracy | class not float32's | largest change of a score |")
    print("|---|---:|---:|---:|---:|---:|")
    for name in MODELS:
        path = FOLDER / f"digits_{name}.tflite"
        model_scores = scores(path, images)
        classes = model_scores.argmax(axis=1)
        right = int((classes == labels).sum())
        differing = int((classes != float_scores.argmax(axis=1)).sum())
        change = np.abs(model_scores - float_scores).max()
        size = path.stat().st_size
        print(f"| `{path.name}` | {size} | {right} | {right / len(labels):.2%} | {differing} | {change:.4f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Remake the digits models, or measure them.")
    parser.add_argument("--measure", action="store_true", help="print the accuracy table of the existing files")
    if parser.parse_args().measure:
        measure()
    else:
        remake()
