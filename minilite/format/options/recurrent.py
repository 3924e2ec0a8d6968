"""Options of recurrent operators."""

from typing import Annotated

from minilite.format.kinds import ActivationCode, Scalar, boolean, f32, i32
from minilite.format.table import Table


class SVDFOptions(Table):
    rank: i32 = 0
    fused_activation_function: ActivationCode = 0
    asymmetric_quantize_inputs: boolean = False


class RNNOptions(Table):
    fused_activation_function: ActivationCode = 0
    asymmetric_quantize_inputs: boolean = False


class SequenceRNNOptions(Table):
    time_major: boolean = False
    fused_activation_function: ActivationCode = 0
    asymmetric_quantize_inputs: boolean = False


class BidirectionalSequenceRNNOptions(Table):
    time_major: boolean = False
    fused_activation_function: ActivationCode = 0
    merge_outputs: boolean = False
    asymmetric_quantize_inputs: boolean = False


class LSTMOptions(Table):
    fused_activation_function: ActivationCode = 0
    cell_clip: f32 = 0.0
    proj_clip: f32 = 0.0
    kernel_type: Annotated[int, Scalar("b", enum="LSTMKernelType")] = 0
    asymmetric_quantize_inputs: boolean = False


class UnidirectionalSequenceLSTMOptions(Table):
    fused_activation_function: ActivationCode = 0
    cell_clip: f32 = 0.0
    proj_clip: f32 = 0.0
    time_major: boolean = False
    asymmetric_quantize_inputs: boolean = False
    diagonal_recurrent_tensors: boolean = False


class BidirectionalSequenceLSTMOptions(Table):
    fused_activation_function: ActivationCode = 0
    cell_clip: f32 = 0.0
    proj_clip: f32 = 0.0
    merge_outputs: boolean = False
    time_major: boolean = True
    asymmetric_quantize_inputs: boolean = False
