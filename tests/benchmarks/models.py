"""Models of real size with random weights, to time and to measure memory with.

    python -m tests.benchmarks.models FOLDER [NAME...]

Writes NAME_KIND.tflite for each network, or for those named: mobilenet_v2 (1.0, 224 x 224), resnet_50 (224 x 224), and
pointwise, whose work is nearly all in 1x1 convolutions. KIND is int8, uint8, float32, or dynamic_range for float32 with
int8 weights.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from minilite.graph import Graph
from minilite.graph.write import save

from .layers import NONE, RELU, Activation, Network

KINDS = ("int8", "uint8", "float32", "dynamic_range")
Outputs = tuple[Activation, Activation]
IMAGE = (1, 224, 224, 3)
# MobileNetV2, table 2: expansion, channels, repetitions, first stride
BOTTLENECKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
# ResNet-50, table 1: inner channels, blocks, first stride
STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))


def mobilenet_v2(network: Network) -> Outputs:
    """Sandler et al. 2018, width 1.0: about 300 million multiply-accumulates."""
    x = network.conv(network.input, 32, 3, stride=2)
    for expansion, channels, repetitions, first_stride in BOTTLENECKS:
        for stride in (first_stride, *[1] * (repetitions - 1)):
            inner = x if expansion == 1 else network.conv(x, expansion * x.shape[3], 1)
            inner = network.depthwise(inner, stride=stride)
            y = network.conv(inner, channels, 1, activation=NONE)
            x = network.add(x, y) if x.shape == y.shape else y
    return classify(network, network.conv(x, 1280, 1))


def resnet_50(network: Network) -> Outputs:
    """He et al. 2015: about 3.9 billion multiply-accumulates."""
    x = network.max_pool(network.conv(network.input, 64, 7, stride=2, activation=RELU), 3, 2)
    for inner, blocks, first_stride in STAGES:
        for stride in (first_stride, *[1] * (blocks - 1)):
            y = network.conv(x, inner, 1, stride, RELU)
            y = network.conv(y, inner, 3, activation=RELU)
            y = network.conv(y, 4 * inner, 1, activation=NONE)
            shortcut = x if x.shape == y.shape else network.conv(x, 4 * inner, 1, stride, NONE)
            x = network.add(shortcut, y, RELU)
    return classify(network, x)


def pointwise(network: Network) -> Outputs:
    """Eight 1x1 convolutions at each of four sizes: about 400 million multiply-accumulates."""
    x = network.conv(network.input, 64, 4, stride=4, activation=RELU)
    for channels in (64, 128, 256, 512):
        for _ in range(8):
            x = network.conv(x, channels, 1, activation=RELU)
        x = network.max_pool(x, 2, 2)
    return classify(network, x)


def classify(network: Network, x: Activation) -> Outputs:
    """1000 classes, as all three networks end: the sums are an output too, they show differences that shares hide."""
    sums = network.dense(network.mean(x), 1000)
    return sums, network.softmax(sums)


NETWORKS: Mapping[str, Callable[[Network], Outputs]] = {
    "mobilenet_v2": mobilenet_v2,
    "resnet_50": resnet_50,
    "pointwise": pointwise,
}


def build(name: str, kind: str) -> Graph:
    """One of NETWORKS as one of KINDS; the same weights every time."""
    network = Network(kind, IMAGE)
    return network.graph(*NETWORKS[name](network))


def main(folder: Path, names: list[str]) -> None:
    """Write the files, saying where."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or NETWORKS:
        for kind in KINDS:
            path = folder / f"{name}_{kind}.tflite"
            save(build(name, kind), path)
            print(path)


if __name__ == "__main__":
    if len(sys.argv) < 2 or set(sys.argv[2:]) - set(NETWORKS):
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
