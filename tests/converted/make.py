"""Make the converted models of this folder again, with the TensorFlow converter. Running the tests does not need it.

    pip install tensorflow-cpu
    python tests/converted/make.py

Small networks of the kinds that people convert, with random weights: what counts here is the operators and the
quantization that the converter chooses, not what the network knows.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow import keras

layers = keras.layers
HERE = Path(__file__).parent


def mobile_net() -> keras.Model:
    """Inverted residual blocks, as in MobileNetV2."""
    x = inputs = keras.Input((24, 24, 3), batch_size=1)
    x = layers.Conv2D(24, 3, 2, "same", use_bias=False)(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    for stride in (1, 2, 1):
        before = x
        x = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(72, 1, use_bias=False)(x)))
        x = layers.DepthwiseConv2D(3, stride, "same", use_bias=False)(x)
        x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
        x = layers.BatchNormalization()(layers.Conv2D(24, 1, use_bias=False)(x))
        x = layers.Add()([x, before]) if stride == 1 else x
    x = layers.Dense(10, "softmax")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, x)


def lstm() -> keras.Model:
    """Two layers of LSTM, one in both directions."""
    inputs = keras.Input((12, 36), batch_size=1)
    x = layers.LSTM(32, return_sequences=True)(inputs)
    return keras.Model(inputs, layers.Dense(4)(layers.LSTM(32)(x)))


def gru() -> keras.Model:
    """A GRU that stays a loop: WHILE with two subgraphs."""
    inputs = keras.Input((9, 20), batch_size=1)
    return keras.Model(inputs, layers.Dense(3)(layers.GRU(24, unroll=False)(inputs)))


def transformer() -> keras.Model:
    """One block of attention and a feed-forward layer, with layer normalization."""
    inputs = keras.Input((8, 32), batch_size=1)
    x = layers.Add()([inputs, layers.MultiHeadAttention(2, 16)(inputs, inputs)])
    x = layers.LayerNormalization()(x)
    x = layers.Add()([x, layers.Dense(32)(layers.Dense(48, "gelu")(x))])
    return keras.Model(inputs, layers.LayerNormalization()(x))


def u_net() -> keras.Model:
    """Down and up again, by transposed convolution and by resizing."""
    inputs = keras.Input((16, 16, 2), batch_size=1)
    fine = layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    middle = layers.Conv2D(16, 3, padding="same", activation=layers.LeakyReLU(0.1))(layers.MaxPooling2D(2)(fine))
    deep = layers.Conv2D(16, 3, padding="same", activation="tanh")(layers.AveragePooling2D(2)(middle))
    up = layers.Conv2DTranspose(16, 3, 2, "same")(deep)
    up = layers.Concatenate()([up, middle])
    up = layers.UpSampling2D(interpolation="bilinear")(up)
    up = layers.Concatenate()([up, fine])
    return keras.Model(inputs, layers.Conv2D(3, 1, activation="sigmoid")(up))


def hard_swish_net() -> keras.Model:
    """Squeeze and excitation with hard swish, as in MobileNetV3."""
    inputs = keras.Input((12, 12, 4), batch_size=1)
    x = layers.Conv2D(32, 3, 2, "same", activation="silu")(inputs)
    x = layers.Activation("hard_silu")(x)
    squeezed = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Multiply()([x, layers.Dense(32, "hard_sigmoid")(layers.Dense(2, "relu")(squeezed))])
    return keras.Model(inputs, layers.Dense(5)(layers.Flatten()(layers.PReLU(shared_axes=[1, 2])(x))))


POST_PROCESS = """name: "TFLite_Detection_PostProcess"
attr { key: "max_detections" value { i: 6 } } attr { key: "max_classes_per_detection" value { i: 1 } }
attr { key: "use_regular_nms" value { b: false } } attr { key: "nms_score_threshold" value { f: 0.1 } }
attr { key: "nms_iou_threshold" value { f: 0.5 } } attr { key: "num_classes" value { i: 3 } }
attr { key: "y_scale" value { f: 10.0 } } attr { key: "x_scale" value { f: 10.0 } }
attr { key: "h_scale" value { f: 5.0 } } attr { key: "w_scale" value { f: 5.0 } }"""


@tf.function(experimental_implements=POST_PROCESS)
def post_process(boxes: tf.Tensor, scores: tf.Tensor, anchors: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """A stand-in of the right shapes, which the converter replaces by the operator."""
    return tf.zeros((1, 6, 4)), tf.zeros((1, 6)), tf.zeros((1, 6)), tf.zeros((1,))


class Detections(layers.Layer):
    """Boxes and class scores, decoded and thinned out."""

    def call(self, boxes: tf.Tensor, scores: tf.Tensor) -> tuple[tf.Tensor, ...]:
        grid = np.stack(np.meshgrid(*[np.arange(4) / 4 + 0.125] * 2, indexing="ij"), -1).reshape(16, 2)
        anchors = np.concatenate([grid, np.full((16, 2), 0.3)], 1).astype(np.float32)
        return post_process(boxes, scores, tf.constant(anchors))


def detector() -> keras.Model:
    """A head as in SSD: boxes, scores, and the post-processing of detections."""
    inputs = keras.Input((16, 16, 3), batch_size=1)
    x = layers.Conv2D(24, 3, 2, "same", activation="relu")(inputs)
    x = layers.Conv2D(24, 3, 2, "same", activation="relu")(x)
    boxes = layers.Reshape((16, 4))(layers.Conv2D(4, 3, padding="same")(x))
    scores = layers.Reshape((16, 4))(layers.Conv2D(4, 3, padding="same", activation="sigmoid")(x))
    return keras.Model(inputs, Detections()(boxes, scores))


MODELS: dict[str, Callable[[], keras.Model]] = {
    "mobile_net": mobile_net,
    "lstm": lstm,
    "gru": gru,
    "transformer": transformer,
    "u_net": u_net,
    "hard_swish": hard_swish_net,
    "detector": detector,
}


def samples(model: keras.Model) -> Iterator[list[np.ndarray]]:
    """Calibration data: thirty random inputs."""
    generator = np.random.default_rng(1)
    for _ in range(30):
        yield [generator.uniform(-1, 1, model.input_shape).astype(np.float32)]


def converter(model: keras.Model) -> tf.lite.TFLiteConverter:
    """A converter for fixed shapes."""
    made = tf.lite.TFLiteConverter.from_keras_model(model)
    made.allow_custom_ops = True
    return made


def convert(model: keras.Model, scheme: str) -> bytes:
    """The model in one of the converter's quantization schemes."""
    made = converter(model)
    if scheme != "float32":
        made.optimizations = [tf.lite.Optimize.DEFAULT]
    if scheme in ("int8", "int16x8"):
        made.representative_dataset = lambda: samples(model)
        kind = tf.lite.OpsSet.TFLITE_BUILTINS_INT8
        if scheme == "int16x8":
            kind = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        made.target_spec.supported_ops = [kind, tf.lite.OpsSet.TFLITE_BUILTINS]
    if scheme == "int8":
        made.inference_input_type = made.inference_output_type = tf.int8
    return made.convert()


def randomize(model: keras.Model) -> None:
    """Biases and statistics that are not all zero."""
    generator = np.random.default_rng(2)
    for variable in model.weights:
        moved = variable.numpy() + generator.normal(0, 0.1, variable.shape)
        variable.assign(np.abs(moved) if "variance" in variable.path else moved)


def make(name: str, scheme: str) -> None:
    """Write one model in one scheme."""
    keras.utils.set_random_seed(0)
    model = MODELS[name]()
    randomize(model)
    (HERE / f"{name}_{scheme}.tflite").write_bytes(convert(model, scheme))


def main() -> None:
    """Write every model in every scheme, each in a process of its own: the converter crashes on some. Print those."""
    for name in MODELS:
        for scheme in ("float32", "dynamic_range", "int8", "int16x8"):
            if (name, scheme) == ("transformer", "int16x8"):
                continue  # LiteRT converts it but has no SQUARED_DIFFERENCE for int16
            done = subprocess.run([sys.executable, __file__, name, scheme], capture_output=True, text=True, check=False)
            print(
                f"{name} {scheme}: {'done' if done.returncode == 0 else f'not converted, exit code {done.returncode}'}"
            )


if __name__ == "__main__":
    make(*sys.argv[1:]) if len(sys.argv) > 1 else main()
