"""Options of activations and normalizations."""

from minilite.format.kinds import ActivationCode, boolean, f32, i32
from minilite.format.table import Table


class SoftmaxOptions(Table):
    beta: f32 = 0.0


class LeakyReluOptions(Table):
    alpha: f32 = 0.0


class GeluOptions(Table):
    approximate: boolean = False


class L2NormOptions(Table):
    fused_activation_function: ActivationCode = 0


class LocalResponseNormalizationOptions(Table):
    radius: i32 = 0
    bias: f32 = 0.0
    alpha: f32 = 0.0
    beta: f32 = 0.0
