"""A network built layer by layer, as float32, int8 (a scale per channel of the weights), uint8 (zero points) or
dynamic_range (float32 with the weights of int8).

Weights are random, scaled such that activations stay spread from the first layer to the last: each activation carries
its mean square, the weights that read it are divided by its root, and the output's scale covers REACH deviations.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from minilite.format import schema
from minilite.format.enums import TensorType
from minilite.format.options.activation import SoftmaxOptions
from minilite.format.options.arithmetic import AddOptions, ReducerOptions
from minilite.format.options.convolution import Conv2DOptions, DepthwiseConv2DOptions, Pool2DOptions
from minilite.format.options.dense import FullyConnectedOptions
from minilite.format.table import Table
from minilite.graph import Graph, Node, Subgraph, Tensor

NONE, RELU, RELU6 = 0, 1, 3  # activations
VERSIONS = {  # of other ops: 2 in int8, else 1
    "int8": {"DEPTHWISE_CONV_2D": 3, "CONV_2D": 3, "FULLY_CONNECTED": 4},
    "dynamic_range": {"DEPTHWISE_CONV_2D": 6, "CONV_2D": 5, "FULLY_CONNECTED": 9},
}
REACH = 4.0  # deviations of an activation that its codes reach to


class Activation(NamedTuple):
    """A tensor that layers pass on, its shape [n,h,w,c] or [n,d], and the mean square its values are made to have."""

    index: int
    shape: tuple[int, ...]
    power: float


class Network:
    """Collects tensors and nodes; each layer is a method that takes and gives activations."""

    def __init__(self, kind: str, input_shape: tuple[int, ...]) -> None:
        self.kind = kind
        self.is_float = kind in ("float32", "dynamic_range")  # its activations
        self.random = np.random.default_rng(0)
        self.tensors: list[Tensor] = []
        self.nodes: list[Node] = []
        self.input = self._activation(input_shape, 4 / 3, -2.0, 2.0)  # for codes drawn evenly from all

    def conv(self, x: Activation, units: int, size: int, stride: int = 1, activation: int = RELU6) -> Activation:
        """CONV_2D with SAME padding."""
        options = Conv2DOptions(stride_w=stride, stride_h=stride, fused_activation_function=activation)
        depth = x.shape[3]
        inputs = self._weights(x, (units, size, size, depth), 0, size * size * depth)
        return self._weighted("CONV_2D", options, x, inputs, self._slid(x, stride, units), activation)

    def depthwise(self, x: Activation, size: int = 3, stride: int = 1, activation: int = RELU6) -> Activation:
        """DEPTHWISE_CONV_2D with SAME padding and one output per channel."""
        options = DepthwiseConv2DOptions(
            stride_w=stride, stride_h=stride, depth_multiplier=1, fused_activation_function=activation
        )
        units = x.shape[3]
        inputs = self._weights(x, (1, size, size, units), 3, size * size)
        return self._weighted("DEPTHWISE_CONV_2D", options, x, inputs, self._slid(x, stride, units), activation)

    def dense(self, x: Activation, units: int) -> Activation:
        """FULLY_CONNECTED; its codes have one scale for all units, as the official converter writes by default."""
        inputs = self._weights(x, (units, x.shape[1]), None, x.shape[1])
        options = FullyConnectedOptions(asymmetric_quantize_inputs=self.kind == "dynamic_range")
        return self._weighted("FULLY_CONNECTED", options, x, inputs, (x.shape[0], units), NONE)

    def add(self, a: Activation, b: Activation, activation: int = NONE) -> Activation:
        """ADD of two independent activations."""
        options = AddOptions(fused_activation_function=activation, pot_scale_int16=False)
        return self._node("ADD", options, (a.index, b.index), a.shape, a.power + b.power, activation)

    def max_pool(self, x: Activation, size: int, stride: int) -> Activation:
        """MAX_POOL_2D with SAME padding, on the scale of x."""
        options = Pool2DOptions(stride_w=stride, stride_h=stride, filter_width=size, filter_height=size)
        shape = self._slid(x, stride, x.shape[3])
        index = self._tensor(shape, self.tensors[x.index].parameters)
        # The square of the largest of 4 or 9 is about three times the mean square.
        return self._append("MAX_POOL_2D", options, (x.index,), Activation(index, shape, 3 * x.power))

    def mean(self, x: Activation) -> Activation:
        """MEAN over rows and columns: a global average pool."""
        axes = self._constant(np.array([1, 2], np.int32), TensorType.INT32, None)
        return self._node("MEAN", ReducerOptions(), (x.index, axes), (x.shape[0], x.shape[3]), x.power / 2, NONE)

    def softmax(self, x: Activation) -> Activation:
        """SOFTMAX, whose codes count 1/256."""
        y = self._activation(x.shape, 0.0, 0.0, 255 / 256)
        return self._append("SOFTMAX", SoftmaxOptions(beta=1.0), (x.index,), y)

    def graph(self, *outputs: Activation) -> Graph:
        """The model that computes these."""
        results = tuple(output.index for output in outputs)
        main = Subgraph(0, "main", tuple(self.tensors), tuple(self.nodes), (self.input.index,), results)
        return Graph((main,), description="random weights, for timing")

    def _slid(self, x: Activation, stride: int, units: int) -> tuple[int, ...]:
        n, height, width, _ = x.shape
        return n, -(-height // stride), -(-width // stride), units

    def _weighted(
        self, op: str, options: Table, x: Activation, inputs: tuple[int, int], shape: tuple[int, ...], activation: int
    ) -> Activation:
        return self._node(op, options, (x.index, *inputs), shape, 1.0, activation)

    def _node(
        self, op: str, options: Table, inputs: tuple[int, ...], shape: tuple[int, ...], power: float, activation: int
    ) -> Activation:
        """A node whose output has mean square `power` before the activation, half of it behind one."""
        high = min(REACH * math.sqrt(power), 6.0 if activation == RELU6 else math.inf)
        low = 0.0 if activation else -high
        return self._append(op, options, inputs, self._activation(shape, power / 2 if activation else power, low, high))

    def _append(self, op: str, options: Table, inputs: tuple[int, ...], y: Activation) -> Activation:
        version = VERSIONS.get(self.kind, {}).get(op, 2 if self.kind == "int8" else 1)
        self.nodes.append(Node(len(self.nodes), op, inputs, (y.index,), options, version))
        return y

    def _weights(self, x: Activation, shape: tuple[int, ...], axis: int | None, taps: int) -> tuple[int, int]:
        """Weights and bias of a layer that sums `taps` products, with outputs of mean square 1."""
        real = self.random.normal(0, 1 / math.sqrt(taps * x.power), shape).astype(np.float32)
        units = shape[axis or 0]
        bias = self.random.normal(0, 0.1, units).astype(np.float32)
        if self.kind == "float32":
            return tuple(self._constant(part, TensorType.FLOAT32, None) for part in (real, bias))  # type: ignore[return-value]
        if self.kind == "uint8":
            scale, zero_point = np.abs(real).max().reshape(1) / 120, 123
            codes = np.clip(np.rint(real / scale) + zero_point, 0, 255).astype(np.uint8)
            kind = TensorType.UINT8
        else:
            others = tuple(i for i in range(len(shape)) if i != axis) if axis is not None else None
            largest, zero_point = np.abs(real).max(axis=others, keepdims=True), 0
            codes = np.clip(np.rint(real / largest * 127), -127, 127).astype(np.int8)
            scale, kind = largest.reshape(-1) / 127, TensorType.INT8
        w = self._constant(codes, kind, affine(scale, zero_point, axis or 0))
        if self.kind == "dynamic_range":
            return w, self._constant(bias, TensorType.FLOAT32, None)
        x_scale = self.tensors[x.index].parameters.scale  # type: ignore[union-attr]
        bias_scale = np.float32(x_scale) * scale.astype(np.float32)
        b = self._constant(np.rint(bias / bias_scale).astype(np.int32), TensorType.INT32, affine(bias_scale, 0, 0))
        return w, b

    def _activation(self, shape: tuple[int, ...], power: float, low: float, high: float) -> Activation:
        scale = (high - low) / 255
        lowest = -128 if self.kind == "int8" else 0
        parameters = None if self.is_float else affine(scale, lowest - round(low / scale), 0)
        return Activation(self._tensor(shape, parameters), shape, power)

    def _tensor(self, shape: tuple[int, ...], parameters: schema.QuantizationParameters | None) -> int:
        index = len(self.tensors)
        kind = TensorType["FLOAT32" if self.is_float else self.kind.upper()]
        self.tensors.append(Tensor(index, f"tensor_{index}", shape, kind, parameters))
        return index

    def _constant(self, array: Any, kind: TensorType, parameters: schema.QuantizationParameters | None) -> int:
        index, data = len(self.tensors), array.reshape(-1).view(np.uint8)
        self.tensors.append(Tensor(index, f"tensor_{index}", array.shape, kind, parameters, data, buffer=index + 1))
        return index


def affine(scale: Any, zero_point: int, axis: int) -> schema.QuantizationParameters:
    """Quantization parameters with one zero point for all scales."""
    scales = np.atleast_1d(np.asarray(scale, np.float32))
    zero_points = np.full(scales.size, zero_point, np.int64)
    return schema.QuantizationParameters(scale=scales, zero_point=zero_points, quantized_dimension=axis)
