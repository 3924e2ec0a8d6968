"""Options of element-wise arithmetic, reductions and random numbers."""

from minilite.format.kinds import ActivationCode, TensorTypeCode, boolean, f32, f32s, i32, i64
from minilite.format.table import Table


class AddOptions(Table):
    fused_activation_function: ActivationCode = 0
    pot_scale_int16: boolean = True


class MulOptions(Table):
    fused_activation_function: ActivationCode = 0


class SubOptions(Table):
    fused_activation_function: ActivationCode = 0
    pot_scale_int16: boolean = True


class DivOptions(Table):
    fused_activation_function: ActivationCode = 0


class CastOptions(Table):
    in_data_type: TensorTypeCode = 0
    out_data_type: TensorTypeCode = 0


class FakeQuantOptions(Table):
    min: f32 = 0.0
    max: f32 = 0.0
    num_bits: i32 = 0
    narrow_range: boolean = False


class BucketizeOptions(Table):
    boundaries: f32s = None


class ReducerOptions(Table):
    keep_dims: boolean = False


class ArgMaxOptions(Table):
    output_type: TensorTypeCode = 0


class ArgMinOptions(Table):
    output_type: TensorTypeCode = 0


class CumsumOptions(Table):
    exclusive: boolean = False
    reverse: boolean = False


class RandomOptions(Table):
    seed: i64 = 0
    seed2: i64 = 0
