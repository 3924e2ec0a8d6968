"""Options of convolutions and of pooling, which slide a window over rows and columns."""

from minilite.format.kinds import ActivationCode, PaddingCode, TensorTypeCode, i32
from minilite.format.table import Table


class Conv2DOptions(Table):
    padding: PaddingCode = 0
    stride_w: i32 = 0
    stride_h: i32 = 0
    fused_activation_function: ActivationCode = 0
    dilation_w_factor: i32 = 1
    dilation_h_factor: i32 = 1
    quantized_bias_type: TensorTypeCode = 0


class DepthwiseConv2DOptions(Table):
    padding: PaddingCode = 0
    stride_w: i32 = 0
    stride_h: i32 = 0
    depth_multiplier: i32 = 0
    fused_activation_function: ActivationCode = 0
    dilation_w_factor: i32 = 1
    dilation_h_factor: i32 = 1


class Conv3DOptions(Table):
    padding: PaddingCode = 0
    stride_d: i32 = 0
    stride_w: i32 = 0
    stride_h: i32 = 0
    fused_activation_function: ActivationCode = 0
    dilation_d_factor: i32 = 1
    dilation_w_factor: i32 = 1
    dilation_h_factor: i32 = 1


class TransposeConvOptions(Table):
    padding: PaddingCode = 0
    stride_w: i32 = 0
    stride_h: i32 = 0
    fused_activation_function: ActivationCode = 0
    quantized_bias_type: TensorTypeCode = 0


class Pool2DOptions(Table):
    padding: PaddingCode = 0
    stride_w: i32 = 0
    stride_h: i32 = 0
    filter_width: i32 = 0
    filter_height: i32 = 0
    fused_activation_function: ActivationCode = 0
