"""Options of operators that move, pick or resize elements."""

from typing import Annotated

from minilite.format.kinds import ActivationCode, Scalar, TensorTypeCode, boolean, i32, i32s
from minilite.format.table import Table


class ReshapeOptions(Table):
    new_shape: i32s = None


class SqueezeOptions(Table):
    squeeze_dims: i32s = None


class ShapeOptions(Table):
    out_type: TensorTypeCode = 0


class ConcatenationOptions(Table):
    axis: i32 = 0
    fused_activation_function: ActivationCode = 0


class PackOptions(Table):
    values_count: i32 = 0
    axis: i32 = 0


class UnpackOptions(Table):
    num: i32 = 0
    axis: i32 = 0


class SplitOptions(Table):
    num_splits: i32 = 0


class SplitVOptions(Table):
    num_splits: i32 = 0


class StridedSliceOptions(Table):
    begin_mask: i32 = 0
    end_mask: i32 = 0
    ellipsis_mask: i32 = 0
    new_axis_mask: i32 = 0
    shrink_axis_mask: i32 = 0
    offset: boolean = False


class GatherOptions(Table):
    axis: i32 = 0
    batch_dims: i32 = 0


class OneHotOptions(Table):
    axis: i32 = 0


class SparseToDenseOptions(Table):
    validate_indices: boolean = False


class MirrorPadOptions(Table):
    mode: Annotated[int, Scalar("b", enum="MirrorPadMode")] = 0


class ReverseSequenceOptions(Table):
    seq_dim: i32 = 0
    batch_dim: i32 = 0


class UniqueOptions(Table):
    idx_out_type: TensorTypeCode = 2


class SpaceToDepthOptions(Table):
    block_size: i32 = 0


class DepthToSpaceOptions(Table):
    block_size: i32 = 0


class ResizeBilinearOptions(Table):
    new_height: Annotated[int, Scalar("i", deprecated=True)] = 0
    new_width: Annotated[int, Scalar("i", deprecated=True)] = 0
    align_corners: boolean = False
    half_pixel_centers: boolean = False


class ResizeNearestNeighborOptions(Table):
    align_corners: boolean = False
    half_pixel_centers: boolean = False
